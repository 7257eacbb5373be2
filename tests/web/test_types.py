"""TypeScript accepts the types in the comments of the console's modules."""

import shutil
from pathlib import Path

import pytest
from tests.conformance import typescript

import ringfence.web

ASSETS = Path(ringfence.web.__file__).parent / "assets"
# The used part of the libraries, which are published without types.
TYPES = Path(__file__).with_name("types")
# Every caught error comes from the API module.
OPTIONS = "--allowJs --checkJs --noEmit --strict --useUnknownInCatchVariables false"
OPTIONS += " --target es2023 --module esnext"
OPTIONS += " --lib es2023,dom,dom.iterable --moduleResolution bundler"


def test_the_modules_are_well_typed(tmp_path, record_property):
    if reason := typescript.missing_node():
        record_property("left out", f"the types of the console: {reason}")
        pytest.skip(f"LEFT OUT, the types of the console: {reason}")
    for path in ASSETS.rglob("*.js"):
        if path.parent.name != "vendor":
            copy = tmp_path / path.relative_to(ASSETS)
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(path, copy)
    modules = sorted(str(path) for path in tmp_path.rglob("*.js"))
    shutil.copytree(TYPES, tmp_path / "vendor")
    typescript.run(typescript.program("tsc"), *OPTIONS.split(), *modules)
