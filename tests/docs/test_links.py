"""A reader who follows a link arrives."""

import pytest
from tests.docs.markdown import DOCUMENTS, links, name


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_into_the_tree_leads_somewhere(document):
    missing = [target for target in links(document) if not (document.parent / target).exists()]
    assert missing == []
