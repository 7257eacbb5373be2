"""What the page says of each state of a group, and the one action that it offers, by role."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.modules import base
from tests.browser.site import OFFICE

from ringfence.database.outbox import Job
from ringfence.neutron.port import (
    AccessRefused,
    GroupNotFound,
    Misconfigured,
    QuotaExceeded,
    RemoteNotFound,
    RequestRefused,
    Retry,
)
from ringfence.security_groups.cloud_state.bindings import CONTESTED
from ringfence.security_groups.cloud_state.tenant_moves import MOVED
from ringfence.security_groups.cloud_state.unreadable import MESSAGE_PREFIX
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND
from ringfence.sync.failures import explain

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATUS = """async ([base, groups]) => {
    const { statusOf } = await import(`${base}group/status.js`);
    return groups.map(statusOf);
}"""
GOALS = """async ([base, steps]) => {
    const { nextGoal, resultOf } = await import(`${base}group/status.js`);
    let goal = null;
    let before;
    return steps.map((group) => {
        goal = nextGoal(goal, before, group);
        before = group;
        const result = resultOf(goal, group);
        if (result) goal = null;
        return result && [result.text, result.tone];
    });
}"""
GROUP = {
    "name": "web",
    "state": "OK",
    "error_message": "",
    "backend_id": "b",
    "version": 2,
    "applied_version": 2,
    "drift": "in_sync",
    "drift_grade": "none",
    "can_manage": True,
    "project_name": "Shop",
}
ERRED = {"state": "ERRED", "applied_version": 1}


def failed(message, **values):
    return ERRED | {"error_message": message} | values


def after(error, job=Job.PUSH_GROUP, **values):
    """Return a group whose job ended with an error, in the service's words."""
    return failed(explain(error("The cloud said so."), job), **values)


NO_ID = {"backend_id": "", "applied_version": 0, "drift": "unknown"}
# What is different, the tone, a part of the title, and the action
CASES = [
    ({}, "good", "is in the cloud, as desired", ""),
    ({"drift": "unknown"}, "idle", "Not compared", "pull"),
    ({"drift": "drifting", "drift_grade": "opens"}, "bad", "admits more", ""),
    ({"drift": "drifting", "drift_grade": "closes"}, "warn", "admits less", ""),
    ({"drift": "drifting", "drift_grade": "none"}, "warn", "differs", ""),
    ({"drift": "missing"}, "bad", "missing in the cloud", "push"),
    ({"drift": "never_pushed", "backend_id": ""}, "warn", "not in the cloud", "push"),
    ({"applied_version": 1}, "warn", "Version 2 is not in the cloud", "push"),
    ({"state": "CREATING", "applied_version": 0}, "busy", "being created", ""),
    ({"state": "UPDATING", "applied_version": 1}, "busy", "on its way", ""),
    ({"state": "UPDATE_SCHEDULED"}, "busy", "being compared", ""),
    ({"state": "DELETING"}, "busy", "being deleted", ""),
    (failed(NOT_FOUND, drift="missing"), "bad", "missing in the cloud", "push"),
    (failed(DEFAULT_NOT_FOUND, name="default"), "bad", "replaced", "pull_tenant"),
    (failed("Set by an operator.", drift="missing"), "bad", "missing in the cloud", "push"),
    (failed("Set by an operator."), "bad", "did not reach the cloud", "push"),
    (failed("", **NO_ID), "bad", "did not reach the cloud", "push"),
    (failed(f"{CONTESTED} (x), but nothing proves it."), "bad", "another group", "rename"),
    (failed(f"{CONTESTED} (x).", name="default"), "bad", "another group", ""),
    (failed(MOVED, **NO_ID), "bad", "moved to another project", "push"),
    (failed(f"{MESSAGE_PREFIX}: x"), "bad", "cannot be read", "pull"),
    (failed("Security group web is in use by port x. Remove it."), "bad", "deleted", "delete"),
    (after(QuotaExceeded), "bad", "quota", "edit"),
    (after(QuotaExceeded, **NO_ID), "bad", "quota", "edit"),
    (failed("Quota exceeded for resources: ['security_group_rule']"), "bad", "quota", "push"),
    (after(AccessRefused), "bad", "does not let Ringfence in", "push"),
    (after(AccessRefused, Job.PULL_GROUP), "bad", "does not let Ringfence in", "pull"),
    (after(AccessRefused, Job.DELETE_GROUP), "bad", "could not be deleted", "delete"),
    (after(Misconfigured), "bad", "does not let Ringfence in", "push"),
    (after(GroupNotFound), "bad", "missing in the cloud", "push"),
    (after(RemoteNotFound), "bad", "names a group", "edit"),
    (after(Retry), "bad", "could not be reached", "push"),
    (after(Retry, **NO_ID), "bad", "could not be reached", "push"),
    (after(Retry, Job.PULL_GROUP), "bad", "could not be reached", "pull"),
    (after(Retry, Job.PULL_GROUP, **NO_ID), "bad", "could not be reached", "push"),
    (after(Retry, Job.DELETE_GROUP), "bad", "could not be deleted", "delete"),
    (after(RequestRefused), "bad", "refuses", "edit"),
    (after(RequestRefused, **NO_ID), "bad", "refuses", "edit"),
]


async def test_each_state_has_one_meaning_and_the_action_that_helps(visit):
    page = await visit("/console/", user=None)
    groups = [GROUP | changed for changed, *_ in CASES]
    for (_, tone, title, action), group, found in zip(
        CASES, groups, await page.evaluate(STATUS, [base(), groups]), strict=True
    ):
        assert (found["tone"], found["action"]) == (tone, action), (group, found)
        assert title in found["title"], (group, found)
        assert bool(found["label"]) is bool(action)


async def test_a_failed_group_says_of_which_state_the_comparison_is(visit):
    page = await visit("/console/", user=None)
    message = "Quota exceeded for resources: ['security_group_rule']"
    groups = [GROUP | failed(message, applied_version=2)]
    [found] = await page.evaluate(STATUS, [base(), groups])
    assert found["quote"] == message
    assert "When it was last compared, the cloud had version 2." in found["text"]


async def test_the_cloud_is_quoted_without_advice_that_contradicts_the_page(visit):
    page = await visit("/console/", user=None)
    errors = (QuotaExceeded, AccessRefused, GroupNotFound, RemoteNotFound, Retry, RequestRefused)
    jobs = (Job.PUSH_GROUP, Job.PULL_GROUP, Job.DELETE_GROUP)
    groups = [GROUP | after(error, job) for error in errors for job in jobs]
    groups.append(GROUP | failed(NOT_FOUND))
    for found in await page.evaluate(STATUS, [base(), groups]):
        assert found["quote"] in {"The cloud said so.", ""}


async def test_a_reader_is_told_whom_to_ask_instead(visit):
    page = await visit("/console/", user=None)
    groups = [GROUP | changed | {"can_manage": False} for changed, *_ in CASES]
    for (_, tone, _, action), found in zip(
        CASES, await page.evaluate(STATUS, [base(), groups]), strict=True
    ):
        assert found["action"] == found["label"] == ""
        if action and tone != "idle":
            assert "Ask an administrator or a manager of the project Shop" in found["text"]


UPDATING = GROUP | {"state": "UPDATING", "applied_version": 1}
DRIFTING = GROUP | {"drift": "drifting", "drift_grade": "opens"}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([GROUP, GROUP], [None, None]),
        ([UPDATING, GROUP], [None, ["Version 2 of web is in the cloud.", "good"]]),
        # Between two responses it arrived.
        (
            [GROUP | {"version": 1, "applied_version": 1}, GROUP, GROUP],
            [None, ["Version 2 of web is in the cloud.", "good"], None],
        ),
        (
            [UPDATING, DRIFTING],
            [None, ["The cloud differs from what is desired of web.", "bad"]],
        ),
        (
            [DRIFTING, DRIFTING | {"state": "UPDATING"}, DRIFTING],
            [None, None, ["The cloud differs from what is desired of web.", "bad"]],
        ),
        (
            [GROUP, GROUP | {"state": "UPDATING"}, GROUP],
            [None, None, ["The cloud has web as desired.", "good"]],
        ),
        # Set to OK by an operator
        (
            [UPDATING, GROUP | {"applied_version": 1}],
            [None, ["Version 2 of web has not reached the cloud.", "bad"]],
        ),
        (
            [UPDATING, GROUP | failed(NOT_FOUND)],
            [None, ["web: This group is missing in the cloud.", "bad"]],
        ),
        (
            [UPDATING, GROUP | {"drift": "unknown"}],
            [None, ["Version 2 of web was sent to the cloud, and not compared yet.", "plain"]],
        ),
        ([GROUP | {"state": "DELETING"}, GROUP], [None, None]),
    ],
)
async def test_success_is_said_only_of_a_version_in_the_cloud_without_a_difference(
    visit, steps, expected
):
    page = await visit("/console/", user=None)
    assert await page.evaluate(GOALS, [base(), steps]) == expected


async def test_the_page_of_a_failed_group_has_the_one_action_for_who_looks(site, visit):
    group = site.create("failed", [OFFICE], tenant="watching")
    path = f"/api/openstack-security-groups/{group['uuid']}/"
    message = explain(QuotaExceeded("No room for a rule."), Job.PUSH_GROUP)
    with site.client("staff") as client:
        assert client.post(f"{path}set_erred/", json={"error_message": message}).is_success
    page = await visit(f"/console/groups/{group['uuid']}/")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("The rules do not fit the quota in the cloud.")
    await expect(alert).to_contain_text("No room for a rule.")
    await expect(alert.get_by_role("button")).to_have_count(1)
    await alert.get_by_role("button", name="Edit rules").click()
    await expect(page).to_have_url(re.compile(r"/edit/$"))
    page = await visit(f"/console/groups/{group['uuid']}/", user="mia")
    await expect(page.get_by_role("alert")).to_contain_text("Ask an administrator or a manager")
    await expect(page.get_by_role("alert").get_by_role("button")).to_have_count(0)
