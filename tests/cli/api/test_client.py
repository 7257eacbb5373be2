"""The HTTP client: what it repeats, where the token goes, how pages follow each other."""

import subprocess

import pytest
import requests
from tests.cli.api.stand_in import serving

from ringfence.cli.api.client import Client, Reply, Unreachable, connect
from ringfence.cli.api.credentials import Credentials
from ringfence.errors import OperatorError

GROUPS = "/api/openstack-security-groups/"
SOON = {"Retry_After": "0"}


@pytest.fixture(scope="module")
def running():
    with serving() as service:
        yield service


@pytest.fixture
def service(running):
    running.responses.clear()
    running.requests.clear()
    yield running
    assert running.responses == []


@pytest.fixture
def client(service):
    return Client(Credentials(service.url, "the-token"))


def test_a_request_has_the_token_and_no_other_credentials(service, client, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    service.respond([])
    client.get(GROUPS, [("name", "a b&c")])
    [request] = service.requests
    assert request.headers["Authorization"] == "Token the-token"
    assert request.path == f"{GROUPS}?name=a+b%26c"


def test_pages_follow_each_other_whatever_host_the_links_name(service, client):
    link = '<http://elsewhere.example/other/?page=2&name=a+b&cursor=xyz>; rel="next"'
    service.respond([1, 2], Link=link)
    service.respond([3])
    assert list(client.items(GROUPS, [("name", "a b")])) == [1, 2, 3]
    first, second = service.requests
    assert first.path == f"{GROUPS}?name=a+b&page_size=300"
    assert second.path == f"{GROUPS}?page=2&name=a+b&cursor=xyz"


def test_pages_that_lead_back_end_with_an_error(service, client):
    for number in (2, 3, 2):
        service.respond([number], Link=f'<http://h/?page={number}>; rel="next"')
    with pytest.raises(OperatorError, match="its pages lead back to an earlier one"):
        list(client.items(GROUPS))


def test_a_page_is_requested_when_the_one_before_it_is_used_up(service, client):
    service.respond([1, 2], Link='</?page=2>; rel="next"')
    items = client.items(GROUPS)
    assert [next(items), next(items)] == [1, 2]
    assert len(service.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_gets_the_same_request_again(service, client, status):
    service.respond({"detail": "Busy."}, status, **SOON)
    service.respond(None)
    client.change("POST", f"{GROUPS}x/pull/", {"a": 1}, unchanged_since=Reply(None, '"v7"'))
    first, second = service.requests
    assert first.headers == second.headers
    assert first.body == second.body == {"a": 1}
    assert first.headers["If-Match"] == '"v7"'
    assert len(first.headers["Idempotency-Key"]) == 36


def test_two_changes_have_two_keys(service, client):
    for _ in range(2):
        service.respond(None)
        client.change("POST", f"{GROUPS}x/pull/")
    first, second = (request.headers["Idempotency-Key"] for request in service.requests)
    assert first != second


def test_a_service_that_stays_busy_is_an_error(service, client):
    for _ in range(5):
        service.respond({"detail": "Busy."}, 503, **SOON)
    with pytest.raises(Unreachable, match=r"^Busy"):
        client.get(GROUPS)


@pytest.mark.parametrize("status", [502, 504])
def test_a_proxy_without_its_service_counts_as_away(service, client, status):
    service.respond(b"<html>", status)
    with pytest.raises(Unreachable, match=f"the service responded with status {status}"):
        client.get(GROUPS)


def test_a_lost_connection_is_repeated_with_the_same_key(service, client):
    service.responses.append(None)
    service.respond(None)
    client.change("POST", f"{GROUPS}x/pull/")
    first, second = service.requests
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_a_password_is_sent_once(service):
    service.respond({"detail": "Throttled."}, 429, **SOON)
    unsigned = Client(Credentials(service.url, ""), attempts=1)
    with pytest.raises(OperatorError, match=r"^Throttled"):
        unsigned.sign_in("ann", "hunter2")
    [request] = service.requests
    assert "Authorization" not in request.headers
    assert request.body == {"username": "ann", "password": "hunter2"}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(service, client, status):
    service.respond(None, status, Location="http://elsewhere.example/api/")
    with pytest.raises(OperatorError, match=r"redirects to http://elsewhere.example/api/"):
        client.get(GROUPS)
    assert len(service.requests) == 1


@pytest.mark.parametrize("status", [300, 302, 304])
def test_a_redirect_to_nowhere_is_no_success(service, client, status):
    service.respond(b"", status)
    with pytest.raises(OperatorError, match="redirects to nowhere"):
        client.change("DELETE", f"{GROUPS}x/")


def test_what_is_no_list_is_not_an_empty_one(service, client):
    service.respond({"detail": "fine"})
    with pytest.raises(OperatorError, match="did not return a list"):
        list(client.items(GROUPS))


@pytest.mark.parametrize(("given", "is_told"), [("http://10.0.0.1", True), ("", False)])
def test_whoever_names_a_url_without_tls_is_told(monkeypatch, capsys, given, is_told):
    access = Credentials(given or "http://10.0.0.1", "the-token")
    monkeypatch.setenv("RINGFENCE_URL", given)
    monkeypatch.setattr("ringfence.cli.api.credentials.load", lambda: access)
    connect()
    assert ("is not encrypted" in capsys.readouterr().err) is is_told


def test_what_is_not_the_api_is_named(service, client):
    service.respond(b"<html>")
    with pytest.raises(OperatorError, match="did not return JSON"):
        client.get(GROUPS)


def test_an_error_is_one_line_with_the_field(service, client):
    service.respond([{}, {"cidr": ["Wrong."]}], 400)
    with pytest.raises(OperatorError) as error:
        client.change("POST", f"{GROUPS}x/set_rules/", [], root="rules")
    assert error.value.lines == ("rules[1].cidr: Wrong.",)


def test_a_service_that_is_away_is_named_with_its_url():
    with pytest.raises(Unreachable, match=r"^http://127.0.0.1:1 does not respond: Connection re"):
        Client(Credentials("http://127.0.0.1:1", "x")).get(GROUPS)
    with pytest.raises(Unreachable, match=r"^http://x.invalid does not respond: [^()]+; check the"):
        Client(Credentials("http://x.invalid", "x")).get(GROUPS)


def test_a_service_without_tls_is_told_from_a_wrong_certificate(service):
    url = service.url.replace("http:", "https:")
    with pytest.raises(OperatorError, match="does not respond with TLS"):
        Client(Credentials(url, "x")).get(GROUPS)


def test_a_certificate_is_verified_by_the_ca_that_login_was_given(tmp_path, monkeypatch):
    certificate, key = tmp_path / "ca.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    # The file that login was given takes precedence over the variable.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", requests.certs.where())
    with serving(certificate, key) as service:
        with pytest.raises(OperatorError, match=r"cannot be verified: .* --ca-file"):
            Client(Credentials(service.url, "the-token")).get(GROUPS)
        assert service.requests == []
        service.respond([])
        Client(Credentials(service.url, "the-token", str(certificate))).get(GROUPS)
    assert len(service.requests) == 1
