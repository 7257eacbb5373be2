"""A search for a substring returns what ILIKE matches, for all letters and locales."""

import asyncio
import os
import random
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ringfence.database.migrate import migrate
from ringfence.http.collections.filters import NOT_SENT
from ringfence.security_groups.read_model.filters import FILTERS, searched

# How a database maps letters to lower case: each character, the whole text, or only ASCII
LOCALES = {
    "simple mapping": "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'",
    "full mapping": "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST' LOCALE 'C'",
    "only ASCII": "LOCALE_PROVIDER libc LOCALE 'C'",
}
# Letters that are equal to others in some case, or become several; combining marks; and special
# characters of LIKE and regular expressions.
TRICKY = [
    *"aAåÅiIkKsS漢😀",
    *"\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}\N{LATIN SMALL LETTER DOTLESS I}",
    *"\N{LATIN SMALL LETTER SHARP S}\N{LATIN CAPITAL LETTER SHARP S}\N{LATIN SMALL LETTER LONG S}",
    *"\N{GREEK SMALL LETTER SIGMA}\N{GREEK SMALL LETTER FINAL SIGMA}\N{GREEK CAPITAL LETTER SIGMA}",
    *"\N{GREEK CAPITAL LETTER ALPHA}\N{KELVIN SIGN}\N{ANGSTROM SIGN}\N{LATIN SMALL LIGATURE FI}",
    *"\N{LATIN CAPITAL LETTER D WITH SMALL LETTER Z WITH CARON}",
    *"\N{COMBINING DOT ABOVE}\N{COMBINING ACUTE ACCENT}",
    *("%", "_", "\\", "\n", " ", "-", "0", "1", ".", "'", "\x01"),
]
CASES = [str, str.lower, str.upper, str.swapcase, str.casefold, str.title]
CHARACTERS = st.sampled_from(TRICKY) | st.characters(exclude_categories=["Cs"], min_codepoint=1)
TEXTS = st.lists(CHARACTERS, max_size=80).map("".join)
_chance = random.Random(1)  # noqa: S311 - the same each time
STORED = ["".join(_chance.choices(TRICKY, k=_chance.randrange(60))) for _ in range(4_000)]

INSERT = """
WITH texts AS (
    SELECT * FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS text (name, description, id)
),
made AS (
    INSERT INTO security_groups (id, tenant_id, name, description, state)
    OVERRIDING SYSTEM VALUE
    SELECT id, id, name, description, 'OK' FROM texts
)
INSERT INTO security_group_documents (
    security_group_id, document, uuid, tenant_id, project_id, customer_id, cloud_id, version,
    state_rank, created, name, description, backend_id, tenant_name, project_name, customer_name,
    customer_native_name, customer_abbreviation, service_name, revision
)
SELECT
    id, '', gen_random_uuid(), id, 1, 1, 1, 1, 1, now(), name, description, '', '', '', '', '', '',
    '', 1
FROM texts
"""
# One group, with the names of the tables that a list reads
ONE = """
WITH security_groups (id, name, description) AS (VALUES (1, %(text)s::text, %(other)s::text)),
stored AS (SELECT id AS security_group_id, name, description FROM security_groups)
SELECT {both} FROM stored
"""


@st.composite
def parts_of(draw, whole):
    """Return a substring of a text in some case."""
    begin = draw(st.integers(0, max(0, len(whole) - 5)))
    part = whole[begin : begin + draw(st.integers(1, 40))]
    return draw(st.sampled_from(CASES))(part)


@st.composite
def texts_with_a_part(draw):
    """Return two texts, and usually a substring of one of them in another case."""
    texts = draw(TEXTS), draw(TEXTS)
    return *texts, draw(parts_of(draw(st.sampled_from(texts))) | TEXTS)


def pattern_of(name, part):
    pattern = FILTERS[name].read([part])
    assume(pattern is not NOT_SENT)
    return pattern


@pytest.fixture(scope="module", params=LOCALES)
def searches(request, server_connection):
    """Yield a connection to a database with a locale, and texts that are hard to distinguish."""
    name = sql.Identifier(f"test_{os.getpid()}_{request.param.replace(' ', '_')}")
    made = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' ").format(name)
    server_connection.execute(made + sql.SQL(LOCALES[request.param]))
    conninfo = make_conninfo(server_connection.info.dsn, dbname=name.as_string().strip('"'))
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, migrate(conninfo)).result()
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(INSERT, [STORED[::2], STORED[1::2]])
        connection.execute("VACUUM ANALYZE security_group_documents")
        yield connection
    server_connection.execute(sql.SQL("DROP DATABASE {} (FORCE)").format(name))


def found(connection, condition, parameters):
    statement = "SELECT stored.security_group_id FROM security_group_documents AS stored WHERE "
    rows = connection.execute(statement + condition + " ORDER BY 1", parameters).fetchall()
    return [number for (number,) in rows]


@given(texts=texts_with_a_part())
@example(texts=("ΑΣ ΑΣΑ ΟΔΟΣ", "", "ΑΣ ΑΣ"))
@example(texts=("ΟΔΟΣ.", "ὈΔΟΣ", "ΟΔΟΣ."))
@example(texts=("\N{KELVIN SIGN}ASSE İI", "kasse i̇i", "kasse i"))
@example(texts=(r"a\%_b\\", "", r"\%_b\\"))
def test_a_search_matches_what_ilike_matches(searches, texts):
    *values, part = texts
    for name in ("name", "description", "query"):
        pattern = pattern_of(name, part)
        both = searched(name, pattern) + ", " + FILTERS[name].condition
        one = {"text": values[0], "other": values[1], name: pattern}
        as_searched, as_it_is = searches.execute(ONE.replace("{both}", both), one).fetchone()
        assert as_searched is as_it_is, (name, texts)


@given(part=st.sampled_from(STORED).flatmap(parts_of) | TEXTS)
def test_the_index_returns_what_a_sequential_scan_returns(searches, part):
    # Shorter ones use pg_trgm, which misses letters that become several in lower case.
    assume(len(part.strip()) >= 5)
    for name in ("name", "description", "query"):
        parameters = {name: pattern_of(name, part)}
        condition = searched(name, parameters[name])
        searches.execute("SET enable_seqscan = off")
        by_index = found(searches, condition, parameters)
        searches.execute("RESET enable_seqscan")
        assert by_index == found(searches, f"({FILTERS[name].condition}) IS TRUE", parameters)


def test_a_text_of_any_length_has_all_its_substrings_of_five(searches):
    for length in (*range(12), *range(28, 42), 63, 64, 65, 68, 2_000):
        text = "".join(chr(0x100 + number) for number in range(length))
        (parts,) = searches.execute("SELECT substrings_of_five(%s)", [text]).fetchone()
        assert parts == [text[begin : begin + 5] for begin in range(length - 4)]
