"""The matrix of fault injection: operations, each of their calls to Neutron, and kinds of faults.

`make test` injects each kind once, the operations taken in turn; with RINGFENCE_FAULTS=all
(`make test-faults`) every cell is run.
"""

import json
import os
from collections import Counter
from dataclasses import dataclass

from tests.lab.proxy import Cut, Delay, Fault, Response, Truncate

# The limits of a worker in these tests, far below the real ones
CALL_SECONDS = 4.0
# Longer than that limit
HANG_SECONDS = CALL_SECONDS + 1
MAX_RESPONSE_BYTES = 200_000
GROUPS, RULES = "/v2.0/security-groups", "/v2.0/security-group-rules"
PORT = "/v2.0/ports/"
PORTS, FLOATING_IPS = "GET /v2.0/ports?", "GET /v2.0/floatingips?"
ADDRESS_GROUPS, AGENTS = "GET /v2.0/address-groups?", "GET /v2.0/agents?"
WRITES = ("POST", "PUT", "DELETE")

# The calls of each operation in their order; a test without injection compares them.
CALLS: dict[str, list[str]] = {
    "create": [
        f"POST {GROUPS}",
        f"POST {RULES}",
        f"DELETE {RULES}/",
        f"DELETE {RULES}/",
        f"GET {GROUPS}/",
    ],
    "rename": [f"GET {GROUPS}/", f"PUT {GROUPS}/"],
    "set_rules": [f"GET {GROUPS}/", f"POST {RULES}", f"DELETE {RULES}/", f"GET {GROUPS}/"],
    "delete": [f"GET {GROUPS}/", f"DELETE {GROUPS}/"],
    "pull": [f"GET {GROUPS}/"],
    "pull_tenant": [
        *(f"GET {GROUPS}?", f"GET {GROUPS}/", PORTS, FLOATING_IPS),
        *(ADDRESS_GROUPS, AGENTS),
    ],
    "set_port_groups": [f"GET {PORT}", f"PUT {PORT}", f"GET {PORT}"],
}
# Without permission for these, only what they show is unknown.
OPTIONAL = (PORTS, FLOATING_IPS, ADDRESS_GROUPS, AGENTS)


def _neutron(kind: str, message: str) -> bytes:
    return json.dumps({"NeutronError": {"type": kind, "message": message, "detail": ""}}).encode()


@dataclass(frozen=True)
class Trouble:
    """A kind of injected fault. With `reason`, the group becomes ERRED at once with that text.

    Otherwise it has no visible effect. A `lasting` one stays until it is removed.
    """

    fault: Fault
    reason: str = ""
    lasting: bool = False
    # The calls that it can affect, by how they begin, and those that it cannot
    only: tuple[str, ...] = ("",)
    never: tuple[str, ...] = ()

    def fits(self, call: str) -> bool:
        return call.startswith(self.only) and not (self.never and call.startswith(self.never))


FORBIDDEN = _neutron("PolicyNotAuthorized", "That is disallowed by policy")
TROUBLES: dict[str, Trouble] = {
    "cut before the effect": Trouble(Cut()),
    "response lost after the effect": Trouble(Cut(after=True)),
    "hang before the effect": Trouble(Cut(seconds=HANG_SECONDS)),
    "hang after the effect": Trouble(Cut(after=True, seconds=HANG_SECONDS)),
    # A creation that arrives after giving up cannot be distinguished from another tool's.
    "late": Trouble(Delay(HANG_SECONDS), never=(f"POST {GROUPS}",)),
    "401 once": Trouble(Response(401)),
    "401": Trouble(Response(401), "does not accept the credentials", lasting=True),
    "403": Trouble(Response(403, FORBIDDEN), "disallowed by policy", lasting=True),
    "404 of a proxy": Trouble(Response(404, b"<html>not here</html>")),
    "409": Trouble(
        Response(409, _neutron("Conflict", "Somebody is at it")), "is at it", only=WRITES
    ),
    "409 quota": Trouble(
        Response(
            409, _neutron("OverQuota", "Quota exceeded for resources: ['security_group_rule'].")
        ),
        "Quota exceeded",
        lasting=True,
        only=("POST",),
    ),
    "409 exists": Trouble(
        Response(409, _neutron("SecurityGroupRuleExists", "Security group rule already exists.")),
        only=(f"POST {RULES}",),
    ),
    "409 in use": Trouble(
        Response(409, _neutron("SecurityGroupInUse", "Security Group is in use.")),
        "in use",
        only=(f"DELETE {GROUPS}",),
    ),
    "412": Trouble(
        Response(412, _neutron("RevisionNumberConstraintFailed", "Constrained to 4")),
        only=(f"PUT {GROUPS}", f"DELETE {GROUPS}", f"PUT {PORT}"),
    ),
    "429": Trouble(Response(429, headers={"Retry-After": "1"})),
    "500 after the effect": Trouble(Response(500, b"{}", after=True)),
    "503": Trouble(Response(503)),
    "redirect": Trouble(Response(302, headers={"Location": "http://127.0.0.2:9/v2.0/other"})),
    "malformed": Trouble(Response(200, b'{"security_groups": [{', after=True)),
    "another's JSON": Trouble(Response(200, b'{"security_groups": [{"id": 1}]}', after=True)),
    "empty": Trouble(Response(200, b"", after=True)),
    # The response to a deletion has no body to truncate.
    "truncated": Trouble(Truncate(), never=("DELETE",)),
    "huge": Trouble(Response(200, b" " * (2 * MAX_RESPONSE_BYTES), after=True)),
}


@dataclass(frozen=True)
class Cell:
    """One injected fault at one call (from 1) of one operation."""

    operation: str
    number: int
    trouble: str

    @property
    def call(self) -> str:
        return CALLS[self.operation][self.number - 1]

    @property
    def reason(self) -> str:
        """The text of the error that the user gets, if any."""
        return "" if self.call.startswith(OPTIONAL) else TROUBLES[self.trouble].reason

    def __str__(self) -> str:
        return f"{self.operation}-{self.number}-{self.trouble.replace(' ', '_')}"


def _cells(troubles: list[str]) -> list[Cell]:
    return [
        Cell(operation, number, trouble)
        for trouble in troubles
        for operation, calls in CALLS.items()
        for number, call in enumerate(calls, 1)
        if trouble not in TROUBLES or TROUBLES[trouble].fits(call)
    ]


def _selected(cells: list[Cell]) -> list[Cell]:
    """Return one cell of each kind of fault, at the operation and call that met fewest."""
    selected: list[Cell] = []
    met: Counter[str] = Counter()
    for trouble in dict.fromkeys(cell.trouble for cell in cells):
        fitting = [cell for cell in cells if cell.trouble == trouble]
        cell = min(fitting, key=lambda each: (met[each.operation], met[each.call]))
        met.update([cell.operation, cell.call])
        selected.append(cell)
    return selected


ALL = _cells(list(TROUBLES))
KILLS = _cells(["killed before", "killed after"])
IS_WHOLE = os.environ.get("RINGFENCE_FAULTS") == "all"
CELLS = ALL if IS_WHOLE else _selected(ALL)
# 11 divides the number of calls of no operation.
KILLED = KILLS if IS_WHOLE else KILLS[::11]
