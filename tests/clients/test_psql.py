"""psql is pleasant: its commands answer without errors, and errors say where and why."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    output = server.psql("-v", "ON_ERROR_STOP=1", script="""
        CREATE TABLE flights (origin_day text, departure text, carrier text NOT NULL, distance int, PRIMARY KEY (origin_day, departure));
        COPY flights FROM stdin;
JFK#1\t05:15 UA1\tUA\t1400
JFK#1\t06:00 B62\tB6\t2475
\\.
        SELECT count(*) FROM flights;
    """)
    assert output.returncode == 0, output.stderr


@pytest.mark.parametrize(("command", "expected"), [
    (r"\d", "flights"),
    (r"\dt", "flights"),
    (r"\dt+", "flights"),
    (r"\d flights", '"flights_pkey" PRIMARY KEY'),
    (r"\d+ flights", "not null"),
    (r"\l", "shale"),
    (r"\du", "shale"),
    (r"\dn", "public"),
    (r"\df", "Schema"),
    (r"\di", "flights_pkey"),
    (r"\dv", ""),
    (r"\conninfo", "shale"),
    (r"\dT", ""),
])
def test_commands_answer(server, command, expected):
    output = server.psql("-c", command)
    assert output.returncode == 0, output.stderr
    assert "ERROR" not in output.stderr
    assert expected in output.stdout + output.stderr


def test_describe_shows_columns_and_key(server):
    output = server.psql("-c", r"\d flights").stdout
    assert "origin_day | text" in output
    assert "distance   | integer" in output
    assert 'PRIMARY KEY, btree (origin_day, departure)' in output or '"flights_pkey" PRIMARY KEY' in output


def test_tab_completion_queries_answer(server):
    """What psql 15 sends for `SELECT * FROM fl<Tab>`."""
    output = server.psql("-At", "-c", """
        SELECT pg_catalog.quote_ident(c.relname), NULL::pg_catalog.text FROM pg_catalog.pg_class c
        WHERE c.relkind IN ('r', 'S', 'v', 'm', 'f', 'p') AND (pg_catalog.quote_ident(c.relname)) LIKE 'fl%'
          AND pg_catalog.pg_table_is_visible(c.oid) AND c.relnamespace <> (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')
        UNION ALL
        SELECT NULL::pg_catalog.text, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname LIKE 'fl%' AND n.nspname NOT LIKE E'pg\\\\_%'
        LIMIT 1000
    """)
    assert output.returncode == 0, output.stderr
    assert output.stdout == "flights|\n"


def test_an_error_shows_code_and_position(server):
    output = server.psql("-v", "VERBOSITY=verbose", "-c", "SELECT carier FROM flights")
    assert "42703" in output.stderr and 'column "carier" does not exist' in output.stderr
    assert "LINE 1: SELECT carier" in output.stderr
    output = server.psql("-v", "VERBOSITY=verbose", "-c", "SELEC 1")
    assert "42601" in output.stderr and "LINE 1: SELEC 1" in output.stderr


def test_explain_names_the_access_path(server):
    lookup = server.psql("-At", "-c", "EXPLAIN SELECT * FROM flights WHERE origin_day = 'JFK#1' AND departure = '05:15 UA1'").stdout
    assert "KeyLookup" in lookup
    scan = server.psql("-At", "-c", "EXPLAIN SELECT * FROM flights WHERE origin_day = 'JFK#1' AND departure > '05'").stdout
    assert "RangeScan" in scan
    assert "Scan" in server.psql("-At", "-c", "EXPLAIN SELECT * FROM flights WHERE carrier = 'UA'").stdout


def test_wrong_database_is_refused(server):
    output = server.psql("-d", server.pg_url(database="nonsense"), "-c", "SELECT 1")
    assert output.returncode != 0 and 'database "nonsense" does not exist' in output.stderr
    assert server.psql("-d", server.pg_url(database="postgres"), "-Atc", "SELECT 1").stdout == "1\n"
