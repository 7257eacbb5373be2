"""Service settings, which are clouds: the document and the filters."""

from uuid import uuid4

from tests.contract.ancestors import CLOUDS, names


async def test_a_cloud_is_shown_without_how_to_reach_it(client, world):
    await world.execute(
        "UPDATE clouds SET backend = 'openstack', openstack_cloud = 'secret-entry',"
        " state = 'ERRED', error_message = 'no answer'"
    )
    uuid = await world.value("SELECT uuid FROM clouds")
    response = await client.get(f"{CLOUDS}{uuid}/")
    assert "secret-entry" not in response.text
    assert response.json() == {
        "url": f"http://api.example.com{CLOUDS}{uuid.hex}/",
        "uuid": uuid.hex,
        "name": "east",
        "type": "OpenStack",
        "state": "ERRED",
        "error_message": "no answer",
        "shared": True,
        "customer": None,
        "customer_name": None,
        "customer_native_name": "",
        "terms_of_services": "",
        "scope": None,
        "options": {},
    }


async def test_filters(client, world):
    east = ["east"]
    for query, expected in [
        ({"name": "EAS"}, east),
        ({"name_exact": "EAST"}, []),
        ({"state": ["OK", "ERRED"]}, east),
        ({"state": "ERRED"}, []),
        ({"type": "OpenStack"}, east),
        ({"type": "VMware"}, []),
        ({"shared": "true"}, east),
        ({"shared": "false"}, []),
        # Clouds belong to no customer.
        ({"customer": world.customer_uuid.hex}, []),
        ({"customer_uuid": world.customer_uuid.hex}, []),
        ({"scope_uuid": uuid4().hex}, []),
        ({"o": "-name"}, east),
    ]:
        assert await names(client, CLOUDS, **query) == expected, query
    response = await client.get(CLOUDS, params={"customer": "x"})
    assert response.json() == {"customer": ["Enter a valid UUID."]}
