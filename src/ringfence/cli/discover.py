"""`ringfence discover`: make the projects of an OpenStack cloud tenants."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli import output
from ringfence.cli.startup import migrated, start, with_database
from ringfence.cli.waldur import WaldurSite, discover_waldur
from ringfence.errors import OperatorError

if TYPE_CHECKING:
    from ringfence.database.pool import Database
    from ringfence.discovery.commands import Outcome
    from ringfence.discovery.found import Selection

# The lists of a scan, in their order
LISTS = ("projects", "floatingips", "ports", "rbac_policies", "security_groups")
ALL = "*"
WORDS = {"floatingips": "floating IPs", "rbac_policies": "policies"}


def discover(  # noqa: PLR0913 - the options of the command
    clouds: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CLOUD...",
            help="Entry of clouds.yaml. Several, if each has the credentials of one project.",
            show_default=False,
        ),
    ] = None,
    *,
    domain: Annotated[
        list[str] | None,
        typer.Option(metavar="DOMAIN", help="Only this domain (name or ID). May be repeated."),
    ] = None,
    match: Annotated[
        str, typer.Option(metavar="GLOB", help="Only projects with such a name, like 'web-*'.")
    ] = ALL,
    customer: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="One customer for all projects, instead of the domain."),
    ] = None,
    by_parent: Annotated[
        bool,
        typer.Option("--by-parent", help="The parent project, if there is one, is the customer."),
    ] = False,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the cloud here; default: that of the entry."),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a provisioning file: YAML, *.json or *.jsonl.",
        ),
    ] = None,
    load: Annotated[
        bool, typer.Option("--load", help="Create the tenants here, with their groups.")
    ] = False,
    waldur: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Read this Waldur site instead of a cloud."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            help="Waldur's token. Other users of this machine can read it: prefer --token-file, "
            "RINGFENCE_WALDUR_TOKEN, the prompt or standard input.",
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with Waldur's token; - for standard input."),
    ] = None,
    waldur_clouds: Annotated[
        list[str] | None,
        typer.Option(
            "--cloud",
            metavar="WALDUR_NAME=ENTRY",
            help="Entry of clouds.yaml for a cloud of Waldur. May be repeated.",
        ),
    ] = None,
    follow: Annotated[
        bool | None,
        typer.Option(
            "--follow/--no-follow",
            help="With --load: let the worker repeat it, or not any more.",
            show_default="as before",
        ),
    ] = None,
) -> None:
    """Find the projects of an OpenStack cloud, make them tenants, and report what they have.

    Sends only GET requests to the cloud, and signs in. Without --write and --load it only
    reports. Running it again adds new projects and renames renamed ones; nothing is removed.

    With --waldur, the customers, projects, tenants, groups, users and roles come from a Waldur
    site, with their UUIDs.
    """
    from ringfence.discovery.commands import require_sources
    from ringfence.discovery.found import Selection

    if write is not None and load:
        raise OperatorError("--write and --load exclude each other: load the file that was written")
    of_cloud = {
        "CLOUD": clouds,
        "--domain": domain,
        "--match": match != ALL,
        "--customer": customer,
        "--by-parent": by_parent,
        "--name": name,
        "--follow": follow is not None,
    }
    of_waldur = {"--token": token, "--token-file": token_file, "--cloud": waldur_clouds}
    if waldur is not None:
        _refuse(of_cloud, "has no meaning with --waldur")
        site = WaldurSite(waldur, token, token_file, waldur_clouds or ())
        output.show(discover_waldur(site, write, load=load))
        return
    _refuse(of_waldur, "needs --waldur URL")
    if not clouds:
        raise OperatorError("name an entry of clouds.yaml, or --waldur URL")
    if follow is not None and not load:
        raise OperatorError("--follow and --no-follow need --load: the worker creates tenants")
    selection = Selection(
        cloud=name or clouds[0],
        entries=tuple(dict.fromkeys(clouds)),
        domains=tuple(domain or ()),
        match=match,
        customer=customer,
        by_parent=by_parent,
    )
    require_sources(selection)
    output.show(_load(selection, follow=follow) if load else _look(selection, write))


def _refuse(options: Mapping[str, object], reason: str) -> None:
    """Raise `OperatorError` for options that are given and have no effect."""
    if given := [name for name, value in options.items() if value]:
        raise OperatorError(f"{', '.join(given)}: {reason}; leave it out")


def _look(selection: "Selection", write: Path | None) -> list[str]:
    """Scan the cloud; write the file if there is one; return the report."""
    import asyncio

    from ringfence.discovery.provisioning_file import write_file
    from ringfence.discovery.scan import scanning
    from ringfence.discovery.tenants import provisioning_tree

    async def work() -> list[str]:
        with output.advancing("Discovering") as show_progress:
            async with scanning(selection, _scan_progress(show_progress)) as scan:
                if write is not None:
                    write_file(write, provisioning_tree(scan.found, selection))
                return [*scan.report.lines(), *_next_step(scan.report.tenants, write)]

    start()
    _check_clouds_file()
    return asyncio.run(work())


def _next_step(tenants: int, written: Path | None) -> list[str]:
    """Return a line that says what a scan without --load leaves to do."""
    if not tenants:
        return ["no tenants: no project has such a name; see --match and --domain"]
    if written is not None:
        return [f"written: {written}; load it with ringfence load"]
    return ["nothing stored: --load creates the tenants, --write FILE a file to review"]


def _load(selection: "Selection", *, follow: bool | None) -> list[str]:
    from ringfence.discovery import follow as following
    from ringfence.discovery.runs import Request
    from ringfence.sync.compare import MassRemovalGuard

    settings = start()
    _check_clouds_file()
    guard = MassRemovalGuard(settings.missing_count, settings.missing_share)
    request = Request(selection, follow=follow)

    async def work(database: "Database") -> "Outcome":
        with output.advancing("Discovering") as show_progress:

            def advance_import(done: int, total: int, groups: int) -> None:
                show_progress(total + done, 2 * total, f"importing, {groups:,} groups")

            return await following.run_now(
                database, request, guard, _scan_progress(show_progress), advance_import
            )

    with migrated(settings) as (conninfo, _):
        return with_database(conninfo, work, size=4).lines()


def _scan_progress(show: Callable[[int, int, str], None]) -> Callable[[str, int], None]:
    """Return a function that shows how far the scan is: its lists are the first half."""

    def advance(kind: str, number: int) -> None:
        words = WORDS.get(kind, kind.replace("_", " "))
        show(LISTS.index(kind), 2 * len(LISTS), f"{number:,} {words}")

    return advance


def _check_clouds_file() -> None:
    from ringfence.service.clouds_file import check_clouds_file

    check_clouds_file(os.environ)
