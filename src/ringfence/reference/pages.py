"""One Markdown page for each tag: a summary, then each operation with samples and tables."""

import re
from collections.abc import Iterable, Sequence

from ringfence.reference import samples
from ringfence.reference.openapi_reader import Described, Node, operations_by_tag
from ringfence.reference.tables import (
    Row,
    body_rows,
    limit_rows,
    parameter_rows,
    response_rows,
    table,
)

_NO_BODY = "No response body"


def pages(document: Node) -> dict[str, str]:
    """Return the content of each page, and of an index, by file name."""
    found = operations_by_tag(document)
    written = {f"{tag}.md": _page(tag, operations) for tag, operations in found.items()}
    links = [f"- [{_heading(tag)}]({tag}.md)" for tag in found]
    index = ["# API reference", "", document["info"]["description"].strip(), "", *links, ""]
    return {"index.md": "\n".join(index), **written}


def _heading(tag: str) -> str:
    return tag.replace("-", " ").title()


def _page(tag: str, operations: Sequence[Described]) -> str:
    lines = [f"# {_heading(tag)}", "", "## Operations Summary", ""]
    lines += ["| Method | Endpoint | Description |", "|:--- |:--- |:--- |"]
    sections: dict[str, list[Described]] = {}
    for operation in operations:
        sections.setdefault(operation.node["x-section"], []).append(operation)
    for section, members in sections.items():
        lines += [f"| **{section}** | | |", *map(_summary, members)]
    lines += ["", "---"]
    for section, members in sections.items():
        lines += [f"## {section}", ""]
        for operation in members:
            lines += [*_operation(operation), "", "---", ""]
    return "\n".join(lines).rstrip() + "\n"


def _summary(operation: Described) -> str:
    word = operation.method
    badge = f'<span class="http-badge http-{word.lower()}">{word}</span>'
    anchor = re.sub(r"[^a-z0-9]+", "-", operation.title.lower()).strip("-")
    return f"| {badge} | `{operation.path}` | [{operation.title}](#{anchor}) |"


def _operation(operation: Described) -> Iterable[str]:
    yield from (f"### {operation.title}", "")
    if operation.node["description"]:
        yield from (operation.node["description"], "")
    yield from _tab("HTTPie", ["```bash", *samples.httpie(operation), "```"])
    yield from _tab("Python", samples.python(operation))
    yield from _tab("TypeScript", ["```typescript", *samples.typescript(operation), "```"])
    columns = ("Name", "Type", "Required", "Description")
    if path := parameter_rows(operation.document, operation.parameters("path")):
        yield from _tab("Path Parameters", table(path, columns, ["Description"]))
    if query := parameter_rows(operation.document, operation.parameters("query")):
        yield from _tab("Query Parameters", table(query, columns, ["Required", "Description"]))
    if header := parameter_rows(operation.document, operation.parameters("header")):
        yield from _tab("Header Parameters", table(header, columns, ["Required", "Description"]))
    yield from _body(operation)
    yield from _tab("Responses", _responses(operation))
    yield from _tab("Errors", _errors(operation))


def _tab(title: str, lines: Iterable[str]) -> Iterable[str]:
    yield from (f'=== "{title}"', "")
    yield from (f"    {line}".rstrip() for line in lines)
    yield ""


def _body(operation: Described) -> Iterable[str]:
    schema = operation.body
    if schema is None:
        return
    required = " (required)" if operation.node["requestBody"]["required"] else ""
    rows = body_rows(operation.document, schema)
    columns = ("Field", "Type", "Required", "Description")
    lines = [*_shape("request", schema), *table(rows, columns, ["Description"])]
    yield from _tab(f"Request Body{required}", lines)
    if limits := limit_rows(operation.document, schema):
        yield from _tab("Constraints", table(limits, ("Field", "Constraints")))


def _shape(side: str, schema: Node) -> list[str]:
    if schema.get("type") != "array":
        return []
    return [f"The {side} body is an array; each of its objects has these fields:", ""]


def _responses(operation: Described) -> Iterable[str]:
    separator: list[str] = []
    for status, response in operation.responses():
        yield from separator
        separator = ["", "---", ""]
        yield from _response(operation, status, response)


def _response(operation: Described, status: str, response: Node) -> Iterable[str]:
    content = response.get("content")
    if not content:
        yield f"**`{status}`** - {response['description'] or _NO_BODY}"
        yield from _headers(response)
        return
    schema = content["application/json"]["schema"]
    rows: list[Row] = response_rows(operation.document, schema)
    if "x-unpromised" in response:
        names = ", ".join(row["Field"] for row in rows)
        yield f"**`{status}`** - {_NO_BODY}"
        yield from (
            "",
            f"Ignore the body: an object with {names}, for people to read.",
        )
        return
    yield from (f"**`{status}`** - {response['description']}", "")
    yield from (*_shape("response", schema), *table(rows, _RESPONSE, ["Description"]))
    yield from _headers(response)


_RESPONSE = ("Field", "Type", "Description")


def _headers(response: Node) -> Iterable[str]:
    rows = [
        {"Header": f"`{name}`", "Description": header["description"]}
        for name, header in response.get("headers", {}).items()
    ]
    if rows:
        yield from ("", *table(rows, ("Header", "Description")))


def _errors(operation: Described) -> Iterable[str]:
    rows = [
        {"Status": f"`{status}`", "When": response["description"]}
        for status, response in operation.shared_errors()
    ]
    yield from table(rows, ("Status", "When"))
