"""PostgreSQL's ODBC driver through unixODBC and pyodbc: connecting, the catalog functions, parameters, fetching, transactions, errors."""

import datetime
import decimal
import uuid

import pyodbc
import pytest

# As Debian's package registers it.
DRIVER = "PostgreSQL Unicode"


def rows(cursor):
    """Its rows as tuples."""
    return [tuple(row) for row in cursor]


def connect(server, *, autocommit=True, **options):
    host, port = server.pg_endpoint
    settings = {"Driver": f"{{{DRIVER}}}", "Server": host, "Port": port, "Database": "shale", "Uid": "shale", **options}
    return pyodbc.connect(";".join(f"{name}={value}" for name, value in settings.items()), autocommit=autocommit)


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    with server.connect() as pg:
        pg.execute("CREATE TABLE orders (customer text, number int, total numeric(10,2) NOT NULL, placed timestamp, note varchar(20), PRIMARY KEY (customer, number))")
        pg.execute("CREATE INDEX orders_by_note ON orders (note, number)")
        pg.execute("INSERT INTO orders SELECT 'c' || n % 3, n, n / 4.0, '2024-01-01', 'note ' || n FROM generate_series(1, 300) AS s(n)")


@pytest.fixture
def cursor(server):
    connection = connect(server)
    yield connection.cursor()
    connection.close()


def test_tables(cursor):
    assert [(row.table_schem, row.table_name, row.table_type) for row in cursor.tables(table="orders")] == [("public", "orders", "TABLE")]
    assert [row.table_name for row in cursor.tables(schema="public", tableType="TABLE")] == ["orders"]
    assert [row.table_name for row in cursor.tables(schema="public", tableType="VIEW")] == []
    assert cursor.tables(table="nowhere").fetchall() == []


def test_columns(cursor):
    columns = cursor.columns(table="orders").fetchall()
    assert [(row.column_name, row.type_name, row.ordinal_position, row.nullable) for row in columns] == [
        ("customer", "text", 1, 0), ("number", "int4", 2, 0), ("total", "numeric", 3, 0), ("placed", "timestamp", 4, 1), ("note", "varchar", 5, 1)]
    assert [(row.column_size, row.decimal_digits) for row in columns[1:3]] == [(10, 0), (10, 2)]
    assert columns[4].column_size == 20
    assert [row.column_name for row in cursor.columns(table="orders", column="n%")] == ["number", "note"]


def test_keys_and_indexes(cursor):
    assert [(row.column_name, row.key_seq, row.pk_name) for row in cursor.primaryKeys("orders")] == [("customer", 1, "orders_pkey"), ("number", 2, "orders_pkey")]
    indexes = [(row.index_name, row.ordinal_position, row.column_name, row.non_unique) for row in cursor.statistics("orders") if row.index_name]
    assert indexes == [("orders_pkey", 1, "customer", 0), ("orders_pkey", 2, "number", 0), ("orders_by_note", 1, "note", 1), ("orders_by_note", 2, "number", 1)]
    assert cursor.foreignKeys(table="orders").fetchall() == []


def test_other_catalog_functions(cursor):
    types = {row.type_name for row in cursor.getTypeInfo()}
    assert {"int4", "int8", "text", "numeric", "bool", "bytea", "uuid"} <= types
    assert cursor.procedures(schema="public").fetchall() == []
    assert cursor.connection.getinfo(pyodbc.SQL_DBMS_NAME) == "PostgreSQL"
    assert cursor.connection.getinfo(pyodbc.SQL_DBMS_VER).startswith("15.")
    assert cursor.connection.getinfo(pyodbc.SQL_DATABASE_NAME) == "shale"


VALUES = [("a_int", "int", 7), ("a_big", "bigint", -(2**62)), ("a_num", "numeric(12,3)", decimal.Decimal("12345.500")), ("a_float", "float8", 0.1), ("a_bool", "boolean", True),
          ("a_text", "text", "grüße 🚀 '\\"), ("a_varchar", "varchar(10)", "short"), ("a_bytes", "bytea", b"\x00\xff\\"), ("a_uuid", "uuid", uuid.UUID(int=5)),
          ("a_date", "date", datetime.date(2013, 7, 4)), ("a_time", "time", datetime.time(12, 30)), ("a_ts", "timestamp", datetime.datetime(2013, 7, 4, 12, 30, 0, 250000))]


@pytest.mark.parametrize("prepares", [0, 1])
def test_types(server, prepares):
    connection = connect(server, UseServerSidePrepare=prepares, BoolsAsChar=0, ByteaAsLongVarBinary=1)
    cursor = connection.cursor()
    cursor.execute("DROP TABLE IF EXISTS typed")
    cursor.execute(f"CREATE TABLE typed (id int PRIMARY KEY, {', '.join(f'{name} {kind}' for name, kind, _ in VALUES)})")
    written = [value for _, _, value in VALUES]
    cursor.execute(f"INSERT INTO typed VALUES (?{', ?' * len(written)})", 1, *written)
    assert cursor.rowcount == 1
    row = cursor.execute("SELECT * FROM typed WHERE id = ?", 1).fetchone()
    read = [uuid.UUID(value) if name == "a_uuid" and isinstance(value, str) else value for (name, _, _), value in zip(VALUES, row[1:], strict=True)]
    assert read == written
    cursor.execute("INSERT INTO typed (id, a_text, a_int) VALUES (?, ?, ?)", 2, None, None)
    assert tuple(cursor.execute("SELECT a_text, a_int FROM typed WHERE id = 2").fetchone()) == (None, None)
    connection.close()


def test_fetching(server, cursor):
    assert rows(cursor.execute("SELECT number FROM orders WHERE customer = ? ORDER BY number LIMIT 3", "c1")) == [(1,), (4,), (7,)]
    assert rows(cursor.execute("SELECT count(*), sum(total) FROM orders")) == [(300, decimal.Decimal("11287.50"))]
    connection = connect(server, UseDeclareFetch=1, Fetch=50, autocommit=False)
    fetched = connection.cursor().execute("SELECT number FROM orders ORDER BY number").fetchall()
    assert [number for number, in fetched] == list(range(1, 301))
    connection.commit()
    connection.close()


def test_many_rows(cursor):
    cursor.execute("CREATE TABLE many (id int PRIMARY KEY, v text)")
    cursor.executemany("INSERT INTO many VALUES (?, ?)", [(number, f"v{number}") for number in range(200)])
    cursor.fast_executemany = True
    cursor.executemany("INSERT INTO many VALUES (?, ?)", [(number, f"v{number}") for number in range(200, 400)])
    assert rows(cursor.execute("SELECT count(*), max(v) FROM many")) == [(400, "v99")]
    assert cursor.execute("UPDATE many SET v = ? WHERE id < ?", "x", 10).rowcount == 10
    assert sorted(rows(cursor.execute("DELETE FROM many WHERE id >= 390 RETURNING id"))) == [(number,) for number in range(390, 400)]


def test_transactions(server, cursor):
    cursor.execute("CREATE TABLE transacted (id int PRIMARY KEY)")
    connection = connect(server, autocommit=False)
    own = connection.cursor()
    own.execute("INSERT INTO transacted VALUES (1)")
    connection.rollback()
    own.execute("INSERT INTO transacted VALUES (2)")
    connection.commit()
    connection.close()
    assert rows(cursor.execute("SELECT id FROM transacted")) == [(2,)]


def test_errors(cursor):
    with pytest.raises(pyodbc.ProgrammingError) as caught:
        cursor.execute("SELECT nothing FROM orders")
    assert caught.value.args[0] == "42703" and 'column "nothing" does not exist' in caught.value.args[1]
    with pytest.raises(pyodbc.IntegrityError) as caught:
        cursor.execute("INSERT INTO orders VALUES ('c1', 1, 1, NULL, NULL)")
    assert caught.value.args[0] == "23505"
    assert rows(cursor.execute("SELECT 1")) == [(1,)]


def test_column_descriptions(cursor):
    cursor.execute("SELECT customer, number, total, placed FROM orders WHERE number = 1")
    assert [(column[0], column[1]) for column in cursor.description] == [("customer", str), ("number", int), ("total", decimal.Decimal), ("placed", datetime.datetime)]
