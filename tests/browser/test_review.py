"""The review of a change: its headline, its doors to the internet, and whose each change is."""

import pytest
from playwright.async_api import expect
from tests.browser.modules import base
from tests.browser.site import HTTPS, OFFICE

pytestmark = pytest.mark.asyncio(loop_scope="session")

GROUP = "0123456789abcdef0123456789abcdef"
MEMBERS = {"cidr": None, "internet": False, "remote_group_uuid": GROUP, "remote_group_name": "web"}


def piece(port, cidr="0.0.0.0/0", **given):
    """Return a piece of TCP traffic from anywhere."""
    whole = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "from_port": port}
    whole |= {"to_port": port, "cidr": cidr, "internet": cidr == "0.0.0.0/0", "rules": []}
    return whole | {"remote_group_uuid": None} | given


def traffic(opens=(), closes=(), **given):
    """Return what a change opens and closes, as the API does."""
    whole = {"same": not opens and not closes, "exact": True, "notes": [], "opens": opens}
    whole |= {"closes": closes, "opens_total": len(opens), "closes_total": len(closes)}
    return whole | {"instances": 2, "floating_ips": 0, "still_admitted_by": []} | given


def rule(port, cidr="0.0.0.0/0", description="", **given):
    """Return an ingress rule, as the API does."""
    whole = {"ethertype": "IPv4", "direction": "ingress", "protocol": "tcp", "from_port": port}
    whole |= {"to_port": port, "cidr": cidr, "description": description, "remote_group": None}
    return whole | given


def plan(rules, added=(), removed=(), **given):
    """Return a plan, as the API does; all rules but those added are in the cloud."""
    whole = {"version": 1, "compared_with": "cloud", "observed_at": "2026-01-01T00:00:00Z"}
    whole |= {"rules": rules, "added": added, "removed": removed, "description_only": []}
    whole |= {"kept": [each for each in rules if each not in added], "traffic": traffic()}
    quota = {"security_group_rule_count": {"used": 1, "limit": 100, "after": len(rules)}}
    return whole | {"quota": quota, "warnings": [], "notices": [], "calls": 1} | given


EGRESS = {"direction": "egress", "internet": True}
STILL = {"security_group_uuid": GROUP, "security_group_name": "web", "ports": 2, "admits": "all"}
HEADLINES = [
    (
        traffic([piece(22)], instances=11, floating_ips=3),
        "SSH becomes open to the internet on 11 instances, of which at most 3 have a floating IP.",
    ),
    (
        traffic([piece(22), piece(22, "::/0", ethertype="IPv6", internet=True)], instances=1),
        "SSH becomes open to the internet on 1 instance without floating IPs.",
    ),
    (
        traffic([piece(22), piece(3389)], instances=0),
        "SSH and RDP become open to the internet, on no instance yet.",
    ),
    (
        traffic([piece(22)], instances=None, floating_ips=None),
        "SSH becomes open to the internet; on how many instances is not known.",
    ),
    (
        traffic([piece(22, exact=False)], exact=False, instances=3),
        "As far as known, SSH becomes open to the internet on 3 instances without floating IPs.",
    ),
    (
        traffic([piece(22, "91.198.120.0/24", internet=True)], floating_ips=1),
        (
            "Opens SSH to 91.198.120.0/24 on the internet on 2 instances, of which at most 1 has a"
            " floating IP."
        ),
    ),
    (
        traffic(closes=[piece(5432)], instances=0),
        "Closes PostgreSQL to the internet, on no instance.",
    ),
    # One office is not the internet.
    (
        traffic([piece(22, "91.198.120.0/24", internet=True)]),
        "Opens SSH to 91.198.120.0/24 on the internet on 2 instances without floating IPs.",
    ),
    (traffic([piece(8080, "10.0.0.0/8")]), "Opens TCP 8080 to 10.0.0.0/8 on 2 instances."),
    (traffic([piece(5432, **MEMBERS)]), "Opens PostgreSQL to web on 2 instances."),
    (
        traffic([piece(5432, None, unreadable_end="nonsense", internet=False)]),
        "Opens PostgreSQL to nonsense on 2 instances.",
    ),
    # Outgoing traffic opens no door.
    (traffic([piece(443, **EGRESS)]), "Opens outgoing HTTPS to anywhere on 2 instances."),
    (
        traffic([piece(None, protocol="", **EGRESS)]),
        "Opens outgoing traffic to anywhere on 2 instances.",
    ),
    (traffic(closes=[piece(5432)]), "Closes PostgreSQL to the internet on 2 instances."),
    (
        traffic(closes=[piece(5432)], still_admitted_by=[STILL]),
        "Closes PostgreSQL to the internet on 2 instances, but web still admits what closes.",
    ),
    (
        traffic(closes=[piece(5432)], still_admitted_by=[STILL | {"admits": "part"}] * 2),
        (
            "Closes PostgreSQL to the internet on 2 instances, but 2 other groups still admit part"
            " of what closes."
        ),
    ),
    (
        traffic([piece(22)], [piece(80), piece(443)]),
        (
            "SSH becomes open to the internet on 2 instances without floating IPs; also closes HTTP"
            " and HTTPS."
        ),
    ),
    (
        traffic([piece(80, "10.0.0.0/8")], [piece(22)]),
        "Opens HTTP and closes SSH on 2 instances.",
    ),
    # Outgoing traffic comes last, and what is cut is counted.
    (
        traffic(closes=[piece(25, **EGRESS), piece(22)], closes_total=31),
        "Closes SSH, outgoing SMTP and 29 more on 2 instances.",
    ),
    # A rule that meets others is made up of prefixes; multicast is not the internet.
    (
        traffic(
            [
                piece(22, "0.0.0.0/1", internet=True),
                piece(22, "224.0.0.0/3"),
                piece(22, "10.0.0.0/16"),
            ]
        ),
        "SSH becomes open to the internet on 2 instances without floating IPs.",
    ),
    (
        traffic(closes=[piece(22, "128.0.0.0/2", internet=True), piece(22, "224.0.0.0/3")]),
        "Closes SSH to the internet on 2 instances.",
    ),
    (traffic(exact=False), "As far as known, no traffic is opened or closed."),
    # Prefixes are as wide as they are together.
    (
        traffic([piece(22, f"{number}.0.0.0/9", internet=True) for number in (20, 31)]),
        ("SSH becomes open to 2 prefixes of the internet on 2 instances without floating IPs."),
    ),
    # A change of the end names both ends.
    (
        traffic([piece(22, "10.20.30.40/32")], [piece(22, "10.1.0.0/16")]),
        "Opens SSH to 10.20.30.40 and closes it to 10.1.0.0/16 on 2 instances.",
    ),
    (
        traffic([piece(22, "91.198.120.0/24", internet=True)], [piece(22, "10.1.0.0/16")]),
        (
            "Opens SSH to 91.198.120.0/24 on the internet and closes it to 10.1.0.0/16 on 2"
            " instances without floating IPs."
        ),
    ),
    (
        traffic([piece(3389), piece(22, "10.20.30.40/32")], [piece(22, "10.1.0.0/16")]),
        (
            "RDP becomes open to the internet on 2 instances without floating IPs; also opens SSH"
            " to 10.20.30.40 and closes it to 10.1.0.0/16."
        ),
    ),
    # Whatever opens to the internet says so.
    (
        traffic(
            [piece(22, "91.198.120.0/24", internet=True), piece(443, "10.0.0.0/8")], [piece(25)]
        ),
        (
            "Opens SSH and HTTPS (in part to the internet) and closes SMTP on 2 instances without"
            " floating IPs."
        ),
    ),
]
# A rule for SSH cuts what an added rule opens into these.
PIECES_OF_ALL = [
    piece(None, protocol="7-255", rules=[1]),
    piece(None, protocol="0-5", rules=[1]),
    piece(23, to_port=65535, rules=[1]),
    piece(0, to_port=21, rules=[1]),
    piece(22, "16.0.0.0/4", internet=True, rules=[1]),
    piece(22, "10.128.0.0/9", rules=[1]),
]
ALL_TRAFFIC = rule(None, protocol="")
ALL_TCP = rule(1, to_port=65535)
MANY = [rule(22, f"{number}.0.0.0/9") for number in range(20, 120)]
ADDITIONS = [
    (
        traffic(PIECES_OF_ALL, opens_total=20),
        [ALL_TRAFFIC],
        "All traffic becomes open to the internet on 2 instances without floating IPs.",
        ["All traffic from anywhere (IPv4), rule 2"],
    ),
    (
        traffic(PIECES_OF_ALL[2:], opens_total=18),
        [ALL_TCP],
        "All TCP becomes open to the internet on 2 instances without floating IPs.",
        ["All TCP from anywhere (IPv4), rule 2"],
    ),
    # What another rule opens stays by itself.
    (
        traffic([*PIECES_OF_ALL[2:], piece(53, protocol="udp", rules=[2])]),
        [ALL_TCP, rule(53, protocol="udp")],
        "All TCP and DNS become open to the internet on 2 instances without floating IPs.",
        ["All TCP from anywhere (IPv4), rule 2", "DNS (UDP 53) from anywhere (IPv4), rule 3"],
    ),
    (
        traffic(
            [
                piece(22, each["cidr"], internet=True, rules=[number])
                for number, each in enumerate(MANY[:20])
            ],
            opens_total=100,
        ),
        MANY,
        "SSH becomes open to 100 prefixes of the internet on 2 instances without floating IPs.",
        [
            (
                "SSH (TCP 22) from 20.0.0.0/9, 21.0.0.0/9, 22.0.0.0/9 and 97 more prefixes of the"
                " internet, rules 1, 2, 3 and 97 more"
            )
        ],
    ),
    (
        traffic([piece(1, to_port=60, rules=list(range(60)))]),
        [rule(port) for port in range(1, 61)],
        "TCP 1–60 becomes open to the internet on 2 instances without floating IPs.",
        ["TCP 1–60 from anywhere (IPv4), rules 1, 2, 3 and 57 more"],
    ),
]


async def test_what_added_rules_open_is_named_by_them(visit):
    page = await visit("/console/", user=None)
    found = await page.evaluate(
        """async ([base, all]) => {
            const { doorsOf, headlineOf } = await import(`${base}review/plan.js`);
            return all.map(([traffic, added]) => [
                headlineOf(traffic, { added }), doorsOf({ traffic, added }).map(door => door.label),
            ]);
        }""",
        [base(), [given[:2] for given in ADDITIONS]],
    )
    assert found == [list(given[2:]) for given in ADDITIONS]


async def test_the_headline_says_in_one_sentence_what_opens_and_closes(visit):
    page = await visit("/console/", user=None)
    found = await page.evaluate(
        """async ([base, all]) => {
            const { headlineOf } = await import(`${base}review/plan.js`);
            return all.map(each => headlineOf(each));
        }""",
        [base(), [given for given, _ in HEADLINES]],
    )
    assert found == [expected for _, expected in HEADLINES]


MOUNT = """async ([base, plan, before]) => {
    const { html, render } = await import(`${base}html.js`);
    const { ReviewDialog } = await import(`${base}review/dialog.js`);
    const place = document.body.appendChild(document.createElement("div"));
    const close = () => render(null, place);
    const apply = async () => { document.title = "applied"; close(); };
    render(html`<${ReviewDialog} title="Review" load=${async () => plan} apply=${apply}
        before=${before ?? undefined} onClose=${close} />`, place);
}"""


@pytest.fixture
def review(visit):
    """Return a function that shows the review of a plan."""

    async def review(plan, before=None, **options):
        page = await visit("/console/groups/", **options)
        await expect(page.locator("h1")).to_be_visible()
        await page.evaluate(MOUNT, [base(), plan, before])
        return page.get_by_role("dialog", name="Review")

    return review


async def test_each_new_door_to_the_internet_is_confirmed_by_itself(review):
    opens = [piece(22, rules=[0]), piece(3389, rules=[1]), piece(443, rules=[2], **EGRESS)]
    rules = [rule(22), rule(3389), rule(443, direction="egress")]
    dialog = await review(plan(rules, rules, traffic=traffic(opens)), [])
    apply = dialog.get_by_role("button", name="Apply")
    await expect(dialog.get_by_role("checkbox")).to_have_count(2)
    await expect(apply).to_be_disabled()
    await expect(dialog.get_by_role("status")).to_have_text("Confirm each door to the internet.")
    await dialog.get_by_label("Open SSH (TCP 22) from anywhere (IPv4), rule 1").check()
    await expect(apply).to_be_disabled()
    await dialog.get_by_label("Open RDP (TCP 3389)").check()
    await apply.click()
    await expect(dialog).to_have_count(0)


async def test_openings_that_are_not_listed_are_confirmed_too(review):
    given = traffic([piece(22, "10.0.0.0/8")], opens_total=21)
    rules = [rule(22, "10.0.0.0/8"), rule(3389)]
    dialog = await review(plan(rules, rules, traffic=given), [])
    await expect(dialog.get_by_role("checkbox")).to_have_count(1)
    await expect(dialog).to_contain_text("20 more that are not listed, perhaps to the internet")
    await expect(dialog.get_by_role("button", name="Apply")).to_be_disabled()


async def test_one_rule_of_many_prefixes_is_one_door(review):
    pieces = [piece(22, f"{number}.0.0.0/8", internet=True, rules=[0]) for number in range(20, 40)]
    given = traffic(pieces, opens_total=24)
    rules = [rule(22, None), rule(22, "10.0.0.0/8")]
    dialog = await review(plan(rules, rules[:1], traffic=given), [])
    await expect(dialog.get_by_role("checkbox")).to_have_count(1)
    await dialog.get_by_label("Open SSH (TCP 22) from anywhere, rule 1").check()
    await expect(dialog.get_by_role("button", name="Apply")).to_be_enabled()


async def test_a_door_that_exists_already_needs_no_confirmation(review):
    # The rule stays: nothing opens.
    dialog = await review(plan([rule(22)]), [rule(22)])
    await expect(dialog.get_by_role("button", name="Apply")).to_be_enabled()
    await expect(dialog.get_by_role("checkbox")).to_have_count(0)


async def test_the_focus_is_at_the_headline_when_the_review_opens(review):
    dialog = await review(plan([rule(22)]), [rule(22)])
    await expect(dialog.locator(".review-headline")).to_be_focused()
    await expect(dialog.locator(".review-headline")).to_have_text("No traffic is opened or closed.")


async def test_a_changed_description_is_no_other_change(review):
    after = rule(22, "10.0.0.0/8", "Office and home")
    dialog = await review(plan([after]), [rule(22, "10.0.0.0/8", "Office")])
    await expect(dialog.locator(".review-headline")).to_have_text(
        "No traffic is opened or closed; one description changes."
    )
    await expect(dialog).to_contain_text("1 description changed")
    change = dialog.get_by_role("listitem").filter(has_text="Rule 1")
    await expect(change.locator("del")).to_have_text("Office")
    await expect(change.locator("ins")).to_have_text("Office and home")
    for word in ("added", "removed"):
        await expect(dialog).not_to_contain_text(word)


async def test_repairs_of_the_cloud_are_apart_from_my_changes(review):
    before = [rule(22, "10.0.0.0/8", "Office"), rule(443), rule(53, "10.0.0.0/8")]
    after = [before[0] | {"description": "Offices"}, *before[1:]]
    # The cloud lacks the rule for HTTPS, and has one for MySQL that nobody desired.
    given = plan(after, [rule(443, None)], [rule(3306)])
    dialog = await review(given, before)
    yours = dialog.locator("section", has=dialog.page.get_by_role("heading", name="Your changes"))
    repairs = dialog.locator("section", has=dialog.page.get_by_role("heading", name="Repairs"))
    await expect(yours).to_contain_text("1 description changed")
    await expect(yours.get_by_role("listitem")).to_have_count(1)
    await expect(repairs).to_contain_text("2 differences between the cloud")
    await expect(repairs.get_by_role("listitem").nth(0)).to_contain_text("Rule 2: ingress TCP 443")
    await expect(repairs.get_by_role("listitem").nth(0)).to_contain_text("missing in the cloud")
    await expect(repairs.get_by_role("listitem").nth(1)).to_contain_text("TCP 3306")
    await expect(repairs.get_by_role("listitem").nth(1)).to_contain_text("only in the cloud")
    await expect(dialog.locator("summary")).to_have_text("Unchanged: 1 rule")


async def test_a_changed_rule_is_shown_from_what_to_what(review):
    before = [rule(443), rule(5432, "10.4.0.0/16", "Reports"), rule(25, "10.9.0.0/16")]
    after = [rule(5432, "10.4.7.0/24", "Reports"), rule(25, "10.9.0.0/16"), rule(22, "10.0.0.0/8")]
    given = plan(after, [after[0], after[2]], before[:2])
    dialog = await review(given, before)
    await expect(dialog).to_contain_text("1 rule changed, 1 added, 1 removed")
    change = dialog.get_by_role("listitem").filter(has_text="5432")
    await expect(change).to_contain_text("Rule 1: ingress TCP 5432 PostgreSQL from")
    await expect(change.locator("del")).to_have_text(["10.4.0.0/16"])
    await expect(change.locator("ins")).to_have_text(["10.4.7.0/24"])
    # A removed rule has no row, so it has no number.
    await expect(dialog.get_by_role("listitem").filter(has_text="HTTPS")).not_to_contain_text(
        "Rule"
    )


async def test_a_warning_names_its_rule_by_what_it_says(review):
    warning = {"rule": 1, "code": "sensitive_port_open", "message": "Anybody can reach SSH (22)."}
    dialog = await review(plan([rule(443), rule(22, None)], warnings=[warning]), [])
    await expect(dialog).to_contain_text("Rule 2, TCP 22 from anywhere: Anybody can reach SSH")


async def test_a_narrow_window_shows_the_review_on_all_of_it(review):
    opens = [piece(22, rules=[0])]
    given = plan([rule(22)], [rule(22)], traffic=traffic(opens))
    dialog = await review(given, [], viewport={"width": 360, "height": 640})
    await expect(dialog.get_by_role("button", name="Apply")).to_be_in_viewport()
    box = await dialog.bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 360, 640)


async def test_a_description_is_changed_while_the_cloud_drifts(site, visit):
    group = site.create("drifting-review", [OFFICE, HTTPS], tenant="reviewing")
    site.execute_in_cloud(
        "DELETE FROM sandbox_rules WHERE group_id = %s::uuid AND port_range_min = 443",
        group["backend_id"],
    )
    path = f"/api/openstack-security-groups/{group['uuid']}/"
    with site.client("staff") as client:
        client.post(f"{path}set_drift_mode/", json={"mode": "report"})
        client.post(f"{path}pull/")
    site.stable(group["uuid"])
    page = await visit(f"/console/groups/{group['uuid']}/edit/")
    await page.get_by_label("Description, rule 1").fill("Office")
    # The editor counts my change, not the repair of the cloud.
    await expect(page.locator(".editor-foot")).to_contain_text("1 description changed")
    await page.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    yours = dialog.locator("section", has=page.get_by_role("heading", name="Your changes"))
    repairs = dialog.locator("section", has=page.get_by_role("heading", name="Repairs"))
    await expect(yours.get_by_role("listitem")).to_have_count(1)
    await expect(yours.locator("ins")).to_have_text("Office")
    await expect(dialog).to_contain_text("a new description stays in Ringfence")
    await expect(repairs.get_by_role("listitem")).to_have_count(1)
    await expect(repairs).to_contain_text("Rule 2: ingress TCP 443 HTTPS from anywhere")
    # Repairing it opens it in the cloud: that is a door, and it says so.
    door = dialog.get_by_label("Open HTTPS (TCP 443) from anywhere (IPv4), rule 2")
    await door.check()
    await dialog.get_by_role("button", name="Apply").click()
    await expect(dialog).to_have_count(0)
    assert site.stable(group["uuid"])["rules"][0]["description"] == "Office"


async def test_the_plan_is_shown_on_the_map(site, visit):
    group = site.create("mapped-review", [OFFICE], tenant="reviewing")
    page = await visit(f"/console/groups/{group['uuid']}/edit/")
    await page.get_by_label("CIDR, rule 1").fill("10.0.0.0/8")
    await page.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Show on the map").click()
    await expect(dialog.locator("svg.map")).to_be_visible()
    await expect(dialog.locator("figcaption")).to_contain_text("Closes")


@pytest.mark.parametrize("how", ["edit", "roll back"])
async def test_what_the_cloud_lost_after_the_review_is_reviewed_again(site, visit, how):
    world = HTTPS | {"from_port": 22, "to_port": 22}
    group = site.create(f"moved-{how.replace(' ', '-')}", [world, OFFICE], "reviewing")
    site.set_rules(group["uuid"], [world, OFFICE | {"description": "Office"}])
    with site.client("staff") as client:
        path = f"/api/openstack-security-groups/{group['uuid']}/"
        client.post(f"{path}set_drift_mode/", json={"mode": "report"})
    if how == "edit":
        page = await visit(f"/console/groups/{group['uuid']}/edit/")
        await page.get_by_label("Description, rule 1", exact=True).fill("only described")
        await page.get_by_role("button", name="Review").click()
    else:
        page = await visit(f"/console/groups/{group['uuid']}/history/?version=1")
        await page.get_by_role("button", name="Roll back to version 1").click()
    dialog = page.get_by_role("dialog")
    apply = dialog.get_by_role("button", name={"edit": "Apply", "roll back": "Roll back"}[how])
    await expect(apply).to_be_enabled()
    site.execute_in_cloud(
        "DELETE FROM sandbox_rules WHERE group_id = %s::uuid AND remote_ip_prefix = '0.0.0.0/0'",
        group["backend_id"],
    )
    site.pull("reviewing")
    await apply.click()
    await expect(dialog.get_by_role("alert")).to_contain_text("has changed in the cloud")
    await expect(dialog.locator(".review-headline")).to_contain_text("SSH becomes open")
    await expect(apply).to_be_disabled()
    assert site.group(group["uuid"])["state"] == "OK"
    await dialog.get_by_role("checkbox").check()
    await apply.click()
    await expect(dialog).to_have_count(0)
