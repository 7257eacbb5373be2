"""The words in which a feature declares its operations, and the OpenAPI document made of them.

Each feature keeps its declarations in `operations.py`, beside its routes: a tuple `operations` of
`Operation` values, which `app.py` collects. What stands elsewhere already is not said again: a
body's limits come from its `Field` table (`fields_schema`), a list's parameters from its filters
and orders (`list_parameters`), words from their enum (`enumeration`), refusals from the table in
`http/errors.py` (by status). Schemas and parameters are beside this
module, in `schema.py` and `parameters.py`.

    TENANT = Model("OpenStackTenant", {"type": "object", "properties": {"name": STRING}})

    operations = (
        Operation(
            "openstack_tenants_retrieve", "GET", "/api/openstack-tenants/{uuid}/",
            tag="openstack-tenants", title="Get tenant details",
            parameters=(UUID_IN_PATH,),
            answers={200: Answer(TENANT)},
            refusals=(404,),
        ),
    )

Operation ids and the names of models are those of Waldur's published clients. A model is used as
a value, wherever a schema stands; `{"$ref": MODEL, "description": …}` adds to one. Every operation
can answer 400, 406, 429 and 503, and unless it is public 401 and 403; one with a body 408, 413 and
415 as well, and one that changes something these, 409, 412 and 422: they need no mention, nor do
`Idempotency-Key` and `If-Match`. HEAD belongs to every GET, and is declared where it has a name of
its own.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ringfence.access.permissions import READ_METHODS
from ringfence.http.openapi.parameters import Parameter
from ringfence.http.openapi.schema import (
    INTEGER,
    STRING,
    Model,
    Schema,
    array,
    described,
)


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent.

    Keys that the schema does not name are refused by an operation of ours, and otherwise ignored
    and named in the `Warning` of the response. `unknown_keys` says it where that is not so:
    "checked" where the reader of the body does it, object by object.
    """

    schema: Schema | Model
    example: Any = None
    required: bool = True
    unknown_keys: Literal["refused", "named", "checked"] | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What comes back with one status; no schema means no body.

    A body that is not `promised` comes, but clients of some contract expect none.
    """

    schema: Schema | Model | None = None
    description: str = ""
    headers: Mapping[str, Schema] = field(default_factory=dict)
    example: Any = None
    promised: bool = True


LIST_HEADERS: Mapping[str, Schema] = {
    "X-Result-Count": described(INTEGER, "How many objects there are on all pages."),
    "Link": described(STRING, "The addresses of the first, previous, next and last page."),
}

TAG: Mapping[str, Schema] = {
    "ETag": described(STRING, "The same as long as the answer is; to send in `If-None-Match`."),
}
_NOT_MODIFIED = Response(headers=TAG, description="The caller has the answer already.")


def listed(shown: Schema | Model) -> Mapping[int, Response]:
    """Give what a list answers; `shown` is one of its objects."""
    headers = {**LIST_HEADERS, **TAG}
    return {200: Response(array(shown), headers=headers), 304: _NOT_MODIFIED}


def retrieved(shown: Schema | Model) -> Mapping[int, Response]:
    """Give what an object's address answers."""
    return {200: Response(shown, headers=TAG), 304: _NOT_MODIFIED}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path, under the name that clients know it by.

    `own` marks one that Waldur does not have: it refuses what it does not know. `also_takes` names
    query parameters that have their effect, or rightly none, and are not described. One that
    `ends_tokens` holds its caller alone while it does.
    """

    id: str
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    tag: str
    title: str
    answers: Mapping[int, Response]
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    refusals: Collection[int] = ()
    section: str = "Core CRUD"
    public: bool = False
    own: bool = False
    also_takes: Collection[str] = ()
    ends_tokens: bool = False

    @property
    def in_query(self) -> tuple[Parameter, ...]:
        """Return the parameters of the query."""
        return tuple(each for each in self.parameters if each.place == "query")

    @property
    def changes(self) -> bool:
        """Tell whether it is a method that may change something, for somebody."""
        return self.method not in READ_METHODS and not self.public

    @property
    def statuses(self) -> list[int]:
        """Give all that it can answer with, in order."""
        # A name that it does not take, a request in somebody else's name
        implied = {400, 406, 429, 503} | (set() if self.public else {401, 403})
        if self.body:
            implied |= {408, 413, 415}
        if self.changes:
            # A token that may only read, a key that is none, one under way, one used otherwise
            implied |= {408, 409, 412, 413, 415, 422}
        return sorted({*self.answers, *self.refusals, *implied})

    @property
    def refused(self) -> list[int]:
        """Return the statuses that it has in common with others."""
        return [status for status in self.statuses if status not in self.answers]
