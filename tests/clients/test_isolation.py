"""Isolation: transactions through both doors at once, and a checker of what they saw, which is itself tested."""

import os
import random
import threading
import time

import psycopg
import pytest
from botocore.exceptions import ClientError

from support.serializability import Transaction, anomalies
from support.server import running

KEYS = 5
CLIENTS = 6
SECONDS = 5
SEED = int(os.environ.get("SHALE_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)


class Workload:
    """Clients append unique values to lists and read them, each in its own way."""

    def __init__(self, server, seed):
        self.server = server
        self.seed = seed
        self.transactions = []
        self.values = 0
        self.lock = threading.Lock()
        self.failures = []

    def run(self, seconds):
        with self.server.connect() as pg:
            pg.execute("CREATE TABLE lists (k int PRIMARY KEY, l bigint[])")
            for key in range(KEYS):
                pg.execute("INSERT INTO lists VALUES (%s, %s::bigint[])", (key, []))
        ends = time.monotonic() + seconds
        clients = [threading.Thread(target=self.client, args=(number, ends)) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert not self.failures, self.failures[0]
        with self.server.connect() as pg:
            final = {key: values or [] for key, values in pg.execute("SELECT k, l FROM lists")}
        return anomalies(self.transactions, final)

    def client(self, number, ends):
        chance = random.Random(self.seed + number)
        ways = [self.interactive, self.interactive, self.write_all, self.read_all, self.update_one, self.read_table]
        dynamodb = self.server.dynamodb()
        try:
            with psycopg.connect(self.server.pg_url()) as pg:
                while time.monotonic() < ends:
                    chance.choice(ways)(chance, pg, dynamodb)
        except Exception as error:  # noqa: BLE001 - told by the main thread
            self.failures.append(error)

    def begin(self):
        return Transaction(time.monotonic())

    def end(self, transaction, committed):
        transaction.ended = time.monotonic()
        transaction.committed = committed
        with self.lock:
            self.transactions.append(transaction)

    def value(self):
        with self.lock:
            self.values += 1
            return self.values

    def interactive(self, chance, pg, _):
        """BEGIN, some reads and appends that depend on what was read, COMMIT."""
        done = self.begin()
        try:
            with pg.transaction():
                for key in chance.sample(range(KEYS), chance.randrange(1, 4)):
                    values = pg.execute("SELECT l FROM lists WHERE k = %s", (key,)).fetchone()[0] or []
                    done.reads.append((key, values))
                    if chance.random() < 0.5:
                        value = self.value()
                        done.appends.append((key, value))
                        pg.execute("UPDATE lists SET l = %s::bigint[] WHERE k = %s", ([*values, value], key))
            self.end(done, True)
        except psycopg.errors.SerializationFailure:
            self.end(done, False)

    def read_table(self, _, pg, __):
        """One statement that reads everything."""
        done = self.begin()
        with pg.transaction():
            done.reads = [(key, values or []) for key, values in pg.execute("SELECT k, l FROM lists")]
        self.end(done, True)

    def write_all(self, chance, _, dynamodb):
        """TransactWriteItems: appends to several lists without looking."""
        done = self.begin()
        done.appends = [(key, self.value()) for key in chance.sample(range(KEYS), chance.randrange(2, 4))]
        try:
            dynamodb.transact_write_items(TransactItems=[{"Update": append(key, value)} for key, value in done.appends])
            self.end(done, True)
        except dynamodb.exceptions.TransactionCanceledException:
            self.end(done, False)

    def read_all(self, _, __, dynamodb):
        """TransactGetItems of all lists."""
        done = self.begin()
        gets = [{"Get": {"TableName": "lists", "Key": {"k": {"N": str(key)}}}} for key in range(KEYS)]
        answers = dynamodb.transact_get_items(TransactItems=gets)["Responses"]
        done.reads = [(key, numbers(answer["Item"])) for key, answer in enumerate(answers)]
        self.end(done, True)

    def update_one(self, chance, _, dynamodb):
        """UpdateItem, which answers what it made."""
        done = self.begin()
        key, value = chance.randrange(KEYS), self.value()
        try:
            made = numbers(dynamodb.update_item(**append(key, value), ReturnValues="ALL_NEW")["Attributes"])
        except ClientError as error:
            assert error.response["Error"]["Code"] == "TransactionConflictException", error
            self.end(done, False)
            return
        assert made[-1] == value
        done.reads, done.appends = [(key, made[:-1])], [(key, value)]
        self.end(done, True)


def append(key, value):
    return {
        "TableName": "lists",
        "Key": {"k": {"N": str(key)}},
        "UpdateExpression": "SET l = list_append(l, :new)",
        "ExpressionAttributeValues": {":new": {"L": [{"N": str(value)}]}},
    }


def numbers(item):
    return [int(element["N"]) for element in item["l"]["L"]]


def test_transactions_through_both_doors_are_strictly_serializable(tmp_path):
    print(f"SHALE_SEED={SEED}")
    with running(tmp_path) as server:
        workload = Workload(server, SEED)
        assert workload.run(SECONDS) == []
    committed = sum(transaction.committed for transaction in workload.transactions)
    print(f"{committed} of {len(workload.transactions)} transactions committed")
    assert committed > 50


def test_without_validation_the_checker_finds_what_is_wrong(tmp_path):
    """A server whose transactions are not validated, on purpose: a checker that finds nothing there is none."""
    with running(tmp_path, "--skip-transaction-validation") as server:
        assert Workload(server, SEED).run(SECONDS) != []


@pytest.mark.parametrize(
    ("transactions", "final", "anomaly"),
    [
        ([Transaction(0, [("x", [])], [("x", 1)], 1, True), Transaction(0, [("x", [1])], [("x", 2)], 1, True)], {"x": [1, 2]}, None),
        ([Transaction(0, [], [("x", 1)], 1, True)], {"x": []}, "is lost"),
        ([Transaction(0, [], [("x", 1)], 1, False)], {"x": [1]}, "by nobody who committed"),
        ([Transaction(0, [("x", [2])], [], 1, True), Transaction(0, [], [("x", 1)], 1, True)], {"x": [1]}, "no beginning"),
        # Both read the other's list before it was written.
        (
            [Transaction(0, [("y", [])], [("x", 1)], 1, True), Transaction(0, [("x", [])], [("y", 2)], 1, True)],
            {"x": [1], "y": [2]},
            "a cycle",
        ),
        # One sees the first write and not the second, the other the second and not the first.
        (
            [
                Transaction(0, [], [("x", 1)], 9, True),
                Transaction(0, [], [("y", 2)], 9, True),
                Transaction(0, [("x", [1]), ("y", [])], [], 9, True),
                Transaction(0, [("x", []), ("y", [2])], [], 9, True),
            ],
            {"x": [1], "y": [2]},
            "a cycle",
        ),
        # What was answered before it began is not there.
        ([Transaction(0, [], [("x", 1)], 1, True), Transaction(2, [("x", [])], [], 3, True)], {"x": [1]}, "a cycle"),
    ],
)
def test_the_checker_knows_what_cannot_be(transactions, final, anomaly):
    found = anomalies(transactions, final)
    assert (found == []) if anomaly is None else any(anomaly in sentence for sentence in found), found
