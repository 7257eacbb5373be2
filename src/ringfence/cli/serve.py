"""`ringfence serve`, `worker` and `demo`: the commands that run until a signal.

Each opens settings and database as every command does (`cli/startup.py`), and then runs the
processes of `service/supervisor.py`, or one worker in its own process.
"""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli import output
from ringfence.cli.startup import migrated, start, with_database

if TYPE_CHECKING:
    from ringfence.database.pool import Database
    from ringfence.settings import Settings

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 selects a free one.")]


def serve(
    *,
    host: Annotated[str, typer.Option(help="IP address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            show_default="one for each core, at most 2",
            help="Number of API processes.",
        ),
    ] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Do not run a job worker beside the API.")
    ] = False,
) -> None:
    """Migrate the database, then serve the API and run one job worker.

    Prints `ready http://HOST:PORT` on standard output once the API responds. On SIGTERM, requests
    and jobs in flight are finished first.
    """
    settings = start()
    _serve(settings, host, port, workers=workers, job_worker=not no_worker)


def worker(
    *,
    concurrency: Annotated[
        int, typer.Option(min=1, max=256, help="Jobs to run at the same time.")
    ] = 8,
    host: Annotated[str, typer.Option(help="IP address of --port.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(max=65535, help="Serve /health/ and /metrics on this port.")
    ] = None,
) -> None:
    """Run jobs only. Start as many workers as you like, on as many machines.

    On SIGTERM, jobs in flight are finished first.
    """
    from ringfence.service.clouds_file import check_clouds_file

    settings = start()
    check_clouds_file(os.environ)
    with migrated(settings):
        from ringfence.service.processes import restart, restarts_on_hang_up, work, work_monitored

        with restarts_on_hang_up() as is_restart_requested:
            if port is None:
                work(settings, concurrency)
            else:
                work_monitored(settings, concurrency, host, port)
    if is_restart_requested():
        restart()
    from ringfence.sync.worker import end_process

    end_process(0)


def demo(
    *,
    port: Port = 8000,
    show: Annotated[
        bool, typer.Option("--show", help="Print URLs and a new token of the running one.")
    ] = False,
) -> None:
    """Serve demonstration data over a sandbox cloud.

    Prints the URLs, a token and one command to try, once it responds. Uses a data directory of its
    own, unless RINGFENCE_HOME or RINGFENCE_DATABASE_URL is set, and logs warnings only, unless
    RINGFENCE_LOG_LEVEL is set.
    """
    from ringfence.cli import demo as demonstration
    from ringfence.telemetry import logs

    settings = demonstration.demonstration_settings(start())
    logs.configure(settings.log_level)
    if show:
        _show_again(settings)
        return
    secret = ""
    step = demonstration.steps(settings)

    async def load(database: "Database") -> None:
        nonlocal secret
        step("loading the demonstration data")
        secret = await demonstration.prepare(database)
        step("starting the API and a worker")

    def welcome(host_and_port: str) -> Sequence[str]:
        note(host_and_port)
        return demonstration.welcome(host_and_port, secret)

    with demonstration.noting(settings) as note:
        _serve(
            settings,
            "127.0.0.1",
            port,
            begin=lambda: step(demonstration.starting(settings)),
            before=lambda conninfo: with_database(conninfo, load),
            after=welcome,
        )


def _show_again(settings: "Settings") -> None:
    from ringfence.cli.demo import new_token, served_at, welcome

    host_and_port = served_at(settings)
    with migrated(settings) as (conninfo, _):
        secret = with_database(conninfo, new_token)
    for line in welcome(host_and_port, secret):
        output.say(line)


def _serve(  # noqa: PLR0913 - the parameters of `serve` and `demo`
    settings: "Settings",
    host: str,
    port: int,
    *,
    workers: int | None = None,
    job_worker: bool = True,
    begin: Callable[[], object] = lambda: None,
    before: Callable[[str], object] = lambda _conninfo: None,
    after: Callable[[str], Sequence[str]] = lambda _host_and_port: (),
) -> None:
    from ringfence.service.clouds_file import check_clouds_file
    from ringfence.service.listener import host_and_port_of, listen
    from ringfence.service.processes import default_api_processes, supervise

    check_clouds_file(os.environ)
    # The port first: if it is in use, nothing has been started or changed.
    with ExitStack() as opened:
        listener = opened.enter_context(listen(host, port))
        begin()
        conninfo, _ = opened.enter_context(migrated(settings))
        before(conninfo)
        host_and_port = host_and_port_of(listener)

        def ready() -> None:
            for line in (f"ready http://{host_and_port}", *after(host_and_port)):
                output.say(line)

        supervise(
            listener,
            settings=settings,
            api_processes=workers or default_api_processes(),
            job_worker=job_worker,
            on_ready=ready,
        )
