"""Discoveries of clouds: staff requests and follows them, support reads them."""

import pytest

PATH = "/api/discoveries/"


async def test_staff_requests_follows_and_removes_a_discovery(api, world):
    staff = api("staff")
    body = {"cloud": "east", "domains": ["b", "a", "a"], "match": "web-*", "customer": "Acme"}
    response = await staff.post(PATH, json=body)
    assert response.status_code == 202, response.text
    made = response.json()
    assert made == {
        **body,
        "uuid": made["uuid"],
        "created": made["created"],
        "state": "requested",
        "entries": ["east"],
        "domains": ["a", "b"],
        "by_parent": False,
        "follow": False,
        "progress": "",
        "finished": None,
        "error_message": "",
        "report": None,
    }
    # The same selection again is the same discovery.
    again = await staff.post(PATH, json={"cloud": "east", "domains": ["a", "b"], "match": "web-*"})
    assert (again.json()["uuid"], again.json()["customer"]) == (made["uuid"], None)
    path = f"{PATH}{made['uuid']}/"
    followed = await staff.post(f"{path}set_follow/", json={"follow": True})
    assert (followed.status_code, followed.json()["follow"]) == (200, True)
    [listed] = (await api("support").get(PATH)).json()
    assert listed == followed.json()
    assert (await staff.delete(path)).status_code == 204
    assert (await staff.get(PATH)).json() == []
    for gone in (
        await staff.delete(path),
        await staff.post(f"{path}set_follow/", json={"follow": True}),
    ):
        assert (gone.status_code, gone.json()["detail"]) == (
            404,
            "No Discovery matches the given query.",
        )
    rows = await world.value("SELECT array_agg(event_type ORDER BY id) FROM events")
    assert rows == [
        *(["ringfence_discovery_requested"] * 2),
        *("ringfence_discovery_followed", "ringfence_discovery_removed"),
    ]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, {"cloud": ["This field is required."]}),
        (
            {"cloud": "a\nb"},
            {"cloud": ["Control characters and marks of direction are not allowed."]},
        ),
        ({"cloud": "a", "domains": "b"}, {"domains": ["Expected a list of items."]}),
        ({"cloud": "a", "domains": [""]}, {"domains": ["This field may not be blank."]}),
        (
            {"cloud": "a", "customer": "b", "by_parent": True},
            {"by_parent": ["Either name a customer or let parent projects be customers."]},
        ),
        (
            {"cloud": "a", "follow": True, "load": False},
            {"follow": ["A discovery that is followed creates tenants."]},
        ),
    ],
)
async def test_a_wrong_request_names_the_field(api, body, error):
    response = await api("staff").post(PATH, json=body)
    assert (response.status_code, response.json()) == (400, error)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("user", ["owner", "unrelated"])
async def test_others_see_nothing(api, user):
    assert (await api(user).get(PATH)).status_code == 403
