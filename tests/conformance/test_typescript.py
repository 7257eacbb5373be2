"""The generated TypeScript client: type-checked, with the examples of Waldur's API page."""

import json
import shutil
from pathlib import Path

import pytest
from tests.conformance import typescript
from tests.conformance.page import EXAMPLE_NAME, EXAMPLES
from tests.conformance.served import token

EXAMPLES_IN_TYPESCRIPT = Path(__file__).with_name("programs") / "examples.ts"


@pytest.fixture(autouse=True)
def _node(record_property):
    if reason := typescript.missing_node():
        record_property("left out", f"the TypeScript client: {reason}")
        pytest.skip(f"LEFT OUT, the TypeScript client: {reason}")


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
    """Compile the page's examples together with the client of the current schema."""
    typescript.generate(folder / "client")
    shutil.copy(EXAMPLES_IN_TYPESCRIPT, folder)
    typescript.compile_strictly(folder)
