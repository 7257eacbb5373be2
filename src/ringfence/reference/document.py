"""The document as its readers look into it: operations by tag, and references followed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.text.json_value import Json

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """One operation, with its place in the document."""

    document: Node
    path: str
    method: str
    node: Node

    @property
    def id(self) -> str:
        """Give the name by which clients know it."""
        return str(self.node["operationId"])

    @property
    def title(self) -> str:
        """Give its heading."""
        return str(self.node["summary"])

    @property
    def tag(self) -> str:
        """Give the tag whose page it is on."""
        return str(self.node["tags"][0])

    def parameters(self, place: str) -> list[Node]:
        """Give the parameters of the path, the query or the headers."""
        return [each for each in self.node.get("parameters", []) if each["in"] == place]

    @property
    def body(self) -> Node | None:
        """Give the body's schema, or None."""
        sent = self.node.get("requestBody")
        return sent["content"]["application/json"]["schema"] if sent else None

    @property
    def example(self) -> Json:
        """Give an example of the body, or None."""
        sent = self.node.get("requestBody")
        return sent["content"]["application/json"].get("example") if sent else None

    def answers(self) -> Iterator[tuple[str, Node]]:
        """Give its own answers by status: those that are no refusal common to many."""
        for status, answer in self.node["responses"].items():
            if "$ref" not in answer:
                yield status, answer

    def refusals(self) -> Iterator[tuple[str, Node]]:
        """Give the refusals that it has in common with others, by status."""
        for status, answer in self.node["responses"].items():
            if "$ref" in answer:
                yield status, follow(self.document, answer)

    @property
    def promises_body(self) -> bool:
        """Tell whether each contract answers success with a body."""
        success = [answer for status, answer in self.answers() if status.startswith("2")]
        return all("content" in each and "x-unpromised" not in each for each in success)


def follow(document: Node, node: Node) -> Node:
    """Give what a reference stands for; anything else is given back."""
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def operations_by_tag(document: Node) -> dict[str, list[Described]]:
    """Give the operations of each tag, in the order in which they are declared."""
    found: dict[str, list[Described]] = {}
    for path, methods in document["paths"].items():
        for method, node in methods.items():
            described = Described(document, path, method.upper(), node)
            found.setdefault(described.tag, []).append(described)
    for members in found.values():
        members.sort(key=lambda each: int(each.node["x-position"]))
    return found


def model_name(schema: Node) -> str | None:
    """Give the name of the model that a schema is, or that its items are."""
    named = schema.get("items", schema)
    reference = named.get("$ref")
    return str(reference).rsplit("/", 1)[-1] if reference else None
