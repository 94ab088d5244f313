"""Clients that die between BEGIN and COMMIT: at once nothing of theirs is in anybody's way, and nothing of theirs is ever there."""

import os
import signal
import socket
import struct
import subprocess
import sys

import psycopg
import pytest

from support.server import PATIENCE_SECONDS, running

# What a client does in its block before it dies, and is in nobody's way then.
BLOCKS = {
    "staged writes": ["UPDATE accounts SET balance = 0 WHERE id = 1", "INSERT INTO accounts VALUES (7, 7)", "DELETE FROM accounts WHERE id = 2"],
    "FOR UPDATE": ["SELECT * FROM accounts WHERE id = 1 FOR UPDATE", "SELECT * FROM accounts FOR UPDATE"],
    "LOCK TABLE": ["LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE"],
    "definitions": [
        "CREATE TABLE made (id int PRIMARY KEY)", "INSERT INTO made VALUES (1)", "CREATE INDEX by_balance ON accounts (balance)", "DROP TABLE doomed",
    ],
    "a savepoint": ["INSERT INTO accounts VALUES (8, 8)", "SAVEPOINT s", "UPDATE accounts SET balance = balance + 1", "ROLLBACK TO s"],
    "a failed block": ["UPDATE accounts SET balance = 0 WHERE id = 1", "SELECT nothing FROM accounts"],
    "a statement under way": [
        "UPDATE accounts SET balance = 0 WHERE id = 1",
        "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b WHERE a.a + b.b < 0",
    ],
    "rows that nobody reads": ["UPDATE accounts SET balance = 0 WHERE id = 1", "SELECT g, repeat('x', 1000) FROM generate_series(1, 200000) AS g"],
    "COPY under way": ["UPDATE accounts SET balance = 0 WHERE id = 1", "COPY accounts FROM STDIN"],
}

# The victim: a process that runs its statements, says so, and waits to be killed. Its last statement is sent and not waited for.
VICTIM = """
import socket, struct, sys
host, port, *statements = sys.argv[1:]
client = socket.create_connection((host, int(port)))
stream = client.makefile("rb")

def send(kind, body):
    client.sendall(kind + struct.pack("!I", len(body) + 4) + body)

def until_ready():
    while True:
        head = stream.read(5)
        stream.read(struct.unpack("!I", head[1:])[0] - 4)
        if head[:1] == b"Z":
            return

send(b"", struct.pack("!I", 196608) + b"user\\0shale\\0database\\0shale\\0\\0")
until_ready()
for statement in ["BEGIN", *statements[:-1]]:
    send(b"Q", statement.encode() + b"\\0")
    until_ready()
send(b"Q", statements[-1].encode() + b"\\0")
if "COPY" in statements[-1]:
    assert stream.read(1) == b"G"
    send(b"d", b"9\\t9\\n10\\t")
elif "generate_series" in statements[-1]:
    # The server is at it, or has begun to answer.
    pass
else:
    until_ready()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def tables(pg):
    for table in ("accounts", "doomed", "made"):
        pg.execute(f"DROP TABLE IF EXISTS {table}")
    pg.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)")
    pg.execute("CREATE TABLE doomed (id int PRIMARY KEY)")
    pg.execute("INSERT INTO accounts VALUES (1, 100), (2, 100)")


def victim(server, block):
    host, port = server.pg_endpoint
    process = subprocess.Popen([sys.executable, "-c", VICTIM, host, str(port), *BLOCKS[block]], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def assert_untouched(server, pg):
    """Nothing of the victim is there, and another client does at once what it was about to do."""
    assert pg.execute("SELECT id, balance FROM accounts ORDER BY id").fetchall() == [(1, 100), (2, 100)]
    with server.connect(autocommit=False) as next_one:
        # Whoever had to wait for the dead one would end here.
        next_one.execute("SET statement_timeout = '30s'")
        next_one.execute("SELECT * FROM accounts FOR UPDATE")
        next_one.execute("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE")
        assert next_one.execute("UPDATE accounts SET balance = balance - 1").rowcount == 2
        next_one.execute("INSERT INTO accounts VALUES (7, 1), (8, 1), (9, 1)")
        next_one.execute("CREATE TABLE made (id int PRIMARY KEY, note text)")
        next_one.execute("DROP TABLE doomed")
        next_one.commit()
    pg.execute("CREATE INDEX by_balance ON accounts (balance)")
    expected = [(1, 99), (2, 99), (7, 1), (8, 1), (9, 1)]
    assert pg.execute("SELECT id, balance FROM accounts ORDER BY id").fetchall() == expected
    dynamodb = server.dynamodb()
    for id, balance in expected:
        added = dynamodb.update_item(
            TableName="accounts", Key={"id": {"N": str(id)}}, UpdateExpression="ADD balance :one",
            ExpressionAttributeValues={":one": {"N": "1"}}, ReturnValues="UPDATED_NEW",
        )
        assert added["Attributes"]["balance"]["N"] == str(balance + 1)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_killed_process_leaves_nothing_behind(server, pg, block):
    process = victim(server, block)
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    assert_untouched(server, pg)


# A statement under way is in the way of others that compute, not of what they would lock.
@pytest.mark.parametrize("block", [block for block in BLOCKS if block != "a statement under way"])
def test_a_stopped_process_is_in_nobodys_way(server, pg, block):
    """Its connection is there, and its block open: nothing is locked by it either way."""
    process = victim(server, block)
    process.send_signal(signal.SIGSTOP)
    try:
        assert_untouched(server, pg)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_a_reset_connection_leaves_nothing_behind(server, pg):
    connection = server.connect(autocommit=False)
    connection.execute("UPDATE accounts SET balance = 0 WHERE id = 1")
    connection.execute("SELECT * FROM accounts WHERE id = 2 FOR UPDATE")
    raw = socket.socket(fileno=os.dup(connection.fileno()))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The last descriptor of the connection: closing it sends RST.
    connection.pgconn.finish()
    raw.close()
    assert_untouched(server, pg)


def test_commit_without_its_end_is_no_commit(server, pg):
    """All of the message but its last byte."""
    connection = server.connect(autocommit=False)
    connection.execute("UPDATE accounts SET balance = 0 WHERE id = 1")
    raw = socket.socket(fileno=os.dup(connection.fileno()))
    raw.sendall(b"Q" + struct.pack("!I", 11) + b"COMMIT")
    raw.shutdown(socket.SHUT_RDWR)
    raw.close()
    assert_untouched(server, pg)
    connection.close()


def test_sessions_of_the_dead_are_free_again(tmp_path):
    """As many again as the server takes, over and over: none of the dead ones keeps its place."""
    most = 4
    with running(tmp_path, "--max-pg-connections", str(most)) as server:
        with server.connect() as pg:
            pg.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)")
        for turn in range(5):
            dying = [patiently(server) for _ in range(most)]
            for n, connection in enumerate(dying):
                connection.execute("INSERT INTO accounts VALUES (%s, %s)", [n, turn])
            for connection in dying:
                socket.socket(fileno=os.dup(connection.fileno())).shutdown(socket.SHUT_RDWR)
                connection.close()
        with patiently(server) as pg:
            assert pg.execute("SELECT count(*) FROM accounts").fetchone() == (0,)


def patiently(server):
    """A connection; the server learns of a death a moment after it."""
    for _ in range(1000):
        try:
            return server.connect(autocommit=False, connect_timeout=PATIENCE_SECONDS)
        except psycopg.OperationalError as error:
            assert "too many" in str(error), error
    raise AssertionError("the dead keep their places")
