"""Which module writes which table, read from the SQL in the source.

A table belongs to one package. Of the tables that documents show, only a few modules write, and
each of them has the documents refreshed.
"""

import ast
import re
from collections import defaultdict
from pathlib import Path

import ringfence

ROOT = Path(ringfence.__file__).parent
WRITES = re.compile(
    r"\b(INSERT INTO|DELETE FROM|COPY|UPDATE)\s+(?:ONLY\s+)?([a-z_]+)(?=\s|$)(?!\s+TO\b)"
)
# UPDATE of `ON CONFLICT DO UPDATE SET` and of `FOR UPDATE OF` names no table.
NO_TABLES = {"set", "of", "skip", "nowait"}

GROUPS = "security_groups"
OWNERS = {
    "access": {"tokens"},
    "clouds": {
        "clouds",
        "marketplace_references",
        "tenant_drift_modes",
        "tenant_pulls",
        "tenant_quotas",
        "tenants",
    },
    "database": {"schema_migrations", "user_write_positions"},
    "discovery": {"discoveries"},
    "events": {"events"},
    "http": {"idempotency_keys", "refusals"},
    "neutron": {
        "sandbox_address_groups",
        "sandbox_floating_addresses",
        "sandbox_groups",
        "sandbox_port_groups",
        "sandbox_ports",
        "sandbox_rules",
    },
    "organisations": {"customers", "projects"},
    "ports": {
        "cloud_address_groups",
        "cloud_instances",
        "cloud_port_groups",
        "cloud_ports",
        "exposure_snapshots",
        "tenant_port_observations",
    },
    "provisioning": {"load_progress"},
    GROUPS: {
        "deleted_security_groups",
        "port_exposures",
        "security_group_drift_modes",
        "security_group_observations",
        "security_group_openings",
        "security_group_rules",
        "security_group_versions",
        "security_groups",
    },
    "sync": {"cloud_reachability", "procrastinate_jobs"},
    "users": {
        "console_sessions",
        "role_grants",
        "sign_in_attempts",
        "sign_in_networks",
        "tokens",
        "users",
    },
}
# A tenant that moves to another project forgets its last pull with what the pull observed.
SHARED = {
    (GROUPS, table)
    for table in (
        "cloud_address_groups",
        "cloud_instances",
        "cloud_ports",
        "exposure_snapshots",
        "tenant_port_observations",
        "tenant_pulls",
    )
}
INSERTS = {
    "security_groups": "security_groups/group_rows.py",
    "security_group_rules": "security_groups/rule_rows.py",
    "security_group_versions": "security_groups/versions.py",
    "events": "events/commands.py",
}


def writes():
    """Yield module, verb and table for each statement that writes a table."""
    for path in sorted(ROOT.rglob("*.py")):
        module = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for verb, table in WRITES.findall(node.value):
                    if table not in NO_TABLES:
                        yield module, verb, table


def test_each_table_is_written_by_the_package_that_owns_it():
    written = defaultdict(set)
    for module, _, table in writes():
        package = module.split("/", maxsplit=1)[0]
        if (package, table) not in SHARED:
            written[package].add(table)
    assert written == OWNERS


def test_rows_are_inserted_in_one_module_per_table():
    found = defaultdict(set)
    for module, verb, table in writes():
        if verb in {"INSERT INTO", "COPY"} and table in INSERTS:
            found[table].add(module)
    assert found == {table: {module} for table, module in INSERTS.items()}


def test_a_module_that_writes_groups_or_rules_refreshes_their_documents():
    shown = {"security_groups", "security_group_rules"}
    modules = {module for module, _, table in writes() if table in shown}
    missing = {
        module for module in modules if "refresh_before_commit" not in (ROOT / module).read_text()
    }
    assert not missing
