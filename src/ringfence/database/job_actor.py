"""The actor of the jobs that are deferred; apart from `outbox`, which imports the job queue."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

# A job carries its actor for the events that it records. It grants nothing: the change was
# authorised when the job was deferred.
asker: ContextVar[Mapping[str, str]] = ContextVar("asker", default={})  # noqa: B039 - never changed


@contextmanager
def asked_by(actor: Mapping[str, str]) -> Iterator[None]:
    """Have all jobs that are deferred in the block carry the actor."""
    token = asker.set(actor)
    try:
        yield
    finally:
        asker.reset(token)
