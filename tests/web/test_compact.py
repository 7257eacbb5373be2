"""Comments and indentation of the console's modules are not loaded; all else is untouched."""

import json
from pathlib import Path

import pytest
from tests.conformance import typescript

import ringfence.web
from ringfence.web.compact import compact, squeeze

ASSETS = Path(ringfence.web.__file__).parent / "assets"
MODULES = [path for path in sorted(ASSETS.rglob("*.js")) if path.parent.name != "vendor"]
# The tokens of each module by TypeScript's own scanner and parser.
TOKENS = """
const ts = require(process.argv[1] + "/typescript");
const { readFileSync } = require("node:fs");
const tokensOf = text => {
    const { ES2023 } = ts.ScriptTarget;
    const source = ts.createSourceFile("module.js", text, ES2023, true, ts.ScriptKind.JS);
    if (source.parseDiagnostics.length) throw new Error(source.parseDiagnostics[0].messageText);
    const tokens = [];
    const visit = node => {
        if (ts.isJSDoc(node)) return;
        const children = node.getChildren(source);
        if (children.length) children.forEach(visit); else tokens.push(node.getText(source));
    };
    visit(source);
    return tokens.filter(token => token);
};
const pairs = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const differ = pairs.filter(([, before, after]) =>
    JSON.stringify(tokensOf(before)) !== JSON.stringify(tokensOf(after)));
console.log(JSON.stringify(differ.map(([name]) => name)));
"""


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("a; // b", "a;"),
        ("a /* b\n */ c", "a\nc"),
        ("a/* b */c\n    d", "a c\nd"),
        ("'// a' + \"/* b */\" // c", "'// a' + \"/* b */\""),
        (r"'\'// a' // b", r"'\'// a'"),
        ("`// a\n  ${b /* c */}\n\n /* d */`", "`// a\n  ${b }\n\n /* d */`"),
        ("`${{ a: `// ${b}` }} // c` // d", "`${{ a: `// ${b}` }} // c`"),
        (r"`\`// a \${ // b` // c", r"`\`// a \${ // b`"),
        ("/[/]'/.test(a) // b", "/[/]'/.test(a)"),
        (r"return /\/\/'/g // a", r"return /\/\/'/g"),
        ("a / b // c '", "a / b"),
        ("f(a) / 2 // '\nb++ / 2 // '", "f(a) / 2\nb++ / 2"),
        ("{ a } // b", "{ a }"),
    ],
)
def test_only_comments_and_indentation_are_left_out(source, sent):
    assert compact(source).strip() == sent


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("const a = { b, c };", "const a={b,c};"),
        ("a;\nb\nc {\n}", "a;b\nc{}"),
        ("a - -b + +c / /d/", "a- -b+ +c/ /d/"),
        ("case 'a' : return `b  c`", "case'a':return`b  c`"),
        ("1 .a", "1 .a"),
        ("$a in _b", "$a in _b"),
    ],
)
def test_what_separates_two_tokens_stays(source, sent):
    assert squeeze(source) == sent


def test_what_has_no_end_is_refused():
    with pytest.raises(ValueError, match="line 2"):
        compact("a\n`b")


def test_a_parser_finds_the_same_tokens_in_every_module(record_property, tmp_path):
    if reason := typescript.missing_node():
        record_property("left out", f"the tokens of the console: {reason}")
        pytest.skip(f"LEFT OUT, the tokens of the console: {reason}")
    sources = [(path.name, path.read_text(encoding="utf-8")) for path in MODULES]
    pairs = [(name, source, squeeze(compact(source))) for name, source in sources]
    given = tmp_path / "pairs.json"
    given.write_text(json.dumps(pairs), encoding="utf-8")
    packages = typescript.program("tsc").parents[1]
    done = typescript.run("node", "-e", TOKENS, packages, given)
    assert json.loads(done) == []
