"""Discovering a cloud in the console: a real worker reads a fake Keystone and Neutron."""

import pytest
from playwright.async_api import expect
from tests.discovery.fake_cloud import running_fake_cloud

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_staff_discovers_a_cloud_and_reads_the_report(site, visit):
    with running_fake_cloud() as cloud:
        for number in range(3):
            cloud.add(f"found-{number}", "default", "web", "web")
        (site.operator.folder / "clouds.yaml").write_text(cloud.clouds_yaml())
        page = await visit("/console/clouds/", user="staff")
        await page.get_by_role("link", name="Discover").click()
        await page.get_by_label("Cloud", exact=True).fill("east")
        await page.get_by_label("Projects", exact=True).fill("found-*")
        await page.get_by_role("button", name="Report only").click()
        shown = page.get_by_role("region", name="east")
        # The cloud of the other tests has this name.
        await expect(shown).to_contain_text("Duplicate names of groups")
        await expect(shown).to_contain_text("found-0/web, found-1/web, found-2/web")
        for name in ("Ports", "Duplicate projects", "Projects not in Keystone", "Skipped"):
            await expect(shown.get_by_text(name, exact=True)).to_be_visible()
        await page.get_by_role("button", name="Create tenants").first.click()
        await expect(shown).to_contain_text("the cloud east is a sandbox")
        await page.get_by_label("Cloud", exact=True).fill("nowhere")
        await page.get_by_role("button", name="Create tenants").first.click()
        await expect(page.get_by_role("region", name="nowhere")).to_contain_text(
            "no entry 'nowhere'"
        )
        for name in ("east", "nowhere"):
            await page.get_by_role("region", name=name).get_by_role("button", name="Remove").click()
            await expect(page.get_by_role("region", name=name)).to_have_count(0)


async def test_support_reads_discoveries_and_cannot_start_one(visit):
    page = await visit("/console/clouds/discover/", user="sue")
    await expect(page.get_by_text("No cloud has been discovered yet.")).to_be_visible()
    await expect(page.get_by_role("button", name="Create tenants")).to_have_count(0)
