"""A load in parts: what it stores, what it leaves when it is cut off, and how it goes on."""

import json

import pytest
from tests.provisioning.test_load import TABLES

from ringfence.errors import OperatorError
from ringfence.provisioning import chunks, resumable
from ringfence.provisioning.chunks import parts_of
from ringfence.provisioning.load import load_files
from ringfence.provisioning.resumable import load_in_parts
from ringfence.security_groups.read_model import documents

# Six tenants, what comes before them and what comes after
PARTS = 2 + 6
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


def site():
    """Give a document of six tenants in three projects of two customers."""
    tenants = [tenant(number) for number in range(1, 7)]
    first = [{"name": "web", "tenants": tenants[:2]}, {"name": "mail", "tenants": tenants[2:4]}]
    return {
        "roles": [{"user": "alice", "role": "PROJECT.ADMIN", "project": "mail"}],
        "customers": [
            {"projects": first, "name": "Acme"},
            {"name": "Umbrella", "projects": [{"name": "lab", "tenants": tenants[4:]}]},
        ],
        "users": [{"username": "alice"}],
        "clouds": [{"name": "east", "backend": "sandbox"}],
    }


@pytest.fixture(autouse=True)
def one_tenant_a_part(monkeypatch):
    monkeypatch.setattr(chunks, "PART_BYTES", 1)


@pytest.fixture
def run(database, tmp_path):
    """Load a document in parts; give what the run says of itself."""

    def advance(done, total, groups):
        assert 0 < done <= total
        assert groups <= GROUPS

    async def load(content, name="site.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return await load_in_parts(database, [path], advance)

    return load


@pytest.fixture
def cut_off_after(monkeypatch):
    """Let a number of parts be loaded, and the one after them fail before its commit."""

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
    """Give what is stored, but for numbers and times, which no two loads have in common."""
    kept = [name for name in TABLES if name not in {"events", "security_group_documents"}]
    strip = (
        " - '{id,uuid,created,modified,user_id,customer_id,project_id,tenant_id,cloud_id,"
        "security_group_id,remote_group_id,comparison_scheduled,rules}'::text[]"
    )
    return [
        await query(f"SELECT to_jsonb(t){strip} AS row FROM {name} AS t ORDER BY 1")  # noqa: S608
        for name in kept
    ]


async def test_parts_store_what_the_file_at_once_would(run, query, database, tmp_path):
    done = await run(site())
    assert (done.parts, done.before) == (PARTS, 0)
    in_parts = await contents(query)
    report = await load_files(database, [tmp_path / "site.json"])
    assert report.nothing_changed
    assert await contents(query) == in_parts
    async with database.connection() as connection:
        assert await documents.stale(connection) == []


async def test_what_parts_have_in_common_is_counted_once(run):
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
    assert again.lines()[0] == f"parts: 0 loaded before, {PARTS} now"
    assert "customers: 0 created, 0 changed, 2 unchanged" in again.lines()
    assert again.report.nothing_changed


async def test_a_run_that_was_cut_off_goes_on_where_it_was(run, query, cut_off_after):
    cut_off_after(3)
    with pytest.raises(RuntimeError):
        await run(site())
    assert await query("SELECT parts FROM load_progress") == [(3,)]
    assert await query("SELECT count(*) FROM tenants") == [(2,)]
    cut_off_after.undo()
    done = await run(site())
    assert done.before == 3
    assert "security groups: 8 created, 0 changed, 0 unchanged" in done.lines()
    assert await query("SELECT count(*) FROM security_groups") == [(12,)]
    assert await query("SELECT count(*) FROM load_progress") == [(0,)]


async def test_other_content_is_another_run(run, query, cut_off_after):
    cut_off_after(3)
    with pytest.raises(RuntimeError):
        await run(site())
    cut_off_after.undo()
    changed = site()
    changed["users"][0]["is_staff"] = True
    done = await run(changed)
    assert done.before == 0
    assert "users: 0 created, 1 changed, 0 unchanged" in done.lines()
    assert await query("SELECT count(*) FROM security_groups") == [(12,)]


async def test_a_finished_run_compares_everything_when_it_is_run_again(run, query):
    await run(site())
    await query("UPDATE security_groups SET description = 'by hand' WHERE name = 'db'")
    done = await run(site())
    assert "security groups: 0 created, 6 changed, 6 unchanged" in done.lines()


async def test_a_mistake_has_its_place_in_the_file_and_leaves_what_came_before(run, query):
    wrong = site()
    wrong["customers"][1]["projects"][0]["tenants"][1]["cloud"] = "esat"
    with pytest.raises(OperatorError) as caught:
        await run(wrong)
    mistake, left = str(caught.value).splitlines()
    assert mistake == "customers[1].projects[0].tenants[1].cloud: no cloud is called 'esat'"
    assert left == f"{PARTS - 2} of {PARTS} parts are loaded and stay; mend this, and run it again"
    assert await query("SELECT count(*) FROM tenants") == [(5,)]


async def test_a_key_that_is_unknown_has_its_place_too(run):
    wrong = site()
    wrong["customers"][0]["projects"][1]["tenants"][1]["security_groups"][1]["rule"] = []
    with pytest.raises(OperatorError) as caught:
        await run(wrong)
    place = "customers[0].projects[1].tenants[1].security_groups[1].rule: there is no such key"
    assert str(caught.value).startswith(place)


@pytest.mark.parametrize("key", ["customers", "projects", "tenants", "users"])
async def test_a_list_that_is_given_twice_is_a_mistake(run, query, key):
    text = json.dumps(site())
    twice = text.replace(f'"{key}":', f'"{key}": [], "{key}":', 1)
    with pytest.raises(OperatorError, match=f"{key}: is given twice"):
        await run(twice)
    assert await query("SELECT count(*) FROM customers") == [(0,)]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"customers": {}}', '{"customers": [7]}'])
async def test_what_is_no_provisioning_file_is_told_by_the_ordinary_reader(run, text):
    with pytest.raises(OperatorError):
        await run(text)


async def test_a_yaml_file_is_one_part(run, query, tmp_path):
    text = "clouds: [{name: east, backend: sandbox}]\ncustomers: [{name: Acme}]\n"
    done = await run(text, "site.yaml")
    assert done.parts == 1
    assert await query("SELECT name FROM customers") == [("Acme",)]
    assert [part.label for part in parts_of([tmp_path / "site.yaml"])] == [""]


async def test_customers_and_projects_with_nothing_below_them_are_kept(run, query):
    bare = site()
    bare["customers"] += [{"name": "Bare"}, {"name": "Empty", "projects": [{"name": "none"}]}]
    done = await run(bare)
    assert "customers: 4 created, 0 changed, 0 unchanged" in done.lines()
    assert await query("SELECT count(*) FROM projects") == [(4,)]
