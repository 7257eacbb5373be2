"""Prepare the data directory of the embedded server, and check its owner and permissions.

Nothing outside it is changed. If root starts the service, the server runs as an unprivileged user,
who must have search permission on the parent folders.
"""

import hashlib
import os
import pwd
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringfence.errors import OperatorError

# The administrating role, the database, and the map of client authentication
NAME = "ringfence"
# If root starts the service, the first of these users that exists runs the server.
UNPRIVILEGED = ("ringfence", "postgres", "nobody")
# Linux allows 107 bytes for a socket's path, macOS 103.
LONGEST_SOCKET = 100
SOCKET = ".s.PGSQL.5432"
OWNER_ONLY = 0o700
_ODD = {'"': "a double quote", "$": "a dollar sign", "`": "a backquote", "\\": "a backslash"}


@dataclass(frozen=True)
class Account:
    """An operating system user who runs the server."""

    uid: int
    gid: int
    name: str

    def subprocess_options(self) -> dict[str, Any]:
        """Return the arguments of `subprocess` that run a program as this user."""
        options: dict[str, Any] = {
            "env": {"PATH": os.defpath, "LC_ALL": "C"},
            "stdin": subprocess.DEVNULL,
            "start_new_session": True,
            "umask": 0o077,
        }
        if self.uid != os.geteuid():
            groups = os.getgrouplist(self.name, self.gid)
            options |= {"user": self.uid, "group": self.gid, "extra_groups": groups}
        return options


def operator_name() -> str:
    """Return the name of the user of this process, by which PostgreSQL authenticates it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise OperatorError(
            f"user {os.geteuid()} has no name on this system, which the embedded database needs: "
            "give it one, or set RINGFENCE_DATABASE_URL"
        ) from None


def prepare(home: Path) -> None:
    """Create the data directory, and refuse one that other users could change."""
    _refuse_odd(home)
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    # The unprivileged user may search folders that root creates, but not list them.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    for folder in reversed(missing):
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        folder.chmod(mode)
    status = home.stat()
    if not stat.S_ISDIR(status.st_mode):
        raise OperatorError(f"{home} is not a folder: set RINGFENCE_HOME to another folder")
    if status.st_uid != os.geteuid():
        raise OperatorError(
            f"{home} belongs to {_name_of(status.st_uid)}: run as that user, "
            "or set RINGFENCE_HOME to another folder"
        )
    if (home / "run").exists() and not (home / "users.lock").exists():
        raise OperatorError(
            f"{home} is not a Ringfence data directory: set RINGFENCE_HOME to an empty one"
        )
    if status.st_mode & 0o002:
        raise OperatorError(f"{home} is world-writable: run `chmod o-w {home}`")
    if os.geteuid() == 0:
        # Search permission reveals nothing: each folder inside is closed.
        home.chmod(stat.S_IMODE(status.st_mode) | 0o011)


def _refuse_odd(home: Path) -> None:
    """Raise for a path with characters that PostgreSQL's programs would interpret.

    `initdb` puts the path of `postgres` into double quotes in a shell command.
    """
    odd = [shown for mark, shown in _ODD.items() if mark in str(home)]
    if odd or not str(home).isprintable():
        what = " and ".join(odd) or "characters that cannot be printed"
        raise OperatorError(
            f"the path {home} has {what} in it, which the programs of the embedded database "
            "cannot use: set RINGFENCE_HOME to another folder"
        )


def server_account(home: Path, data: Path) -> Account:
    """Return the user who runs the server; raise `OperatorError` if it cannot reach `home`."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), operator_name())
    account = _unprivileged(data)
    blocking = _first_impassable(home, account)
    if blocking is not None:
        raise OperatorError(
            f"the user {account.name} cannot enter {blocking}; it runs the database when root "
            "starts it: set RINGFENCE_HOME to a folder such as /var/lib/ringfence"
        )
    return account


def _unprivileged(data: Path) -> Account:
    names: tuple[str, ...] = UNPRIVILEGED
    if data.exists():
        # The owner of the data stays, even if a user `ringfence` is created later.
        names = (_name_of(data.stat().st_uid),)
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, name)
    raise OperatorError(
        f"there is no user {' or '.join(names)} to run the database as: create one, "
        "run as another user than root, or set RINGFENCE_DATABASE_URL"
    )


def _first_impassable(home: Path, account: Account) -> Path | None:
    # Ask the kernel: besides the mode bits there are access control lists.
    if _passable(home, account):
        return None
    for folder in reversed(home.parents):
        if not _passable(folder, account):
            return folder
    return home


def _passable(folder: Path, account: Account) -> bool:
    options = account.subprocess_options() | {"cwd": "/", "stderr": subprocess.DEVNULL}
    command = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]
    result = subprocess.run(command, check=False, **options)  # noqa: S603 - one folder is its input
    return result.returncode == 0


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def own_folder(folder: Path, account: Account) -> None:
    """Create a folder that only `account` may enter; refuse one of another user."""
    try:
        folder.mkdir(mode=OWNER_ONLY)
    except FileExistsError:
        pass
    else:
        os.chown(folder, account.uid, account.gid)
    status = folder.lstat()
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == account.uid
    if not ours or stat.S_IMODE(status.st_mode) != OWNER_ONLY:
        raise OperatorError(
            f"{folder} must be a folder of the user {account.name} that nobody else may enter: "
            "remove it and start again"
        )


def socket_folder(home: Path) -> Path:
    """Return the folder of the server's socket: the data directory, unless its path is too long."""
    folder = home / "run"
    # libpq separates hosts with commas.
    if len(os.fsencode(folder / SOCKET)) <= LONGEST_SOCKET and "," not in str(folder):
        return folder
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir(), f"ringfence-{os.geteuid()}-{digest}")
    if "," in str(folder):
        raise OperatorError(f"the path {folder.parent} has a comma in it: set another TMPDIR")
    if len(os.fsencode(folder / SOCKET)) > LONGEST_SOCKET:
        raise OperatorError(f"the path {home} is too long for a socket: set a shorter TMPDIR")
    return folder
