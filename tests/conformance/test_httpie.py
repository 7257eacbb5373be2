"""The HTTPie commands of Waldur's API page, run by HTTPie."""

import json
import os
import pty
import subprocess
from dataclasses import dataclass

import pytest
from tests.conformance.clients import python_client
from tests.conformance.page import (
    CORRECTED_RULE,
    EXAMPLE_NAME,
    EXAMPLE_RULE,
    EXAMPLES,
    GROUPS,
    Example,
)
from tests.conformance.served import token

SET_RULES = next(example for example in EXAMPLES if example.operation == "set_rules")


@dataclass(frozen=True)
class Response:
    """The output of HTTPie: the head of the response, then its body."""

    head: str
    body: str

    @property
    def status(self):
        return int(self.head.split()[1])


@pytest.fixture(scope="module")
def terminal():
    """Yield a terminal: without one, HTTPie would wait for a body."""
    keyboard, terminal = pty.openpty()
    yield terminal
    os.close(terminal)
    os.close(keyboard)


@pytest.fixture
def http(site, terminal, tmp_path):
    """Return a function that runs a page's command with host, UUID and token replaced."""

    # Without a terminal, it would omit the head of the response.
    program = [python_client("httpie") / "http", "--print=hb"]

    def run(example: Example, uuid: str, body=..., user: str = "ann") -> Response:
        body = example.body if body is ... else body
        address = f"{site.address}{GROUPS}{example.path.format(uuid=uuid)}"
        fields = [f"{name}={value}" for name, value in body.items()] if type(body) is dict else []
        done = subprocess.run(
            [*program, example.method, address, f"Authorization:Token {token(user)}", *fields],
            # As after `echo '[…]' |`, or at the terminal
            **({"input": json.dumps(body) + "\n"} if type(body) is list else {"stdin": terminal}),
            env=os.environ | {"HTTPIE_CONFIG_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        head, _, content = done.stdout.partition("\n\n")
        return Response(head, content.strip())

    return run


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.operation)
def test_a_command_of_the_page_gets_the_response_of_the_page(site, http, example):
    group = site.create("httpie", f"for {example.operation}")
    user = "staff" if example.operation == "unlink" else "ann"
    body = [CORRECTED_RULE] if example is SET_RULES else example.body
    response = http(example, group["uuid"], body, user)
    assert response.status == example.status, response
    if example.operation == "list":
        assert "x-result-count: " in response.head
        assert all("rules" in each for each in json.loads(response.body))
    elif example.operation == "retrieve":
        assert json.loads(response.body)["uuid"] == group["uuid"]
    elif example.operation == "update":
        assert json.loads(response.body) == {"name": EXAMPLE_NAME, "description": ""}
    elif example.operation == "partial_update":
        assert json.loads(response.body) == {"name": group["name"], "description": ""}
    elif example.operation != "pull":
        assert response.body == ""


def test_the_rules_of_the_page_as_they_stand_are_refused_field_by_field(site, http):
    group = site.create("httpie", "as it stands")
    response = http(SET_RULES, group["uuid"], [EXAMPLE_RULE])
    assert response.status == 400
    (errors,) = json.loads(response.body)
    assert errors == {
        "ethertype": ["This field may not be null."],
        "direction": ["This field may not be null."],
        "protocol": ["This field may not be null."],
        "remote_group": ["Invalid hyperlink - No URL match."],
    }
    assert site.group(group["uuid"])["rules"] == []
