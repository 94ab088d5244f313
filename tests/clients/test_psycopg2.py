"""psycopg 2: types, cursors of every kind, fast executemany, COPY, pools, transactions, errors."""

import datetime
import decimal
import io
import threading
import uuid

import psycopg2
import psycopg2.extensions
import psycopg2.extras
import psycopg2.pool
import pytest
from psycopg2 import errorcodes, errors, sql

from support.types import ARRAYS, COLUMNS, DOCUMENTS, ids

psycopg2.extras.register_uuid()


@pytest.fixture
def connection(server):
    connection = psycopg2.connect(server.pg_url())
    yield connection
    connection.close()


@pytest.fixture
def cursor(connection):
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    connection = psycopg2.connect(server.pg_url())
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE events (day date, n int, kind text NOT NULL, payload jsonb, PRIMARY KEY (day, n))")
        rows = [(datetime.date(2024, 1, 1 + n // 100), n % 100, f"kind {n % 3}", psycopg2.extras.Json({"n": n})) for n in range(1000)]
        psycopg2.extras.execute_values(cursor, "INSERT INTO events VALUES %s", rows, page_size=250)
    connection.close()


def plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


@pytest.mark.parametrize(("kind", "values"), COLUMNS, ids=ids(COLUMNS))
def test_columns_give_back_what_they_took(cursor, kind, values):
    cursor.execute("DROP TABLE IF EXISTS typed")
    cursor.execute(f"CREATE TABLE typed (id int PRIMARY KEY, v {kind})")
    for number, value in enumerate([*values, None]):
        cursor.execute("INSERT INTO typed VALUES (%s, %s)", [number, value])
        assert cursor.rowcount == 1 and cursor.statusmessage == "INSERT 0 1"
    cursor.execute("SELECT v FROM typed ORDER BY id")
    assert [plain(value) for value, in cursor] == [*values, None]


@pytest.mark.parametrize(("kind", "value"), [case for case in ARRAYS if case[0] != "bytea[]"])
def test_arrays_are_lists(cursor, kind, value):
    cursor.execute("DROP TABLE IF EXISTS arrays")
    cursor.execute(f"CREATE TABLE arrays (id int PRIMARY KEY, v {kind})")
    # psycopg 2 casts nothing but what it knows how to write as a constant.
    cursor.execute(f"INSERT INTO arrays VALUES (1, %s::{kind})", [value])
    cursor.execute("SELECT v FROM arrays WHERE id = 1")
    read = cursor.fetchone()[0]
    # It reads arrays of unusual element types as text.
    assert read == value or read == "{" + ",".join(str(element) for element in value) + "}"


def test_documents_are_python_objects(cursor):
    cursor.execute("CREATE TABLE documents (id int PRIMARY KEY, v jsonb)")
    for number, document in enumerate(DOCUMENTS):
        cursor.execute("INSERT INTO documents VALUES (%s, %s)", [number, psycopg2.extras.Json(document)])
    cursor.execute("SELECT v FROM documents ORDER BY id")
    assert [document for document, in cursor] == DOCUMENTS


def test_constants_are_quoted_as_the_server_reads_them(cursor):
    values = ["it's \\ fine %", 7, -1.5, None, True, decimal.Decimal("1.50"), [1, 2], datetime.date(2013, 7, 4), datetime.timedelta(days=1, hours=2),
              uuid.UUID(int=5), datetime.time(12, 30), datetime.datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=datetime.UTC), ["a", 'b"']]
    cursor.execute("SELECT " + ", ".join(["%s"] * len(values)), values)
    assert list(cursor.fetchone()) == values
    cursor.execute(sql.SQL("SELECT {} AS {} WHERE %(low)s < {}").format(sql.Literal("x"), sql.Identifier('odd "name"'), sql.Literal(2)), {"low": 1})
    assert cursor.fetchall() == [("x",)] and cursor.description[0].name == 'odd "name"'


def test_description_names_types(cursor):
    cursor.execute("SELECT day, n, kind, payload FROM events LIMIT 1")
    assert [(column.name, column.type_code) for column in cursor.description] == [("day", 1082), ("n", 23), ("kind", 25), ("payload", 3802)]


def test_dictionaries_and_named_tuples(connection):
    question = "SELECT n, kind FROM events WHERE day = '2024-01-01' AND n = 5"
    with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute(question)
        assert cursor.fetchall() == [{"n": 5, "kind": "kind 2"}]
    with connection.cursor(cursor_factory=psycopg2.extras.DictCursor) as cursor:
        cursor.execute(question)
        assert cursor.fetchone()["kind"] == "kind 2"
    with connection.cursor(cursor_factory=psycopg2.extras.NamedTupleCursor) as cursor:
        cursor.execute(question)
        assert cursor.fetchone().kind == "kind 2"


def test_server_cursors(connection):
    with connection.cursor("walk", scrollable=True) as cursor:
        cursor.itersize = 64
        cursor.execute("SELECT n FROM events WHERE day = '2024-01-02' ORDER BY n")
        assert cursor.fetchmany(2) == [(0,), (1,)]
        cursor.scroll(-1)
        assert cursor.fetchone() == (1,)
        assert [n for n, in cursor] == list(range(2, 100))
    with connection.cursor("held", withhold=True) as cursor:
        cursor.execute("SELECT n FROM events WHERE day = '2024-01-02' ORDER BY n")
        connection.commit()
        assert cursor.fetchone() == (0,)


def test_many_rows_in_few_statements(cursor):
    cursor.execute("CREATE TABLE fast (id int PRIMARY KEY, v text, n int DEFAULT 5)")
    returned = psycopg2.extras.execute_values(cursor, "INSERT INTO fast (id, v) VALUES %s RETURNING id, n", [(n, f"v{n}") for n in range(1000)], fetch=True)
    assert sorted(returned) == [(n, 5) for n in range(1000)]
    psycopg2.extras.execute_batch(cursor, "UPDATE fast SET n = %s WHERE id = %s", [(n * 2, n) for n in range(300)], page_size=100)
    cursor.execute("SELECT sum(n) FROM fast WHERE id < 300")
    assert cursor.fetchone() == (sum(n * 2 for n in range(300)),)
    psycopg2.extras.execute_values(cursor, "UPDATE fast SET v = data.v FROM (VALUES %s) AS data (id, v) WHERE fast.id = data.id", [(1, "one"), (2, "two")])
    cursor.execute("SELECT v FROM fast WHERE id IN (1, 2) ORDER BY id")
    assert cursor.fetchall() == [("one",), ("two",)]
    psycopg2.extras.execute_values(cursor, "INSERT INTO fast (id, v) VALUES %s ON CONFLICT (id) DO UPDATE SET v = EXCLUDED.v", [(1, "again"), (1000, "new")])
    cursor.execute("SELECT v FROM fast WHERE id IN (1, 1000) ORDER BY id")
    assert cursor.fetchall() == [("again",), ("new",)]


def test_copy(cursor):
    cursor.execute("CREATE TABLE copied (id int PRIMARY KEY, v text)")
    cursor.copy_from(io.StringIO("1\tone\n2\t\\N\n3\ta\\tb\n"), "copied")
    assert cursor.rowcount == 3
    cursor.copy_expert("COPY copied FROM STDIN WITH (FORMAT csv, HEADER)", io.StringIO('id,v\n4,"four, or ""4"""\n'))
    out = io.StringIO()
    cursor.copy_expert("COPY (SELECT * FROM copied ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)", out)
    assert out.getvalue() == 'id,v\n1,one\n2,\n3,a\tb\n4,"four, or ""4"""\n'
    out = io.StringIO()
    cursor.copy_to(out, "copied", columns=("v",), null="nothing")
    assert sorted(out.getvalue().splitlines()) == sorted(["one", "nothing", "a\\tb", 'four, or "4"'])


def test_blocks_commit_and_roll_back(connection, server):
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE blocks (id int PRIMARY KEY)")
        cursor.execute("INSERT INTO blocks VALUES (1)")
    with pytest.raises(errors.UniqueViolation), connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO blocks VALUES (2)")
        cursor.execute("INSERT INTO blocks VALUES (1)")
    assert connection.get_transaction_status() == psycopg2.extensions.TRANSACTION_STATUS_IDLE
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM blocks")
        assert cursor.fetchall() == [(1,)]
    connection.rollback()
    connection.set_session(isolation_level="SERIALIZABLE", readonly=True, deferrable=True)
    with connection.cursor() as cursor, pytest.raises(errors.ReadOnlySqlTransaction):
        cursor.execute("INSERT INTO blocks VALUES (3)")
    connection.rollback()
    connection.set_session(readonly=False)
    with connection.cursor() as cursor, pytest.raises(errors.InFailedSqlTransaction):
        with pytest.raises(errors.UndefinedTable):
            cursor.execute("SELECT * FROM nowhere")
        cursor.execute("SELECT 1")


def test_errors_have_classes_codes_and_fields(cursor):
    with pytest.raises(psycopg2.IntegrityError) as caught:
        cursor.execute("INSERT INTO events VALUES ('2024-01-01', 5, 'x')")
    assert caught.value.pgcode == errorcodes.UNIQUE_VIOLATION
    assert caught.value.diag.constraint_name == "events_pkey"
    assert caught.value.diag.message_detail == "Key (day, n)=(2024-01-01, 5) already exists."
    with pytest.raises(psycopg2.DataError) as caught:
        cursor.execute("SELECT 'x'::int")
    assert caught.value.pgcode == errorcodes.INVALID_TEXT_REPRESENTATION
    assert str(caught.value).startswith('invalid input syntax for type integer: "x"\n')
    with pytest.raises(errors.DivisionByZero):
        cursor.execute("SELECT n / 0 FROM events")
        cursor.fetchall()
    with pytest.raises(psycopg2.ProgrammingError):
        cursor.execute("SELECT 1 2")


def test_a_pool_of_threads(server):
    pool = psycopg2.pool.ThreadedConnectionPool(1, 8, server.pg_url())
    found = []

    def count(day):
        connection = pool.getconn()
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*), sum((payload ->> 'n')::int) FROM events WHERE day = %s", [day])
            found.append(cursor.fetchone())
        pool.putconn(connection)

    threads = [threading.Thread(target=count, args=(datetime.date(2024, 1, 1 + number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.closeall()
    assert sorted(found) == [(100, sum(range(number * 100, number * 100 + 100))) for number in range(8)]


def test_several_statements_in_one(cursor):
    cursor.execute("SELECT 1; CREATE TABLE several (id int PRIMARY KEY); INSERT INTO several VALUES (1), (2); SELECT count(*) FROM several")
    assert cursor.fetchall() == [(2,)]


def test_notices_and_reset(connection):
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS not_there")
        assert connection.notices == ['NOTICE:  table "not_there" does not exist, skipping\n']
        cursor.execute("SET statement_timeout = '5s'")
        connection.reset()
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_a_statement_is_cancelled_from_another_thread(connection):
    timer = threading.Timer(0.3, connection.cancel)
    timer.start()
    with connection.cursor() as cursor, pytest.raises(errors.QueryCanceled):
        cursor.execute("SELECT count(*) FROM events a, events b, events c WHERE a.n + b.n + c.n = -1")
    connection.rollback()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
