"""The OpenAPI document, assembled from the operations that features declare."""

from collections.abc import Iterable, Mapping
from typing import Any

from ringfence.errors import Forbidden, RequestError
from ringfence.http.errors import HEADERS, STATUSES
from ringfence.http.openapi.operation import Operation, Response
from ringfence.http.openapi.parameters import Parameter
from ringfence.http.openapi.schema import (
    DETAIL,
    FIELD_ERRORS,
    STRING,
    Model,
    Schema,
    array,
)
from ringfence.text.json_value import Json

# What every method that changes something takes.
CHANGING = (
    Parameter(
        "Idempotency-Key",
        {**STRING, "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
        "Within 24 hours, a request that is sent again with its key is not carried out again: "
        "the first answer comes back.",
        place="header",
    ),
    Parameter("If-Match", STRING, "The version that was seen, as `ETag` gave it.", place="header"),
)


DESCRIPTION = """\
Security groups of OpenStack tenants, as Waldur's clients know them.

Sign requests with `Authorization: Token …`. An object out of the caller's sight is 404; one that \
it sees but may not change is 403. A method that an address does not take is 405. Lists come in \
pages. Two contracts differ in the answers of some actions: `2025-11` and `2026-10`; \
`Accept: application/json; version=2026-10` chooses one for a request.

What is no request to any operation is answered before one is found, without a body: 400 where it \
is not HTTP, 431 where address and headers are too large. 30 kB in up to 90 headers always pass.
"""


def assemble(operations: Iterable[Operation], version: str, server: str = "/") -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the operations, whose paths are below `server`."""
    models = _Models()
    paths: dict[str, dict[str, Any]] = {}
    refusals: set[str] = set()
    for position, operation in enumerate(operations):
        methods = paths.setdefault(operation.path, {})
        # Methods stand under their paths here; readers may want the order of declaration.
        place = {"x-position": position}
        methods[operation.method.lower()] = _operation(operation, models) | place
        refusals |= {_refusal_name(operation, status) for status in operation.refused}
    responses = {
        kind.__name__: models.resolve(_refusal(kind, status)) for kind, status in STATUSES.items()
    }
    responses |= {
        name + WITHOUT_BODY: {key: value for key, value in response.items() if key != "content"}
        for name, response in responses.items()
        if name + WITHOUT_BODY in refusals
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ringfence", "version": version, "description": DESCRIPTION},
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": _TOKEN},
            "schemas": dict(sorted(models.found.items())),
            "responses": responses,
        },
    }


# A response to HEAD has no body, and says no type of one.
WITHOUT_BODY = "WithoutBody"

_TOKEN = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "`Token` and the token; `Bearer` is taken as well.",
}


class _Models:
    """Puts references in the place of models, and keeps the models."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self._sources: dict[str, Model] = {}

    def resolve(self, value: Json) -> Json:
        """Give the value with a reference for each model in it."""
        if isinstance(value, Model):
            return {"$ref": self._reference(value)}
        if isinstance(value, Mapping):
            return {
                key: self._reference(item)
                if key == "$ref" and isinstance(item, Model)
                else self.resolve(item)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.resolve(item) for item in value]
        return value

    def _reference(self, model: Model) -> str:
        known = self._sources.setdefault(model.name, model)
        if known is not model:
            raise ValueError(f"two models are named {model.name}")
        if model.name not in self.found:
            # Before its content, so that a model may name itself.
            self.found[model.name] = {}
            self.found[model.name] = self.resolve(model.schema)
        return f"#/components/schemas/{model.name}"


def _operation(operation: Operation, models: _Models) -> dict[str, Any]:
    result: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.title,
        "description": operation.description,
        "x-section": operation.section,
    }
    if parameters := [*operation.parameters, *(CHANGING if operation.changes else ())]:
        result["parameters"] = [_parameter(each, models) for each in parameters]
    if operation.body:
        result["requestBody"] = {
            "required": operation.body.required,
            "content": _content(operation.body.schema, operation.body.example, models),
        }
    result["responses"] = {
        str(status): _answer(operation.answers[status], models)
        if status in operation.answers
        else {"$ref": f"#/components/responses/{_refusal_name(operation, status)}"}
        for status in operation.statuses
    }
    if operation.public:
        result["security"] = []
    return result


def _parameter(parameter: Parameter, models: _Models) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": models.resolve(parameter.schema),
        **parameter.style,
    }


def _content(schema: Schema | Model, example: Json, models: _Models) -> dict[str, Json]:
    media: dict[str, Any] = {"schema": models.resolve(schema)}
    if example is not None:
        media["example"] = example
    return {"application/json": media}


def _answer(answer: Response, models: _Models) -> dict[str, Any]:
    result: dict[str, Any] = {"description": answer.description}
    if answer.headers:
        result["headers"] = {name: _header(schema) for name, schema in answer.headers.items()}
    if answer.schema is not None:
        result["content"] = _content(answer.schema, answer.example, models)
        if not answer.promised:
            result["x-unpromised"] = True
    return result


def _header(schema: Schema) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if key != "description"}
    return {"description": schema.get("description", ""), "required": True, "schema": kept}


def _kind_of(status: int) -> type[RequestError]:
    return next(kind for kind, known in STATUSES.items() if known == status)


def _refusal_name(operation: Operation, status: int) -> str:
    return _kind_of(status).__name__ + (WITHOUT_BODY if operation.method == "HEAD" else "")


def _refusal(kind: type[RequestError], status: int) -> dict[str, Any]:
    """Describe a refusal by what its class says of itself."""
    detail = {"detail": str(Forbidden())} if kind is Forbidden else None
    result: dict[str, Any] = {
        "description": (kind.__doc__ or "").strip().partition("\n")[0],
        "content": {"application/json": {"schema": REFUSALS.get(status, DETAIL)}},
    }
    if detail:
        result["content"]["application/json"]["example"] = detail
    if headers := HEADERS.get(kind):
        result["headers"] = {
            name: {"required": True, "schema": {"type": "string", "examples": [value]}}
            for name, value in headers.items()
        }
    return result


# The bodies of refusals that are more than one `detail`.
REFUSALS: Mapping[int, Model] = {
    400: Model("Invalid", {"anyOf": [FIELD_ERRORS, array(FIELD_ERRORS), array(STRING)]}),
}
