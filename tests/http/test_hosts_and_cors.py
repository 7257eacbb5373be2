"""What a request meets first, where no service is needed to tell."""

import pytest

from ringfence.http.middleware.hosts_and_cors import Front
from ringfence.http.middleware.proxies import Caller
from ringfence.settings import Settings


@pytest.mark.parametrize("host", ["x.example", "x.example:8080", "127.0.0.1", "[::1]:80"])
def test_addresses_start_with_the_host_that_was_asked(host):
    caller = Caller("192.0.2.1", "https", host)
    assert Front(Settings(public_url=None)).base(caller) == f"https://{host}"


def test_a_public_address_wins_over_the_host():
    front = Front(Settings(public_url="https://api.example.com"))
    assert front.base(Caller("192.0.2.1", "http", "evil")) == "https://api.example.com"
