"""The folder of the embedded server: whose it is, and who can pass.

Nothing outside it ever changes its owner or its permissions. Run by root, the server itself runs
as an unprivileged user, who must be able to pass the folders above.
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

# The first of them that exists runs the server when root starts it.
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
        """Give the arguments of `subprocess` that run a program as this user."""
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
    """Give the name of the user who runs this process; PostgreSQL recognises it by that."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise OperatorError(
            f"user {os.geteuid()} has no name on this system, which the embedded database needs: "
            "give it one, or set RINGFENCE_DATABASE_URL"
        ) from None


def prepare(home: Path) -> None:
    """Make the home where there is none, and refuse one that others could change."""
    _refuse_odd(home)
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    # The unprivileged server passes through what root makes, and lists nothing there.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    for folder in reversed(missing):
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        folder.chmod(mode)
    status = home.stat()
    if not stat.S_ISDIR(status.st_mode):
        raise OperatorError(f"{home} is not a folder: set RINGFENCE_HOME to another place")
    if status.st_uid != os.geteuid():
        raise OperatorError(
            f"{home} belongs to {_name_of(status.st_uid)}: run as that user, "
            "or set RINGFENCE_HOME to another place"
        )
    if (home / "run").exists() and not (home / "users.lock").exists():
        raise OperatorError(
            f"{home} is a folder of something else: set RINGFENCE_HOME to one that is empty"
        )
    if status.st_mode & 0o002:
        raise OperatorError(f"everyone may write in {home}: run `chmod o-w {home}`")
    if os.geteuid() == 0:
        # Passing through shows nothing: whatever lies inside is closed by itself.
        home.chmod(stat.S_IMODE(status.st_mode) | 0o011)


def _refuse_odd(home: Path) -> None:
    """Raise for a path that programs of PostgreSQL would take for more than a path.

    `initdb` puts the path of `postgres` between double quotes of a shell.
    """
    odd = [shown for mark, shown in _ODD.items() if mark in str(home)]
    if odd or not str(home).isprintable():
        what = " and ".join(odd) or "characters that cannot be printed"
        raise OperatorError(
            f"the path {home} has {what} in it, which the programs of the embedded database "
            "cannot use: set RINGFENCE_HOME to another place"
        )


def server_account(home: Path, data: Path) -> Account:
    """Give the user who runs the server, and make sure that it can pass to `home`."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), operator_name())
    account = _unprivileged(data)
    blocking = _first_impassable(home, account)
    if blocking is not None:
        raise OperatorError(
            f"{blocking} is closed to the user {account.name}, who runs the database when root "
            "starts it: set RINGFENCE_HOME to a place such as /var/lib/ringfence"
        )
    return account


def _unprivileged(data: Path) -> Account:
    names: tuple[str, ...] = UNPRIVILEGED
    if data.exists():
        # Another choice later (a user `ringfence` appears) must not lose the data's owner.
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
    # The kernel decides, not the mode bits: there are access control lists too.
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
    """Make a folder that only `account` may enter; refuse one that somebody else made."""
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
    """Give the place of the server's socket: in the home, unless that path is too long for one."""
    folder = home / "run"
    # Clients of PostgreSQL take a comma for the end of a path.
    if len(os.fsencode(folder / SOCKET)) <= LONGEST_SOCKET and "," not in str(folder):
        return folder
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir(), f"ringfence-{os.geteuid()}-{digest}")
    if "," in str(folder):
        raise OperatorError(f"the path {folder.parent} has a comma in it: set another TMPDIR")
    if len(os.fsencode(folder / SOCKET)) > LONGEST_SOCKET:
        raise OperatorError(f"the path {home} is too long for a socket: set a shorter TMPDIR")
    return folder
