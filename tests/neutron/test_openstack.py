"""The OpenStack driver with failing clouds and invalid clouds.yaml files."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import yaml
from tests.lab.proxy import Cut, Delay, Response
from tests.neutron.fake_server import fake_server
from tests.neutron.pairs import tcp
from tests.neutron.test_translate import GROUP, RULE
from tests.patience import PATIENCE_SECONDS

from ringfence.neutron.openstack import THREADS, OpenStackClouds
from ringfence.neutron.port import (
    AccessRefused,
    CloudError,
    CloudUnreachable,
    GroupInUse,
    GroupNotFound,
    Misconfigured,
    QuotaExceeded,
    RequestRefused,
    RuleExists,
    TooManyRequests,
)

SECRET = "correct-horse-battery"


def as_json(value, status=200, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        status, json.dumps(value).encode(), {"Content-Type": "application/json", **named}
    )


def groups(*found, **more):
    return as_json({"security_groups": list(found), **more})


@pytest.fixture
def clouds_yaml(tmp_path, monkeypatch):
    """Write clouds.yaml where the driver finds it."""
    path = tmp_path / "clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))

    def write(**entries):
        path.write_text(yaml.safe_dump({"clouds": entries}))
        return path

    return write


@pytest.fixture
def call_seconds():
    return PATIENCE_SECONDS


@pytest.fixture
async def clouds(call_seconds):
    opened = OpenStackClouds(call_seconds=call_seconds, max_response_bytes=1_000_000)
    yield opened
    await opened.close()


@pytest.fixture
def cloud_at(clouds_yaml, clouds):
    """An entry without an identity service, with its network service at the URL."""

    def at(url, **more):
        clouds_yaml(east={"auth_type": "none", "network_endpoint_override": url, **more})
        return clouds.cloud("east")

    return at


async def test_a_cloud_without_identity_is_called_at_its_override(cloud_at):
    with fake_server(lambda _: groups(GROUP)) as server:
        (group,) = await cloud_at(server.url).list_groups("p1")
        (again,) = await cloud_at(server.url + "/v2.0/").list_groups("p1", name="web")
    assert group == again
    assert [call.path for call in server.calls] == [
        "/v2.0/security-groups?project_id=p1",
        "/v2.0/security-groups?project_id=p1&name=web",
    ]


async def test_a_list_is_read_to_its_last_page_without_following_links(cloud_at):
    def page(call):
        if "marker=g1" in call.path:
            return groups({**GROUP, "id": "g2", "security_group_rules": []})
        away = "http://elsewhere.invalid/v2.0/security-groups?limit=1&marker=g1"
        return groups(GROUP, security_groups_links=[{"rel": "next", "href": away}])

    with fake_server(page) as server:
        found = await cloud_at(server.url).list_groups("p1")
    assert [group.id for group in found] == ["g1", "g2"]
    assert len(server.calls) == 2


async def test_a_list_that_does_not_end_is_given_up(cloud_at):
    link = [{"rel": "next", "href": "/v2.0/security-groups?marker=g1"}]
    with (
        fake_server(lambda _: groups(GROUP, security_groups_links=link)) as server,
        pytest.raises(CloudUnreachable, match="does not end"),
    ):
        await cloud_at(server.url).list_groups("p1")
    assert len(server.calls) == 2


async def test_a_cloud_that_ignores_filters_shows_no_other_tenants_group(cloud_at):
    other = {**GROUP, "id": "g2", "project_id": "p2", "security_group_rules": []}
    with fake_server(lambda _: groups(GROUP, other)) as server:
        cloud = cloud_at(server.url)
        assert [group.id for group in await cloud.list_groups("p1")] == ["g1"]
        assert await cloud.list_groups("p1", name="mail") == []


async def test_fewer_rules_than_were_sent_are_not_taken_for_success(cloud_at):
    with fake_server(lambda _: as_json({"security_group_rules": [RULE]}, 201)) as server:
        cloud = cloud_at(server.url)
        with pytest.raises(CloudUnreachable, match="fewer or more rules"):
            await cloud.create_rules("p1", "g1", [tcp(80, 81), tcp(82, 82)])
    body = json.loads(server.calls[0].body)
    assert [rule["project_id"] for rule in body["security_group_rules"]] == ["p1", "p1"]


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, b"<html>Welcome</html>", {"Content-Type": "text/html"}),
        Response(200, b'{"security_groups": ['),
        Response(200, b""),
        Response(200, b"\xff\xfe\x00"),
        Response(200, b"[" * 100_000),
        as_json({"security_group": None}),
        Response(404, b"<html>no such page</html>"),
        as_json({"NeutronError": {"type": "HTTPNotFound", "message": "no"}}, 404),
        Response(500, b"trace"),
        as_json({"NeutronError": {"type": "X", "message": "broken"}}, 500),
        Response(502),
        Response(503),
        Response(504),
        Response(304),
        Response(302, b"", {"Location": "http://elsewhere.invalid/"}),
        Response(307, b"", {"Location": "//elsewhere.invalid/v2.0/"}),
    ],
    ids=lambda answer: f"{answer.status}-{answer.body[:20]!r}",
)
async def test_an_unusable_response_says_nothing_about_the_group(cloud_at, answer):
    with fake_server(lambda _: answer) as server:
        cloud = cloud_at(server.url)
        for call in (
            cloud.get_group("g1"),
            cloud.delete_rule("r1"),
            cloud.create_rules("p1", "g1", [tcp(80, 80)]),
        ):
            with pytest.raises(CloudUnreachable) as caught:
                await call
            assert "elsewhere" not in str(caught.value)
    assert len(server.calls) == 3


async def test_a_redirect_on_the_same_host_is_followed_for_reading_only(cloud_at):
    def away(call):
        if call.path.startswith("/v2.0/security-groups/g1"):
            return Response(307, b"", {"Location": f"{server.url}/moved"})
        return as_json({"security_group": GROUP})

    with fake_server(away) as server:
        cloud = cloud_at(server.url)
        assert (await cloud.get_group("g1")).id == "g1"
        with pytest.raises(CloudUnreachable):
            await cloud.update_group("g1", name="a", description="")
    assert [call.path for call in server.calls if call.method == "PUT"] == [
        "/v2.0/security-groups/g1"
    ]


def neutron_error(kind, status, message="because"):
    return as_json({"NeutronError": {"type": kind, "message": message, "detail": ""}}, status)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (neutron_error("OverQuota", 409), QuotaExceeded),
        (neutron_error("SecurityGroupInUse", 409), GroupInUse),
        (neutron_error("SecurityGroupRuleExists", 409), RuleExists),
        (neutron_error("DuplicateSecurityGroupRuleInPost", 409), RuleExists),
        (neutron_error("SecurityGroupNotFound", 404), GroupNotFound),
        (neutron_error("SecurityGroupCannotUpdateDefault", 409), RequestRefused),
        (neutron_error("InvalidInput", 400), RequestRefused),
        (neutron_error("PolicyNotAuthorized", 403), AccessRefused),
        (Response(401), AccessRefused),
        (Response(403), AccessRefused),
        (Response(400), RequestRefused),
        (Response(413), RequestRefused),
        (Response(408), CloudUnreachable),
        (Response(429), TooManyRequests),
    ],
    ids=lambda value: getattr(value, "__name__", None) or f"{value.status}-{value.body[:50]!r}",
)
async def test_a_refusal_is_named_by_what_can_be_done(cloud_at, answer, error):
    with fake_server(lambda _: answer) as server, pytest.raises(CloudError) as caught:
        await cloud_at(server.url).update_group("g1", name="a", description="")
    assert type(caught.value) is error
    if b"because" in answer.body:
        assert str(caught.value) == "because"
    assert len(server.calls) == 1


async def test_a_long_message_is_cut_and_put_on_one_line(cloud_at):
    answer = neutron_error("InvalidInput", 400, "a\r\n\x00\x1b[31m" + "b" * 10_000)
    with fake_server(lambda _: answer) as server, pytest.raises(RequestRefused) as caught:
        await cloud_at(server.url).get_group("g1")
    assert len(str(caught.value)) == 500
    assert str(caught.value).isprintable()


LATER = format_datetime(datetime.now(UTC) + timedelta(minutes=30), usegmt=True)


@pytest.mark.parametrize(
    ("status", "value", "lowest", "highest"),
    [
        (429, "7", 7, 7),
        (503, "7", 7, 7),
        pytest.param(429, LATER, 1, 3600, id="date"),
        (429, "Thu, 01 Jan 1970 00:00:00 GMT", 0, 0),
        (429, "999999999", 3600, 3600),
    ],
)
async def test_the_cloud_sets_the_delay_of_the_retry(cloud_at, status, value, lowest, highest):
    with (
        fake_server(lambda _: Response(status, b"", {"Retry-After": value})) as server,
        pytest.raises(TooManyRequests) as caught,
    ):
        await cloud_at(server.url).get_group("g1")
    assert lowest <= caught.value.after <= highest


@pytest.mark.parametrize("value", ["soon", "-1", ""])
async def test_a_wait_that_is_none_is_left_open(cloud_at, value):
    with (
        fake_server(lambda _: Response(429, b"", {"Retry-After": value})) as server,
        pytest.raises(TooManyRequests) as caught,
    ):
        await cloud_at(server.url).get_group("g1")
    assert caught.value.after is None


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n"


def hang(_write):
    time.sleep(1.6)


def trickle(write):
    write(HEAD)
    for _ in range(8):
        time.sleep(0.2)
        write(b" ")


@pytest.mark.parametrize("call_seconds", [1.0])
@pytest.mark.parametrize("wire", [hang, trickle])
async def test_a_cloud_that_is_slow_is_given_up_in_time(cloud_at, wire):
    with fake_server(lambda _: wire) as server:
        cloud = cloud_at(server.url)
        with pytest.raises(CloudUnreachable, match="in time"):
            await cloud.get_group("g1")
    assert len(server.calls) == 1


async def test_a_time_limit_of_clouds_yaml_is_obeyed(clouds_yaml):
    # The limit of the driver is much longer than the server takes to hang up.
    clouds = OpenStackClouds(call_seconds=20.0)
    with fake_server(lambda _: hang) as server:
        clouds_yaml(
            east={
                "auth_type": "none",
                "network_endpoint_override": server.url,
                "api_timeout": 0.2,
            }
        )
        with pytest.raises(CloudUnreachable, match="in time"):
            await clouds.cloud("east").get_group("g1")
    await clouds.close()


async def test_a_truncated_response_is_no_response(cloud_at):
    with (
        fake_server(lambda _: lambda write: write(HEAD + b'{"security_group"')) as server,
        pytest.raises(CloudUnreachable),
    ):
        await cloud_at(server.url).get_group("g1")
    assert len(server.calls) == 1


async def test_a_response_that_is_too_large_is_not_read_to_its_end(cloud_at):
    written = []

    def flood(write):
        write(b"HTTP/1.1 200 OK\r\n\r\n")
        written.extend(write(b" " * 65536) for _ in range(800))

    with (
        fake_server(lambda _: flood) as server,
        pytest.raises(CloudUnreachable, match="too large"),
    ):
        await cloud_at(server.url).get_group("g1")
    assert len(written) < 400


async def test_a_closed_port_is_unreachable_and_the_message_has_no_url(cloud_at):
    with fake_server(lambda _: Response(200)) as server:
        pass
    with pytest.raises(CloudUnreachable) as caught:
        await cloud_at(server.url).get_group("g1")
    assert "127.0.0.1" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_calls_of_a_cloud_share_eight_threads(cloud_at):
    running, most = 0, 0
    together = threading.Barrier(THREADS, timeout=PATIENCE_SECONDS)

    def slowly(_call):
        nonlocal running, most
        running += 1
        most = max(most, running)
        # No call continues before all have arrived.
        together.wait()
        time.sleep(0.1)
        running -= 1
        return as_json({"security_group": GROUP})

    with fake_server(slowly) as server:
        cloud = cloud_at(server.url)
        await asyncio.gather(*(cloud.get_group("g1") for _ in range(3 * THREADS)))
    assert most == THREADS
    assert len(server.calls) == 3 * THREADS


def identity(call, url, network):
    """Respond like a Keystone that issues a token for any password but the wrong one."""
    if call.method == "GET":
        version = {"id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": url}]}
        return as_json({"version": version})
    if b"wrong" in call.body:
        return as_json({"error": {"code": 401, "message": f"no {SECRET}"}}, 401)
    endpoint = {"interface": "public", "region": "R", "region_id": "R", "url": network, "id": "e"}
    token = {
        "methods": ["password"],
        "expires_at": "2099-01-01T00:00:00.000000Z",
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "project": {"id": "p1", "name": "p", "domain": {"id": "default", "name": "Default"}},
        "user": {"id": "u", "name": "u", "domain": {"id": "default", "name": "Default"}},
        "roles": [],
        "catalog": [{"type": "network", "name": "neutron", "id": "s", "endpoints": [endpoint]}],
    }
    return as_json({"token": token}, 201, X_Subject_Token=f"token-{SECRET}")


def signed_in(url, password=SECRET, **more):
    auth = {"auth_url": url + "/v3", "username": "u", "password": password}
    auth |= {"project_name": "p", "user_domain_id": "default", "project_domain_id": "default"}
    return {"auth": auth, "region_name": "R", **more}


async def test_a_token_is_requested_once(clouds, clouds_yaml):
    with (
        fake_server(lambda _: as_json({"security_group": GROUP})) as network,
        fake_server(lambda call: identity(call, keystone.url, network.url)) as keystone,
    ):
        clouds_yaml(east=signed_in(keystone.url))
        for _ in range(3):
            await clouds.cloud("east").get_group("g1")
    assert [call.method for call in keystone.calls].count("POST") == 1
    assert {headers["X-Auth-Token"] for headers in network.headers} == {f"token-{SECRET}"}
    assert {call.path for call in network.calls} == {"/v2.0/security-groups/g1"}


async def test_a_token_that_is_refused_is_renewed_once_and_then_given_up(clouds, clouds_yaml):
    with (
        fake_server(lambda _: as_json({"error": {"code": 401, "title": SECRET}}, 401)) as network,
        fake_server(lambda call: identity(call, keystone.url, network.url)) as keystone,
    ):
        clouds_yaml(east=signed_in(keystone.url))
        with pytest.raises(AccessRefused) as caught:
            await clouds.cloud("east").create_group("p1", "web", "")
    assert len(network.calls) == 2
    assert SECRET not in str(caught.value)


async def test_a_wrong_password_is_refused_without_showing_it(clouds, clouds_yaml):
    with fake_server(lambda call: identity(call, keystone.url, "")) as keystone:
        clouds_yaml(east=signed_in(keystone.url, password=f"wrong-{SECRET}"))
        with pytest.raises(AccessRefused) as caught:
            await clouds.cloud("east").get_group("g1")
    assert SECRET not in str(caught.value)
    assert keystone.url not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize(
    "other",
    [
        lambda url: url.replace("127.0.0.1", "[::1]"),
        lambda url: url,
        lambda url: url.replace("http://", "//"),
        lambda url: url.replace("http:", "https:"),
        lambda _: "http://[::1",
    ],
    ids=["host", "port", "without a scheme", "scheme", "no URL"],
)
async def test_an_identity_service_that_leads_elsewhere_gets_no_password_sent_on(
    clouds, clouds_yaml, other, status
):
    with (
        fake_server(lambda _: Response(200)) as elsewhere,
        fake_server(
            lambda _: Response(status, b"", {"Location": other(elsewhere.url)})
        ) as keystone,
    ):
        clouds_yaml(east=signed_in(keystone.url))
        with pytest.raises(CloudUnreachable, match="another host, port or scheme"):
            await clouds.cloud("east").get_group("g1")
    assert elsewhere.calls == []


async def test_a_catalogue_without_network_is_a_configuration_error(clouds, clouds_yaml):
    with fake_server(lambda call: identity(call, keystone.url, "http://127.0.0.1:1")) as keystone:
        clouds_yaml(east=signed_in(keystone.url, region_name="elsewhere"))
        with pytest.raises(Misconfigured, match="check region_name"):
            await clouds.cloud("east").get_group("g1")


async def test_an_auth_url_of_another_service_is_a_configuration_error(clouds, clouds_yaml):
    with fake_server(lambda _: Response(404, b"<html>")) as server:
        clouds_yaml(east=signed_in(server.url))
        with pytest.raises(Misconfigured, match="auth_url"):
            await clouds.cloud("east").get_group("g1")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"auth": {"auth_url": "http://127.0.0.1:1/v3"}}, "check its auth section"),
        ({"auth_type": "telepathy", "auth": {"password": SECRET}}, "auth_type"),
        ("nonsense", "correct it|valid"),
        ({"auth": ["a"]}, "correct it|valid"),
    ],
)
async def test_an_unusable_entry_names_the_next_step(clouds, clouds_yaml, entry, words):
    clouds_yaml(east=entry)
    with pytest.raises(Misconfigured, match=words) as caught:
        await clouds.cloud("east").list_groups("p1")
    assert "'east' in clouds.yaml" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("entry", ["west", "envvars", ""])
async def test_a_missing_entry_names_the_next_step(clouds, clouds_yaml, monkeypatch, entry):
    monkeypatch.setenv("OS_USERNAME", "somebody")
    clouds_yaml(east=signed_in("http://127.0.0.1:1"))
    with pytest.raises(Misconfigured, match=f"no entry '{entry}' in clouds.yaml; add it"):
        await clouds.cloud(entry).list_groups("p1")


async def test_a_broken_file_names_the_next_step_and_does_not_quote_it(clouds, clouds_yaml):
    clouds_yaml().write_text(f"clouds:\n  east:\n   password: {SECRET}\n  bad: [")
    with pytest.raises(Misconfigured, match="check that the file is valid YAML") as caught:
        await clouds.cloud("east").list_groups("p1")
    assert SECRET not in str(caught.value)


@pytest.mark.usefixtures("clouds_yaml")
async def test_a_missing_file_names_the_next_step(clouds):
    with pytest.raises(Misconfigured, match="cannot be read; create it"):
        await clouds.cloud("east").list_groups("p1")


async def test_the_file_is_read_again_when_it_changes(clouds, clouds_yaml):
    with (
        fake_server(lambda _: as_json({"security_group": GROUP})) as old,
        fake_server(lambda _: as_json({"security_group": {**GROUP, "name": "new"}})) as new,
    ):
        clouds_yaml(east={"auth_type": "none", "network_endpoint_override": old.url})
        cloud = clouds.cloud("east")
        assert (await cloud.get_group("g1")).name == "web"
        path = clouds_yaml(east={"auth_type": "none", "network_endpoint_override": new.url})
        os.utime(path, ns=(1, 1))
        assert (await cloud.get_group("g1")).name == "new"
        clouds_yaml(west={"auth_type": "none"})
        with pytest.raises(Misconfigured):
            await cloud.get_group("g1")


@pytest.fixture
async def proxied(lab, neutron_proxy, tmp_path, monkeypatch):
    """The lab's Neutron behind the recording proxy."""
    path = lab.write_clouds(tmp_path, east={"network_endpoint_override": neutron_proxy.url})
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    opened = OpenStackClouds(call_seconds=PATIENCE_SECONDS)
    yield opened.cloud("east")
    await opened.close()


async def test_a_change_without_a_response_is_not_sent_again(
    proxied, neutron_proxy, openstack_project
):
    neutron_proxy.fault("POST", "/security-groups", Cut(after=True))
    with pytest.raises(CloudUnreachable):
        await proxied.create_group(openstack_project, "lost", "")
    assert neutron_proxy.count("POST") == 1
    assert len(await proxied.list_groups(openstack_project, name="lost")) == 1


async def test_a_call_that_is_cut_or_fails_is_made_once(proxied, neutron_proxy, openstack_project):
    group = await proxied.create_group(openstack_project, "web", "")
    neutron_proxy.fault("POST", "/security-group-rules", Cut())
    neutron_proxy.fault("POST", "/security-group-rules", Response(503), nth=2)
    neutron_proxy.fault("POST", "/security-group-rules", Delay(0.1), nth=3)
    for _ in range(2):
        with pytest.raises(CloudUnreachable):
            await proxied.create_rules(openstack_project, group.id, [tcp(80, 80)])
    await proxied.create_rules(openstack_project, group.id, [tcp(80, 80), tcp(81, 81)])
    assert [call.status for call in neutron_proxy.changes()] == [201, 0, 503, 201]


async def test_a_used_up_quota_is_reported(lab, lab_cloud):
    project = lab.make_project(groups=3, rules=7)
    group = await lab_cloud.create_group(project, "web", "")
    with pytest.raises(QuotaExceeded, match="Quota exceeded"):
        await lab_cloud.create_rules(project, group.id, [tcp(80, 80), tcp(81, 81)])
    await lab_cloud.create_rules(project, group.id, [tcp(80, 80)])
    with pytest.raises(QuotaExceeded):
        await lab_cloud.create_group(project, "mail", "")


async def test_a_group_on_a_port_is_in_use(lab, lab_cloud, openstack_project):
    group = await lab_cloud.create_group(openstack_project, "web", "")
    values = {"name": "net", "project_id": openstack_project}
    network = lab.neutron("POST", "/v2.0/networks", {"network": values})["network"]["id"]
    port = {
        "network_id": network,
        "project_id": openstack_project,
        "security_groups": [group.id],
    }
    lab.neutron("POST", "/v2.0/ports", {"port": port})
    with pytest.raises(GroupInUse, match="in use"):
        await lab_cloud.delete_group(group.id)


async def test_a_reader_may_not_write(lab, monkeypatch):
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(lab.clouds_yaml))
    clouds = OpenStackClouds()
    reader = clouds.cloud("lab-1-reader")
    (own,) = lab.keystone("GET", "/projects?name=lab-1")["projects"]
    await reader.list_groups(own["id"])
    with pytest.raises(AccessRefused):
        await reader.create_group(own["id"], "web", "")
    await clouds.close()


async def test_an_address_group_is_kept(lab, lab_cloud, openstack_project):
    values = {"name": "office", "addresses": ["192.0.2.0/24"], "project_id": openstack_project}
    made = lab.neutron("POST", "/v2.0/address-groups", {"address_group": values})
    group = await lab_cloud.create_group(openstack_project, "web", "")
    rule = tcp(22, 22, remote_address_group_id=made["address_group"]["id"])
    await lab_cloud.create_rules(openstack_project, group.id, [rule])
    kept = (await lab_cloud.get_group(group.id)).rules
    assert rule.remote_address_group_id in {kept.remote_address_group_id for kept in kept}


def test_the_sdk_is_not_loaded_before_it_is_needed():
    program = "import sys, ringfence.neutron.openstack; sys.exit('openstack' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_floating_addresses_are_read_page_by_page(cloud_at):
    def page(call):
        first = "marker" not in call.path
        more = [{"rel": "next", "href": "/v2.0/floatingips?marker=f1"}] if first else []
        address = "203.0.113.7" if first else "203.0.113.8"
        item = {"floating_ip_address": address, "port_id": "x", "project_id": "p1"}
        return as_json({"floatingips": [item], "floatingips_links": more})

    with fake_server(page) as server:
        found = await cloud_at(server.url).list_floating_ips("p1")
    assert found == {"203.0.113.7": "x", "203.0.113.8": "x"}
    assert len(server.calls) == 2


@pytest.mark.parametrize("answer", [Response(404, b"<html>no such page</html>"), Response(503)])
async def test_an_error_of_a_gateway_does_not_mean_that_there_are_no_floating_ips(cloud_at, answer):
    with fake_server(lambda _: answer) as server, pytest.raises(CloudUnreachable):
        await cloud_at(server.url).list_floating_ips("p1")


async def test_a_port_is_changed_only_at_the_revision_that_was_read(cloud_at):
    with fake_server(lambda _: as_json({"port": {}})) as server:
        await cloud_at(server.url).set_port_groups("x", ["g1"], revision=4)
    assert (server.calls[0].method, server.calls[0].path) == ("PUT", "/v2.0/ports/x")
    assert server.headers[0]["If-Match"] == "revision_number=4"
    assert json.loads(server.calls[0].body) == {"port": {"security_groups": ["g1"]}}
