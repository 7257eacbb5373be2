"""Check prose against the project's vocabulary: one concept, one word.

python tools/vocabulary.py [--count] [--names] [PATH ...]

Reads docstrings, comments and string literals of the source (Python, SQL, JavaScript, HTML) and
the prose of Markdown pages, without code blocks; with --names, also the words of names in Python.
Without a path it reads what the project publishes. Prints `file:line: word: what to write`, and
exits 1 if there is any.
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PUBLISHED = ("src", "docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
SUFFIXES = {".py", ".sql", ".js", ".mjs", ".html", ".md"}


@dataclass(frozen=True)
class Term:
    """A word or phrase to avoid, what to write instead, and the exact uses that are right."""

    avoid: str
    write: str
    except_in: tuple[str, ...] = ()

    @property
    def pattern(self) -> re.Pattern[str]:
        """The expression that matches the words, and skips the exceptions as a whole."""
        skipped = "".join(f"(?:{phrase})|" for phrase in self.except_in)
        expression = rf"{skipped}\b(?P<avoid>{self.avoid})\b"
        # A phrase may go on in the next line.
        return re.compile(expression.replace(" ", r"\s+"), re.IGNORECASE)


# "found", "differ", "read", "report" and "address" have no entry of their own: they are right
# wherever they are ordinary English. Only the phrases that stand for a term are listed.
TERMS = (
    Term("asked(?: for)?", "desired (the state); requested (by a client)"),
    Term("asking|asks", "identity, client; request, query, require"),
    Term("wanted", "desired"),
    Term("seen", "observed (in the cloud); shown; known"),
    Term("what (?:was|is|were|it) found|the found", "observed"),
    Term(
        "(?:a|the|one|last|next|first|each|every|another|this|that|second) looks?"
        "|look again|look twice|looks? after|looked after|looking after|looks at",
        "observation, pull; fetch again; recover, watch; reads",
    ),
    Term("(?:a|the|last|next|one|each|every|another) readings?", "observation; read"),
    Term("settle[sd]?|settling|unsettled", "applied; commit, decide"),
    # With a cloud; of two values it is the usual word.
    Term(
        "comparisons?",
        "pull",
        ("constant-time comparisons?", "(?:for|in|by) comparison", "comparisons? of"),
    ),
    Term(
        "(?:what|where|whether|that|which|it) differs|differs? in (?:the|its|a) cloud",
        "drift; is different",
    ),
    Term("(?:put|puts|putting) back", "revert; restore"),
    Term("tells?|told|telling", "report; return, show, distinguish"),
    Term("answer(?:s|ed|ing)?", "response; respond, return"),
    Term("rendered|renders?|rendering", "document; write, format"),
    # Neutron says "integer representations" of protocols.
    Term("representations?", "document", ("integer representations",)),
    Term("walk(?:s|ed|ing)?", "page through; visit; list", ("random walks?",)),
    Term(
        "places?|placed|placing",
        "ancestor; position; location; replace, instead of",
        ("in place(?! of)", "(?:decimal|take|takes|took) place"),
    ),
    Term("falls?|falling", "descending; decreases", ("fall(?:s|ing)? back", "fallbacks?")),
    Term("callers?", "client (who sends it); actor (who does it); identity (user and token)"),
    # "peer" is PostgreSQL's word for authentication by the user of a local socket.
    Term("peers?", "client, proxy", ("peer (?:authentication|credentials?|map)",)),
    Term("rescue[sd]?|rescuing|retak(?:e|es|en|ing)", "requeue, recover"),
    # "worth keeping" is ordinary English.
    Term("(?:the|its) keeping|keeping (?:of|the database)", "keep-alive; storing; retention"),
    Term("by hand", "manual, manually"),
    # Of an account; RINGFENCE_HOME is one word and is not matched.
    Term("homes?", "data directory", ("home directory", "home page", "(?-i:HOME)")),
    # Faults are what tests inject, and what the kernel counts for pages.
    Term(
        "faults?",
        "error, failure",
        ("faults? injection", "inject(?:s|ed|ing)? (?:[a-z]+ )*faults?", "page faults?"),
    ),
    Term("at (?:the|a|its|their|each|every|this|that) clouds?", "in the cloud"),
    Term("anew", "again"),
    # In small letters they are names: of a field, a column or a module.
    Term(
        "(?-i:(?:[Aa]|[Aa]n|[Tt]he|[Ii]ts|[Nn]o|[Bb]y|of|and|or) (?:uuid|json|url)s?)",
        "UUID, JSON, URL in capitals",
    ),
    Term("beats? its heart|left lying|in the midst of", "sends heartbeats; abandoned; during"),
)
# Words that no name has; the entries above say what to write instead.
IN_NAMES = (
    "asked|wanted|seen|settled?|answer(?:s|ed)?|tells?|told|rendered|walk(?:s|ed)?|places?|falls"
    "|callers?|peers?|rescued?|faults?|anew|comparisons?"
)
NAMES_ALLOWED = {
    "_comparison",  # of two versions
    "asked_by",  # an argument of stored jobs
    "tell",  # of files
    "seen",  # the usual name of a set of what a loop has met
    "CallerShape",  # what the statement of a list depends on
}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# A docstring begins with an imperative of the field: Return, Raise, Yield, Lock, Insert.
OPENING = re.compile(r"\s*(?P<avoid>Gives?|Tells?|Says?)\b")
OPENING_WRITE = "Return, Raise, Yield, Lock, Insert, ... (a docstring's first word)"


@dataclass(frozen=True)
class Passage:
    """Text for readers, with the line on which it begins."""

    line: int
    text: str
    is_docstring: bool = False


@dataclass(frozen=True)
class Finding:
    """A use of a word to avoid."""

    line: int
    word: str
    write: str


def findings(path: Path, *, names: bool = False) -> Iterator[Finding]:
    """Yield each use of a word to avoid in a file; with `names`, also in names of Python."""
    text = path.read_text(encoding="utf-8")
    for passage in PASSAGES[path.suffix](text):
        yield from _findings_in(passage)
    if names and path.suffix == ".py":
        yield from _findings_in_names(text)


def _findings_in_names(text: str) -> Iterator[Finding]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and token.string not in NAMES_ALLOWED:
            words = {word.lower() for word in WORD.findall(token.string)}
            if any(re.fullmatch(IN_NAMES, word) for word in words):
                yield Finding(token.start[0], token.string, "a name with the field's words")


def _findings_in(passage: Passage) -> Iterator[Finding]:
    if passage.is_docstring and (match := OPENING.match(passage.text)):
        yield Finding(passage.line, match["avoid"], OPENING_WRITE)
    for term in TERMS:
        for match in term.pattern.finditer(passage.text):
            if match["avoid"]:
                line = passage.line + passage.text.count("\n", 0, match.start("avoid"))
                yield Finding(line, " ".join(match["avoid"].split()), term.write)


def _python(text: str) -> Iterator[Passage]:
    docstrings = _docstring_lines(text)
    comment = Passage(0, "")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        line = token.start[0]
        if token.type == tokenize.COMMENT:
            if line == comment.line + comment.text.count("\n") + 1:
                comment = Passage(comment.line, f"{comment.text}\n{token.string.lstrip('#')}")
            else:
                yield Passage(comment.line, _without_code(comment.text))
                comment = Passage(line, token.string.lstrip("#"))
        elif token.type in STRING_TOKENS and _is_prose(token.string):
            prose = re.sub(r"^[a-zA-Z]*('''|\"\"\"|'|\")", "", token.string)
            yield Passage(line, _without_code(prose), is_docstring=line in docstrings)
    yield Passage(comment.line, _without_code(comment.text))


# Python 3.12 splits an f-string into its parts; before it is one string.
STRING_TOKENS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def _docstring_lines(text: str) -> set[int]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.body[0].lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None
    }


def _is_prose(literal: str) -> bool:
    """Return whether a literal is text: a single word is a key, a name or a value on the wire."""
    return len(literal.split()) > 1


def _without_code(text: str) -> str:
    """Blank what is quoted as code, and the braces of an f-string, with the lines kept."""
    return re.sub(r"`[^`]*`|\{[^{}\n]*\}", lambda match: _blank(match[0]), text)


def _blank(text: str) -> str:
    return "\n" * text.count("\n") or " "


SQL_PROSE = re.compile(r"--(?P<comment>[^\n]*)|'(?P<string>(?:[^']|'')*)'")
SCRIPT_PROSE = re.compile(
    r"""//(?P<comment>[^\n]*)|/\*(?P<block>.*?)\*/
    |"(?P<double>(?:[^"\\\n]|\\.)*)"|'(?P<single>(?:[^'\\\n]|\\.)*)'
    |`(?P<template>(?:[^`\\]|\\.)*)`""",
    re.DOTALL | re.VERBOSE,
)


def _matched(pattern: re.Pattern[str], text: str) -> Iterator[Passage]:
    for match in pattern.finditer(text):
        kind = match.lastgroup or ""
        prose = re.sub(r"\$\{[^{}]*\}", lambda code: _blank(code[0]), match[kind])
        if kind in {"comment", "block"} or _is_prose(prose):
            yield Passage(text.count("\n", 0, match.start(kind)) + 1, prose)


def _sql(text: str) -> Iterator[Passage]:
    return _matched(SQL_PROSE, text)


def _script(text: str) -> Iterator[Passage]:
    return _matched(SCRIPT_PROSE, text)


def _markup(text: str) -> Iterator[Passage]:
    """Yield the text of an HTML page without its tags, scripts and styles."""
    code = r"<(script|style)\b.*?</\1>|<[^>]*>"
    yield Passage(1, re.sub(code, lambda match: _blank(match[0]), text, flags=re.DOTALL))


def _markdown(text: str) -> Iterator[Passage]:
    """Yield a page without code blocks, code in a line, comments and targets of links."""
    code = r"^(```+|~~~+).*?^\1|``.*?``|`[^`]*`|<!--.*?-->|\]\([^)]*\)"
    prose = re.sub(code, lambda match: _blank(match[0]), text, flags=re.DOTALL | re.MULTILINE)
    yield Passage(1, prose)


PASSAGES = {
    ".py": _python,
    ".sql": _sql,
    ".js": _script,
    ".mjs": _script,
    ".html": _markup,
    ".md": _markdown,
}


def files(paths: Iterable[Path]) -> list[Path]:
    """Return the files with prose under the paths, but not what others wrote or a tool made."""
    found = {
        each
        for path in paths
        for each in ([path] if path.is_file() else path.rglob("*"))
        if each.suffix in SUFFIXES and not {"vendor", "node_modules"} & set(each.parts)
    }
    return sorted(found)


def main(arguments: list[str]) -> int:
    """Print the uses of words to avoid, or with --count only how many there are of each."""
    paths = [Path(each) for each in arguments if not each.startswith("--")]
    counts: Counter[str] = Counter()
    for path in files(paths or [ROOT / each for each in PUBLISHED]):
        for finding in findings(path, names="--names" in arguments):
            counts[finding.word.lower()] += 1
            if "--count" not in arguments:
                shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
                line = f"{shown}:{finding.line}: {finding.word}: write {finding.write}"
                sys.stdout.write(f"{line}\n")
    if "--count" in arguments:
        for word, count in counts.most_common():
            sys.stdout.write(f"{count:6} {word}\n")
    sys.stdout.write(f"{counts.total()} findings\n")
    return int(bool(counts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
