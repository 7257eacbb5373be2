"""The transaction of a change reads the identity again and locks it.

What ended or shrank while a request was under way counts: between its authentication and its
change lies as much time as its client likes, since a body ends when its client ends it.
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.contract.paths import a_rule
from tests.factories.ports import add_instance, add_instance_port

from ringfence.access.authentication import token_digest
from ringfence.app import OPERATIONS

# The tables that are compared to detect changes
TABLES = (
    *("tenants", "security_groups", "security_group_rules", "security_group_versions"),
    *("security_group_documents", "security_group_drift_modes", "events", "procrastinate_jobs"),
    *("tokens", "console_sessions", "discoveries", "cloud_ports"),
)
CHANGING = [operation for operation in OPERATIONS if operation.changes]
READING = [operation for operation in OPERATIONS if operation.reads]
BODIES = {
    "set_rules": [a_rule()],
    "plan": [a_rule()],
    "rollback": {"version": 1},
    "set_drift_mode": {"mode": "report"},
    "set_default_egress": {"keep": True},
    "discoveries": {"cloud": "east"},
    "set_follow": {"follow": True},
    "set_erred": {"error_message": "x"},
    "create_security_group": {"name": "new", "rules": [a_rule()]},
    "plan_security_group": {"name": "new", "rules": [a_rule()]},
    "push_security_groups": [],
    "confirm_missing": {},
    "update_security_groups": {"security_groups": []},
    "plan_security_groups": {"security_groups": []},
    "verdict": {
        "source": {"address": "203.0.113.7"},
        "destination": {"address": "10.0.0.3"},
        "protocol": "tcp",
        "port": 443,
    },
    "console-sessions": {},
    "personal-access-tokens": {
        "name": "new",
        "scopes": ["read"],
        # A session cannot create a token that outlives it.
        "expires_at": (datetime.now(UTC) + timedelta(minutes=30)).isoformat(),
    },
}
OF_CONSOLE = {"X-Ringfence-Console": "1", "Origin": "http://api.example.com"}
# Operations on a user's own tokens require no role.
OWN = ("/users/", "/auth-tokens/", "/personal-access-tokens/", "/console-sessions/")
# The changes between authentication and transaction, and the allowed responses.
TOKEN_GONE = {
    "the token is deleted": "DELETE FROM tokens WHERE id = %(token)s",
    "the token is rotated": "UPDATE tokens SET digest = sha256(digest) WHERE id = %(token)s",
    "the token has expired": "UPDATE tokens SET expires = now() WHERE id = %(token)s",
    "the user is deactivated": "UPDATE users SET is_active = false WHERE id = %(user)s",
}
SHRUNK = {
    "the token may only read": "UPDATE tokens SET is_read_only = true WHERE id = %(token)s",
    "the token reaches another project": (
        "UPDATE tokens SET project_id = (SELECT max(id) FROM projects) WHERE id = %(token)s"
    ),
}
SESSION_GONE = {
    "the user signs out everywhere": "DELETE FROM console_sessions WHERE token_id = %(token)s",
}
ROLE_GONE = {
    "the roles are taken away": (
        "WITH gone AS (DELETE FROM role_grants WHERE user_id = %(user)s)"
        " UPDATE users SET is_staff = false WHERE id = %(user)s"
    ),
}


def statements(operation):
    """Return the statements that revoke the authority for an operation, with the statuses."""
    own = any(part in operation.path for part in OWN)
    return {
        **{words: (statement, {401}) for words, statement in TOKEN_GONE.items()},
        **{words: (statement, {403, 404}) for words, statement in SHRUNK.items()},
        **({} if own else {words: (s, {403, 404}) for words, s in ROLE_GONE.items()}),
        **{words: (statement, {401}) for words, statement in SESSION_GONE.items()},
    }


class Site:
    """A world with a group, and a user with all permissions and a token of its own."""

    def __init__(self, world, client):
        self.world, self.client = world, client
        self.group = self.user = self.token = self.secret = self.credentials = None
        self.discovery = self.port = self.instance = None

    async def arrange(self, *, in_session=False):
        """Create a new user, so that each request starts with all permissions."""
        world = self.world
        name, self.secret = f"user {uuid4().hex[:8]}", uuid4().hex
        self.user, self.user_uuid = await world.one(
            "INSERT INTO users (username, is_staff) VALUES (%s, true) RETURNING id, uuid", name
        )
        self.token = await world.value(
            "INSERT INTO tokens (user_id, digest) VALUES (%s, %s) RETURNING id",
            self.user,
            token_digest(self.secret),
        )
        # A restricted token may revoke or rotate itself; this is another token.
        self.other_uuid = await world.value(
            "INSERT INTO tokens (user_id, digest) VALUES (%s, %s) RETURNING uuid",
            self.user,
            token_digest(self.secret + "2"),
        )
        self.discovery = await world.discovery()
        self.client.cookies.set("ringfence", self.secret)
        self.credentials = OF_CONSOLE if in_session else None
        self.session_uuid = await world.value(
            "INSERT INTO console_sessions (digest, token_id, owns_token, expires)"
            " VALUES (%s, %s, false, now() + interval '1 hour') RETURNING uuid",
            token_digest(self.secret),
            self.token,
        )
        await world.execute(
            "INSERT INTO role_grants (user_id, role, project_id) VALUES (%s, 'PROJECT.ADMIN', %s)",
            self.user,
            world.project_id,
        )

    def path(self, operation):
        return (
            operation.path.replace("{user_id}", str(self.user))
            .replace("discoveries/{uuid}", f"discoveries/{self.discovery.hex}")
            .replace("openstack-tenants/{uuid}", f"openstack-tenants/{self.world.tenant_uuid.hex}")
            .replace("openstack-ports/{uuid}", f"openstack-ports/{self.port.hex}")
            .replace("openstack-instances/{uuid}", f"openstack-instances/{self.instance.hex}")
            .replace("users/{uuid}", f"users/{self.user_uuid.hex}")
            .replace(
                "personal-access-tokens/{uuid}", f"personal-access-tokens/{self.other_uuid.hex}"
            )
            .replace("console-sessions/{uuid}", f"console-sessions/{self.session_uuid.hex}")
            .replace("{uuid}", self.group.hex)
        )

    def body(self, operation):
        if operation.own and operation.body is None:
            # This operation refuses unknown names.
            return b"{}"
        word = operation.path.replace("{uuid}/", "").rstrip("/").split("/")[-1]
        return json.dumps(BODIES.get(word, {"name": "other", "description": "x"})).encode()

    async def send(self, operation, between, **headers):
        """Send a request whose last byte follows after `between` has run."""
        body = self.body(operation)
        started = asyncio.Event()

        async def parts():
            yield body[:-1]
            started.set()
            await between()
            yield body[-1:]

        response = await self.client.request(
            operation.method,
            self.path(operation),
            content=parts(),
            headers={
                **(self.credentials or {"Authorization": f"Token {self.secret}"}),
                "Content-Type": "application/json",
                **headers,
            },
        )
        assert started.is_set(), f"{operation.id} did not read its body"
        return response

    async def stored(self):
        """Return a digest of the tables."""
        digest_of = "(SELECT md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {} AS t)"
        columns = ", ".join(map(digest_of.format, TABLES))
        return await self.world.one(f"SELECT {columns}")


@pytest.fixture
async def site(world, api):
    site = Site(world, api(None))
    site.group = await world.group()
    await world.execute("UPDATE security_groups SET backend_id = 'b-1'")
    site.instance, row = await add_instance(world)
    site.port = await add_instance_port(world, row, groups=["b-1"])
    return site


def test_every_changing_operation_is_tried():
    assert len(CHANGING) > 20


@pytest.mark.parametrize("key", [None, "a key"])
async def test_who_lost_its_authority_before_the_change_changes_nothing(site, key):
    headers = {"Idempotency-Key": key} if key else {}
    wrong = {}
    for operation in CHANGING:
        for words, (statement, statuses) in statements(operation).items():
            await site.arrange(in_session=words in SESSION_GONE)
            after = None

            async def shrink(statement=statement):
                nonlocal after
                async with site.world.database.connection() as connection:
                    await connection.execute(statement, {"user": site.user, "token": site.token})
                after = await site.stored()

            response = await site.send(operation, shrink, **headers)
            if response.status_code not in statuses or await site.stored() != after:
                wrong[operation.id, words] = (response.status_code, response.text)
    assert not wrong, "\n".join(f"{case}: {told}" for case, told in wrong.items())


@pytest.mark.parametrize("operation", READING, ids=lambda each: each.id)
async def test_who_lost_its_authority_before_the_body_ended_reads_nothing(site, operation):
    for words, (statement, statuses) in statements(operation).items():
        await site.arrange(in_session=words in SESSION_GONE)

        async def shrink(statement=statement):
            values = {"user": site.user, "token": site.token}
            async with site.world.database.connection() as connection:
                await connection.execute(statement, values)

        response = await site.send(operation, shrink)
        allowed = {200} if words == "the token may only read" else statuses
        assert response.status_code in allowed, (words, response.text)


async def test_who_keeps_its_authority_is_not_disturbed_by_what_else_changes(site):
    """A new name, another role or a longer lifetime revoke nothing."""
    operation = next(each for each in CHANGING if each.path.endswith("{uuid}/set_rules/"))
    for key in ({}, {"Idempotency-Key": "grown"}):
        await site.world.execute("UPDATE security_groups SET state = 'OK'")
        await site.arrange()

        async def grow():
            await site.world.execute(
                "UPDATE users SET username = username || 'x' WHERE id = %s", site.user
            )

        response = await site.send(operation, grow, **key)
        assert response.status_code == 200, response.text


async def test_a_session_that_was_ended_changes_nothing(site, world):
    operation = next(each for each in CHANGING if each.path.endswith("{uuid}/set_rules/"))
    await site.arrange()
    site.client.cookies.set("ringfence", "a-session")
    site.credentials = OF_CONSOLE

    async def nothing():
        pass

    async def sign_out_everywhere():
        await world.execute("DELETE FROM console_sessions")

    for between, status in ((nothing, 200), (sign_out_everywhere, 401)):
        await world.execute("UPDATE security_groups SET state = 'OK'")
        await world.execute(
            "INSERT INTO console_sessions (digest, token_id, owns_token, expires)"
            " VALUES (%s, %s, false, now() + interval '1 hour') ON CONFLICT DO NOTHING",
            token_digest("a-session"),
            site.token,
        )
        response = await site.send(operation, between)
        assert response.status_code == status, response.text
    assert await world.value("SELECT count(*) FROM events") == 1


async def test_a_revocation_waits_for_the_changes_that_were_before_it(site, world):
    """After the revocation, no change with that token is committed."""
    operation = next(each for each in CHANGING if each.path.endswith("{uuid}/set_rules/"))
    await site.arrange()

    async def nothing():
        pass

    async with world.database.transaction() as connection:
        # The change has locked its identity and waits for the lock of the tenant.
        await connection.execute("SELECT 1 FROM tenants FOR UPDATE")
        change = asyncio.create_task(site.send(operation, nothing))
        await _waiting(world, 1)
        revocation = asyncio.create_task(
            world.execute("DELETE FROM tokens WHERE id = %s", site.token)
        )
        await _waiting(world, 2)
        assert not revocation.done()
    assert (await change).status_code == 200
    await revocation


async def _waiting(world, count):
    async with asyncio.timeout(60):
        while True:
            waiting = await world.value(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if waiting >= count:
                return
            await asyncio.sleep(0.01)


async def test_of_many_who_replace_their_own_tokens_at_once_one_does(site):
    """All of them lock the same rows: no client receives a deadlock error."""
    await site.arrange()
    path = f"/api/users/{site.user_uuid.hex}/refresh_token/"
    headers = {"Authorization": f"Token {site.secret}"}
    responses = await asyncio.gather(*(site.client.post(path, headers=headers) for _ in range(3)))
    assert sorted(response.status_code for response in responses) == [200, 401, 401]
