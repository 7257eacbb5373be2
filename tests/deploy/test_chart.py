"""The chart offers what its users expect, and no value is without effect or description.

`tools/check_deploy.py` holds, with Helm itself, that each of these values reaches its objects.
"""

import json
import re

import pytest
import yaml
from tests.docs.markdown import ROOT

CHART = ROOT / "deploy" / "helm" / "ringfence"
TEMPLATES = {
    path.name: path.read_text(encoding="utf-8") for path in (CHART / "templates").iterdir()
}
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))


def leaves(values, path=()):
    """Yield the path of each value that a user may set."""
    for name, value in values.items():
        if isinstance(value, dict) and value and (*path, name) not in FREE:
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name)


# Mappings in the format of Kubernetes, which the chart passes on as a whole.
FREE = {
    ("api", "resources"),
    ("worker", "resources"),
    ("podSecurityContext",),
    ("securityContext",),
}


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("a pinned image from a private registry", "image.digest imagePullSecrets"),
        ("names of its own", "nameOverride fullnameOverride"),
        ("resources of each part", "api.resources worker.resources migrate.resources"),
        ("replicas, or a range of them", "api.replicas worker.replicas api.autoscaling.enabled"),
        ("where pods run", "nodeSelector tolerations affinity topologySpreadConstraints"),
        ("which pods survive", "priorityClassName podDisruptionBudget.enabled"),
        ("labels and annotations", "commonLabels podLabels podAnnotations deploymentAnnotations"),
        ("an account", "serviceAccount.create serviceAccount.name serviceAccount.annotations"),
        ("users that the cluster assigns", "podSecurityContext securityContext"),
        ("settings", "settings existingSecret"),
        ("traces", "otel"),
        ("a proxy", "proxy.http proxy.https proxy.exclude"),
        ("variables of other software", "extraEnv extraEnvFrom"),
        ("a private CA", "extraVolumes extraVolumeMounts"),
        ("hosts without DNS", "hostAliases"),
        ("sidecars", "initContainers extraContainers"),
        ("objects beside it", "extraObjects"),
        ("a changed secret rolls the pods", "secretVersion"),
        ("an ingress with TLS", "ingress.enabled ingress.className ingress.tlsSecret"),
        ("a load balancer", "service.type service.annotations"),
        ("metrics for the operator of Prometheus", "podMonitor.enabled podMonitor.labels"),
        ("a network policy", "networkPolicy.enabled networkPolicy.egress"),
        ("migrations under Argo CD", "migrate.enabled migrate.annotations"),
    ],
)
def test_the_chart_offers_what_its_users_expect(expected, value):
    offered = {".".join(path) for path in leaves(VALUES)}
    assert set(value.split()) <= offered, expected


def test_every_value_is_used_and_every_used_value_has_a_default():
    text = "".join(TEMPLATES.values())
    # A block `with .Values.image` names its keys without the parents.
    for path in leaves(VALUES):
        assert re.search(rf"\.Values\.{path[0]}\b", text), path
        assert re.search(rf"\.{path[-1]}\b", text), path
    for used in set(re.findall(r"\.Values\.(\w+)", text)):
        assert used in VALUES
    for first, second in re.findall(r"\.Values\.(\w+)\.(\w+)", text):
        assert second in VALUES[first], f"{first}.{second}"


def test_a_misspelt_value_is_refused_wherever_it_is():
    """Helm ignores unknown values otherwise: `extraVolume` would be no volume."""
    for path in leaves(VALUES):
        schema = SCHEMA
        for name in path:
            assert schema["additionalProperties"] is False, path
            schema = schema["properties"][name]


def test_the_notes_say_what_to_run_next():
    notes = TEMPLATES["NOTES.txt"]
    for command in ("ringfence doctor", "ringfence token USER", "port-forward", "/console/"):
        assert command in notes


def test_units_and_chart_name_documents_of_this_project():
    for unit in (ROOT / "deploy" / "systemd").glob("*.service"):
        text = unit.read_text(encoding="utf-8")
        assert re.findall(r"^Documentation=(.*)", text, re.MULTILINE) == [
            "http://127.0.0.1:8000/api/docs/"
        ]
        assert "Type=notify\n" in text


def compose():
    text = (ROOT / "deploy" / "compose" / "compose.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["services"]


def test_compose_builds_the_image_and_passes_on_what_the_host_says():
    for name in ("migrate", "api", "worker"):
        service = compose()[name]
        context = (ROOT / "deploy" / "compose" / service["build"]["context"]).resolve()
        assert context == ROOT
        assert (context / service["build"]["dockerfile"]).is_file()
        passed_on = {key for key, value in service["environment"].items() if value is None}
        assert passed_on >= {"HTTPS_PROXY", "NO_PROXY", "OTEL_EXPORTER_OTLP_ENDPOINT"}
        assert any(mount.endswith(":/ca:ro") for mount in service["volumes"])


def test_the_database_of_compose_is_optional_and_reached_by_this_service_only():
    services = compose()
    assert services["database"]["profiles"] == ["database"]
    joined = {name for name, one in services.items() if "data" in one["networks"]}
    assert joined == {"migrate", "api", "worker", "database"}
    assert services["database"]["networks"] == ["data"]
    assert services["migrate"]["depends_on"]["database"] == {
        "condition": "service_healthy",
        "required": False,
    }
