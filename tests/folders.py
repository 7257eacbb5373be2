"""Folders of tests in the short folder, which is kept between runs."""

from pathlib import Path
from uuid import uuid4


def unused(short_folder: Path, name: str) -> Path:
    """Return the path of a folder that does not exist yet.

    A run that is killed leaves its folders, and a later process can have the same id.
    """
    return short_folder / f"{name}-{uuid4().hex[:8]}"
