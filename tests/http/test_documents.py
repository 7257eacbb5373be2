"""From stored documents to the body of a response."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.http.collections import documents
from ringfence.http.collections.documents import FieldSelection, list_of, pieces_of, with_base

ONE = b'{"url":"\x01/a/","name":"x, \\"y\\"","rules":[{"id":1}]}'


def test_the_base_url_is_inserted_and_fields_are_copied_unchanged():
    document = with_base(ONE, "http://h")
    assert FieldSelection([]).of_one(document) == document
    assert FieldSelection(["nothing"]).of_one(document) == document
    chosen = b'{"url":"http://h/a/","rules":[{"id":1}]}'
    assert FieldSelection(["rules", "url"]).of_one(document) == chosen


@pytest.mark.parametrize("number", range(4))
def test_a_list_of_documents_is_json_with_the_base_url(number):
    found = list_of([ONE] * number, "http://h")
    assert json.loads(found) == [json.loads(with_base(ONE, "http://h"))] * number


def test_the_fields_of_a_list_keep_the_order_of_each_object():
    document = with_base(ONE, "")
    many = b"[" + document + b"," + document + b"]"
    assert FieldSelection([]).of_list(many) == many
    assert FieldSelection(["nothing"]).of_list(many) == many
    names = FieldSelection(["rules", "name", "nothing"])
    chosen = b'{"name":"x, \\"y\\"","rules":[{"id":1}]}'
    # An empty list does not determine the fields of the next one.
    assert names.of_list(b"[]") == b"[]"
    for _ in range(2):
        assert names.of_list(many) == b"[" + chosen + b"," + chosen + b"]"
    assert names.of_list(b"[]") == b"[]"


@pytest.mark.parametrize("size", [1, 60, 120, 10_000])
@pytest.mark.parametrize("names", [[], ["rules"], ["nothing"]])
def test_a_long_list_is_the_same_in_pieces(monkeypatch, size, names):
    monkeypatch.setattr(documents, "LARGE", size)
    whole = FieldSelection(names).of_list(list_of([ONE] * 7, "http://h"))
    pieces = list(pieces_of([ONE] * 7, "http://h", FieldSelection(names)))
    assert b"".join(pieces) == whole
    assert len(pieces) > 7 or size > len(ONE)


@given(st.lists(st.text()))
def test_any_selection_of_fields_returns_parts_of_the_documents(names):
    picked = FieldSelection(names).of_one(with_base(ONE, ""))
    assert picked.startswith(b"{")
    assert len(picked) <= len(ONE)
