"""docs/explanation/architecture.md, the import contracts and the folders agree."""

import re
import tomllib

from tests.docs.markdown import ROOT, blocks

DOCUMENT = ROOT / "docs" / "explanation" / "architecture.md"
PACKAGE = ROOT / "src" / "ringfence"


def contracts():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["importlinter"]["contracts"]


def layers():
    [contract] = [each for each in contracts() if each["type"] == "layers"]
    return contract["layers"]


def names(lines):
    return [each.strip() for line in lines for each in line.split("|")]


def modules():
    """Return the packages and modules directly in the package."""
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    files = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    return folders | files


def test_each_module_has_its_layer_and_no_layer_is_empty():
    assert sorted(names(layers())) == sorted(modules())


def test_the_document_shows_the_layers_of_the_contract():
    [shown] = [block for block in blocks(DOCUMENT) if block.mark == "layers"]
    assert shown.text.splitlines() == layers()


def test_each_module_has_its_paragraph():
    text = DOCUMENT.read_text(encoding="utf-8")
    described = re.findall(r"\*\*`([a-z_]+)(?:\.py)?`\*\*", text)
    assert sorted(described) == sorted(modules())


def test_modules_named_in_the_paragraphs_exist():
    text = DOCUMENT.read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+/[a-z_/]+\.(?:py|sql))`", text))
    assert named
    assert [path for path in sorted(named) if not (PACKAGE / path).is_file()] == []


def test_a_request_a_push_and_a_pull_are_drawn():
    drawn = [block.text for block in blocks(DOCUMENT) if block.language == "mermaid"]
    assert len(drawn) == 3
