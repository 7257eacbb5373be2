"""The provisioning files of all documents fit into one data directory.

A reader who goes from the tutorial to a guide, and on to the next one, loads their files one after
the other. Where two files name the same cloud, user or tenant, they must mean the same, or the
second would move tenants or be refused.
"""

import re
from collections import defaultdict
from importlib import resources

import yaml
from tests.docs.markdown import DOCUMENTS, blocks, name

# It shows the error of a misspelt cloud.
WRONG = "file: wrong.yaml"
OF_CLOUDS = ("backend", "openstack_cloud")
OF_USERS = ("is_staff", "is_support")
OF_TENANTS = ("uuid", "cloud", "backend_id")


def files():
    """Yield the provisioning files of the documents and of the demonstration, with their place."""
    package = resources.files("ringfence.provisioning")
    yield "demonstration.yaml", yaml.safe_load((package / "demonstration.yaml").read_text("utf-8"))
    for document in DOCUMENTS:
        for block in blocks(document):
            if block.language != "yaml" or block.mark == WRONG:
                continue
            content = yaml.safe_load(block.text)
            # In `clouds.yaml`, clouds are a mapping.
            if isinstance(content, dict) and not isinstance(content.get("clouds"), dict):
                yield f"{name(document)}:{block.line}", content


def values(content):
    """Yield what a file says: an object, a key and its value."""
    for cloud in content.get("clouds", ()):
        yield from ((("cloud", cloud["name"]), key, cloud.get(key)) for key in OF_CLOUDS)
    for user in content.get("users", ()):
        yield from ((("user", user["username"]), key, user.get(key, False)) for key in OF_USERS)
    for customer in content.get("customers", ()):
        for project in customer.get("projects", ()):
            for tenant in project.get("tenants", ()):
                place = ("tenant", customer["name"], project["name"], tenant["name"])
                yield from ((place, key, tenant.get(key)) for key in OF_TENANTS)


def discovered():
    """Yield the clouds that documents discover, which are the reader's."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for cloud in re.findall(r"^\$ ringfence discover ([a-z0-9-]+)", text, re.MULTILINE):
            yield name(document), cloud


def test_files_of_the_documents_agree_on_clouds_users_and_tenants():
    found = defaultdict(lambda: defaultdict(list))
    for place, content in files():
        if isinstance(content.get("users"), list) or isinstance(content.get("customers"), list):
            for thing, key, value in values(content):
                if value is not None:
                    found[thing, key][value].append(place)
    for place, cloud in discovered():
        found[("cloud", cloud), "backend"]["openstack"].append(place)
    assert len(found) > 20
    assert {each: dict(said) for each, said in found.items() if len(said) > 1} == {}
