"""Every page of the console with content, for tests, screenshots and figures."""

from dataclasses import dataclass

from playwright.async_api import Page, expect
from tests.browser.site import EGRESS, HTTPS, OFFICE, Site, tenant_uuid

# What was typed on a page that was shown before is not part of the next.
DROP_DRAFTS = """() => {
    const drafts = Object.keys(localStorage).filter(name => name.startsWith("ringfence:draft:"));
    for (const name of drafts) localStorage.removeItem(name);
    return drafts.length;
}"""


@dataclass(frozen=True)
class Shown:
    """A page: its name, its path, and a selector that is visible when it is loaded.

    `check` names boxes to check, `press` buttons to click, `paste` is text for the box that they
    open, and `then` is a selector that is visible afterwards.
    """

    name: str
    path: str
    ready: str
    check: tuple[str, ...] = ()
    press: tuple[str, ...] = ()
    paste: str = ""
    then: str = "body"
    user: str | None = "staff"

    async def open(self, page: Page) -> None:
        """Open the page, and wait until it is loaded."""
        await page.goto(self.path)
        if await page.evaluate(DROP_DRAFTS):
            await page.reload()
        await expect(page.locator(self.ready).first).to_be_visible()
        for name in self.check:
            # By keyboard: the heads of tables are clipped in narrow windows.
            await page.get_by_label(name, exact=True).press("Space")
        for name in self.press:
            label = f':has-text("{name}")'
            button = f'button{label}, button[aria-label^="{name}"], summary{label}'
            await page.locator(button).last.click()
        if self.paste:
            await page.locator("textarea").fill(self.paste)
        await expect(page.locator(self.then).first).to_be_visible()


def every_page(site: Site) -> list[Shown]:
    """Create groups in all states, and return the pages that show them."""
    front = site.create(
        "load-balancer",
        [HTTPS | {"description": "HTTPS"}, HTTPS | {"from_port": 80, "to_port": 80}, EGRESS],
        description="Public entry point",
    )
    inner = {"protocol": "tcp", "from_port": 8080, "to_port": 8090, "remote_group": front["url"]}
    web = site.create("web", [inner, OFFICE], description="Application servers")
    site.set_rules(web["uuid"], [inner, OFFICE | {"description": "Office"}, EGRESS])
    database = {"protocol": "tcp", "from_port": 5432, "to_port": 5432, "remote_group": web["url"]}
    site.create("database", [database], description="PostgreSQL, for the application servers")
    ping = {"protocol": "icmp", "from_port": 8, "to_port": 0, "cidr": "0.0.0.0/0"}
    site.create("ping", [ping], description="Echo requests from anywhere")
    site.attach(web, "web-1", "10.0.0.11", "203.0.113.11")
    site.attach(web, "web-2", "10.0.0.12")
    site.attach(front, "lb-1", "10.0.0.5", "203.0.113.5")
    site.pull("shop")
    failed = site.create("bastion", [OFFICE | {"cidr": "0.0.0.0/0"}], description="SSH")
    drifting = site.drifting("cache")
    undesired = site.opened_in_cloud("intranet", [HTTPS, OFFICE])
    with site.client("staff") as client:
        client.post(
            f"/api/openstack-security-groups/{failed['uuid']}/set_erred/",
            json={"error_message": "Quota exceeded for resources: ['security_group_rule']."},
        )
    many = site.create(
        "partners",
        [OFFICE | {"from_port": port, "to_port": port} for port in range(2000, 2150)],
        description="One rule for each partner",
        tenant="table",
    )
    at = f"/console/groups/{web['uuid']}/"
    chart = f"/console/map/{web['tenant_uuid']}/"
    return [
        Shown("sign-in", "/console/", "form", user=None),
        Shown("groups", "/console/groups/?tenant_uuid=" + web["tenant_uuid"], "table.groups"),
        Shown("rules-found", "/console/groups/?q=443", ".results .result-group"),
        Shown(
            "rules-none",
            "/console/groups/?q=sctp+4711+from+198.51.100.77+in+tenant+vanishing",
            ".empty",
        ),
        Shown(
            "groups-selected",
            "/console/groups/?tenant_uuid=" + web["tenant_uuid"],
            "table.groups",
            check=("Select all on this page",),
            then=".bulk-bar",
        ),
        Shown("groups-none", "/console/groups/?query=nothing-like-this", ".empty"),
        Shown("group", at, ".activity li"),
        Shown("group-failed", f"/console/groups/{failed['uuid']}/", ".notice-bad"),
        Shown("group-drifting", f"/console/groups/{drifting['uuid']}/", ".drift-panel"),
        Shown("group-undesired", f"/console/groups/{undesired['uuid']}/", ".undesired"),
        Shown(
            "group-adopt",
            f"/console/groups/{undesired['uuid']}/",
            ".undesired",
            press=("Adopt",),
            then=".review h3",
        ),
        Shown("group-menu", at, ".activity li", press=("More",)),
        Shown("group-delete", at, ".activity li", press=("More", "Delete"), then=".dialog .check"),
        Shown("edit", f"{at}edit/", ".editing"),
        Shown("edit-many", f"/console/groups/{many['uuid']}/edit/", ".editing"),
        Shown(
            "paste",
            f"{at}edit/",
            ".editing",
            press=("Paste rules",),
            paste="tcp 22 10.0.0.0/8\ntcp 22 10.0.0.0/8 except 10.4.0.0/16\n10.5.0.0/16",
            then=".paste-errors",
        ),
        Shown(
            "review",
            f"{at}edit/",
            ".editing",
            press=("Remove", "Review"),
            then=".review h3",
        ),
        Shown("history", f"{at}history/", ".changes"),
        Shown(
            "rollback",
            f"{at}history/?version=1",
            ".versions",
            press=("Roll back to version 1",),
            then=".review h3",
        ),
        Shown("new", "/console/groups/new/", ".form-grid"),
        Shown(
            "copy",
            f"/console/groups/new/?copy={web['uuid']}&tenant={tenant_uuid('editing')}",
            ".foreign",
        ),
        Shown("instances", "/console/instances/", "table.instances"),
        Shown("instance", f"/console/instances/{site.instance_uuid('web-1')}/", ".effective"),
        Shown(
            "reach",
            f"/console/reach/?tenant={web['tenant_uuid']}"
            "&source=203.0.113.9&destination=web-1&protocol=tcp&port=22",
            ".verdict",
        ),
        Shown("exposures", "/console/exposures/", ".exposures td"),
        Shown("events", "/console/events/", ".events td"),
        Shown("tokens", "/console/tokens/", ".cloud td"),
        Shown(
            "token-new", "/console/tokens/", ".cloud td", press=("New token",), then="#new-token"
        ),
        Shown("users", "/console/users/", ".users td"),
        Shown("doctor", "/console/doctor/", ".doctor td"),
        Shown("clouds", "/console/clouds/", ".cloud"),
        Shown("discover", "/console/clouds/discover/", ".discover-form"),
        Shown("map", f"{chart}?group={web['uuid']}", "svg.map .node, .map-table tbody td"),
        Shown("matrix", f"{chart}?view=matrix", "table.matrix"),
        Shown("map-table", f"{chart}?view=table", "table.map-table"),
        Shown("not-found", f"/console/groups/{'0' * 32}/", ".empty"),
        Shown("no-page", "/console/nosuch/", ".empty h1"),
        Shown("palette", at, ".activity li", press=("Go to",), then=".palette-entry"),
    ]
