"""COPY in both directions and all three formats, as psycopg, asyncpg and psql use it."""

import asyncio
import csv
import decimal
import io
import struct

import asyncpg
import psycopg
import pytest
from test_postgres_drivers import VALUES

ROWS = 5000
FORMATS = ["text", "csv", "binary"]


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in VALUES.items())
    names = list(VALUES)
    with server.connect() as pg:
        pg.execute(f"CREATE TABLE typed (id text PRIMARY KEY, {columns})")
        marks = ", ".join(["%s"] * (len(names) + 1))
        pg.execute(f"INSERT INTO typed (id, {', '.join(names)}) VALUES ({marks})", ["full", *(value for _, value in VALUES.values())])
        pg.execute("INSERT INTO typed (id) VALUES ('empty')")
        pg.execute("INSERT INTO typed (id, a_text) VALUES (%s, %s)", ["tab\tquote\"back\\slash", "a\nb\r,;'\\."])
        pg.execute("CREATE TABLE numbers (part text, n int, square bigint, PRIMARY KEY (part, n))")
        with pg.cursor().copy("COPY numbers FROM STDIN") as copy:
            for n in range(ROWS):
                copy.write_row(("a", n, n * n))


def copied(pg, statement):
    with pg.cursor() as cursor:
        with cursor.copy(statement) as copy:
            data = b"".join(copy)
        return data, cursor.rowcount


@pytest.mark.parametrize("data_format", FORMATS)
def test_what_is_copied_out_comes_back_in(server, data_format):
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in VALUES.items())
    with server.connect() as pg:
        pg.execute(f"CREATE TABLE back_{data_format} (id text PRIMARY KEY, {columns})")
        data, rows_copied = copied(pg, f"COPY typed TO STDOUT (FORMAT {data_format})")
        assert rows_copied == 3
        with pg.cursor() as cursor:
            with cursor.copy(f"COPY back_{data_format} FROM STDIN (FORMAT {data_format})") as copy:
                for at in range(0, len(data), 7):
                    copy.write(data[at : at + 7])
            assert cursor.rowcount == 3
        rows = [pg.execute(f"SELECT * FROM {table} ORDER BY id").fetchall() for table in ("typed", f"back_{data_format}")]
        assert rows[0] == rows[1] and len(rows[0]) == 3


def test_csv_is_what_the_csv_module_reads(server):
    with server.connect() as pg:
        data, rows_copied = copied(pg, "COPY (SELECT id, a_text, a_num FROM typed ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)")
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert rows[0] == ["id", "a_text", "a_num"]
    assert ["tab\tquote\"back\\slash", "a\nb\r,;'\\.", ""] in rows and rows_copied == 3
    assert ["full", VALUES["a_text"][1], str(VALUES["a_num"][1])] in rows


def test_queries_of_all_kinds_are_copied(server):
    with server.connect() as pg:
        assert copied(pg, "COPY (SELECT square FROM numbers WHERE part = 'a' AND n = 12) TO STDOUT") == (b"144\n", 1)
        assert copied(pg, "COPY (SELECT 1 AS a, 'x' AS b) TO STDOUT") == (b"1\tx\n", 1)
        assert copied(pg, "COPY (SELECT count(*), max(square) FROM numbers) TO STDOUT CSV") == (f"{ROWS},{(ROWS - 1) ** 2}\n".encode(), 1)
        assert copied(pg, "COPY numbers (square) TO STDOUT")[1] == ROWS
        assert copied(pg, "COPY (SELECT 1 WHERE false) TO STDOUT") == (b"", 0)
        with pg.transaction():
            pg.execute("INSERT INTO numbers VALUES ('b', 1, 1)")
            assert copied(pg, "COPY (SELECT n FROM numbers WHERE part = 'b') TO STDOUT")[0] == b"1\n"
            raise psycopg.Rollback
        assert copied(pg, "COPY (SELECT n FROM numbers WHERE part = 'b') TO STDOUT")[0] == b""


def test_binary_rows_are_typed(server):
    with server.connect() as pg, pg.cursor() as cursor:
        cursor.execute("CREATE TABLE binary_rows (id int PRIMARY KEY, price numeric(8,2), note text DEFAULT 'none')")
        with cursor.copy("COPY binary_rows (id, price) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "numeric"])
            for n in range(1200):
                copy.write_row((n, decimal.Decimal(n) / 4))
        assert cursor.rowcount == 1200
        with cursor.copy("COPY (SELECT id, price, note FROM binary_rows WHERE id = 7) TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int4", "numeric", "text"])
            assert list(copy.rows()) == [(7, decimal.Decimal("1.75"), "none")]


@pytest.mark.parametrize(
    ("data", "sqlstate"),
    [
        (b"1\t2\n", "22P04"),
        (b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0) + struct.pack("!h", 3), "22P04"),
        (b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0) + struct.pack("!hi", 2, 2**31 - 1), "22P04"),
        (b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0) + struct.pack("!hi2si", 2, 2, b"ab", -1), "22P03"),
        (b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0) + struct.pack("!hiii", 2, -1, 4, 5), "23502"),
    ],
    ids=["not binary", "fields", "length", "value", "no key"],
)
def test_broken_binary_data_is_refused_and_the_connection_lives_on(server, data, sqlstate):
    with server.connect() as pg:
        pg.execute("CREATE TABLE IF NOT EXISTS broken (id int PRIMARY KEY, v int)")
        with pytest.raises(psycopg.Error) as refused, pg.cursor().copy("COPY broken FROM STDIN (FORMAT binary)") as copy:
            copy.write(data)
        assert refused.value.sqlstate == sqlstate, refused.value
        assert pg.execute("SELECT count(*) FROM broken").fetchone() == (0,)


def test_asyncpg_copies_records_tables_and_queries(server):
    async def go():
        connection = await asyncpg.connect(server.pg_url())
        await connection.execute("CREATE TABLE records (id int PRIMARY KEY, name text)")
        records = [(n, f"name {n}") for n in range(ROWS)]
        assert await connection.copy_records_to_table("records", records=records) == f"COPY {ROWS}"
        out = io.BytesIO()
        assert await connection.copy_from_query("SELECT name FROM records WHERE id = $1", 3, output=out) == "COPY 1"
        assert out.getvalue() == b"name 3\n"
        out = io.BytesIO()
        assert await connection.copy_from_table("records", output=out, format="csv") == f"COPY {ROWS}"
        assert len(out.getvalue().splitlines()) == ROWS
        await connection.close()

    asyncio.run(go())


def test_an_error_in_the_middle_ends_the_copy_only(server):
    with server.connect() as pg:
        with pytest.raises(psycopg.errors.DivisionByZero):
            copied(pg, "COPY (SELECT 1 / (n - 4000) FROM numbers) TO STDOUT")
        assert pg.execute("SELECT 1").fetchone() == (1,)


def test_psql_copies_to_and_from_files(server, tmp_path):
    file = tmp_path / "numbers.csv"
    out = server.psql("-c", f"\\copy (SELECT n, square FROM numbers WHERE part = 'a' AND n < 10) TO '{file}' CSV HEADER")
    assert "COPY 10" in out.stdout and file.read_text().startswith("n,square\n0,0\n1,1\n"), out.stderr
    script = f"CREATE TABLE from_file (n int PRIMARY KEY, square int);\n\\copy from_file FROM '{file}' CSV HEADER\n"
    back = server.psql("-v", "ON_ERROR_STOP=1", script=script)
    assert "COPY 10" in back.stdout, back.stderr
