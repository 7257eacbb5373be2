import socket

import pytest

from ringfence.errors import OperatorError
from ringfence.service import listener as listening


def test_port_zero_takes_a_free_one():
    with listening.listen("127.0.0.1", 0) as listener:
        host, _, port = listening.host_and_port_of(listener).rpartition(":")
        assert host == "127.0.0.1"
        assert int(port) > 0


def test_a_port_in_use_names_the_option(monkeypatch):
    monkeypatch.setattr(listening, "RELEASE_SECONDS", 0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OperatorError, match=rf"port {port} on 127.0.0.1 is in use.*--port"):
            listening.listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_ours_names_the_option(host):
    with pytest.raises(OperatorError, match="--host"):
        listening.listen(host, 0)
