"""The OpenAPI document, assembled from the operations that features declare."""

from collections.abc import Iterable, Mapping
from typing import Any

from ringfence.errors import Forbidden, Invalid, RequestError
from ringfence.http import hints
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

# The headers of every method that changes something
CHANGING = (
    Parameter(
        "Idempotency-Key",
        {
            **STRING,
            "minLength": 1,
            "maxLength": 255,
            "pattern": "^[\\x21-\\x7e]([\\x20-\\x7e]*[\\x21-\\x7e])?$",
        },
        "Within 24 hours, a request with the same key is not carried out again: the response of "
        "the first one is returned.",
        location="header",
    ),
    Parameter(
        "If-Match",
        STRING,
        "The version to change, as in `ETag`; 412 if it is not the present one. Default: any.",
        location="header",
    ),
)


DESCRIPTION = """\
Security groups of OpenStack tenants, as Waldur's clients know them.

Authenticate with `Authorization: Token …`. An object outside the scope of the user is 404; one \
that the user may read but not change is 403. A method that a path does not have is 405. Lists are \
paginated. Two contracts, `2025-11` and `2026-10`, differ in the responses of some actions; \
`Accept: application/json; version=2026-10` selects one for a request.

The server itself responds without a body with 400 to what is not HTTP, and with 431 if URL and \
headers are too large. 30 kB in up to 90 headers are always accepted.
"""


def assemble(operations: Iterable[Operation], version: str, server: str = "/") -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the operations, whose paths are below `server`."""
    models = _Models()
    paths: dict[str, dict[str, Any]] = {}
    error_names: set[str] = set()
    for position, operation in enumerate(operations):
        methods = paths.setdefault(operation.path, {})
        # The document groups methods by path; pages list them in the order of declaration.
        order = {"x-position": position}
        methods[operation.method.lower()] = _operation(operation, models) | order
        error_names |= {_error_name(operation, status) for status in operation.shared_errors}
    responses = {
        kind.__name__: models.resolve(_error(kind, status)) for kind, status in STATUSES.items()
    }
    responses |= {
        name + WITHOUT_BODY: {key: value for key, value in response.items() if key != "content"}
        for name, response in responses.items()
        if name + WITHOUT_BODY in error_names
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


# The suffix of errors of HEAD, which have neither body nor content type.
WITHOUT_BODY = "WithoutBody"

_TOKEN = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "`Token` and the token; `Bearer` is accepted as well.",
}


class _Models:
    """Replaces models by references, and collects the models."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self._sources: dict[str, Model] = {}

    def resolve(self, value: Json) -> Json:
        """Return the value with references instead of models."""
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
            # Before its content, so that a model can contain itself.
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
        str(status): _response(operation.responses[status], models)
        if status in operation.responses
        else {"$ref": f"#/components/responses/{_error_name(operation, status)}"}
        for status in operation.statuses
    }
    if operation.public:
        result["security"] = []
    return result


def _parameter(parameter: Parameter, models: _Models) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.location,
        "required": parameter.location == "path",
        "description": parameter.description,
        "schema": models.resolve(parameter.schema),
        **parameter.style,
    }


def _content(schema: Schema | Model, example: Json, models: _Models) -> dict[str, Json]:
    media: dict[str, Any] = {"schema": models.resolve(schema)}
    if example is not None:
        media["example"] = example
    return {"application/json": media}


def _response(response: Response, models: _Models) -> dict[str, Any]:
    result: dict[str, Any] = {"description": response.description}
    if response.headers or response.optional_headers:
        result["headers"] = {
            **{name: _header(schema) for name, schema in response.headers.items()},
            **{
                name: _header(schema, required=False)
                for name, schema in response.optional_headers.items()
            },
        }
    if response.schema is not None:
        result["content"] = _content(response.schema, response.example, models)
        if response.is_also_csv:
            result["content"]["text/csv"] = {"schema": {"type": "string"}}
        if not response.promised:
            result["x-unpromised"] = True
    return result


def _header(schema: Schema, *, required: bool = True) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if key != "description"}
    return {"description": schema.get("description", ""), "required": required, "schema": kept}


def _kind_of(status: int) -> type[RequestError]:
    return next(kind for kind, known in STATUSES.items() if known == status)


def _error_name(operation: Operation, status: int) -> str:
    return _kind_of(status).__name__ + (WITHOUT_BODY if operation.method == "HEAD" else "")


def _error(kind: type[RequestError], status: int) -> dict[str, Any]:
    """Return the response of an error; its description is the docstring of the class."""
    detail = {"detail": str(Forbidden())} if kind is Forbidden else None
    result: dict[str, Any] = {
        "description": (kind.__doc__ or "").strip().partition("\n")[0],
        "content": {"application/json": {"schema": ERROR_BODIES.get(status, DETAIL)}},
    }
    if detail:
        result["content"]["application/json"]["example"] = detail
    if headers := HEADERS.get(kind):
        result["headers"] = {
            name: {
                "description": _SENT_HEADERS[name],
                "required": True,
                "schema": {"type": "string", "examples": [value]},
            }
            for name, value in headers.items()
        }
    if kind is Invalid:
        result["headers"] = {hints.HEADER: _HINTS}
    return result


_HINTS = {
    "description": "What is allowed instead, as a JSON object of texts by field.",
    "schema": {"type": "string", "contentMediaType": "application/json"},
}

_SENT_HEADERS: Mapping[str, str] = {
    "WWW-Authenticate": "The scheme of the credentials that are missing or invalid.",
    "Retry-After": "After how many seconds to try again.",
}

# The bodies of errors that are more than one `detail`
ERROR_BODIES: Mapping[int, Model] = {
    400: Model("Invalid", {"anyOf": [FIELD_ERRORS, array(FIELD_ERRORS), array(STRING)]}),
}
