"""What the report counts."""

from dataclasses import replace

from ringfence.discovery.report import Tally
from ringfence.neutron.port import CloudPort, CloudRule, UnreadableRule
from ringfence.neutron.translate import UNKNOWN_TIME, CloudGroup

OPEN = CloudRule("IPv4", "ingress", "tcp", 22, 22, "0.0.0.0/0")
OPEN_EVERYTHING = CloudRule("IPv6", "ingress")
INSIDE = CloudRule("IPv4", "ingress", "tcp", 22, 22, "10.0.0.0/8")
OUTWARD = CloudRule("IPv4", "egress")


def group(name, *rules, project="p1", uuid="", **values):
    one = CloudGroup(uuid or f"{project}-{name}", project, name, "", 1, UNKNOWN_TIME, rules)
    return replace(one, **values)


def port(name, *groups, project="p1"):
    return CloudPort(name, project, "", "", "", (), groups, 1)


def remote(group_id):
    return CloudRule("IPv4", "ingress", remote_group_id=group_id)


def reported(groups=(), ports=(), **options):
    tally = Tally({"p1": "web", "p2": "db"}, {"p1", "p2", "p3"}, **options)
    for one in ports:
        tally.add_port(one, has_floating_ip=one.id.startswith("floating"))
    for one in groups:
        tally.add_group(one, is_shared=one.name == "shared")
    return tally.report("east", ["web", "db"], domains=1, requests=7, skipped=0)


def test_groups_and_rules_of_selected_projects_are_counted_once():
    report = reported([group("a", OPEN, OUTWARD), group("a", OPEN), group("b", project="p3")])
    assert (report.groups, report.rules, report.projects, report.tenants) == (1, 2, 3, 2)
    assert report.unknown_projects == 0


def test_a_group_is_open_to_the_internet_if_a_rule_admits_any_address():
    closed = [
        INSIDE,
        OUTWARD,
        remote("p1-a"),
        replace(OPEN_EVERYTHING, remote_address_group_id="x"),
    ]
    groups = [group("a", OPEN), group("b", OPEN_EVERYTHING), group("c", *closed)]
    ports = [port("floating", "p1-a", "p1-c"), port("inside", "p1-b")]
    report = reported(groups, ports)
    assert report.open_groups == 2
    assert report.groups_on_floating_ips == 2
    assert report.open_groups_on_floating_ips == 1
    assert report.ports == 2


def test_names_that_repeat_and_shared_groups_are_shown():
    twins = [group("twin", uuid="1"), group("twin", uuid="2"), group("twin", project="p2")]
    report = reported([*twins, group("shared")])
    assert report.duplicate_group_names == 1
    assert report.examples["duplicate_group_names"] == ["web/twin"]
    assert report.examples["shared_groups"] == ["web/shared"]
    assert "duplicate names: 1 name of groups (web/twin); 0 names of projects" in report.lines()


def test_remote_groups_that_are_nowhere_are_unresolved():
    groups = [group("a", remote("p1-a"), remote("p2-b"), remote("x")), group("b", project="p2")]
    report = reported([*groups, group("c", remote("x"), unreadable=(UnreadableRule("r", ""),))])
    assert report.unresolved_rules == 2
    assert report.examples["unresolved_rules"] == ["x"]
    assert report.unreadable_rules == 1


def test_groups_of_projects_that_keystone_does_not_know_are_counted():
    groups = [group("a", project="gone"), group("b", project="gone"), group("c", project="p3")]
    report = reported(groups)
    assert (report.groups_of_unknown_projects, report.unknown_projects) == (2, 1)
    assert "not in Keystone: 2 groups of 1 project (gone)" in report.lines()
    assert reported(groups, knows_all=False).unknown_projects == 0
