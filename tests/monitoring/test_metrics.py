"""Metrics: access, counts, and what never becomes a label."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
from tests.monitoring.conftest import samples

from ringfence.monitoring.gauges import Gauges
from ringfence.neutron.port import CloudUnreachable, GroupNotFound
from ringfence.sync.reachability import Reachability

METRICS = "/metrics"
GROUPS = "/api/openstack-security-groups/"
SECRET = "a-token-of-metrics-0123456789"


async def scraped(client):
    response = await client.get(METRICS)
    assert response.status_code == 200
    return samples(response.text)


@pytest.mark.parametrize(
    ("client_ip", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.1", {}, 403),
        # The proxy on this machine has a remote client.
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, 403),
        ("192.0.2.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        # A proxy that hides its client is not the client.
        ("127.0.0.1", {"X-Forwarded-For": "unknown"}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1, unknown"}, 403),
        ("127.0.0.1", {"X-Forwarded-Proto": "https"}, 403),
        ("192.0.2.1", {"Authorization": f"Bearer {SECRET}"}, 200),
        ("192.0.2.1", {"Authorization": f"bearer  {SECRET} "}, 200),
        ("192.0.2.1", {"Authorization": f"Token {SECRET}"}, 403),
        ("192.0.2.1", {"Authorization": "Bearer \xe9"}, 403),
        ("192.0.2.1", {"Authorization": "Bearer "}, 403),
        ("192.0.2.1", {"Authorization": "Token staff-token"}, 403),
        ("not an address", {}, 403),
    ],
)
@pytest.mark.usefixtures("world")
async def test_metrics_are_for_configured_networks_and_their_token(at, client_ip, headers, status):
    client = at(client_ip, metrics_token=SECRET)
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    response = await client.get(METRICS, headers=raw)
    assert response.status_code == status
    assert SECRET not in response.text


async def test_addresses_can_be_named_and_none_of_them_trusted(at):
    assert (await at("10.2.3.4", metrics_allowed="10.0.0.0/8").get(METRICS)).status_code == 200
    assert (await at("127.0.0.1", metrics_allowed="none").get(METRICS)).status_code == 403
    # If no token is set, none is valid.
    response = await at("192.0.2.1").get(METRICS, headers={"Authorization": "Bearer None"})
    assert response.status_code == 403


async def test_requests_are_counted_by_the_template_of_their_route(at, world):
    client = at()
    before = await scraped(client)
    group = await world.group("a-name-nobody-shall-read")
    headers = {"Authorization": "Token admin-token"}
    for path in (f"{GROUPS}{group.hex}/", f"{GROUPS}{'0' * 32}/", "/nothing/here", GROUPS):
        await client.get(path, headers=headers)
    await client.request("BREW", GROUPS, headers=headers)
    after = await scraped(client)

    def more(method, route, status, name="ringfence_http_requests_total"):
        key = (name, ("method", method), ("route", route), ("status", status))
        return after.get(key, 0) - before.get(key, 0)

    assert more("GET", f"{GROUPS}{{uuid}}/", "200") == 1
    assert more("GET", f"{GROUPS}{{uuid}}/", "404") == 1
    assert more("GET", GROUPS, "200") == 1
    assert more("GET", "none", "404") == 1
    assert more("other", GROUPS, "405") == 1
    count = ("method", "GET"), ("route", f"{GROUPS}{{uuid}}/")
    name = "ringfence_http_request_duration_seconds_count"
    assert after[(name, *count)] - before.get((name, *count), 0) == 2


async def test_no_name_of_a_group_and_no_token_becomes_a_label(at, world):
    client = at()
    group = await world.group("a-name-nobody-shall-read")
    headers = {"Authorization": "Token admin-token"}
    await client.get(f"{GROUPS}{group.hex}/", headers=headers)
    await client.get(f"{GROUPS}?name=a-name-nobody-shall-read", headers=headers)
    text = (await client.get(METRICS)).text
    for secret in ("a-name-nobody-shall-read", group.hex, "admin-token"):
        assert secret not in text


async def test_jobs_groups_drift_and_clouds_are_those_of_the_database(at, world):
    group = await world.group()
    await world.execute("UPDATE security_groups SET state = 'ERRED' WHERE uuid = %s", group)
    for name in ("opens", "closes", "none", "ungraded"):
        await world.group(name)
    await world.execute(
        "INSERT INTO security_group_observations (security_group_id, name, description, rules,"
        " revision_number, digest, drift_digest, drift_grade, missing, observed_at)"
        " SELECT id, '', '', '[]', 1, 'x', 'y', nullif(name, 'ungraded'), state = 'ERRED', now()"
        " FROM security_groups"
    )
    await world.execute(
        "INSERT INTO procrastinate_jobs (task_name, queue_name, args, scheduled_at)"
        " VALUES ('push_group', 'default', '{}', now() - interval '90 seconds')"
    )
    await world.execute(
        "INSERT INTO tenant_pulls (tenant_id, pulled_at)"
        " SELECT id, '2026-01-02 03:04:05+00' FROM tenants WHERE uuid = %s",
        world.tenant_uuid,
    )
    await world.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    cloud = await world.value(
        "SELECT cloud.name FROM clouds AS cloud INNER JOIN tenants AS tenant"
        " ON tenant.cloud_id = cloud.id WHERE tenant.uuid = %s",
        world.tenant_uuid,
    )
    found = await scraped(at())
    its = ("cloud", cloud)
    assert found[("ringfence_database_up",)] == 1
    assert found[("ringfence_workers",)] == 1
    assert found[("ringfence_jobs", ("job", "push_group"), ("state", "todo"))] == 1
    age = found[("ringfence_job_oldest_age_seconds", ("job", "push_group"), ("state", "todo"))]
    assert 0 <= age < 3600
    assert found[("ringfence_security_groups", its, ("state", "ERRED"))] == 1
    assert found[("ringfence_security_groups", its, ("state", "OK"))] == 4
    for kind in ("missing", "opens", "closes", "none", "unknown"):
        assert found[("ringfence_security_groups_drifting", its, ("kind", kind))] == 1, kind
    when = found[("ringfence_cloud_last_pull_timestamp_seconds", its)]
    assert when == pytest.approx(1767323045)
    # The other tenant was never pulled: its creation counts.
    assert found[("ringfence_cloud_oldest_pull_timestamp_seconds", its)] > 0
    assert found[("ringfence_cloud_tenants", its)] == 2
    assert found[("ringfence_cloud_tenants_stopped", its)] == 0


async def test_a_cloud_is_reachable_until_a_call_gets_no_response(at, world, database):
    await world.execute("UPDATE clouds SET backend = 'openstack', openstack_cloud = 'east'")
    names = await world.value("SELECT array_agg(name) FROM clouds")
    key = ("ringfence_cloud_reachable", ("cloud", names[0]))
    reachability = Reachability()
    assert key not in await scraped(at())
    for error, reachable in (
        (None, 1),
        (CloudUnreachable("no"), 0),
        (GroupNotFound("gone"), 1),
        (CloudUnreachable("no"), 0),
    ):
        reachability.note("east", "GET", error, 0.01)
        await reachability.write(database)
        assert (await scraped(at()))[key] == reachable
    since = await world.value("SELECT failed_at FROM cloud_reachability")
    reachability.note("east", "GET", CloudUnreachable("no"), 0.01)
    await reachability.write(database)
    # The time of the first failure is kept.
    assert await world.value("SELECT failed_at FROM cloud_reachability") == since
    assert await world.value("SELECT responded_at < failed_at FROM cloud_reachability")


async def test_reading_the_database_takes_a_small_share_of_the_time(database, monkeypatch):
    clock = SimpleNamespace(monotonic=lambda: clock.now, now=100.0)
    monkeypatch.setattr("ringfence.monitoring.gauges.time", clock)
    gauges, reads = Gauges(), []

    async def read(_database):
        reads.append(clock.now)
        clock.now += 2.0

    monkeypatch.setattr(gauges, "_read", read)
    for _ in range(200):
        await gauges.collect(database)
        clock.now += 1.0
    assert [round(later - first) for first, later in pairwise(reads)] == [101, 101]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/plain", "text/plain"),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
            "application/openmetrics-text",
        ),
        ("*/*", "text/plain"),
    ],
)
async def test_the_format_is_the_requested_one(at, accept, kind):
    response = await at().get(METRICS, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith(kind)
