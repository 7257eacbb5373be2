"""The OpenAPI model of `traffic`: what opens and closes in plans, between versions, by drift."""

from ringfence.http.openapi.schema import (
    BOOLEAN,
    HEX_UUID,
    INTEGER,
    STRING,
    Model,
    Schema,
    array,
    described,
    enumeration,
    nullable,
    object_of,
)
from ringfence.security_groups.carriers import MAX_OTHERS
from ringfence.security_groups.traffic_changes import MAX_SHOWN, Grade, Note

DRIFT_GRADE: Schema = {
    "anyOf": [enumeration("SecurityGroupDriftGrade", Grade), {"type": "null"}],
}

TRAFFIC_PIECE = Model(
    "TrafficPiece",
    object_of(
        {
            "direction": described(STRING, "ingress or egress."),
            "ethertype": described(STRING, "IPv4 or IPv6."),
            "protocol": described(
                STRING,
                "The name or the number of the protocol, a range of numbers such as `7-16`, or"
                " empty for every protocol.",
            ),
            "from_port": described(
                nullable(INTEGER), "The first port or the ICMP type; null for any."
            ),
            "to_port": described(
                nullable(INTEGER), "The last port or the ICMP code; null for any."
            ),
            "cidr": described(
                nullable(STRING),
                "The addresses as a prefix, `0.0.0.0/0` and `::/0` for anywhere; null for a"
                " remote group or an address group.",
            ),
            "remote_group_uuid": described(
                nullable(HEX_UUID), "The UUID of the remote group, if it is known."
            ),
            "remote_group_name": described(STRING, "The name of the remote group, if any."),
            "remote_group_backend_id": described(STRING, "Neutron's id of the remote group."),
            "remote_address_group_backend_id": described(
                STRING, "Neutron's id of the remote address group."
            ),
            "unreadable_end": described(STRING, "A remote end that is not a prefix."),
            "internet": described(
                BOOLEAN,
                "Whether the addresses reach beyond private, shared, link-local, loopback,"
                " multicast and documentation ranges.",
            ),
            "rules": described(
                array(INTEGER),
                "The positions of the rules that admit it newly, from 0: in the submitted list,"
                " and in `added` or `unexpected_at_cloud` where none is. Empty for what closes.",
            ),
        }
    ),
)
_NOTE = Model(
    "TrafficNote",
    object_of(
        {
            "code": described(enumeration("TrafficNoteCode", Note), "The kind of note."),
            "message": described(STRING, "What is not considered, or is not the same everywhere."),
        }
    ),
)
_OTHER_GROUP = Model(
    "TrafficStillAdmittedBy",
    object_of(
        {
            "security_group_uuid": described(HEX_UUID, "The UUID of the other group."),
            "security_group_name": described(STRING, "The name of the other group."),
            "ports": described(INTEGER, "How many ports carry both groups."),
            "admits": described(
                {**STRING, "enum": ["all", "part"]},
                "Whether its desired rules admit all of what is closed.",
            ),
        }
    ),
)
_TRAFFIC = Model(
    "Traffic",
    object_of(
        {
            "same": described(
                BOOLEAN, "Whether the same traffic is admitted, however the rules are written."
            ),
            "exact": described(
                BOOLEAN, "Whether that is all that opens and closes, in every cloud and always."
            ),
            "notes": described(array(_NOTE), "Why it is not exact, and what is not known."),
            "opens": described(
                array(TRAFFIC_PIECE),
                "What is newly admitted: disjoint, as prefixes, the widest first, and at most"
                f" {MAX_SHOWN}.",
            ),
            "closes": described(
                array(TRAFFIC_PIECE), "What is not admitted any more, in the same form."
            ),
            "opens_total": described(INTEGER, "How many pieces open."),
            "closes_total": described(INTEGER, "How many pieces close."),
            "instances": described(
                nullable(INTEGER),
                "How many instances carry the group, as last observed; null if unknown.",
            ),
            "floating_ips": described(
                nullable(INTEGER),
                "How many floating IP addresses lead to ports with the group; null if unknown.",
            ),
            "still_admitted_by": described(
                array(_OTHER_GROUP),
                f"Other groups on the same ports that admit what closes, at most {MAX_SHOWN} of"
                f" the {MAX_OTHERS} that are on most of them.",
            ),
        }
    ),
)
TRAFFIC: Schema = described(_TRAFFIC, "What opens and what closes.")
