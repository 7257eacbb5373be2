"""The console marks as open what the service takes for open: the same cases decide."""

import json
from pathlib import Path

import pytest
from tests.browser.modules import base

pytestmark = pytest.mark.asyncio(loop_scope="session")

CASES = json.loads(
    (Path(__file__).parents[1] / "security_groups" / "internet_cases.json").read_text()
)
REACH = """async ([base, cidrs]) => {
    const { isInternet } = await import(`${base}rules/internet.js`);
    return cidrs.map(isInternet);
}"""


async def test_prefixes_reach_the_internet_as_the_service_says(visit):
    page = await visit("/console/", user=None)
    found = await page.evaluate(REACH, [base(), [cidr for _, cidr, _ in CASES]])
    assert found == [expected for _, _, expected in CASES]


async def test_other_spellings_and_what_is_no_prefix(visit):
    page = await visit("/console/", user=None)
    cidrs = ["::ffff:10.0.0.1/128", "FC00:0:0::/7", "10.0.0.0/33", "x", "fe80::1%eth0", ""]
    found = await page.evaluate(REACH, [base(), cidrs])
    assert found == [True, False, True, True, True, True]
