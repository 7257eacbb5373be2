"""Ports and address groups of Neutron's JSON: what decides about traffic is whole or not known."""

import pytest
from tests.neutron.test_translate import PORT

from ringfence.neutron import translate
from ringfence.neutron.port import AddressPair, CloudAddressGroup, CloudPort, FixedIp
from ringfence.neutron.read_port import MOST_ADDRESSES, MOST_ITEMS, read_port

ADDRESS_GROUP = {"id": "a1", "name": "office", "addresses": ["192.0.2.0/24", "2001:db8::/32"]}
MEGABYTES = "x" * 5_000_000


def test_a_port_is_read_with_all_that_decides_about_its_traffic():
    assert translate.ports_from_body({"ports": [PORT]}) == [
        CloudPort(
            id=PORT["id"],
            project_id="p1",
            name="vm",
            device_id="i1",
            device_owner="compute:nova",
            fixed_ips=(FixedIp("192.0.2.38", "s1"),),
            security_group_ids=("g1", "g2"),
            revision_number=4,
            description="first",
            network_id="n1",
            mac_address="fa:16:3e:a4:21:07",
            status="ACTIVE",
            dns_name="vm-1",
            vnic_type="normal",
            port_security_enabled=True,
            admin_state_up=True,
            allowed_address_pairs=(
                AddressPair("192.0.2.64/26", "fa:16:3e:a4:21:07"),
                AddressPair("2001:db8::5"),
            ),
        )
    ]


def test_what_a_cloud_does_not_show_of_a_port_is_not_known():
    bare = read_port({"id": "x", "tenant_id": "p1", "fixed_ips": None, "device_id": None})
    assert bare == CloudPort("x", "p1", "", "", "", None, None, 0)
    # A cloud without the extension has no pairs.
    assert bare.allowed_address_pairs == ()


@pytest.mark.parametrize("change", [{"id": ""}, {"project_id": 7}, {"id": ["p"]}])
def test_a_port_without_identity_is_skipped(change):
    (found,) = translate.ports_from_body({"ports": [PORT | change, PORT]})
    assert found.id == PORT["id"]


def one_bad(good, *bad):
    return [[good, one] for one in bad]


UNREADABLE = {
    "security_groups": [
        None,
        "g1",
        {"g1": 1},
        *one_bad("g1", None, 7, "", "g\0", "g\udfff", MEGABYTES, ["g2"]),
        ["g"] * (MOST_ITEMS + 1),
    ],
    "fixed_ips": [
        None,
        {"ip_address": "192.0.2.1"},
        *one_bad(
            {"ip_address": "192.0.2.1"},
            *(None, {}, "192.0.2.2"),
            *(
                {"ip_address": value}
                for value in (7, "", "a\0", "10.0.0", "10.0.0.0/8", "fe80::1%eth0", MEGABYTES)
            ),
        ),
    ],
    "allowed_address_pairs": [
        None,
        "192.0.2.1",
        *one_bad(
            {"ip_address": "192.0.2.1"},
            *(None, {}, {"mac_address": "fa:16:3e:00:00:01"}),
            *(
                {"ip_address": value}
                for value in ("0.0.0.0/33", "0.0.0.0/", "10.0.0.0/255.0.0.0", "10.0.0.0/-1", "x/8")
            ),
        ),
        [{"ip_address": "192.0.2.1"}] * 10_000,
    ],
}
COLUMNS = {"security_groups": "security_group_ids"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param(name, value, id=f"{name}-{number}")
        for name, values in UNREADABLE.items()
        for number, value in enumerate(values)
    ],
)
def test_a_list_with_an_unreadable_item_is_not_known_rather_than_shorter(name, value):
    port = read_port(PORT | {name: value})
    assert getattr(port, COLUMNS.get(name, name)) is None
    assert port.id == PORT["id"]


@pytest.mark.parametrize("name", ["port_security_enabled", "admin_state_up"])
@pytest.mark.parametrize("value", [None, 0, 1, "false", "True", [], {}])
def test_a_flag_that_is_no_boolean_is_not_known(name, value):
    assert getattr(read_port(PORT | {name: value}), name) is None


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"name": {"a": 1}}, "name", '{"a": 1}'),
        ({"device_owner": "compute:\udfff"}, "device_owner", "compute:\ufffd"),
        ({"mac_address": "a\0"}, "mac_address", "a\ufffd"),
        ({"binding:vnic_type": None}, "vnic_type", ""),
        ({"status": 7}, "status", "7"),
        ({"dns_name": MEGABYTES}, "dns_name", "x" * 254 + "…"),
        ({"description": [MEGABYTES]}, "description", '["' + "x" * 252 + "…"),
        ({"revision_number": -1}, "revision_number", 0),
    ],
)
def test_what_only_describes_a_port_is_made_storable(change, name, value):
    assert getattr(read_port(PORT | change), name) == value


def test_an_address_group_is_read_with_its_members():
    read = translate.address_groups_from_body({"address_groups": [ADDRESS_GROUP]})
    assert read == [CloudAddressGroup("a1", "office", ("192.0.2.0/24", "2001:db8::/32"))]


@pytest.mark.parametrize(
    "change",
    [
        *({"id": value} for value in ("", None, 7)),
        *({"addresses": value} for value in (None, "10.0.0.0/8", {}, [None], [["10.0.0.0/8"]])),
        {"addresses": ["10.0.0.0/8", "nonsense"]},
        {"addresses": ["10.0.0.0/8"] * (MOST_ADDRESSES + 1)},
    ],
)
def test_an_address_group_whose_members_cannot_all_be_read_is_skipped(change):
    skipped = []
    body = {"address_groups": [ADDRESS_GROUP | change, ADDRESS_GROUP | {"id": "a2"}]}
    read = translate.address_groups_from_body(body, lambda *item: skipped.append(item))
    assert [group.id for group in read] == ["a2"]
    assert len(skipped) == 1
