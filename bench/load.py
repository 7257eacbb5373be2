# ruff: noqa: T201 (a script that prints)
"""How long `ringfence load` takes: `python -m bench.load [GROUPS] [RULES]`.

Uses the embedded database of a home in a temporary folder, or RINGFENCE_DATABASE_URL (an empty
database; it is filled).
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from ringfence.database.embedded import running
from ringfence.database.migrate import migrate
from ringfence.database.pool import Database
from ringfence.provisioning.load import load_files
from ringfence.settings import Settings

TENANTS = 20


def write_file(path: Path, groups: int, rules: int) -> None:
    """Write a file of `groups` groups, spread over TENANTS tenants, with `rules` rules each."""
    lines = ["clouds:", "  - {name: east, backend: sandbox}", "customers:", "  - name: Acme"]
    lines += ["    projects:", "      - name: Web", "        tenants:"]
    for tenant in range(TENANTS):
        lines += [f"          - name: tenant-{tenant}", "            cloud: east"]
        lines += ["            security_groups:"]
        for group in range(tenant, groups, TENANTS):
            lines += [
                f"              - name: group-{group}",
                f"                backend_id: b{group}",
            ]
            lines += ["                rules:"]
            for rule in range(rules):
                port = f"from_port: {1000 + rule}, to_port: {1000 + rule}"
                end = f"remote_group: group-{tenant}" if rule == 1 else "cidr: 10.0.0.0/8"
                lines.append(f"                  - {{protocol: tcp, {port}, {end}}}")
    path.write_text("\n".join(lines))


async def measure(conninfo: str, path: Path) -> None:
    """Load the file twice and print what it took."""
    await migrate(conninfo)
    async with Database.open(conninfo) as database:
        for _ in range(2):
            start = time.perf_counter()
            report = await load_files(database, [path])
            print(f"{time.perf_counter() - start:.2f} s:", "; ".join(report.lines()))


def main() -> None:
    """Measure on the database that the environment names."""
    groups, rules = int((sys.argv[1:] or ["2000"])[0]), int((sys.argv[2:] or ["5"])[0])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "groups.yaml"
        write_file(path, groups, rules)
        if url := os.environ.get("RINGFENCE_DATABASE_URL"):
            asyncio.run(measure(url, path))
            return
        with tempfile.TemporaryDirectory() as home:
            Path(home).chmod(0o711)
            with running(Settings(home=Path(home) / "home")) as conninfo:
                asyncio.run(measure(conninfo, path))


if __name__ == "__main__":
    main()
