"""The client is the one that trusted proxies name."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.http.context import UNKNOWN, Client
from ringfence.http.middleware.proxies import Proxies
from ringfence.settings import Settings, load_settings

TRUSTED = "127.0.0.0/8, ::1, 10.0.0.0/8, 2001:db8:1::/48"


def client(sender, headers=()):
    scope = {
        "client": sender and (sender, 4711),
        "scheme": "http",
        "headers": [
            (name.lower().encode(), value.encode("latin-1"))
            for name, value in [("Host", "requested.example"), *headers]
        ],
    }
    return Proxies(Settings(trusted_proxies=TRUSTED)).client(scope)


def chain(*addresses):
    return [("X-Forwarded-For", address) for address in addresses]


def test_without_a_proxy_the_client_is_that_of_the_connection():
    assert client("192.0.2.1") == Client("192.0.2.1", "http", "requested.example")


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"]
)
def test_headers_of_a_client_are_ignored(header):
    for lie in ("10.0.0.9", "for=10.0.0.9;proto=https;host=evil"):
        found = client("192.0.2.1", [(header, lie)])
        assert found == Client("192.0.2.1", "http", "requested.example")


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        (["192.0.2.7"], "192.0.2.7"),
        (["192.0.2.7, 198.51.100.9"], "198.51.100.9"),
        (["192.0.2.7", "198.51.100.9"], "198.51.100.9"),
        (["192.0.2.7, 10.0.0.2"], "192.0.2.7"),
        (["192.0.2.7, 10.0.0.2, 10.9.9.9"], "192.0.2.7"),
        (["127.0.0.1, 192.0.2.7, 10.0.0.2"], "192.0.2.7"),
        (["10.0.0.5, 10.0.0.2"], "10.0.0.5"),
        (["192.0.2.7:5123"], "192.0.2.7"),
        (["[2001:db8::7]:5123"], "2001:db8::7"),
        (["2001:DB8:0::7"], "2001:db8::7"),
        (["::ffff:192.0.2.7"], "192.0.2.7"),
        # Zones are removed.
        (["fe80::1%eth0"], "fe80::1"),
        (["[fe80::1%25eth0]:5123"], "fe80::1"),
        # An invalid address ends the chain at the proxy that sent it.
        (["192.0.2.7, unknown"], "10.0.0.1"),
        (["192.0.2.7, nonsense, 10.0.0.2"], "10.0.0.2"),
        ([""], "10.0.0.1"),
        ([", ,"], "10.0.0.1"),
    ],
)
def test_the_last_untrusted_address_is_the_client(sent, address):
    assert client("10.0.0.1", chain(*sent)).address == address


def test_the_nearest_proxy_determines_scheme_and_host():
    sent = [
        *chain("192.0.2.7"),
        ("X-Forwarded-Proto", "http, HTTPS"),
        ("X-Forwarded-Host", "evil.example, api.example.com:8443"),
    ]
    assert client("::1", sent) == Client("192.0.2.7", "https", "api.example.com:8443")
    assert client("::1", [("X-Forwarded-Proto", "javascript")]).scheme == "http"
    assert client("::1", [("X-Forwarded-Proto", "https")]) == Client(
        "::1", "https", "requested.example", is_client=False
    )


def test_forwarded_is_not_read_and_names_no_client():
    both = [*chain("192.0.2.7"), ("Forwarded", "for=198.51.100.9;proto=https;host=evil.example")]
    assert client("10.0.0.1", both) == Client("192.0.2.7", "http", "requested.example")
    assert client("10.0.0.1", both[-1:]) == Client(
        "10.0.0.1", "http", "requested.example", is_client=False
    )


@pytest.mark.parametrize("sent", ["unknown", "192.0.2.7, unknown", "nonsense, 10.0.0.2", "", ", ,"])
def test_a_proxy_that_names_no_client_is_not_the_client(sent):
    assert not client("10.0.0.1", chain(sent)).is_client
    assert client("10.0.0.1", chain("192.0.2.7")).is_client
    assert client("10.0.0.1").is_client


def test_several_host_headers_are_invalid_even_behind_a_proxy():
    for more in ([], [("X-Forwarded-Host", "api.example.com")]):
        found = client("10.0.0.1", [("Host", "requested.example"), *more, *chain("192.0.2.7")])
        assert found.host == "requested.example, requested.example"
        assert found.address == "192.0.2.7"


def test_a_connection_without_an_address_is_unknown_and_never_trusted():
    assert client(None, chain("192.0.2.7")).address == UNKNOWN
    assert client("socket", chain("192.0.2.7")).address == UNKNOWN


def test_no_proxy_is_trusted_if_the_setting_is_none():
    settings = load_settings({"RINGFENCE_TRUSTED_PROXIES": "none"})
    scope = {
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "headers": [(b"x-forwarded-for", b"::2")],
    }
    assert Proxies(settings).client(scope).address == "127.0.0.1"


@given(st.lists(st.text(alphabet='0123456789abcdef.:%[], ;="for\x00é', max_size=60), max_size=4))
def test_any_header_results_in_an_address(sent):
    found = client("10.0.0.1", chain(*sent))
    # As the database reads them: an address without a zone
    assert str(ip_address(found.address)) == found.address
    assert "%" not in found.address


@given(
    st.lists(st.ip_addresses().map(str), max_size=30),
    st.ip_addresses(v=4, network="203.0.113.0/24"),
)
def test_nothing_that_a_client_sends_changes_the_address_that_its_proxy_appends(lies, truth):
    sent = ", ".join([*lies, str(truth), "10.1.1.1"])
    assert client("10.0.0.1", chain(sent)).address == str(truth)
