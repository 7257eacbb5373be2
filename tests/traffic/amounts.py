"""How much is tried: a selection in `make test`, everything in `make test-traffic`."""

import os

ALL = os.environ.get("RINGFENCE_TRAFFIC") == "all"
# Worlds of a law of the small universe
EXAMPLES = 10_000 if ALL else 200
# Worlds, and packets in each
OVN = (200, 50) if ALL else (6, 25)
IPTABLES = (50, 20) if ALL else (5, 12)
SECONDS = 3600 if ALL else 300
SEED = 1
