"""Cursors that clients declare: psycopg's and SQLAlchemy's server-side cursors, and SQL's own in psql."""

import psycopg
import pytest
import sqlalchemy

ROWS = 3000


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    with server.connect() as pg:
        pg.execute("CREATE TABLE numbers (part text, n int, square bigint, PRIMARY KEY (part, n))")
        with pg.cursor().copy("COPY numbers FROM STDIN") as copy:
            for n in range(ROWS):
                copy.write_row(("a", n, n * n))


@pytest.mark.parametrize("binary", [False, True])
def test_psycopg_fetches_in_pieces(server, binary):
    with server.connect() as pg, pg.transaction(), pg.cursor("c%s" % binary, binary=binary) as cursor:
        cursor.itersize = 700
        cursor.execute("SELECT n, square FROM numbers WHERE part = %s AND n >= %s ORDER BY n", ["a", 10])
        assert [column.name for column in cursor.description] == ["n", "square"]
        assert cursor.fetchone() == (10, 100)
        assert cursor.fetchmany(2) == [(11, 121), (12, 144)]
        cursor.scroll(7)
        assert cursor.fetchone() == (20, 400)
        rest = list(cursor)
        assert len(rest) == ROWS - 21 and rest[-1] == (ROWS - 1, (ROWS - 1) ** 2)


def test_psycopg_scrolls_and_holds(server):
    with server.connect() as pg, pg.cursor("held", scrollable=True, withhold=True) as cursor:
        cursor.execute("SELECT n, count(*) OVER () FROM numbers ORDER BY n")
        assert cursor.fetchone() == (0, ROWS)
        cursor.scroll(-1, mode="relative")
        assert cursor.fetchmany(2) == [(0, ROWS), (1, ROWS)]
        cursor.scroll(ROWS - 1, mode="absolute")
        assert cursor.fetchone() == (ROWS - 1, ROWS)
        assert cursor.fetchone() is None
        pg.execute("UPDATE numbers SET square = 0 WHERE part = 'a' AND n = 0")
        cursor.scroll(0, mode="absolute")
        assert cursor.fetchone() == (0, ROWS)


def test_a_forward_cursor_says_that_it_is_one(server):
    with server.connect() as pg, pg.transaction(), pg.cursor("forward") as cursor:
        cursor.execute("SELECT n FROM numbers WHERE part = 'a' ORDER BY n")
        cursor.fetchmany(5)
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="only scan forward"), pg.transaction():
            cursor.scroll(-2)
        assert cursor.fetchone() == (5,)


def test_sqlalchemy_streams(server):
    engine = sqlalchemy.create_engine(server.pg_url().replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect().execution_options(stream_results=True, max_row_buffer=250) as connection:
        rows = connection.execute(sqlalchemy.text("SELECT n FROM numbers WHERE part = 'a' ORDER BY n"))
        assert [n for (n,) in rows] == list(range(ROWS))
    engine.dispose()


def test_psql_fetches_by_itself_and_by_its_fetch_count(server):
    out = server.psql("-A", "-t", "-v", "FETCH_COUNT=100", "-c", "SELECT n FROM numbers ORDER BY n")
    assert out.stdout.split() == [str(n) for n in range(ROWS)], out.stderr
    script = "BEGIN;\nDECLARE c SCROLL CURSOR FOR SELECT n FROM numbers WHERE part = 'a' ORDER BY n;\nFETCH 2 FROM c;\nMOVE 10 IN c;\nFETCH c;\nFETCH BACKWARD 1 FROM c;\nCLOSE c;\nCOMMIT;\n"
    out = server.psql("-A", "-t", "-v", "ON_ERROR_STOP=1", script=script)
    assert out.stdout.split("\n")[:10] == ["BEGIN", "DECLARE CURSOR", "0", "1", "MOVE 10", "12", "11", "CLOSE CURSOR", "COMMIT", ""], out


def test_execute_tells_its_columns(server):
    with server.connect() as pg:
        pg.execute("PREPARE squares (int) AS SELECT square AS s FROM numbers WHERE part = 'a' AND n = $1")
        cursor = pg.execute("EXECUTE squares (12)", prepare=True)
        assert cursor.fetchone() == (144,) and cursor.description[0].name == "s"
