"""The names of the objects that migrations create, from the texts of the migrations.

A schema may hold tables of other programs. A backup leaves them out, and a restore leaves them
alone.
"""

import re

from ringfence.database import migrate

# Older releases of the job queue have functions that its present text lacks.
PREFIX = "procrastinate_"
_CREATED = re.compile(
    r"^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:UNLOGGED\s+)?(?:TABLE|VIEW|FUNCTION|PROCEDURE|TYPE)\s+"
    r"(?:IF\s+NOT\s+EXISTS\s+)?\"?(\w+)",
    re.IGNORECASE | re.MULTILINE,
)


def created() -> list[str]:
    """Return the names of tables, views, routines and types, also of former ones."""
    texts = (migrate.CREATE_HISTORY, *(each.sql for each in migrate.migrations()))
    return sorted({name.lower() for text in texts for name in _CREATED.findall(text)})
