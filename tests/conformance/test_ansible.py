"""Playbooks with ansible-waldur-module 1.2.1, which uses python-waldur-client 0.6.4."""

import json
import os
import subprocess

import pytest
import yaml
from tests.conformance.clients import python_client
from tests.conformance.served import MANY, token

# The forms of the module's own documentation: a prefix with a leading zero, a network with host
# bits, no ports of ICMP, the other family.
HTTPS = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "0.0.0.0/0"}
PING = {"protocol": "icmp", "from_port": -1, "to_port": -1, "cidr": "0.0.0.0/00"}
IPV6 = {"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr": "2002::/16", "ethertype": "IPv6"}
OUT = HTTPS | {"cidr": "10.0.0.7/8", "direction": "egress"}
FROM_WEB = {"protocol": "tcp", "from_port": 5432, "to_port": 5432, "remote_group": "web"}


@pytest.fixture
def play(site, tmp_path):
    """Return a function that runs a playbook and returns what each task registered."""
    programs = python_client("ansible")
    (modules,) = programs.parent.glob("lib/python*/site-packages/ansible_waldur_module")
    environment = os.environ | {
        "ANSIBLE_HOME": str(tmp_path / "ansible"),
        "ANSIBLE_LIBRARY": str(modules),
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "LC_ALL": "C.UTF-8",
    }
    access = {"access_token": token("ann"), "api_url": f"{site.newer_address}/api"}

    def run(*tasks):
        result, playbook = tmp_path / "results.json", tmp_path / "playbook.yaml"
        steps = [
            {module: access | {"tenant": "ansible"} | arguments, "register": f"result_{number}"}
            for number, (module, arguments) in enumerate(tasks)
        ]
        results = ", ".join(f"result_{number}" for number in range(len(tasks)))
        content = f"{{{{ [{results}] | to_json }}}}"
        hosts = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": str(programs / "python")},
            "tasks": [*steps, {"copy": {"dest": str(result), "content": content}}],
        }
        playbook.write_text(yaml.safe_dump([hosts]))
        done = subprocess.run(
            [programs / "ansible-playbook", playbook],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(result.read_text())

    return run


def group(name, **arguments):
    return "waldur_os_security_group", {"name": name, "interval": 1} | arguments


def facts(**arguments):
    return "waldur_os_security_group_gather_facts", arguments


def changed(results):
    return [result["changed"] for result in results]


def test_playbooks_create_repeat_update_and_delete(site, play, count):
    # The module finds a rule only by its description, which responses always have.
    rules = [rule | {"description": "of a playbook"} for rule in (HTTPS, PING, IPV6, OUT)]
    web = group("web", description="http and https", rules=rules, tags=["from-ansible"])
    database = group("db", rules=[FROM_WEB | {"description": ""}], project="Web")
    results = play(web, web, facts(name="web"), database, database)
    assert changed(results) == [True, False, False, True, False]
    (made,) = results[2]["security_groups"]
    assert made["state"] == "OK"
    assert [rule["cidr"] for rule in made["rules"]] == [rule["cidr"] for rule in rules]

    web = group("web", description="https alone", rules=rules[:1])
    assert changed(play(web, web)) == [True, False]
    updated = site.finished(made["uuid"])
    assert (updated["description"], len(updated["rules"])) == ("https alone", 1)

    gone = group("web", state="absent", rules=[])
    results = play(group("db", state="absent"), gone, facts())
    assert changed(results) == [True, True, False]
    assert site.gone(made["uuid"])
    count(5)


def test_rules_without_a_description_are_sent_again_and_stay_what_they_are(site, play, count):
    plain = group("plain", rules=[HTTPS])
    created, listed, again, everything = play(
        plain, facts(name="plain"), plain, facts(tenant="many")
    )
    assert changed([created, again]) == [True, True]
    (before,) = listed["security_groups"]
    after = site.finished(before["uuid"])
    # Without ids these are new rules, of the same content.
    assert [rule | {"id": 0} for rule in after["rules"]] == [
        rule | {"id": 0} for rule in before["rules"]
    ]
    # More than fit into a page of this client
    names = [group["name"] for group in everything["security_groups"]]
    assert (len(names), len(set(names))) == (MANY, MANY)
    count(3)
