"""The operator's commands; they call what HTTP calls.

Every mistake of an operator is one line `ringfence: …` on standard error that names the fix, and
exit code 2. Heavy packages are imported inside the commands: `--help` answers at once, and each
process carries only what it uses.
"""

# ruff: noqa: PLC0415 - imports inside commands are this module's way, see above

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli import output
from ringfence.cli.backup import backup, restore
from ringfence.cli.events import events
from ringfence.cli.output import prepare_streams
from ringfence.cli.startup import migrated, start, with_database
from ringfence.cli.sync import sync
from ringfence.cli.tokens import issue, tokens
from ringfence.errors import OperatorError, RequestError

if TYPE_CHECKING:
    from ringfence.database.pool import Database
    from ringfence.settings import Settings

OPERATOR_MISTAKE = 2
UNEXPECTED = 1
INTERRUPTED = 130

app = typer.Typer(
    name="ringfence",
    help="Serve OpenStack security groups over HTTP, and keep them in step with Neutron.",
    epilog="Settings: RINGFENCE_… variables, or the file that RINGFENCE_CONFIG names.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")]


def main() -> None:
    """Run what was typed, and end with its exit code."""
    prepare_streams()
    code = run(sys.argv[1:])
    sys.exit(_finish_output(code))


def run(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - one for each way to end
    """Run one command; gives the exit code and never raises."""
    from ringfence.service.supervisor import StartError

    try:
        result = app(args=list(arguments), prog_name="ringfence", standalone_mode=False)
    except OperatorError as error:
        return _complain(error.lines, OPERATOR_MISTAKE)
    except RequestError as error:
        return _complain([str(error)], OPERATOR_MISTAKE)
    except StartError as failure:
        return failure.code
    except typer.TyperException as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last one to see it; the trace is logged
        import structlog

        from ringfence.database.connect import explained

        if reason := explained(error):
            return _complain([reason], OPERATOR_MISTAKE)

        structlog.get_logger(__name__).exception("unexpected_error")
        text = f"unexpected {type(error).__name__}; its trace is the last record in the log above"
        return _complain([text], UNEXPECTED)
    return result if isinstance(result, int) else 0


def _finish_output(code: int) -> int:
    """Write what waits for others of standard output; say so where it cannot be written."""
    try:
        sys.stdout.flush()
    except OperatorError as error:
        return code or _complain(error.lines, UNEXPECTED)
    return code


def _usage(error: typer.TyperException) -> int:
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    if not message.strip() or type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(context.get_help() if context else message, err=True)
        return OPERATOR_MISTAKE
    command = context.command_path if context else "ringfence"
    line = " ".join(f"{message.rstrip('.')}; see {command} --help".splitlines())
    return _complain([line], OPERATOR_MISTAKE)


def _complain(lines: Sequence[str], code: int) -> int:
    from ringfence.text.escaping import terminal
    from ringfence.text.masking import mask

    # What is printed already comes first; where nobody reads that, there is still this.
    with suppress(OSError, OperatorError):
        sys.stdout.flush()
    with suppress(OSError):
        for line in lines:
            sys.stderr.write(f"ringfence: {terminal(mask(line).strip())}\n")
        sys.stderr.flush()
    return code


def _version(*, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"ringfence {version('ringfence')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _asked: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _version(asked=value),
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    pass


@app.command(epilog="Example: ringfence serve --port 8080 --workers 4")
def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            show_default="one for each core, at most 2",
            help="Processes that answer requests.",
        ),
    ] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Run no job worker beside the API.")
    ] = False,
) -> None:
    """Migrate the database, then serve the API and run one job worker.

    Prints `ready http://HOST:PORT` on standard output once it answers. SIGTERM ends it: requests
    and jobs in flight are finished first.
    """
    settings = start()
    _serve(settings, host, port, workers=workers, job_worker=not no_worker)


@app.command(epilog="Example: ringfence worker --concurrency 16")
def worker(
    *,
    concurrency: Annotated[
        int, typer.Option(min=1, max=256, help="Jobs that run at the same time.")
    ] = 8,
    host: Annotated[str, typer.Option(help="Address of the port.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(max=65535, help="Answer /health/ and /metrics at this port.")
    ] = None,
) -> None:
    """Run jobs only: as many of these as you like, on as many machines.

    SIGTERM ends it: jobs in flight are finished first.
    """
    from ringfence.service.clouds_file import check_clouds_file

    settings = start()
    check_clouds_file(os.environ)
    with migrated(settings):
        from ringfence.service.processes import begin_anew, begins_anew, work, work_monitored

        with begins_anew() as is_asked:
            if port is None:
                work(settings, concurrency)
            else:
                work_monitored(settings, concurrency, host, port)
    if is_asked():
        begin_anew()
    from ringfence.sync.worker import end_process

    end_process(0)


@app.command(epilog="Example: ringfence migrate --grant ringfence_service")
def migrate(
    *,
    role: Annotated[
        str | None,
        typer.Option(
            "--grant",
            metavar="ROLE",
            help="Let this role of the database serve, and change nothing in the audit trail.",
        ),
    ] = None,
) -> None:
    """Apply what is missing of the database's migrations, and exit."""
    settings = start()
    with migrated(settings) as (conninfo, applied):
        for name in applied:
            output.say(f"applied {name}")
        if not applied:
            output.say("nothing to apply")
        if role is not None:
            from ringfence.database.embedded import roles
            from ringfence.database.privileges import grant

            owner = roles.owning(settings, conninfo)
            with_database(owner, lambda database: grant(database, role))
            output.say(f"granted to {role}")


@app.command(epilog="Example: ringfence load clouds.yaml customers.yaml")
def load(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="YAML or JSON.", show_default=False)
    ],
    *,
    resumable: Annotated[
        bool,
        typer.Option(
            "--resumable",
            help="Load JSON Lines (*.jsonl, a document in each line), some lines in each "
            "transaction. Interrupted and run again, it continues.",
        ),
    ] = False,
    moves: Annotated[
        list[str] | None,
        typer.Option(
            "--move-tenant",
            metavar="TENANT",
            help="Let this tenant, by name or uuid, become another project in the cloud; "
            "its groups stay in the old one. May be repeated.",
        ),
    ] = None,
) -> None:
    """Load customers, projects, tenants, groups, users and roles: all of the files, or nothing.

    Loading the same again changes nothing. A mistake is shown with its path in the file.
    """
    with migrated(start()) as (conninfo, _):
        load_them = _load_resumable if resumable else _load_at_once
        lines = load_them(conninfo, files, moves or ())
    output.show(lines)


def _load_at_once(conninfo: str, files: Sequence[Path], moves: Sequence[str]) -> list[str]:
    from ringfence.provisioning.load import load_files

    with output.progress("Loading"):
        report_of = with_database(conninfo, lambda db: load_files(db, files, moves=moves))
    return report_of.lines()


def _load_resumable(conninfo: str, files: Sequence[Path], moves: Sequence[str]) -> list[str]:
    from ringfence.provisioning.resumable import load_resumable

    with output.advancing("Loading") as tell:

        def advance(done: int, total: int, groups: int) -> None:
            tell(done, total, f"{groups:,} groups")

        load_them = partial(load_resumable, paths=files, advance=advance, moves=moves)
        return with_database(conninfo, load_them).lines()


@app.command(epilog="Example: ringfence password alice < password.txt")
def password(
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's name.")],
) -> None:
    """Set a user's password: asked for in a terminal, else the first line of standard input.

    With it, the user gets tokens that last for a day at `/api-auth/password/`.
    """
    if sys.stdin.isatty():
        secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        secret = sys.stdin.readline().rstrip("\r\n")
    with migrated(start()) as (conninfo, _):
        from ringfence.users.passwords import set_password

        with_database(conninfo, lambda database: set_password(database, user, secret))


@app.command(epilog="Example: ringfence demo --port 8080")
def demo(*, port: Port = 8000) -> None:
    """Serve demonstration data over a sandbox cloud: something to try at once.

    Prints the address, a token and one command to try. It keeps a home of its own, unless
    RINGFENCE_HOME or RINGFENCE_DATABASE_URL says where.
    """
    from ringfence.cli.demo import own_home, prepare, welcome

    settings = own_home(start())
    secret = ""

    async def fill(database: "Database") -> None:
        nonlocal secret
        secret = await prepare(database)

    _serve(
        settings,
        "127.0.0.1",
        port,
        before=lambda conninfo: with_database(conninfo, fill),
        after=lambda address: welcome(address, secret),
    )


@app.command(epilog="Example: ringfence doctor && echo all is well")
def doctor() -> None:
    """Check database, migrations, jobs, clouds and stored answers; change nothing.

    Prints a line for each check; exit code 1 if one of them found a fault.
    """
    from ringfence.cli.doctor import examine

    settings = start()
    with output.progress("Examining"):
        checks = asyncio.run(examine(settings))
    output.show_checks(checks)
    if not all(check.fine for check in checks):
        raise typer.Exit(1)


@app.command()
def docs(
    directory: Annotated[Path, typer.Argument(help="Folder to write to; made where missing.")],
) -> None:
    """Write the reference of the API as Markdown, a page for each kind of object."""
    from importlib.metadata import version

    from ringfence.app import OPERATIONS
    from ringfence.http.openapi.document import assemble
    from ringfence.reference.pages import pages

    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in pages(assemble(OPERATIONS, version("ringfence"))).items():
            (directory / name).write_text(text, encoding="utf-8")
            output.say(str(directory / name))
    except OSError as error:
        raise OperatorError(
            f"cannot write to {directory}: {error.strerror}; name a folder of yours"
        ) from None


def _serve(  # noqa: PLR0913 - what `serve` and `demo` differ in
    settings: "Settings",
    host: str,
    port: int,
    *,
    workers: int | None = None,
    job_worker: bool = True,
    before: Callable[[str], object] = lambda _conninfo: None,
    after: Callable[[str], Sequence[str]] = lambda _address: (),
) -> None:
    from ringfence.service.clouds_file import check_clouds_file
    from ringfence.service.listener import address_of, claim
    from ringfence.service.processes import default_api_processes, supervise

    check_clouds_file(os.environ)
    # The port first: where it is taken, nothing has been started or changed.
    with claim(host, port) as listener, migrated(settings) as (conninfo, _):
        before(conninfo)
        address = address_of(listener)

        def ready() -> None:
            for line in (f"ready http://{address}", *after(address)):
                output.say(line)

        supervise(
            listener,
            settings=settings,
            api_processes=workers or default_api_processes(),
            job_worker=job_worker,
            on_ready=ready,
        )


# Commands with modules of their own
app.command(epilog="Example: ringfence backup /backup/ringfence-$(date +%F)")(backup)
app.command(epilog="Example: ringfence restore /backup/ringfence-2026-10-01")(restore)
app.command("token", epilog="Example: TOKEN=$(ringfence token alice --expires 90d)")(issue)
app.add_typer(tokens, name="tokens")
app.add_typer(sync, name="sync")
app.add_typer(events, name="events")
