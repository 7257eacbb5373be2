"""List, retrieve and change ports and instances with a release of waldur-api-client.

Reads {address, token, tenant, port, instance, groups, accept}: `groups` are names of groups, and
the port and the instance get the first, then all of them. Prints what the client parsed. A response
that the client refuses ends the program.
"""

import json
import sys
import time
from importlib import import_module
from uuid import UUID

from waldur_api_client.client import AuthenticatedClient

GIVEN = json.load(sys.stdin)
HEADERS = {"Accept": GIVEN["accept"]} if GIVEN["accept"] else {}
CLIENT = AuthenticatedClient(base_url=GIVEN["address"], token=GIVEN["token"], headers=HEADERS)
BODY = import_module(
    "waldur_api_client.models.open_stack_instance_security_groups_update_request"
).OpenStackInstanceSecurityGroupsUpdateRequest


def call(kind, operation, *arguments, **parameters):
    """Call an operation; return the status and the parsed response."""
    name = f"openstack_{kind}_{operation}"
    module = import_module(f"waldur_api_client.api.openstack_{kind}.{name}")
    response = module.sync_detailed(*arguments, client=CLIENT, **parameters)
    return int(response.status_code), response.parsed


def urls():
    """Return the URLs of the groups by name."""
    found = call("security_groups", "list", tenant_uuid=UUID(GIVEN["tenant"]), page_size=100)[1]
    return {group.name: group.url for group in found}


def finished(kind, uuid):
    """Wait until no change is pending; return the object."""
    for _ in range(2400):
        found = call(kind, "retrieve", uuid)[1]
        if found.state.value in {"OK", "ERRED"}:
            return found
        time.sleep(0.05)
    raise TimeoutError(uuid)


def changed(kind, uuid, groups):
    """Set the groups; return the status, the parsed response, the state and the groups after."""
    status, parsed = call(kind, "update_security_groups", uuid, body=BODY(security_groups=groups))
    after = finished(kind, uuid)
    names = sorted(group.name for group in after.security_groups)
    return [status, parsed and parsed.status, after.state.value, names]


def read(kind, name):
    """List, count and retrieve; return what was parsed, and the UUID."""
    query = {"tenant_uuid": UUID(GIVEN["tenant"]), "name_exact": name}
    status, listed = call(kind, "list", page_size=5, page=1, **query)
    counted, number = call(kind, "count", **query)
    one = call(kind, "retrieve", listed[0].uuid)[1]
    module = import_module(f"waldur_api_client.api.openstack_{kind}.openstack_{kind}_list")
    everything = module.sync_all(client=CLIENT) if hasattr(module, "sync_all") else listed
    found = [status, [each.name for each in listed], counted, number, one == listed[0]]
    return [*found, one.uuid in {each.uuid for each in everything}], one


def main():
    """Call all operations."""
    found, groups = {}, urls()
    first, both = [groups[GIVEN["groups"][0]]], [groups[name] for name in GIVEN["groups"]]
    for kind, name in (("ports", GIVEN["port"]), ("instances", GIVEN["instance"])):
        found[kind], one = read(kind, name)
        found[f"{kind} unknown"] = sorted(one.additional_properties)
        found[f"{kind} first"] = changed(kind, one.uuid, first)
        found[f"{kind} both"] = changed(kind, one.uuid, both)
        found[f"{kind} none"] = changed(kind, one.uuid, [])
        found[f"{kind} back"] = changed(kind, one.uuid, first)
    port = call("ports", "list", name=GIVEN["port"])[1][0]
    found["port"] = [
        [each.name for each in port.security_groups],
        [str(each.uuid) == each.url.rstrip("/").rsplit("/", 1)[-1] for each in port.security_groups]
        and len(port.security_groups),
        [each.ip_address for each in port.fixed_ips],
        port.network_uuid is not None,
        port.port_security_enabled,
    ]
    instance = call("instances", "list", name_exact=GIVEN["instance"])[1][0]
    found["instance"] = [
        [group.name for group in instance.security_groups],
        sorted(rule.from_port for group in instance.security_groups for rule in group.rules),
        [group.name for port in instance.ports for group in port.security_groups],
        instance.internal_ips,
    ]
    list_parameters = import_module(
        "waldur_api_client.api.openstack_instances.openstack_instances_list"
    ).sync_detailed.__kwdefaults__
    if "security_group_uuid" in list_parameters:
        uuid = UUID(first[0].rstrip("/").rsplit("/", 1)[-1])
        by_uuid = call("instances", "list", security_group_uuid=uuid)[1]
        by_url = call("instances", "list", security_group=first[0])[1]
        found["by group"] = [[each.name for each in listed] for listed in (by_uuid, by_url)]
    json.dump(found, sys.stdout)


main()
