"""Declarations of the operations that every collection has: list, count and retrieve."""

from collections.abc import Mapping

from ringfence.core_states import STATES
from ringfence.http.collections.collection import Collection
from ringfence.http.collections.filters import Choices
from ringfence.http.openapi.operation import LIST_HEADERS, Operation, Response, listed, retrieved
from ringfence.http.openapi.parameters import (
    UUID_IN_PATH,
    Parameter,
    choice_of_fields,
    count_parameters,
    list_parameters,
)
from ringfence.http.openapi.schema import CORE_STATES, Model, Schema, array


def list_count_retrieve(
    collection: Collection,
    shown: Model,
    noun: str,
    nouns: str,
    descriptions: Mapping[str, str],
    schemas: Mapping[str, Schema | Model] | None = None,
) -> tuple[Operation, ...]:
    """Return the three operations.

    `descriptions` has those of all filters, by name, and `schemas` what their kind does not say.
    """
    tag = collection.path.removeprefix("/api/").rstrip("/")
    parameters = _parameters(collection, shown, descriptions, schemas or {})
    retrieve = Operation(
        f"{tag.replace('-', '_')}_retrieve",
        "GET",
        collection.path + "{uuid}/",
        tag=tag,
        title=f"Get {noun} details",
        description=f"Retrieve details of a specific {noun}.",
        parameters=(UUID_IN_PATH, choice_of_fields(shown)),
        responses=retrieved(shown),
        errors=(404,),
        # Waldur applies the filters of a list to one object, too.
        undeclared=tuple(each.name for each in parameters),
    )
    return (*_list_and_count(collection.path, tag, shown, nouns, parameters), retrieve)


def list_and_count(
    collection: Collection,
    shown: Model,
    nouns: str,
    descriptions: Mapping[str, str],
    schemas: Mapping[str, Schema | Model] | None = None,
) -> tuple[Operation, Operation]:
    """Return the two operations of a collection whose objects have no path of their own."""
    tag = collection.path.removeprefix("/api/").rstrip("/")
    parameters = _parameters(collection, shown, descriptions, schemas or {})
    return _list_and_count(collection.path, tag, shown, nouns, parameters)


def _parameters(
    collection: Collection,
    shown: Model,
    descriptions: Mapping[str, str],
    schemas: Mapping[str, Schema | Model],
) -> tuple[Parameter, ...]:
    states = {
        name: array(CORE_STATES)
        for name, kind in collection.filters.items()
        if isinstance(kind, Choices) and kind.words is STATES
    }
    return list_parameters(
        collection.filters,
        collection.ordering,
        shown,
        more={**states, **schemas},
        descriptions=descriptions,
        has_cursors=collection.has_cursors,
    )


def _list_and_count(
    path: str, tag: str, shown: Model, nouns: str, parameters: tuple[Parameter, ...]
) -> tuple[Operation, Operation]:
    name = tag.replace("-", "_")
    return (
        Operation(
            f"{name}_list",
            "GET",
            path,
            tag=tag,
            title=f"List {nouns}",
            description=f"Get a list of {nouns}.",
            parameters=parameters,
            responses=listed(shown),
            errors=(404,),
        ),
        Operation(
            f"{name}_count",
            "HEAD",
            path,
            tag=tag,
            section="Other Actions",
            title=f"Count {nouns}",
            description="Get number of items in the collection matching the request parameters.",
            parameters=count_parameters(parameters),
            responses={200: Response(headers=LIST_HEADERS)},
            errors=(404,),
        ),
    )
