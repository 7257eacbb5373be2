"""Every regular expression takes linear time at worst.

The test finds them in the source and runs each, with the methods that use it, on long texts that
almost match.
"""

import ast
import itertools
import re
import time
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import ringfence

SOURCE = Path(ringfence.__file__).parent
SHORT, LONG = 1_000, 10_000
# Quadratic time would be a hundred times as long.
MOST = 3 * LONG / SHORT
TRIES = 3
# Shorter times are noise.
LEAST = 20e-6
METHODS = frozenset({"match", "fullmatch", "search", "findall", "finditer", "split", "sub"})
# Patterns that are built at run time, and from what
MADE = {
    "http/fields.py": "the path of a collection, escaped, and a UUID",
    "text/masking.py": "a secret of the settings, escaped",
    "reference/samples.py": "words of this source, when the reference is built",
}
# Patterns that read the files of the package when it starts, and nothing that anybody sends
OF_THE_PACKAGE = {"web/bundle.py", "web/compact.py"}
CSS_COMMENT = r"\s*/\*.*?\*/"
# Long texts consist of these and of the letters of the pattern.
LETTERS = 'aA0f .,;="\\/:-@%\n'
WORDS = ("token ", "bearer token ", "a+a.", "http://", 'W/"', "gzip;q=0", '-gzip"', "attribute ")


@cache
def patterns():
    """Yield each pattern of the source: where it is, compiled, and the methods that use it."""
    return list(found_patterns())


def found_patterns():
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        tree, where = ast.parse(text), path.relative_to(SOURCE).as_posix()
        for node in filter(is_of_re, ast.walk(tree)):
            names = names_of(tree, node)
            pattern = made(where, names) or read(node)
            if pattern is None:
                assert where in MADE, f"{where}:{node.lineno} makes a pattern when it runs"
                continue
            if where in OF_THE_PACKAGE or pattern.pattern == CSS_COMMENT:
                continue
            method = node.func.attr
            used = used_with(text, names) if method == "compile" else {method}
            yield where, pattern, used or METHODS


def made(where, names):
    """Return the pattern that a module has under one of these names."""
    module = import_module(".".join(("ringfence", *Path(where).with_suffix("").parts)))
    found = [getattr(module, name, None) for name in names]
    return next((each for each in found if isinstance(each, re.Pattern)), None)


def read(node):
    """Return the pattern of a call; None if it is built at run time."""
    try:
        return re.compile(ast.literal_eval(node.args[0]))
    except ValueError:
        return None


def names_of(tree, call):
    return [
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and node.value is call
        for target in node.targets
        if isinstance(target, ast.Name)
    ]


def used_with(text, names):
    """Return the methods that use a pattern in its module."""
    found = [re.findall(rf"\b{re.escape(name)}\.(\w+)", text) for name in names]
    return METHODS.intersection(*map(set, found)) if found else set()


def is_of_re(node):
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in METHODS | {"compile"}
    )


def units(pattern):
    """Return the parts of long texts: letters of the pattern, single and in pairs."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode()
    named = [letter for letter in LETTERS if letter in source or letter in "aA0 "]
    found = [*WORDS, *named, *map("".join, itertools.permutations(named, 2))]
    return found if isinstance(pattern.pattern, str) else [unit.encode() for unit in found]


def is_expensive(run, unit):
    """Return whether a longer text takes more than linear time in all tries."""
    short = long = float("inf")
    for _ in range(TRIES):
        short, long = min(short, seconds(run, unit, SHORT)), min(long, seconds(run, unit, LONG))
        if long <= MOST * max(short, LEAST):
            return False
    return True


def seconds(run, unit, length):
    end = "\x01" if isinstance(unit, str) else b"\x01"
    text = unit * (length // len(unit)) + end
    began = time.process_time()
    run(text)
    return time.process_time() - began


def runs(pattern, methods):
    """Return a function for each method that runs the pattern on a text."""
    for method in sorted(methods):
        of_text = getattr(pattern, method)
        if method == "sub":
            yield lambda text, sub=of_text: sub(text[:0], text)
        elif method == "finditer":
            yield lambda text, find=of_text: list(find(text))
        else:
            yield of_text


@pytest.mark.parametrize(
    ("where", "pattern", "methods"),
    [pytest.param(*found, id=f"{found[0]}-{number}") for number, found in enumerate(patterns())],
)
def test_a_pattern_takes_linear_time(where, pattern, methods):
    for run in runs(pattern, methods):
        for unit in units(pattern):
            assert not is_expensive(run, unit), (where, pattern.pattern, unit)


def test_the_measurement_distinguishes_linear_from_quadratic():
    assert is_expensive(re.compile(r"\s+x").search, " ")
    assert not is_expensive(re.compile(r"\s+").search, " ")


def test_the_patterns_are_found():
    assert len(patterns()) > 30
