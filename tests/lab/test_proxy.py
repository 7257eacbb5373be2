import http.client

import pytest
from tests.lab.proxy import Cut, Response, recording_proxy
from tests.neutron.fake_server import fake_server
from tests.patience import PATIENCE_SECONDS


def call(url, method="GET", path="/", body=None):
    host = url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, path, body)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture
def service():
    with fake_server(lambda _: Response(200, b"{}")) as server:
        yield server


def test_calls_pass_through_and_are_recorded(service):
    with recording_proxy(service.url) as proxy:
        assert call(proxy.url, path="/a?b=c") == 200
        assert call(proxy.url, "POST", "/d", b"body") == 200
    assert [str(call) for call in proxy.calls] == ["GET /a?b=c 200", "POST /d 200"]
    assert [str(call) for call in proxy.changes()] == ["POST /d 200"]
    assert service.calls[1].body == b"body"


def test_the_nth_matching_call_fails_and_no_other(service):
    with recording_proxy(service.url) as proxy:
        proxy.fault("GET", "/a", Response(503), nth=2)
        statuses = [call(proxy.url, path=path) for path in ("/a", "/b", "/a", "/a")]
    assert statuses == [200, 200, 503, 200]
    assert len(service.calls) == 3


@pytest.mark.parametrize(("after", "reached"), [(False, 0), (True, 1)])
def test_a_connection_is_closed_before_or_after_the_work(service, after, reached):
    with recording_proxy(service.url) as proxy:
        proxy.fault("POST", "", Cut(after=after))
        with pytest.raises(ConnectionError):
            call(proxy.url, "POST", "/a")
    assert (proxy.count("POST"), proxy.calls[0].status) == (1, 0)
    assert len(service.calls) == reached
