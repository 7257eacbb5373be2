"""nginx in front of a served instance, configured with what docs/how-to/reverse-proxy.md says."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.docs.markdown import ROOT, blocks
from tests.patience import PATIENCE_SECONDS

PAGE = ROOT / "docs" / "how-to" / "reverse-proxy.md"
MARK = "nginx: below a path"
_SEARCH_PATH = os.pathsep.join(
    [os.environ["PATH"], "/usr/sbin", str(ROOT / ".venv/nginx/usr/sbin")]
)
_CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {locations}
    }}
}}
"""


def program() -> str | None:
    """Return the path of nginx; None if there is none."""
    return shutil.which("nginx", path=_SEARCH_PATH)


@contextmanager
def in_front_of(address: str, port: int) -> Iterator[None]:
    """Proxy a port of the loopback interface to the instance at `address`."""
    (block,) = [block for block in blocks(PAGE) if block.mark == MARK]
    locations = block.text.replace("http://127.0.0.1:8000", address)
    folder = Path(tempfile.mkdtemp(prefix="ringfence-nginx-"))
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(folder=folder, port=port, locations=locations), encoding="utf-8"
    )
    command = [program(), "-p", folder, "-e", folder / "error.log", "-c", configuration]
    nginx = subprocess.Popen(command)
    try:
        _wait_until_it_listens(port, nginx, folder / "error.log")
        yield
    finally:
        nginx.terminate()
        nginx.wait(PATIENCE_SECONDS)
        shutil.rmtree(folder)


def _wait_until_it_listens(port: int, nginx: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert nginx.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, "nginx does not start"
            time.sleep(0.05)
        else:
            return
