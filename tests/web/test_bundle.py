"""The modules of the console are joined into the one script that the page loads."""

import re

import pytest
from tests.conformance import typescript

from ringfence.web.asset_files import SCRIPT, STYLES, assets, loaded_assets, page
from ringfence.web.bundle import join_modules

SHOW = "globalThis.shown = "


def run(tmp_path, sources):
    """Return what the entry has assigned to `shown`."""
    if reason := typescript.missing_node():
        pytest.skip(f"LEFT OUT, the script of the console: {reason}")
    for name, source in sources.items():
        if name.startswith("vendor/"):
            (tmp_path / "vendor").mkdir(exist_ok=True)
            (tmp_path / name.replace(".js", ".mjs")).write_text(source, encoding="utf-8")
    text = join_modules(sources).replace('.js";', '.mjs";')
    script = tmp_path / "console.mjs"
    script.write_text(f"{text}\nsetTimeout(() => console.log(shown));", encoding="utf-8")
    return typescript.run("node", script).strip()


def test_a_module_runs_once_and_before_those_that_import_it(tmp_path):
    sources = {
        "main.js": 'import { b } from "./b.js";\nimport { a as other } from "./deep/a.js";\n'
        + SHOW
        + "`${b}${other()}`;",
        "b.js": 'import { a } from "./deep/a.js";\nexport const b = `b${a()}`;',
        "deep/a.js": 'import { one } from "../one.js";\n'
        "export function a() { return `a${one()}`; }",
        "one.js": "let count = 0;\nexport const one = () => ++count;",
    }
    assert run(tmp_path, sources) == "ba1a2"


def test_exports_of_other_modules_and_of_libraries_are_passed_on(tmp_path):
    sources = {
        "main.js": 'import { x, y, z } from "./all.js";\n' + SHOW + "x + y + z;",
        "all.js": 'import first from "./vendor/x.js";\nexport { y, w as z } from "./vendor/x.js";\n'
        "export const x = first;",
        "vendor/x.js": 'const a = "1", b = "2", c = "3";export{a as default,b as y,c as w};',
    }
    assert run(tmp_path, sources) == "123"


def test_modules_may_need_each_other_and_be_imported_lazily(tmp_path):
    sources = {
        "main.js": 'import { odd } from "./odd.js";\n'
        'import("./late.js").then(({ late }) => { ' + SHOW + "`${late}${odd(7)}`; });",
        "odd.js": 'import { even } from "./even.js";\n'
        "export const odd = n => n > 0 && even(n - 1);",
        "even.js": 'import { odd } from "./odd.js";\n'
        "export const even = n => n === 0 || odd(n - 1);",
        "late.js": 'import { odd } from "./odd.js";\nexport const late = `late ${odd(1)} `;',
    }
    assert run(tmp_path, sources) == "late true true"


@pytest.mark.parametrize("line", ["export default 1;", 'export * from "./a.js";', "export let a;"])
def test_a_form_that_cannot_be_joined_is_refused(line):
    with pytest.raises(ValueError, match=re.escape(line)):
        join_modules({"main.js": line, "a.js": ""})


def test_the_page_loads_one_script_and_the_libraries():
    scripts = {name for name in loaded_assets() if name.endswith(".js")}
    assert {SCRIPT} == {name for name in scripts if not name.startswith("vendor/")}
    preloads = re.findall(r'modulepreload" href="[^"]*/([\w.]+)"', page("").plain.decode())
    assert sorted(preloads) == sorted(name.rpartition("/")[2] for name in scripts)


def test_the_styles_of_pages_come_after_those_that_they_refine():
    sheets = [name for name in loaded_assets() if name.endswith(".css")]
    assert sheets == [STYLES]
    text = assets()[STYLES].plain.decode()
    places = [text.index(rule) for rule in (":root {", ".card {", ".list-frame {", ".sign-in {")]
    assert places == sorted(places)
    assert "/*" not in text
