"""Files of rules: four formats that mean the same, and nothing that is dropped."""

import io
import json

import pytest

from ringfence.cli.api import rule_files
from ringfence.cli.api.options import RuleFormat
from ringfence.errors import OperatorError
from ringfence.text.rule_lines import line_of

SSH = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}
WHOLE = SSH | {"direction": "ingress", "ethertype": "IPv4", "remote_group": None}
YAML = "- protocol: tcp\n  from_port: 22\n  to_port: 22\n  cidr: 10.0.0.0/8\n"
JSON = '[{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}]'


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Read a text from a file of this name, or from standard input."""

    def read_text(text, name="-", format_=None):
        content = text if isinstance(text, bytes) else text.encode()
        if name == "-":
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
            return rule_files.read(rule_files.STANDARD_INPUT, format_)
        path = tmp_path / name
        path.write_bytes(content)
        return rule_files.read(path, format_)

    return read_text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (YAML, "a.yaml"),
        (YAML, "a.YML"),
        (YAML, "-"),
        (f"# a remark\n---\n{YAML}", "-"),
        (f"rules:\n{YAML}", "-"),
        (f"\ufeff{YAML}", "-"),
        (JSON, "a.json"),
        (JSON, "-"),
        (f"[\n{JSON[1:]}", "-"),
        (f'{{"rules": {JSON}}}', "-"),
    ],
)
def test_a_list_of_rules_is_read_as_yaml_and_as_json(read, text, name):
    assert read(text, name) == [SSH]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("tcp 22 10.0.0.0/8\n", "a.txt"),
        ("tcp 22 10.0.0.0/8\n", "-"),
        ("# office\n\n-A INPUT -p tcp --dport 22 -s 10.0.0.0/8 -j ACCEPT", "-"),
        ("protocol,ports,cidr\ntcp,22,10.0.0.0/8", "a.csv"),
        ("protocol,ports,cidr\ntcp,22,10.0.0.0/8", "-"),
    ],
)
def test_lines_are_read_by_the_paste_formats(read, text, name):
    assert read(text, name) == [WHOLE | {"description": ""}]


def test_the_named_format_takes_precedence(read):
    assert read(YAML, "a.txt", RuleFormat.YAML) == [SSH]
    with pytest.raises(OperatorError, match="is not valid JSON"):
        read(YAML, "-", RuleFormat.JSON)


def test_yaml_guesses_no_types(read):
    text = "- {protocol: 06, from_port: 22, cidr: 1:2, description: no, to_port: '22', id: 7}"
    rule = {"protocol": "06", "from_port": 22, "cidr": "1:2", "description": "no"}
    assert read(text) == [rule | {"to_port": "22", "id": 7}]


@pytest.mark.parametrize(
    "text",
    [
        "- {protocol: '', cidr: null, remote_group: ~}",
        '[{"protocol": "", "cidr": null, "remote_group": null}]',
    ],
)
def test_what_a_response_has_for_any_is_kept(read, text):
    assert read(text) == [{"protocol": "", "cidr": None, "remote_group": None}]


def test_a_rule_of_a_response_is_read_back_with_the_empty_cidr_that_it_shows(read):
    rule = {"id": 7, "protocol": "tcp", "cidr": "", "remote_group": None}
    assert read(json.dumps([rule])) == [rule]
    assert read("- {id: 7, protocol: tcp, cidr: '', remote_group: null}") == [rule]


@pytest.mark.parametrize("text", ["[]", "rules: []", '{"rules": []}', "---\n[]"])
def test_an_explicit_empty_list_removes_all_rules(read, text):
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "contains no rules; write [] to remove all rules"),
        ("# nothing\n", "contains no rules"),
        ("protocol,ports,cidr\n", "contains no rules"),
        ("rules:\n", "expected a list of rules"),
        ("--- {}", "expected a list of rules"),
        ("--- web", "expected a list of rules"),
        ("tcp 22 10.0.0.0/8\nnonsense x", "line 2: “nonsense” is not recognised"),
        (f"name: web\nrules:\n{YAML}", "line 1: “name:” is not recognised"),
        (f"---\nname: web\nrules:\n{YAML}", "name: only rules are set from it"),
        ("- tcp 22", "rules[0]: expected a rule"),
        ("- {from_port: 0o26}", "rules[0].from_port is not an integer: 0o26"),
        ("- {from_port: 022}", "rules[0].from_port is not an integer: 022"),
        ("- {cidr: [10.0.0.0/8]}", "rules[0].cidr is not a single value"),
        ("- {cidr: 10.0.0.0/8, cidr: 10.0.0.0/9}", "is given twice"),
        # What a template leaves of a variable that is not set
        ("- {protocol: tcp, cidr: }", "rules[0].cidr is empty and would admit any address"),
        ("- {protocol: tcp, cidr: ' '}", "rules[0].cidr is empty and would admit any address"),
        ("- protocol: tcp\n  remote_group:", "rules[0].remote_group is empty"),
        ('[{"protocol": "tcp", "remote_group": ""}]', "rules[0].remote_group is empty"),
        ("- {protocol: }", "rules[0].protocol has no value"),
        ("- {from_port: , cidr: 10.0.0.0/8}", "rules[0].from_port has no value"),
        ("rules:\n-", "rules[0]: expected a rule"),
        ('[{"cidr": "a", "cidr": "b"}]', "is given twice"),
        ("[{", "is not valid"),
        ("- {a: b}\n---\n- {a: b}", "several YAML documents"),
        (b"tcp 22 10.0.0.0/8 \xff", "is not UTF-8 text (byte 18)"),
    ],
)
def test_what_is_not_understood_is_refused(read, text, complaint):
    with pytest.raises(OperatorError) as error:
        read(text)
    assert complaint in str(error.value)


def test_every_wrong_line_has_an_error_of_its_own(read):
    with pytest.raises(OperatorError) as error:
        read("nonsense\ntcp 22 10.0.0.0/8\nmore nonsense")
    assert [line.split(": ")[1] for line in error.value.lines] == ["line 1", "line 3"]


def test_the_wrong_lines_of_another_file_do_not_fill_the_terminal(read):
    with pytest.raises(OperatorError) as error:
        read("x\n" * 500)
    assert len(error.value.lines) == 21
    assert error.value.lines[-1].endswith(": 480 more wrong lines")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(OperatorError, match=r"missing.txt: cannot be read: No such file"):
        rule_files.read(tmp_path / "missing.txt")


@pytest.mark.parametrize(
    "line",
    [
        "in ipv4 tcp 22 10.0.0.0/8 # office",
        "out ipv6 udp 53 2001:db8::53/128",
        "in ipv4 tcp 8000-8100 10.0.0.0/8",
        "in ipv4 tcp any 10.0.0.0/8",
        "in ipv6 tcp 443 ::/0 # the shop",
        "in ipv4 any 10.0.0.0/8",
        "in ipv4 icmp 8/0 10.0.0.0/8",
        "in ipv6 icmpv6 fd00::/8",
        "in ipv4 tcp 5432 group web",
        'in ipv4 tcp 5432 group "web servers"',
        "in ipv4 esp 10.0.0.0/8",
    ],
)
def test_a_rule_is_shown_as_a_line_that_is_read_as_the_same_rule(read, line):
    [rule] = read(line)
    shown = line_of(rule)
    if "icmpv6" in line:
        shown = shown.replace("icmp", "icmpv6")
    if "esp" in line:
        shown = shown.replace(" 50 ", " protocol 50 ")
    assert read(shown) == [rule]
