"""The facts of a reference page, as comparable lines.

A fact is an operation (method and endpoint), a subject, a name in it, an aspect and the value.
`python -m tests.reference.facts PAGE` prints those of a page.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_name("facts.tsv")
COLUMNS = {
    "Type": "type",
    "Required": "required",
    "Description": "description",
    "Constraints": "constraints",
    "When": "when",
}


class Fact(NamedTuple):
    operation: str
    subject: str
    name: str
    aspect: str
    value: str


def stored() -> list[Fact]:
    """Return the facts of the table."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [Fact(*line.split("\t")) for line in lines]


def facts_of(page: str) -> list[Fact]:
    """Return the facts of a page in their order."""
    page = re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL)
    head, *sections = re.split(r"(?m)^## ", page)
    summary, *sections = sections
    [heading] = re.findall(r"(?m)^# (.*)$", head)
    endpoints = dict(_endpoints(summary))
    facts = [Fact("", "page", "", "heading", heading)]
    for section in sections:
        name, _, text = section.partition("\n")
        for part in re.split(r"(?m)^### ", text)[1:]:
            title, _, content = part.partition("\n")
            operation = endpoints[title.strip()]
            facts.append(Fact(operation, "operation", "", "title", title.strip()))
            facts.append(Fact(operation, "operation", "", "section", name.strip()))
            facts += _operation(operation, content)
    return facts


def _endpoints(summary: str) -> Iterator[tuple[str, str]]:
    """Yield the operations of the summary by title."""
    row = r'^\| <span class="http-badge http-(\w+)">(\w+)</span> \| `(.+?)` \| \[(.+?)\]\((.+?)\)'
    for badge, method, path, title, anchor in re.findall(row, summary, re.MULTILINE):
        assert badge == method.lower()
        assert anchor == "#" + re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-"), title
        yield title, f"{method} {path}"


def _operation(operation: str, content: str) -> Iterator[Fact]:
    description, *tabs = re.split(r'(?m)^=== "', content)
    yield Fact(operation, "operation", "", "description", _words(description))
    for tab in tabs:
        title, _, text = tab.partition('"\n')
        text = re.sub(r"(?m)^    ", "", text)
        yield from _tab(operation, title, text)


def _tab(operation: str, title: str, text: str) -> Iterator[Fact]:
    match title:
        case "HTTPie" | "Python" | "TypeScript":
            yield from _sample(operation, title, text)
        case "Responses":
            yield from _responses(operation, text)
        case "Path Parameters" | "Query Parameters" | "Header Parameters":
            yield from _rows(operation, title.lower(), text)
        case "Constraints" | "Errors":
            yield from _rows(operation, title.lower(), text)
        case "Request Body" | "Request Body (required)":
            required = "yes" if title.endswith("(required)") else "no"
            yield Fact(operation, "request body", "", "required", required)
            yield Fact(operation, "request body", "", "shape", _shape(text))
            yield from _rows(operation, "request body", text)
        case _:
            raise ValueError(f"unknown part of a page: {title}")


def _sample(operation: str, title: str, text: str) -> Iterator[Fact]:
    if title == "HTTPie":
        for address in re.findall(r"https://\S+", text.rsplit("| http", maxsplit=1)[-1])[:1]:
            yield Fact(operation, "sample", title, "address", address)
    for kind, name, source in re.findall(r"\*\*(\w+) Source:\*\* \[`(\w+)`\]\((.+?)\)", text):
        yield Fact(operation, "sample", title, kind.lower(), name)
        yield Fact(operation, "sample", title, f"{kind.lower()} source", source)
    if title == "TypeScript":
        for name in re.findall(r"import \{ (\w+) \}", text):
            yield Fact(operation, "sample", title, "function", name)


def _responses(operation: str, text: str) -> Iterator[Fact]:
    for status, content in re.findall(r"(?ms)^\*\*`(\d+)`\*\* -(.*?)(?=^\*\*`\d+`\*\* -|\Z)", text):
        subject = f"response {status}"
        summary = content.partition("\n")[0].strip()
        if summary == "No response body":
            yield Fact(operation, subject, "", "shape", "none")
        else:
            yield Fact(operation, subject, "", "summary", summary)
            yield Fact(operation, subject, "", "shape", _shape(content))
            yield from _rows(operation, subject, content)


def _shape(text: str) -> str:
    return "array" if re.search(r"body is an array", text) else "object"


def _rows(operation: str, subject: str, text: str) -> Iterator[Fact]:
    """Yield the facts of the tables; a missing description is empty."""
    for table in re.findall(r"(?m)(?:^\|.*\n?)+", text):
        head, _, *lines = table.splitlines()
        first, *columns = _cells(head)
        for line in lines:
            name, *cells = _cells(line)
            row = dict(zip(columns, cells, strict=True))
            if first == "Header":
                yield Fact(operation, subject, name.strip("`"), "header", row["Description"])
            else:
                yield from _row(operation, subject, name.strip("`"), row)


def _row(operation: str, subject: str, name: str, row: dict[str, str]) -> Iterator[Fact]:
    if subject not in ("constraints", "errors"):
        row.setdefault("Description", "")
    for column, cell in row.items():
        value = {"✓": "yes"}.get(cell, cell or ("no" if column == "Required" else ""))
        value, _, constraints = value.partition("_Constraints: ")
        yield Fact(operation, subject, name, COLUMNS[column], value.removesuffix("<br>"))
        if constraints:
            yield Fact(operation, subject, name, "constraints", constraints.removesuffix("_"))


def _cells(line: str) -> list[str]:
    inner = line.strip().strip("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def _words(text: str) -> str:
    return " ".join(re.sub(r"(?m)^---$", "", text).split())


if __name__ == "__main__":
    for fact in facts_of(Path(sys.argv[1]).read_text(encoding="utf-8")):
        sys.stdout.write("\t".join(fact) + "\n")
