"""Reads of collections bypass the routes: the handler is found by the path."""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from ringfence.access.permissions import READ_METHODS
from ringfence.http.collections.collection import Collection
from ringfence.http.collections.handlers import respond_list, respond_one
from ringfence.http.context import context_of
from ringfence.text.uuids import ANY_UUID

_UUID_IN_PATH = re.compile(f"{ANY_UUID}/")


class FastPath:
    """The handlers of collections, by path."""

    def __init__(self, collections: Sequence[Collection]) -> None:
        self._collections = {collection.path: collection for collection in collections}

    def find(self, scope: Scope) -> Callable[[Request], Awaitable[Response]] | None:
        """Return the handler of a GET or HEAD of a list or an object; None for all else.

        Paths without a UUID are left to the routes, for example those of actions.
        """
        if scope["method"] not in READ_METHODS:
            return None
        path: str = scope["path"]
        if collection := self._collections.get(path):
            context_of(scope).template = path
            return partial(respond_list, collection)
        start = path.rfind("/", 0, -1) + 1
        collection = self._collections.get(path[:start])
        if collection and collection.has_objects and _UUID_IN_PATH.fullmatch(path, start):
            scope["path_params"] = {"uuid": path[start:-1]}
            context_of(scope).template = path[:start] + "{uuid}/"
            return partial(respond_one, collection)
        return None
