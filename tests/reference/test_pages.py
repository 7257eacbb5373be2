"""The samples of a page are valid programs, and send what the schema requires."""

import ast
import re
import shlex
import textwrap

import jsonschema_rs
import pytest

from ringfence.app import OPERATIONS
from ringfence.http.openapi.document import assemble
from ringfence.http.openapi.operation import Body, Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH
from ringfence.http.openapi.schema import STRING, Model, array, described, nullable, object_of
from ringfence.reference.pages import pages


@pytest.fixture(scope="module")
def document():
    return assemble(OPERATIONS, "1")


def samples(document, language):
    text = "\n".join(pages(document).values())
    blocks = re.findall(rf"(?ms)^    ```{language}\n(.*?)^    ```", text)
    assert len(blocks) == len(OPERATIONS)
    return [textwrap.dedent(block) for block in blocks]


def test_every_python_sample_is_a_program(document):
    for program in samples(document, "python"):
        names = {node.id for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Name)}
        assert {"client", "response"} <= names


def test_every_httpie_sample_is_one_command(document):
    for command in samples(document, "bash"):
        words = shlex.split(command.replace("\\\n", " "))
        assert words[words.index("http") + 1] in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


def test_every_example_of_a_body_is_as_its_schema_asks(document):
    bodies = [
        node["requestBody"]["content"]["application/json"]
        for methods in document["paths"].values()
        for node in methods.values()
        if "requestBody" in node
    ]
    examples = [body for body in bodies if "example" in body]
    assert len(examples) >= 5
    for body in examples:
        schema = {**body["schema"], "components": document["components"]}
        jsonschema_rs.validate(schema, body["example"])


def test_a_page_shows_what_is_within_and_what_may_be_null():
    inner = Model("Inner", object_of({"name": described(nullable(STRING), "Its name")}))
    operation = Operation(
        "things_change",
        "POST",
        "/api/things/{uuid}/",
        tag="things",
        title="Change",
        parameters=(UUID_IN_PATH,),
        body=Body(
            Model(
                "Thing",
                object_of(
                    {
                        "inner": described(inner, "What is within"),
                        "many": described(array(inner), "More of them"),
                    },
                    ["inner"],
                ),
            )
        ),
        responses={200: Response(array(STRING)), 409: Response(inner, promised=False)},
    )
    page = pages(assemble([operation], "1"))["things.md"]
    assert "| `inner` | object | ✓ | What is within |" in page
    assert "| `inner.name` | string |  | Its name |" in page
    assert "| `many.name` | null is accepted |" in page
    assert "**`409`** - No response body" in page
    assert "things_change.sync(" in page
