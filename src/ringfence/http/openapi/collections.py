"""The operations that every collection has, as the API's description tells them."""

from collections.abc import Mapping

from ringfence.core_states import STATES
from ringfence.http.collections.collection import Collection
from ringfence.http.collections.filters import Choices
from ringfence.http.openapi.operation import LIST_HEADERS, Operation, Response, listed, retrieved
from ringfence.http.openapi.parameters import (
    UUID_IN_PATH,
    choice_of_fields,
    count_parameters,
    list_parameters,
)
from ringfence.http.openapi.schema import CORE_STATES, Model, array


def list_count_retrieve(
    collection: Collection,
    shown: Model,
    noun: str,
    nouns: str,
    descriptions: Mapping[str, str] | None = None,
) -> tuple[Operation, ...]:
    """Describe list, count and retrieve; `descriptions` says by name what a filter is for."""
    tag = collection.path.removeprefix("/api/").rstrip("/")
    name = tag.replace("-", "_")
    states = {
        filter_name: array(CORE_STATES)
        for filter_name, kind in collection.filters.items()
        if isinstance(kind, Choices) and kind.words is STATES
    }
    parameters = list_parameters(
        collection.filters,
        collection.orders,
        shown,
        more=states,
        descriptions=descriptions,
        has_cursors=collection.has_cursors,
    )
    return (
        Operation(
            f"{name}_list",
            "GET",
            collection.path,
            tag=tag,
            title=f"List {nouns}",
            description=f"Get a list of {nouns}.",
            parameters=parameters,
            answers=listed(shown),
            refusals=(404,),
        ),
        Operation(
            f"{name}_count",
            "HEAD",
            collection.path,
            tag=tag,
            section="Other Actions",
            title=f"Count {nouns}",
            description="Get number of items in the collection matching the request parameters.",
            parameters=count_parameters(parameters),
            answers={200: Response(headers=LIST_HEADERS)},
            refusals=(404,),
        ),
        Operation(
            f"{name}_retrieve",
            "GET",
            collection.path + "{uuid}/",
            tag=tag,
            title=f"Get {noun} details",
            description=f"Retrieve details of a specific {noun}.",
            parameters=(UUID_IN_PATH, choice_of_fields(shown)),
            answers=retrieved(shown),
            refusals=(404,),
            # As at Waldur, the filters of a list hold for one object too.
            also_takes=tuple(each.name for each in parameters),
        ),
    )
