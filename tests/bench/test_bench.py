"""The harness measures what it says, on a tiny data set; no time is asserted."""

import asyncio
import json
import os
import urllib.request
from argparse import Namespace
from xml.etree import ElementTree as ET

import psycopg
import pytest
from bench.cases import PATH, READS, WRITES, Sample
from bench.dataset import ADMIN, OWNER, STAFF, provide
from bench.floor import Floor
from bench.measure import FLOOR, Figures, Options, Window, count_statements, measure
from bench.page import MissingSectionError, write_sections
from bench.plans import CASES as PLANNED
from bench.plans import plans
from bench.processes import cpu, memory, tree
from bench.profile import profile, table
from bench.server import DatabaseServer
from bench.services import floor, serving
from bench.stress import stress

from bench import plots, results
from ringfence.app import create_app
from ringfence.settings import Settings

GROUPS = 120
CASES = tuple(case for case in READS if case.name in {"list of 10, staff", "retrieve, staff"})
SHORT = Options(seconds=0.2, rounds=1, connections=2)


def silent(_line):
    """Take what the harness says on its way."""


@pytest.fixture(scope="module")
def server(short_folder, database_server):
    return DatabaseServer(short_folder, database_server)


@pytest.fixture(scope="module")
def data_set(server):
    return provide(server, GROUPS, silent)


@pytest.fixture
def copy(server, data_set):
    with server.clone(data_set, f"test_{os.getpid()}_bench_{GROUPS}") as name:
        yield name


def ask(service, path, token):
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}{path}", headers={"Authorization": f"Token {token}"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
        return int(answer.headers.get("X-Result-Count") or 1), json.loads(answer.read())


def test_a_data_set_is_made_once_and_its_documents_are_those_of_the_service(server, data_set):
    assert provide(server, GROUPS, pytest.fail) == data_set
    with psycopg.connect(server.conninfo(data_set)) as connection:
        counted = connection.execute(
            "SELECT count(*), count(document) FROM security_groups AS sg"
            " LEFT JOIN security_group_documents AS stored ON sg.id = stored.security_group_id"
        )
        assert counted.fetchone() == (GROUPS, GROUPS)


def test_the_floor_responds_as_the_service_does(server, data_set):
    url = server.url(data_set)
    with serving(url, "--workers", "1", "--no-worker") as service, floor(url, "1") as least:
        for token in (STAFF, ADMIN, OWNER):
            ours, theirs = (ask(one, f"{PATH}?page_size=10", token) for one in (service, least))
            base = f"http://127.0.0.1:{service.port}"
            moved = json.dumps(theirs).replace(f"http://127.0.0.1:{least.port}", base)
            assert list(ours) == json.loads(moved), token
        assert cpu(service.process) > 0
        assert len(memory(service.process)) == len(tree(service.process)) > 1


def test_requests_are_measured_and_shown(server, copy):
    found = measure(server, copy, GROUPS, (*CASES, WRITES[0]), SHORT, silent)
    assert [len(one.floor) for one in found] == [1, 1, 0]
    assert all(one.median("rate") > 0 for one in found)
    counted = count_statements(server, copy, CASES)
    assert all(0 < counted[case.name] < 5 for case in CASES)
    shown = results.requests(found, GROUPS).markdown()
    assert all(one.case in shown for one in found)
    assert "set_rules" in results.targets(found, [(1.0, 0.5)], []).markdown()
    for drawing in (plots.costs(found), plots.growth(found)):
        assert ET.fromstring(drawing).tag.endswith("svg")  # noqa: S314 - drawn here


def test_a_profile_adds_up_to_the_time_of_a_request_part_by_part(server, data_set):
    url, sample = server.url(data_set), Sample.of(server.conninfo(data_set))
    case = CASES[0]
    ours, least = (
        asyncio.run(profile(make(), case, sample, 500))
        for make in (lambda: create_app(Settings(database_url=url)), lambda: Floor(url))
    )
    shown = table([(case.name, ours, least)])
    *names, whole = [row[0] for row in shown.rows]
    assert whole == "all"
    for one in (ours, least):
        assert sum(map(one.seconds, names)) == pytest.approx(one.whole)
    assert least.seconds("identity") == 0 < ours.whole


def test_the_plan_of_each_list_shows_what_touches_groups(server, data_set):
    made = asyncio.run(plans(server, data_set, GROUPS))
    assert [plan.title for plan in made] == [title for title, *_ in PLANNED]
    shown = {plan.title: "\n".join(plan.lines) for plan in made}
    assert "using documents_order on documents stored  (rows=10 loops=1)" in shown["the first page"]
    assert "Scan Backward" in shown["the last page"]
    assert all(plan.lines and plan.buffers and "```text" in plan.markdown() for plan in made)


def test_a_stress_ends_with_every_group_at_rest_and_no_stale_document(server, copy):
    options = Namespace(minutes=0.02, connections=4, seed=1)
    outcome = stress(server, copy, options)
    assert outcome.failures() == []
    assert outcome.responses.requests == sum(outcome.traffic.responded.values()) > 0
    assert "are up to date" in outcome.table(4).markdown()


def test_a_request_that_fails_gives_no_figure(server, copy):
    with psycopg.connect(server.conninfo(copy)) as connection:
        connection.execute("DELETE FROM tokens")
    (figures,) = measure(server, copy, GROUPS, CASES[:1], SHORT, silent)
    assert "401" in figures.failed
    assert figures.median("rate") is None
    assert f"{figures.case} (failed)" in results.requests([figures], GROUPS).markdown()


def test_figures_are_medians_of_pairs():
    costs = [(2.0, 1.0), (9.0, 3.0), (8.0, 2.0)]
    windows = [[Window(1, 1, 1, each / 2, each / 2) for each in pair] for pair in costs]
    figures = Figures(
        1, "case", service=[ours for ours, _ in windows], floor=[least for _, least in windows]
    )
    assert (figures.median("cpu"), figures.median("cpu", FLOOR), figures.ratio) == (8, 2, 3)


def test_what_is_written_by_hand_stays_on_the_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a: measured -->\nold\n<!-- a: end -->\nafter\n")
    write_sections(page, {"a": "new\n"})
    write_sections(page, {"a": "newer\n"})
    assert page.read_text() == "before\n<!-- a: measured -->\nnewer\n<!-- a: end -->\nafter\n"
    with pytest.raises(MissingSectionError):
        write_sections(page, {"b": ""})
