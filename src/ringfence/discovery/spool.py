"""Items of a cloud's lists by project, in a temporary file: memory holds only their offsets.

A list comes in the order of its ids, so that a project's items are spread over all of its pages.
The file has no name: it is gone with the process, however that ends.
"""

import json
import tempfile
from array import array
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from ringfence.text.json_value import Json


class Spool:
    """Items by project; use it as a context manager."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="ringfence-discovery-")  # noqa: SIM115 - closed by `__exit__`
        self._end = 0
        self._offsets: dict[str, array[int]] = {}

    def add(self, project_id: str, item: Json) -> None:
        line = json.dumps(item).encode() + b"\n"
        self._offsets.setdefault(project_id, array("Q")).append(self._end)
        self._file.write(line)
        self._end += len(line)

    def of(self, project_id: str) -> Iterator[Json]:
        """Yield the items of a project in the order in which they were added."""
        for offset in self._offsets.get(project_id, ()):
            self._file.seek(offset)
            yield json.loads(self._file.readline())
        self._file.seek(self._end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
