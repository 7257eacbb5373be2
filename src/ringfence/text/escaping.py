"""Escape text from outside for output: one function for each kind of output.

Names come from users. They may contain line breaks, terminal escape sequences, bidirectional
control characters, or the separators of a table.
"""

import re

# Characters that JSON allows unescaped and terminals or pagers interpret.
_ACTIVE = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|[\U000e0000-\U000e007f]"
)
_BACKTICKS = re.compile(r"`+")
# What spreadsheets take for the start of a formula (OWASP, CSV injection)
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
# Control characters and bidirectional controls, which a name of one line does not need.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def controls(text: str) -> bool:
    """Return whether a text has control characters, line breaks or bidirectional controls."""
    return _CONTROL.search(text) is not None


def without_controls(text: str) -> str:
    """Return the text with each such character replaced by U+FFFD."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def terminal(text: str) -> str:
    """Return the text as one line that a terminal does not interpret.

    Control, formatting (bidirectional too) and line-breaking characters are escaped.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def spreadsheet(text: str) -> str:
    """Return the text as a cell of a spreadsheet: one line, and no formula.

    What a spreadsheet would compute, also after spaces and in full-width signs, follows a quote.
    """
    shown = terminal(text)
    return f"'{shown}" if _FORMULA.match(text) or _FORMULA.match(shown) else shown


def json_line(text: str) -> str:
    """Return equivalent JSON whose strings a terminal does not interpret."""
    if text.isprintable():
        return text
    return _ACTIVE.sub(_as_json, text)


def markdown_code(text: str) -> str:
    """Return a text as a code span in Markdown, valid in table cells too."""
    shown = terminal(text).replace("|", "\\|")
    runs = [len(run) for run in _BACKTICKS.findall(shown)]
    fence = "`" * (max(runs, default=0) + 1)
    space = " " if runs else ""
    return f"{fence}{space}{shown}{space}{fence}"


def label(text: str) -> str:
    """Return the value of a Prometheus label; its client escapes quotes and backslashes."""
    return terminal(text.encode("utf-8", "replace").decode())


def _as_json(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2]):04x}" for at in range(0, len(units), 2))
