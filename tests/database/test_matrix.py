"""The databases that are supported, each used as a service uses it: `make test-databases`.

Each is migrated, loaded, served, changed by a job and examined.
"""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import pytest
from tests.contract.paths import GROUPS, tenant_at
from tests.database.conftest import ALL
from tests.database.others import (
    BOUNCER,
    BOUNCER_SETTINGS,
    GERMAN,
    MESSAGES,
    OLDEST,
    bouncer,
    foreign,
    require,
)
from tests.database.replicated import PASSWORD
from tests.factories.world import make_world
from tests.folders import unused
from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port

from ringfence.app import create_app
from ringfence.cli.doctor.examination import examine
from ringfence.database.connect import Session
from ringfence.database.embedded import binaries, home
from ringfence.database.migrate import migrate, migrations, pending
from ringfence.database.pool import Database
from ringfence.database.privileges import grant
from ringfence.errors import OperatorError
from ringfence.monitoring.health import Readiness
from ringfence.settings import Settings
from ringfence.sync.worker import run_worker

# Of the pool that requests use
CONNECTIONS = 8
READY = "/health/ready"


@pytest.fixture(scope="module")
def newest(database_server, short_folder):  # noqa: ARG001 - it copies the programs
    """Run the version that is embedded, as an ordinary server."""
    shared = short_folder / "home"
    programs = binaries.provide(shared, shared / "data")
    account = home.server_account(shared, shared / "data")
    with foreign(unused("newest"), programs, account) as server:
        yield server


@pytest.fixture(scope="module")
def german(database_server, short_folder):  # noqa: ARG001
    """Run the oldest version that is supported, with TLS and German messages."""
    require(OLDEST, what="PostgreSQL 15 (Debian: postgresql-15)")
    require(GERMAN, MESSAGES, what="what German messages need (Debian: locales)")
    shared = short_folder / "home"
    account = home.server_account(shared, shared / "data")
    folder = unused("german")
    with foreign(folder, OLDEST, account) as server:
        yield server


@pytest.fixture
def said(record_property):
    """Note what a database was, for the end of the run's output."""

    def say(text: str) -> None:
        record_property("database", text)

    return say


@asynccontextmanager
async def served(url, *, works_jobs=True):
    """Serve a migrated database with a world in it; yields the world and a client."""
    async with Database.open(url, size=2) as database:
        world = await make_world(database)
        settings = Settings(database_url=url)
        app = create_app(settings)
        stop = asyncio.Event()
        worker = asyncio.create_task(
            run_worker(settings, url, stop=stop) if works_jobs else stop.wait()
        )
        try:
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=app),
                    base_url="http://localhost",
                    headers={"Authorization": "Token staff-token"},
                ) as client,
            ):
                yield world, client
        finally:
            stop.set()
            await worker


async def create(client, world, name):
    path = tenant_at(world.tenant_uuid, "create_security_group/")
    return await client.post(path, json={"name": name})


async def until_in_the_cloud(client, created):
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (group := (await client.get(created["url"])).json())["state"] != "OK":
            assert group["state"] != "ERRED", group
            await asyncio.sleep(0.05)


def app_of(client):
    return client._transport.app  # noqa: SLF001 - httpx does not say it otherwise


async def works(url, *, is_migrated=False):
    """Use a database for all that a service does; returns the version of its server."""
    missing = [] if is_migrated else [migration.name for migration in migrations()]
    assert await migrate(url) == missing
    async with served(url) as (world, client):
        created = await create(client, world, "web")
        assert created.status_code == 201, created.text
        await until_in_the_cloud(client, created.json())
        assert [group["name"] for group in (await client.get(GROUPS)).json()] == ["web"]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (ready := await client.get(READY)).status_code != 200:
                assert ready.json()["reasons"].keys() == {"worker"}
                await asyncio.sleep(0.1)
        # While the worker runs: without one, a check of `ringfence doctor` fails.
        checks = await asyncio.to_thread(asyncio.run, examine(Settings(database_url=url)))
    assert [check for check in checks if not check.passed] == []
    return next(check.detail for check in checks if check.name == "database")


async def test_the_newest_version(newest, said):
    said(f"TCP, {await works(newest.uri(newest.fresh('tcp')))}")


async def test_the_oldest_version_with_german_messages(german, said):
    said(f"German messages, {await works(german.uri(german.fresh('tcp')))}")


async def test_another_schema_beside_production(newest, said):
    name = newest.fresh("schemas")
    await migrate(newest.uri(name))
    newest.within(name, "CREATE SCHEMA staging")
    production = newest.counts(name, "public")
    url = newest.uri(name, options="-csearch_path=staging")
    said(f"another search_path, {await works(url)}")
    assert newest.counts(name, "public") == production
    assert newest.counts(name, "staging")["users"]


async def test_a_role_that_owns_nothing(newest, said):
    name = newest.fresh("granted")
    newest.within(
        name,
        "DROP ROLE IF EXISTS matrix_owner",
        "DROP ROLE IF EXISTS matrix_service",
        "CREATE ROLE matrix_owner LOGIN PASSWORD 'x'",
        "CREATE ROLE matrix_service LOGIN PASSWORD 'x'",
        "CREATE SCHEMA firewall AUTHORIZATION matrix_owner",
        "ALTER ROLE matrix_owner SET search_path = firewall",
        "ALTER ROLE matrix_service SET search_path = firewall",
    )
    owner = newest.uri(name).replace("ringfence:correct-horse@", "matrix_owner:x@")
    await migrate(owner)
    async with Database.open(owner, size=1) as database:
        await grant(database, "matrix_service")
    url = owner.replace("matrix_owner", "matrix_service")
    said(f"a role that owns nothing, {await works(url, is_migrated=True)}")


PARTS = "host={folder} port={port} dbname={db} user=ringfence password={password}"
AT = "postgresql://ringfence:{password}@"
WAYS = {
    "a socket, as a URL without a host": (
        "postgresql:///{db}?host={folder}&port={port}&user=ringfence&password={password}"
    ),
    "a socket, as keys and values": PARTS,
    "an IPv6 address": AT + "[::1]:{port}/{db}",
    "several hosts, the first one down": (
        AT + "127.0.0.1:{dead},127.0.0.1:{port}/{db}?target_session_attrs=read-write"
    ),
    "a service file": "service=matrix",
    "a service file, as a URL": "postgresql://?service=matrix",
}


@pytest.mark.parametrize("words", WAYS)
async def test_a_way_to_connect(newest, said, monkeypatch, tmp_path, words):
    parts = {
        "db": newest.fresh(f"way_{list(WAYS).index(words)}") if ALL else "postgres",
        "folder": newest.folder,
        "port": newest.port,
        "password": PASSWORD,
        "dead": free_port(),
    }
    services = tmp_path / "services"
    services.write_text("[matrix]\n" + PARTS.format(**parts).replace(" ", "\n") + "\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    url = WAYS[words].format(**parts)
    if ALL:
        said(f"{words}, {await works(url)}")
        return
    async with await Session.connect(url) as session:
        assert session.info.dbname == parts["db"]
    said(f"{words}, connects")


async def test_tls_with_verify_full(german, said):
    name, certificate = german.fresh("tls"), str(german.certificate)
    url = german.uri(name, host="localhost", sslmode="verify-full", sslrootcert=certificate)
    said(f"TLS with verify-full, {await works(url)}")
    with pytest.raises(OperatorError, match=r"cannot connect to the database at 127\.0\.0\.1"):
        await migrate(url.replace("localhost", "127.0.0.1"))


async def test_pgbouncer_in_session_mode_as_packaged(newest, said):
    require(BOUNCER, BOUNCER_SETTINGS, what="PgBouncer (Debian: pgbouncer)")
    name = newest.fresh("bounced")
    with bouncer(newest, "session") as port:
        url = newest.uri(name).replace(f":{newest.port}/", f":{port}/")
        said(f"PgBouncer in session mode, {await works(url)}")


@pytest.mark.parametrize("mode", ["transaction", "statement"] if ALL else ["transaction"])
async def test_pgbouncer_that_lends_no_sessions_is_refused(newest, said, mode):
    require(BOUNCER, BOUNCER_SETTINGS, what="PgBouncer (Debian: pgbouncer)")
    name = newest.fresh("bounced")
    with bouncer(newest, mode) as port:
        url = newest.uri(name).replace(f":{newest.port}/", f":{port}/")
        for use in (migrate, pending):
            with pytest.raises(OperatorError, match="set pool_mode = session") as refused:
                await use(url)
    assert "\n" not in str(refused.value)
    assert newest.counts(name, "public") == {}
    said(f"PgBouncer in {mode} mode, refused: {refused.value}")


async def test_sessions_that_end_when_nobody_uses_them(newest, said):
    name = newest.fresh("idle")
    url = newest.uri(name, options="-cidle_session_timeout=1s")
    await migrate(newest.uri(name))
    async with served(url, works_jobs=False) as (world, client):
        for _ in range(2):
            statuses = [
                (await client.get(GROUPS)).status_code,
                (await create(client, world, uuid4().hex)).status_code,
                (await client.get(READY, params={"exclude": "worker"})).status_code,
            ]
            assert statuses == [200, 201, 200]
            await asyncio.to_thread(newest.until_ended, name)
    said("idle_session_timeout, each request is answered")


# Columns that prepared statements of requests and of jobs return
ALTERED = {
    "users": "username TYPE varchar(200)",
    "security_group_versions": "name TYPE varchar(255)",
    "schema_migrations": "name TYPE varchar(200)",
    "procrastinate_jobs": "queue_name TYPE varchar(200)",
}


async def test_tables_that_change_while_their_plans_are_kept(german, said):
    name = german.fresh("altered")
    url = german.uri(name)
    await migrate(url)

    async def use(world, client):
        listed = await client.get(GROUPS)
        created = await create(client, world, uuid4().hex)
        assert (listed.status_code, created.status_code) == (200, 201), created.text
        await until_in_the_cloud(client, created.json())
        # Statements of the caller and of the history, prepared on each connection
        for _ in range(CONNECTIONS):
            history = await client.get(f"{created.json()['url']}versions/")
            assert history.status_code == 200, history.text
        # The response of readiness is remembered for a moment.
        app_of(client).state.readiness = Readiness()
        ready = await client.get(READY, params={"exclude": "worker"})
        assert ready.status_code == 200, ready.text

    async with served(url) as (world, client):
        await use(world, client)
        for table, change in ALTERED.items():
            german.within(name, f"ALTER TABLE {table} ALTER {change}")
            await use(world, client)
    said("tables altered while serving, German messages: each request is answered")
