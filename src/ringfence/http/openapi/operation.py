"""The types in which features declare their operations.

Each feature declares its operations in `openapi.py`, beside its routes: a tuple `operations` of
`Operation` values, which `app.py` collects. Nothing is declared twice: the limits of a body come
from its `Field` table (`fields_schema`), the parameters of a list from its filters and ordering
(`list_parameters`), words from their enum (`enumeration`), and errors, by status, from the table in
`http/errors.py`. Schemas and parameters are in `schema.py` and `parameters.py`; `document.py`
assembles the OpenAPI document.

    TENANT = Model("OpenStackTenant", {"type": "object", "properties": {"name": STRING}})

    operations = (
        Operation(
            "openstack_tenants_retrieve", "GET", "/api/openstack-tenants/{uuid}/",
            tag="openstack-tenants", title="Get tenant details",
            parameters=(UUID_IN_PATH,),
            responses={200: Response(TENANT)},
            errors=(404,),
        ),
    )

Operation ids and model names are those of Waldur's published clients. A model can stand wherever a
schema can; `{"$ref": MODEL, "description": …}` adds to one.

Some statuses, and the headers `Idempotency-Key` and `If-Match` of changes, are implied and not
declared: every operation can respond with 400, 406, 429 and 503, and with 401 and 403 unless it is
public; one with a body also with 408, 413 and 415; one that changes something also with 409, 412
and 422. HEAD belongs to every GET, and is declared where it has an operation id of its own.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ringfence.http.openapi.parameters import Parameter
from ringfence.http.openapi.schema import INTEGER, STRING, Model, Schema, array, described


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request.

    Keys that are not in the schema are refused by operations that Waldur does not have; other
    operations ignore them and name them in the `Warning` of the response. `unknown_keys` declares
    an exception; "checked" means that the reader of the body refuses them, object by object.
    """

    schema: Schema | Model
    example: Any = None
    required: bool = True
    unknown_keys: Literal["refused", "named", "checked"] | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """The response with one status; no schema means no body.

    `headers` are in every such response, `optional_headers` in some. A body that is not `promised`
    is sent, but clients of one contract do not expect it. A list that `is_also_csv` is sent as CSV
    on request.
    """

    schema: Schema | Model | None = None
    description: str = ""
    headers: Mapping[str, Schema] = field(default_factory=dict)
    optional_headers: Mapping[str, Schema] = field(default_factory=dict)
    example: Any = None
    promised: bool = True
    is_also_csv: bool = False


LIST_HEADERS: Mapping[str, Schema] = {
    "X-Result-Count": described(INTEGER, "The number of objects on all pages."),
    "Link": described(STRING, "The URLs of the first, previous, next and last page."),
}

ETAG: Mapping[str, Schema] = {
    "ETag": described(STRING, "Changes with the response; to send in `If-None-Match`."),
}
_NOT_MODIFIED = Response(headers=ETAG, description="The client has the response already.")


def listed(shown: Schema | Model) -> Mapping[int, Response]:
    """Return the responses of a list of such objects."""
    headers = {**LIST_HEADERS, **ETAG}
    return {200: Response(array(shown), headers=headers), 304: _NOT_MODIFIED}


def retrieved(shown: Schema | Model) -> Mapping[int, Response]:
    """Return the responses of one such object."""
    return {200: Response(shown, headers=ETAG), 304: _NOT_MODIFIED}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path, with the operation id that clients know.

    `own` marks an operation that Waldur does not have: it refuses unknown names. `undeclared` names
    query parameters that are accepted and not described. An operation that `ends_tokens` locks its
    identity exclusively. One that `reads` changes nothing, whatever its method, so read-only tokens
    may call it. The parameters of a `search` have everyday names, such as `port`, so other
    operations treat them like any unknown name.
    """

    id: str
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    tag: str
    title: str
    responses: Mapping[int, Response]
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    errors: Collection[int] = ()
    section: str = "Core CRUD"
    public: bool = False
    own: bool = False
    undeclared: Collection[str] = ()
    ends_tokens: bool = False
    search: bool = False
    reads: bool = False

    @property
    def in_query(self) -> tuple[Parameter, ...]:
        return tuple(each for each in self.parameters if each.location == "query")

    @property
    def changes(self) -> bool:
        """Return whether it may change something on behalf of a user."""
        return self.method not in {"GET", "HEAD"} and not self.public and not self.reads

    @property
    def statuses(self) -> list[int]:
        """Return all statuses of its responses, sorted."""
        # 400 for an unknown name, 403 for impersonation
        implied = {400, 406, 429, 503} | (set() if self.public else {401, 403})
        if self.body:
            implied |= {408, 413, 415}
        if self.changes:
            # 409 and 422 for an `Idempotency-Key`, 412 for `If-Match`
            implied |= {408, 409, 412, 413, 415, 422}
        return sorted({*self.responses, *self.errors, *implied})

    @property
    def shared_errors(self) -> list[int]:
        """Return the statuses of errors that are described once for all operations."""
        return [status for status in self.statuses if status not in self.responses]
