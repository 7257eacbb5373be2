"""Blank out the comments of the console's modules, which browsers need not load.

A scanner of JavaScript that knows just enough to tell a comment from a string, a template and a
regular expression. Lines keep their numbers, so that positions in error messages are those of the
sources.
"""

import re
from collections.abc import Iterator

# What begins at a position, in the order in which it is tried. A template is read in pieces, since
# its substitutions are code again.
_TOKEN = re.compile(
    r"""(?P<comment>[ \t]*(?://[^\n]*|/\*.*?\*/))
    |(?P<space>\s+)
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


def blank_comments(source: str) -> str:
    """Return a module without its comments; every line keeps its number."""
    return "".join(_parts(source))


def _parts(source: str) -> Iterator[str]:
    # The braces that are open: whether each is that of a substitution in a template.
    braces: list[bool] = []
    position, before = 0, "("
    while token := _TOKEN.match(source, position):
        kind, part = token.lastgroup, token[0]
        if kind == "comment":
            # Two words that only a comment separates stay two.
            yield "\n" * part.count("\n") or ("" if part.lstrip().startswith("//") else " ")
        elif part == "/" and (before in _OPERATORS or before in _KEYWORDS):
            part = _piece(_REGULAR_EXPRESSION, source, position)
            yield part
        elif kind == "template" or (part == "}" and braces and braces.pop()):
            piece = _piece(_TEMPLATE_PIECE, source, position + 1)
            part += piece
            if piece.endswith("${"):
                braces.append(True)
            yield part
        else:
            if part == "{":
                braces.append(False)
            yield part
        if kind not in {"comment", "space"}:
            # Only its end matters: of a template, whether code or a value is before what follows.
            is_value = part in {"++", "--"}
            before = part if kind == "word" else ")" if is_value else part[-1]
        position += len(token[0]) if kind in {"comment", "space"} else len(part)


def _piece(pattern: re.Pattern[str], source: str, position: int) -> str:
    found = pattern.match(source, position)
    if found is None:
        line = source.count("\n", 0, position) + 1
        begin = source[position : position + 40]
        raise ValueError(f"line {line}: what begins here has no end: {begin!r}")
    return found[0]
