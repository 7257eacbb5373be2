"""Three ways in which clients read pages, over more groups than one page has."""

from math import ceil

import pytest
from tests.conformance.served import MANY, tenant_uuid

GROUPS = "/api/openstack-security-groups/"
QUERY = {"tenant_uuid": tenant_uuid("many")}


@pytest.fixture
def reader(site):
    with site.client() as client:
        yield client


def names(response):
    assert response.status_code == 200, response.text
    return [group["name"] for group in response.json()]


def test_waldur_cli_counts_pages_by_the_number_of_results(reader, count):
    """It requests pages of 300."""
    first = reader.get(GROUPS, params=QUERY | {"page": 1, "page_size": 300})
    pages = ceil(int(first.headers["X-Result-Count"]) / 300)
    found = names(first)
    for page in range(2, pages + 1):
        found += names(reader.get(GROUPS, params=QUERY | {"page": page, "page_size": 300}))
    assert pages == 2
    assert (len(found), len(set(found))) == (MANY, MANY)
    count(1)


def test_python_waldur_client_takes_next_by_its_position_in_link(reader, count):
    """It uses the second part of `Link`, or the third if there is a previous page."""
    response = reader.get(GROUPS, params=QUERY | {"page_size": 50})
    found = names(response)
    while "next" in response.headers["Link"]:
        parts = response.headers["Link"].split(", ")
        part = parts[2 if "prev" in response.headers["Link"] else 1]
        response = reader.get(part.split("; ")[0][1:-1])
        found += names(response)
        assert len(found) <= MANY
    assert (len(found), len(set(found))) == (MANY, MANY)
    count(1)


def test_the_newer_ansible_collection_follows_absolute_addresses(reader, count):
    response = reader.get(GROUPS, params=QUERY | {"page_size": 100})
    found = names(response)
    while following := response.links.get("next"):
        response = reader.get(following["url"])
        found += names(response)
    assert (len(found), len(set(found))) == (MANY, MANY)
    assert [link for link in response.links if link in {"first", "last"}] == ["first", "last"]
    count(1)


def test_a_token_of_the_newer_command_line_comes_as_bearer(site, count):
    with site.client() as client:
        token = client.headers["Authorization"].split()[1]
        for scheme in ("Bearer", "token", "TOKEN"):
            headers = {"Authorization": f"{scheme} {token}"}
            assert client.get(GROUPS, headers=headers).status_code == 200
            count(1)
