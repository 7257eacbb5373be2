"""A reader who follows a link arrives."""

import pytest
from tests.docs.markdown import DOCUMENTS, ROOT, links, name


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_into_the_tree_leads_somewhere(document):
    missing = [target for target in links(document) if not (document.parent / target).exists()]
    assert missing == []


GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))


@pytest.mark.parametrize("guide", GUIDES, ids=name)
def test_every_guide_is_listed_in_the_readme_and_on_the_site(guide):
    assert f"docs/guides/{guide.name}" in links(ROOT / "README.md")
    assert f"guides/{guide.name}" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
