"""Make text from a cloud storable: every text of a response passes through here once.

PostgreSQL stores neither NUL nor a lone surrogate, and an index row has at most about 2,700 bytes.
A cloud may send any of these: JSON has escapes for both characters. The storable text is what is
compared with the desired values, pushed, shown and logged, so a replaced character is never drift.
"""

import json
import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
CUT = "…"
# Names and descriptions have 255 characters in Neutron (`NAME_FIELD_SIZE`,
# `DESCRIPTION_FIELD_SIZE` of neutron-lib), ids 36.
LONGEST_TEXT = 255

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return the text without what PostgreSQL cannot store; a longer one ends in an ellipsis."""
    if len(text) > longest:
        text = text[: longest - len(CUT)] + CUT
    # Neither NUL nor a surrogate is printable, and most texts are.
    return text if text.isprintable() else _UNSTORABLE.sub(REPLACEMENT, text)


def storable_value(value: object, longest: int = LONGEST_TEXT) -> str:
    """Return any JSON value as storable text; null is empty."""
    if value is None:
        return ""
    if not isinstance(value, str):
        value = json.dumps(value, default=str)
    return storable(value, longest)
