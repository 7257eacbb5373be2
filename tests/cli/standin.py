"""A service with trivial applications, for the tests of supervision."""

import asyncio
import os
import sys
import time
from functools import partial

from ringfence.service.listener import Probe, host_and_port_of, listen
from ringfence.service.processes import serve_api
from ringfence.service.supervisor import Child, StartError, Supervisor
from ringfence.telemetry import logs


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        for _ in range(2):
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(1.5)
    if scope["path"] == "/stuck":
        await asyncio.sleep(60)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


def idle():
    os.write(2, f"idle {os.getpid()}\n".encode())
    time.sleep(60)
    return 0


def broken():
    raise RuntimeError("token=0123456789abcdef is no reason to stop")


def main(*kinds):
    logs.configure()
    listener = listen("127.0.0.1", 0)
    runs = {
        "api": partial(serve_api, lambda: application, listener, 32 * 1024),
        "idle": idle,
        "broken": broken,
    }
    children = [
        Child(f"{kind}-{number}", runs[kind], [listener.fileno()])
        for number, kind in enumerate(kinds)
    ]
    host_and_port = host_and_port_of(listener)

    def ready():
        os.write(1, f"ready http://{host_and_port}\n".encode())

    try:
        Supervisor(children, Probe(listener), ready).run()
    except StartError as failure:
        raise SystemExit(failure.code) from None


if __name__ == "__main__":
    main(*sys.argv[1:])
