"""Reads that pass by the routes: what answers is found by the path alone."""

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
    """The reads of collections, found by the path alone."""

    def __init__(self, collections: Sequence[Collection]) -> None:
        self._collections = {collection.path: collection for collection in collections}

    def find(self, scope: Scope) -> Callable[[Request], Awaitable[Response]] | None:
        """Give what answers a GET or HEAD of a list or of an object; None for all else.

        Whatever looks unlike a uuid is left to the routes: it may be a word of its own.
        """
        if scope["method"] not in READ_METHODS:
            return None
        path: str = scope["path"]
        if collection := self._collections.get(path):
            context_of(scope).template = path
            return partial(respond_list, collection)
        start = path.rfind("/", 0, -1) + 1
        collection = self._collections.get(path[:start])
        if collection and _UUID_IN_PATH.fullmatch(path, start):
            scope["path_params"] = {"uuid": path[start:-1]}
            context_of(scope).template = path[:start] + "{uuid}/"
            return partial(respond_one, collection)
        return None
