"""The files by which the embedded server authenticates clients.

They are outside the data, which the server's user can write: root must not follow their links.
"""

import os
from pathlib import Path

from ringfence.database.embedded import roles
from ringfence.database.embedded.home import NAME, Account, operator_name

# Only this system user can connect, and only through the socket.
HBA = f"local all {','.join(roles.ALL)} peer map={NAME}\n"


def write(home: Path) -> bool:
    """Write files whose content differs; return whether there were any."""
    changed = False
    for path, text in _files(home).items():
        # On a full disk, rewriting the same content would lose it.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed = True
    return changed


def let_read(home: Path, account: Account) -> None:
    """Let the server's user read the files, and nobody else if that is the user of this process."""
    for path in _files(home):
        path.chmod(0o644 if account.uid != os.geteuid() else 0o600)


def _files(home: Path) -> dict[Path, str]:
    quoted = operator_name().replace('"', '""')
    ident = "".join(f'{NAME} "{quoted}" {role}\n' for role in roles.ALL)
    return {home / "pg_hba.conf": HBA, home / "pg_ident.conf": ident}
