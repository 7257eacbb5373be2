"""The page's Python examples, through the calls that the installed release has.

The page calls `.sync` throughout; where the release lacks it, `.sync_detailed` is what exists.
Reads {address, token, staff_token, groups: {operation: uuid}, bodies: {operation: [model, body]}};
prints for each operation the call and its result.
"""

import json
import sys
from importlib import import_module

from waldur_api_client.client import AuthenticatedClient

MODULE = "waldur_api_client.api.openstack_security_groups.openstack_security_groups_"


def main(given):
    """Run every example."""
    return {operation: run(given, operation, uuid) for operation, uuid in given["groups"].items()}


def run(given, operation, uuid):
    """Run one example; return the name of the call, and the status or result."""
    token = given["staff_token" if operation == "unlink" else "token"]
    client = AuthenticatedClient(base_url=given["address"], token=token)
    module = import_module(MODULE + operation)
    name = "sync" if hasattr(module, "sync") else "sync_detailed"
    parameters = {} if operation == "list" else {"uuid": uuid}
    if operation in given["bodies"]:
        parameters["body"] = build(*given["bodies"][operation])
    with client:
        response = getattr(module, name)(client=client, **parameters)
    return {"called": name, "gave": plain(response)}


def build(model, body):
    """Return the model of the request, imported as on the page."""
    module = import_module(f"waldur_api_client.models.{model[0]}")
    make = getattr(module, model[1]).from_dict
    return [make(each) for each in body] if isinstance(body, list) else make(body)


def plain(response):
    """Return a result as JSON."""
    if isinstance(response, list):
        return [each.to_dict() for each in response]
    if hasattr(response, "status_code"):
        return int(response.status_code)
    return response.to_dict()


json.dump(main(json.load(sys.stdin)), sys.stdout)
