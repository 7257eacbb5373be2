"""Join the console's modules into one, so that a visit loads one file instead of a hundred.

Each module becomes a function that returns what the module exports, in the order in which a browser
would run them. Compressed together they take two thirds of what they take one by one. The modules
themselves are served beside it, unchanged: what is developed and tested is what is joined.
"""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ringfence.web.compact import compact, squeeze

ENTRY = "main.js"
# Libraries stay modules of their own, as they were published.
LIBRARIES = "vendor/"

# Only at the beginning of a line, as the console's modules are written.
_IMPORT = re.compile(
    r'^(import|export)\s+(?:([\w$]+|\{[^}]*\})\s+from\s+)?"([^"]+)";', re.MULTILINE
)
_EXPORT = re.compile(
    r"^export (?=(?:const|async function|function\*?|class) ([\w$]+))", re.MULTILINE
)
_LAZY_IMPORT = re.compile(r'\bimport\(\s*"([^"]+)"\s*\)')
# What is assigned when all modules have run, because modules need each other.
_LATE = "$$late"
_LEFT_OVER = re.compile(r"^(?:import\b(?!\.)|export\b).*", re.MULTILINE)


@dataclass(slots=True)
class _Bundle:
    """The modules so far: `begun` in the order in which they are reached, `done` as they run."""

    sources: Mapping[str, str]
    begun: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    code: dict[str, str] = field(default_factory=dict)
    lazy: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Add a module after all that it needs; one that it is itself needed by comes later."""
        if name in self.begun:
            return
        self.begun.add(name)
        if not name.startswith(LIBRARIES):
            for _, _, path in _IMPORT.findall(self.sources[name]):
                self.add(_resolve(name, path))
            self.code[name] = self._function(name)
        self.done.append(name)

    def _function(self, name: str) -> str:
        exports: list[str] = []

        def imported(match: re.Match[str]) -> str:
            kind, names, path = match.groups()
            if not names:
                return ""
            needed = _resolve(name, path)
            if kind == "export":
                exports.extend(f"{b}: {_variable(needed)}.{a}" for a, b in _pairs(names))
                return ""
            pairs = (a if a == b else f"{a}: {b}" for a, b in _pairs(names))
            bound = "{ " + ", ".join(pairs) + " }"
            if needed in self.done:
                return f"const {bound} = {_variable(needed)};"
            # It needs this module in turn, and has run before any of its functions is called.
            variables = ", ".join(b for _, b in _pairs(names))
            return f"let {variables}; {_LATE}.push(() => ({bound} = {_variable(needed)}));"

        def exported(match: re.Match[str]) -> str:
            exports.append(match[1])
            return ""

        def lazily(match: re.Match[str]) -> str:
            self.lazy.append(_resolve(name, match[1]))
            # All have run when it is called.
            return f"Promise.resolve({_variable(self.lazy[-1])})"

        code = _IMPORT.sub(imported, compact(self.sources[name]))
        code = _LAZY_IMPORT.sub(lazily, _EXPORT.sub(exported, code))
        if left := _LEFT_OVER.search(code):
            raise ValueError(f"{name}: this form cannot be joined: {left[0]}")
        # The entry runs last: all bindings are there.
        link = f"for (const bind of {_LATE}) bind();\n" if name == ENTRY else ""
        returned = f"return {{ {', '.join(exports)} }};"
        return squeeze(
            f"const {_variable(name)} = (() => {{\n{link}{code.strip()}\n{returned}\n}})();"
        )


def join_modules(sources: Mapping[str, str]) -> str:
    """Return one module that does what the entry does; raise `ValueError` if there is none."""
    bundle = _Bundle(sources)
    # What is loaded lazily comes before the entry, which runs at once.
    bundle.begun.add(ENTRY)
    for _, _, path in _IMPORT.findall(sources[ENTRY]):
        bundle.add(_resolve(ENTRY, path))
    bundle.lazy += [_resolve(ENTRY, path) for path in _LAZY_IMPORT.findall(compact(sources[ENTRY]))]
    while bundle.lazy:
        bundle.add(bundle.lazy.pop())
    bundle.begun.discard(ENTRY)
    bundle.add(ENTRY)
    libraries = [name for name in sorted(bundle.done) if name.startswith(LIBRARIES)]
    imports = [f'import * as {_variable(name)} from "./{name}";' for name in libraries]
    code = [bundle.code[name] for name in bundle.done if name in bundle.code]
    return "\n".join([*imports, f"const {_LATE} = [];", *code])


def _pairs(names: str) -> list[tuple[str, str]]:
    """Return the names in a module and the names beside it."""
    if not names.startswith("{"):
        return [("default", names)]
    parts = (part.split(" as ") for part in names.strip("{}").split(","))
    return [(part[0].strip(), part[-1].strip()) for part in parts if part[0].strip()]


def _resolve(importer: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))


def _variable(name: str) -> str:
    return "$" + re.sub(r"\W", "_", name.removesuffix(".js"))
