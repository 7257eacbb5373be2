"""`ringfence discover --waldur`: read a Waldur site into a provisioning file or the database."""

# ruff: noqa: PLC0415 - imports inside functions, so that `--help` responds at once

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ringfence.cli import output
from ringfence.cli.startup import migrated, start, with_database
from ringfence.errors import OperatorError

if TYPE_CHECKING:
    from ringfence.discovery.waldur.existing import Existing
    from ringfence.discovery.waldur.site import Summary
    from ringfence.provisioning.schema import Document
    from ringfence.settings import Settings

    Reading = Callable[..., AbstractContextManager[tuple[Iterator[Document], Summary]]]

# `--token-file -`
STANDARD_INPUT = Path("-")


@dataclass(frozen=True, slots=True)
class WaldurSite:
    """What the options say about the site; each of `clouds` is WALDUR_NAME=ENTRY."""

    url: str
    token: str | None
    token_file: Path | None
    clouds: Sequence[str]


def discover_waldur(site: WaldurSite, write: Path | None, *, load: bool) -> list[str]:
    """Read the site, write or load what it has, and return a summary."""
    from ringfence.discovery.provisioning_file import write_documents

    settings = start()
    reading = partial(_reading, site.url, token_of(site, settings), read_clouds(site.clouds))
    if load:
        return _load(settings, reading)
    with reading() as (documents, summary):
        if write is not None:
            write_documents(write, documents)
        else:
            for _ in documents:
                pass
    return summary.lines()


def read_clouds(pairs: Sequence[str]) -> Mapping[str, str]:
    """Return the entries of clouds.yaml by the names of Waldur's clouds."""
    entries: dict[str, str] = {}
    for pair in pairs:
        # A name in Waldur may contain "=".
        name, _, entry = pair.rpartition("=")
        if not name or not entry:
            raise OperatorError(
                f"--cloud {pair!r}: expected WALDUR_NAME=ENTRY, the name of a cloud in Waldur and "
                "its entry of clouds.yaml"
            )
        if entries.setdefault(name, entry) != entry:
            raise OperatorError(f"--cloud: {name!r} has two entries, {entries[name]} and {entry}")
    return entries


@contextmanager
def _reading(
    url: str, token: str, entries: Mapping[str, str], existing: "Existing | None" = None
) -> Iterator[tuple[Iterator["Document"], "Summary"]]:
    """Yield the documents of the site, and the summary that they complete."""
    from ringfence.cli.api.credentials import exposure
    from ringfence.discovery.waldur.client import WaldurClient
    from ringfence.discovery.waldur.site import NOTHING, Summary, read_site

    summary = Summary()
    with output.advancing("Reading Waldur") as advance:
        client = WaldurClient(url, token)
        if warning := exposure(client.url):
            output.warn(warning)
        yield read_site(client, entries, summary, advance, existing or NOTHING), summary


def _load(settings: "Settings", reading: "Reading") -> list[str]:
    """Read everything before anything is stored, then load it in batches."""
    from ringfence.discovery.provisioning_file import write_documents
    from ringfence.discovery.waldur.existing import read_existing
    from ringfence.provisioning.resumable import load_resumable

    with (
        migrated(settings) as (conninfo, _),
        tempfile.TemporaryDirectory(prefix="ringfence-") as folder,
    ):
        path = Path(folder) / "waldur.jsonl"
        with reading(existing=with_database(conninfo, read_existing)) as (documents, summary):
            write_documents(path, documents)
        with output.advancing("Loading") as show_progress:

            def advance(done: int, total: int, groups: int) -> None:
                show_progress(done, total, f"{groups:,} groups")

            load = partial(load_resumable, paths=[path], advance=advance)
            try:
                loaded = with_database(conninfo, load).report.lines()
            except OperatorError as error:
                advice = "to see these lines, write them with --write FILE.jsonl"
                raise OperatorError(*error.lines, advice) from None
    return [*summary.lines(), *loaded]


def token_of(site: WaldurSite, settings: "Settings") -> str:
    """Return the token of the options, the setting, the terminal or standard input."""
    if site.token is not None and site.token_file is not None:
        raise OperatorError("--token and --token-file exclude each other")
    if site.token is not None:
        return site.token
    if site.token_file is not None and site.token_file != STANDARD_INPUT:
        try:
            return site.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not text"
            raise OperatorError(f"--token-file {site.token_file}: {reason}") from None
    if site.token_file is None and settings.waldur_token is not None:
        return settings.waldur_token.get_secret_value()
    if site.token_file is None and sys.stdin.isatty():
        prompted: str = typer.prompt("Waldur token", hide_input=True, err=True)
        return prompted
    return sys.stdin.readline().strip()
