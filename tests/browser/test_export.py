"""What is seen is exported: CSV, a provisioning file, Terraform and `openstack` commands.

Names come from users, so each format escapes them; the programs that read it are the judges.
"""

import csv
import io
import os
import re
import subprocess
from pathlib import Path

import pytest
import pytest_asyncio
import yaml
from tests.browser.modules import base
from tests.browser.site import EGRESS, HTTPS, OFFICE, tenant_uuid

from ringfence.text.escaping import spreadsheet

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = (
    "plain",
    "two words",
    "it's",
    'say "hi"',
    "back\\slash \\n \\",
    "line\nbreak\r\n\ttab",
    "$(touch ran)`touch ran`; touch ran # & | > ran",
    "${path.root} %{if true} $${x} $%{y}",
    "=cmd|' /C calc'!A0",
    " @SUM(1)",
    "-1",
    "--description",
    "- a: b # c",
    "yes",
    "0x10",
    "~",
    "null\0character",
    "\x1b[2J\x07\x85",
    "\u202egnp.exe\u2028\ufeff\u200b",
    "\ud83d\ude00 é 漢".encode("utf-16", "surrogatepass").decode("utf-16"),
    "\uff01\uff1d1,2;3",
    "\uff1d1+1",
    "EOF\n</script>{{ x }}",
    "",
)

CALL = """async ([base, module, name, values]) => {
    const found = await import(`${base}export/${module}.js`);
    return values.map((value) => found[name](value));
}"""

# A string of HCL, and what a template in it would begin with.
HCL_STRING = r'"((?:[^"\\]|\\.)*)"'
HCL_LINE = (
    r"",
    r"#[^\n]*",
    r'(?:resource|data) "openstack_networking_secgroup(?:_rule)?_v2" "[a-z][a-z0-9_]*" \{',
    r"\}",
    rf"  [a-z_]+ += (?:{HCL_STRING}|true|\d+|(?:data\.)?openstack_networking_secgroup_v2\.\w+\.id)",
)


@pytest_asyncio.fixture(loop_scope="session")
async def call(visit):
    page = await visit("/console/groups/")

    async def call(module, name, values):
        return await page.evaluate(CALL, [base(), module, name, list(values)])

    return call


def group(**values):
    return {
        "uuid": "a" * 32,
        "name": "web",
        "description": "",
        "backend_id": "b1",
        "state": "OK",
        "service_name": "east",
        "service_settings_uuid": "1" * 32,
        "customer_name": "Acme",
        "customer_uuid": "2" * 32,
        "project_name": "Web shop",
        "project_uuid": "3" * 32,
        "tenant_name": "shop",
        "tenant_uuid": "4" * 32,
        "rules": [],
    } | values


def rule(**values):
    return {
        "ethertype": "IPv4",
        "direction": "ingress",
        "protocol": "tcp",
        "from_port": 22,
        "to_port": 22,
        "cidr": "10.0.0.0/8",
        "description": "",
        "remote_group": None,
    } | values


def hostile_groups():
    """Return a group for each text, which is everywhere in it."""
    return [
        group(
            uuid=f"{number:032x}",
            name=text,
            description=text,
            service_name=text,
            customer_name=text,
            project_name=text,
            tenant_name=text,
            rules=[
                rule(description=text),
                rule(remote_group_name=text, remote_group_backend_id=text, cidr=None),
            ],
        )
        for number, text in enumerate(HOSTILE)
    ]


def hcl_value(text):
    """Return the value of a string of HCL; none may begin a template."""
    [quoted] = re.fullmatch(HCL_STRING, text).groups()
    assert not re.search(r"[$%]\{", quoted), text
    assert quoted.isprintable(), text
    escape = r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|([nrt\"\\]))"
    short = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
    return re.sub(escape, lambda m: short[m[3]] if m[3] else chr(int(m[1] or m[2], 16)), quoted)


async def test_a_cell_of_csv_is_a_line_and_no_formula(call):
    cells = await call("escape", "csvCell", HOSTILE)
    [read] = csv.reader(io.StringIO(",".join(cells) + "\r\n", newline=""), strict=True)
    assert [as_python(cell) for cell in read] == [spreadsheet(text) for text in HOSTILE]
    assert not any(re.match("\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]", cell) for cell in read)
    assert all(cell.isprintable() for cell in read)


def as_python(cell):
    """Python escapes what has one byte in two digits."""
    return re.sub(r"\\u00([0-9a-f]{2})", r"\\x\1", cell)


async def test_a_scalar_of_yaml_is_the_same_text(call):
    scalars = await call("escape", "yamlScalar", HOSTILE)
    for text, scalar in zip(HOSTILE, scalars, strict=True):
        assert yaml.safe_load(f"{{a: {scalar}, b: 1}}") == {"a": text, "b": 1}
        assert scalar.isprintable()


async def test_a_string_of_hcl_is_the_same_text_and_no_template(call):
    strings = await call("escape", "hclString", HOSTILE)
    assert [hcl_value(each) for each in strings] == list(HOSTILE)


async def test_a_word_of_a_shell_is_one_argument_and_runs_nothing(call, tmp_path):
    words = await call("escape", "shellWord", HOSTILE)
    for shell in ("sh", "bash"):
        done = run_shell(shell, f"printf '%s\\0' {' '.join(words)}", tmp_path)
        read = done.stdout.decode().split("\0")[:-1]
        assert [plain(text) for text in read] == [plain(text) for text in HOSTILE]
        assert not any("\x1b" in text or "\u202e" in text for text in read)
    assert list(tmp_path.iterdir()) == []


def run_shell(shell, script, folder, **environment):
    done = subprocess.run(
        [shell, "-c", script],
        check=False,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done


def plain(text):
    """Without what the words of a shell replace."""
    return re.sub("[\0\x07\x1b\x85\r\u202e\u2028\ufffd]", "", text)


async def test_the_files_of_hostile_groups_are_well_formed(call):
    groups = hostile_groups()
    [text] = await call("csv", "csvOfGroups", [groups])
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in rows} == {15}
    assert len(rows) == 1 + 2 * len(groups)
    [text] = await call("yaml", "yamlOfGroups", [groups])
    [customer] = yaml.safe_load(text)["customers"]
    [tenant] = customer["projects"][0]["tenants"]
    assert [each["name"] for each in tenant["security_groups"]] == [
        each for each in HOSTILE if each.strip()
    ]
    [text] = await call("terraform", "terraformOfGroups", [groups])
    unread = [line for line in text.split("\n") if not any(re.fullmatch(f, line) for f in HCL_LINE)]
    assert unread == []
    names = re.findall(rf"^  name +=(?= ) ({HCL_STRING})$", text, re.MULTILINE)
    assert [hcl_value(each) for each, _ in names] == list(HOSTILE)
    labels = re.findall(r'^resource (".*" ".*") \{$', text, re.MULTILINE)
    assert len(labels) == len(set(labels))


async def test_the_openstack_commands_of_hostile_groups_run_nothing_else(call, tmp_path):
    groups = hostile_groups()
    [script] = await call("openstack", "openstackOfGroups", [groups])
    (tmp_path / "bin").mkdir()
    (tmp_path / "work").mkdir()
    fake = tmp_path / "bin" / "openstack"
    fake.write_text(
        "#!/bin/sh\n"
        f'{{ printf "%s\\0" "$@"; printf "\\n\\0"; }} >> {tmp_path}/calls\n'
        'case "$*" in *" create -f value"*) echo created;; *" list "*) echo one;; esac\n'
    )
    fake.chmod(0o755)
    run_shell("sh", script, tmp_path / "work", PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert list((tmp_path / "work").iterdir()) == []
    calls = [each.split("\0") for each in (tmp_path / "calls").read_text().split("\0\n\0") if each]
    created = [each for each in calls if each[:3] == ["security", "group", "create"]]
    assert [plain(each[-1]) for each in created] == [plain(text) for text in HOSTILE]
    rules = [each for each in calls if each[:4] == ["security", "group", "rule", "create"]]
    assert rules[0][4:] == [
        "--ingress", "--ethertype", "IPv4", "--protocol", "tcp", "--dst-port", "22",
        "--remote-ip", "10.0.0.0/8", "--description=plain", "created",
    ]  # fmt: skip


async def test_remotes_are_references_in_each_format(call):
    front, web = (
        group(uuid="a" * 32, name="front", rules=[rule(cidr=None)]),
        group(
            uuid="b" * 32,
            name="web",
            rules=[
                rule(cidr=None, remote_group=f"http://x/api/openstack-security-groups/{'a' * 32}/"),
                rule(cidr=None, remote_address_group_backend_id="ag-1"),
                rule(cidr="::/0", ethertype="IPv6", protocol="icmp", from_port=128, to_port=0),
                rule(cidr=None, remote_address_group_backend_id=""),
            ],
        ),
    )
    [text] = await call("terraform", "terraformOfGroups", [[front, web]])
    assert "remote_group_id   = openstack_networking_secgroup_v2.front.id" in text
    assert 'remote_address_group_id = "ag-1"' in text
    assert 'protocol          = "ipv6-icmp"' in text
    assert "# Left out: a rule of web: only the cloud knows its remote" in text
    [text] = await call("openstack", "openstackOfGroups", [[front, web]])
    assert '--remote-group="$group_1"' in text
    assert "--remote-address-group=ag-1" in text
    assert "--protocol ipv6-icmp --icmp-type 128 --icmp-code 0 --remote-ip ::/0" in text
    [text] = await call("yaml", "yamlOfGroups", [[front, web]])
    # A rule without its remote would admit any address.
    assert "Rules are left out" in text
    assert yaml.safe_load(text)["customers"][0]["projects"][0]["tenants"][0]["security_groups"][
        1
    ].keys() == {"name", "uuid", "description", "backend_id"}


async def test_a_remote_group_outside_the_export_is_named_as_the_cloud_names_it(call):
    inside = group(uuid="a" * 32, name="default")
    remotes = {"a" * 32: "", "c" * 32: "neutron-c", "d" * 32: ""}
    rules = [
        rule(
            cidr=None,
            remote_group=f"http://x/api/openstack-security-groups/{uuid}/",
            remote_group_name="other",
            remote_group_backend_id=backend_id,
        )
        for uuid, backend_id in remotes.items()
    ]
    groups = [inside, group(uuid="b" * 32, rules=rules)]
    [text] = await call("terraform", "terraformOfGroups", [groups])
    found = re.findall(r"remote_group_id += (.*)", text)
    assert found == ["data.openstack_networking_secgroup_v2.default.id", '"neutron-c"']
    # Without its remote, the rule would admit any address.
    assert text.count("_rule_v2") == 2
    assert "# Left out: a rule of web: the remote group other is not in the cloud" in text
    [text] = await call("openstack", "openstackOfGroups", [groups])
    assert re.findall("--remote-group=(\\S+)", text) == ['"$group_1"', "neutron-c"]
    assert text.count("rule create") == 2
    assert "# Left out: a rule of web: the remote group other is not in the cloud" in text


def text_of(path):
    with Path(path).open(newline="") as file:
        return file.read()


async def test_all_groups_of_a_list_are_exported_and_the_file_loads_without_a_difference(
    site, visit
):
    front = site.create("exported-front", [HTTPS, EGRESS], tenant="export", description="it's")
    inner = {"protocol": "tcp", "from_port": 80, "to_port": 90, "remote_group": front["url"]}
    six = {"ethertype": "IPv6", "protocol": "icmp", "from_port": 128, "to_port": 0, "cidr": "::/0"}
    any_protocol = {"protocol": "", "from_port": -1, "to_port": -1, "cidr": "10.0.0.0/8"}
    site.create("exported-web", [inner, OFFICE, six, any_protocol], tenant="export")
    site.create("=1+1 'no' \"rules\"", tenant="export", description="two\nlines")
    page = await visit(f"/console/groups/?tenant_uuid={tenant_uuid('export')}&o=name", user="ann")
    texts = {}
    for label in ("CSV", "YAML", "Terraform", "openstack"):
        await page.locator("summary").filter(has_text="Export").click()
        async with page.expect_download() as download:
            await page.get_by_role("button", name=label).click()
        texts[label] = text_of(await (await download.value).path())
    text = texts["YAML"]
    done = site.operator.run("load", site.operator.write("exported.yaml", text), "--dry-run")
    # It would exit 2 with a difference.
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    other = text.replace("198.51.100.0/24", "198.51.100.0/25")
    done = site.operator.run("load", site.operator.write("other.yaml", other), "--dry-run")
    assert "198.51.100.0/25" in done.stdout
    rows = list(csv.DictReader(io.StringIO(texts["CSV"], newline="")))
    names = [row["group"] for row in rows]
    assert names.count("exported-web") == 4
    assert names[0] == "'=1+1 'no' \"rules\""
    assert {row["tenant"] for row in rows} == {"export"}
    assert "openstack_networking_secgroup_v2.exported_front.id" in texts["Terraform"]
    assert texts["openstack"].startswith("#!/bin/sh\n")


async def test_one_group_refers_to_its_remote_group_by_the_id_in_the_cloud(site, visit):
    front = site.create("alone-front", tenant="export")
    inner = {"protocol": "tcp", "from_port": 80, "to_port": 80, "remote_group": front["url"]}
    web = site.create("alone-web", [inner], tenant="export")
    page = await visit(f"/console/groups/{web['uuid']}/", user="ann")
    for label in ("Terraform", "openstack", "YAML", "CSV"):
        await page.locator("summary").filter(has_text="Export").click()
        async with page.expect_download() as download:
            await page.get_by_role("button", name=label).click()
        file = await download.value
        assert re.fullmatch(r"alone-web-\d{4}-\d\d-\d\d\.\w+", file.suggested_filename)
        text = text_of(await file.path())
        if label == "CSV":
            assert "group alone-front" in text
        else:
            # `ringfence load` knows groups by their UUIDs, Neutron by its own.
            assert (front["backend_id"] in text) is (label != "YAML")
            assert (front["uuid"] in text) is (label == "YAML")
