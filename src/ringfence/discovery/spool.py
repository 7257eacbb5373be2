"""Items of a cloud's lists by project, in a temporary file: memory holds their positions only.

A list comes in the order of its ids, so that a project's items are spread over all of its pages.
The file has no name: it is gone with the process, however that ends. Its directory may be held in
memory, as in containers, so the items are compressed.
"""

import json
import tempfile
import zlib
from array import array
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from ringfence.errors import OperatorError
from ringfence.text.json_value import Json

_LENGTH_BYTES = 4
_LEVEL = 1
# What items have in common; each is compressed by its difference from this.
_ID = "00000000-0000-0000-0000-000000000000"
_RULE = {
    "id": _ID,
    "project_id": "0" * 32,
    "tenant_id": "0" * 32,
    "security_group_id": _ID,
    "ethertype": "IPv4",
    "direction": "ingress",
    "protocol": "tcp",
    "port_range_min": 443,
    "port_range_max": 443,
    "remote_ip_prefix": "0.0.0.0/0",
    "remote_group_id": None,
    "remote_address_group_id": None,
    "normalized_cidr": "0.0.0.0/0",
    "standard_attr_id": 1,
    "belongs_to_default_sg": False,
    "description": "",
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
    "revision_number": 0,
    "tags": [],
}
_PORT = {
    "id": _ID,
    "project_id": "",
    "name": "",
    "device_id": _ID,
    "device_owner": "compute:nova",
    "fixed_ips": [{"subnet_id": _ID, "ip_address": "10.0.0.1"}],
    "security_groups": [_ID],
    "description": "",
    "network_id": _ID,
    "mac_address": "fa:16:3e:00:00:00",
    "status": "ACTIVE",
    "dns_name": "",
    "binding:vnic_type": "normal",
    "port_security_enabled": True,
    "admin_state_up": True,
    "allowed_address_pairs": [],
    "revision_number": 4,
}
_GROUP = {"id": _ID, "name": "default", "stateful": True, "shared": False, "description": ""}
_COMMON = json.dumps([_PORT, {**_GROUP, "security_group_rules": [_RULE, _RULE]}]).encode()


class Spool:
    """Items by project; use it as a context manager."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="ringfence-discovery-")  # noqa: SIM115 - closed by `__exit__`
        self._end = 0
        self._positions: dict[str, array[int]] = {}

    def add(self, project_id: str, item: Json) -> None:
        """Add an item of a project; raise `OperatorError` if there is no space."""
        compressor = zlib.compressobj(_LEVEL, zdict=_COMMON)
        packed = compressor.compress(json.dumps(item).encode()) + compressor.flush()
        record = len(packed).to_bytes(_LENGTH_BYTES) + packed
        try:
            self._file.write(record)
        except OSError as error:
            raise OperatorError(
                f"cannot write to {tempfile.gettempdir()}: {error.strerror}; name a directory with "
                "more space in TMPDIR"
            ) from None
        self._positions.setdefault(project_id, array("Q")).append(self._end)
        self._end += len(record)

    def of(self, project_id: str) -> list[Json]:
        """Return the items of a project in the order in which they were added."""
        return list(self._read(project_id))

    def _read(self, project_id: str) -> Iterator[Json]:
        for position in self._positions.get(project_id, ()):
            self._file.seek(position)
            length = int.from_bytes(self._file.read(_LENGTH_BYTES))
            packed = self._file.read(length)
            yield json.loads(zlib.decompressobj(zdict=_COMMON).decompress(packed))
        self._file.seek(self._end)

    @property
    def size(self) -> int:
        return self._end

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
        except OSError:
            # What is still buffered is not needed.
            return
