"""What a Waldur site becomes: the same UUIDs, nothing wider than it was, everything else named."""

from itertools import pairwise
from uuid import UUID

import pytest
import waldur_api_client.models as shapes
from tests.discovery.waldur_site import SECRET, from_group, identify, rule
from tests.test_escaping import is_quiet

from ringfence.discovery.provisioning_file import merged, write_documents
from ringfence.discovery.waldur import groups as waldur_groups
from ringfence.discovery.waldur.existing import Existing, ExistingGroup, ExistingUser
from ringfence.discovery.waldur.site import Summary, read_site
from ringfence.errors import OperatorError
from ringfence.provisioning.document import read_documents

EAST = {"East cloud": "east"}
TENANTS = "/api/openstack-tenants/"
GROUPS = "/api/openstack-security-groups/"


@pytest.fixture
def acme(site):
    """A customer with a project, its administrator, and the tenant that it returns."""
    customer = site.add_customer("Acme")
    project = site.add_project(customer, "Web")
    site.add_role(project, site.add_user("alice"), "PROJECT.ADMIN")
    return site.add_tenant(project, "web-prod", "90e156078a9441db91eae242bc071c03")


def read(client, entries=EAST):
    summary = Summary()
    documents = read_site(client, entries, summary, lambda *_: None)
    trees = (one.model_dump(mode="json", exclude_unset=True) for one in documents)
    return merged(trees), summary


def tenant(tree):
    return tree["customers"][0]["projects"][0]["tenants"][0]


def mistake(client, entries=EAST):
    with pytest.raises(OperatorError) as caught:
        read(client, entries)
    return str(caught.value)


def test_a_site_keeps_its_uuids_and_its_secrets(site, client, acme):
    db = site.add_group(acme, "db")
    web = site.add_group(acme, "web", rule(), from_group(db, from_port=5432, to_port=5432))
    site.add_user("without-roles")
    site.add_user("root", is_staff=True, is_active=False)
    tree, summary = read(client)
    (customer,) = tree["customers"]
    (project,) = customer["projects"]
    assert customer["uuid"].replace("-", "") == identify("customer", "Acme")
    assert project["uuid"].replace("-", "") == acme["project_uuid"]
    assert tree["clouds"] == [
        {
            "name": "East cloud",
            "uuid": str(UUID(acme["service_settings_uuid"])),
            "backend": "openstack",
            "openstack_cloud": "east",
        }
    ]
    found = tenant(tree)
    assert found["uuid"].replace("-", "") == acme["uuid"]
    assert found["quotas"] == {"security_group_count": 100, "security_group_rule_count": -1}
    assert found["marketplace"]["offering_plugin_options"] == {"storage_mode": "fixed"}
    groups = {group["name"]: group for group in found["security_groups"]}
    assert groups["web"]["uuid"].replace("-", "") == web["uuid"]
    assert groups["web"]["backend_id"] == web["backend_id"]
    common = {"ethertype": "IPv4", "direction": "ingress", "protocol": "tcp"}
    assert groups["web"]["rules"] == [
        common | {"from_port": 443, "to_port": 443, "cidr": "0.0.0.0/0"},
        common | {"from_port": 5432, "to_port": 5432, "remote_group": db["uuid"]},
    ]
    assert [(user["username"], user["is_staff"], user["is_active"]) for user in tree["users"]] == [
        ("alice", False, True),
        ("root", True, False),
    ]
    assert tree["roles"] == [
        {"user": "alice", "role": "PROJECT.ADMIN", "project": acme["project_uuid"]}
    ]
    assert summary.left_out == summary.notes == []
    assert SECRET not in str(tree)
    # No list is requested with all of its fields, as some hold passwords.
    assert all("field=" in request for request in site.requests)


@pytest.mark.parametrize("suffix", [".yaml", ".json", ".jsonl"])
def test_a_written_file_is_one_that_load_reads(client, acme, site, suffix, tmp_path):
    hostile = ["no", "1e10", "- x: {y}", "#c", "a\\u2028b\u2028c", "=cmd|' /C calc'!A0", "';--"]
    for name in [*hostile, "tab\tand\nline", "\x1b[2J", "\x9b1A\u202e", "\U0001f525", "x" * 150]:
        site.add_group(acme, name, description=name)
    path = tmp_path / f"site{suffix}"
    write_documents(path, read_site(client, EAST, Summary(), lambda *_: None))
    assert all(map(is_quiet, path.read_text("utf-8").split("\n")))
    if suffix == ".jsonl":
        lines = path.read_bytes().splitlines()
        assert len(lines) == 4
        path = tmp_path / "third.json"
        path.write_bytes(lines[2])
    ((_, document),) = read_documents([path])
    groups = document.customers[0].projects[0].tenants[0].security_groups
    assert [group.description for group in groups] == [group.name for group in groups]
    assert {group.name for group in groups} >= set(hostile)


def test_a_file_that_cannot_be_completed_is_not_left_behind(site, client, acme, tmp_path):
    site.add_group(acme, "web", rule(protocol=6))
    with pytest.raises(OperatorError, match="protocol: expected text, found an integer"):
        write_documents(tmp_path / "a.jsonl", read_site(client, EAST, Summary(), lambda *_: None))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"remote_ip_prefix": "10.0.0.0/8"}, "remote_ip_prefix: is not a field of a rule"),
        ({"cidr": ...}, "cidr: is missing"),
        ({"cidr": 10}, "cidr: expected text, found an integer"),
        ({"cidr": " "}, "cidr: ' ' is not a CIDR"),
        ({"remote_group": ...}, "remote_group: is missing"),
        ({"remote_group": "https://h/api/other/1/"}, "is not the URL of a security group"),
        ({"remote_group_uuid": identify("x")}, "remote_group: '' is not the URL"),
        ({"remote_group_name": "db"}, "remote_group_name: 'db' has no URL in remote_group"),
        ({"protocol": None}, "protocol: expected text, found null"),
        ({"from_port": True}, "from_port: expected an integer, found true or false"),
        ({"from_port": 1.5}, "from_port: expected an integer, found a number"),
        ({"direction": ...}, "direction: is missing"),
    ],
)
def test_a_rule_that_is_not_understood_is_an_error_that_names_the_field(
    site, client, acme, changes, expected
):
    odd = {key: value for key, value in (rule() | changes).items() if value is not ...}
    group = site.add_group(acme, "web", rule(), odd)
    message = mistake(client)
    assert message.startswith(f"{GROUPS}{group['uuid']}/ rules[1]: ")
    assert expected in message


@pytest.mark.parametrize(
    ("path", "changes", "expected"),
    [
        (TENANTS, {"state": "Terminated"}, "state: 'Terminated' is not a state"),
        (TENANTS, {"quotas": {}}, "quotas: expected a list, found an object"),
        (TENANTS, {"project_uuid": "x"}, "project_uuid: 'x' is not a UUID"),
        (TENANTS, {"backend_id": "x" * 256}, "backend_id: should have at most 255 characters"),
        (TENANTS, {"marketplace_plan_uuid": "?"}, "marketplace_plan_uuid: '?' is not a UUID"),
        (GROUPS, {"state": None}, "state: expected text, found null"),
        (GROUPS, {"created": "yesterday"}, "created: 'yesterday' is not a time"),
        (GROUPS, {"rules": [1]}, "rules[0]: expected an object, found an integer"),
        ("/api/users/", {"is_staff": "yes"}, "is_staff: expected true or false, found text"),
        ("/api/users/", {"username": " "}, "username: should not be empty; correct it in Waldur"),
        ("/api/customers/", {"native_name": "x" * 256}, "native_name: should have at most 255"),
        ("/api/projects/", {"customer_uuid": identify("?")}, "/api/customers/ has no"),
    ],
)
def test_an_odd_field_is_an_error_that_names_it(site, client, acme, path, changes, expected):
    site.add_group(acme, "web")
    site.lists[path][0] |= changes
    message = mistake(client)
    assert message.startswith(f"{path}{site.lists[path][0]['uuid']}/: ")
    assert expected in message


def test_groups_that_no_file_can_state_are_left_out_with_all_that_name_them(site, client, acme):
    project = {"uuid": acme["project_uuid"], "name": "Web", "customer_uuid": acme["customer_uuid"]}
    foreign = site.add_group(site.add_tenant(project, "other", "b" * 32), "foreign")
    first = site.add_group(acme, "twin", created="2025-01-01T00:00:00Z")
    site.add_group(acme, "twin", uuid=identify("second"))
    across = site.add_group(acme, "across", from_group(foreign))
    site.add_group(acme, "chained", from_group(across))
    site.add_group(acme, "loose", rule(cidr="10/8"))
    site.add_group(acme, "doubled", rule(), rule(description="again"))
    site.add_group(acme, "DEFAULT")
    site.add_group(acme, "same-id", backend_id=first["backend_id"])
    site.add_group(acme, "default", from_group(first))
    tree, summary = read(client)
    tenants = {one["name"]: one for one in tree["customers"][0]["projects"][0]["tenants"]}
    kept = [group["name"] for group in tenants["web-prod"]["security_groups"]]
    assert kept == ["twin", "default"]
    reasons = "\n".join(summary.left_out)
    assert "'across'" in reasons
    assert f"no security group of this tenant is called '{foreign['uuid']}'" in reasons
    for name in ("chained", "loose", "doubled", "DEFAULT", "same-id", "twin"):
        assert f"tenant 'web-prod', security group '{name}' (" in reasons
    assert len(summary.left_out) == 7


def test_a_long_chain_of_groups_without_its_end_is_read_once(site, client, acme, monkeypatch):
    """Whoever may create groups in Waldur could make each of them another pass over all."""
    checked = []
    check = waldur_groups.rules_of
    monkeypatch.setattr(
        waldur_groups, "rules_of", lambda *given: checked.append(1) or check(*given)
    )
    groups = [site.add_group(acme, f"g{number}") for number in range(40)]
    for group, following in pairwise(groups):
        group["rules"] = [from_group(following)]
    nowhere = identify("nowhere")
    url = groups[0]["url"].replace(groups[0]["uuid"], nowhere)
    groups[-1]["rules"] = [from_group({"uuid": nowhere, "url": url, "name": "x"})]
    tree, summary = read(client)
    assert len(checked) == 40
    assert tenant(tree)["security_groups"] == []
    assert len(summary.left_out) == 40
    assert sum("its remote group" in reason for reason in summary.left_out) == 39


@pytest.mark.usefixtures("acme")
def test_roles_that_do_not_exist_here_and_roles_that_end_are_named_and_not_widened(site, client):
    customer, project = site.lists["/api/customers/"][0], site.lists["/api/projects/"][0]
    bob = site.add_user("bob")
    site.add_role(customer, bob, "CUSTOMER.OWNER")
    site.add_role(customer, bob, "CUSTOMER.READER")
    site.add_role(customer, bob, "PROJECT.ADMIN")
    site.add_role(project, bob, "PROJECT.MANAGER", expiration_time="2027-01-01T00:00:00Z")
    site.add_role(project, bob | {"uuid": identify("ghost")}, "PROJECT.MEMBER")
    tree, summary = read(client)
    assert [(role["user"], role["role"]) for role in tree["roles"]] == [
        ("bob", "CUSTOMER.OWNER"),
        ("alice", "PROJECT.ADMIN"),
    ]
    place = f"'bob' in the customer 'Acme' ({customer['uuid']})"
    assert summary.left_out[:2] == [
        f"role 'CUSTOMER.READER' of {place}: there is no such role of a customer here",
        f"role 'PROJECT.ADMIN' of {place}: there is no such role of a customer here",
    ]
    assert "it ends 2027-01-01, and roles do not end here" in summary.left_out[2]
    assert "/api/users/ does not list the user" in summary.left_out[3]


@pytest.mark.parametrize(
    ("state", "backend_id", "of_tenant"),
    [
        ("OK", "", "OK"),
        ("Erred", "a", "ERRED"),
        ("Update Scheduled", "a", "OK"),
        ("UPDATING", "a", "OK"),
        ("CREATING", None, "ERRED"),
    ],
)
def test_what_waldur_works_on_becomes_something_that_no_job_here_continues(
    site, client, acme, state, backend_id, of_tenant
):
    acme |= {"state": state, "backend_id": backend_id}
    site.add_group(acme, "web", state=state, error_message="")
    tree, _ = read(client)
    assert (tenant(tree)["state"], tenant(tree)["backend_id"]) == (of_tenant, backend_id or "")
    (group,) = tenant(tree)["security_groups"]
    at_rest = state in {"OK", "Erred"}
    assert group["state"] == ("OK" if state == "OK" else "ERRED")
    assert bool(group["error_message"]) is not at_rest


def test_every_cloud_needs_an_entry_and_every_entry_a_cloud(site, client, acme):
    assert "the Waldur cloud 'East cloud'" in mistake(client, {})
    assert "add --cloud 'East cloud=ENTRY'" in mistake(client, {})
    assert "no tenant is in such a cloud of Waldur; found: 'East cloud'" in mistake(
        client, EAST | {"West": "west"}
    )
    twin = identify("settings", "twin")
    site.lists[TENANTS].append(acme | {"uuid": identify("t2"), "service_settings_uuid": twin})
    tree, _ = read(client, {acme["service_settings_uuid"]: "one", twin: "two"})
    found = {cloud["name"]: cloud["openstack_cloud"] for cloud in tree["clouds"]}
    assert found == {
        f"East cloud ({acme['service_settings_uuid'][:8]})": "one",
        f"East cloud ({twin[:8]})": "two",
    }


def test_a_name_that_no_file_may_have_is_changed_and_noted(site, client, acme):
    site.lists["/api/customers/"][0]["name"] = "x" * 300
    site.lists["/api/projects/"][0]["name"] = " "
    acme["name"] = "evil\u202ename"
    tree, summary = read(client)
    assert tree["customers"][0]["name"] == "x" * 255
    assert tree["customers"][0]["projects"][0]["name"] == acme["project_uuid"]
    assert tenant(tree)["name"] == "evil\ufffdname"
    assert summary.notes[2] == "the tenant 'evil\\u202ename' is called 'evil\ufffdname' here"


def users_here(*users, **flags):
    uuids = [UUID(user["uuid"]) for user in users]
    return {uuid: ExistingUser(uuid, **flags) for uuid in uuids}


@pytest.mark.parametrize("lost", ["is_active", "is_staff", "is_support"])
def test_a_right_that_a_user_lost_here_is_not_given_back_by_another_copy(site, client, acme, lost):
    flags = {"is_active": True, "is_staff": True, "is_support": True}
    user = site.add_user("root", **flags)
    summary = Summary()
    existing = Existing({UUID(acme["uuid"]): []}, users=users_here(user, **flags | {lost: False}))
    first, *_ = read_site(client, EAST, summary, lambda *_: None, existing)
    (copied,) = (one for one in first.users if one.username == "root")
    assert {flag: getattr(copied, flag) for flag in flags} == flags | {lost: False}
    assert "the user 'root' is " in "".join(summary.notes)


def test_a_user_who_was_deactivated_in_waldur_is_deactivated_here(site, client, acme):
    gone = site.add_user("gone", is_active=False)
    existing = Existing({UUID(acme["uuid"]): []}, users=users_here(gone))
    first, *_ = read_site(client, EAST, Summary(), lambda *_: None, existing)
    assert [(user.username, user.is_active) for user in first.users] == [
        ("alice", True),
        ("gone", False),
    ]


def test_a_tenant_keeps_the_drift_mode_that_it_has_here(client, acme):
    existing = Existing({UUID(acme["uuid"]): []})
    documents = read_site(client, EAST, Summary(), lambda *_: None, existing)
    (existing,) = (one for each in documents for one in each.customers if one.projects[0].tenants)
    assert "drift_mode" not in existing.projects[0].tenants[0].model_fields_set
    assert tenant(read(client)[0])["drift_mode"] == "report"


def test_what_users_changed_here_survives_another_copy(site, client, acme):
    changed, deleted, bound, renamed = (
        site.add_group(acme, name) for name in ("changed", "deleted", "bound", "renamed")
    )
    site.add_group(acme, "names-it", from_group(changed))
    site.add_group(acme, "names-deleted", from_group(deleted))
    site.add_group(acme, "unchanged")

    def here(group, name, *, is_changed_here=False, uuid=None):
        backend_id = group["backend_id"]
        values = (uuid or UUID(group["uuid"]), name, backend_id, False, is_changed_here)
        return ExistingGroup(*values)

    imported, other = UUID(identify("imported")), UUID(identify("other"))
    groups = [
        here(changed, "changed", is_changed_here=True),
        here(bound, "bound", uuid=imported, is_changed_here=True),
        here({"backend_id": "x"}, "renamed", uuid=other),
        here(site.lists[GROUPS][-1], "unchanged"),
    ]
    existing = Existing({UUID(acme["uuid"]): groups}, {UUID(deleted["uuid"])})
    summary = Summary()
    documents = list(read_site(client, EAST, summary, lambda *_: None, existing))
    kept = documents[2].customers[0].projects[0].tenants[0].security_groups
    assert {group.name for group in kept} == {"names-it", "unchanged"}
    reasons = "\n".join(summary.left_out)
    for group, reason in (
        (changed, "was changed here and stays as it is here"),
        (deleted, "was deleted here"),
        (bound, f"a pull imported it as {imported.hex}; to get this UUID, unlink that group"),
        (renamed, f"the group {other.hex} here has the same name"),
    ):
        assert f"({group['uuid']}): {reason}" in reasons


def test_what_a_reader_may_not_see_and_what_has_no_counterpart_is_noted(site, client, acme):
    site.is_staff = False
    site.lists["/api/customers/"][0]["blocked"] = True
    site.add_project(site.lists["/api/customers/"][0], "Gone", is_removed=True)
    site.lists[TENANTS].append(
        acme | {"uuid": identify("t"), "project_uuid": identify("hidden"), "name": "lost"}
    )
    tree, summary = read(client)
    assert "who is neither staff nor support" in summary.notes[0]
    assert summary.notes[1].startswith("the customer 'Acme' is blocked in Waldur")
    assert [project["name"] for project in tree["customers"][0]["projects"]] == ["Web"]
    assert "tenant 'lost'" in summary.left_out[0]


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/api/customers/", shapes.Customer),
        ("/api/projects/", shapes.Project),
        (TENANTS, shapes.OpenStackTenant),
        (GROUPS, shapes.OpenStackSecurityGroup),
        ("/api/users/", shapes.User),
        (None, shapes.UserRoleDetails),
    ],
)
def test_the_stand_in_has_the_shapes_of_waldurs_own_client(site, acme, path, shape):
    db = site.add_group(acme, "db")
    site.lists[GROUPS].insert(0, site.add_group(acme, "web", rule(), from_group(db)))
    path = path or next(path for path in site.lists if path.endswith("list_users/"))
    parsed = shape.from_dict(site.lists[path][0])
    assert parsed.additional_properties == {}
    assert parsed.to_dict().keys() >= site.lists[path][0].keys()
