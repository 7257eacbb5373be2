"""Each fact of the published page is on the generated one: nothing missing, nothing different."""

import pytest
from tests.contract.test_representation import ADDED_FIELDS
from tests.reference.facts import Fact, facts_of, stored

from ringfence.app import OPERATIONS
from ringfence.http.openapi.document import assemble
from ringfence.reference.pages import pages

GROUPS = "/api/openstack-security-groups/"
# Additions of newer releases, undocumented keys of the API, and limits of fields.
ADDED_SUBJECTS = {"constraints", "errors", "header parameters", "response 202", "response 304"}
ADDED_NAMES = {
    *("o", "id", "cursor", "detach", "dry_run", "plan_token", "ETag", "Link", "X-Result-Count"),
    *ADDED_FIELDS,
}


@pytest.fixture(scope="module")
def generated():
    written = pages(assemble(OPERATIONS, "1"))
    return facts_of(written["openstack-security-groups.md"])


def subjects(facts):
    """Return the distinct subjects of facts in their order."""
    return list(dict.fromkeys(fact[:3] for fact in facts))


def test_each_fact_of_the_published_page_is_there(generated, capsys):
    # An empty description says nothing that a description could contradict.
    expected = [fact for fact in stored() if fact.value or fact.aspect != "description"]
    values = {fact[:4]: fact.value for fact in generated}
    different = [
        (fact, values.get(fact[:4])) for fact in expected if values.get(fact[:4]) != fact.value
    ]
    assert different == []
    with capsys.disabled():
        print(f"\n{len(expected)} facts, all present")  # noqa: T201 - the count is the result


def test_operations_parameters_and_fields_stand_in_the_published_order(generated):
    expected = subjects(stored())
    # A sample may name more than the published one does.
    kept = [subject for subject in subjects(generated) if subject in set(expected)]
    by_operation = {subject[0]: [] for subject in expected}
    for subject in expected:
        by_operation[subject[0]].append(subject)
    for operation, order in by_operation.items():
        assert [subject for subject in kept if subject[0] == operation] == order
    assert list(dict.fromkeys(subject[0] for subject in kept)) == list(by_operation)


def test_only_what_is_meant_to_be_added_is_added(generated):
    known = set(stored())
    added = [fact for fact in generated if fact not in known]
    published = {fact.operation for fact in known}
    unexpected = {fact.name for fact in added if not is_addition(fact, published)}
    assert unexpected == set(), "name them in ADDED_NAMES or ADDED_FIELDS if that is intended"


def is_addition(fact: Fact, published: set[str]) -> bool:
    return (
        fact.operation not in published
        or fact.subject in ADDED_SUBJECTS
        or fact.aspect in {"description", "constraints"}
        or fact.name in ADDED_NAMES
        # The published sample sends no rules.
        or (fact.subject == "sample" and fact.aspect.startswith("model"))
    )


def test_every_generated_page_can_be_read_for_its_facts():
    for name, text in pages(assemble(OPERATIONS, "1")).items():
        if name != "index.md":
            operations = {fact.operation for fact in facts_of(text)} - {""}
            assert operations, name


def test_a_different_page_is_detected(generated):
    text = pages(assemble(OPERATIONS, "1"))["openstack-security-groups.md"]
    changed = facts_of(text.replace("| `can_manage` | boolean |", "| `can_manage` | string |"))
    assert set(generated) - set(changed) == {
        Fact(f"GET {GROUPS}", "query parameters", "can_manage", "type", "boolean"),
        Fact(f"HEAD {GROUPS}", "query parameters", "can_manage", "type", "boolean"),
    }
