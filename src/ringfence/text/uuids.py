"""UUIDs in text: 32 hexadecimal digits, or the form with dashes."""

from uuid import UUID

HEX_UUID = r"[0-9a-fA-F]{32}"
DASHED_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
ANY_UUID = f"(?:{HEX_UUID}|{DASHED_UUID})"


def parse_uuid(text: str) -> UUID | None:
    """Return the UUID, or None if the text is none.

    Braces and `urn:uuid:` are accepted too, as by Django's field, which Waldur uses.
    """
    try:
        return UUID(text)
    except ValueError:
        return None
