"""Check the files in `deploy/` with the tools of the programs that read them.

`tools/deploy` runs this. promtool and systemd-analyze are in no package index: if the machine lacks
one, its checks are reported as not run, which is a failure with `STRICT=1`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import compose_spec
import helm_python
import kubernetes_validate
import promql_parser
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

DEPLOY = Path(__file__).parents[1] / "deploy"
CHART = DEPLOY / "helm" / "ringfence"
KUBERNETES = ("1.29", "1.34")
EXPOSURE = 2.0
# The schemas of the Prometheus operator are not part of Kubernetes.
CUSTOM = frozenset({"PodMonitor"})

VALUES = {
    "existingSecret": "ringfence",
    "publicUrl": "https://api.example.com",
    "trustedProxies": ["10.0.0.0/8"],
    "settings": {"LOG_LEVEL": "warning"},
}
EVERYTHING = VALUES | {
    "image": {"digest": "sha256:" + "0" * 64},
    "imagePullSecrets": [{"name": "registry"}],
    "nameOverride": "firewall",
    "commonLabels": {"example.com/team": "network"},
    "secretVersion": "seven",
    "otel": {"EXPORTER_OTLP_ENDPOINT": "http://collector:4318"},
    "proxy": {
        "http": "http://proxy:3128",
        "https": "http://proxy:3129",
        "exclude": [".svc", "10.0.0.0/8"],
    },
    "extraEnv": [{"name": "TZ", "value": "Europe/Tallinn"}],
    "extraEnvFrom": [{"configMapRef": {"name": "more-variables"}}],
    "extraVolumes": [{"name": "ca", "configMap": {"name": "private-ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/ca", "readOnly": True}],
    "api": {"autoscaling": {"enabled": True, "maxReplicas": 9}},
    "migrate": {
        "annotations": {"argocd.argoproj.io/hook": "PreSync"},
        "activeDeadlineSeconds": 600,
        "resources": {"limits": {"memory": "333Mi"}},
    },
    "service": {"type": "LoadBalancer", "annotations": {"example.com/balancer": "internal"}},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "host": "api.example.com",
        "tlsSecret": "certificate",
    },
    "networkPolicy": {
        "enabled": True,
        "fromNamespaces": [{"kubernetes.io/metadata.name": "ingress"}],
        "egress": [
            {"to": [{"ipBlock": {"cidr": "192.0.2.10/32"}}], "ports": [{"port": 5432}]},
            {"to": [{"ipBlock": {"cidr": "192.0.2.20/32"}}], "ports": [{"port": 5000}]},
        ],
    },
    "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "serviceAccount": {"create": True, "annotations": {"example.com/identity": "ringfence"}},
    "deploymentAnnotations": {"reloader.stakater.com/auto": "true"},
    "podAnnotations": {"example.com/scrape": "no"},
    "podLabels": {"example.com/zone": "blue"},
    "priorityClassName": "important",
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "control", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 1,
                    "preference": {"matchExpressions": [{"key": "ssd", "operator": "Exists"}]},
                }
            ]
        }
    },
    "topologySpreadConstraints": [
        {
            "maxSkew": 2,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
        }
    ],
    "hostAliases": [{"ip": "192.0.2.30", "hostnames": ["keystone.internal"]}],
    "initContainers": [{"name": "wait-for-dns", "image": "busybox"}],
    "extraContainers": [{"name": "database-tunnel", "image": "tunnel"}],
    "extraObjects": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "beside"}, "data": {}}
    ],
}
# What has to be in an object of the kind: in a deployment, in the job of the migration, elsewhere
IN_PODS = (
    *("sha256:" + "0" * 64, "registry", "example.com/team", "checksum/secret", "seven"),
    *("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318", "http://proxy:3128"),
    *("http://proxy:3129", ".svc,10.0.0.0/8", "Europe/Tallinn", "more-variables", "private-ca"),
    *("/ca", "RINGFENCE_LOG_LEVEL", "example.com/scrape", "example.com/zone", "important"),
    *("kubernetes.io/os", "NoSchedule", "ssd", "keystone.internal", "wait-for-dns"),
)
IN_KINDS = {
    "Deployment": (
        *(*IN_PODS, "database-tunnel", "reloader.stakater.com/auto", "check-firewall"),
        "topology.kubernetes.io/zone",
    ),
    "Job": (*IN_PODS, "argocd.argoproj.io/hook", "600", "333Mi"),
    "Service": ("LoadBalancer", "example.com/balancer"),
    "Ingress": ("nginx", "api.example.com", "certificate"),
    "HorizontalPodAutoscaler": ("check-firewall-api", "9"),
    "PodDisruptionBudget": ("maxUnavailable",),
    "PodMonitor": ("release", "prometheus"),
    "NetworkPolicy": ("192.0.2.10/32", "5000"),
    "ServiceAccount": ("check-firewall", "example.com/identity"),
    "ConfigMap": ("beside",),
}


class CheckError(Exception):
    """A check failed."""


class NotRun(Exception):
    """A tool that this machine lacks; the message names its source."""


def check_container() -> str:
    """Lint the Containerfile with hadolint."""
    folder = DEPLOY / "container"
    config = str(folder / "hadolint.yaml")
    _run("hadolint", "--config", config, str(folder / "Containerfile"))
    return "hadolint finds nothing"


def check_compose() -> str:
    """Parse the compose file by the compose specification."""
    text = (DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8")
    compose_spec.PyCompose(text)
    services = yaml.safe_load(text)["services"]
    for name, service in services.items():
        if not service["read_only"] or service["cap_drop"] != ["ALL"]:
            raise CheckError(f"service {name} may write or has capabilities")
    return f"{len(services)} services, valid by the compose specification"


def check_chart() -> str:
    """Lint the chart with Helm, and validate its output against the Kubernetes schemas."""
    found = helm_python.lint(CHART, EVERYTHING, strict=True)
    # The only warning of Helm that is accepted is the missing icon.
    words = [each for each in found["messages"] if "icon is recommended" not in each["error"]]
    if words:
        raise CheckError(str(words))
    made = [_render(values) for values in (VALUES, EVERYTHING)]
    _require_values(made[1])
    _refuse_values(
        {},
        {**VALUES, "trustedProxies": ["0.0.0.0/0"]},
        {**VALUES, "publicUrl": "x"},
        {**VALUES, "extraVolume": []},
        {**VALUES, "api": {"replica": 3}},
    )
    objects = [each for some in made for each in some]
    for each in objects:
        if each["kind"] not in CUSTOM:
            for release in KUBERNETES:
                kubernetes_validate.validate(each, release, strict=True)
    return f"Helm lints it; {len(objects)} objects valid for Kubernetes {' and '.join(KUBERNETES)}"


def check_dashboard() -> str:
    """Parse the dashboard with Grafana's types without loss, and parse its expressions."""
    dashboard = json.loads((DEPLOY / "grafana" / "ringfence.json").read_text(encoding="utf-8"))
    kept = json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))
    lost = list(_lost(dashboard, kept, ""))
    if lost:
        raise CheckError(f"unknown to Grafana: {', '.join(lost)}")
    expressions = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    for expression in expressions:
        promql_parser.parse(expression.replace("$__rate_interval", "5m"))
    return f"{len(dashboard['panels'])} panels that Grafana knows, {len(expressions)} expressions"


def check_rules() -> str:
    """Parse the expressions of the alerts."""
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text(encoding="utf-8"))
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    for expression in expressions:
        promql_parser.parse(expression)
    return f"{len(expressions)} expressions parse"


def check_rules_with_promtool() -> str:
    """Check alerts and configuration with promtool, and run the tests of the alerts."""
    promtool = _tool("promtool", "the package prometheus of Debian")
    folder = DEPLOY / "prometheus"
    _run(promtool, "check", "rules", str(folder / "alerts.yaml"))
    _run(promtool, "check", "config", str(folder / "prometheus.yaml"))
    _run(promtool, "test", "rules", str(folder / "alerts.test.yaml"))
    return "promtool takes rules and configuration; the tests of the alerts pass"


def check_units() -> str:
    """Verify the units with systemd, and check their exposure level."""
    analyze = _tool("systemd-analyze", "systemd")
    exposures = []
    with tempfile.TemporaryDirectory() as folder:
        for unit in sorted((DEPLOY / "systemd").glob("*.service")):
            text = unit.read_text(encoding="utf-8")
            # The program of the unit is not installed here.
            copy = Path(folder) / unit.name.replace("@", "@1")
            copy.write_text(text.replace("/opt/ringfence/bin/ringfence", "/bin/true"))
            _run(analyze, "verify", "--man=no", str(copy))
            threshold = f"--threshold={EXPOSURE * 10:.0f}"
            said = _run(analyze, "security", "--offline=yes", "--no-pager", threshold, str(copy))
            exposures.append(said.rpartition(": ")[2].split()[0])
    return f"verified; exposure {', '.join(exposures)} of 10 (at most {EXPOSURE:g} is let pass)"


CHECKS: tuple[Callable[[], str], ...] = (
    check_container,
    check_compose,
    check_chart,
    check_dashboard,
    check_rules,
    check_rules_with_promtool,
    check_units,
)


def _render(values: dict[str, object]) -> list[dict[str, object]]:
    """Return the objects of a release called `check`."""
    with helm_python.Chart.load(CHART) as chart:
        chart.validate_schema(values)
        files = chart.render(values, name="check", namespace="ringfence")
    notes = [text for name, text in files.items() if name.endswith("NOTES.txt")]
    if not all("https://api.example.com/console/" in text for text in notes) or not notes:
        raise CheckError("the notes do not name the console")
    texts = [text for name, text in files.items() if not name.endswith("NOTES.txt")]
    return [each for text in texts for each in yaml.safe_load_all(text) if each]


def _require_values(objects: list[dict[str, object]]) -> None:
    """Raise unless every object has what the values say about its kind."""
    kinds = {each["kind"] for each in objects}
    if kinds != IN_KINDS.keys():
        raise CheckError(f"kinds of objects: {sorted(map(str, kinds ^ IN_KINDS.keys()))}")
    for each in objects:
        text = json.dumps(each)
        missing = [word for word in IN_KINDS[str(each["kind"])] if word not in text]
        if missing:
            raise CheckError(f"{each['kind']} has no {', '.join(missing)}")


def _refuse_values(*wrong: dict[str, object]) -> None:
    """Raise unless the schema of the chart refuses each of these values."""
    with helm_python.Chart.load(CHART) as chart:
        for values in wrong:
            try:
                chart.validate_schema(values)
            except helm_python.HelmValuesError:
                continue
            raise CheckError(f"the chart takes {values}")


def _lost(given: object, kept: object, path: str) -> Iterator[str]:
    """Yield the paths of non-empty values that are in the first and not in the second."""
    if isinstance(given, dict):
        for name, value in given.items():
            there = kept.get(name) if isinstance(kept, dict) else None
            yield from _lost(value, there, f"{path}/{name}")
    elif isinstance(given, list):
        for index, value in enumerate(given):
            there = kept[index] if isinstance(kept, list) and index < len(kept) else None
            yield from _lost(value, there, f"{path}[{index}]")
    elif given not in {None, ""} and given != kept:
        yield path


def _tool(name: str, source: str) -> str:
    found = os.environ.get(name.upper()) or shutil.which(name)
    if not found:
        raise NotRun(f"{name} is not installed; it comes with {source}")
    return found


def _run(program: str, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - the tools that this file names
        [program, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CheckError(
            f"{Path(program).name} {arguments[0]}:\n{done.stdout}{done.stderr}".strip()
        )
    return done.stdout.strip()


def main() -> int:
    """Run all checks, print their results, and return the exit code."""
    failures = missing = 0
    for check in CHECKS:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        try:
            said = f"ok       {name}: {check()}"
        except NotRun as lack:
            missing += 1
            said = f"NOT RUN  {name}: {lack}"
        except Exception as error:  # noqa: BLE001 - each tool has its own way to refuse
            failures += 1
            said = f"FAILED   {name}: {error}"
        sys.stdout.write(f"{said}\n")
    return int(bool(failures or (missing and os.environ.get("STRICT"))))


if __name__ == "__main__":
    sys.exit(main())
