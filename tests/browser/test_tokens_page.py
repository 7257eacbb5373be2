"""Tokens and sessions: created, rotated, revoked and ended in the console."""

import re

import httpx
import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


def status_of(site, secret, method="GET"):
    headers = {"Authorization": f"Token {secret}"}
    path = "/api/users/me/" if method == "GET" else "/api/personal-access-tokens/"
    return httpx.request(method, f"{site.address}{path}", headers=headers, json=None).status_code


def row(page, name):
    return page.get_by_role("row").filter(has=page.get_by_role("button", name=f"Revoke {name}"))


async def secret_of(page):
    field = page.get_by_role("dialog").get_by_label("Token", exact=True)
    await expect(field).to_be_visible()
    return await field.input_value()


async def test_a_token_is_created_shown_once_rotated_and_revoked(site, visit):
    page = await visit("/console/tokens/", permissions=["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="New token").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("backup")
    await dialog.get_by_label("Project").select_option(label="Web shop · Acme")
    await dialog.get_by_role("button", name="Create").click()
    first = await secret_of(page)
    assert status_of(site, first) == 200
    # It is read-only, unless one says otherwise.
    assert status_of(site, first, "POST") == 403
    await dialog.get_by_role("button", name="Copy").click()
    await expect(page.locator(".toast")).to_contain_text("copied")
    assert await page.evaluate("navigator.clipboard.readText()") == first
    await dialog.get_by_role("button", name="Done").click()
    await expect(row(page, "backup")).to_contain_text("Read")
    await expect(row(page, "backup")).to_contain_text("project Web shop")
    await expect(row(page, "backup")).to_contain_text(re.compile("in 1[12] hours"))
    assert first not in await page.content()
    await page.get_by_role("button", name="Rotate backup").click()
    await page.get_by_role("dialog").get_by_role("button", name="Rotate").click()
    second = await secret_of(page)
    assert (status_of(site, first), status_of(site, second)) == (401, 200)
    await page.get_by_role("dialog").get_by_role("button", name="Done").click()
    await page.get_by_role("button", name="Revoke backup").click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(row(page, "backup")).to_have_count(0)
    assert status_of(site, second) == 401


async def test_the_longest_lifetime_is_said_before_a_token_is_created(visit):
    page = await visit("/console/tokens/")
    await page.get_by_role("button", name="New token").click()
    dialog = page.get_by_role("dialog")
    expires = dialog.get_by_label("Expires")
    limit = await expires.get_attribute("max")
    assert limit == await expires.input_value()
    # In the language and time zone of the browser, as the field.
    local = await page.evaluate("(limit) => new Date(limit).toLocaleDateString()", limit)
    await expect(dialog.get_by_text("at the latest")).to_contain_text(f"Until {local}")
    command = dialog.locator("code")
    await expect(command).to_have_text("ringfence token ann --expires 30d --read-only")
    await dialog.get_by_label("Name").fill("too long")
    await expires.fill(f"{int(limit[:4]) + 1}{limit[4:]}")
    await dialog.get_by_role("button", name="Create").click()
    assert await expires.evaluate("(field) => field.validity.rangeOverflow")
    await expect(dialog.get_by_role("button", name="Create")).to_be_enabled()


async def test_a_token_without_limits_is_not_limited_to_nothing(visit):
    page = await visit("/console/tokens/")
    await page.get_by_role("button", name="New token").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("unlimited")
    await page.get_by_role("dialog").get_by_role("button", name="Create").click()
    await page.get_by_role("dialog").get_by_role("button", name="Done").click()
    await expect(row(page, "unlimited")).to_contain_text("Everything the owner may")


async def test_a_wrong_expiry_is_explained_at_its_field(visit):
    page = await visit("/console/tokens/")
    await page.get_by_role("button", name="New token").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("late")
    await dialog.get_by_label("Expires").fill("2020-01-01T00:00")
    await dialog.get_by_role("button", name="Create").click()
    await expect(dialog.get_by_label("Expires")).to_have_attribute("aria-invalid", "true")
    await expect(dialog.locator(".field-error").nth(1)).not_to_be_empty()


async def test_a_session_is_ended_and_all_of_them(visit):
    other = await visit("/console/groups/", user="mia")
    page = await visit("/console/tokens/", user="mia")
    table = page.get_by_role("table", name="Sessions of mia")
    await expect(table.get_by_role("row").nth(2)).to_be_visible()
    before = await table.get_by_role("row").count()
    # Sessions are in the order in which they began.
    await table.get_by_role("button", name=re.compile("End the session")).nth(-2).click()
    await page.get_by_role("dialog").get_by_role("button", name="End", exact=True).click()
    await expect(table.get_by_role("row")).to_have_count(before - 1)
    await other.reload()
    await expect(other.get_by_role("button", name="Sign in").first).to_be_visible()
    await page.get_by_role("button", name="End all my sessions").click()
    await page.get_by_role("dialog").get_by_role("button", name="End all").click()
    await expect(page).to_have_url(re.compile("/console/sign-in/"))


async def test_only_staff_manage_the_tokens_of_others(visit):
    page = await visit("/console/tokens/", user="sue")
    users = page.get_by_role("table", name="Users who have tokens")
    await expect(users).to_contain_text("bob")
    await expect(users.get_by_role("button")).to_have_count(0)
    page = await visit("/console/tokens/", user="bob")
    await expect(page.get_by_role("heading", name="Personal access tokens")).to_be_visible()
    await expect(page.get_by_role("table", name="Users who have tokens")).to_have_count(0)
    page = await visit("/console/tokens/", user="staff")
    await expect(page.get_by_role("button", name="Revoke all tokens of bob")).to_be_visible()
    await page.get_by_label("Whose").select_option("all")
    await expect(page.get_by_role("table", name="Personal access tokens")).to_contain_text("bob")
