"""docs/explanation/dependencies.md has one line for each direct dependency and no other."""

import re
import tomllib

from tests.docs.markdown import ROOT

LOCKS = (
    *(f"requirements{kind}.lock" for kind in ("", "-container", "-deploy", "-dev")),
    *("requirements-site.lock", "requirements-supply.lock"),
    "tools/uv.lock",
)


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def required():
    """Return the names of all direct dependencies, including those of development."""
    groups = project()["dependency-groups"].values()
    extras = project()["project"]["optional-dependencies"].values()
    lines = [*project()["project"]["dependencies"]]
    lines += (line for group in (*groups, *extras) for line in group)
    # What an extra brings is there for development, too.
    return sorted({re.match(r"[A-Za-z0-9._-]+", line)[0] for line in lines})


def locked(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))


def test_each_direct_dependency_has_a_line_with_all_its_cells():
    text = (ROOT / "docs" / "explanation" / "dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|(.*)\|$", text, re.MULTILINE)
    assert sorted(row[0] for row in rows) == required()
    for _, cells in rows:
        assert len([cell for cell in cells.split(" | ") if cell.strip()]) == 3


def test_the_locks_agree_and_hold_every_dependency():
    runtime, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert runtime.items() <= development.items()
    assert runtime.items() <= locked("requirements-container.lock").items()
    others = (locked(f"requirements-{kind}.lock") for kind in ("deploy", "site", "supply"))
    locks = (development, *others)
    assert set(required()) <= {name for lock in locks for name in lock}


def test_the_locks_pin_by_hash_and_name_no_index():
    for lock in LOCKS:
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert "://" not in text
        for requirement in re.split(r"\n(?=[a-z0-9])", text.strip()):
            assert "--hash=sha256:" in requirement
