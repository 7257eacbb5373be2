import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.errors import OperatorError
from ringfence.provisioning.parser import Plain, read_file, read_text

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\x7f\ufeff"), max_size=20
)
TREES = st.recursive(
    TEXT | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "word", ["no", "on", "1.10", "1e10", "0123", "2025-11-26", "0x1F", "1_000", "12:30", "true"]
)
def test_an_unquoted_word_stays_what_was_written(word: str):
    [value] = read_text(f"[{word}]")

    assert (value, type(value)) == (word, Plain)


def test_quoted_words_are_text_and_absent_ones_are_null():
    assert read_text('a: "null"\nb: null\nc: ~\nd:\ne: !!str null') == {
        "a": "null",
        "b": None,
        "c": None,
        "d": None,
        "e": "null",
    }


def test_anchors_stand_for_what_they_name():
    assert read_text("a: &x {k: [1, 2]}\nb: *x") == {"a": {"k": ["1", "2"]}, "b": {"k": ["1", "2"]}}


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(TEXT, TREES, max_size=4))
def test_what_was_written_as_json_is_read_back(tree):
    assert read_text(json.dumps(tree)) == tree


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(TEXT, TREES, min_size=1, max_size=4))
def test_what_was_written_as_yaml_is_read_back(tree):
    assert read_text(yaml.safe_dump(tree)) == tree
    assert read_text(yaml.safe_dump(tree, default_style='"')) == tree


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_one_line(text: str):
    message = ""
    try:
        read_text(text)
    except OperatorError as error:
        message = str(error)
    assert len(message.splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("a: 1\na: 2", "a: is given twice"),
        ("c:\n- p:\n  - n: 1\n    n: 2", "c[0].p[0].n: is given twice"),
        ('{"c": [{"n": 1, "n": 2}]}', "c[0].n: is given twice"),
        ("a: [1", "line 2, column 1: is not valid YAML"),
        ("a: *b", "a: there is no anchor 'b' before this alias"),
        ("a: &b [*b]", "a[0]: there is no anchor 'b' before this alias"),
        ("a: !!python/name:os.system x", "a: the tag "),
        ("[a]: b", "a key must be text"),
        ("a: 1\n---\nb: 2", "holds several YAML documents"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"a":' * 100_000, "is nested too deeply"),
        ("a: \x01", "is not valid YAML"),
    ],
)
def test_what_is_malformed_is_refused(text: str, message: str):
    with pytest.raises(OperatorError) as caught:
        read_text(text)

    assert str(caught.value).startswith(message)


def test_aliases_that_multiply_are_refused():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 12):
        bomb += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"

    with pytest.raises(OperatorError, match="aliases repeat too much"):
        read_text(bomb)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    (tmp_path / "latin").write_bytes(b"name: \xe4")
    (tmp_path / "broken.json").write_text("{'a': 1}")

    with pytest.raises(OperatorError, match=r"nowhere: cannot be read: No such file"):
        read_file(tmp_path / "nowhere")
    with pytest.raises(OperatorError, match=r"cannot be read: Is a directory"):
        read_file(tmp_path)
    with pytest.raises(OperatorError, match=r"latin: is not UTF-8 text \(byte 6\)"):
        read_file(tmp_path / "latin")
    with pytest.raises(OperatorError, match=r"line 1, column 2: is not valid JSON"):
        read_file(tmp_path / "broken.json")
