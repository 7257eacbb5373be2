"""The temporary file between a scan and the import."""

import errno
import io
import os
import tempfile

import pytest
from tests.neutron.test_translate import GROUP, RULE

from ringfence.discovery.spool import Spool
from ringfence.errors import OperatorError


def test_items_come_back_by_project_and_take_little_space():
    items = [{**GROUP, "id": f"g{n}", "security_group_rules": [RULE] * 8} for n in range(50)]
    with Spool() as spool:
        for number, item in enumerate(items):
            spool.add(f"p{number % 3}", item)
            assert spool.of("p0")[0] == items[0]
        assert spool.of("p1") == items[1::3]
        assert spool.of("nobody") == []
        assert spool.size < 50 * 400


def test_a_full_directory_is_named_with_the_way_out(monkeypatch):
    class Full(io.BytesIO):
        def write(self, _data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    error = "No space left on device; name a directory with"
    with Spool() as spool, pytest.raises(OperatorError, match=error):
        spool.add("p", {})
