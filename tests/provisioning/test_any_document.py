import copy
import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.provisioning.example import EXAMPLE

from ringfence.provisioning.desired import desired_rows
from ringfence.provisioning.document import check_document
from ringfence.provisioning.entries import collect
from ringfence.provisioning.groups import change, desired_groups
from ringfence.provisioning.parser import read_text
from ringfence.provisioning.problems import Problems

TREE = read_text(EXAMPLE)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["web", "db", "Acme", "tcp", "::/0", "10.0.0.0/8", "OK", "1" * 32, "alice"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


def places(tree, path=()):
    yield path
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    if isinstance(tree, dict | list):
        for key, value in items:
            yield from (
                places(value, (*path, key)) if isinstance(value, dict | list) else [(*path, key)]
            )


PLACES = list(places(TREE))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), max_size=3))
def test_any_document_is_loaded_or_refused_with_a_line_for_each_problem(alterations):
    tree = copy.deepcopy(TREE)
    for path, value in alterations:
        _put(tree, path, value)
    problems = Problems()
    # Converted to text and back, as from a file
    document = check_document(read_text(json.dumps(tree), is_json=True), "", problems)
    if document is not None:
        kinds = collect([("", document)], problems)
        for kind in (kinds.clouds, kinds.users, kinds.customers, kinds.projects, kinds.tenants):
            kind.match([], problems)
        kinds.groups.match([], problems)
        desired_rows(kinds, problems)
        for group in desired_groups(kinds.groups, problems):
            assert change(group, []) is not None

    assert not any("\n" in line or "0123456789abcdef" in line for line in problems.lines)


def _put(tree, path, value) -> None:
    # An earlier alteration may have removed this location.
    with suppress(KeyError, IndexError, TypeError):
        for key in path[:-1]:
            tree = tree[key]
        tree[path[-1]] = value
