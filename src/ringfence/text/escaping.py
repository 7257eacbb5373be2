"""What texts from outside become where they leave: one function for each kind of output.

Names are anybody's. They may hold line breaks, escape sequences of terminals, marks that turn the
direction of writing, or the separators of a table.
"""

import re

# Of a JSON text, what a terminal or a pager obeys though JSON allows it as it is.
_ACTIVE = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|[\U000e0000-\U000e007f]"
)
_BACKTICKS = re.compile(r"`+")
# What a name of one line has no use for: control characters, and those that turn its direction.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def controls(text: str) -> bool:
    """Tell whether a text holds control characters, line breaks or marks of direction."""
    return _CONTROL.search(text) is not None


def terminal(text: str) -> str:
    """Return the text as one line that does nothing to a terminal.

    Control, formatting (of direction, too) and line-breaking characters are shown as escapes.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def json_line(text: str) -> str:
    """Return a JSON text, on one line, whose strings do nothing to a terminal; it says the same."""
    if text.isprintable():
        return text
    return _ACTIVE.sub(_as_json, text)


def markdown_code(text: str) -> str:
    """Return a text as a span of code in Markdown, a table's cell too."""
    shown = terminal(text).replace("|", "\\|")
    runs = [len(run) for run in _BACKTICKS.findall(shown)]
    fence = "`" * (max(runs, default=0) + 1)
    space = " " if runs else ""
    return f"{fence}{space}{shown}{space}{fence}"


def label(text: str) -> str:
    """Return the value of a label of Prometheus, whose client escapes quotes and backslashes."""
    return terminal(text.encode("utf-8", "replace").decode())


def _as_json(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2]):04x}" for at in range(0, len(units), 2))
