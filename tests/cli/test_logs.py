import asyncio
import json
import logging

import pytest
import structlog

from ringfence.telemetry import logs
from ringfence.text.masking import MASK, mask


@pytest.fixture
def written(capsys):
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def test_a_record_is_one_line_of_json_with_time_level_and_event(written):
    logs.configure()
    structlog.get_logger("here").info("group_created", security_group="web", rules=3)
    (record,) = written()
    assert list(record)[:3] == ["timestamp", "level", "event"]
    assert record["timestamp"].endswith("Z")
    assert (record["level"], record["event"]) == ("info", "group_created")
    assert (record["security_group"], record["rules"]) == ("web", 3)


def test_records_of_libraries_have_the_same_form(written):
    logs.configure()
    logging.getLogger("library").warning("slow: %s", "yes", extra={"seconds": 2})
    (record,) = written()
    assert record["event"] == "slow: yes"
    assert record["seconds"] == 2


def test_what_is_below_the_level_is_not_written(written):
    logs.configure("warning")
    structlog.get_logger("here").info("quiet")
    structlog.get_logger("here").warning("loud")
    assert [record["event"] for record in written()] == ["loud"]


@pytest.mark.parametrize(
    ("data", "secret"),
    [
        ({"token": "abc"}, "abc"),
        ({"Authorization": "Token 12ab"}, "12ab"),
        ({"user_password": "hunter2"}, "hunter2"),
        ({"headers": {"cookie": "id=77aa"}}, "77aa"),
        ({"header": "Token 0123456789abcdef"}, "0123456789abcdef"),
        ({"header": "Bearer Token short"}, "short"),
        ({"header": "authorization: BEARER  TOKEN secret-word"}, "secret-word"),
        ({"header": "bearer abcdefghijklmnopqrstuvwx"}, "abcdefghijklmnopqrstuvwx"),
        ({"url": "postgresql://ann:s3cr3t@db/x"}, "s3cr3t"),
        ({"lines": ["password=hunter2 host=db"]}, "hunter2"),
        ({"body": '{"secret": "hunter2"}'}, "hunter2"),
        ({"error": ValueError("api_key: hunter2")}, "hunter2"),
    ],
)
def test_secrets_are_masked_by_key_and_by_look(written, data, secret):
    logs.configure()
    structlog.get_logger("here").info("request", **data)
    (record,) = written()
    assert secret not in json.dumps(record)
    assert MASK in json.dumps(record)


def test_secrets_in_a_trace_are_masked(written):
    logs.configure()
    try:
        int("https://ann:s3cr3t@cloud/v3 with Token 0123456789abcdef")
    except ValueError:
        structlog.get_logger("here").exception("failed")
    (record,) = written()
    assert "ValueError" in record["exception"]
    assert "s3cr3t" not in record["exception"]
    assert "0123456789abcdef" not in record["exception"]


def write_lines(*paths):
    for path in paths:
        logs.write_line(logging.INFO, "request", path)


def test_a_line_is_written_at_once_where_no_loop_runs(written):
    logs.configure()
    write_lines("/a")
    assert [record["path"] for record in written()] == ["/a"]


def test_lines_of_one_moment_come_together_and_before_the_record_that_follows_them(written):
    logs.configure()

    async def serve():
        write_lines("/a", "/b")
        structlog.get_logger("here").warning("failed")
        before = written()
        write_lines("/c", "/d")
        return before

    before = asyncio.run(serve())
    assert [record.get("path", record["event"]) for record in before] == ["/a", "/b", "failed"]
    logs.flush_lines()
    assert [record["path"] for record in written()] == ["/c", "/d"]


def test_lines_do_not_wait_for_the_next_request(written):
    logs.configure()

    async def serve():
        write_lines("/a")
        found = []
        while not found:
            await asyncio.sleep(logs.LINE_SECONDS)
            found = written()
        return found

    assert [record["path"] for record in asyncio.run(serve())] == ["/a"]


def test_a_loop_that_ended_holds_up_no_lines_of_the_next(written):
    logs.configure()

    async def serve(path, seconds):
        write_lines(path)
        await asyncio.sleep(seconds)

    asyncio.run(serve("/a", 0))
    asyncio.run(serve("/b", 10 * logs.LINE_SECONDS))
    assert [record["path"] for record in written()] == ["/a", "/b"]


@pytest.mark.parametrize("text", ["see ringfence token --help", "Basic authentication", "10:20"])
def test_plain_words_are_left_alone(text):
    assert mask(text) == text


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "\x1b[31m", "\u202etxt", "x" * 1_000_000])
def test_any_text_is_written_as_one_line(written, text):
    logs.configure()
    structlog.get_logger("here").warning("cloud_item_skipped", item=text)
    logs.write_line(logging.INFO, "request", path=text)
    logs.flush_lines()
    skipped, request = written()
    assert (skipped["item"], request["path"]) == (text, text)
