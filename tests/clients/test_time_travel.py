"""Time travel with psycopg: what was read at a position is read there again, by either protocol and after SIGKILL, as long as it is kept."""

import datetime
import random
import threading

import psycopg
import pytest

from support.server import Server, running

WRITERS = 3
KEYS = 40
WRITES = 60
KILLS = 3


def lsn(connection):
    return connection.execute("SELECT shale_current_lsn()").fetchone()[0]


@pytest.fixture
def table(pg):
    pg.execute("DROP TABLE IF EXISTS prices")
    pg.execute("CREATE TABLE prices (shop text, item int, price int, PRIMARY KEY (shop, item)) WITH (history = '1h')")
    pg.execute("INSERT INTO prices SELECT 'a', g, g * 10 FROM generate_series(1, 5) AS s(g)")
    return pg


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("prepare", [False, True])
def test_parameters_are_positions(server, table, binary, prepare):
    then = lsn(table)
    at = table.execute("SELECT now()").fetchone()[0]
    table.execute("UPDATE prices SET price = price + 1 WHERE shop = 'a'")
    table.execute("DELETE FROM prices WHERE shop = 'a' AND item = 2")

    def ask(text, *parameters):
        return table.execute(text, parameters, binary=binary, prepare=prepare).fetchall()

    for _ in range(3):
        for position, value in [("AS OF LSN", then), ("AS OF TIMESTAMP", at), ("FOR SYSTEM_TIME AS OF", at),
                                ("AS OF TIMESTAMP", at.isoformat())]:
            assert ask(f"SELECT price FROM prices {position} %s WHERE shop = %s AND item = %s", value, "a", 2) == [(20,)]
            assert ask(f"SELECT item FROM prices {position} %s old WHERE shop = 'a' AND old.price > %s", value, 35) == [(4,), (5,)]
            assert ask(f"SELECT sum(price) FROM prices {position} %s", value) == [(150,)]
        # Written in the statement itself, the position is found anew each time.
        assert ask("SELECT count(*) FROM prices AS OF TIMESTAMP now() WHERE price > %s", 0) == [(4,)]
        assert ask("SELECT item FROM prices AS OF TIMESTAMP %s - interval '1 minute' WHERE shop = %s AND item = 2",
                   at + datetime.timedelta(minutes=1), "a") == [(2,)]
    # A result that is being read stays what it was.
    rows = table.cursor().stream("SELECT item FROM prices AS OF LSN %s WHERE shop = 'a'", [then])
    assert next(rows) == (1,)
    with server.connect() as other:
        other.execute("DELETE FROM prices")
    assert list(rows) == [(2,), (3,), (4,), (5,)]


def test_a_client_learns_the_types_of_positions(table):
    for text, oid in [("SELECT item FROM prices AS OF LSN $1", "int8"), ("SELECT item FROM prices AS OF TIMESTAMP $1", "timestamptz")]:
        assert table.pgconn.prepare(oid.encode(), text.encode()).status == psycopg.pq.ExecStatus.COMMAND_OK
        described = table.pgconn.describe_prepared(oid.encode())
        assert described.param_type(0) == psycopg.adapters.types[oid].oid


def test_errors_say_what_to_do(table):
    def refused(text):
        with pytest.raises(psycopg.Error) as caught:
            table.execute(text)
        return caught.value.diag

    table.execute("DROP TABLE IF EXISTS plain")
    table.execute("CREATE TABLE plain (id int PRIMARY KEY)")
    before = lsn(table)
    table.execute("ALTER TABLE plain SET (history = '1s')")
    floor = refused(f"SELECT * FROM plain AS OF LSN {before}")
    assert floor.sqlstate == "72000" and f"reaches back to LSN {before + 1}, time " in floor.message_detail
    assert refused("SELECT * FROM plain AS OF TIMESTAMP '2020-01-01'").sqlstate == "72000"
    future = refused(f"SELECT * FROM plain AS OF LSN {before + 1000}")
    assert future.sqlstate == "22023" and future.message_detail.startswith("The newest position is LSN ")
    assert refused("SELECT * FROM plain AS OF TIMESTAMP now() + interval '1 day'").sqlstate == "22023"
    table.execute("ALTER TABLE plain RESET (history)")
    off = refused("SELECT * FROM plain AS OF LSN 5")
    assert off.sqlstate == "55000" and "SET (history = '1h')" in off.message_hint
    two = refused("SELECT * FROM prices AS OF LSN 5 JOIN plain ON true")
    assert two.sqlstate == "0A000" and "same AS OF" in two.message_hint
    assert refused("DELETE FROM prices AS OF LSN 5").sqlstate == "0A000"
    assert refused("ALTER TABLE prices SET (history = 'for ever')").sqlstate == "22023"
    assert refused("ALTER TABLE prices SET (history = '8 days')").sqlstate == "22023"


def test_reading_the_past_conflicts_with_nobody(server, table):
    then = lsn(table)
    with table.transaction(), server.connect() as other:
        table.execute("INSERT INTO prices VALUES ('b', 1, 0)")
        assert table.execute("SELECT sum(price) FROM prices AS OF LSN %s", [then]).fetchone() == (150,)
        other.execute("UPDATE prices SET price = 0 WHERE shop = 'a'")
        assert table.execute("SELECT count(*) FROM prices AS OF LSN %s", [lsn(other)]).fetchone() == (5,)
    assert table.execute("SELECT sum(price), count(*) FROM prices").fetchone() == (0, 6)


class Writer(threading.Thread):
    """Writes keys of its own through one door until the server is killed, and keeps what the whole table was at some positions."""

    def __init__(self, server, number, seed):
        super().__init__()
        self.server, self.number, self.chance, self.failure = server, number, random.Random(seed), None

    def run(self):
        try:
            self.write()
        except Exception as error:
            self.failure = error

    def write(self):
        dynamodb, connection = self.server.dynamodb(), self.server.connect()
        for n in range(WRITES):
            key = self.chance.randrange(KEYS) * WRITERS + self.number
            if self.chance.random() < 0.3:
                connection.execute("DELETE FROM kept WHERE id = %s", [key])
            elif self.chance.random() < 0.5:
                dynamodb.put_item(TableName="kept", Item={"id": {"N": str(key)}, "n": {"N": str(n)}})
            else:
                connection.execute("INSERT INTO kept VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n", [key, n])


ALL = "SELECT id, n FROM kept{} ORDER BY id"


def snapshot(server):
    """The table at a position: read in a block, whose snapshot that is."""
    with server.connect() as connection, connection.transaction():
        return lsn(connection), connection.execute("SELECT now()").fetchone()[0], connection.execute(ALL.format("")).fetchall()


def test_the_same_past_is_read_after_every_crash(tmp_path):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    # Small memory, so that history is in files as well as in the log.
    flags = ("--write-memory-mib", "1")
    known = []

    def check(server):
        with server.connect() as connection:
            for position, _, rows in known:
                assert connection.execute(ALL.format(f" AS OF LSN {position}")).fetchall() == rows, position
            for key in range(0, KEYS * WRITERS, 7):
                for position, _, rows in known[::5]:
                    found = connection.execute("SELECT n FROM kept AS OF LSN %s WHERE id = %s", [position, key]).fetchall()
                    assert found == [(n,) for id, n in rows if id == key]

    with running(tmp_path, *flags) as server, server.connect() as connection:
        connection.execute("CREATE TABLE kept (id int PRIMARY KEY, n int) WITH (history = '1h')")
        known.append(snapshot(server))
    for kill in range(KILLS):
        server = Server(tmp_path, *flags)
        try:
            writers = [Writer(server, number, f"{seed} {kill} {number}") for number in range(WRITERS)]
            for writer in writers:
                writer.start()
            while any(writer.is_alive() for writer in writers):
                known.append(snapshot(server))
            for writer in writers:
                writer.join()
                assert writer.failure is None, writer.failure
            known += [snapshot(server), snapshot(server)]
            check(server)
        finally:
            server.kill()
        with running(tmp_path, *flags) as server:
            check(server)
    # By time: a moment between two snapshots of one state is that state.
    with running(tmp_path, *flags) as server, server.connect() as connection:
        quiet = [(time, rows) for (_, time, rows), (_, _, after) in zip(known, known[1:], strict=False) if rows == after]
        assert len(quiet) >= KILLS
        for time, rows in quiet:
            assert connection.execute(ALL.format(" AS OF TIMESTAMP %s"), [time]).fetchall() == rows, time
