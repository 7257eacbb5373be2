"""Leave out the comments and the indentation of modules, which browsers need not load.

A scanner of JavaScript that knows just enough to distinguish a comment from a string, a template
and a regular expression. No token changes, and two lines stay two.
"""

import re
from collections.abc import Iterator

# What begins at a position, in the order in which it is tried. A template is read in pieces, since
# its substitutions are code again.
_TOKEN = re.compile(
    r"""(?P<gap>(?:\s|//[^\n]*|/\*.*?\*/)+)
    |(?P<word>[\w$]+)
    |(?P<string>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
    |(?P<template>`)
    |(?P<sign>\+\+|--|.)""",
    re.DOTALL | re.VERBOSE,
)
_TEMPLATE_PIECE = re.compile(r"(?:\\.|\$(?!\{)|[^`\\$])*(?:`|\$\{)", re.DOTALL)
_REGULAR_EXPRESSION = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/\w*")
# After these a slash begins a regular expression; after all else it divides.
_OPERATORS = frozenset("(,=:[!&|?{;+-*%<>~^")
_KEYWORDS = frozenset({"case", "do", "else", "in", "of", "return", "throw", "typeof", "void"})

# A statement does not end beside these.
_BEFORE_A_LINE = frozenset("{;,(")
_AFTER_A_LINE = frozenset("})")
_ONE_IF_JOINED = re.compile(r"[\w$]{2}|[\w$]\.|[-+/*]{2}")


def compact(source: str) -> str:
    """Return a module without its comments and its indentation."""
    return "".join(_parts(source))


def squeeze(source: str) -> str:
    """Return a compact module without the spaces and line breaks that separate nothing."""
    parts = list(_parts(source))
    needed = (
        part
        for before, part, after in zip(["", *parts], parts, [*parts[1:], ""], strict=False)
        if not part.isspace() or _separates(before[-1:], part, after[:1])
    )
    return "".join(needed)


def _separates(before: str, gap: str, after: str) -> bool:
    if "\n" in gap:
        return before not in _BEFORE_A_LINE and after not in _AFTER_A_LINE
    # Two words, a number and a point, two signs that would be one.
    return bool(_ONE_IF_JOINED.fullmatch(before + after))


def _parts(source: str) -> Iterator[str]:
    # The braces that are open: whether each is that of a substitution in a template.
    braces: list[bool] = []
    position, before = 0, "("
    while token := _TOKEN.match(source, position):
        kind, part = token.lastgroup, token[0]
        if kind == "gap":
            # A line break may end a statement.
            yield "\n" if "\n" in part else " "
            position += len(part)
            continue
        if part == "/" and (before in _OPERATORS or before in _KEYWORDS):
            part = _piece(_REGULAR_EXPRESSION, source, position)
        elif kind == "template" or (part == "}" and braces and braces.pop()):
            part += _piece(_TEMPLATE_PIECE, source, position + 1)
            if part.endswith("${"):
                braces.append(True)
        elif part == "{":
            braces.append(False)
        yield part
        position += len(part)
        # Of a template, its end says whether code or a value is before what follows.
        before = part if kind == "word" else ")" if part in {"++", "--"} else part[-1]


def _piece(pattern: re.Pattern[str], source: str, position: int) -> str:
    found = pattern.match(source, position)
    if found is None:
        line = source.count("\n", 0, position) + 1
        begin = source[position : position + 40]
        raise ValueError(f"line {line}: what begins here has no end: {begin!r}")
    return found[0]
