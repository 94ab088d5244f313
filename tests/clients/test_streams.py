"""DynamoDB Streams with boto3, followed as the Kinesis client library follows them, also over SIGKILL."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import botocore.exceptions
import psycopg
import pytest

from support.server import ROOT, Server, environment, running

sys.path.insert(0, str(ROOT / "examples/change-feed"))
import change_feed  # noqa: E402

KILLS = 8
WRITERS_PER_DOOR = 2
ITEMS_PER_WRITER = 6
PATIENCE_SECONDS = 60
CONNECTION_LOST = (
    botocore.exceptions.EndpointConnectionError, botocore.exceptions.ConnectionClosedError, botocore.exceptions.ReadTimeoutError,
    botocore.exceptions.HTTPClientError, psycopg.OperationalError,
)


def create(dynamodb, name, view="NEW_AND_OLD_IMAGES"):
    """A table with HASH id (S) and a stream, whose ARN is answered."""
    created = dynamodb.create_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
    )
    return created["TableDescription"]["LatestStreamArn"]


def read(streams, arn):
    """Every record that is kept."""
    records = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        first = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        iterator = first["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            records += page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return records


@pytest.mark.parametrize("view", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_a_stream_holds_what_its_view_says(server, dynamodb, view):
    arn = create(dynamodb, f"view-{view}", view)
    item = {"id": {"S": "a"}, "b": {"B": b"\x00\xff"}, "l": {"L": [{"NULL": True}, {"NS": ["1", "2"]}]}}
    dynamodb.put_item(TableName=f"view-{view}", Item=item)
    # The same set in another order is the same item.
    same = {**item, "l": {"L": [{"NULL": True}, {"NS": ["2", "1"]}]}}
    dynamodb.put_item(TableName=f"view-{view}", Item=same)
    changed = {**item, "n": {"N": "7"}}
    dynamodb.put_item(TableName=f"view-{view}", Item=changed)
    dynamodb.delete_item(TableName=f"view-{view}", Key={"id": {"S": "a"}})
    records = read(server.streams(), arn)
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert len({record["eventID"] for record in records}) == 3
    for record, old, new in zip(records, [None, item, changed], [item, changed, None], strict=True):
        change = record["dynamodb"]
        assert record["eventSource"] == "aws:dynamodb" and record["awsRegion"] == "us-east-1"
        assert change["Keys"] == {"id": {"S": "a"}} and change["StreamViewType"] == view
        assert sorted_sets(change.get("NewImage")) == (new if "NEW" in view else None)
        assert sorted_sets(change.get("OldImage")) == (old if "OLD" in view else None)
        assert abs(change["ApproximateCreationDateTime"].timestamp() - time.time()) < PATIENCE_SECONDS
        assert len(change["SequenceNumber"]) >= 21 and change["SizeBytes"] > 0
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    assert numbers == sorted(numbers) == sorted(numbers, key=int)


def sorted_sets(image):
    if image and "l" in image:
        image["l"]["L"][1]["NS"].sort()
    return image


def test_a_table_shows_its_latest_stream_and_the_paginator_lists_all(server, dynamodb):
    streams = server.streams()
    arn = create(dynamodb, "switched")
    described = dynamodb.describe_table(TableName="switched")["Table"]
    assert described["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert described["LatestStreamArn"] == arn and arn.endswith(described["LatestStreamLabel"])
    dynamodb.update_table(TableName="switched", StreamSpecification={"StreamEnabled": False})
    description = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert description["StreamStatus"] == "DISABLED"
    [shard] = description["Shards"]
    assert "EndingSequenceNumber" in shard["SequenceNumberRange"]
    dynamodb.update_table(TableName="switched", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    dynamodb.delete_table(TableName="switched")
    found, start = [], {}
    while True:
        page = streams.list_streams(TableName="switched", Limit=1, **start)
        found += page["Streams"]
        if "LastEvaluatedStreamArn" not in page:
            break
        start = {"ExclusiveStartStreamArn": page["LastEvaluatedStreamArn"]}
    assert [stream["TableName"] for stream in found] == ["switched"] * 2
    assert found[0]["StreamArn"] == arn and found[1]["StreamLabel"] > found[0]["StreamLabel"]
    with pytest.raises(dynamodb.exceptions.ClientError, match="Table has no stream to disable: TableName: without"):
        create(dynamodb, "without")
        for _ in range(2):
            dynamodb.update_table(TableName="without", StreamSpecification={"StreamEnabled": False})


def test_errors_are_those_of_the_client_model(server, dynamodb):
    streams = server.streams()
    arn = create(dynamodb, "errors")
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    with pytest.raises(streams.exceptions.ResourceNotFoundException, match="not found"):
        streams.describe_stream(StreamArn=arn.replace("errors", "nothing"))
    with pytest.raises(streams.exceptions.ResourceNotFoundException, match="Shard does not exist"):
        streams.get_shard_iterator(StreamArn=arn, ShardId=shard[:-1] + "x", ShardIteratorType="LATEST")
    with pytest.raises(streams.exceptions.ClientError, match="Invalid ShardIterator"):
        streams.get_records(ShardIterator="garbage")
    future = time.time() + 3600
    with pytest.raises(streams.exceptions.ClientError, match="Timestamp must not be in the future"):
        streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="AT_TIMESTAMP", Timestamp=future)


def test_writes_of_both_doors_are_in_the_stream_and_transactions_in_one_piece(server, dynamodb):
    arn = create(dynamodb, "both")
    with server.connect() as pg, pg.transaction():
        pg.execute("INSERT INTO both VALUES ('a'), ('b')")
        pg.execute("DELETE FROM both WHERE id = 'a'")
        pg.execute("INSERT INTO both VALUES ('c')")
    dynamodb.transact_write_items(TransactItems=[
        {"Put": {"TableName": "both", "Item": {"id": {"S": id}, "n": {"N": "1"}}}} for id in "bd"
    ])
    changes = [(record["eventName"], record["dynamodb"]["Keys"]["id"]["S"]) for record in read(server.streams(), arn)]
    assert sorted(changes[:2]) == [("INSERT", "b"), ("INSERT", "c")]
    assert changes[2:] == [("MODIFY", "b"), ("INSERT", "d")]


def test_expired_items_are_deleted_by_the_service(tmp_path):
    with running(tmp_path, "--expiry-seconds", "1") as server, server.connect() as pg:
        pg.execute("CREATE TABLE sessions (id text PRIMARY KEY, ends bigint) WITH (ttl = 'ends', stream = 'old_image')")
        pg.execute("INSERT INTO sessions VALUES ('a', extract(epoch FROM now())::bigint), ('b', 0)")
        pg.execute("DELETE FROM sessions WHERE id = 'b'")
        ends, rows = time.monotonic() + PATIENCE_SECONDS, []
        while len(rows) < 4 and time.monotonic() < ends:
            rows = pg.execute("SELECT event_name, keys ->> 'id', user_identity ->> 'PrincipalId' FROM shale_stream('sessions')").fetchall()
    service = "dynamodb.amazonaws.com"
    assert rows[2:] == [("REMOVE", "b", None), ("REMOVE", "a", service)]


def test_a_prepared_query_goes_on_behind_a_number(server, pg):
    pg.execute("CREATE TABLE tailed (id text PRIMARY KEY, n int) WITH (stream = 'new_image')")
    for number in range(10):
        pg.execute("INSERT INTO tailed VALUES (%s, %s)", [str(number), number])
    text = ("SELECT sequence_number, (new_image ->> 'n')::int, created_at FROM shale_stream('tailed') "
            "WHERE sequence_number > %s ORDER BY sequence_number LIMIT 3")
    last, seen = "", []
    while rows := pg.execute(text, [last], prepare=True).fetchall():
        seen += [n for _, n, _ in rows]
        assert all(abs(created.timestamp() - time.time()) < PATIENCE_SECONDS for *_, created in rows)
        last = rows[-1][0]
    assert seen == list(range(10))


def test_psql_follows_a_stream_as_documented(server, pg):
    """The script of docs/streams.md prints each change once."""
    page = (ROOT / "docs/streams.md").read_text()
    script = page.split("```sh\n")[1].split("```")[0]
    pg.execute("CREATE TABLE orders (id text PRIMARY KEY, total int) WITH (stream = 'new_and_old_images')")
    host, port = server.pg_endpoint
    variables = environment(PGHOST=host, PGPORT=str(port), PGUSER="shale", PGDATABASE="shale")
    follower = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True, env=variables, start_new_session=True)
    try:
        seen = []
        for number in range(3):
            pg.execute("INSERT INTO orders VALUES (%s, %s)", [str(number), number])
            seen.append(follower.stdout.readline().rstrip("\n").split("\t"))
    finally:
        os.killpg(follower.pid, signal.SIGKILL)
        follower.wait()
    assert [event for _, event, *_ in seen] == ["INSERT"] * 3
    assert [json.loads(image) for *_, image in seen] == [{"id": str(n), "total": n} for n in range(3)]


class Writer(threading.Thread):
    """Writes items of its own through one door until the server is gone."""

    def __init__(self, server, door, number, chance, lost):
        super().__init__()
        self.server, self.door, self.chance, self.lost = server, door, chance, lost
        self.keys = [f"{door}-{number}-{n}" for n in range(ITEMS_PER_WRITER)]
        self.failure, self.acknowledged = None, 0

    def run(self):
        step = {"sql": self.sql, "dynamodb": self.dynamodb}[self.door]()
        try:
            while True:
                step()
                self.acknowledged += 1
        except CONNECTION_LOST as error:
            if not self.lost.is_set():
                self.failure = error
        except Exception as error:
            self.failure = error

    def sql(self):
        connection = self.server.connect()

        def step():
            keys, n = self.chance.sample(self.keys, 2), self.chance.randrange(1000)
            kind = self.chance.choice(["upsert", "delete", "transaction"])
            if kind == "delete":
                return connection.execute("DELETE FROM followed WHERE id = %s", keys[:1])
            with connection.transaction():
                for key in keys if kind == "transaction" else keys[:1]:
                    connection.execute("INSERT INTO followed (id, n) VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n", [key, n])
        return step

    def dynamodb(self):
        client = self.server.dynamodb()

        def step():
            keys, n = self.chance.sample(self.keys, 2), {"N": str(self.chance.randrange(3))}
            kind = self.chance.choice(["put", "delete", "update", "transaction"])
            key = {"id": {"S": keys[0]}}
            if kind == "put":
                client.put_item(TableName="followed", Item={**key, "n": n})
            elif kind == "delete":
                client.delete_item(TableName="followed", Key=key)
            elif kind == "update":
                client.update_item(TableName="followed", Key=key, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": n})
            else:
                client.transact_write_items(TransactItems=[
                    {"Put": {"TableName": "followed", "Item": {"id": {"S": key}, "n": n}}} for key in keys
                ])
        return step


def test_a_follower_misses_and_repeats_nothing_over_kills(tmp_path):
    """After each of several kills a consumer goes on from its checkpoint. Each record begins where the last one of its item ended
    (`Copy.apply` checks it), what was seen never changes, and in the end the copy is the table."""
    seed = int(os.environ.get("SHALE_CRASH_SEED") or random.randrange(2**32))
    print(f"SHALE_CRASH_SEED={seed}, data in {tmp_path}")
    chance = random.Random(seed)
    copy, acknowledged = change_feed.Copy(), 0
    with running(tmp_path) as server:
        with server.connect() as pg:
            pg.execute("CREATE TABLE followed (id text PRIMARY KEY, n int)")
        on = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        updated = server.dynamodb().update_table(TableName="followed", StreamSpecification=on)
        arn = updated["TableDescription"]["LatestStreamArn"]
        server.kill()
    for life in range(KILLS):
        server = Server(tmp_path, "--write-memory-mib", "1")
        try:
            lost = threading.Event()
            writers = [Writer(server, door, number, random.Random(chance.random()), lost)
                       for door in ("sql", "dynamodb") for number in range(WRITERS_PER_DOOR)]
            for writer in writers:
                writer.start()
            ends = time.monotonic() + chance.uniform(0.3, 1.5)
            consumer = change_feed.Consumer(server.streams(), arn, copy)
            # Whatever it has got when the server is killed, stays.
            consumer.run(lambda: time.monotonic() > ends)
            lost.set()
        finally:
            server.kill()
        for writer in writers:
            writer.join()
            assert writer.failure is None, repr(writer.failure)
            acknowledged += writer.acknowledged
        print(f"life {life}: {acknowledged} acknowledged, {copy.changes} changes seen")
    with running(tmp_path) as server:
        dynamodb = server.dynamodb()
        pages = dynamodb.get_paginator("scan").paginate(TableName="followed", ConsistentRead=True)
        items = {item["id"]["S"]: item for page in pages for item in page["Items"]}
        change_feed.Consumer(server.streams(), arn, copy).run(lambda: copy.items == items)
        again = change_feed.Copy()
        change_feed.Consumer(server.streams(), arn, again).run(lambda: again.changes >= copy.changes)
        assert again.items == items and again.changes == copy.changes
        assert server.stop() == 0
    assert copy.changes > 10 * KILLS and acknowledged > 10 * KILLS
