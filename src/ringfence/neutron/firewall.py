"""Determine the firewall driver of a cloud by the agents on its hosts.

Where hosts have several drivers, the meaning of some rules depends on the host. Extension aliases
do not show it: each driver works with each of them.
"""

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

import structlog

from ringfence.neutron.fields import mapping_of
from ringfence.neutron.port import CloudError, FirewallDriver, Unusable
from ringfence.text.json_value import Json

logger = structlog.get_logger(__name__)

# How long the driver of a cloud is not read again, nor tried to
CACHE_SECONDS = 3600.0

_OVN_AGENTS = frozenset({"OVN Controller agent", "OVN Controller Gateway agent"})
_OVS_AGENT = "Open vSwitch agent"
_LINUX_BRIDGE_AGENT = "Linux bridge agent"


class Agent(NamedTuple):
    """What enforces rules on a host; `None` if its agent does not say it."""

    driver: FirewallDriver | None
    is_alive: bool


class CachedDriver:
    """The driver of a cloud, which is the same for all tenants; an error is cached as unknown."""

    def __init__(self, entry: str) -> None:
        self._entry = entry
        self._driver: FirewallDriver | None = None
        self._until = 0.0

    async def of(self, read: Callable[[], Awaitable[list[Agent]]]) -> FirewallDriver | None:
        """Return the driver, from `read` if it is not cached; raise no `CloudError`."""
        if self._until <= time.monotonic():
            try:
                self._driver = driver_of(await read())
            except CloudError as error:
                logger.info("firewall_driver_unknown", entry=self._entry, error=str(error))
                self._driver = None
            self._until = time.monotonic() + CACHE_SECONDS
        return self._driver


def agents_from_body(body: Json) -> list[Agent]:
    """Read those of `{"agents": […]}` that enforce rules; raise `Unusable` for anything else."""
    items = mapping_of(body).get("agents")
    if not isinstance(items, list):
        raise Unusable("agents is not a list")
    return [agent for agent in map(_read_agent, items) if agent is not None]


def driver_of(agents: Iterable[Agent]) -> FirewallDriver | None:
    """Return the driver of the hosts that are alive, or else of all; `None` if it is unknown."""
    agents = list(agents)
    counted = [agent for agent in agents if agent.is_alive] or agents
    drivers = {agent.driver for agent in counted}
    known = drivers - {None}
    if len(known) > 1:
        return FirewallDriver.SEVERAL
    return drivers.pop() if len(drivers) == 1 else None


def _read_agent(item: object) -> Agent | None:
    if not isinstance(item, dict):
        return None
    is_alive = item.get("alive") is not False
    match item.get("agent_type"):
        case str(kind) if kind in _OVN_AGENTS:
            return Agent(FirewallDriver.OVN, is_alive)
        case str(kind) if kind == _LINUX_BRIDGE_AGENT:
            return Agent(FirewallDriver.IPTABLES, is_alive)
        case str(kind) if kind == _OVS_AGENT:
            return Agent(_ovs_driver(item.get("configurations")), is_alive)
    return None


def _ovs_driver(configurations: object) -> FirewallDriver | None:
    """Return the driver by `ovs_hybrid_plug`, which the agent sets to its driver's demand.

    The driver `iptables_hybrid` needs it (`OVS_HYBRID_PLUG_REQUIRED` in neutron); `openvswitch`
    does not, nor does `noop`, which a cloud with security groups has no use for.
    """
    values = configurations if isinstance(configurations, dict) else {}
    match values.get("ovs_hybrid_plug"):
        case True:
            return FirewallDriver.IPTABLES
        case False:
            return FirewallDriver.OPENVSWITCH
    return None
