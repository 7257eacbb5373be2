"""Samples of an operation: for HTTPie, and for Waldur's clients for Python and TypeScript.

The Python client has `sync` only where the contract promises a body, and always `sync_detailed`. A
body of more than strings is built by `from_dict`, which accepts strings for enums in all releases.
"""

import json
import re
import textwrap

from ringfence.reference.openapi_reader import Described, Node, model_name
from ringfence.text.json_value import Json

HOST = "https://api.example.com"
UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
_SOURCE = "https://github.com/waldur/py-client/blob/main/waldur_api_client"
_QUOTE = "'"


def httpie(operation: Described) -> list[str]:
    """Return the lines of the command."""
    lines = ["http", f"  {operation.method}", f"  {_url(operation)}"]
    if operation.node.get("security") != []:
        lines.append('  Authorization:"Token YOUR_API_TOKEN"')
    example = operation.example
    if isinstance(example, dict):
        lines += [f"  {_item(name, value)}" for name, value in example.items()]
    elif example is not None:
        lines[0] = f"echo {_shell(json.dumps(example))} | http"
    return " \\\n".join(lines).split("\n")


def _url(operation: Described) -> str:
    return HOST + re.sub(r"\{[a-z_]+\}", UUID, operation.path)


def _item(name: str, value: Json) -> str:
    if isinstance(value, str):
        return f"{name}={json.dumps(value, ensure_ascii=False)}"
    return f"{name}:={_shell(json.dumps(value))}"


def _shell(text: str) -> str:
    return _QUOTE + text.replace(_QUOTE, "'\\''") + _QUOTE


def python(operation: Described) -> list[str]:
    """Return the program, with links to the client's sources as footnotes of its comments."""
    package, call = operation.tag.replace("-", "_"), operation.id
    model = model_name(operation.body) if operation.body else None
    imports = ["from waldur_api_client.client import AuthenticatedClient"]
    notes: list[str] = []
    if model:
        path = f"models/{_module(model)}"
        notes.append(f"**Model Source:** [`{model}`]({_SOURCE}/{path}.py)")
        imports.append(
            f"from waldur_api_client.models.{_module(model)} import {model} # ({len(notes)})"
        )
    notes.append(f"**API Source:** [`{call}`]({_SOURCE}/api/{package}/{call}.py)")
    imports.append(f"from waldur_api_client.api.{package} import {call} # ({len(notes)})")
    body = ["", *f"body_data = {_python_body(operation, model)}".split("\n")] if model else []
    end = ["for item in response:", "    print(item)"] if _lists(operation) else ["print(response)"]
    program = [*imports, "", *_PYTHON_CLIENT, *body, *_python_call(operation), "", *end]
    footnotes = [f"{number}.  {note}" for number, note in enumerate(notes, 1)]
    return ["```python", *program, "```", "", *footnotes]


_PYTHON_CLIENT = (
    "client = AuthenticatedClient(",
    f'    base_url="{HOST}", token="YOUR_API_TOKEN"',
    ")",
)


def _module(model: str) -> str:
    """Return the module of a model: `OpenStackTenant` is in `open_stack_tenant`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model).lower()


def _python_body(operation: Described, model: str | None) -> str:
    example = operation.example
    if example is None:
        return f"{model}()"
    if isinstance(example, dict) and all(isinstance(value, str) for value in example.values()):
        lines = [f"    {name}={json.dumps(value)}," for name, value in example.items()]
        return "\n".join([f"{model}(", *lines, ")"])
    if isinstance(example, list):
        items = textwrap.indent(
            "\n".join(f"{model}.from_dict({_literal(item)})," for item in example), "    "
        )
        return f"[\n{items}\n]"
    return f"{model}.from_dict({_literal(example)})"


def _literal(value: Json) -> str:
    text = json.dumps(value, indent=4, ensure_ascii=False)
    for word, python_word in (("null", "None"), ("true", "True"), ("false", "False")):
        text = re.sub(rf"(?m)(: ){word}(,?)$", rf"\1{python_word}\2", text)
    return text


def _python_call(operation: Described) -> list[str]:
    function = "sync" if operation.promises_body or operation.method == "HEAD" else "sync_detailed"
    arguments = [
        *(f'{each["name"]}="{UUID}"' for each in operation.parameters("path")),
        "client=client",
        *(["body=body_data"] if operation.body else []),
    ]
    if len(arguments) == 1:
        return [f"response = {operation.id}.{function}({arguments[0]})"]
    return [
        f"response = {operation.id}.{function}(",
        *(f"    {argument}," for argument in arguments),
        ")",
    ]


def _lists(operation: Described) -> bool:
    response: Node = dict(operation.responses()).get("200", {})
    content = response.get("content", {}).get("application/json", {})
    return bool(content.get("schema", {}).get("type") == "array")


def typescript(operation: Described) -> list[str]:
    """Return the lines of the program."""
    function = _camel(operation.id)
    parts = ['auth: "Token YOUR_API_TOKEN"']
    if names := [each["name"] for each in operation.parameters("path")]:
        parts.append("path: " + json.dumps(dict.fromkeys(names, UUID), indent=2))
    if operation.example is not None:
        parts.append("body: " + json.dumps(operation.example, indent=2, ensure_ascii=False))
    options = textwrap.indent(",\n".join(parts), " " * 4)
    program = f"""import {{ {function} }} from 'waldur-js-client';

try {{
  const response = await {function}({{
{options}
  }});
  console.log('Success:', response);
}} catch (error) {{
  console.error('Error:', error);
}}"""
    return program.split("\n")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
