"""Acknowledged is durable: writers at both doors, SIGKILL at random moments, and after each restart exactly what they were told.

`SHALE_CRASH_SEED` repeats the random choices of a run (the interleaving of threads and the disk is not repeated by it).
"""

import itertools
import os
import random
import subprocess
import threading

import botocore.exceptions
import psycopg
import pytest

from support import history
from support.history import Counter, Register, Violation, body
from support.server import Server, environment, running, serve_command

KILLS = 24
WRITERS_PER_DOOR = 4
REGISTERS_PER_WRITER = 12
# Small, so that flushes and compactions are cut off too.
FLAGS = ("--write-memory-mib", "1")
COUNTERS = ("sql", "dynamodb", "both", "compared")
CONNECTION_LOST = (
    botocore.exceptions.EndpointConnectionError, botocore.exceptions.ConnectionClosedError, botocore.exceptions.ReadTimeoutError,
    botocore.exceptions.HTTPClientError,
)


class Writer(threading.Thread):
    """One client with one connection, keys of its own, and a share in the counters. Subclasses say how a door is used."""

    def __init__(self, name, server, chance, registers, counters, killed):
        super().__init__(name=name)
        self.server, self.chance, self.registers, self.counters, self.killed = server, chance, registers, counters, killed
        self.acknowledged = 0
        self.failure = None

    def run(self):
        try:
            self.open()
            while True:
                self.step()
        except Exception as error:
            if not (self.is_lost(error) and self.killed.is_set()):
                self.failure = error

    def step(self):
        kind = self.chance.choices(["register", "counter", "read"], [6, 3, 1])[0]
        if kind == "counter":
            return self.increment(self.chance.choice(self.counters))
        register = self.chance.choice(self.registers)
        if kind == "read":
            rows = self.read(register)
            return register.settle(rows, f"read by its writer {self.name}")
        # A DELETE takes one key, so what is written together is only overwritten.
        if register.state is not None and len(register.keys) == 1 and self.chance.random() < 0.3:
            register.begin(f"{self.name} delete", None)
            self.delete(register)
        else:
            register.begin(f"{self.name} write", register.next_version())
            self.write(register, register.target)
        register.acknowledge()
        self.acknowledged += 1

    def increment(self, counter):
        counter.begin()
        value = self.compare_and_increment(counter.key) if counter.key == "compared" else self.add(counter.key)
        if value is None:
            counter.refused()
        else:
            counter.acknowledge(value, self.name)
            self.acknowledged += 1


class SqlWriter(Writer):
    """Writes through PostgreSQL's protocol; its registers of several keys are written by one statement."""

    def is_lost(self, error):
        return isinstance(error, psycopg.OperationalError) and error.sqlstate is None

    def open(self):
        self.connection = self.server.connect()

    def execute(self, text, parameters):
        return self.connection.execute(text, parameters)

    def write(self, register, version):
        rows = [(key, version, -version, body(key, version)) for key in register.keys]
        if register.state is None:
            text = f"INSERT INTO registers VALUES {', '.join(['(%s, %s, %s, %s)'] * len(rows))}"
        elif len(rows) == 1 and self.chance.random() < 0.5:
            text, rows = "UPDATE registers SET seq = %s, twin = %s, body = %s WHERE id = %s", [(*rows[0][1:], rows[0][0])]
        else:
            text = (f"INSERT INTO registers VALUES {', '.join(['(%s, %s, %s, %s)'] * len(rows))} "
                    "ON CONFLICT (id) DO UPDATE SET seq = EXCLUDED.seq, twin = EXCLUDED.twin, body = EXCLUDED.body")
        count = self.execute(text, list(itertools.chain(*rows))).rowcount
        if count != len(rows):
            raise Violation(f"{self.name}: {count} rows for {len(rows)}\n{register}")

    def delete(self, register):
        count = self.execute("DELETE FROM registers WHERE id = %s", register.keys).rowcount
        if count != 1:
            raise Violation(f"{self.name}: {count} rows deleted\n{register}")

    def read(self, register):
        marks = ", ".join(["%s"] * len(register.keys))
        rows = self.execute(f"SELECT id, seq, twin, body FROM registers WHERE id IN ({marks})", register.keys).fetchall()
        return {key: row for key, *row in rows}

    def add(self, key):
        return self.execute("UPDATE counters SET n = n + 1 WHERE id = %s RETURNING n", [key]).fetchone()[0]

    def compare_and_increment(self, key):
        seen = self.execute("SELECT n FROM counters WHERE id = %s", [key]).fetchone()[0]
        row = self.execute("UPDATE counters SET n = n + 1 WHERE id = %s AND n = %s RETURNING n", [key, seen]).fetchone()
        return row and row[0]


class DynamoDbWriter(Writer):
    """Writes through DynamoDB's protocol, each second time with a condition that must hold."""

    def is_lost(self, error):
        return isinstance(error, CONNECTION_LOST)

    def open(self):
        # One attempt each: a repeated increment would count twice.
        self.client = self.server.dynamodb()

    def write(self, register, version):
        [key] = register.keys
        condition = {}
        if self.chance.random() < 0.5:
            if register.state is None:
                condition = {"ConditionExpression": "attribute_not_exists(id)"}
            else:
                condition = {"ConditionExpression": "seq = :old", "ExpressionAttributeValues": {":old": {"N": str(register.state)}}}
        item = {"id": {"S": key}, "seq": {"N": str(version)}, "twin": {"N": str(-version)}, "body": {"S": body(key, version)}}
        self.client.put_item(TableName="registers", Item=item, **condition)

    def delete(self, register):
        [key] = register.keys
        old = self.client.delete_item(TableName="registers", Key={"id": {"S": key}}, ReturnValues="ALL_OLD").get("Attributes", {})
        if old.get("seq") != {"N": str(register.state)}:
            raise Violation(f"{self.name}: deleted {old.get('seq')}\n{register}")

    def read(self, register):
        [key] = register.keys
        item = self.client.get_item(TableName="registers", Key={"id": {"S": key}}, ConsistentRead=True).get("Item")
        return {key: row_of(item)} if item else {}

    def update(self, key, **how):
        answer = self.client.update_item(TableName="counters", Key={"id": {"S": key}}, ReturnValues="UPDATED_NEW", **how)
        return int(answer["Attributes"]["n"]["N"])

    def add(self, key):
        return self.update(key, UpdateExpression="ADD n :one", ConditionExpression="attribute_exists(id)",
                           ExpressionAttributeValues={":one": {"N": "1"}})

    def compare_and_increment(self, key):
        seen = self.client.get_item(TableName="counters", Key={"id": {"S": key}}, ConsistentRead=True)["Item"]["n"]
        try:
            return self.update(key, UpdateExpression="SET n = :new", ConditionExpression="n = :seen",
                               ExpressionAttributeValues={":new": {"N": str(int(seen["N"]) + 1)}, ":seen": seen})
        except self.client.exceptions.ConditionalCheckFailedException:
            return None


def row_of(item):
    return int(item["seq"]["N"]), int(item["twin"]["N"]), item["body"]["S"]


class World:
    """Everything that was ever sent, over all lives of the server."""

    def __init__(self):
        self.counters = {key: Counter(key) for key in COUNTERS}
        self.registers = {}
        for door, number in itertools.product(("sql", "dynamodb"), range(WRITERS_PER_DOOR)):
            name = f"{door}-{number}"
            registers = [Register([f"{name}/{n}"]) for n in range(REGISTERS_PER_WRITER)]
            if door == "sql":
                registers += [Register([f"{name}/together-{g}/{n}" for n in range(5)]) for g in range(3)]
            self.registers[name] = registers
        self.acknowledged = self.unknown = self.unknown_done = 0

    def writers(self, server, chance, killed):
        for name, registers in self.registers.items():
            kind = SqlWriter if name.startswith("sql") else DynamoDbWriter
            counters = [self.counters[key] for key in COUNTERS if key in (name.split("-")[0], "both", "compared")]
            yield kind(name, server, random.Random(chance.random()), registers, counters, killed)

    def verify(self, server, when):
        """What both doors show is what was acknowledged, give or take what was under way."""
        with server.connect() as pg:
            found = {key: tuple(row) for key, *row in pg.execute("SELECT id, seq, twin, body FROM registers")}
            counts = dict(pg.execute("SELECT id, n FROM counters").fetchall())
        pages = server.dynamodb().get_paginator("scan").paginate(TableName="registers", ConsistentRead=True)
        through_dynamodb = {item["id"]["S"]: row_of(item) for page in pages for item in page["Items"]}
        if found != through_dynamodb:
            differing = {key for key in found.keys() | through_dynamodb.keys() if found.get(key) != through_dynamodb.get(key)}
            raise Violation(f"{when}: the doors show different data for {sorted(differing)[:5]}")
        registers = [register for own in self.registers.values() for register in own]
        never_sent = found.keys() - {key for register in registers for key in register.keys}
        if never_sent or counts.keys() != self.counters.keys():
            raise Violation(f"{when}: found what was never sent: {sorted(never_sent)[:5]}, counters {counts}")
        for register in registers:
            self.unknown += register.under_way
            self.unknown_done += register.settle(found, when)
        for key, counter in self.counters.items():
            self.unknown += counter.under_way
            self.unknown_done += counter.settle(counts[key], when)


def write_until_killed(world, server, chance, seconds):
    """Runs all writers and kills the server after so many seconds, whatever it is doing."""
    killed = threading.Event()
    writers = list(world.writers(server, chance, killed))
    for writer in writers:
        writer.start()
    # Not a wait for something to happen: the moment of the crash is meant to be arbitrary.
    killed.wait(seconds)
    killed.set()
    server.kill()
    for writer in writers:
        writer.join()
    world.acknowledged += sum(writer.acknowledged for writer in writers)
    failures = {writer.name: writer.failure for writer in writers if writer.failure}
    if failures:
        name, failure = failures.popitem()
        raise Violation(f"writer {name} failed: {failure!r} ({len(failures)} others too)\n{server.errors()}") from failure
    return {writer.name: writer.acknowledged for writer in writers}


def kill_while_starting(directory, seconds):
    """A crash of the recovery itself, or shortly after it."""
    process = subprocess.Popen(serve_command(directory, *FLAGS), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=environment())
    try:
        process.wait(timeout=seconds)
        raise Violation(f"the server ended by itself with {process.returncode} while starting")
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def test_nothing_acknowledged_is_lost_and_nothing_else_appears(tmp_path):
    """After each of at least 20 kills: every acknowledged write is there; one under way is wholly there or wholly absent (the rows of
    one INSERT together); nothing that was never sent is there; both doors agree; counters lie between the acknowledged increments and
    those plus the ones under way, and no two increments were told the same value.
    """
    seed = int(os.environ.get("SHALE_CRASH_SEED") or random.randrange(2**32))
    print(f"SHALE_CRASH_SEED={seed}, data in {tmp_path}")
    chance = random.Random(seed)
    world = World()
    with running(tmp_path, *FLAGS) as server, server.connect() as pg:
        pg.execute("CREATE TABLE registers (id text PRIMARY KEY, seq int, twin int, body text)")
        pg.execute("CREATE TABLE counters (id text PRIMARY KEY, n int)")
        for key in COUNTERS:
            pg.execute("INSERT INTO counters VALUES (%s, 0)", [key])
        server.kill()
    by_writer = {}
    for life in range(1, KILLS + 1):
        if chance.random() < 0.25:
            delay = chance.uniform(0.02, 0.4)
            print(f"life {life}: killed {delay:.3f} s after its start")
            kill_while_starting(tmp_path, delay)
        server = Server(tmp_path, *FLAGS)
        try:
            world.verify(server, f"after crash {life - 1}")
            seconds = chance.uniform(0.1, 2.0)
            acknowledged = write_until_killed(world, server, chance, seconds)
        finally:
            server.kill()
        print(f"life {life}: killed after {seconds:.3f} s of writing, {sum(acknowledged.values())} acknowledged")
        for name, count in acknowledged.items():
            by_writer[name] = by_writer.get(name, 0) + count
    with running(tmp_path, *FLAGS) as server:
        world.verify(server, f"after crash {KILLS}")
        assert server.stop() == 0
    with running(tmp_path, *FLAGS) as server:
        world.verify(server, "after a stop in order")
    print(f"{world.acknowledged} acknowledged; {world.unknown} unknown, of which {world.unknown_done} were done")
    # The run meant something: everybody wrote, and kills met operations under way.
    assert min(by_writer.values()) > KILLS and world.unknown > KILLS, (by_writer, world.unknown)


def test_the_check_itself_notices():
    """A lost write, half a write, rows apart, a write from nowhere and a lost increment are each called a violation."""
    register = Register(["a", "b"])
    register.begin("write", register.next_version())
    whole = {key: (1, -1, body(key, 1)) for key in "ab"}
    assert register.settle(whole, "unknown and done")
    for rows, words in [({}, "allowed"), ({"a": whole["a"]}, "apart"), ({**whole, "b": (1, -1, "x")}, "pieces"),
                        ({**whole, "b": (1, -2, body("b", 1))}, "pieces"), ({key: (2, -2, body(key, 2)) for key in "ab"}, "allowed")]:
        with pytest.raises(Violation, match=words):
            register.settle(rows, "later")
    counter = Counter("n")
    counter.begin()
    counter.begin()
    counter.acknowledge(1, "one")
    for found in (0, 3):
        with pytest.raises(history.Violation, match="counter n is"):
            counter.settle(found, "later")
    with pytest.raises(Violation, match="both told 1"):
        counter.acknowledge(1, "two")
