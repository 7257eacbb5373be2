"""Reading `page` and `page_size`, and writing `Link`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from ringfence.http.collections.pagination import InvalidPage, Links, NumberedPage, Page, read_page


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("", Page(1, 10)),
        ("page=3&page_size=20", Page(3, 20)),
        ("page=last", Page(None, 10)),
        ("page=&page_size=", Page(1, 10)),
        ("page_size=301", Page(1, 300)),
        ("page_size=-1", Page(1, 10)),
        ("page_size=%D9%A3", Page(1, 10)),
    ],
)
def test_an_invalid_page_size_is_ten(query, page):
    assert read_page(QueryParams(query)) == page


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.0", "LAST", "9" * 13])
def test_an_invalid_page_is_refused(page):
    with pytest.raises(InvalidPage):
        read_page(QueryParams({"page": page}))


@given(st.integers(0, 10_000), st.integers(1, 300))
def test_the_last_page_has_the_rest(count, size):
    last = Page(None, size).resolve(count)
    assert last.number == last.last
    left = count - (last.number - 1) * size
    assert 0 < left <= size or (count, last.number) == (0, 1)
    with pytest.raises(InvalidPage):
        Page(last.number + 1, size).resolve(count)


def test_the_offset_of_the_last_page_depends_on_the_count():
    assert Page(3, 10).offset == 20
    assert Page(None, 10).offset is None


def test_the_first_page_has_no_page_parameter_and_keys_are_sorted():
    query = [("b", "2 3"), ("page", "2"), ("a", "z"), ("a", "y"), ("c", "")]
    first = "<http://x/?a=z&a=y&b=2+3&c=>"
    assert Links(query).header("http://x/", NumberedPage(2, 3, has_next=True)).split(", ") == [
        f'{first}; rel="first"',
        f'{first}; rel="prev"',
        '<http://x/?a=z&a=y&b=2+3&c=&page=3>; rel="next"',
        '<http://x/?a=z&a=y&b=2+3&c=&page=3>; rel="last"',
    ]


@given(
    st.lists(st.tuples(st.text(), st.text()), max_size=5),
    st.integers(1, 5).flatmap(lambda last: st.tuples(st.integers(1, last), st.just(last))),
)
def test_commas_in_link_only_separate_its_parts(query, place):
    number, last = place
    page = NumberedPage(number, last, has_next=number < last)
    header = Links(query).header("http://x/", page)
    relations = [part.rpartition("=")[2] for part in header.split(",")]
    assert relations[0] == '"first"'
    assert relations[-1] == '"last"'
    assert ('"prev"' in relations) == (place[0] > 1)
    assert ('"next"' in relations) == (place[0] < place[1])
    assert header.isascii()
