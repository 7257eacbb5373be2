"""The map of a tenant's groups, with its matrix, its table, its files, and a plan drawn on it."""

import csv
import io
import itertools
import json
import random
import re
import xml.etree.ElementTree as ET

import pytest
from playwright.async_api import expect
from tests.browser.modules import base
from tests.browser.site import EGRESS, HTTPS, OFFICE, tenant_uuid

pytestmark = pytest.mark.asyncio(loop_scope="session")

GRAPH = """async ([base, worlds]) => {
    const { graphOf } = await import(`${base}map/graph.js`);
    return worlds.map(groups => graphOf(groups).edges.map(({ from, to, flows }) => ({
        from: from.key, to: to.key,
        flows: flows.map(({ protocol, from_port, end, admitted }) =>
            [protocol, from_port, end, admitted]),
    })));
}"""
AT = f"/console/map/{tenant_uuid('map')}/"


def rule(direction, port, **remote):
    """Return a TCP rule as the API does; port -1 is every port, None every protocol."""
    ports = -1 if port is None else port
    common = {"ethertype": "IPv4", "protocol": "" if port is None else "tcp", "description": ""}
    common |= {"direction": direction, "from_port": ports, "to_port": ports}
    if name := remote.get("group"):
        url = f"http://ringfence/api/openstack-security-groups/{name}/"
        remote = {"remote_group": url, "remote_group_uuid": name, "remote_group_name": name}
        return common | {"cidr": None} | remote
    return common | {"cidr": None, "remote_group": None} | remote


def groups(**rules):
    """Return documents of groups with rules; their names are their UUIDs."""
    return [
        {"uuid": name, "name": name, "instance_count": 1, "rules": each}
        for name, each in rules.items()
    ]


@pytest.fixture
def graph(visit):
    async def graph(*worlds):
        page = await visit("/console/", user=None)
        return await page.evaluate(GRAPH, [base(), list(worlds)])

    return graph


INGRESS, OUT = "ingress", "egress"
# Rules of group a and of group b, and the arrows: from, to, end, admitted.
CASES = [
    ([], [], []),
    ([rule(INGRESS, 22)], [], [("internet", "a", "anywhere", "alone")]),
    ([rule(INGRESS, 22, cidr="0.0.0.0/0")], [], [("internet", "a", "anywhere", "alone")]),
    ([rule(INGRESS, 22, cidr="8.8.8.0/24")], [], [("internet", "a", "8.8.8.0/24", "alone")]),
    (
        [rule(INGRESS, 22, cidr="10.0.0.0/8")],
        [],
        [("prefix:10.0.0.0/8", "a", "10.0.0.0/8", "alone")],
    ),
    ([rule(OUT, None)], [], [("a", "internet", "anywhere", "alone")]),
    # Both sides must admit.
    ([rule(OUT, 22, group="b")], [rule(INGRESS, 22, group="a")], [("a", "b", "", "both")]),
    ([rule(OUT, 22, group="b")], [], [("a", "b", "", "one")]),
    ([], [rule(INGRESS, 22, group="a")], [("a", "b", "", "one")]),
    # Anywhere covers every group; the arrow is between the ends that a rule names.
    (
        [rule(OUT, None)],
        [rule(INGRESS, 22, group="a")],
        [("a", "internet", "anywhere", "alone"), ("a", "b", "", "both")],
    ),
    ([rule(OUT, 80, group="b")], [rule(INGRESS, None, group="a")], None),
    # Another ether type or another group admits nothing.
    (
        [rule(OUT, None) | {"ethertype": "IPv6"}],
        [rule(INGRESS, 22, group="a")],
        [("a", "internet", "anywhere", "alone"), ("a", "b", "", "one")],
    ),
    # Whether a prefix contains the members is not known here.
    (
        [rule(OUT, None, cidr="10.0.0.0/8")],
        [rule(INGRESS, 22, group="a")],
        [("a", "prefix:10.0.0.0/8", "10.0.0.0/8", "alone"), ("a", "b", "", "unknown")],
    ),
    # A group that is not of the tenant, and what only the cloud knows.
    ([rule(INGRESS, 22, group="z")], [], [("outside:z", "a", "", "unknown")]),
    (
        [rule(INGRESS, 22, remote_address_group_backend_id="ag")],
        [],
        [("unknown:address group ag", "a", "", "unknown")],
    ),
    # A group may name itself.
    ([rule(INGRESS, 22, group="a")], [], [("a", "a", "", "one")]),
    (
        [rule(INGRESS, 22, group="a"), rule(OUT, None)],
        [],
        [("a", "a", "", "both"), ("a", "internet", "anywhere", "alone")],
    ),
]


async def test_an_arrow_says_which_sides_admit_it(graph):
    cases = [case for case in CASES if case[2] is not None]
    found = await graph(*(groups(a=a, b=b) for a, b, _ in cases))
    for (a, b, expected), edges in zip(cases, found, strict=True):
        arrows = [
            (edge["from"], edge["to"], end, admitted)
            for edge in edges
            for _, _, end, admitted in edge["flows"]
        ]
        assert sorted(arrows) == sorted(expected), (a, b)


async def test_one_side_may_admit_a_part(graph):
    [[edge]] = await graph(groups(a=[rule(OUT, 80, group="b")], b=[rule(INGRESS, None, group="a")]))
    assert sorted(flow[3] for flow in edge["flows"]) == ["both", "part"]


async def test_many_prefixes_are_one_node(graph):
    rules = [rule(INGRESS, 22, cidr=f"10.{number}.0.0/16") for number in range(9)]
    [[edge]] = await graph(groups(a=rules))
    assert (edge["from"], edge["to"], len(edge["flows"])) == ("prefixes", "a", 9)


async def test_what_is_open_in_the_cloud_and_not_desired_is_an_arrow_of_the_internet(graph):
    opening = {"protocol": "tcp", "from_port": 22, "to_port": 22}
    worlds = [
        [each | {"openings": [opening | said]} for each in groups(a=[])]
        for said in (
            {"desired": False, "observed": True},
            {"desired": False, "observed": None},
            {"desired": True, "observed": True},
        )
    ]
    found = await graph(*worlds)
    assert [len(edges) for edges in found] == [1, 0, 0]
    assert (found[0][0]["from"], found[0][0]["to"]) == ("internet", "a")


NAMES = "abc"
PORTS = [1, 2, 3]


def random_world(chance):
    """Return groups with random rules."""

    def random_rule():
        direction = chance.choice([INGRESS, OUT])
        remote = chance.choice([{"group": chance.choice("abcz")}, {}, {"cidr": "10.0.0.0/8"}])
        first = chance.choice([None, -1, *PORTS])
        made = rule(direction, first, **remote)
        if first in PORTS:
            made["to_port"] = chance.choice([port for port in PORTS if port >= first])
        if first is not None:
            made["protocol"] = chance.choice(["tcp", "udp", "47"])
        if made["protocol"] == "47":
            made["from_port"] = made["to_port"] = -1
        return made

    return groups(**{name: [random_rule() for _ in range(chance.randrange(5))] for name in NAMES})


def node_of(made):
    """Return the key of the remote end of a rule."""
    if uuid := made.get("remote_group_uuid"):
        return uuid if uuid in NAMES else f"outside:{uuid}"
    return f"prefix:{made['cidr']}" if made["cidr"] else "internet"


def packets(made):
    """Return what a rule admits, of a small universe."""
    every = itertools.product(["tcp", "udp", "47", "other"], [0, *PORTS, 4])
    return {
        (protocol, port)
        for protocol, port in every
        if made["protocol"] in {"", protocol}
        and (made["from_port"] == -1 or made["from_port"] <= port <= made["to_port"])
    }


def admitted(made, owner, other):
    """Return whether the other group admits what a rule does, packet by packet."""
    direction = OUT if made["direction"] == INGRESS else INGRESS
    opposite = [each for each in other["rules"] if each["direction"] == direction]
    sure, perhaps = set(), set()
    for each in opposite:
        node = node_of(each)
        if node in {"internet", owner["uuid"]}:
            sure |= packets(each)
        elif node.startswith("prefix"):
            perhaps |= packets(each)
    wanted = packets(made)
    if wanted <= sure:
        return "both"
    if perhaps & (wanted - sure):
        return "unknown"
    return "part" if wanted & sure else "one"


async def test_an_edge_exists_if_and_only_if_a_rule_says_so(graph):
    chance = random.Random(16)  # noqa: S311 - the same worlds each time
    worlds = [random_world(chance) for _ in range(400)]
    for world, edges in zip(worlds, await graph(*worlds), strict=True):
        by_name = {group["uuid"]: group for group in world}
        expected = set()
        for group in world:
            for made in group["rules"]:
                node = node_of(made)
                is_in = made["direction"] == INGRESS
                ends = (node, group["uuid"]) if is_in else (group["uuid"], node)
                status = "alone" if node == "internet" or "prefix" in node else "unknown"
                if node in by_name:
                    status = admitted(made, group, by_name[node])
                expected.add((*ends, made["protocol"], made["from_port"], status))
        found = {
            (edge["from"], edge["to"], *flow[:2], flow[3])
            for edge in edges
            for flow in edge["flows"]
        }
        assert found == expected, world


MATCHES = """async ([base, text, flows]) => {
    const { matcherOf } = await import(`${base}map/words.js`);
    return flows.map(matcherOf(text));
}"""


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("", [22, 443, None]),
        ("22", [22, None]),
        ("ssh", [22, None]),
        ("SSH", [22, None]),
        ("tcp 443", [443, None]),
        ("udp", [None]),
        ("nonsense", []),
    ],
)
async def test_a_filter_finds_ports_and_services(visit, text, ports):
    page = await visit("/console/", user=None)
    every = [22, 443, None]
    flows = [rule(INGRESS, port) for port in every]
    found = await page.evaluate(MATCHES, [base(), text, flows])
    assert [port for port, is_found in zip(every, found, strict=True) if is_found] == ports


LAYOUT = """async ([base, groups]) => {
    const { graphOf } = await import(`${base}map/graph.js`);
    const { layoutOf } = await import(`${base}map/layout.js`);
    const { nodes, edges } = graphOf(groups);
    const layouts = [layoutOf(nodes, edges), layoutOf(nodes, edges)];
    const [one, other] = layouts.map(layout => JSON.stringify(layout));
    const rows = layouts[0].positioned.map(({ node, column, x, y }) => [node.key, column, x, y]);
    return [one === other, rows];
}"""


async def test_the_layout_is_by_distance_from_the_internet_and_always_the_same(visit):
    page = await visit("/console/", user=None)
    chain = groups(
        db=[rule(INGRESS, 5432, group="web")],
        web=[rule(INGRESS, 80, group="front")],
        front=[rule(INGRESS, 443)],
        lone=[],
        **{f"g{number}": [rule(INGRESS, 1, group="front")] for number in range(30)},
    )
    is_same, placed = await page.evaluate(LAYOUT, [base(), chain])
    assert is_same
    column = {key: number for key, number, *_ in placed}
    assert column["internet"] < column["front"] < column["web"] < column["db"]
    assert len({(x, y) for _, _, x, y in placed}) == len(placed) == 35


LABELS = """async ([base, groups]) => {
    const { graphOf } = await import(`${base}map/graph.js`);
    const { HEIGHT, WIDTH, layoutOf } = await import(`${base}map/layout.js`);
    const { nodes, edges } = graphOf(groups);
    const { lines, positioned } = layoutOf(nodes, edges);
    const at = key => positioned.find(({ node }) => node.key === key);
    return lines.map(({ edge, x, y, isCrowded }) => {
        const source = at(edge.from.key);
        return [isCrowded, x - source.x - WIDTH, Math.abs(y - source.y - HEIGHT / 2 + 6)];
    });
}"""


async def test_labels_of_arrows_that_meet_are_beside_their_own_arrow(visit):
    page = await visit("/console/", user=None)
    fan = [rule(INGRESS, 1000 + number, cidr=f"10.{number}.0.0/16") for number in range(5)]
    labels = await page.evaluate(LABELS, [base(), groups(a=fan)])
    assert len(labels) == 5
    for is_crowded, right, away in labels:
        assert not is_crowded
        # At the prefix, where the arrows are apart, and above or below the arrow.
        assert 0 < right < 60
        assert 8 < away < 14


ARROWS = """async ([base, worlds]) => {
    const { graphOf } = await import(`${base}map/graph.js`);
    const { layoutOf } = await import(`${base}map/layout.js`);
    const pointsOf = path => {
        const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
        line.setAttribute("d", path);
        const steps = Math.ceil(line.getTotalLength() / 8);
        return Array.from({ length: steps }, (_, step) => line.getPointAtLength(step * 8));
    };
    return worlds.map(groups => {
        const { nodes, edges } = graphOf(groups);
        const shown = layoutOf(nodes, edges.filter(({ to }) => to.kind !== "internet"))
            .lines.filter(({ isCrowded }) => !isCrowded);
        const points = shown.map(({ path }) => pointsOf(path));
        return shown.map(({ edge, text, x, y }) => ({
            of: edge.key, text, x, y,
            nearest: points.map(each =>
                Math.min(...each.map(at => Math.hypot(at.x - x, at.y - y)))),
        }));
    });
}"""


def overlap(one, other):
    """Return whether two labels do, by the least width of a character."""
    width = (len(one["text"]) + len(other["text"])) * 3
    return abs(one["x"] - other["x"]) < width and abs(one["y"] - other["y"]) < 14


async def test_a_label_is_nearer_to_its_own_arrow_than_to_others_and_apart_from_other_labels(visit):
    page = await visit("/console/", user=None)
    mail = groups(
        mail=[rule(INGRESS, 25), rule(OUT, 25, group="balancer")],
        balancer=[rule(INGRESS, 443), rule(INGRESS, 80)],
        web=[rule(INGRESS, 8080, group="balancer")],
        ping=[rule(INGRESS, 7)],
        bastion=[rule(INGRESS, 22, cidr="198.51.100.0/24")],
        names=[rule(INGRESS, 53, cidr="10.0.0.0/8")],
    )
    chance = random.Random(25)  # noqa: S311 - the same worlds each time
    worlds = [mail, *(random_world(chance) for _ in range(20))]
    for labels in await page.evaluate(ARROWS, [base(), worlds]):
        for own, label in enumerate(labels):
            away = label["nearest"].pop(own)
            assert away < 30, label
            assert away < min(label["nearest"], default=away + 1), label
        for one, other in itertools.combinations(labels, 2):
            assert not overlap(one, other), (one, other)


@pytest.fixture
def drawn(visit):
    """Return a function that opens the map of groups that the API is made to return."""

    async def drawn(**rules):
        page = await visit("/console/map/")
        body = json.dumps(groups(**rules))
        headers = {"X-Result-Count": str(len(rules))}
        await page.route(
            "**/api/openstack-security-groups/?*tenant_uuid*",
            lambda route: route.fulfill(
                body=body, content_type="application/json", headers=headers
            ),
        )
        await page.goto(AT)
        return page

    return drawn


def within(inner, outer):
    """Return whether a box lies in another."""
    return all(
        outer[start] <= inner[start] and inner[start] + inner[size] <= outer[start] + outer[size]
        for start, size in (("x", "width"), ("y", "height"))
    )


async def test_a_selected_node_is_shown_with_all_that_it_reaches(drawn):
    page = await drawn(
        front=[rule(INGRESS, 443)],
        web=[rule(INGRESS, 80, group="front")],
        **{f"store{number}": [rule(INGRESS, 1, group="web")] for number in range(6)},
    )
    await node(page, "web").click()
    await expect(node(page, "web")).to_have_attribute("aria-pressed", "true")
    near = page.locator(".node.is-near rect")
    await expect(near).to_have_count(8)
    frame = await page.locator("svg.map").bounding_box()
    tools = await page.get_by_role("group", name="Zoom").bounding_box()
    for each in await near.all():
        box = await each.bounding_box()
        assert within(box, frame)
        assert box["y"] >= tools["y"] + tools["height"]


FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


async def test_where_all_nodes_are_shown_so_is_what_is_written_below_them(drawn):
    names = [f"g{number}" for number in range(4)]
    page = await drawn(
        **{name: [rule(INGRESS, 443), rule(INGRESS, 1, group=name)] for name in names}
    )
    await expect(page.locator(".node-self")).to_have_count(4)
    whole = 0
    for height in range(780, 900, 20):
        await page.set_viewport_size({"width": 1280, "height": height})
        await page.evaluate(FRAMES)
        frame = await page.locator("svg.map").bounding_box()
        boxes = [await each.bounding_box() for each in await page.locator(".node rect").all()]
        if all(within(box, frame) for box in boxes):
            whole += 1
            for each in await page.locator(".node-self").all():
                assert within(await each.bounding_box(), frame), height
    assert whole


async def test_text_of_the_map_is_large_enough_to_read(shop, visit):
    assert shop
    page = await visit(AT, viewport={"width": 1280, "height": 800})
    await expect(node(page, "map-web")).to_be_visible()
    sizes = await page.evaluate(
        """() => [...document.querySelectorAll("svg.map text")].map(text =>
            parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"""
    )
    assert min(sizes) >= 11


@pytest.fixture(scope="module")
def shop(site):
    """Create groups of the tenant."""
    front = site.create("map-front", [HTTPS, EGRESS], tenant="map")
    inner = {"protocol": "tcp", "from_port": 8081, "to_port": 8081, "remote_group": front["url"]}
    web = site.create("map-web", [inner, OFFICE], tenant="map")
    database = {"protocol": "tcp", "from_port": 5432, "to_port": 5432, "remote_group": web["url"]}
    store = site.create("map-store", [database], tenant="map")
    hostile = site.create("=<img src=x onerror='window.wasRun=1'>", [OFFICE], tenant="map")
    return {"front": front, "web": web, "store": store, "hostile": hostile}


def node(page, name):
    return page.locator(".node").filter(has_text=name)


async def test_the_map_is_read_and_used_with_the_keyboard(shop, visit):
    page = await visit(AT)
    await expect(node(page, "map-front")).to_have_attribute(
        "aria-label", re.compile("open to the internet, 1 arrow in, 1 out")
    )
    await expect(page.locator(".edge-open text").first).to_contain_text("▲ HTTPS")
    await expect(page.locator(".edge text", has_text="8081")).to_have_count(1)
    # Only one node is in the order of Tab.
    await expect(page.locator('.node[tabindex="0"]')).to_have_count(1)
    await page.locator('.node[tabindex="0"]').focus()
    await expect(node(page, "The internet")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await expect(node(page, "map-front")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Home")
    await expect(node(page, "The internet")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(f"group={shop['front']['uuid']}"))
    await expect(node(page, "map-front")).to_have_attribute("aria-pressed", "true")
    await expect(node(page, "map-front")).to_be_focused()
    panel = page.get_by_role("region", name="Selected")
    await expect(panel).to_contain_text("Open to the internet")
    await expect(panel).to_contain_text("TCP 8081")
    await expect(panel.get_by_role("link", name="Show the group")).to_have_attribute(
        "href", f"/console/groups/{shop['front']['uuid']}/"
    )
    faded = page.locator(".has-selection .node:not(.is-near)")
    await expect(faded.filter(has_text="map-store")).to_have_count(1)
    await expect(faded.filter(has_text="map-web")).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)


TRANSFORM = "document.querySelector('svg.map .layer').getAttribute('transform')"


async def test_the_map_is_moved_and_zoomed_with_keys_and_mouse(shop, visit):
    assert shop
    page = await visit(AT)
    await node(page, "The internet").focus()
    seen = [await page.evaluate(TRANSFORM)]
    for key in ("+", "-", "Shift+ArrowLeft", "0"):
        await page.keyboard.press(key)
        seen.append(await page.evaluate(TRANSFORM))
    assert all(one != other for one, other in itertools.pairwise(seen))
    box = await page.locator("svg.map").bounding_box()
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 20)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] / 2 - 80, box["y"] + box["height"] - 60)
    await page.mouse.up()
    assert await page.evaluate(TRANSFORM) != seen[-1]
    # Dragging selects nothing, a click does.
    assert "group=" not in page.url
    await page.get_by_role("button", name="Fit").click()
    await node(page, "map-web").click()
    await expect(page).to_have_url(re.compile(f"group={shop['web']['uuid']}"))


async def test_the_map_is_filtered_by_port_and_by_the_internet(shop, visit):
    assert shop
    page = await visit(AT)
    await expect(node(page, "map-store")).to_have_count(1)
    await page.get_by_label("Only open to the internet").check()
    await expect(node(page, "map-store")).to_have_count(0)
    await expect(node(page, "map-front")).to_have_count(1)
    await page.get_by_label("Only open to the internet").uncheck()
    await page.get_by_label("Port or service").fill("postgresql")
    await expect(node(page, "map-front")).to_have_count(0)
    await expect(node(page, "map-store")).to_have_count(1)
    await expect(page).to_have_url(re.compile("port=postgresql"))
    await page.get_by_label("Port or service").fill("")
    egress = page.locator('.edge[data-to="internet"] .line')
    await expect(egress).to_have_count(0)
    await page.get_by_label("Egress to the internet").check()
    await expect(egress.first).to_be_attached()


async def test_the_matrix_is_a_grid_for_the_keyboard(shop, visit):
    assert shop
    page = await visit(f"{AT}?view=matrix")
    grid = page.get_by_role("grid")
    await expect(grid.get_by_role("row").nth(1)).to_contain_text("The internet")
    await grid.focus()
    heads = await grid.get_by_role("columnheader").all_inner_texts()
    rows = await grid.get_by_role("rowheader").all_inner_texts()
    for _ in range(heads.index("map-store") - 1):
        await page.keyboard.press("ArrowRight")
    for _ in range(rows.index("map-web")):
        await page.keyboard.press("ArrowDown")
    active = page.locator('[aria-selected="true"]')
    await expect(active).to_contain_text("PostgreSQL")
    chosen = await grid.get_attribute("aria-activedescendant")
    assert await active.get_attribute("id") == chosen
    await expect(page.get_by_role("region", name="Selected cell")).to_contain_text("TCP 5432")
    await page.keyboard.press("Control+Home")
    first = grid.get_by_role("row").nth(1).get_by_role("gridcell").first
    await expect(first).to_have_attribute("aria-selected", "true")
    await page.get_by_label("Port or service").fill("nonsense")
    await expect(page.get_by_text("No arrows.")).to_be_visible()


async def test_the_table_has_every_arrow_and_is_sorted(shop, visit):
    assert shop
    page = await visit(f"{AT}?view=table")
    table = page.get_by_role("table", name="Who may talk to whom")
    first = table.get_by_role("row").nth(1)
    await expect(first).to_contain_text("▲ Anywhere")
    await expect(first).to_contain_text("TCP 443 (HTTPS)")
    stored = table.get_by_role("row").filter(has_text="TCP 5432")
    await expect(stored).to_contain_text(
        "Not admitted: Ingress rule only, egress of the source does not admit it"
    )
    await expect(table.get_by_role("row").filter(has_text="TCP 8081")).to_contain_text("Both sides")
    await table.get_by_role("button", name="Destination").click()
    head = table.get_by_role("columnheader", name="Destination")
    await expect(head).to_have_attribute("aria-sort", "ascending")
    await table.get_by_role("button", name="Destination").click()
    await expect(head).to_have_attribute("aria-sort", "descending")


async def test_rows_that_admit_nothing_are_last_and_quiet_in_each_order(shop, visit):
    assert shop
    page = await visit(f"{AT}?view=table")
    table = page.get_by_role("table", name="Who may talk to whom")
    rows = table.locator("tbody tr")
    await expect(rows.filter(has_text="TCP 5432")).to_be_visible()
    for _ in range(2):
        await table.get_by_role("button", name="Destination").click()
        texts = await rows.all_inner_texts()
        refused = ["Not admitted" in text for text in texts]
        assert refused == sorted(refused)
        assert any(refused)
    colours = [
        await row.locator("strong").evaluate("each => getComputedStyle(each).color")
        for row in await rows.all()
    ]
    first = refused.index(True)
    assert set(colours[:first]).isdisjoint(colours[first:])


async def test_each_view_has_a_legend_of_its_own(shop, visit):
    assert shop
    page = await visit(f"{AT}?view=matrix")
    cell = page.get_by_role("gridcell", name="PostgreSQL")
    await expect(cell).to_have_text("✕ PostgreSQL")
    legend = page.get_by_role("list", name="Legend").get_by_role("listitem")
    await expect(page.get_by_role("heading", name="What a cell means")).to_be_visible()
    await expect(legend.filter(has_text="✕")).to_contain_text("Not admitted")
    await expect(legend.filter(has_text="?")).to_contain_text("only a part")
    await page.get_by_role("link", name="Table", exact=True).click()
    await expect(page.get_by_role("heading", name="What a row means")).to_be_visible()
    await page.get_by_role("link", name="Map", exact=True).last.click()
    await expect(page.get_by_role("heading", name="What an arrow means")).to_be_visible()


async def test_a_narrow_window_begins_with_the_table(shop, visit):
    assert shop
    page = await visit(AT, viewport={"width": 360, "height": 740})
    await expect(page.get_by_role("table", name="Who may talk to whom")).to_be_visible()


async def test_names_with_markup_are_text_and_no_formulas(shop, visit):
    page = await visit(f"{AT}?group={shop['hostile']['uuid']}")
    await expect(page.get_by_role("heading", name="=<img")).to_be_visible()
    assert await page.evaluate("window.wasRun") is None
    _, rows = await saved_csv(page)
    assert {"Source", "Destination", "Traffic", "Ether type", "Admitted by"} == set(rows[0])
    assert any(row["Destination"].startswith("'=<img") for row in rows)
    assert not any(value.startswith("=") for row in rows for value in row.values())


async def saved_csv(page):
    """Return the name and the rows of the file that the page exports."""
    async with page.expect_download() as saved:
        await page.get_by_role("button", name="Export CSV").click()
    download = await saved.value
    text = (await download.path()).read_text("utf-8")
    return download.suggested_filename, list(csv.DictReader(io.StringIO(text)))


async def test_files_of_one_name_have_the_same_rows_in_all_views(shop, visit):
    page = await visit(AT)
    files = {}
    for query in ("", f"group={shop['web']['uuid']}", "port=22", "open=true"):
        for view in ("map", "matrix", "table"):
            await page.goto(f"{AT}?view={view}&{query}")
            name, rows = await saved_csv(page)
            assert files.setdefault(name, rows) == rows, (view, query)
    assert len(files) == 4
    everything = max(files.values(), key=len)
    assert {"map-front", "Anywhere"} in [{row["Source"], row["Destination"]} for row in everything]


async def test_the_map_is_saved_as_a_file(shop, visit):
    assert shop
    page = await visit(AT)
    await expect(node(page, "map-web")).to_be_visible()
    async with page.expect_download() as saved:
        await page.get_by_role("button", name="Export SVG").click()
    drawing = ET.parse(await (await saved.value).path()).getroot()  # noqa: S314 - our own file
    texts = ["".join(each.itertext()) for each in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert "map-web" in texts
    assert "▲ HTTPS" in texts
    lines = list(drawing.iter("{http://www.w3.org/2000/svg}path"))
    assert lines
    assert all(line.get("stroke") for line in lines)


async def test_a_tenant_is_chosen_unless_there_is_one(visit):
    page = await visit("/console/map/")
    await page.get_by_label("Search tenants").fill("map")
    await page.get_by_role("main").get_by_role("link", name="map", exact=True).click()
    await expect(page.get_by_role("heading", name="Map of map")).to_be_visible()
    alone = json.dumps([{"uuid": tenant_uuid("map"), "name": "map"}])
    await page.route(
        "**/api/openstack-tenants/?*",
        lambda route: route.fulfill(
            body=alone, content_type="application/json", headers={"X-Result-Count": "1"}
        ),
    )
    await page.goto("/console/map/")
    await expect(page).to_have_url(re.compile(AT))


PLAN = """async ([base, tenant, group, plan]) => {
    const { html, render } = await import(`${base}html.js`);
    const { PlanMap } = await import(`${base}map/plan.js`);
    const place = document.createElement("div");
    place.id = "plan";
    document.querySelector("main").append(place);
    render(html`<${PlanMap} tenant=${tenant} group=${group} plan=${plan} />`, place);
}"""


async def test_a_plan_is_drawn_with_what_appears_and_disappears(site, shop, visit):
    group = site.group(shop["web"]["uuid"])
    with site.client("staff") as client:
        kept = group["rules"][:1]
        kept = [{key: value for key, value in each.items() if value is not None} for each in kept]
        response = client.post(
            f"/api/openstack-security-groups/{group['uuid']}/plan/",
            json=[*kept, HTTPS | {"from_port": 22, "to_port": 22}],
        )
    assert response.status_code == 200, response.text
    page = await visit("/console/groups/")
    await page.evaluate(PLAN, [base(), tenant_uuid("map"), group, response.json()])
    plan = page.locator(".plan-map")
    await expect(plan.locator(".edge-plus text")).to_contain_text("+SSH")
    await expect(plan.locator(".edge-minus text")).to_contain_text("\N{MINUS SIGN}SSH")
    await expect(plan.locator(".node", has_text="map-front")).to_have_count(1)
    # The group that changes is the one that stands out, and a legend says what the rest means.
    await expect(plan.locator("svg.map > .node[data-subject]")).to_have_count(1)
    await expect(plan.locator("svg.map > .node[data-subject]")).to_contain_text("map-web")
    await expect(plan.get_by_role("list", name="Legend")).to_contain_text("The group that changes")
    await expect(plan).to_contain_text("Opens")
    await expect(plan).to_contain_text("198.51.100.0/24 → map-web: TCP 22")
    assert await plan.locator("svg.map .edge-plus .line").count() == 1


async def test_the_review_of_a_change_shows_it_on_the_map(shop, visit):
    page = await visit(f"/console/groups/{shop['store']['uuid']}/edit/")
    await page.get_by_role("button", name="Allow all").last.click()
    await page.get_by_role("button", name="Review").click()
    await page.get_by_role("button", name="Show on the map").click()
    plan = page.get_by_role("dialog").locator(".plan-map")
    await expect(plan).to_contain_text("+ map-store → map-store: All traffic")
    await expect(plan.locator(".node", has_text="map-store")).to_contain_text("↻ within: +all")
    await expect(plan.locator(".node", has_text="map-web")).to_have_count(1)
