"""The client of a Waldur site: paging, errors that pass, and where the token goes."""

import pytest
from tests.discovery.waldur_site import TOKEN, waldur_site

from ringfence.discovery.waldur.client import ATTEMPTS, WaldurClient, site_url
from ringfence.errors import OperatorError

PATH = "/api/customers/"


def names(client):
    return [item.text("name") for item in client.objects(PATH, ["name"])]


def mistake(client):
    with pytest.raises(OperatorError) as caught:
        names(client)
    return str(caught.value)


def test_every_page_is_read_from_the_url_of_the_operator(site, client):
    site.largest_page = 2
    for number in range(5):
        site.add_customer(f"c{number}")
    assert names(client) == ["c0", "c1", "c2", "c3", "c4"]
    # The Link of the stand-in names another host.
    assert [request.partition("page=")[2][0] for request in site.requests] == ["1", "2", "3"]
    assert all("field=uuid&field=name" in request for request in site.requests)


def test_objects_that_move_between_pages_are_found_by_another_pass(site, client):
    """Waldur sorts by names that are not unique: a pass shows some objects twice, others never."""
    site.largest_page = 2
    for number in range(4):
        site.add_customer(f"c{number}")
    passes = []

    def unstable(_, page, objects):
        passes.append(page)
        return site.lists[PATH][:2] if len(passes) <= 2 else objects

    site.page = unstable
    assert sorted(names(client)) == ["c0", "c1", "c2", "c3"]
    site.page = lambda *_: site.lists[PATH][:2]
    assert "has 4 objects, and 5 passes through its pages show 2 of them" in mistake(client)


def test_a_list_that_becomes_shorter_ends_without_an_error(site, client):
    site.largest_page = 1
    for number in range(3):
        site.add_customer(f"c{number}")

    def shrink(_, page, objects):
        if page == 2:
            del site.lists[PATH][2:]
        return objects

    site.page = shrink
    assert names(client) == ["c0", "c1"]


def test_a_request_to_a_busy_or_restarting_site_is_repeated_after_retry_after(site, client):
    site.add_customer("c")
    site.first = [(429, {"Retry-After": "7"}), (503, {}), (503, {"Retry-After": "never"})]
    assert names(client) == ["c"]
    assert client.waited == [7.0, 2.0, 4.0]
    site.first = [(503, {"Retry-After": "86400"})] * ATTEMPTS
    assert f"HTTP 503, {ATTEMPTS} times; try again later" in mistake(client)
    assert client.waited[3:] == [60.0] * (ATTEMPTS - 1)


def test_a_redirect_is_not_followed_and_the_token_stays(site, client):
    with waldur_site() as elsewhere:
        site.first = [(302, {"Location": f"{elsewhere.url}{PATH}"})]
        assert f"redirects to '{elsewhere.url}{PATH}'" in mistake(client)
        assert elsewhere.headers == []


def test_only_a_personal_access_token_is_sent_as_bearer_and_netrc_changes_nothing(
    site, tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for token in (TOKEN, "w_personal"):
        site.first = [(418, {})]
        mistake(WaldurClient(site.url, token))
    assert [each["Authorization"] for each in site.headers] == [
        f"Token {TOKEN}",
        "Bearer w_personal",
    ]


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (401, {}, {}, "Waldur refuses the token"),
        (403, {}, {}, "take a token of a staff or support user"),
        (404, {}, {}, "there is no such list"),
        (500, {}, {}, "HTTP 500: not what Waldur sends"),
        (200, {"X-Result-Count": "0"}, b"<!doctype html>", "is not JSON"),
        (200, {"X-Result-Count": "0"}, {"detail": "x"}, "expected a list of objects"),
        (200, {}, [], "has no X-Result-Count"),
        (200, {"X-Result-Count": "-1"}, [], "has no X-Result-Count"),
        (200, {"X-Result-Count": "1" * 5000}, [], "has no X-Result-Count"),
        (
            200,
            {"X-Result-Count": "9" * 12, "Link": '<http://h/?page=2>; rel="next"'},
            [],
            "page 1 is empty, and its Link names a next one",
        ),
        (200, {"X-Result-Count": "1"}, [7], "/api/customers/[0]: expected an object, found an in"),
        (200, {"X-Result-Count": "1"}, [{}], "/api/customers/[0]: uuid: is missing"),
        (200, {"X-Result-Count": "1"}, [{"uuid": "x"}], "uuid: 'x' is not a UUID"),
        (
            200,
            {"X-Result-Count": "3", "Link": '<http://h/?page=1>; rel="next"'},
            [],
            "the Link of page 1 names '1' as the next one",
        ),
    ],
)
def test_a_response_that_waldur_does_not_send_is_refused(
    site, client, status, headers, body, expected
):
    site.respond = lambda *_: (status, headers, body)
    message = mistake(client)
    assert expected in message
    assert TOKEN not in message


def test_a_site_that_nobody_serves_is_an_error_at_once():
    with waldur_site() as gone:
        url = gone.url
    assert mistake(WaldurClient(url, TOKEN)) == f"{url}: Connection refused; check the URL"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://waldur.example.com", "https://waldur.example.com"),
        ("https://waldur.example.com/api/", "https://waldur.example.com"),
        ("http://10.0.0.1:8080/waldur/", "http://10.0.0.1:8080/waldur"),
        ("waldur.example.com", None),
        ("ftp://waldur.example.com", None),
        ("https://", None),
        ("https://h:99999", None),
        ("https://user:password@h", None),
        ("https://h/?token=x", None),
    ],
)
def test_a_url_needs_its_scheme_and_holds_no_secret(text, url):
    if url:
        assert site_url(text) == url
        return
    with pytest.raises(OperatorError, match="--waldur: ") as caught:
        site_url(text)
    assert "password@" not in str(caught.value)


def test_a_token_with_a_line_break_is_refused_without_being_shown():
    with pytest.raises(OperatorError, match="not shown here") as caught:
        WaldurClient("https://h", "abc\nX-Evil: 1")
    assert "Evil" not in str(caught.value)
