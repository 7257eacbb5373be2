"""Secrets are searched for in everything that a served instance puts out and keeps."""

import json
import secrets
import subprocess
import sys

import psycopg
from tests.cli.operating import operating
from tests.fuzz.instance import provisioning

from ringfence.database.embedded.server import running
from ringfence.settings import Settings

PASSWORD = "correct-horse-battery-9f3"
WRONG_PASSWORD = "wrong-horse-battery-77a"
GROUPS = "/api/openstack-security-groups/"


def tables(home):
    """Return all that the database keeps, as text."""
    with running(Settings(home=home)) as conninfo, psycopg.connect(conninfo) as connection:
        names = connection.execute(
            "SELECT quote_ident(table_name) FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        ).fetchall()
        return "\n".join(
            str(row)
            for (name,) in names
            for row in connection.execute(f"SELECT to_jsonb(t)::text FROM {name} AS t")  # noqa: S608
        )


def misuse(client, secret):
    """Send a secret wherever somebody might put it by mistake; give what came back."""
    there = {"Authorization": f"Token {secret}"}
    asked = [
        # Not of `me/`, which tells who asks the token that it was asked with
        client.get(f"/api/users/{'0' * 32}/?token={secret}", headers=there),
        client.get(f"/api/users/me/?token={secret}"),
        client.get(f"/api/{secret}/", headers=there),
        client.patch(f"{GROUPS}{'0' * 32}/", headers=there, json={"name": "x"}),
        client.post(f"/api/users/{secret}/refresh_token/", headers=there),
        client.get(GROUPS, headers={"Authorization": f"Token {secret} {secret}"}),
        client.get(GROUPS, headers={"Authorization": f"Basic {secret}"}),
        client.request("BREW", GROUPS, headers=there),
        client.post(f"/console/session/?token={secret}", headers=there),
    ]
    return [f"{answer.headers}{answer.text}" for answer in asked]


def test_no_secret_is_in_anything_that_is_put_out():
    import httpx  # noqa: PLC0415 - its log would tell addresses that this test makes up

    with operating() as operator:
        operator.environment |= {"RINGFENCE_LOG_LEVEL": "debug"}
        loaded = operator.run("load", operator.write("site.json", json.dumps(provisioning())))
        assert loaded.returncode == 0, loaded.stderr
        command = [sys.executable, "-m", "ringfence", "password", "ann"]
        subprocess.run(
            command, env=operator.environment, input=f"{PASSWORD}\n", text=True, check=True
        )
        issued = operator.run("token", "ann", "--name", "backup", "--expires", "1d")
        known = {"password": PASSWORD, "wrong password": WRONG_PASSWORD}
        known |= {"issued": issued.stdout.strip(), "unknown": secrets.token_hex(32)}
        _, address = operator.serve("serve", "--workers", "2")
        said = [loaded.stdout, loaded.stderr, issued.stderr]
        with httpx.Client(base_url=address, timeout=60) as client:
            for password in (PASSWORD, WRONG_PASSWORD):
                answer = client.post(
                    "/api-auth/password/", json={"username": "ann", "password": password}
                )
                if answer.status_code == 200:
                    known["signed in"] = answer.json()["token"]
                else:
                    said.append(answer.text)
            # As a name, where people type it by mistake
            body = {"username": PASSWORD, "password": "x"}
            said.append(client.post("/api-auth/password/", json=body).text)
            there = {"Authorization": f"Token {known['signed in']}"}
            me = client.get("/api/users/me/", headers=there).json()["uuid"]
            renew = {"Idempotency-Key": "renew"}
            made = client.post(f"/api/users/{me}/refresh_token/", headers=there | renew)
            known["renewed"] = made.json()["token"]
            for name in ("issued", "signed in", "renewed", "unknown"):
                said += misuse(client, known[name])
            there = {"Authorization": f"Token {known['renewed']}"}
            for path in (f"/api/users/{me}/token/", "/api/auth-tokens/", "/api/events/"):
                said.append(client.get(path, headers=there).text)
            said.append(client.get("/metrics").text)
        for arguments in (("tokens", "list"), ("events", "export"), ("doctor",)):
            done = operator.run(*arguments)
            said += [done.stdout, done.stderr]
        said.append(tables(operator.folder / "home"))
        said += [file.read_text() for file in operator.folder.glob("log-*")]
        assert len(set(known.values())) == 6
        assert "request" in said[-1]
        found = [
            f"{name}: …{text[max(0, text.index(secret) - 150) : text.index(secret)]}"
            for name, secret in known.items()
            for text in said
            if secret in text
        ]
        assert found == []
