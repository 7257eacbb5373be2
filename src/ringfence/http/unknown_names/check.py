"""Unknown names in a query or a body: refused, or ignored and named in `Warning`.

Waldur ignores unknown names, and its clients rely on that. Parameters that Waldur does not have,
like `dry_run`, decide whether a change is carried out, so they must not be ignored: their values
are validated strictly, and misspelt names of them are refused. Operations that Waldur does not have
refuse all unknown names.

All of this follows from the declarations: `Parameter.own`, `Operation.own` and the schema of the
body. `http/middleware/pipeline.py` checks the query before the handler runs; `read_json` checks the
body.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import Pattern
from typing import Any
from urllib.parse import parse_qsl

from starlette.routing import compile_path
from starlette.types import Scope

from ringfence.access.permissions import READ_METHODS
from ringfence.errors import Invalid
from ringfence.http.context import context_of
from ringfence.http.fields import printable
from ringfence.http.openapi.operation import Body, Operation
from ringfence.http.openapi.parameters import Parameter
from ringfence.http.openapi.schema import Model
from ringfence.http.unknown_names import guards, warning_header
from ringfence.http.unknown_names.spelling import NEAR, nearest
from ringfence.http.unknown_names.undeclared_body import read_form, read_object
from ringfence.text.json_value import Json

# Longer queries are parsed each time, so that they cannot fill the memory.
_CACHED_QUERY = 512
# Errors that one response lists
_MOST_ERRORS = 10
# A percent-encoded character
_QUOTED = re.compile(rb"%[0-9A-Fa-f]{2}")
# More unknown names are refused at once, because comparing them takes time.
MOST_UNKNOWN = 100


@dataclass(frozen=True, slots=True)
class Query:
    """The values of parameters that Waldur does not have, and unknown names."""

    own: Mapping[str, Any]
    ignored: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Expected:
    """The names that one operation accepts.

    `own` are its parameters that Waldur does not have; `elsewhere` has those of other operations,
    with the operations.
    """

    known: frozenset[str]
    own: Mapping[str, Parameter]
    elsewhere: Mapping[str, str]
    # Those of `elsewhere` that decide what a change does
    of_changes: frozenset[str]
    is_strict: bool
    refuses_keys: bool
    changes: bool
    body: Body | None = None
    ends_tokens: bool = False

    def read_query(self, text: bytes) -> Query:
        """Parse a query; raises `Invalid` for refused names and for invalid values of `own`."""
        given: dict[str, list[str]] = {}
        for name, value in parse_qsl(text.decode("latin-1"), keep_blank_values=True):
            given.setdefault(name, []).append(value)
        own: dict[str, Any] = {}
        dropped: list[str] = []
        errors: dict[str, Any] = {}
        for name, values in given.items():
            if len(errors) == _MOST_ERRORS:
                break
            if len(dropped) > MOST_UNKNOWN:
                raise _too_many("parameters")
            if parameter := self.own.get(name):
                _read_own(parameter, values, own, errors)
            elif name not in self.known:
                if error := self._error_of_parameter(name) or self._error_of_values(values):
                    errors[printable(name)] = [error]
                else:
                    dropped.append(name)
        if errors:
            raise Invalid(errors)
        return Query(own, dropped)

    def _error_of_parameter(self, name: str) -> str | None:
        """Return the error of an unknown parameter; None if it is ignored."""
        if meant := nearest(name, self.own):
            return f"There is no such parameter. Did you mean {meant}?"
        if meant := self._nearest_elsewhere(name):
            return self._of_another_operation(meant)
        if self.changes and (meant := guards.meaning_of(name)):
            return self._misplaced("parameter", meant)
        return _unknown("parameter", name, self.known | self.own.keys()) if self.is_strict else None

    def _nearest_elsewhere(self, name: str) -> str | None:
        """Return the parameter of another operation that is meant; misspelt, only of a change."""
        of_changes = self.of_changes if self.changes else ()
        return nearest(name, of_changes, NEAR) or nearest(name, self.elsewhere, 0)

    def _error_of_values(self, values: Iterable[str]) -> str | None:
        found = map(guards.contained_in_value, values if self.changes else ())
        meant = next(filter(None, found), None)
        return self._misplaced("parameter", meant) if meant else None

    def _misplaced(self, kind: str, meant: str) -> str:
        """Return the error of a name that means a parameter or a header."""
        if meant in self.elsewhere:
            return self._of_another_operation(meant)
        if meant in self.own:
            return f"There is no such {kind}. Did you mean {meant}? It is a parameter of the query."
        return f"There is no such {kind}. Did you mean the header {meant}?"

    def _of_another_operation(self, name: str) -> str:
        return (
            f"This operation does not take {name}, and nothing was done. "
            f"{name} is a parameter of {self.elsewhere[name]}."
        )

    def check_body(self, scope: Scope, body: Json, raw: bytes) -> None:
        """Check the keys of a body: raises `Invalid`, or notes unknown keys as ignored.

        A body of another type than declared is left to its reader. Nested keys are checked only if
        `raw`, the bytes of the body, contain one of the names that changes refuse.
        """
        if self.body is not None and self.body.unknown_keys == "checked":
            return
        known, is_list = _keys_of(self.body)
        entries = body if isinstance(body, list) and (is_list or not self.body) else [body]
        is_deep = self.changes and (b"\\" in raw or guards.contained_in_bytes(raw) is not None)
        errors: list[dict[str, Any]] = []
        found: dict[str, str | None] = {}
        for entry in entries:
            errors.append({})
            for key in entry if isinstance(entry, dict) else ():
                if key in known:
                    continue
                if key not in found:
                    if len(found) == MOST_UNKNOWN:
                        raise _too_many("keys")
                    found[key] = self._error_of_key(key, known)
                if error := found[key] or (is_deep and self._error_within(entry[key])):
                    errors[-1][printable(key)] = [error]
                    if len(errors[-1]) == _MOST_ERRORS:
                        break
                else:
                    warning_header.note(context_of(scope), "body keys", [key])
        if any(errors):
            raise Invalid(errors if entries is body else errors[0])

    def _error_of_key(self, key: str, known: frozenset[str]) -> str | None:
        if meant := nearest(key, self.own):
            return f"There is no such key. {meant} is a parameter of the query."
        if meant := self._nearest_elsewhere(key):
            return self._of_another_operation(meant)
        if self.changes and (meant := guards.meaning_of(key)):
            return self._misplaced("key", meant)
        return _unknown("key", key, known) if self.refuses_keys else None

    def _error_within(self, value: Json) -> str | None:
        """Return the error of a value that contains such a name at any depth; None otherwise."""
        names: list[str] = []
        values: list[str] = []
        pending = [value]
        while pending:
            value = pending.pop()
            if isinstance(value, dict):
                names.extend(value)
                pending.extend(value.values())
            elif isinstance(value, list):
                pending.extend(value)
            elif isinstance(value, str):
                values.append(value)
        meant = guards.contained_in(names)
        if meant is None and self.body is None:
            # In a body that is read, such a value may be a name that a user chose.
            meant = guards.named_by_one_of(values)
        return self._misplaced("key", meant) if meant else None

    def check_unread(self, scope: Scope, raw: bytes) -> None:
        """Check a body that the operation does not declare; raises `Invalid`.

        A body without names is not repeated in errors: it may be a secret.
        """
        entries = read_object(raw)
        if entries is None:
            unquoted = _QUOTED.sub(b"", raw)
            if meant := guards.contained_in_bytes(raw) or guards.contained_in_bytes(unquoted):
                raise Invalid({"non_field_errors": [self._misplaced("key", meant)]})
            entries = read_form(raw)
        if entries is not None:
            self.check_body(scope, entries, raw)
        elif self.refuses_keys:
            raise Invalid({"non_field_errors": ["This operation takes no body."]})
        else:
            warning_header.note(context_of(scope), "the body", ())


class UnknownNames:
    """The accepted names of all operations, by method and path."""

    def __init__(self, operations: Iterable[Operation], *, is_strict: bool = False) -> None:
        operations = tuple(operations)
        self._by_template: dict[tuple[str, str], Expected] = {}
        self._by_path: dict[tuple[str, int], list[tuple[Pattern[str], Expected]]] = {}
        operations_of = own_parameters(operations)
        for operation in sorted(operations, key=lambda each: each.path.count("{")):
            expected = _expected(operation, operations, operations_of, is_strict=is_strict)
            pattern = compile_path(operation.path)[0]
            is_read = operation.method in READ_METHODS
            for method in READ_METHODS if is_read else (operation.method,):
                if (method, operation.path) in self._by_template:
                    continue
                self._by_template[method, operation.path] = expected
                location = (method, operation.path.count("/"))
                self._by_path.setdefault(location, []).append((pattern, expected))

    def check(self, scope: Scope) -> None:
        """Check the query, and keep its `own` parameters; raises `Invalid`.

        The result is in the request's context; `expected` there checks a body.
        """
        text: bytes = scope["query_string"]
        if not text and scope["method"] in READ_METHODS:
            return
        if (expected := self._find(scope)) is None:
            return
        context = context_of(scope)
        context.expected = expected
        if expected.changes:
            guards.refuse_headers(scope)
        if text:
            read = _cached_read_query if len(text) <= _CACHED_QUERY else Expected.read_query
            query = read(expected, text)
            context.own_parameters = query.own
            if query.ignored:
                warning_header.note(context, "query parameters", query.ignored)

    def _find(self, scope: Scope) -> Expected | None:
        # Reads that bypass the routes have it already.
        if template := context_of(scope).template:
            return self._by_template.get((scope["method"], template))
        path: str = scope["path"]
        # Parameters contain no slash, so a path has as many as its template.
        candidates = self._by_path.get((scope["method"], path.count("/")), ())
        return next((expected for pattern, expected in candidates if pattern.match(path)), None)


_cached_read_query = lru_cache(maxsize=1024)(Expected.read_query)


def own_parameters(operations: Iterable[Operation]) -> dict[str, str]:
    """Return the query parameters that Waldur does not have, each with its operations.

    Those of searches are left out (see `Operation`).
    """
    waldurs: set[str] = set()
    own: dict[str, list[str]] = {}
    for operation in operations:
        for parameter in operation.in_query:
            if parameter.own or (operation.own and not operation.search):
                location = f"{operation.method} {operation.path}"
                own.setdefault(parameter.name, []).append(location)
            else:
                waldurs.add(parameter.name)
    return {
        name: ", ".join(operations_of) for name, operations_of in own.items() if name not in waldurs
    }


def _expected(
    operation: Operation,
    operations: Sequence[Operation],
    operations_of: Mapping[str, str],
    *,
    is_strict: bool,
) -> Expected:
    # HEAD accepts the parameters of GET, whichever of them is declared.
    declared = [
        each
        for each in operations
        if each.path == operation.path
        and (each is operation or {each.method, operation.method} <= READ_METHODS)
    ]
    parameters = {each.name: each for one in declared for each in one.in_query}
    unknown_keys = operation.body.unknown_keys if operation.body else None
    return Expected(
        frozenset(parameters).union(*(one.undeclared for one in declared)),
        {name: each for name, each in parameters.items() if name in operations_of},
        {name: where for name, where in operations_of.items() if name not in parameters},
        frozenset(
            each.name
            for one in operations
            if one.method not in READ_METHODS
            for each in one.in_query
            if each.name in operations_of and each.name not in parameters
        ),
        is_strict=is_strict or operation.own,
        refuses_keys=is_strict
        or unknown_keys == "refused"
        or (operation.own and unknown_keys != "named"),
        changes=operation.method not in READ_METHODS,
        body=operation.body,
        ends_tokens=operation.ends_tokens,
    )


def _keys_of(body: Body | None) -> tuple[frozenset[str], bool]:
    """Return the declared keys of a body, and whether it is a list of objects."""
    schema: Any = body.schema if body else {}
    is_list = not isinstance(schema, Model) and schema.get("type") == "array"
    shown = schema["items"] if is_list else schema
    properties = (shown.schema if isinstance(shown, Model) else shown).get("properties", {})
    return frozenset(properties), is_list


def _read_own(
    parameter: Parameter, values: Sequence[str], own: dict[str, Any], errors: dict[str, Any]
) -> None:
    if parameter.type == "array":
        # Its values are alternatives, which the filter validates.
        return
    try:
        read = {_own_value(parameter, text) for text in values}
    except Invalid as error:
        errors[parameter.name] = error.detail
        return
    if len(read) > 1:
        errors[parameter.name] = ["This parameter is given more than once, with different values."]
        return
    own[parameter.name] = read.pop()


def _own_value(parameter: Parameter, text: str) -> bool | str:
    if parameter.type == "boolean":
        if (word := text.lower()) in {"true", "false"}:
            return word == "true"
        raise Invalid([f'Must be true or false; "{printable(text)}" is neither.'])
    if not text.strip():
        raise Invalid(["This parameter may not be empty."])
    return text


def _too_many(kind: str) -> Invalid:
    message = f"There are more than {MOST_UNKNOWN} {kind} that this operation does not have."
    return Invalid({"non_field_errors": [message]})


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    meant = nearest(name, names)
    hint = f" Did you mean {meant}?" if meant else ""
    allowed = f" Allowed: {', '.join(names)}." if names else " None is taken here."
    return f"There is no such {kind}.{hint}{allowed}"
