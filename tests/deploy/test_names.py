"""Alerts, the dashboard and the reference name existing metrics, with their labels."""

import json
import re

import pytest
import yaml
from tests.docs.markdown import ROOT

from ringfence.monitoring.gauges import Cloud, Count, Jobs, Snapshot, Table, families, up
from ringfence.telemetry.metrics import ProcessMetrics

DEPLOY = ROOT / "deploy"
SUFFIXES = ("_total", "_bucket", "_count", "_sum")
# Prometheus adds these itself.
OUTSIDE = {"up": set()}
ADDED = {"instance", "job", "le"}


def exported():
    """Return the labels of each metric, by its name without a suffix."""
    never = None
    snapshot = Snapshot(
        jobs=[Jobs("push_group", "todo", 1, 1.0)],
        workers=1,
        clouds=[
            Cloud("east", reachable=True, last_pull=never, oldest_pull=never, tenants=1, stopped=0)
        ],
        groups=[Count("east", "OK", 1)],
        drifts=[Count("east", "missing", 1)],
        tables=[Table("events", rows=1, bytes=1)],
    )
    counted = ProcessMetrics()
    counted.request("GET", "/", 200, 0.1)
    counted.write()
    counted.job("push_group", "done", 0.1)
    counted.cloud_call("east", "GET", "responded", 0.1)
    counted.pool(idle=1, used=1, limit=1, waiting=0)
    found = dict(OUTSIDE)
    for family in (*counted.collect(), up(snapshot), *families(snapshot)):
        names = found.setdefault(family.name, set())
        for sample in family.samples:
            names |= set(sample.labels)
    # Without a moment there is no sample, and the label is that of all clouds.
    return {
        name: labels or ({"cloud"} if "_pull_timestamp_" in name else set())
        for name, labels in found.items()
    }


def expressions():
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    dashboard = json.loads((DEPLOY / "grafana" / "ringfence.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            query = variable["query"]["query"]
            yield (
                variable["name"],
                re.sub(r"label_values\((\w+), (\w+)\)", r"max by (\2) (\1)", query),
            )


def base(name, metrics):
    if name in metrics:
        return name
    return next((name.removesuffix(end) for end in SUFFIXES if name.endswith(end)), name)


@pytest.mark.parametrize(("place", "expression"), list(expressions()))
def test_an_expression_names_metrics_and_labels_that_are_exported(place, expression):
    metrics = exported()
    text = re.sub(r'"[^"]*"', '""', expression)
    named = {
        base(name, metrics) for name in re.findall(r"\b(?:ringfence|process)_\w+|\bup\b", text)
    }
    assert named, place
    assert named <= metrics.keys()
    used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"\"", text))
    for grouping in re.findall(r"\bby\s*\(([^)]*)\)", text):
        used |= {word.strip() for word in grouping.split(",")}
    labels = ADDED.union(*(metrics[name] for name in named))
    assert used <= labels, place


def test_no_neighbour_is_on_a_network_where_the_proxy_looks_up_names():
    """Whoever joins a network may take any name on it; PostgreSQL's and others' join `outside`."""
    compose = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
    of = {name: set(service["networks"]) for name, service in compose["services"].items()}
    assert of["proxy"] == {"inside", "edge"}
    assert compose["networks"]["inside"]["internal"]
    assert [name for name, networks in of.items() if "edge" in networks] == ["proxy"]
    programs = of.keys() - {"proxy", "database"}
    assert all("outside" in of[name] for name in programs)
    assert of["database"] == {"data"}
    assert compose["networks"]["data"]["internal"]


def test_every_alert_and_panel_says_what_it_is_about():
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert rule["for"]
            assert rule["labels"]["severity"] in {"critical", "warning"}
            assert rule["annotations"].keys() == {"summary", "description"}


def test_the_reference_lists_every_metric():
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    ours = [name for name in exported() if name.startswith("ringfence_")]
    assert [name for name in ours if f"`{name}" not in page] == []
