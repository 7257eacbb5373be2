"""Reading a token; tests/contract has the responses."""

import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.access.authentication import read_token, token_digest
from ringfence.errors import Unauthenticated


@pytest.mark.parametrize("header", ["Token abc", "token  abc", "BEARER abc ", "\tToken\tabc"])
def test_a_token_follows_its_scheme_in_any_case(header):
    assert read_token(header) == "abc"


@pytest.mark.parametrize("header", [None, "", " ", "Basic abc", "Tokenabc", "Token", "Token a b"])
def test_a_header_without_one_token_is_refused(header):
    with pytest.raises(Unauthenticated):
        read_token(header)


def test_a_token_is_looked_up_by_its_sha_256():
    assert token_digest("abc") == hashlib.sha256(b"abc").digest()


@given(st.text())
def test_any_header_is_read_or_refused(header):
    with suppress(Unauthenticated):
        assert len(token_digest(read_token(header))) == 32
