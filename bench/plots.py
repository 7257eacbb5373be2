"""Two plots as SVG, readable on light and dark pages."""

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from bench.measure import FLOOR, Figures

WIDTH, LEFT, RIGHT, ROW = 860, 300, 90, 22
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.quiet { fill: #57606a } .grid { stroke: #d0d7de } .line { stroke: #8c959f }
.a { fill: #0969da } .b { fill: #8250df } .c { fill: #bf3989 }
.application { fill: #0969da } .database { fill: #bf8700 } .least { opacity: .45 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #9198a1 } .grid { stroke: #3d444d }
  .line { stroke: #656c76 } .a { fill: #58a6ff } .b { fill: #bc8cff } .c { fill: #f778ba }
  .application { fill: #58a6ff } .database { fill: #d29922 }
}
"""


def _drawing(title: str, height: float, parts: Sequence[str]) -> str:
    label = escape(title, {'"': "&quot;"})
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-label="{label}">\n<style>{_STYLE}</style>\n'
    )
    return head + "\n".join(parts) + "\n</svg>\n"


def _text(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(text)}</text>'
    )


def _bar(x: float, y: float, width: float, kind: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="8" class="{kind}"/>'


def costs(figures: Sequence[Figures]) -> str:
    """Draw the CPU of a request, application and database, of the service above the floor."""
    shown = [one for one in figures if one.floor]
    longest = max((one.median("cpu") or 0) for one in shown) * 1e6
    scale = (WIDTH - LEFT - RIGHT) / longest
    parts = [
        _bar(LEFT, 8, 10, "application"),
        _text(LEFT + 16, 16, "application"),
        _bar(LEFT + 110, 8, 10, "database"),
        _text(LEFT + 126, 16, "database"),
        _text(LEFT + 220, 16, "upper bar: the service; lower, paler: the floor", kind="quiet"),
    ]
    y = 34.0
    for one in shown:
        parts.append(_text(LEFT - 10, y + 12, one.case, "end"))
        for subject, top, kind in (("service", y, ""), (FLOOR, y + 10, " least")):
            application = (one.median("application", subject) or 0) * 1e6
            database = (one.median("database", subject) or 0) * 1e6
            parts.append(_bar(LEFT, top, application * scale, "application" + kind))
            parts.append(_bar(LEFT + application * scale, top, database * scale, "database" + kind))
            end = LEFT + (application + database) * scale + 6
            parts.append(_text(end, top + 8, f"{application + database:,.0f} µs", kind="quiet"))
        y += ROW + 10
    return _drawing("CPU of a request, beside the floor", y + 4, parts)


def growth(figures: Sequence[Figures]) -> str:
    """Draw the median latency of each case on each data set, on a logarithmic scale."""
    sizes = sorted({one.groups for one in figures})
    cases = list(dict.fromkeys(one.case for one in figures))
    latencies = {
        (one.case, one.groups): latency * 1e3 for one in figures if (latency := one.median("p50"))
    }
    low = math.floor(math.log10(min(latencies.values())))
    high = math.ceil(math.log10(max(latencies.values())))
    scale = (WIDTH - LEFT - RIGHT) / max(high - low, 1)

    def at(latency: float) -> float:
        return LEFT + (math.log10(latency) - low) * scale

    bottom = 34 + ROW * len(cases)
    parts = []
    for power in range(low, high + 1):
        x = at(10.0**power)
        parts.append(f'<line x1="{x:.1f}" y1="26" x2="{x:.1f}" y2="{bottom}" class="grid"/>')
        parts.append(_text(x, bottom + 16, f"{10.0**power:g} ms", "middle", "quiet"))
    for index, groups in enumerate(sizes):
        x = LEFT + 150 * index
        parts.append(f'<circle cx="{x}" cy="11" r="5" class="{"abc"[index % 3]}"/>')
        parts.append(_text(x + 10, 15, f"{groups:,} groups"))
    for row, case in enumerate(cases):
        y = 40 + ROW * row
        found = {groups: latencies.get((case, groups)) for groups in sizes}
        points = {groups: at(latency) for groups, latency in found.items() if latency}
        parts.append(_text(LEFT - 10, y + 4, case, "end"))
        ends = f'x1="{min(points.values()):.1f}" x2="{max(points.values()):.1f}"'
        parts.append(f'<line {ends} y1="{y}" y2="{y}" class="line"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y}" r="5" class="{"abc"[sizes.index(groups) % 3]}"/>'
            for groups, x in points.items()
        ]
    return _drawing("Median latency by number of groups", bottom + 26, parts)
