"""asyncpg: types in the binary format, prepared statements, cursors, COPY, pools, transactions, errors."""

import asyncio
import datetime
import decimal
import io
import json

import asyncpg
import pytest

from support.types import ARRAYS, COLUMNS, DOCUMENTS, ids


def run(server, program, **parameters):
    """Runs a coroutine with a connection."""

    async def go():
        connection = await asyncpg.connect(server.pg_url(), **parameters)
        try:
            await program(connection)
        finally:
            await connection.close()

    asyncio.run(go())


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    async def go(connection):
        await connection.execute("CREATE TABLE readings (sensor text, at timestamptz, value float8, PRIMARY KEY (sensor, at))")
        rows = [(f"s{n % 4}", datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(minutes=n), n / 10) for n in range(2000)]
        assert await connection.copy_records_to_table("readings", records=rows) == "COPY 2000"

    run(server, go)


@pytest.mark.parametrize(("kind", "values"), COLUMNS, ids=ids(COLUMNS))
def test_columns_give_back_what_they_took(server, kind, values):
    async def go(connection):
        await connection.execute("DROP TABLE IF EXISTS typed")
        await connection.execute(f"CREATE TABLE typed (id int PRIMARY KEY, v {kind})")
        # It sends the largest dates as infinity, which is refused.
        finite = [value for value in values if value not in (datetime.date.max, datetime.datetime.max, datetime.date.min, datetime.datetime.min)]
        await connection.executemany("INSERT INTO typed VALUES ($1, $2)", [*enumerate(finite), (len(finite), None)])
        assert [row["v"] for row in await connection.fetch("SELECT v FROM typed ORDER BY id")] == [*finite, None]
        for number, value in enumerate(finite):
            assert await connection.fetchval("SELECT id FROM typed WHERE v = $1 AND id = $2", value, number) == number

    run(server, go)


@pytest.mark.parametrize(("kind", "value"), ARRAYS, ids=ids(ARRAYS))
def test_arrays_are_lists(server, kind, value):
    async def go(connection):
        await connection.execute("DROP TABLE IF EXISTS arrays")
        await connection.execute(f"CREATE TABLE arrays (id int PRIMARY KEY, v {kind})")
        await connection.execute("INSERT INTO arrays VALUES (1, $1)", value)
        assert await connection.fetchval("SELECT v FROM arrays WHERE id = 1") == value
        assert await connection.fetchval("SELECT id FROM arrays WHERE v = $1", value) == 1

    run(server, go)


def test_documents_through_a_codec(server):
    async def go(connection):
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        await connection.execute("CREATE TABLE documents (id int PRIMARY KEY, v jsonb)")
        for number, document in enumerate(DOCUMENTS):
            await connection.execute("INSERT INTO documents VALUES ($1, $2)", number, document)
        assert [row["v"] for row in await connection.fetch("SELECT v FROM documents ORDER BY id")] == DOCUMENTS
        assert await connection.fetchval("SELECT v -> 'a' FROM documents WHERE v @> $1", {"b": {"c": {}}}) == [1, 2.5, None, True, "ü"]

    run(server, go)


def test_results_have_postgresqls_types(server):
    async def go(connection):
        row = await connection.fetchrow("""SELECT 1 AS a, 2::bigint AS b, 3.50 AS c, 'x' AS d, true AS e, NULL AS f, ARRAY[1, 2] AS g, count(*) AS h, avg(value) AS i,
                                              interval '1 day 2 hours' AS j, time '12:30' AS k, 1.5::real AS l, min(at) AS m, '\\x00ff'::bytea AS n FROM readings""")
        assert dict(row) == {"a": 1, "b": 2, "c": decimal.Decimal("3.50"), "d": "x", "e": True, "f": None, "g": [1, 2], "h": 2000, "i": pytest.approx(99.95),
                             "j": datetime.timedelta(days=1, hours=2), "k": datetime.time(12, 30), "l": 1.5,
                             "m": datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), "n": b"\x00\xff"}

    run(server, go)


def test_prepared_statements_know_their_types(server):
    async def go(connection):
        statement = await connection.prepare("SELECT at, value AS v FROM readings WHERE sensor = $1 AND at >= $2 ORDER BY at LIMIT $3")
        assert [parameter.name for parameter in statement.get_parameters()] == ["text", "timestamptz", "int8"]
        assert [(attribute.name, attribute.type.name) for attribute in statement.get_attributes()] == [("at", "timestamptz"), ("v", "float8")]
        midnight = datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)
        assert [row["v"] for row in await statement.fetch("s0", midnight, 3)] == [144.0, 144.4, 144.8]
        assert await statement.fetchval("s1", midnight, 1, column=1) == 144.1
        with pytest.raises(asyncpg.DataError):
            await statement.fetch("s0", "no time", 3)
        update = await connection.prepare("UPDATE readings SET value = $2 WHERE sensor = $1 AND at = $3 RETURNING value")
        assert [parameter.name for parameter in update.get_parameters()] == ["text", "float8", "timestamptz"]
        assert await update.fetchval("s0", 5.5, midnight) == 5.5
        assert await update.fetchval("s0", 144.0, midnight) == 144.0

    run(server, go)


def test_many_rows_at_once(server):
    async def go(connection):
        await connection.execute("CREATE TABLE many (id int PRIMARY KEY, v text)")
        await connection.executemany("INSERT INTO many VALUES ($1, $2)", [(n, str(n)) for n in range(500)])
        rows = await connection.fetchmany("INSERT INTO many VALUES ($1, $2) RETURNING id", [(n, str(n)) for n in range(500, 510)])
        assert [row["id"] for row in rows] == list(range(500, 510))
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.executemany("INSERT INTO many VALUES ($1, $2)", [(1000, "a"), (3, "taken"), (1001, "b")])
        assert await connection.fetchval("SELECT count(*) FROM many") == 510
        assert await connection.execute("DELETE FROM many WHERE id = ANY($1::int[])", [1, 2, 3, 7000]) == "DELETE 3"
        assert await connection.execute("INSERT INTO many SELECT id, v FROM unnest($1::int[], $2::text[]) AS u(id, v)", [1, 2], ["a", "b"]) == "INSERT 0 2"

    run(server, go)


def test_cursors(server):
    async def go(connection):
        async with connection.transaction():
            seen = [row["value"] async for row in connection.cursor("SELECT value FROM readings WHERE sensor = $1 ORDER BY at", "s1", prefetch=33)]
            assert seen == [n / 10 for n in range(2000) if n % 4 == 1]
            cursor = await connection.cursor("SELECT value FROM readings WHERE sensor = 's1' ORDER BY at")
            assert [row["value"] for row in await cursor.fetch(2)] == [0.1, 0.5]
            assert (await cursor.fetchrow())["value"] == 0.9
        with pytest.raises(asyncpg.NoActiveSQLTransactionError):
            await connection.cursor("SELECT 1")

    run(server, go)


def test_copy(server):
    async def go(connection):
        out = io.BytesIO()
        assert await connection.copy_from_query("SELECT sensor, value FROM readings WHERE sensor = $1 ORDER BY at LIMIT 2", "s2", output=out, format="csv", header=True) == "COPY 2"
        assert out.getvalue() == b"sensor,value\ns2,0.2\ns2,0.6\n"
        await connection.execute("CREATE TABLE copied (id int PRIMARY KEY, sensor text, value numeric, tags text[])")
        assert await connection.copy_to_table("copied", source=io.BytesIO(b"1;a;1.5\n2;;\n"), columns=["id", "sensor", "value"], format="csv", delimiter=";") == "COPY 2"
        records = [(3, "b", decimal.Decimal("2.5"), ["x", None]), (4, None, None, None)]
        assert await connection.copy_records_to_table("copied", records=records, columns=["id", "sensor", "value", "tags"]) == "COPY 2"
        assert [tuple(row) for row in await connection.fetch("SELECT * FROM copied ORDER BY id")] == [
            (1, "a", decimal.Decimal("1.5"), None), (2, None, None, None), *records]
        out = io.BytesIO()
        assert await connection.copy_from_table("copied", output=out, format="binary") == "COPY 4"
        assert out.getvalue().startswith(b"PGCOPY\n\xff\r\n\0") and out.getvalue().endswith(b"\xff\xff")

    run(server, go)


def test_transactions_nest(server):
    async def go(connection):
        await connection.execute("CREATE TABLE nested (id int PRIMARY KEY)")
        async with connection.transaction(isolation="serializable"):
            await connection.execute("INSERT INTO nested VALUES (1)")
            with pytest.raises(asyncpg.UniqueViolationError):
                async with connection.transaction():
                    await connection.execute("INSERT INTO nested VALUES (2)")
                    await connection.execute("INSERT INTO nested VALUES (1)")
            assert [row["id"] for row in await connection.fetch("SELECT id FROM nested")] == [1]
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            async with connection.transaction(readonly=True):
                await connection.execute("INSERT INTO nested VALUES (3)")
        assert await connection.fetchval("SELECT count(*) FROM nested") == 1

    run(server, go)


def test_a_pool_resets_its_connections(server):
    async def go():
        async with asyncpg.create_pool(server.pg_url(), min_size=2, max_size=4) as pool:
            async with pool.acquire() as connection:
                await connection.execute("SET statement_timeout = '7s'")
            assert {await pool.fetchval("SHOW statement_timeout") for _ in range(8)} == {"0"}
            counts = await asyncio.gather(*(pool.fetchval("SELECT count(*) FROM readings WHERE sensor = $1", f"s{n % 4}") for n in range(20)))
            assert counts == [500] * 20

    asyncio.run(go())


def test_errors_have_classes_and_fields(server):
    async def go(connection):
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.fetch("SELECT * FROM nowhere")
        with pytest.raises(asyncpg.PostgresSyntaxError) as caught:
            await connection.fetch("SELECT 1 +")
        assert caught.value.position == "11"
        with pytest.raises(asyncpg.UniqueViolationError) as caught:
            await connection.execute("INSERT INTO readings VALUES ('s0', '2024-01-01 00:00:00+00', 1)")
        assert (caught.value.constraint_name, caught.value.table_name, caught.value.schema_name) == ("readings_pkey", "readings", "public")
        with pytest.raises(asyncpg.NumericValueOutOfRangeError):
            await connection.fetchval("SELECT 2147483647 + 1")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.fetchval("SELECT 1 / $1::int", 0)

    run(server, go)


def test_a_timeout_cancels_the_statement(server):
    async def go(connection):
        with pytest.raises(asyncio.TimeoutError):
            await connection.fetchval("SELECT count(*) FROM readings a, readings b, readings c WHERE a.value + b.value + c.value = -1", timeout=0.3)
        assert await connection.fetchval("SELECT 1") == 1

    run(server, go)


def test_settings_of_the_connection(server):
    async def go(connection):
        assert await connection.fetchval("SHOW application_name") == "a test"
        assert connection.get_settings().application_name == "a test"
        assert await connection.fetchval("SELECT current_setting('statement_timeout')") == "12s"
        assert connection.get_server_version()[0] == 15
        assert connection.get_server_pid() == await connection.fetchval("SELECT pg_backend_pid()")
        assert [kind["typname"] for kind in await connection.fetch("SELECT typname FROM pg_type WHERE oid = ANY($1::oid[]) ORDER BY 1", [25, 23])] == ["int4", "text"]

    run(server, go, server_settings={"application_name": "a test", "statement_timeout": "12s"})


def test_a_changed_table_is_noticed(server):
    async def go(connection):
        await connection.execute("CREATE TABLE changing (id int PRIMARY KEY, v int)")
        await connection.execute("INSERT INTO changing VALUES (1, 5)")
        assert tuple(await connection.fetchrow("SELECT * FROM changing WHERE id = $1", 1)) == (1, 5)
        await connection.execute("DROP TABLE changing")
        await connection.execute("CREATE TABLE changing (id int PRIMARY KEY, v text, w int)")
        await connection.execute("INSERT INTO changing VALUES (1, 'five', 6)")
        assert tuple(await connection.fetchrow("SELECT * FROM changing WHERE id = $1", 1)) == (1, "five", 6)

    run(server, go)
