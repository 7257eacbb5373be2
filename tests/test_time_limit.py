"""A test that hangs is ended, and says where it hung."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.patience import PATIENCE_SECONDS
from tests.time_limit import LONG_SECONDS

pytestmark = pytest.mark.timeout(LONG_SECONDS)

CHECKOUT = Path(__file__).parents[1]

ASYNCHRONOUS = """
import asyncio
import pytest

pytestmark = pytest.mark.timeout(1)

async def waits_for_ever():
    await asyncio.Event().wait()

async def test_hangs():
    task = asyncio.create_task(waits_for_ever(), name="the culprit")
    await asyncio.wait({task})
"""

# The test fails first, which must not stop the clock.
IN_A_FIXTURE = """
import threading
import pytest

pytestmark = pytest.mark.timeout(1)

@pytest.fixture
def deaf():
    yield True
    threading.Event().wait()

def test_hangs(deaf):
    assert not deaf, "it fails"
"""


SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
"""


def run(folder: Path, source: str, *options: str) -> str:
    """Run a test in a process of its own, and return all that it prints; it must fail."""
    (folder / "tests").mkdir()
    (folder / "tests" / "test_hanging.py").write_text(source)
    (folder / "pytest.ini").write_text(SETTINGS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.time_limit", *options, folder / "tests"],
        check=False,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    printed = done.stdout + done.stderr
    assert done.returncode != 0, printed
    return printed


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "in a worker"])
def test_a_task_that_waits_for_ever_fails_the_run_and_is_shown(tmp_path, options):
    printed = run(tmp_path, ASYNCHRONOUS, *options)
    assert "test_hangs has not ended after 1 s" in printed
    assert "the culprit" in printed
    assert "in waits_for_ever" in printed


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "in a worker"])
def test_a_fixture_that_waits_for_ever_fails_the_run_and_is_shown(tmp_path, options):
    printed = run(tmp_path, IN_A_FIXTURE, *options)
    assert "test_hangs has not ended after 1 s" in printed
    assert "in deaf" in printed
