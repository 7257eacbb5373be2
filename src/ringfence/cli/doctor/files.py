"""Check who else may read or change the data directory and the configuration files."""

import os
from collections.abc import Iterator
from pathlib import Path

from ringfence.monitoring.checks.check import Check, failed, few, passed
from ringfence.service.clouds_file import VARIABLE as CLOUDS_VARIABLE
from ringfence.settings import FILE_VARIABLE, Settings

_NAME = "file modes"


def file_modes(settings: Settings) -> list[Check]:
    """Check the data directory and the configuration files; nothing without any of them."""
    is_embedded = settings.database_url is None and settings.home.is_dir()
    checked = list(_allowed_modes(settings.home)) if is_embedded else []
    for variable in (FILE_VARIABLE, CLOUDS_VARIABLE):
        path = Path(os.environ.get(variable) or os.devnull)
        checked += [(path, 0o755)] if path.is_file() else []
    if not checked:
        return []
    tested = f"modes of {len(checked)} files and directories"
    found = [
        f"{path} ({mode:o}): run chmod {mode & allowed:o} {path}"
        for path, allowed in checked
        if (mode := path.stat().st_mode & 0o777) & ~allowed
    ]
    if found:
        fix = "run the commands, then check who had access"
        return [failed(_NAME, f"too permissive: {few(found)}", tested, fix)]
    return [passed(_NAME, "no access for other users", tested)]


def _allowed_modes(home: Path) -> Iterator[tuple[Path, int]]:
    """Yield the paths of a data directory with the most permissive mode allowed for each."""
    # Its contents have modes of their own.
    yield home, 0o755
    for name, allowed in (("data", 0o750), ("run", 0o700), ("postgresql.log", 0o600)):
        if (home / name).exists():
            yield home / name, allowed
    # The user that runs the server reads these.
    for name in ("pg_hba.conf", "pg_ident.conf", "postgresql"):
        if (home / name).exists():
            yield home / name, 0o755 if name == "postgresql" else 0o644
