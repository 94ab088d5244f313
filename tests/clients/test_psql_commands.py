"""Every backslash command of psql answers, or says why not: what it prints, and that nothing is an error that should be none."""

import re

import pytest


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    output = server.psql("-q", "-v", "ON_ERROR_STOP=1", script="""
        CREATE TABLE flights (origin_day text, departure text, carrier text NOT NULL DEFAULT 'UA', distance int, PRIMARY KEY (origin_day, departure));
        CREATE INDEX flights_by_carrier ON flights (carrier, distance);
        INSERT INTO flights VALUES ('JFK#1', '05:15', 'UA', 1400), ('JFK#1', '06:00', 'B6', 2475), ('LGA#1', '07:00', 'UA', 300);
        CREATE TABLE numbers (n int PRIMARY KEY, squares bigint[]);
    """)
    assert output.returncode == 0, output.stderr


def run(server, script, *arguments, **variables):
    """What psql prints for a script, without the errors that it must not have."""
    output = server.psql(*arguments, script=script, **variables)
    assert output.returncode == 0, f"{script}\n{output.stdout}\n{output.stderr}"
    assert "ERROR" not in output.stderr and "invalid" not in output.stderr, output.stderr
    return output.stdout + output.stderr


# What a command prints of a database with two tables, an index and no other objects; psql says the second for lists that are empty.
LISTS = {
    r"\d": "flights", r"\dt": "flights", r"\di": "flights_by_carrier", r"\l": "shale", r"\dn": "public", r"\du": "shale", r"\dg": "shale",
    r"\dA": "heap", r"\dAc": "int4_ops", r"\dAf": "integer_ops", r"\dAo btree": "integer_ops", r"\dAp btree": "integer_ops",
    r"\da": "List of aggregate functions", r"\db": "pg_default", r"\dc": "List of conversions", r"\dC": "bigint", r"\df lower": "lower", r"\dL": "List of languages", r"\do =": "boolean",
    r"\dO": "List of collations", r"\dp": "flights", r"\z": "flights", r"\dT int4": "integer", r"\dconfig timezone": "UTC",
    r"\dti": "flights", r"\dtvmsE": "flights", r"\dfa count": "count", r"\daS count": "count", r"\dconfig+ server_version": "15",
    r"\dv": "Did not find any relations.", r"\dm": "Did not find any relations.", r"\ds": "Did not find any relations.", r"\dE": "Did not find any relations.",
    r"\dD": "List of domains", r"\dd": "Object descriptions", r"\ddp": "Default access privileges", r"\des": "List of foreign servers",
    r"\det": "List of foreign tables", r"\dew": "List of foreign-data wrappers", r"\deu": "List of user mappings", r"\dF": "ext search configuration",
    r"\dFd": "List of text search dictionaries", r"\dFp": "ext search parser", r"\dFt": "List of text search templates",
    r"\dl": "Large objects", r"\dP": "List of partitioned relations", r"\drds": "settings", r"\dRp": "ublications", r"\dRs": "List of subscriptions",
    r"\dx": "xtension", r"\dX": "List of extended statistics", r"\dy": "List of event triggers", r"\lo_list": "Large objects",
}


@pytest.mark.parametrize("plus", ["", "+"])
@pytest.mark.parametrize(("command", "expected"), LISTS.items(), ids=list(LISTS))
def test_lists(server, command, expected, plus):
    name, _, pattern = command.partition(" ")
    # Some have no longer form; that of partitioned relations asks for pg_partition_tree(), which there is none of.
    if plus and (name.endswith("+") or name in (r"\z", r"\dl", r"\lo_list", r"\drds", r"\ddp", r"\dp", r"\dd", r"\dP")):
        plus = ""
    printed = run(server, f"{name}{plus} {pattern}\n")
    assert expected in printed, printed


@pytest.mark.parametrize("system", [r"\dtS", r"\dvS", r"\diS", r"\dTS", r"\dfS", r"\doS", r"\daS", r"\dD information_schema.*", r"\dOS", r"\dcS", r"\dnS", r"\duS", r"\dxS", r"\dS"])
def test_lists_with_system_objects(server, system):
    expected = {r"\dtS": "pg_class", r"\dvS": "pg_tables", r"\diS": "flights_pkey", r"\dTS": "timestamp", r"\dfS": "lower", r"\doS": "||", r"\daS": "max", r"\dD information_schema.*": "yes_or_no",
                r"\dOS": "default", r"\dcS": "utf8", r"\dnS": "pg_catalog", r"\duS": "shale", r"\dxS": "", r"\dS": "pg_attribute"}
    assert expected[system] in run(server, f"{system}\n")


@pytest.mark.parametrize(("command", "expected"), [
    (r"\d flights", ['"flights_pkey" PRIMARY KEY, btree (origin_day, departure)', '"flights_by_carrier" btree (carrier, distance)', "'UA'::text"]),
    (r"\d+ flights", ["Access method: heap", "Stats target"]),
    (r"\d flights_pkey", ['primary key, btree, for table "public.flights"']),
    (r"\d+ flights_by_carrier", ["btree"]),
    (r"\d pg_class", ["relname"]),
    (r"\d flig*", ['Table "public.flights"', 'Index "public.flights_pkey"']),
    (r"\dt public.*", ["numbers"]),
    (r"\dt fl*", ["flights"]),
    (r"\dT+ numeric", ["numeric"]),
    (r"\df pg_catalog.length", ["length"]),
    (r"\do || text text", ["text"]),
    (r"\du shale", ["Superuser"]),
    (r"\l shale", ["UTF8"]),
    (r"\dconfig statement_*", ["statement_timeout"]),
])
def test_descriptions(server, command, expected):
    printed = run(server, f"{command}\n")
    for part in expected:
        assert part in printed, printed


@pytest.mark.parametrize(("command", "expected"), [
    (r"\d nowhere", 'Did not find any relation named "nowhere".'), (r"\dt nowhere", 'Did not find any relation named "nowhere".'),
])
def test_what_is_not_there(server, command, expected):
    output = server.psql(script=f"{command}\n")
    assert expected in output.stderr and "ERROR" not in output.stderr


@pytest.mark.parametrize(("command", "expected"), [
    (r"\sv nowhere", "does not exist"), (r"\sv flights", "is not a view"), (r"\sf nowhere", "does not exist"),
    (r"\ef nowhere", "does not exist"), (r"\ev nowhere", "does not exist"),
])
def test_definitions_are_shown_or_refused(server, command, expected):
    """There are no functions and views of users to be edited: what happens is said in one line."""
    output = server.psql(script=f"{command}\n", PSQL_EDITOR="true")
    printed = output.stdout + output.stderr
    assert re.search(expected, printed), printed
    assert server.psql("-At", "-c", "SELECT 1").stdout == "1\n"


def test_commands_about_the_connection(server, tmp_path):
    printed = run(server, r"""
\conninfo
\encoding
\encoding UTF8
\timing on
SELECT 1;
\timing off
\c - - - -
SELECT current_database();
\errverbose
\! echo from the shell
\setenv FOO bar
\getenv foo FOO
\echo :foo
\set x 5
\echo :x
SELECT :x + 1 AS six, :'foo' AS quoted, :"foo" FROM (SELECT 1 AS bar) AS t;
\unset x
\pset null (null)
SELECT NULL AS n;
\prompt 'no question' y
answer
\echo :y
\warn to stderr
\qecho to the query output
\cd /
\copyright
\h SELECT
\?
""")
    for part in ['connected to database "shale"', "UTF8", "Time: ", "There is no previous error", "from the shell", "bar", "six", "(null)", "answer", "to stderr", "to the query output",
                 "PostgreSQL Database Management System", "Description: retrieve rows", "General"]:
        assert part.lower() in printed.lower(), part


def test_errverbose_after_an_error(server):
    output = server.psql(script="SELECT nothing;\n\\errverbose\n")
    assert output.stderr.count('column "nothing" does not exist') == 2 and "42703" in output.stderr


def test_commands_about_results(server):
    printed = run(server, r"""
SELECT n AS a, n * 2 AS b FROM generate_series(1, 2) AS s(n) \gx
SELECT 7 AS seven, 'x' AS word \gset my_
\echo :my_seven :my_word
SELECT 'SELECT ' || n || ' AS generated' FROM generate_series(1, 2) AS s(n) \gexec
SELECT departure, carrier, distance FROM flights ORDER BY 1 \crosstabview departure carrier distance
SELECT origin_day, distance AS d, 1.5 AS n FROM flights \gdesc
\x on
SELECT 1 AS expanded;
\x off
\a
SELECT 1 AS a, 2 AS b;
\t on
\f '|'
SELECT 3, 4;
\t off
\a
\H
SELECT 5 AS html;
\H
\C title
SELECT 6;
\p
\r
\T border=1
""")
    for part in ["-[ RECORD 2 ]", "7 x", "generated", " departure |  UA  |  B6  ", "origin_day | text", "d          | integer", "n          | numeric", "expanded | 1", "a|b\n1|2", "3|4",
                 "<td align=\"right\">5</td>", "title"]:
        assert part in printed, f"{part}\n{printed}"


def test_files(server, tmp_path):
    (tmp_path / "script.sql").write_text("SELECT 'from a file' AS origin;\n\\ir other.sql\n", encoding="utf-8")
    (tmp_path / "other.sql").write_text("SELECT 'from another' AS origin;\n", encoding="utf-8")
    (tmp_path / "rows.csv").write_text("n,squares\n1,\"{1,2}\"\n2,\n", encoding="utf-8")
    printed = run(server, rf"""
\i {tmp_path}/script.sql
\copy numbers FROM '{tmp_path}/rows.csv' WITH (FORMAT csv, HEADER)
\copy (SELECT * FROM numbers ORDER BY n) TO '{tmp_path}/out.txt'
\copy numbers (n) TO PROGRAM 'wc -l > {tmp_path}/count.txt'
\o {tmp_path}/output.txt
SELECT 'into a file';
\o
SELECT 'piped' \g | cat
SELECT 'to a file' \g {tmp_path}/g.txt
\w {tmp_path}/buffer.sql
\s {tmp_path}/history.txt
""", EDITOR="true", PSQL_EDITOR="true")
    assert "from a file" in printed and "from another" in printed and "COPY 2" in printed and "piped" in printed
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "1\t{1,2}\n2\t\\N\n"
    assert (tmp_path / "count.txt").read_text(encoding="utf-8").strip() == "2"
    assert "into a file" in (tmp_path / "output.txt").read_text(encoding="utf-8")
    assert "to a file" in (tmp_path / "g.txt").read_text(encoding="utf-8")
    assert "to a file" in (tmp_path / "buffer.sql").read_text(encoding="utf-8")


def test_conditions_and_variables(server):
    printed = run(server, r"""
SELECT count(*) > 2 AS many FROM flights \gset
\if :many
\echo many rows
\elif false
\echo none
\else
\echo few rows
\endif
SELECT 1;
\echo :ROW_COUNT :ERROR :SQLSTATE :SERVER_VERSION_NUM
\set AUTOCOMMIT off
INSERT INTO numbers VALUES (100);
ROLLBACK;
\set AUTOCOMMIT on
SELECT count(*) AS left_over FROM numbers WHERE n = 100;
\set ON_ERROR_ROLLBACK on
\set FETCH_COUNT 1
SELECT departure FROM flights ORDER BY departure;
\unset FETCH_COUNT
""")
    assert "many rows" in printed and "1 false 00000 15" in printed
    assert re.search(r"left_over\s*\n-+\n\s*0", printed), printed
    assert printed.index("05:15") < printed.index("06:00") < printed.index("07:00")


def test_errors_in_a_block_are_rolled_back_to_savepoints(server):
    output = server.psql(script="\\set ON_ERROR_ROLLBACK on\nBEGIN;\nINSERT INTO numbers VALUES (200);\nSELECT nothing;\nCOMMIT;\nSELECT count(*) AS kept FROM numbers WHERE n = 200;\n")
    assert 'column "nothing" does not exist' in output.stderr
    assert re.search(r"kept\s*\n-+\n\s*1", output.stdout), output.stdout


def test_watch_repeats_until_an_error(server):
    """The fourth round divides by zero."""
    server.psql("-c", "CREATE TABLE watched (n int PRIMARY KEY, v int)", "-c", "INSERT INTO watched VALUES (0, 0)")
    output = server.psql(script="INSERT INTO watched SELECT max(n) + 1, 6 / (3 - max(n)) FROM watched \\watch 0.01\n")
    assert "division by zero" in output.stderr, output
    assert server.psql("-At", "-c", "SELECT string_agg(v::text, ',' ORDER BY n) FROM watched").stdout == "0,2,3,6\n"


def test_passwords_are_set_by_a_command(server):
    if not hasattr(server, "process"):
        pytest.skip("PostgreSQL sets them by SQL")
    output = server.psql(script="\\password\nsecret\nsecret\n")
    assert "Passwords are set with the command shale user passwd." in output.stderr


def test_lists_of_databases_from_the_command_line(server):
    listed = server.psql("-l")
    assert listed.returncode == 0 and "shale" in listed.stdout
