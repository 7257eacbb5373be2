"""`ringfence export`: read one state of the database, tenant by tenant, and write it as a file."""

from collections.abc import Callable
from enum import StrEnum

from ringfence.database.pool import Connection, Database
from ringfence.provisioning.export import entries, queries
from ringfence.provisioning.export.queries import Ambiguities, Selection, TenantLine
from ringfence.provisioning.export.writers import (
    JsonLinesWriter,
    JsonWriter,
    Part,
    Writer,
    YamlWriter,
)
from ringfence.security_groups.bulk_load import existing_rules

_ONE_TENANT = "One tenant: do not load this file with --prune, which would remove the others."


class FileFormat(StrEnum):
    """The form of the file."""

    YAML = "yaml"
    JSON = "json"
    JSON_LINES = "jsonl"


_WRITERS: dict[FileFormat, Callable[[], Writer]] = {
    FileFormat.YAML: YamlWriter,
    FileFormat.JSON: JsonWriter,
    FileFormat.JSON_LINES: JsonLinesWriter,
}

# Takes the text of the file, and a note about what the file leaves out.
Write = Callable[[str], object]


async def export(
    database: Database,
    named: str | None,
    file_format: FileFormat,
    write: Write,
    note: Write,
) -> None:
    """Write a customer, a tenant, or everything. Raises `OperatorError` for an unknown name.

    The memory is that of one tenant, except for JSON. Tokens and passwords are never read.
    """
    async with database.transaction() as connection:
        await queries.begin(connection)
        selection = await queries.find(connection, named)
        await write_selection(connection, selection, _WRITERS[file_format](), write, note)


async def write_selection(
    connection: Connection, selection: Selection, writer: Writer, write: Write, note: Write
) -> None:
    """Write what is selected, in the transaction of the connection."""
    clouds = await queries.clouds(connection, selection)
    head = {"clouds": [entries.cloud_entry(cloud) for cloud in clouds]}
    if selection.tenant is None:
        users = await queries.users(connection, selection)
        head["users"] = [entries.user_entry(user) for user in users]
    write(writer.head(head, [_ONE_TENANT] if selection.tenant else []))
    ambiguities = await queries.ambiguities(connection)
    for line in await queries.tenants(connection, selection):
        part = await _part(connection, line, ambiguities)
        write(writer.part(part))
        for text in part.notes:
            note(f"{line.customer_name} / {line.project_name} / {line.name}: {text}")
    for text in writer.roles(await _roles(connection, selection, ambiguities)):
        write(text)


async def _part(connection: Connection, line: TenantLine, ambiguities: Ambiguities) -> Part:
    customer = entries.customer_entry(line.customer)
    if line.project_uuid is None:
        return Part(customer)
    project = entries.project_entry(line)
    if line.uuid is None:
        return Part(customer, project)
    groups = await queries.groups_of(connection, line.uuid)
    rules = await existing_rules(connection, [group.uuid for group in groups])
    written = entries.group_entries(groups, rules)
    tenant = entries.tenant_entry(line, ambiguities) | {"security_groups": written.entries}
    return Part(customer, project, tenant, written.notes)


async def _roles(
    connection: Connection, selection: Selection, ambiguities: Ambiguities
) -> list[entries.Entry] | None:
    if selection.tenant is not None:
        return None
    return [
        entries.role_entry(line, ambiguities) async for line in queries.roles(connection, selection)
    ]
