"""Doctor looks at who may read or change the data directory and the files that are named."""

import asyncio

from tests.database.test_backup import filled

from ringfence.cli.doctor.examination import examine

__all__ = ["filled"]


def files(settings):
    [check] = [check for check in asyncio.run(examine(settings)) if check.name == "file modes"]
    return check


def test_doctor_names_what_is_open_to_others_and_the_fix(filled, monkeypatch, folder):
    named = folder / "ringfence.toml"
    named.write_text("")
    named.chmod(0o640)
    monkeypatch.setenv("RINGFENCE_CONFIG", str(named))
    assert files(filled).passed, files(filled).detail
    home = filled.home
    for path, mode, right in (
        (home, 0o775, "755"),
        (home / "postgresql.log", 0o644, "600"),
        (named, 0o666, "644"),
    ):
        before = path.stat().st_mode & 0o777
        path.chmod(mode)
        found = files(filled)
        path.chmod(before)
        assert not found.passed
        assert f"{path} ({mode:o}): run chmod {right} {path}" in found.detail
    assert files(filled).passed
