"""Write figures into a page, between markers; the rest of the page stays."""

from collections.abc import Mapping
from pathlib import Path


class MissingSectionError(Exception):
    """The page lacks the markers of a section."""


def write_sections(page: Path, sections: Mapping[str, str]) -> None:
    """Write each text between `<!-- NAME: measured -->` and `<!-- NAME: end -->`."""
    text = page.read_text(encoding="utf-8")
    for name, content in sections.items():
        begin, end = f"<!-- {name}: measured -->", f"<!-- {name}: end -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise MissingSectionError(f"{page} has no lines {begin} and {end}")
        text = f"{before}{begin}\n{content.strip()}\n{end}{after}"
    page.write_text(text, encoding="utf-8")
