"""The OpenAPI description of exposures."""

from collections.abc import Mapping
from dataclasses import replace

from ringfence.http.openapi.collections import list_count_retrieve
from ringfence.http.openapi.operation import Operation, Response
from ringfence.http.openapi.parameters import Parameter
from ringfence.http.openapi.schema import (
    BOOLEAN,
    HEX_UUID,
    INTEGER,
    STRING,
    Model,
    Schema,
    array,
    described,
    nullable,
    object_of,
)
from ringfence.ports.exposures.counts import COUNT_FILTERS, DEFAULT_DAYS, MOST_DAYS, TREND_FILTERS
from ringfence.ports.exposures.filters import DESIRED
from ringfence.ports.exposures.queries import EXPOSURES
from ringfence.security_groups.rules import ETHERTYPES
from ringfence.security_groups.well_known_ports import SERVICES

_SERVICE: Schema = {**STRING, "enum": sorted(SERVICES)}

_GROUP = Model(
    "SecurityGroupExposureGroup",
    object_of(
        {
            "uuid": described(
                nullable(HEX_UUID),
                "The group's UUID; null for a group of a tenant that you do not see.",
            ),
            "name": described(nullable(STRING), "The group's name; null if you do not see it."),
            "rules": described(
                array(INTEGER), "The IDs of its desired rules that admit any of the traffic."
            ),
            "observed_only": described(
                BOOLEAN, "Whether only rules in the cloud admit it, and no desired rule does."
            ),
        }
    ),
)
_EXPOSURE = Model(
    "SecurityGroupExposure",
    object_of(
        {
            "port_uuid": described(HEX_UUID, "The port's UUID."),
            "port_name": described(STRING, "The port's name."),
            "instance_uuid": described(
                nullable(HEX_UUID), "The UUID of the port's instance; null if it has none."
            ),
            "instance_name": described(STRING, "The name of the instance; empty if there is none."),
            "fixed_ips": described(array(STRING), "The fixed IP addresses of the port."),
            "floating_ip": described(
                nullable(STRING), "A floating IP of the port; null if it has none."
            ),
            "reachable": described(
                BOOLEAN,
                "Whether the port has an address of the ethertype that the internet reaches: a "
                "floating IP, or a fixed IP that is an address of the internet. Routes and other "
                "firewalls are not considered.",
            ),
            "ethertype": described({**STRING, "enum": list(ETHERTYPES)}, "The IP version."),
            "protocol": described(
                STRING,
                "A name or number as rules have it, a range of numbers such as `7-16`, or empty "
                "for every protocol.",
            ),
            "from_port": described(
                nullable(INTEGER), "The first port or the ICMP type; null for any."
            ),
            "to_port": described(
                nullable(INTEGER), "The last port or the ICMP code; null for any."
            ),
            "cidr": described(
                STRING, "The addresses that are admitted, some or all of them of the internet."
            ),
            "service": described(
                STRING, "The well-known service on the ports; empty if there is none, or several."
            ),
            "services": described(array(_SERVICE), "All well-known services on the ports."),
            "cause": described(
                {**STRING, "enum": ["rules", "network_port", "no_port_security"]},
                "What admits the traffic: rules of the port's groups, or everything, since it is a "
                "port of the network itself or has no port security.",
            ),
            "desired": described(
                {"type": ["string", "null"], "enum": [*DESIRED, None]},
                "How much of the traffic desired rules admit: `none` and `part` are drift. Null "
                "if no rules admit it.",
            ),
            "exact": described(
                BOOLEAN,
                "False if the groups of the port admit so many pieces that only the widest are "
                "listed.",
            ),
            "groups": described(array(_GROUP), "The groups that admit any of the traffic."),
            "tenant_uuid": described(HEX_UUID, "The tenant's UUID."),
            "tenant_name": described(STRING, "The tenant's name."),
            "project_uuid": described(HEX_UUID, "The project's UUID."),
            "project_name": described(STRING, "The project's name."),
            "customer_uuid": described(HEX_UUID, "The customer's UUID."),
            "customer_name": described(STRING, "The customer's name."),
            "service_settings_uuid": described(HEX_UUID, "The cloud's UUID."),
            "service_name": described(STRING, "The cloud's name."),
        }
    ),
)
# The columns of CSV, in their order
COLUMNS = tuple(_EXPOSURE.schema["properties"])

_ANCESTORS: Mapping[str, str] = {
    "tenant_uuid": "Only of the tenant with this UUID.",
    "project_uuid": "Only of the project with this UUID.",
    "customer_uuid": "Only of the customer with this UUID.",
    "service_settings_uuid": "Only of the cloud with this UUID.",
}
_DESCRIPTIONS: Mapping[str, str] = {
    **_ANCESTORS,
    "port_uuid": "Only of the port with this UUID.",
    "security_group_uuid": "Only what rules of the group with this UUID admit.",
    "ethertype": "Only of these IP versions.",
    "protocol": "Only traffic with this protocol, by name or number.",
    "port": "Only traffic to this port.",
    "service": "Only traffic to any of these services; repeat the parameter for several.",
    "reachable": "Only of ports with an address that the internet reaches, or without.",
    "desired": "Only what desired rules admit as a whole, in part or not at all.",
    "wider_than": "Only from prefixes that are shorter than this length.",
}
_INTEGERS: Mapping[str, Schema] = {
    "port": {**INTEGER, "minimum": 0, "maximum": 65_535},
    "wider_than": {**INTEGER, "minimum": 1, "maximum": 128},
}
FORMAT = Parameter(
    "format",
    {**STRING, "enum": ["csv", "json"], "default": "json"},
    "The format of the response; `Accept: text/csv` selects CSV as well.",
    own=True,
)

_COUNT = Model(
    "SecurityGroupExposureCount",
    object_of(
        {
            "service": described(_SERVICE, "The service, as `service` filters by it."),
            "name": described(STRING, "The name of the service."),
            "groups": described(INTEGER, "Groups that open it to the internet, on ports or not."),
            "groups_on_floating_ips": described(
                INTEGER, "Those of them on a port with a floating IP."
            ),
            "ports": described(INTEGER, "Ports that have it open to the internet."),
            "reachable_ports": described(INTEGER, "Those of them that the internet reaches."),
        }
    ),
)
_DAY = Model(
    "SecurityGroupExposureDay",
    object_of(
        {
            "day": described({**STRING, "format": "date"}, "The day, in UTC."),
            "tenants": described(INTEGER, "How many tenants are counted."),
            "groups": described(INTEGER, "Groups with a rule that admits the internet."),
            "ports": described(INTEGER, "Ports with anything open to the internet."),
            "reachable_ports": described(INTEGER, "Those of them that the internet reaches."),
            "services": described(
                {
                    "type": "object",
                    "additionalProperties": object_of(
                        {
                            "ports": described(INTEGER, "Ports that have the service open."),
                            "reachable_ports": described(
                                INTEGER, "Those of them that the internet reaches."
                            ),
                        }
                    ),
                },
                "Ports with a well-known service open, by service.",
            ),
        }
    ),
)


def _parameters(
    names: Mapping[str, object], more: Mapping[str, tuple[Schema, str]]
) -> tuple[Parameter, ...]:
    known: Mapping[str, tuple[Schema, str]] = {
        **{name: ({**STRING, "format": "uuid"}, text) for name, text in _ANCESTORS.items()},
        **more,
    }
    return tuple(Parameter(name, *known[name]) for name in sorted(names))


def _list_and_count() -> tuple[Operation, ...]:
    """Return the list and its count; rows come and go with what they say, so none is retrieved."""
    listing, count, _ = list_count_retrieve(
        EXPOSURES, _EXPOSURE, "exposure", "exposures", _DESCRIPTIONS, _INTEGERS
    )
    responses = {
        status: replace(response, is_also_csv=status == 200)  # noqa: PLR2004 - OK
        for status, response in listing.responses.items()
    }
    description = (
        "What of each port is open to the internet: one object for each port and piece of traffic "
        "that the groups of the port admit together, by desired rules or by rules in the cloud. "
        "As of the last pull of the ports, and of the last change of rules."
    )
    parameters = tuple(sorted((*listing.parameters, FORMAT), key=lambda each: each.name))
    return (
        replace(
            listing,
            own=True,
            description=description,
            parameters=parameters,
            responses=responses,
        ),
        replace(count, own=True),
    )


operations = (
    *_list_and_count(),
    Operation(
        "security_group_exposures_counts",
        "GET",
        EXPOSURES.path + "counts/",
        tag="security-group-exposures",
        section="Other Actions",
        title="Count what is open by service",
        description=(
            "How many groups open each service to the internet, also groups on no port, and on how "
            "many ports it is open. Groups are judged by their desired rules, and by their rules "
            "in the cloud if they are on a port."
        ),
        parameters=_parameters(
            COUNT_FILTERS,
            {"service": (array(_SERVICE), "Only these services. Default: all.")},
        ),
        responses={200: Response(array(_COUNT))},
        own=True,
    ),
    Operation(
        "security_group_exposures_trend",
        "GET",
        EXPOSURES.path + "trend/",
        tag="security-group-exposures",
        section="Other Actions",
        title="Get the trend of what is open",
        description=(
            "What was open to the internet on each day, the newest first. Workers count once a "
            f"day; counts are kept for {MOST_DAYS} days."
        ),
        parameters=_parameters(
            {**TREND_FILTERS, "days": None},
            {
                "days": (
                    {**INTEGER, "minimum": 1, "maximum": MOST_DAYS, "default": DEFAULT_DAYS},
                    "How many days.",
                )
            },
        ),
        responses={200: Response(array(_DAY))},
        own=True,
    ),
)
