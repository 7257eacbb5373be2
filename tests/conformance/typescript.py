"""The TypeScript client: generated from the schema by pinned tools that Node runs.

usage: python -m tests.conformance.typescript, to write clients/typescript/src anew
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.conformance.clients import TYPESCRIPT, node_packages

from ringfence.app import OPERATIONS
from ringfence.http.openapi.document import assemble

SOURCE = TYPESCRIPT / "src"
# The generator needs the first; CI has one.
NODE = (20, 19)


def missing_node() -> str | None:
    """Say why nothing of TypeScript can be run here; None where it can."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "there is no Node with npm on PATH"
    found = run("node", "--version").strip()
    numbers = tuple(int(part) for part in found.removeprefix("v").split(".")[:2])
    return None if numbers >= NODE else f"Node {found} is older than {'.'.join(map(str, NODE))}"


def generate(target: Path) -> None:
    """Write the client of the present schema to a folder."""
    with tempfile.TemporaryDirectory() as folder:
        schema = Path(folder) / "schema.json"
        schema.write_text(json.dumps(assemble(OPERATIONS, version("ringfence"))))
        config = TYPESCRIPT / "openapi-ts.config.mjs"
        arguments = ("-f", config, "-i", schema, "-o", target, "--no-log-file")
        run(program("openapi-ts"), *arguments, cwd=folder)


def program(name: str) -> Path:
    """Give a program of the pinned packages."""
    return node_packages() / "node_modules" / ".bin" / name


def run(*command: str | Path, cwd: str | Path | None = None, **variables: str) -> str:
    """Run a program; gives what it prints."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


if __name__ == "__main__":
    if reason := missing_node():
        sys.exit(f"ringfence: {reason}; install Node {'.'.join(map(str, NODE))} or newer")
    shutil.rmtree(SOURCE, ignore_errors=True)
    generate(SOURCE)
