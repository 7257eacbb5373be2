"""Signals to processes, of which one may have ended."""

import signal
import subprocess
import sys

from tests.processes import signal_each


def test_a_process_that_ended_meanwhile_does_not_keep_a_signal_from_the_others():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as lives:
        signal_each([ended.pid, lives.pid])
        assert lives.wait() == -signal.SIGKILL
