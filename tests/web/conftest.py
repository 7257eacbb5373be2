"""The console over HTTP, in a world of its own."""

from tests.contract.conftest import api, app, client, world

__all__ = ["api", "app", "client", "world"]
