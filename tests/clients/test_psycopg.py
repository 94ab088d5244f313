"""psycopg 3: types in both formats, rows, prepared statements, server cursors, pipelines, COPY, pools, asyncio, transactions, errors."""

import asyncio
import contextlib
import datetime
import decimal
import threading

import psycopg
import psycopg_pool
import pytest
from psycopg import pq, rows, sql
from psycopg.types.json import Json, Jsonb

from support.types import ARRAYS, COLUMNS, DOCUMENTS, ids

FORMATS = pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    with server.connect() as pg:
        pg.execute("CREATE TABLE accounts (id int PRIMARY KEY, owner text NOT NULL, balance numeric(12,2) NOT NULL, opened timestamptz DEFAULT now())")
        pg.execute("INSERT INTO accounts (id, owner, balance) SELECT n, 'owner ' || n, n * 10 FROM generate_series(1, 50) AS s(n)")
        pg.execute("CREATE TABLE numbers (n int PRIMARY KEY, square bigint)")
        with pg.cursor().copy("COPY numbers FROM STDIN") as copy:
            for n in range(1000):
                copy.write_row((n, n * n))


def column_name(kind):
    return "typed_" + "".join(letter if letter.isalnum() else "_" for letter in kind)


@FORMATS
@pytest.mark.parametrize(("kind", "values"), COLUMNS, ids=ids(COLUMNS))
def test_columns_give_back_what_they_took(pg, binary, kind, values):
    table = sql.Identifier(column_name(kind))
    pg.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
    pg.execute(sql.SQL("CREATE TABLE {} (id int PRIMARY KEY, v {})").format(table, sql.SQL(kind)))
    mark = "%b" if binary else "%t"
    with pg.cursor(binary=binary) as cursor:
        cursor.executemany(sql.SQL(f"INSERT INTO {{}} VALUES ({mark}, {mark})").format(table), list(enumerate([*values, None])))
        assert cursor.rowcount == len(values) + 1
        read = cursor.execute(sql.SQL("SELECT v FROM {} ORDER BY id").format(table)).fetchall()
        assert [value for value, in read] == [*values, None]
        assert cursor.description[0].type_display == kind.replace("integer", "int4").replace("smallint", "int2").replace(
            "bigint", "int8").replace("double precision", "float8").replace("real", "float4").replace("boolean", "bool")
        for number, value in enumerate(values):
            found = cursor.execute(sql.SQL(f"SELECT id FROM {{}} WHERE v = {mark} AND id = {mark}").format(table), [value, number]).fetchall()
            assert found == [(number,)], value


@FORMATS
@pytest.mark.parametrize(("kind", "value"), ARRAYS, ids=ids(ARRAYS))
def test_arrays_are_lists(pg, binary, kind, value):
    pg.execute("DROP TABLE IF EXISTS arrays")
    pg.execute(f"CREATE TABLE arrays (id int PRIMARY KEY, v {kind})")
    with pg.cursor(binary=binary) as cursor:
        cursor.execute(f"INSERT INTO arrays VALUES (1, {'%b' if binary else '%t'})", [value])
        assert cursor.execute("SELECT v, cardinality(v) FROM arrays WHERE id = 1").fetchone() == (value, len(value))
        assert cursor.execute(f"SELECT count(*) FROM arrays WHERE v = %s::{kind}", [value]).fetchone() == (1,)


@FORMATS
@pytest.mark.parametrize("wrapper", [Json, Jsonb])
def test_documents_are_python_objects(pg, binary, wrapper):
    pg.execute("DROP TABLE IF EXISTS documents")
    pg.execute(f"CREATE TABLE documents (id int PRIMARY KEY, v {wrapper.__name__.lower()})")
    with pg.cursor(binary=binary) as cursor:
        for number, document in enumerate(DOCUMENTS):
            cursor.execute("INSERT INTO documents VALUES (%s, %s)", [number, wrapper(document)])
        read = cursor.execute("SELECT v FROM documents ORDER BY id").fetchall()
        assert [document for document, in read] == DOCUMENTS
        assert cursor.execute("SELECT v -> 'a' -> 0, v -> 'b' ->> 'c' FROM documents WHERE id = 0").fetchone() == (1, "{}")


@FORMATS
def test_results_have_postgresqls_types(pg, binary):
    query = """SELECT 1, 2::bigint, 3.50, 'x', true, NULL, ARRAY[1, 2], count(*), sum(n), avg(n), now() > '2020-01-01', 'a' || 'b', current_date - date '2000-01-01' > 0,
                      interval '1 day 2 hours', time '12:30', 1.5::real, '{"a": 1}'::jsonb -> 'a' FROM numbers"""
    with pg.cursor(binary=binary) as cursor:
        row = cursor.execute(query).fetchone()
        names = [column.type_display for column in cursor.description]
    assert row == (1, 2, decimal.Decimal("3.50"), "x", True, None, [1, 2], 1000, 499500, decimal.Decimal("499.5"), True, "ab", True,
                   datetime.timedelta(days=1, hours=2), datetime.time(12, 30), 1.5, 1)
    assert names == ["int4", "int8", "numeric", "text", "bool", "text", "int4[]", "int8", "int8", "numeric", "bool", "text", "bool", "interval", "time", "float4", "jsonb"]


def test_row_factories_see_the_names(pg):
    query = "SELECT id, owner AS \"Owner\", balance * 2 AS double FROM accounts WHERE id = 7"
    assert pg.cursor(row_factory=rows.dict_row).execute(query).fetchone() == {"id": 7, "Owner": "owner 7", "double": decimal.Decimal("140.00")}
    assert pg.cursor(row_factory=rows.namedtuple_row).execute(query).fetchone().Owner == "owner 7"
    assert pg.cursor(row_factory=rows.scalar_row).execute(query).fetchone() == 7


def test_statements_are_prepared_and_survive_changes_of_the_table(pg):
    pg.execute("CREATE TABLE changing (id int PRIMARY KEY, v text)")
    pg.execute("INSERT INTO changing VALUES (1, 'old')")
    for _ in range(8):
        assert pg.execute("SELECT v FROM changing WHERE id = %s", [1]).fetchone() == ("old",)
    pg.execute("DROP TABLE changing")
    pg.execute("CREATE TABLE changing (id int PRIMARY KEY, v text)")
    pg.execute("INSERT INTO changing VALUES (1, 'new')")
    assert pg.execute("SELECT v FROM changing WHERE id = %s", [1]).fetchone() == ("new",)


def test_more_statements_than_are_kept_prepared(pg):
    pg.prepare_threshold, pg.prepared_max = 0, 10
    for number in range(50):
        assert pg.execute(f"SELECT {number} + %s", [1]).fetchone() == (number + 1,)


def test_parameters_merged_by_the_client(server):
    with server.connect(cursor_factory=psycopg.ClientCursor) as pg:
        cursor = pg.cursor()
        assert cursor.mogrify("SELECT %s, %s", ["it's \\ fine", None]) == r"SELECT  E'it''s \\ fine', NULL"
        values = ["it's \\ fine", 7, None, True, decimal.Decimal("1.5"), [1, 2], datetime.date(2013, 7, 4), b"\x00\xff"]
        read = cursor.execute("SELECT %s, %s, %s, %s, %s, %s, %s, %s", values).fetchone()
        assert list(read) == values
        cursor.execute("SELECT 1; SELECT 2 AS two; SELECT 3 WHERE false")
        assert cursor.fetchone() == (1,) and cursor.nextset() and cursor.fetchone() == (2,) and cursor.nextset() and cursor.fetchone() is None


def test_a_raw_cursor_takes_dollars(server):
    with server.connect(cursor_factory=psycopg.RawCursor) as pg:
        assert pg.execute("SELECT $2::text || $1::text, $1 = 'a'", ["a", "b"]).fetchone() == ("ba", True)


@FORMATS
def test_server_cursors_fetch_in_pieces_and_scroll(server, binary):
    with server.connect(autocommit=False) as pg, pg.cursor("walk", binary=binary, scrollable=True) as cursor:
        cursor.itersize = 7
        cursor.execute("SELECT n, square FROM numbers WHERE n < %s ORDER BY n", [100])
        assert cursor.fetchmany(3) == [(0, 0), (1, 1), (2, 4)]
        cursor.scroll(10, mode="absolute")
        assert cursor.fetchone() == (10, 100)
        cursor.scroll(-5)
        assert cursor.fetchone() == (6, 36)
        assert [n for n, _ in cursor] == list(range(7, 100))
        assert cursor.fetchone() is None


def test_a_cursor_with_hold_outlives_its_transaction(server):
    with server.connect(autocommit=False) as pg:
        cursor = pg.cursor("held", withhold=True)
        cursor.execute("SELECT n FROM numbers ORDER BY n")
        assert cursor.fetchmany(2) == [(0,), (1,)]
        pg.commit()
        assert cursor.fetchmany(2) == [(2,), (3,)]
        cursor.close()


def test_results_are_streamed(pg):
    streamed = [n for n, in pg.cursor().stream("SELECT n FROM numbers WHERE n >= %s ORDER BY n", [990])]
    assert streamed == list(range(990, 1000))
    streamed = [n for n, in pg.cursor().stream("SELECT n FROM numbers ORDER BY n", size=100)]
    assert streamed == list(range(1000))


def test_a_pipeline_sends_before_it_reads(pg):
    pg.execute("CREATE TABLE piped (id int PRIMARY KEY, v text)")
    with pg.pipeline():
        cursors = [pg.execute("INSERT INTO piped VALUES (%s, %s) RETURNING id", [number, f"v{number}"]) for number in range(100)]
        many = pg.cursor()
        many.executemany("UPDATE piped SET v = %s WHERE id = %s RETURNING v", [("x", 1), ("y", 2), ("z", 1000)], returning=True)
    assert [cursor.fetchone() for cursor in cursors] == [(number,) for number in range(100)]
    results = [many.fetchall()]
    while many.nextset():
        results.append(many.fetchall())
    assert results == [[("x",)], [("y",)], []]


def test_an_error_in_a_pipeline_ends_what_follows_it(pg):
    pg.execute("CREATE TABLE piped_errors (id int PRIMARY KEY)")
    after = None
    with pytest.raises(psycopg.errors.UniqueViolation), pg.pipeline():
        pg.execute("INSERT INTO piped_errors VALUES (1)")
        pg.execute("INSERT INTO piped_errors VALUES (1)")
        after = pg.execute("INSERT INTO piped_errors VALUES (2)")
    # The error may be known before the last statement is sent.
    assert after is None or after.pgresult is None or after.pgresult.status == pq.ExecStatus.PIPELINE_ABORTED
    # Without a synchronization between them all were one transaction.
    assert pg.execute("SELECT count(*) FROM piped_errors").fetchone() == (0,)
    with pg.pipeline() as pipeline:
        pg.execute("INSERT INTO piped_errors VALUES (3)")
        pipeline.sync()
        with contextlib.suppress(psycopg.errors.UniqueViolation):
            pg.execute("INSERT INTO piped_errors VALUES (3)")
            pipeline.sync()
        pg.execute("INSERT INTO piped_errors VALUES (4)")
    assert pg.execute("SELECT id FROM piped_errors ORDER BY id").fetchall() == [(3,), (4,)]


@FORMATS
def test_copy_in_and_out_with_types(pg, binary):
    kinds = ["int4", "text", "numeric", "timestamptz", "bool", "float8", "bytea"]
    pg.execute("DROP TABLE IF EXISTS copied")
    pg.execute("CREATE TABLE copied (id int PRIMARY KEY, a text, b numeric, c timestamptz, d boolean, e float8, f bytea)")
    written = [(number, f"tab\t{number}" if number % 3 else None, decimal.Decimal(number) / 8,
                datetime.datetime(2013, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(minutes=number), number % 2 == 0, number / 3, bytes([number % 256]))
               for number in range(500)]
    options = " (FORMAT BINARY)" if binary else ""
    with pg.cursor().copy(f"COPY copied FROM STDIN{options}") as copy:
        copy.set_types(kinds)
        for row in written:
            copy.write_row(row)
    with pg.cursor().copy(f"COPY (SELECT * FROM copied ORDER BY id) TO STDOUT{options}") as copy:
        copy.set_types(kinds)
        assert list(copy.rows()) == written


def test_copy_from_one_connection_to_another(server, pg):
    pg.execute("CREATE TABLE numbers_copy (n int PRIMARY KEY, square bigint)")
    with server.connect() as source, source.cursor().copy("COPY numbers TO STDOUT (FORMAT BINARY)") as out, \
            pg.cursor().copy("COPY numbers_copy FROM STDIN (FORMAT BINARY)") as into:
        for data in out:
            into.write(data)
    assert pg.execute("SELECT count(*), sum(square) FROM numbers_copy").fetchone() == (1000, sum(n * n for n in range(1000)))


def test_a_pool_serves_many_threads(server):
    with psycopg_pool.ConnectionPool(server.pg_url(), min_size=2, max_size=5, check=psycopg_pool.ConnectionPool.check_connection) as pool:
        def transfer(source, target):
            for _ in range(10):
                while True:
                    with contextlib.suppress(psycopg.errors.SerializationFailure), pool.connection() as connection:
                        connection.execute("UPDATE accounts SET balance = balance - 1 WHERE id = %s", [source])
                        connection.execute("UPDATE accounts SET balance = balance + 1 WHERE id = %s", [target])
                        break

        threads = [threading.Thread(target=transfer, args=(1 + number, 1 + (number + 1) % 8)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with pool.connection() as connection:
            assert connection.execute("SELECT sum(balance) FROM accounts WHERE id <= 8").fetchone() == (360,)
        assert pool.get_stats()["pool_size"] <= 5


def test_asyncio_with_a_pool(server):
    async def go():
        async with psycopg_pool.AsyncConnectionPool(server.pg_url(), min_size=1, max_size=4, open=False) as pool:
            async def owner(number):
                async with pool.connection() as connection, connection.cursor(binary=True) as cursor:
                    await cursor.execute("SELECT owner FROM accounts WHERE id = %s", [number])
                    return (await cursor.fetchone())[0]

            return await asyncio.gather(*(owner(number) for number in range(1, 21)))

    assert asyncio.run(go()) == [f"owner {number}" for number in range(1, 21)]


def test_transactions_nest_and_force_rollback(server, pg):
    with server.connect(autocommit=False) as own:
        with own.transaction():
            own.execute("INSERT INTO accounts (id, owner, balance) VALUES (1001, 'a', 1)")
            with pytest.raises(ZeroDivisionError), own.transaction():
                own.execute("INSERT INTO accounts (id, owner, balance) VALUES (1002, 'b', 1)")
                raise ZeroDivisionError
            with own.transaction(force_rollback=True):
                own.execute("UPDATE accounts SET balance = 5 WHERE id = 1001")
        assert pg.execute("SELECT id, balance FROM accounts WHERE id > 1000").fetchall() == [(1001, 1)]


def test_characteristics_of_transactions(server):
    with server.connect(autocommit=False) as own:
        own.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        own.read_only = True
        own.deferrable = True
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            own.execute("UPDATE numbers SET square = 0 WHERE n = 1")
        own.rollback()
        own.read_only = False
        own.execute("UPDATE numbers SET square = 0 WHERE n = 1")
        assert own.execute("SHOW transaction_isolation").fetchone() == ("serializable",)
        own.rollback()
        assert own.execute("SELECT square FROM numbers WHERE n = 1").fetchone() == (1,)


def test_errors_carry_their_fields(pg):
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        pg.execute("INSERT INTO numbers VALUES (1, 1)")
    fields = caught.value.diag
    assert (fields.severity, fields.sqlstate, fields.schema_name, fields.table_name, fields.constraint_name) == ("ERROR", "23505", "public", "numbers", "numbers_pkey")
    assert fields.message_primary == 'duplicate key value violates unique constraint "numbers_pkey"'
    assert fields.message_detail == "Key (n)=(1) already exists."
    with pytest.raises(psycopg.errors.NotNullViolation) as caught:
        pg.execute("INSERT INTO accounts (id, balance) VALUES (2000, 1)")
    fields = caught.value.diag
    assert (fields.table_name, fields.column_name) == ("accounts", "owner")
    with pytest.raises(psycopg.errors.UndefinedColumn) as caught:
        pg.execute("SELECT square, sqare FROM numbers")
    assert caught.value.diag.statement_position == "16"
    with pytest.raises(psycopg.errors.SyntaxError) as caught:
        pg.execute("SELECT n FROM numbers WHERE )")
    assert caught.value.diag.statement_position == "29"


def test_what_the_connection_tells(pg):
    assert 150000 <= pg.info.server_version < 160000
    assert pg.info.encoding == "utf-8"
    assert pg.info.parameter_status("standard_conforming_strings") == "on"
    assert pg.info.parameter_status("integer_datetimes") == "on"
    assert str(pg.info.timezone) in ("UTC", "Etc/UTC")
    assert pg.info.transaction_status == pq.TransactionStatus.IDLE
    assert pg.info.backend_pid == pg.execute("SELECT pg_backend_pid()").fetchone()[0]


def test_types_are_looked_up_by_name(pg):
    for name, oid, array in [("text", 25, 1009), ("jsonb", 3802, 3807), ("uuid", 2950, 2951), ("timestamp with time zone", 1184, 1185)]:
        found = psycopg.types.TypeInfo.fetch(pg, name)
        assert (found.oid, found.array_oid) == (oid, array), name
    assert psycopg.types.TypeInfo.fetch(pg, "hstore") is None


def test_parameters_of_unknown_type_take_that_of_their_place(pg):
    assert pg.execute("SELECT n FROM numbers WHERE n = ANY(%s) ORDER BY n LIMIT %s OFFSET %s", [[5, 3, 8, 2000], 2, 1]).fetchall() == [(5,), (8,)]
    assert pg.execute("SELECT n FROM numbers WHERE n IN (%s, %s) ORDER BY 1", ["3", "5"]).fetchall() == [(3,), (5,)]
    assert pg.execute("SELECT coalesce(%s, 'none'), %s::int + 1, %s::text IS NULL", [None, "41", None]).fetchone() == ("none", 42, True)
    assert pg.execute("SELECT count(*) FROM accounts WHERE opened > %s", [datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)]).fetchone()[0] >= 50
    assert pg.execute("SELECT owner FROM accounts WHERE owner LIKE %s AND id < %s ORDER BY id", ["owner 1_", 12]).fetchall() == [("owner 10",), ("owner 11",)]
