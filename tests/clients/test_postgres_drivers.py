"""psycopg, asyncpg and SQLAlchemy against the real server: types, parameters, cursors, errors, COPY, cancellation."""

import asyncio
import contextlib
import datetime
import decimal
import os
import socket
import threading
import time
import uuid

import asyncpg
import psycopg
import pytest
import sqlalchemy

VALUES = {
    "a_int": ("int", 7), "a_big": ("bigint", -(2**62)), "a_small": ("smallint", -5), "a_num": ("numeric", decimal.Decimal("12345678901234567890.123")),
    "a_float": ("float8", 0.1), "a_text": ("text", "grüße 🚀"), "a_bool": ("boolean", True), "a_bytes": ("bytea", b"\x00\xff"),
    "a_uuid": ("uuid", uuid.UUID("12345678-1234-5678-1234-567812345678")), "a_date": ("date", datetime.date(2013, 7, 4)),
    "a_ts": ("timestamp", datetime.datetime(2013, 7, 4, 12, 30, 0, 250000)),
    "a_tstz": ("timestamptz", datetime.datetime(2013, 7, 4, 12, 30, tzinfo=datetime.UTC)),
    "a_varchar": ("varchar(10)", "short"),
}


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    with server.connect() as pg:
        columns = ", ".join(f"{name} {kind}" for name, (kind, _) in VALUES.items())
        pg.execute(f"CREATE TABLE typed (id text PRIMARY KEY, {columns})")
        pg.execute("CREATE TABLE numbers (part text, n int, square bigint, PRIMARY KEY (part, n))")
        with pg.cursor().copy("COPY numbers FROM STDIN") as copy:
            for n in range(1000):
                copy.write_row(("a", n, n * n))


@pytest.mark.parametrize("binary", [False, True])
def test_psycopg_round_trips_every_type(server, binary):
    names = list(VALUES)
    key = f"psycopg-{binary}"
    with server.connect() as pg, pg.cursor(binary=binary) as cursor:
        marks = ", ".join(["%b" if binary else "%t"] * (len(names) + 1))
        cursor.execute(f"INSERT INTO typed (id, {', '.join(names)}) VALUES ({marks})", [key, *(value for _, value in VALUES.values())])
        assert cursor.rowcount == 1
        row = cursor.execute(f"SELECT {', '.join(names)} FROM typed WHERE id = %s", [key]).fetchone()
    assert row == tuple(value for _, value in VALUES.values())


def test_asyncpg_round_trips_every_type(server):
    async def go():
        connection = await asyncpg.connect(server.pg_url())
        names = list(VALUES)
        marks = ", ".join(f"${n + 1}" for n in range(len(names) + 1))
        await connection.execute(f"INSERT INTO typed (id, {', '.join(names)}) VALUES ({marks})", "asyncpg", *(v for _, v in VALUES.values()))
        row = await connection.fetchrow(f"SELECT {', '.join(names)} FROM typed WHERE id = $1", "asyncpg")
        assert tuple(row) == tuple(value for _, value in VALUES.values())
        statement = await connection.prepare("SELECT square FROM numbers WHERE part = $1 AND n = $2")
        assert [await statement.fetchval("a", n) for n in (3, 4, 5)] == [9, 16, 25]
        async with connection.transaction():
            read = [row["n"] async for row in connection.cursor("SELECT n FROM numbers WHERE part = 'a' AND n < 100", prefetch=7)]
        assert read == list(range(100))
        await connection.close()

    asyncio.run(go())


def test_null_is_absence(pg):
    pg.execute("INSERT INTO typed (id, a_int) VALUES ('nulls', NULL)")
    assert pg.execute("SELECT a_int, a_text FROM typed WHERE id = 'nulls'").fetchone() == (None, None)
    assert pg.execute("SELECT _item FROM typed WHERE id = 'nulls'").fetchone()[0] == {"id": "nulls"}


@pytest.mark.parametrize(("statement", "sqlstate"), [
    ("SELECT * FROM nowhere", "42P01"),
    ("SELECT nothing FROM numbers", "42703"),
    ("SELEC 1", "42601"),
    ("CREATE TABLE numbers (a int PRIMARY KEY)", "42P07"),
    ("CREATE TABLE wrong (a jsonb PRIMARY KEY)", "42P16"),
    ("CREATE TABLE wrong (a int, b int, c int, PRIMARY KEY (a, b, c))", "42P16"),
    ("INSERT INTO numbers VALUES ('a', 1, 1)", "23505"),
    ("INSERT INTO numbers VALUES ('a', 99999999999, 1)", "22003"),
    ("INSERT INTO numbers VALUES ('a', 'x', 1)", "22P02"),
    ("INSERT INTO typed (id, a_varchar) VALUES ('v', 'far too long for ten')", "22001"),
    ("UPDATE numbers SET n = 5 WHERE part = 'a' AND n = 1", "23505"),
    ("UPDATE numbers SET square = square * 4611686018427387904 WHERE square > 1", "22003"),
    ("CREATE SEQUENCE s", "0A000"),
    ("SET nonsense = 1", "42704"),
    ("SELECT 1/0", "22012"),
    ("SELECT no_such_function(1)", "42883"),
])
def test_errors_have_postgresqls_codes(pg, statement, sqlstate):
    with pytest.raises(psycopg.Error) as caught:
        pg.execute(statement).fetchall()
    assert caught.value.sqlstate == sqlstate, caught.value
    assert pg.execute("SELECT square FROM numbers WHERE part = 'a' AND n = 2").fetchone() == (4,)


def test_upserts_and_returning(pg):
    pg.execute("CREATE TABLE counters (name text PRIMARY KEY, n int)")
    upsert = "INSERT INTO counters VALUES ('x', 1) ON CONFLICT (name) DO UPDATE SET n = counters.n + EXCLUDED.n RETURNING n"
    assert [pg.execute(upsert).fetchone()[0] for _ in range(3)] == [1, 2, 3]
    skipped = pg.execute("INSERT INTO counters VALUES ('x', 9), ('y', 1) ON CONFLICT DO NOTHING")
    assert skipped.rowcount == 1
    assert pg.execute("UPDATE counters SET n = n + 10 WHERE name = 'y' RETURNING n").fetchone() == (11,)
    assert pg.execute("UPDATE counters SET n = 0 WHERE name = 'none'").rowcount == 0
    assert pg.execute("DELETE FROM counters WHERE name = 'y' RETURNING *").fetchall() == [("y", 11)]


def test_a_failed_multi_row_insert_leaves_nothing(pg):
    pg.execute("CREATE TABLE atomic (id int PRIMARY KEY)")
    pg.execute("INSERT INTO atomic VALUES (3)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        pg.execute("INSERT INTO atomic VALUES (1), (2), (3)")
    assert pg.execute("SELECT count(*) FROM atomic").fetchone() == (1,)


def test_concurrent_increments_lose_nothing(server, pg):
    pg.execute("CREATE TABLE hot (id text PRIMARY KEY, n int)")
    pg.execute("INSERT INTO hot VALUES ('key', 0)")

    def increment():
        with server.connect() as own:
            for _ in range(50):
                own.execute("UPDATE hot SET n = n + 1 WHERE id = 'key'")

    threads = [threading.Thread(target=increment) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pg.execute("SELECT n FROM hot WHERE id = 'key'").fetchone() == (400,)


def test_copy_errors_name_the_line_and_the_connection_lives_on(pg):
    pg.execute("CREATE TABLE copied (id int PRIMARY KEY, t text)")
    with pytest.raises(psycopg.errors.InvalidTextRepresentation) as caught, pg.cursor().copy("COPY copied FROM STDIN (FORMAT csv)") as copy:
        copy.write(b"1,one\n2,\"two, with a comma\"\nthree,x\n")
    assert "line 3" in (caught.value.diag.context or "") + str(caught.value)
    assert pg.execute("SELECT 1").fetchone() == (1,)


def test_a_client_that_vanishes_in_a_copy_harms_nobody(server, pg):
    pg.execute("CREATE TABLE vanishing (id int PRIMARY KEY)")
    other = server.connect()
    with contextlib.suppress(psycopg.OperationalError), other.cursor().copy("COPY vanishing FROM STDIN") as copy:
        copy.write(b"1\n2\n")
        socket.socket(fileno=os.dup(other.pgconn.socket)).shutdown(socket.SHUT_RDWR)
    assert pg.execute("SELECT count(*) FROM vanishing").fetchone()[0] in (0, 2)


def test_a_running_statement_can_be_cancelled(server):
    with server.connect() as connection:
        timer = threading.Timer(0.5, connection.cancel_safe)
        timer.start()
        begun = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT count(*) FROM numbers a, numbers b, numbers c, numbers d WHERE a.square + b.square = c.square + d.square").fetchone()
        assert time.monotonic() - begun < 60
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_portals_return_rows_in_pieces(server):
    async def go():
        connection = await asyncpg.connect(server.pg_url())
        async with connection.transaction():
            cursor = await connection.cursor("SELECT n FROM numbers WHERE part = $1 ORDER BY n", "a")
            assert [row["n"] for row in await cursor.fetch(3)] == [0, 1, 2]
            assert [row["n"] for row in await cursor.fetch(5)] == [3, 4, 5, 6, 7]
            assert (await cursor.fetchrow())["n"] == 8
        await connection.close()

    asyncio.run(go())


def test_transaction_blocks_report_their_state(server):
    with psycopg.connect(server.pg_url()) as pg:
        pg.execute("SELECT 1")
        assert pg.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        with pytest.raises(psycopg.errors.UndefinedTable):
            pg.execute("SELECT * FROM nowhere")
        assert pg.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            pg.execute("SELECT 1")
        pg.rollback()
        assert pg.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        pg.execute("CREATE TABLE in_block (id int PRIMARY KEY)")
        pg.execute("INSERT INTO in_block VALUES (1)")
        pg.commit()
        assert pg.execute("SELECT * FROM in_block").fetchall() == [(1,)]


def test_nested_blocks_are_savepoints(server):
    with psycopg.connect(server.pg_url()) as pg, pg.transaction():
        with pytest.raises(psycopg.errors.UndefinedColumn), pg.transaction():
            pg.execute("SELECT nothing")
        with pg.transaction():
            assert pg.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InvalidSavepointSpecification), pg.transaction():
            pg.execute("RELEASE nothing")


def test_sqlalchemy_connects_and_nests(server):
    engine = sqlalchemy.create_engine(server.pg_url().replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        with connection.begin_nested():
            assert connection.scalar(sqlalchemy.text("SELECT count(*) FROM numbers WHERE part = :part"), {"part": "a"}) == 1000
        assert sqlalchemy.inspect(connection).get_pk_constraint("numbers")["constrained_columns"] == ["part", "n"]
    engine.dispose()


def test_asyncpg_takes_arrays_and_untyped_limits(server):
    async def go():
        connection = await asyncpg.connect(server.pg_url())
        rows = await connection.fetch("SELECT n FROM numbers WHERE part = 'a' AND n = ANY($1) ORDER BY n LIMIT $2", [3, 5, 7], 2)
        assert [row["n"] for row in rows] == [3, 5]
        await connection.close()

    asyncio.run(go())


def test_the_statement_of_a_client_that_vanished_ends(server):
    def cpu_seconds():
        fields = open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def is_idle():
        before = cpu_seconds()
        time.sleep(1)
        return cpu_seconds() - before < 0.1

    other = server.connect()
    query = "SELECT count(*) FROM numbers a, numbers b, numbers c WHERE a.n + b.n + c.n = -1"
    other.pgconn.send_query(query.encode())
    time.sleep(1)
    socket.socket(fileno=os.dup(other.pgconn.socket)).shutdown(socket.SHUT_RDWR)
    assert any(is_idle() for _ in range(30)), "the statement still runs"


def test_joins_aggregates_and_subqueries(pg):
    query = "SELECT count(*), max(b.square) FROM numbers a JOIN numbers b ON b.n = a.square AND b.part = a.part WHERE a.n < 40"
    assert pg.execute(query).fetchone() == (32, 31**4)
    query = "WITH evens AS (SELECT n FROM numbers WHERE part = 'a' AND n % 2 = 0) SELECT sum(n) FROM evens WHERE n IN (SELECT square FROM numbers)"
    assert int(pg.execute(query).fetchone()[0]) == sum(n * n for n in range(0, 32, 2))
