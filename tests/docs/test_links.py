"""Links in documents lead to files and headings that exist."""

import re

import pytest
from tests.docs.markdown import DOCUMENTS, ROOT, links, name


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_into_the_tree_leads_somewhere(document):
    missing = [target for target in links(document) if not (document.parent / target).exists()]
    assert missing == []


KINDS = ("how-to", "reference", "explanation")
PAGES = [ROOT / "docs" / "tutorial.md"]
PAGES += sorted(page for kind in KINDS for page in (ROOT / "docs" / kind).glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_page_is_listed_in_the_readme_and_on_the_site(page):
    assert name(page) in links(ROOT / "README.md")
    assert name(page).removeprefix("docs/") in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_anchor_is_a_heading(document):
    text = document.read_text(encoding="utf-8")
    missing = []
    for target, anchor in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", text):
        page = document.parent / target if target else document
        titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        if anchor not in map(anchor_of, titles):
            missing.append(f"{target}#{anchor}")
    assert missing == []


def anchor_of(title):
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_file_that_is_named_exists(document):
    text = document.read_text(encoding="utf-8")
    named = re.findall(r"`((?:[\w-]+/)+[\w.-]+\.(?:py|sql))(?:::\w+)?`", text)
    bases = (ROOT, ROOT / "src" / "ringfence")
    assert [path for path in named if not any((base / path).is_file() for base in bases)] == []
