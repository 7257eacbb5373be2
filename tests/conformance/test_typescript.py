"""The generated TypeScript client: up to date, well typed, and running the page's examples."""

import json
import shutil
from pathlib import Path

import pytest
from tests.conformance import typescript
from tests.conformance.page import EXAMPLE_NAME, EXAMPLES
from tests.conformance.served import token

EXAMPLES_IN_TYPESCRIPT = Path(__file__).with_name("programs") / "examples.ts"
COMPILER_OPTIONS = {
    "strict": True,
    "noUncheckedIndexedAccess": True,
    "noPropertyAccessFromIndexSignature": True,
    "target": "es2022",
    "lib": ["es2022", "dom", "dom.iterable"],
    "module": "commonjs",
    "moduleResolution": "node10",
    "skipLibCheck": True,
    "types": ["node"],
    "outDir": "built",
}


@pytest.fixture(autouse=True)
def _node(record_property):
    if reason := typescript.missing_node():
        record_property("left out", f"the TypeScript client: {reason}")
        pytest.skip(f"LEFT OUT, the TypeScript client: {reason}")


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_the_client_in_the_tree_is_what_the_schema_generates(tmp_path):
    typescript.generate(tmp_path / "src")
    fresh, kept = contents(tmp_path / "src"), contents(typescript.SOURCE)
    stale = [name for name in sorted(fresh | kept) if fresh.get(name) != kept.get(name)]
    assert stale == [], "run `make typescript`"


def test_the_examples_of_the_page_are_well_typed_and_run(site, tmp_path, count):
    compile_examples(tmp_path)
    groups = {
        example.operation: site.create("typescript", f"for {example.operation}")["uuid"]
        for example in EXAMPLES
    }
    given = {"address": site.address, "token": token("ann"), "staffToken": token("staff")}
    printed = typescript.run(
        "node", tmp_path / "built" / "examples.js", SITE=json.dumps(given | {"groups": groups})
    )
    found = json.loads(printed)
    (errors,) = found.pop("as on the page")
    assert set(errors) == {"ethertype", "direction", "protocol", "remote_group"}
    assert found == {
        "list": [200, 10],
        "retrieve": [200, "for retrieve", "OK", []],
        "update": [200, {"name": EXAMPLE_NAME, "description": ""}],
        "partial_update": [200, {"name": "for partial_update", "description": ""}],
        "set_rules": [200],
        "pull": [202],
        "unlink": [204],
        "destroy": [204],
    }
    count(len(EXAMPLES))


def compile_examples(folder):
    """Check the types of the examples and of the client, and make what Node runs."""
    shutil.copytree(typescript.SOURCE, folder / "client")
    shutil.copy(EXAMPLES_IN_TYPESCRIPT, folder)
    packages = typescript.node_packages() / "node_modules"
    options = COMPILER_OPTIONS | {"typeRoots": [str(packages / "@types")]}
    config = {"compilerOptions": options, "include": ["examples.ts", "client"]}
    (folder / "tsconfig.json").write_text(json.dumps(config))
    typescript.run(typescript.program("tsc"), "--project", folder)
