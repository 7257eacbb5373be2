"""Every operation on security groups that a release of waldur-api-client has, one after another.

Reads {address, token, staff_token, tenant, tenant_url, many, name, accept}; prints for each
operation what the client parsed. A response that the client refuses ends the program.
"""

import json
import sys
import time
from importlib import import_module

import waldur_api_client.types as client_types
from waldur_api_client.client import AuthenticatedClient

GIVEN = json.load(sys.stdin)
RULES = [
    {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "0.0.0.0/0"},
    {"ethertype": "IPv6", "direction": "egress", "protocol": "udp", "from_port": 53, "to_port": 53},
    {"protocol": "icmp", "from_port": -1, "to_port": -1, "cidr": None, "remote_group": None},
]


def client_of(token):
    """Sign in; newer releases read the newer contract."""
    headers = {"Accept": GIVEN["accept"]} if GIVEN["accept"] else {}
    return AuthenticatedClient(base_url=GIVEN["address"], token=token, headers=headers)


ANN, STAFF = client_of(GIVEN["token"]), client_of(GIVEN["staff_token"])


def module(name):
    """Return the module of an operation, None where the release has none."""
    package = "openstack_tenants" if "tenants" in name else "openstack_security_groups"
    try:
        return import_module(f"waldur_api_client.api.{package}.{name}")
    except ModuleNotFoundError:
        return None


def call(name, /, *arguments, client=ANN, **parameters):
    """Call an operation; return the status and the parsed response."""
    response = module(name).sync_detailed(*arguments, client=client, **parameters)
    return int(response.status_code), response.parsed


def model(name, value):
    """Return the model of a request."""
    snake = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
    return getattr(import_module(f"waldur_api_client.models.{snake}"), name).from_dict(value)


def group_call(operation, /, *arguments, **parameters):
    """Call an operation on groups."""
    return call(f"openstack_security_groups_{operation}", *arguments, **parameters)


def finished(uuid):
    """Wait until a group is in a final state."""
    for _ in range(2400):
        group = group_call("retrieve", uuid)[1]
        if group.state.value in {"OK", "ERRED"}:
            return group
        time.sleep(0.05)
    raise TimeoutError(uuid)


def neighbours(group):
    """Fetch the URLs in a group and the current user; return the status of each."""
    found = {}
    for package, uuid in (
        ("openstack_tenants", group.tenant_uuid),
        ("customers", group.customer_uuid),
        ("projects", group.project_uuid),
        ("service_settings", group.service_settings_uuid),
    ):
        listed = read(package, "list", page_size=100)
        assert uuid in {each.uuid for each in listed.parsed}, package
        found[f"{package}_list"] = int(listed.status_code)
        counted = read(package, "count")
        found[f"{package}_count"] = int(counted.status_code)
        assert counted.parsed == len(listed.parsed), package
        one = read(package, "retrieve", uuid)
        found[f"{package}_retrieve"] = int(one.status_code)
        assert one.parsed.uuid == uuid, package
    for package, operation in (
        ("users", "me_retrieve"),
        ("events", "list"),
        ("events", "count"),
        ("version", "retrieve"),
        ("configuration", "retrieve"),
    ):
        found[f"{package}_{operation}"] = int(read(package, operation).status_code)
    return found


def tenant_actions():
    """Pull the tenant and its groups, and set all groups; return statuses and responses."""
    found, tenant = {}, GIVEN["tenant"]
    status, _ = call("openstack_tenants_pull", tenant)
    found["tenants_pull"] = status
    tenant_finished()
    status, response = call("openstack_tenants_pull_security_groups", tenant)
    found["tenants_pull_security_groups"] = [status, max(response.to_dict())]
    tenant_finished()
    pushed = model("TenantSecurityGroupUpdateRequest", {"name": "pushed", "rules": RULES[:1]})
    status, _ = call("openstack_tenants_push_security_groups", tenant, body=[pushed])
    found["tenants_push_security_groups"] = status
    listed = group_call("list", tenant_uuid=tenant, name_exact="pushed")[1]
    found["pushed"] = [len(group.rules) for group in listed]
    return found


def tenant_finished():
    """Wait until the tenant is in a final state."""
    for _ in range(2400):
        if call("openstack_tenants_retrieve", GIVEN["tenant"])[1].state.value == "OK":
            return
        time.sleep(0.05)
    raise TimeoutError(GIVEN["tenant"])


def read(package, operation, *arguments, **parameters):
    """Call an operation that only reads."""
    module = import_module(f"waldur_api_client.api.{package}.{package}_{operation}")
    return module.sync_detailed(*arguments, client=ANN, **parameters)


def main():
    """Call all operations."""
    found = {}
    body = model("OpenStackSecurityGroupRequest", {"name": GIVEN["name"], "rules": RULES[:2]})
    status, made = call("openstack_tenants_create_security_group", GIVEN["tenant"], body=body)
    found["tenants_create_security_group"] = [status, made.name, made.state.value]
    uuid = made.uuid
    group = finished(uuid)
    missing = [k for k, v in group.to_dict().items() if isinstance(v, client_types.Unset)]
    found["retrieve"] = [group.state.value, len(group.rules), missing]
    found["unknown fields"] = sorted(group.additional_properties)

    found |= neighbours(group)

    filters = {
        "can_manage": True,
        "customer_name": "acme",
        "name": GIVEN["name"][:5],
        "name_exact": GIVEN["name"],
        "page": 1,
        "page_size": 5,
        "project_name": "Web",
        "query": GIVEN["name"],
        "service_settings_name": "east",
        "service_settings_uuid": group.service_settings_uuid,
        "customer_uuid": group.customer_uuid,
        "customer": group.customer_uuid,
        "project_uuid": group.project_uuid,
        "project": group.project_uuid,
        "tenant": GIVEN["tenant_url"],
        "tenant_uuid": group.tenant_uuid,
        "backend_id": group.backend_id,
    }
    status, groups = group_call("list", **filters)
    found["list"] = [status, [each.name for each in groups]]
    del filters["page"], filters["page_size"]
    response = module("openstack_security_groups_count").sync_detailed(client=ANN, **filters)
    found["count"] = [int(response.status_code), response.parsed]
    if hasattr(module("openstack_security_groups_list"), "sync_all"):
        everything = module("openstack_security_groups_list").sync_all(
            client=ANN, tenant_uuid=GIVEN["many"]
        )
        found["list.sync_all"] = [len(everything), len({each.uuid for each in everything})]

    values = {"name": f"{GIVEN['name']} renamed", "description": "all of it"}
    status, updated = group_call(
        "update", uuid, body=model("OpenStackSecurityGroupUpdateRequest", values)
    )
    found["update"] = [status, updated.to_dict() == values]
    finished(uuid)
    status, updated = group_call(
        "partial_update",
        uuid,
        body=model("PatchedOpenStackSecurityGroupUpdateRequest", {"description": ""}),
    )
    found["partial_update"] = [status, updated.name == values["name"], updated.description]
    finished(uuid)
    rules = [model("OpenStackSecurityGroupRuleUpdateRequest", rule) for rule in RULES]
    status, read = group_call("set_rules", uuid, body=rules)
    shown = finished(uuid).rules
    found["set_rules"] = [status, read and read.to_dict(), [rule.from_port for rule in shown]]
    status, read = group_call("pull", uuid)
    found["pull"] = [status, read and read.to_dict()]
    finished(uuid)

    if module("openstack_security_groups_set_ok"):
        reason = {"error_message": "out of order", "error_traceback": "line 1"}
        erred = model("SetErredRequest", reason)
        status, read = group_call("set_erred", uuid, client=STAFF, body=erred)
        shown = group_call("retrieve", uuid, client=STAFF)[1]
        found["set_erred"] = [status, bool(read.detail), shown.state.value, shown.error_message]
        status, read = group_call("set_ok", uuid, client=STAFF)
        found["set_ok"] = [status, bool(read.detail), finished(uuid).state.value]

    found["destroy"] = group_call("destroy", uuid)
    body = model("OpenStackSecurityGroupRequest", {"name": f"{GIVEN['name']} 2", "rules": []})
    other = call("openstack_tenants_create_security_group", GIVEN["tenant"], body=body)[1]
    found["unlink"] = group_call("unlink", other.uuid, client=STAFF)
    return found | tenant_actions()


json.dump(main(), sys.stdout)
