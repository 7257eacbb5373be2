"""Holds every answer that the tests see against what `/api/schema/` says of it."""

import re
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from ringfence.app import OPERATIONS
from ringfence.http.openapi.document import assemble

# What any address can answer, described once for all: no such method, a lacking slash, and faults
# of our own, which some tests bring about.
EVERYWHERE = {301, 405, 500}


class NotAsDescribed(AssertionError):
    """An answer is not as the schema says."""


@cache
def document() -> dict[str, Any]:
    return assemble(OPERATIONS, "1")


@cache
def operations():
    """Give the described operations with their paths as patterns, by method."""
    return [
        (method.upper(), re.compile(re.sub(r"\{[a-z_]+\}", "[^/]*", path)), node)
        # A word of its own in a path comes before a parameter in its place.
        for path, methods in sorted(
            document()["paths"].items(), key=lambda each: each[0].count("{")
        )
        for method, node in methods.items()
    ]


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    # HEAD of what is described for GET answers the same, without the body.
    wanted = (method, "GET") if method == "HEAD" else (method,)
    for each in wanted:
        for known, pattern, node in operations():
            if known == each and pattern.fullmatch(path):
                return node
    return None


def closed(schema: Any) -> Any:
    """Give the schema without room for what it does not name."""
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
    answer = resolve(node["responses"][status])
    if "content" not in answer:
        return None
    schema = answer["content"]["application/json"]["schema"]
    return jsonschema_rs.validator_for(closed({**schema, "components": document()["components"]}))


def resolve(answer: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in answer:
        return document()["components"]["responses"][answer["$ref"].rsplit("/", 1)[-1]]
    return answer


async def check(response: httpx.Response) -> None:
    """Raise `NotAsDescribed` unless the answer's status and body are declared."""
    request = response.request
    path = request.url.path
    if request.url.params.get("dry_run", "").lower() == "true":
        # A dry run is answered as the plan that it is.
        path = path.replace("/set_rules/", "/plan/")
    node = operation_of(request.method, path)
    if node is None or response.status_code in EVERYWHERE:
        return
    where = f"{request.method} {request.url.path}: {response.status_code}"
    status = str(response.status_code)
    if status not in node["responses"]:
        raise NotAsDescribed(f"{where} is not declared by {node['operationId']}")
    await response.aread()
    if request.method == "HEAD":
        return
    expected = validator(node["operationId"], status)
    if expected is None:
        if response.content:
            raise NotAsDescribed(f"{where} has a body, and none is declared")
        return
    errors = [
        f"{each.instance_path}: {each.message}" for each in expected.iter_errors(response.json())
    ]
    if errors:
        raise NotAsDescribed(f"{where}: {errors[:3]}")
