"""The `ringfence` command: runs a subcommand and maps its outcome to output and exit code.

An operator's error is one line `ringfence: …` on standard error that names the fix, and exit code
2. Subcommands are in modules beside this one. They call the same queries and commands as the API,
and import heavy packages inside their functions: `--help` responds at once, and each process loads
only what it uses.
"""

# ruff: noqa: PLC0415 - imports inside commands, see above

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from ringfence.cli import output
from ringfence.cli.api.events import event
from ringfence.cli.api.exposures import exposures
from ringfence.cli.api.group_changes import changes
from ringfence.cli.api.groups import group
from ringfence.cli.api.login import login, logout
from ringfence.cli.api.rules import rules
from ringfence.cli.api.tenants import tenant
from ringfence.cli.api.verdicts import verdict
from ringfence.cli.backup import backup, restore, upgrade_database
from ringfence.cli.completion import completion, prepare
from ringfence.cli.discover import discover
from ringfence.cli.docs import docs
from ringfence.cli.doctor.command import doctor
from ringfence.cli.events import events, export
from ringfence.cli.export import export as export_file
from ringfence.cli.load import load
from ringfence.cli.output import prepare_streams
from ringfence.cli.retention import retention
from ringfence.cli.roles import role
from ringfence.cli.serve import demo, serve, worker
from ringfence.cli.startup import migrated, start, with_database
from ringfence.cli.sync import sync
from ringfence.cli.tokens import issue, tokens
from ringfence.cli.users import user
from ringfence.errors import OperatorError, RequestError, Ungranted

OPERATOR_ERROR = 2
UNEXPECTED_ERROR = 1
INTERRUPTED = 130

app = typer.Typer(
    name="ringfence",
    help="Manage OpenStack security groups across many tenants.",
    epilog="Settings: RINGFENCE_… environment variables, or the file named by RINGFENCE_CONFIG.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line and exit with its code."""
    prepare_streams()
    code = run(sys.argv[1:])
    sys.exit(_finish_output(code))


def run(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - one for each outcome
    """Run one command and return its exit code; never raises."""
    prepare()
    try:
        result = app(args=list(arguments), prog_name="ringfence", standalone_mode=False)
    except OperatorError as error:
        return _report_error(error.lines, OPERATOR_ERROR)
    except Ungranted as error:
        return _report_error([error.reason], OPERATOR_ERROR)
    except RequestError as error:
        return _report_error([str(error)], OPERATOR_ERROR)
    except typer.TyperException as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last handler; the traceback is logged
        import structlog

        from ringfence.database.connect import explained
        from ringfence.service.supervisor import StartError

        # Imported only here: a client of the API does not need the service.
        if isinstance(error, StartError):
            return error.code
        if reason := explained(error):
            return _report_error([reason], OPERATOR_ERROR)

        structlog.get_logger(__name__).exception("unexpected_error")
        text = f"unexpected {type(error).__name__}; its traceback is the last log record above"
        return _report_error([text], UNEXPECTED_ERROR)
    return result if isinstance(result, int) else 0


def _finish_output(code: int) -> int:
    """Flush standard output; report an error if that fails."""
    try:
        sys.stdout.flush()
    except OperatorError as error:
        return code or _report_error(error.lines, UNEXPECTED_ERROR)
    return code


def _usage(error: typer.TyperException) -> int:
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    if not message.strip() or type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(context.get_help() if context else message, err=True)
        return OPERATOR_ERROR
    command = context.command_path if context else "ringfence"
    # A validator's own message comes after it.
    message = message.replace("Value error, ", "")
    line = " ".join(f"{message.rstrip('.')}; see {command} --help".splitlines())
    return _report_error([line], OPERATOR_ERROR)


def _report_error(lines: Sequence[str], code: int) -> int:
    from ringfence.text.escaping import terminal
    from ringfence.text.masking import mask

    # What is already printed comes first; if nobody reads it, the error is still written.
    with suppress(OSError, OperatorError):
        sys.stdout.flush()
    with suppress(OSError):
        for line in lines:
            sys.stderr.write(f"ringfence: {terminal(mask(line).strip())}\n")
        sys.stderr.flush()
    return code


def _show_version(*, is_requested: bool) -> None:
    if is_requested:
        from importlib.metadata import version

        typer.echo(f"ringfence {version('ringfence')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _show_version(is_requested=value),
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    pass


@app.command(epilog="Example: ringfence migrate --grant ringfence_service")
def migrate(
    *,
    role: Annotated[
        str | None,
        typer.Option(
            "--grant",
            metavar="ROLE",
            help="Grant this database role what serving needs, without changes to the audit trail.",
        ),
    ] = None,
) -> None:
    """Apply missing database migrations and exit."""
    settings = start()
    with migrated(settings) as (conninfo, applied):
        for name in applied:
            output.say(f"applied {name}")
        if not applied:
            output.say("nothing to apply")
        _warn_of_collation(conninfo)
        if role is not None:
            from ringfence.database.embedded import roles
            from ringfence.database.privileges import grant

            owner = roles.owning(settings, conninfo)
            with_database(owner, lambda database: grant(database, role))
            output.say(f"granted to {role}")


def _warn_of_collation(conninfo: str) -> None:
    from ringfence.database import collation
    from ringfence.database.pool import Database

    async def changed(database: Database) -> tuple[str, str] | None:
        async with database.connection() as connection:
            return await collation.changed(connection)

    if found := with_database(conninfo, changed):
        output.say(f"warning: {found[0]}; {found[1]}")


@app.command(epilog="Example: ringfence password alice < password.txt")
def password(
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's name.")],
) -> None:
    """Set a user's password: prompt in a terminal, else read a line of standard input.

    With a password, a user signs in to the console and gets day tokens at `/api-auth/password/`.
    """
    if sys.stdin.isatty():
        secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        secret = sys.stdin.readline().rstrip("\r\n")
    with migrated(start()) as (conninfo, _):
        from ringfence.users.passwords import set_password

        with_database(conninfo, lambda database: set_password(database, user, secret))
    output.say(f"{user} has a new password; sessions and tokens of the former one have ended")


# Commands in modules of their own
app.command(epilog="Example: ringfence serve --port 8080 --workers 4")(serve)
app.command(epilog="Example: ringfence worker --concurrency 16")(worker)
app.command(epilog="Example: ringfence load clouds.yaml customers.yaml")(load)
app.command("export", epilog="Example: ringfence export Acme > acme.yaml")(export_file)
app.command(epilog="Example: ringfence discover east --load")(discover)
app.command(epilog="Example: ringfence demo --port 8080")(demo)
app.command(epilog="Example: ringfence doctor && echo all is well")(doctor)
app.command()(docs)
app.command(epilog="Example: ringfence backup /backup/ringfence-$(date +%F)")(backup)
app.command(epilog="Example: ringfence restore /backup/ringfence-2026-10-01")(restore)
app.command("upgrade-database", epilog="Example: ringfence upgrade-database")(upgrade_database)
app.command("token", epilog="Example: TOKEN=$(ringfence token alice --expires 90d)")(issue)
app.add_typer(tokens, name="tokens")
app.add_typer(user, name="user")
app.add_typer(role, name="role")
app.add_typer(sync, name="sync")
app.add_typer(events, name="events")
# Clients of the API
app.command(epilog="Example: ringfence login https://ringfence.example.com")(login)
app.command(epilog="Example: ringfence logout")(logout)
app.command(epilog="Example: ringfence completion bash > ~/.bash_completion.d/ringfence")(
    completion
)
app.command(epilog="Example: ringfence verdict 203.0.113.7 10.0.0.5 tcp/443 --tenant web-prod")(
    verdict
)
group.add_typer(changes)
app.add_typer(group, name="group")
app.command(epilog="Example: ringfence rules ssh --from-internet -o csv")(rules)
app.add_typer(tenant, name="tenant")
app.command(epilog="Example: ringfence exposures --service ssh --fail-on ssh,rdp")(exposures)
event.command(epilog="Example: ringfence event export --since 2026-11-01 > audit.jsonl")(export)
app.add_typer(event, name="event")
app.add_typer(retention, name="retention")
