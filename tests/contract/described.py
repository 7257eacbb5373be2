"""Validates every response of the tests against `/api/schema/`."""

import re
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from ringfence.app import OPERATIONS
from ringfence.http.openapi.document import assemble

# Responses that every path can return and that are declared once for all: unknown method, missing
# slash, and internal errors, which some tests provoke.
EVERYWHERE = {301, 405, 500}


class NotAsDescribed(AssertionError):
    """A response does not match the schema."""


@cache
def document() -> dict[str, Any]:
    return assemble(OPERATIONS, "1")


@cache
def operations():
    """Return the declared operations with their paths as patterns, by method."""
    return [
        (method.upper(), re.compile(re.sub(r"\{[a-z_]+\}", "[^/]*", path)), node)
        # A literal segment of a path takes precedence over a parameter.
        for path, methods in sorted(
            document()["paths"].items(), key=lambda each: each[0].count("{")
        )
        for method, node in methods.items()
    ]


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    # HEAD returns the same as the declared GET, without the body.
    methods = (method, "GET") if method == "HEAD" else (method,)
    for each in methods:
        for known, pattern, node in operations():
            if known == each and pattern.fullmatch(path):
                return node
    return None


def closed(schema: Any) -> Any:
    """Return the schema with `additionalProperties` false throughout."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    if isinstance(result.get("properties"), dict) and "additionalProperties" not in result:
        result["additionalProperties"] = False
    return result


@cache
def validator(operation_id: str, status: str) -> Any:
    [node] = [node for _, _, node in operations() if node["operationId"] == operation_id]
    response = resolve(node["responses"][status])
    if "content" not in response:
        return None
    schema = response["content"]["application/json"]["schema"]
    return jsonschema_rs.validator_for(closed({**schema, "components": document()["components"]}))


def required_headers(node: dict[str, Any], status: str) -> set[str]:
    declared = resolve(node["responses"][status]).get("headers", {})
    return {name.lower() for name, header in declared.items() if header.get("required")}


def resolve(response: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in response:
        return document()["components"]["responses"][response["$ref"].rsplit("/", 1)[-1]]
    return response


async def check(response: httpx.Response) -> None:
    """Raise `NotAsDescribed` unless status, body and required headers are as declared."""
    request = response.request
    path = request.url.path
    if request.url.params.get("dry_run", "").lower() == "true":
        # The response of a dry run is a plan.
        path = path.replace("/set_rules/", "/plan/").replace("/rollback/", "/plan/")
        path = path.replace("/update_security_groups/", "/plan_security_groups/")
    node = operation_of(request.method, path)
    if node is None or response.status_code in EVERYWHERE:
        return
    where = f"{request.method} {request.url.path}: {response.status_code}"
    status = str(response.status_code)
    if status not in node["responses"]:
        raise NotAsDescribed(f"{where} is not declared by {node['operationId']}")
    if missing := required_headers(node, status) - {name.lower() for name in response.headers}:
        raise NotAsDescribed(f"{where} has not the headers {sorted(missing)}")
    await response.aread()
    if request.method == "HEAD":
        return
    expected = validator(node["operationId"], status)
    if expected is None:
        if response.content:
            raise NotAsDescribed(f"{where} has a body, and none is declared")
        return
    if response.headers["Content-Type"].startswith("text/csv"):
        errors = [] if "text/csv" in resolve(node["responses"][status])["content"] else ["CSV"]
    else:
        found = expected.iter_errors(response.json())
        errors = [f"{each.instance_path}: {each.message}" for each in found]
    if errors:
        raise NotAsDescribed(f"{where}: {errors[:3]}")
