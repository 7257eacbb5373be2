"""Parse the documents: blocks, links and names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=lambda path: path.as_posix()
)

_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `mark` is the comment on the line above it, such as `file: web.yaml`."""

    mark: str
    language: str
    text: str
    line: int


def blocks(document: Path) -> Iterator[Block]:
    text = document.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Block(match["mark"] or "", match["language"], match["text"], line)


def links(document: Path) -> list[str]:
    """Return the targets of links into the tree, without their anchors."""
    text = document.read_text(encoding="utf-8")
    targets = (match["target"] for match in _LINK.finditer(text))
    return [target.split("#")[0] for target in targets if "://" not in target and target[0] != "#"]


def name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()
