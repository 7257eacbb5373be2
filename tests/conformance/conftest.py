"""Published clients, unmodified, against one served instance."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.clients import python_client
from tests.conformance.served import Site, joined

PROGRAMS = Path(__file__).with_name("programs")


@pytest.fixture(scope="session")
def site(short_folder: Path, testrun_uid: str) -> Iterator[Site]:
    with joined(short_folder / f"site-{testrun_uid[:8]}") as site:
        yield site


@pytest.fixture(scope="session")
def run_program():
    """Return a function that runs a program in a client's environment, on a JSON document.

    It returns the JSON document that the program prints.
    """

    def run(client: str, program: str, **given: Any) -> Any:
        done = subprocess.run(
            [python_client(client) / "python", "-I", PROGRAMS / program],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def count(record_property):
    """Return a function that records the number of checks of a test."""
    return lambda number: record_property("held", number)
