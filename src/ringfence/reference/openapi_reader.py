"""Read the OpenAPI document: operations by tag, with references resolved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.text.json_value import Json

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """One operation of the document."""

    document: Node
    path: str
    method: str
    node: Node

    @property
    def id(self) -> str:
        return str(self.node["operationId"])

    @property
    def title(self) -> str:
        return str(self.node["summary"])

    @property
    def tag(self) -> str:
        return str(self.node["tags"][0])

    def parameters(self, location: str) -> list[Node]:
        """Return the parameters in `path`, `query` or `header`."""
        return [each for each in self.node.get("parameters", []) if each["in"] == location]

    @property
    def body(self) -> Node | None:
        """Return the schema of the body, or None."""
        body = self.node.get("requestBody")
        return body["content"]["application/json"]["schema"] if body else None

    @property
    def example(self) -> Json:
        """Return an example of the body, or None."""
        body = self.node.get("requestBody")
        return body["content"]["application/json"].get("example") if body else None

    def responses(self) -> Iterator[tuple[str, Node]]:
        """Yield the responses of this operation alone, by status."""
        for status, response in self.node["responses"].items():
            if "$ref" not in response:
                yield status, response

    def shared_errors(self) -> Iterator[tuple[str, Node]]:
        """Yield the error responses that it shares with other operations, by status."""
        for status, response in self.node["responses"].items():
            if "$ref" in response:
                yield status, follow(self.document, response)

    @property
    def promises_body(self) -> bool:
        """Return whether success has a body in each contract version."""
        success = [response for status, response in self.responses() if status.startswith("2")]
        return all("content" in each and "x-unpromised" not in each for each in success)


def follow(document: Node, node: Node) -> Node:
    """Return the target of a reference, or the node itself if it is none."""
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def operations_by_tag(document: Node) -> dict[str, list[Described]]:
    """Return the operations of each tag, in the order of their declaration."""
    found: dict[str, list[Described]] = {}
    for path, methods in document["paths"].items():
        for method, node in methods.items():
            described = Described(document, path, method.upper(), node)
            found.setdefault(described.tag, []).append(described)
    for members in found.values():
        members.sort(key=lambda each: int(each.node["x-position"]))
    return found


def model_name(schema: Node) -> str | None:
    """Return the name of the model that a schema, or its items, refer to."""
    named = schema.get("items", schema)
    reference = named.get("$ref")
    return str(reference).rsplit("/", 1)[-1] if reference else None
