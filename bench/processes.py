"""CPU and memory of processes as the kernel counts them, which is valid on a busy machine too."""

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat, counted from the state, the first after the name in parentheses.
_PARENT, _USER, _CHILDREN_SYSTEM = 1, 11, 14


@dataclass(frozen=True, slots=True)
class Memory:
    """Proportional and resident set size of one process, in megabytes."""

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
    """Return a process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[_PARENT]), []).append(int(entry.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def cpu(root: int) -> float:
    """Return the user and system CPU seconds of a tree of processes.

    Children that have ended are included in their parents.
    """
    ticks = 0
    for process in tree(root):
        fields = _stat(process)
        ticks += sum(int(field) for field in fields[_USER : _CHILDREN_SYSTEM + 1])
    return ticks / _TICKS


def memory(root: int) -> list[Memory]:
    """Return the memory of each process of a tree."""
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
