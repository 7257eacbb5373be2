"""A worker as a process of its own: `python worker_process.py CONNINFO PULL_INTERVAL`."""

import asyncio
import sys

from ringfence.settings import Settings
from ringfence.sync.worker import end_process, run_worker
from ringfence.telemetry import logs

if __name__ == "__main__":
    logs.configure()
    settings = Settings(pull_interval=float(sys.argv[2]))
    asyncio.run(run_worker(settings, sys.argv[1]))
    end_process(0)
