"""What a request meets first, where no service is needed to tell."""

import pytest

from ringfence.http.middleware.hosts_and_cors import HostsAndCors
from ringfence.http.middleware.proxies import Client
from ringfence.settings import Settings


@pytest.mark.parametrize("host", ["x.example", "x.example:8080", "127.0.0.1", "[::1]:80"])
def test_addresses_start_with_the_host_that_was_asked(host):
    caller = Client("192.0.2.1", "https", host)
    assert HostsAndCors(Settings(public_url=None)).base(caller) == f"https://{host}"


def test_a_public_address_wins_over_the_host():
    front = HostsAndCors(Settings(public_url="https://api.example.com"))
    assert front.base(Client("192.0.2.1", "http", "evil")) == "https://api.example.com"
