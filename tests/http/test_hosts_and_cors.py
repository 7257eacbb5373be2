"""The base of URLs in responses."""

import pytest

from ringfence.http.context import Client
from ringfence.http.middleware.hosts_and_cors import HostsAndCors
from ringfence.settings import Settings


@pytest.mark.parametrize("host", ["x.example", "x.example:8080", "127.0.0.1", "[::1]:80"])
def test_urls_start_with_the_requested_host(host):
    client = Client("192.0.2.1", "https", host)
    assert HostsAndCors(Settings(public_url=None)).base_url(client) == f"https://{host}"


def test_the_public_url_overrides_the_host():
    hosts = HostsAndCors(Settings(public_url="https://api.example.com"))
    assert hosts.base_url(Client("192.0.2.1", "http", "evil")) == "https://api.example.com"
