"""Traces reach an OTLP receiver: a request, its statements and its job, without secrets."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.cli.operating import operating

from ringfence.errors import OperatorError
from ringfence.telemetry import tracing

PATIENCE_SECONDS = 60
TENANT = "0c6b5a3e4f1d4c7e9a2b8d7f6e5c4b3a"
SITE = f"""
clouds:
  - {{name: east, backend: sandbox}}
users:
  - {{username: alice, token: a-token-that-nobody-shall-see-1}}
customers:
  - name: Acme
    projects:
      - name: Web
        tenants:
          - {{name: web, uuid: {TENANT}, cloud: east}}
roles:
  - {{user: alice, role: PROJECT.ADMIN, project: Web}}
"""


class Receiver(ThreadingHTTPServer):
    """A collector of `/v1/traces`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies = []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self):
        """Return the spans by name, with the trace, the parent and the attributes of each."""
        found = {}
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        found.setdefault(span.name, []).append(span)
        return found


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        assert self.path == "/v1/traces"
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()


def attributes(span):
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes
    }


def test_a_request_its_statements_and_its_job_are_one_trace(receiver):
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with operating() as operator:
        operator.environment |= {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.address,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        assert operator.run("load", operator.write("site.yaml", SITE)).returncode == 0
        process, address = operator.serve("serve", "--workers", "1")
        response = httpx.post(
            f"{address}/api/openstack-tenants/{TENANT}/create_security_group/?secret=in-a-query",
            json={"name": "a-name-nobody-shall-see", "rules": []},
            headers={
                "Authorization": "Token a-token-that-nobody-shall-see-1",
                "X-Request-ID": "the-request",
                "traceparent": f"00-{trace}-{parent}-01",
            },
            timeout=60,
        )
        assert response.status_code == 201, response.text
        deadline = time.monotonic() + PATIENCE_SECONDS
        while "job push_group" not in receiver.spans():
            assert time.monotonic() < deadline, receiver.spans().keys()
            time.sleep(0.1)
        process.terminate()
        assert process.wait(timeout=30) == 0
        log = Path(operator.folder / "log-0").read_text(encoding="utf-8")
    spans = receiver.spans()
    [request] = spans["POST /api/openstack-tenants/{uuid}/create_security_group/"]
    [job] = spans["job push_group"]
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (trace, parent)
    assert (job.trace_id.hex(), job.parent_span_id) == (trace, request.span_id)
    for span in (request, job):
        assert attributes(span)["ringfence.request_id"] == "the-request"
    assert attributes(request)["http.response.status_code"] == 201
    statements = [span for span in spans["INSERT"] if span.parent_span_id == request.span_id]
    assert statements
    assert "%(" in attributes(statements[0])["db.query.text"]
    # The log lines of both have the trace id.
    assert log.count(f'"trace_id":"{trace}"') >= 2
    everything = b"".join(receiver.bodies)
    for secret in (b"nobody-shall-see", b"in-a-query"):
        assert secret not in everything


@pytest.mark.parametrize(
    ("environment", "configured"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_traces_are_sent_where_the_standard_s_variables_say_so(environment, configured):
    assert tracing.is_configured(environment) == configured


async def test_without_the_packages_traces_are_an_error_with_the_fix(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(OperatorError, match=r"install ringfence\[telemetry\]"):
        async with tracing.sending():
            pass


async def test_a_failure_is_recorded_by_its_type_without_its_text(receiver, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address)
    async with tracing.sending():
        with (
            pytest.raises(ValueError, match="a password"),
            tracing.span("GET security-groups", "CLIENT", {"ringfence.entry": "east"}),
        ):
            raise ValueError("a password")
    assert not tracing.is_on()
    [span] = receiver.spans()["GET security-groups"]
    assert attributes(span)["error.type"] == "ValueError"
    assert span.status.code == span.status.STATUS_CODE_ERROR
    assert b"a password" not in b"".join(receiver.bodies)
