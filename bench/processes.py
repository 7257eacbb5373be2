"""What processes cost, as the kernel counts it: it holds on a busy machine, where time does not."""

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
# Of /proc/PID/stat, counted from the state, which is the first after the name in parentheses.
_PARENT, _USER, _CHILDREN_SYSTEM = 1, 11, 14


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, in megabytes: its share of what it uses, and all that it uses."""

    name: str
    proportional: float
    resident: float


def _stat(process: int) -> list[str]:
    try:
        text = (_PROC / str(process) / "stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text[text.rindex(")") + 2 :].split()


def tree(root: int) -> list[int]:
    """Give a process with all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[_PARENT]), []).append(int(entry.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def cpu(root: int) -> float:
    """Give the seconds that a tree of processes has computed, for itself and in the kernel.

    Those of children that have ended are among them: their parents inherit the sum.
    """
    ticks = 0
    for process in tree(root):
        fields = _stat(process)
        ticks += sum(int(field) for field in fields[_USER : _CHILDREN_SYSTEM + 1])
    return ticks / _TICKS


def memory(root: int) -> list[Memory]:
    """Give the memory of each process of a tree."""
    found = []
    for process in tree(root):
        try:
            text = (_PROC / str(process) / "smaps_rollup").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            continue
        sizes = {
            line.split(":")[0]: int(line.split()[1]) / 1024
            for line in text.splitlines()
            if line.startswith(("Pss:", "Rss:"))
        }
        name = (_PROC / str(process) / "comm").read_text(encoding="utf-8").strip()
        found.append(Memory(name, sizes["Pss"], sizes["Rss"]))
    return found
