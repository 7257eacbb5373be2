"""A search finds the rules that a plain reading of its filters finds, whichever way they are read.

Small bounds force the ways of large sites: the index instead of each group, and a count that ends.
"""

import random
from urllib.parse import urlencode

import pytest
from tests.contract.rule_search.oracle import matches, ordered, random_query, random_rules

from ringfence.http.collections import handlers
from ringfence.security_groups.rule_search import queries
from ringfence.security_groups.rule_search.queries import RULES, SearchedRules
from ringfence.security_groups.rule_search.statements import Statements

ORDERS = ("", "created", "-created", "cidr", "-cidr", "port", "-port")
NAMES = ("security_group_name", "-security_group_name")
QUERIES = 25
MOST = 20
# Groups that are read one by one, and matches that are counted
BOUNDS = {"as they are": {}, "by index": {"2000": "0"}, "many": {"10001": f"{MOST + 1}"}}
BOUNDS["many by index"] = BOUNDS["by index"] | BOUNDS["many"]


def bounded(monkeypatch, bounds):
    """Have statements with other bounds."""

    class Bounded(Statements):
        def count(self):
            return replaced(super().count())

        def page(self, page, *, continued):
            return replaced(super().page(page, continued=continued))

    def replaced(statement):
        for number, smaller in bounds.items():
            assert number in statement or number == "2000"
            statement = statement.replace(number, smaller)
        return statement

    monkeypatch.setattr(queries, "Statements", Bounded)
    # Queries that are cached keep their statements.
    monkeypatch.setattr(handlers, "_CACHED_QUERY", -1)
    if "10001" in bounds:
        monkeypatch.setattr(SearchedRules, "most_counted", MOST)


async def all_of(client, query):
    """Return the ids of all pages, as `Link` leads through them, and the headers of the first."""
    response = await client.get(f"{RULES.path}?{urlencode(query)}")
    first = response.headers
    ids = []
    while True:
        assert response.status_code == 200, (query, response.text)
        ids += [rule["id"] for rule in response.json()]
        if "next" not in response.links:
            return ids, first
        assert len(ids) <= 1000, (query, "the pages have no end")
        response = await client.get(response.links["next"]["url"])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bounds", BOUNDS.values(), ids=BOUNDS)
@pytest.mark.parametrize("user", ["staff", "admin"])
async def test_a_search_finds_what_its_filters_say(world, api, monkeypatch, bounds, user):
    bounded(monkeypatch, bounds)
    seed = random.randrange(1_000_000)  # noqa: S311 - another set each time
    chance = random.Random(seed)  # noqa: S311
    rules = await random_rules(world, chance)
    client = api(user)
    found_any = 0
    for _ in range(QUERIES):
        query = random_query(chance, rules.groups, rules.tenants)
        order, size = chance.choice(ORDERS), chance.choice((3, 10, 100))
        ids, headers = await all_of(client, query | {"o": order, "page_size": size})
        sees_everything = user == "staff"
        expected = [
            rule for rule in rules.known if matches(rule, query, sees_everything=sees_everything)
        ]
        assert ids == ordered(expected, order), (seed, query, order)
        is_at_least = "10001" in bounds and len(expected) > MOST
        assert headers["x-result-count"] == str(MOST if is_at_least else len(expected))
        assert headers.get("x-result-count-at-least") == ("true" if is_at_least else None)
        assert ('rel="last"' in headers["link"]) is not is_at_least
        found_any += bool(expected)
    assert found_any > QUERIES / 4, seed


@pytest.mark.parametrize("bounds", BOUNDS.values(), ids=BOUNDS)
@pytest.mark.parametrize("user", ["staff", "admin"])
@pytest.mark.parametrize("order", NAMES)
async def test_rules_are_ordered_by_the_names_of_their_groups(
    world, api, monkeypatch, bounds, user, order
):
    bounded(monkeypatch, bounds)
    rules = await random_rules(world, random.Random(7))  # noqa: S311
    ids, _ = await all_of(api(user), {"o": order, "direction": "ingress", "page_size": 7})
    names = {rule.id: rule.group for rule in rules.known}
    rows = await world.one(
        "SELECT array_agg(name ORDER BY name) FROM unnest(%s::text[]) AS name",
        sorted(set(names.values())),
    )
    ranks = {name: rank for rank, name in enumerate(rows[0])}
    expected = [
        rule
        for rule in rules.known
        if matches(rule, {"direction": "ingress"}, sees_everything=user == "staff")
    ]
    by_name = sorted(expected, key=lambda rule: (ranks[rule.group], rule.id))
    if order.startswith("-"):
        by_name.reverse()
    assert ids == [rule.id for rule in by_name]


async def test_a_count_by_head_is_that_of_the_list(world, api, monkeypatch):
    bounded(monkeypatch, BOUNDS["many"])
    rules = await random_rules(world, random.Random(5))  # noqa: S311
    for query in ("", "?direction=ingress", "?admits=10.1.2.3", "?within=9.0.0.0/8"):
        head = await api("staff").head(RULES.path + query)
        listed = await api("staff").get(RULES.path + query)
        for name in ("x-result-count", "x-result-count-at-least", "link"):
            assert head.headers.get(name) == listed.headers.get(name) or name == "link"
    assert len(rules.known) > MOST
