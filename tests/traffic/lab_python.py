"""Run `in_neutron.py` with the Python of the lab, which has Neutron."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.lab.openstack import lab_python
from tests.traffic.worlds import World

SCRIPT = Path(__file__).with_name("in_neutron.py")


def written(driver: str, worlds: Sequence[World]) -> list[Any]:
    """Return what Neutron's own code writes for each world, for the driver `ovn` or `iptables`."""
    request = {"driver": driver, "worlds": [world.body for world in worlds]}
    result = subprocess.run(
        [lab_python(), SCRIPT],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"Neutron's code failed:\n{result.stderr}")
    return list(json.loads(result.stdout))
