"""The TypeScript client: generated from the schema and type-checked by pinned tools on Node.

usage: python -m tests.conformance.typescript, to write clients/typescript/src
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

TARGET = TYPESCRIPT / "src"
# The oldest release that the generator supports.
NODE = (20, 19)
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


def missing_node() -> str | None:
    """Return why TypeScript cannot run here, or None if it can."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "there is no Node with npm on PATH"
    installed = run("node", "--version").strip()
    numbers = tuple(int(part) for part in installed.removeprefix("v").split(".")[:2])
    return None if numbers >= NODE else f"Node {installed} is older than {'.'.join(map(str, NODE))}"


def generate(target: Path) -> None:
    """Write the client of the current schema to a folder."""
    with tempfile.TemporaryDirectory() as folder:
        schema = Path(folder) / "schema.json"
        schema.write_text(json.dumps(assemble(OPERATIONS, version("ringfence"))))
        config = TYPESCRIPT / "openapi-ts.config.mjs"
        arguments = ("-f", config, "-i", schema, "-o", target, "--no-log-file")
        run(program("openapi-ts"), *arguments, cwd=folder)


def compile_strictly(folder: Path) -> None:
    """Type-check all TypeScript of a folder and compile it to `built`; fails on any error."""
    types = node_packages() / "node_modules" / "@types"
    options = COMPILER_OPTIONS | {"typeRoots": [str(types)]}
    config = {"compilerOptions": options, "include": ["**/*.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(config))
    run(program("tsc"), "--project", folder)


def program(name: str) -> Path:
    """Return a program of the pinned packages."""
    return node_packages() / "node_modules" / ".bin" / name


def run(*command: str | Path, cwd: str | Path | None = None, **variables: str) -> str:
    """Run a program and return what it prints."""
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


def main() -> None:
    """Write the client, if it is well typed."""
    if reason := missing_node():
        sys.exit(f"ringfence: {reason}; install Node {'.'.join(map(str, NODE))} or newer")
    with tempfile.TemporaryDirectory() as folder:
        client = Path(folder) / "client"
        generate(client)
        compile_strictly(Path(folder))
        shutil.rmtree(TARGET, ignore_errors=True)
        shutil.copytree(client, TARGET)


if __name__ == "__main__":
    main()
