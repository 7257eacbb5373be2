"""A resumable load: what it stores, what an interruption leaves, and how it continues."""

import json

import pytest
from tests.provisioning.test_load import TABLES

from ringfence.errors import OperatorError
from ringfence.provisioning import json_lines, resumable
from ringfence.provisioning.json_lines import Line, read_batches
from ringfence.provisioning.load import load_files
from ringfence.provisioning.resumable import load_resumable
from ringfence.security_groups.read_model import documents

# One line for clouds and users, one for each of six tenants, one for roles
LINES = 1 + 6 + 1
GROUPS = 12


def rule(port, **more):
    return {"protocol": "tcp", "from_port": port, "to_port": port, **more}


def tenant(number):
    groups = [
        {"name": "app", "uuid": f"{number:032x}", "rules": [rule(443, cidr="0.0.0.0/0")]},
        {"name": "db", "uuid": f"{100 + number:032x}", "rules": [rule(5432, remote_group="app")]},
    ]
    groups[1]["description"] = "only from the application"
    return {
        "name": f"tenant-{number}",
        "uuid": f"{200 + number:032x}",
        "cloud": "east",
        "security_groups": groups,
    }


def line(customer, project, number):
    projects = [{"name": project, "tenants": [tenant(number)]}]
    return {"customers": [{"name": customer, "projects": projects}]}


def site():
    """Return the lines of six tenants in three projects of two customers."""
    return [
        {"users": [{"username": "alice"}], "clouds": [{"name": "east", "backend": "sandbox"}]},
        line("Acme", "web", 1),
        line("Acme", "web", 2),
        line("Acme", "mail", 3),
        line("Acme", "mail", 4),
        line("Umbrella", "lab", 5),
        line("Umbrella", "lab", 6),
        {"roles": [{"user": "alice", "role": "PROJECT.ADMIN", "project": "mail"}]},
    ]


@pytest.fixture(autouse=True)
def one_line_a_batch(monkeypatch):
    monkeypatch.setattr(json_lines, "BATCH_BYTES", 1)


@pytest.fixture
def run(database, tmp_path):
    """Return a function that loads lines and returns the result."""

    def advance(done, total, groups):
        assert 0 < done <= total
        assert groups <= GROUPS

    async def load(content, name="site.jsonl"):
        path = tmp_path / name
        text = content
        if not isinstance(content, str):
            text = "".join(json.dumps(one) + "\n" for one in content)
        path.write_text(text)
        return await load_resumable(database, [path], advance)

    return load


@pytest.fixture
def interrupted_after(monkeypatch):
    """Return a function that lets some batches be loaded, and the next one fail."""

    def arrange(number):
        store, left = resumable.load_documents, [number]

        async def load_documents(database, read, then, **more):
            async def cut(connection):
                await then(connection)
                if left[0] == 0:
                    raise RuntimeError("the machine went down")
                left[0] -= 1

            return await store(database, read, cut, **more)

        monkeypatch.setattr(resumable, "load_documents", load_documents)

    with monkeypatch.context() as monkeypatch:  # noqa: PLR1704 - undone where the test says so
        arrange.undo = monkeypatch.undo
        yield arrange


async def contents(query):
    """Return what is stored, except numbers and times, which no two loads share."""
    kept = [name for name in TABLES if name not in {"events", "security_group_documents"}]
    strip = (
        " - '{id,uuid,created,modified,user_id,customer_id,project_id,tenant_id,cloud_id,"
        "security_group_id,remote_group_id,pull_scheduled,rules}'::text[]"
    )
    return [
        await query(f"SELECT to_jsonb(t){strip} AS row FROM {name} AS t ORDER BY 1")  # noqa: S608
        for name in kept
    ]


async def test_lines_store_what_one_file_would(run, query, database, tmp_path):
    done = await run(site())
    assert (done.before, done.now) == (0, LINES)
    in_lines = await contents(query)
    for number, one in enumerate(site()):
        (tmp_path / f"{number}.json").write_text(json.dumps(one))
    report = await load_files(database, [tmp_path / f"{number}.json" for number in range(LINES)])
    assert report.nothing_changed
    assert await contents(query) == in_lines
    async with database.connection() as connection:
        assert await documents.stale(connection) == []


async def test_every_line_is_a_document_that_can_be_loaded_alone(database, tmp_path):
    path = tmp_path / "line.json"
    for one in site():
        path.write_text(json.dumps(one))
        assert not (await load_files(database, [path])).nothing_changed


async def test_lines_are_loaded_in_batches(run, monkeypatch):
    monkeypatch.setattr(json_lines, "BATCH_BYTES", 2_000_000)
    assert (await run(site())).now == LINES
    assert (await run(site())).report.nothing_changed


def test_a_batch_is_yielded_before_later_lines_are_read():
    read = []

    def lines():
        for number in range(1000):
            read.append(number)
            yield Line(b"{}\n", f"line {number}")

    batches = read_batches(lines())
    assert next(batches).lines == 1
    assert len(read) == 1


async def test_what_several_lines_name_is_counted_once(run):
    assert (await run(site())).report.lines() == [
        "clouds: 1 created, 0 changed, 0 unchanged",
        "users: 1 created, 0 changed, 0 unchanged",
        "customers: 2 created, 0 changed, 0 unchanged",
        "projects: 3 created, 0 changed, 0 unchanged",
        "tenants: 6 created, 0 changed, 0 unchanged",
        "security groups: 12 created, 0 changed, 0 unchanged",
        "roles: 1 created, 0 changed, 0 unchanged",
    ]
    again = await run(site())
    assert again.lines()[0] == f"lines: 0 loaded before, {LINES} now"
    assert "customers: 0 created, 0 changed, 2 unchanged" in again.lines()
    assert again.report.nothing_changed


async def test_an_interrupted_run_continues_after_the_last_line_loaded(
    run, query, interrupted_after
):
    interrupted_after(3)
    with pytest.raises(RuntimeError):
        await run(site())
    assert await query("SELECT lines FROM load_progress") == [(3,)]
    assert await query("SELECT count(*) FROM tenants") == [(2,)]
    interrupted_after.undo()
    done = await run(site())
    assert (done.before, done.now) == (3, LINES - 3)
    assert "security groups: 8 created, 0 changed, 0 unchanged" in done.lines()
    assert await query("SELECT count(*) FROM security_groups") == [(12,)]
    assert await query("SELECT count(*) FROM load_progress") == [(0,)]


async def test_other_content_is_another_run(run, query, interrupted_after):
    interrupted_after(3)
    with pytest.raises(RuntimeError):
        await run(site())
    interrupted_after.undo()
    changed = site()
    changed[0]["users"][0]["is_staff"] = True
    done = await run(changed)
    assert done.before == 0
    assert "users: 0 created, 1 changed, 0 unchanged" in done.lines()
    assert await query("SELECT count(*) FROM security_groups") == [(12,)]


async def test_a_finished_run_compares_everything_when_it_is_run_again(run, query):
    await run(site())
    await query("UPDATE security_groups SET description = 'changed' WHERE name = 'db'")
    done = await run(site())
    assert "security groups: 0 created, 6 changed, 6 unchanged" in done.lines()


async def test_a_problem_has_its_line_and_earlier_lines_stay_loaded(run, query):
    wrong = site()
    wrong[6]["customers"][0]["projects"][0]["tenants"][0]["cloud"] = "esat"
    with pytest.raises(OperatorError) as caught:
        await run(wrong)
    mistake, left = str(caught.value).splitlines()
    location = "line 7: customers[0].projects[0].tenants[0].cloud"
    assert mistake == f"{location}: no cloud is called 'esat'"
    assert left == "6 lines are loaded and stay; correct the file and run the command again"
    assert await query("SELECT count(*) FROM tenants") == [(5,)]


async def test_all_problems_of_a_batch_are_reported_with_their_lines(run, query, monkeypatch):
    monkeypatch.setattr(json_lines, "BATCH_BYTES", 2_000_000)
    text = '{"user": []}\n\n{"users": [}\n[]\n{"users": [], "users": []}\n'
    with pytest.raises(OperatorError) as caught:
        await run(text)
    assert str(caught.value).splitlines() == [
        "line 1: user: there is no such key; did you mean 'users'?",
        "line 3: column 12: is not valid JSON: Expecting value",
        "line 4: the document should be a mapping with clouds, users, customers, roles",
        "line 5: users: is given twice",
        "0 lines are loaded and stay; correct the file and run the command again",
    ]
    assert await query("SELECT count(*) FROM users") == [(0,)]


async def test_problems_of_several_files_name_the_file(database, tmp_path):
    paths = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    paths[0].write_text('{"customers": [{"name": "Acme"}]}\n')
    paths[1].write_bytes(b"\xff\n")
    with pytest.raises(OperatorError) as caught:
        await load_resumable(database, paths, lambda *_told: None)
    assert str(caught.value).splitlines()[0] == f"{paths[1]}: line 1: is not UTF-8 text (byte 0)"


@pytest.mark.parametrize("name", ["site.json", "site.yaml", "site"])
async def test_other_files_are_refused_with_what_to_do(run, query, name):
    with pytest.raises(OperatorError, match=r"JSON Lines \(\*\.jsonl\).*without --resumable"):
        await run('{"customers": [{"name": "Acme"}]}', name)
    assert await query("SELECT count(*) FROM customers") == [(0,)]


async def test_json_lines_need_the_option(database, tmp_path):
    path = tmp_path / "site.jsonl"
    path.write_text("{}\n")
    with pytest.raises(OperatorError, match="JSON Lines need --resumable"):
        await load_files(database, [path])


async def test_empty_files_and_blank_lines_load_nothing(run):
    assert (await run("")).now == 0
    assert (await run("\n\n")).report.nothing_changed


async def test_a_file_that_is_missing_is_named(database, tmp_path):
    with pytest.raises(OperatorError, match=r"gone\.jsonl: cannot be read"):
        await load_resumable(database, [tmp_path / "gone.jsonl"], lambda *_told: None)
