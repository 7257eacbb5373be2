"""Drafts of rules: nothing typed is lost, every step can be undone."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.announcements import expect_announced, record
from tests.browser.modules import base
from tests.browser.session import sign_in
from tests.browser.site import HTTPS, OFFICE, token

pytestmark = pytest.mark.asyncio(loop_scope="session")

RESTORED = re.compile(r"You have unapplied changes from \d\d:\d\d")
FULL_STORAGE = """() => {
    const store = Storage.prototype.setItem;
    Storage.prototype.setItem = function (name, value) {
        if (name.startsWith("ringfence:draft:")) throw new Error("full");
        store.call(this, name, value);
    };
}"""


async def edit(site, visit, name, rules=(OFFICE,), user="ann"):
    group = site.create(name, rules, tenant="drafts")
    page = await visit(f"/console/groups/{group['uuid']}/edit/", user=user)
    await expect(page.get_by_role("table", name="Edit rules")).to_be_visible()
    return group, page


async def stored(page):
    """Wait until the draft is stored."""
    await page.evaluate(
        """async () => {
            const isDraft = name => name.startsWith("ringfence:draft:");
            while (!Object.keys(localStorage).some(isDraft))
                await new Promise(done => setTimeout(done, 50));
        }"""
    )


async def test_a_draft_survives_a_reload_back_and_a_link_without_a_question(site, visit):
    group, page = await edit(site, visit, "kept")
    asked = []
    page.on("dialog", lambda dialog: asked.append(dialog.message) or dialog.dismiss())
    ports = page.get_by_label("Ports, rule 1")
    await page.goto(f"/console/groups/{group['uuid']}/")
    await page.get_by_role("link", name="Edit rules").click()
    await ports.fill("2222")
    await page.go_back()
    await expect(page.get_by_role("table", name="Ingress rules")).to_contain_text("TCP 22")
    await page.go_forward()
    await expect(ports).to_have_value("2222")
    await page.get_by_role("link", name="History").click()
    await expect(page.get_by_role("heading", name="Versions")).to_be_visible()
    await page.get_by_role("link", name="Draft", exact=True).click()
    await expect(ports).to_have_value("2222")
    await page.reload()
    await expect(ports).to_have_value("2222")
    await expect(page.get_by_text(RESTORED)).to_be_visible()
    assert asked == []


async def test_pasted_text_that_is_not_added_yet_is_part_of_the_draft(site, visit):
    _, page = await edit(site, visit, "kept-paste")
    await page.get_by_role("button", name="Paste rules").click()
    box = page.get_by_label(re.compile("One rule per line"))
    await box.fill("tcp 443 10.0.0.0/8 except")
    await page.reload()
    await expect(box).to_have_value("tcp 443 10.0.0.0/8 except")
    await expect(page.get_by_text(RESTORED)).to_be_visible()


async def test_a_draft_survives_the_end_of_the_session_and_is_shown_to_its_user_only(site, visit):
    group, page = await edit(site, visit, "of-ann")
    ports = page.get_by_label("Ports, rule 1")
    await page.context.clear_cookies()
    await ports.fill("2222")
    dialog = page.get_by_role("dialog", name="Your session ended")
    await dialog.get_by_role("button", name="Use a token").click()
    await dialog.get_by_label("Token", exact=True).fill(token("bob"))
    await dialog.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.locator("summary", has_text="bob")).to_be_visible()
    await expect(ports).to_have_value("22")
    await expect(page.get_by_text(RESTORED)).to_have_count(0)
    drafts = "import('{}').then(({{ draftsOf }}) => ['ann', 'bob'].map(draftsOf))"
    module = await page.evaluate(
        "new URL('editor/draft_store.js', document.querySelector('script[src]').src).href"
    )
    [[of_ann], of_bob] = await page.evaluate(drafts.format(module))
    assert (of_ann["key"], of_bob) == (f"group:{group['uuid']}", [])
    await page.context.clear_cookies()
    await sign_in(page.context, site.address, "ann")
    await page.reload()
    await expect(ports).to_have_value("2222")


async def test_steps_are_undone_and_redone_and_typing_in_a_cell_is_one_step(site, visit):
    _, page = await edit(site, visit, "undoing")
    ports, end = page.get_by_label("Ports, rule 1"), page.get_by_label("CIDR, rule 1")
    await ports.press("End")
    await ports.press_sequentially("00")
    await end.fill("10.0.0.0/8")
    await page.get_by_role("button", name="Remove rule 1").click()
    await expect(ports).to_have_count(0)
    await page.keyboard.press("Control+z")
    await expect(end).to_have_value("10.0.0.0/8")
    await end.press("Control+z")
    await expect(end).to_have_value("198.51.100.0/24")
    await expect(ports).to_have_value("2200")
    await ports.press("Control+z")
    await expect(ports).to_have_value("22")
    await expect(page.get_by_role("button", name="Review")).to_be_disabled()
    await ports.press("Control+Shift+Z")
    await expect(ports).to_have_value("2200")
    redo = page.get_by_role("button", name="Redo")
    await redo.click()
    await expect(end).to_have_value("10.0.0.0/8")
    await redo.click()
    await expect(ports).to_have_count(0)
    # The button has nothing left to do, and keeps the focus.
    await expect(redo).to_have_attribute("aria-disabled", "true")
    await expect(redo).to_be_focused()


async def test_undoing_all_changes_can_be_undone(site, visit):
    _, page = await edit(site, visit, "undone", [OFFICE, HTTPS])
    await page.get_by_label("Ports, rule 1").fill("2222")
    await page.get_by_role("button", name="Remove rule 2").click()
    await page.get_by_role("button", name="Undo all").click()
    await expect(page.get_by_label("Ports, rule 2")).to_have_value("443")
    await page.get_by_role("button", name="Undo (Ctrl+Z)").click()
    await expect(page.get_by_label("Ports, rule 1")).to_have_value("2222")
    await expect(page.get_by_label("Ports, rule 2")).to_have_count(0)


async def test_a_restored_draft_is_discarded_and_brought_back(site, visit):
    _, page = await edit(site, visit, "discarded")
    ports = page.get_by_label("Ports, rule 1")
    await ports.fill("2222")
    await page.reload()
    await page.get_by_role("status").get_by_role("button", name="Discard").click()
    await expect(ports).to_have_value("22")
    await expect(page.get_by_text(RESTORED)).to_have_count(0)
    await page.get_by_role("button", name="Undo (Ctrl+Z)").click()
    await expect(ports).to_have_value("2222")
    await page.get_by_role("button", name="Undo all").click()
    await page.reload()
    await expect(ports).to_have_value("22")


async def test_a_draft_that_changed_in_another_tab_is_not_overwritten(site, visit):
    group, page = await edit(site, visit, "two-tabs")
    other = await page.context.new_page()
    await other.goto(page.url)
    ports = [each.get_by_label("Ports, rule 1") for each in (page, other)]
    await expect(ports[1]).to_have_value("22")
    await ports[0].fill("2222")
    notice = other.get_by_role("alert")
    await expect(notice).to_contain_text("was changed in another tab at")
    await ports[1].fill("3333")
    await notice.get_by_role("button", name="Show the other draft").click()
    await expect(ports[1]).to_have_value("2222")
    await other.get_by_role("button", name="Undo (Ctrl+Z)").click()
    await expect(ports[1]).to_have_value("3333")
    notice = page.get_by_role("alert")
    await expect(notice).to_contain_text("was changed in another tab at")
    await notice.get_by_role("button", name="Keep what is shown here").click()
    await expect(notice).to_have_count(0)
    await expect(other.get_by_role("alert")).to_contain_text("was changed in another tab at")
    await other.reload()
    await expect(ports[1]).to_have_value("2222")
    await page.get_by_role("button", name="Undo all").click()
    await expect(other.get_by_role("alert")).to_contain_text("applied or discarded in another tab")
    await other.get_by_role("button", name="Discard it here, too").click()
    await expect(ports[1]).to_have_value("22")
    assert len(site.group(group["uuid"])["rules"]) == 1


async def test_a_tab_learns_that_the_draft_of_another_tab_was_applied(site, visit):
    group, page = await edit(site, visit, "two-tabs-applied")
    other = await page.context.new_page()
    await other.goto(page.url)
    ports = [each.get_by_label("Ports, rule 1") for each in (page, other)]
    await expect(ports[1]).to_have_value("22")
    await ports[0].fill("2222")
    notice = other.get_by_role("alert")
    await expect(notice).to_contain_text("was changed in another tab at")
    await ports[1].fill("3333")
    await page.get_by_role("button", name="Review").click()
    await page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    await expect(notice).to_contain_text("applied or discarded in another tab")
    site.stable(group["uuid"])
    await expect(notice).to_have_count(1)
    await notice.get_by_role("button", name="Keep what is shown here").click()
    await expect(notice).to_contain_text("changed this group")
    await expect(ports[1]).to_have_value("3333")


async def test_a_full_storage_is_said_and_breaks_nothing(site, visit):
    _, page = await edit(site, visit, "full")
    await page.evaluate(FULL_STORAGE)
    await page.get_by_label("Ports, rule 1").fill("2222")
    await expect(page.get_by_role("alert")).to_contain_text("does not store your changes")
    questions = []
    page.on("dialog", lambda dialog: questions.append(dialog.message) or dialog.accept())
    await page.get_by_role("link", name="History").click()
    await page.get_by_role("link", name="Edit", exact=True).click()
    await expect(page.get_by_label("Ports, rule 1")).to_have_value("2222")
    assert len(questions) == 1
    await page.get_by_role("button", name="Review").click()
    await page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("table", name="Ingress rules")).to_contain_text("TCP 2222")


@pytest.mark.parametrize(
    "draft", ["nonsense", '{"format": 99}', '{"format": 1, "value": {"rows": [{}]}}']
)
async def test_a_draft_of_another_release_is_dropped_with_a_message(site, visit, draft):
    group, page = await edit(site, visit, f"unreadable-{len(draft)}")
    name = f"ringfence:draft:ann:group:{group['uuid']}"
    await page.evaluate("([name, text]) => localStorage.setItem(name, text)", [name, draft])
    await page.reload()
    await expect(page.locator(".toast")).to_contain_text("could not be read. It was dropped.")
    await expect(page.get_by_label("Ports, rule 1")).to_have_value("22")
    assert await page.evaluate("name => localStorage.getItem(name)", name) is None


async def test_a_draft_of_an_older_version_is_merged(site, visit):
    group, page = await edit(site, visit, "moved-on")
    await page.get_by_label("Ports, rule 1").fill("2222")
    await stored(page)
    await page.goto("/console/groups/")
    site.set_rules(group["uuid"], [OFFICE | {"id": group["rules"][0]["id"]}, HTTPS])
    await page.goto(f"/console/groups/{group['uuid']}/edit/")
    await expect(page.get_by_role("alert")).to_contain_text("bob changed this group")
    await page.get_by_role("button", name="Merge their changes").click()
    await expect(page.get_by_label("Ports, rule 1")).to_have_value("2222")
    await expect(page.get_by_label("Ports, rule 2")).to_have_value("443")


async def test_an_editor_without_edits_follows_the_changes_of_others(site, visit):
    group, page = await edit(site, visit, "followed")
    site.set_rules(group["uuid"], [OFFICE | {"id": group["rules"][0]["id"]}, HTTPS])
    await expect(page.get_by_label("Ports, rule 2")).to_have_value("443")
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_applying_ends_the_draft_and_leads_to_the_heading_of_the_group(site, visit):
    group, page = await edit(site, visit, "ended")
    await page.get_by_label("Ports, rule 1").fill("2222")
    await stored(page)
    await record(page)
    await page.get_by_role("button", name="Review").click()
    await page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    await expect(page).to_have_url(re.compile(rf"/{group['uuid']}/$"))
    await expect(page.get_by_role("heading", name="ended", level=1)).to_be_focused()
    await expect_announced(page, "Saved as version 2.")
    await page.get_by_role("link", name="Edit rules").click()
    await expect(page.get_by_label("Ports, rule 1")).to_have_value("2222")
    await expect(page.get_by_text(RESTORED)).to_have_count(0)


async def test_the_review_opens_with_a_key_wherever_the_focus_is(site, visit):
    _, page = await edit(site, visit, "keyed")
    await page.get_by_label("Remote type, rule 1").select_option("all")
    foot = page.get_by_role("status").filter(has_text="SSH becomes open to the internet")
    await expect(foot).to_contain_text("1 rule changed.")
    await page.get_by_role("heading", name="keyed", level=1).focus()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("dialog", name="Review changes to keyed")).to_be_visible()


async def test_a_draft_of_another_year_is_dated_with_its_year(visit):
    page = await visit("/console/", user=None)
    text = await page.evaluate(
        """async base => {
            const { timeText } = await import(`${base}editor/draft_controls.js`);
            return timeText("1999-06-01T12:00");
        }""",
        base(),
    )
    assert text == "1 Jun 1999"


async def test_the_draft_of_a_deleted_group_becomes_a_new_group(site, visit):
    group, page = await edit(site, visit, "gone")
    await page.get_by_label("Ports, rule 1").fill("2222")
    await stored(page)
    with site.client("staff") as client:
        path = f"/api/openstack-security-groups/{group['uuid']}/"
        client.delete(path).raise_for_status()
    await expect(page.get_by_role("heading", name="gone no longer exists")).to_be_visible()
    text = page.get_by_label("The rules as text, to copy")
    await expect(text).to_have_value("ingress tcp 2222 198.51.100.0/24")
    await page.reload()
    await expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    await page.get_by_role("link", name="New group from this draft").click()
    await expect(page.get_by_label("Name")).to_have_value("gone")
    await expect(page.get_by_label("Ports, rule 1")).to_have_value("2222")
    await page.get_by_role("button", name="Review").click()
    await page.get_by_role("dialog").get_by_role("button", name="Create group").click()
    await expect(page.get_by_role("heading", name="gone", level=1)).to_be_visible()
    [rule] = site.stable(site.group_named("gone")["uuid"])["rules"]
    assert rule["from_port"] == 2222
    names = await page.evaluate("Object.keys(localStorage)")
    assert not [name for name in names if name.startswith("ringfence:draft:")]


async def test_the_draft_of_a_deleted_group_is_discarded(site, visit):
    group, page = await edit(site, visit, "gone-discarded")
    await page.get_by_label("Ports, rule 1").fill("2222")
    await stored(page)
    with site.client("staff") as client:
        path = f"/api/openstack-security-groups/{group['uuid']}/"
        client.delete(path).raise_for_status()
    await page.get_by_role("button", name="Discard the draft").click()
    await expect(page.get_by_role("link", name="New group from this draft")).to_have_count(0)
    await page.reload()
    await expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    await expect(page.get_by_role("link", name="New group from this draft")).to_have_count(0)


async def test_a_draft_of_long_ago_is_dropped(site, visit):
    group, page = await edit(site, visit, "long-ago")
    await page.get_by_label("Ports, rule 1").fill("2222")
    await stored(page)
    await page.goto(f"/console/groups/{group['uuid']}/")
    await page.evaluate(
        """() => {
            const isDraft = name => name.startsWith("ringfence:draft:");
            const name = Object.keys(localStorage).find(isDraft);
            const draft = JSON.parse(localStorage.getItem(name));
            draft.savedAt = "2020-01-01T00:00:00Z";
            localStorage.setItem(name, JSON.stringify(draft));
        }"""
    )
    await page.get_by_role("link", name="Edit rules").click()
    await expect(page.get_by_label("Ports, rule 1")).to_have_value("22")
