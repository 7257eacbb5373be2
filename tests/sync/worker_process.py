"""A worker as a process of its own.

`python worker_process.py CONNINFO PULL_INTERVAL SHUTDOWN_SECONDS`
"""

import asyncio
import sys

from ringfence.settings import Settings
from ringfence.sync import worker
from ringfence.telemetry import logs

if __name__ == "__main__":
    logs.configure()
    settings = Settings(pull_interval=float(sys.argv[2]))
    worker.SHUTDOWN_SECONDS = float(sys.argv[3])
    asyncio.run(worker.run_worker(settings, sys.argv[1]))
    worker.end_process(0)
