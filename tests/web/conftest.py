"""Fixtures for requests to the console."""

from tests.contract.conftest import api, app, client, world

__all__ = ["api", "app", "client", "world"]
