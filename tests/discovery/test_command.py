"""`ringfence discover`: contradicting options, and a file from a cloud."""

import pytest
from tests.discovery.fake_cloud import running_fake_cloud

from ringfence.cli.main import run
from ringfence.neutron import inventory
from ringfence.provisioning.document import read_documents


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ([], "name an entry of clouds.yaml, or --waldur URL"),
        (["a", "--write", "f", "--load"], "--write and --load exclude each other"),
        (["a", "--follow"], "--follow and --no-follow need --load"),
        (["a", "--customer", "c", "--by-parent"], "name a customer, or let the parent projects"),
        (["nowhere"], "the cloud nowhere: There is no entry 'nowhere' in clouds.yaml"),
        (
            ["east", "--domain", "Defalt"],
            "the cloud has no domain 'Defalt'; did you mean 'Default'?",
        ),
    ],
)
def test_a_mistake_is_one_line(tmp_path, monkeypatch, capsys, options, error):
    with running_fake_cloud() as cloud:
        entries = tmp_path / "clouds.yaml"
        entries.write_text(cloud.clouds_yaml())
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(entries))
        assert run(["discover", *options]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ringfence: {error}")


def test_a_cloud_that_does_not_listen_is_an_error_of_one_line(tmp_path, monkeypatch, capsys):
    with running_fake_cloud() as cloud:
        entries = tmp_path / "clouds.yaml"
        entries.write_text(cloud.clouds_yaml().replace(cloud.server.url, "http://127.0.0.1:1"))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(entries))
    monkeypatch.setattr(inventory, "ATTEMPTS", inventory.ATTEMPTS[:1])
    assert run(["discover", "east"]) == 2
    assert capsys.readouterr().err == (
        "ringfence: the cloud east: The cloud cannot be reached: no connection, or it was cut; "
        "check auth_url in clouds.yaml and the network\n"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "nothing stored: --load creates the tenants, --write FILE a file to review"),
        (["--match", "x*"], "no tenants: no project has such a name; see --match and --domain"),
    ],
)
def test_a_report_ends_with_what_to_do_next(tmp_path, monkeypatch, capsys, options, said):
    with running_fake_cloud() as cloud:
        cloud.add("web", "default", "web")
        entries = tmp_path / "clouds.yaml"
        entries.write_text(cloud.clouds_yaml())
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(entries))
        assert run(["discover", "east", *options]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == said


def test_a_cloud_is_reported_and_written_to_a_file_without_a_database(
    tmp_path, monkeypatch, capsys
):
    with running_fake_cloud() as cloud:
        cloud.add("p\x1b[2J", "default", "web")
        entries = tmp_path / "clouds.yaml"
        entries.write_text(cloud.clouds_yaml())
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(entries))
        monkeypatch.setenv("RINGFENCE_HOME", str(tmp_path / "home"))
        path = tmp_path / "east.yaml"
        assert run(["discover", "east", "--write", str(path)]) == 0
        lines = capsys.readouterr().out.splitlines()
    assert "security groups: 2 with 2 rules" in lines
    assert lines[-1] == f"written: {path}; load it with ringfence load"
    [(_, document)] = read_documents([path])
    [tenant] = document.customers[0].projects[0].tenants
    assert (tenant.name, tenant.drift_mode) == ("p�[2J", "report")
    assert not (tmp_path / "home").exists()
