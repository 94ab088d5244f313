"""Kinesis streaming destinations with boto3, against moto's Kinesis: the form of records, order per item, over SIGKILL and outages."""

import os
import random
import threading
import time

import botocore.exceptions
import pytest

from support.kinesis import running_kinesis
from support.server import Server, refused, running

PATIENCE_SECONDS = 60
SEED = int(os.environ.get("SHALE_TEST_SEED", random.randrange(1 << 32)))
CONNECTION_LOST = (
    botocore.exceptions.EndpointConnectionError, botocore.exceptions.ConnectionClosedError, botocore.exceptions.ReadTimeoutError,
    botocore.exceptions.HTTPClientError,
)


@pytest.fixture(scope="module")
def kinesis():
    with running_kinesis() as started:
        yield started


@pytest.fixture(scope="module")
def sending(kinesis, tmp_path_factory):
    """A server that has the endpoint."""
    with running(tmp_path_factory.mktemp("sending"), *kinesis.flags()) as started:
        yield started


def create(dynamodb, name):
    dynamodb.create_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
    )


def destination(dynamodb, table):
    [found] = dynamodb.describe_kinesis_streaming_destination(TableName=table)["KinesisDataStreamDestinations"]
    return found


def wait_for(condition, what):
    """Asks again and again until there is an answer that is true."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < ends, f"{what} did not come"
        time.sleep(0.05)


def wait_for_state(dynamodb, table, state):
    return wait_for(lambda: (of := destination(dynamodb, table))["DestinationStatus"] == state and of, f"{table} {state}")


def enable(dynamodb, kinesis, table, shards=2, **configuration):
    arn = kinesis.create(table, shards)
    answer = dynamodb.enable_kinesis_streaming_destination(TableName=table, StreamArn=arn, **configuration)
    assert answer["DestinationStatus"] == "ENABLING" and answer["StreamArn"] == arn
    wait_for_state(dynamodb, table, "ACTIVE")
    return arn


def test_records_are_those_of_dynamodb(kinesis, sending):
    dynamodb = sending.dynamodb()
    create(dynamodb, "form")
    dynamodb.put_item(TableName="form", Item={"id": {"S": "before"}})
    arn = enable(dynamodb, kinesis, "form")
    one = {"id": {"S": "a"}, "b": {"B": b"\x00\xff"}, "l": {"L": [{"NULL": True}, {"N": "1.5"}]}}
    two = {**one, "n": {"N": "7"}}
    dynamodb.put_item(TableName="form", Item=one)
    dynamodb.put_item(TableName="form", Item=two)
    dynamodb.put_item(TableName="form", Item=two)
    with sending.connect() as pg:
        pg.execute("DELETE FROM form WHERE id = 'a'")
    sent = wait_for(lambda: len(found := kinesis.records("form")) >= 3 and found, "three records")
    assert [data["eventName"] for _, data in sent] == ["INSERT", "MODIFY", "REMOVE"], "what changes nothing is not sent"
    encoded = [None if item is None else {**item, "b": {"B": "AP8="}} for item in (None, one, two, None)]
    for (key, data), old, new in zip(sent, encoded[:3], encoded[1:], strict=True):
        assert set(data) == {
            "awsRegion", "eventID", "eventName", "userIdentity", "recordFormat", "tableName", "dynamodb", "eventSource"}
        assert (data["awsRegion"], data["userIdentity"], data["recordFormat"]) == ("us-east-1", None, "application/json")
        assert (data["tableName"], data["eventSource"]) == ("form", "aws:dynamodb")
        change = data["dynamodb"]
        assert change["Keys"] == {"id": {"S": "a"}} and change.get("OldImage") == old and change.get("NewImage") == new
        assert change["ApproximateCreationDateTimePrecision"] == "MILLISECOND" and change["SizeBytes"] > 0
        assert abs(change["ApproximateCreationDateTime"] / 1000 - time.time()) < PATIENCE_SECONDS
        assert key == sent[0][0]
    assert len({data["eventID"] for _, data in sent}) == 3
    updated = dynamodb.update_kinesis_streaming_destination(
        TableName="form", StreamArn=arn, UpdateKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"})
    assert updated["DestinationStatus"] == "UPDATING"
    assert destination(dynamodb, "form")["ApproximateCreationDateTimePrecision"] == "MICROSECOND"
    dynamodb.put_item(TableName="form", Item=one)
    change = wait_for(lambda: len(found := kinesis.records("form")) >= 4 and found, "a fourth record")[-1][1]["dynamodb"]
    assert change["ApproximateCreationDateTimePrecision"] == "MICROSECOND"
    assert abs(change["ApproximateCreationDateTime"] / 1e6 - time.time()) < PATIENCE_SECONDS
    assert dynamodb.describe_table(TableName="form")["Table"].get("LatestStreamArn") is None
    assert sending.streams().list_streams(TableName="form")["Streams"] == []
    target, authorization = kinesis.calls[-1]
    assert target == "Kinesis_20131202.PutRecords"
    assert "Credential=kinesis/" in authorization and "/us-east-1/kinesis/aws4_request" in authorization


def test_states(kinesis, sending):
    dynamodb = sending.dynamodb()
    create(dynamodb, "states")
    arn = enable(
        dynamodb, kinesis, "states", EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"})
    assert destination(dynamodb, "states")["ApproximateCreationDateTimePrecision"] == "MICROSECOND"
    with pytest.raises(dynamodb.exceptions.ClientError, match="must be DISABLED or ENABLE_FAILED"):
        dynamodb.enable_kinesis_streaming_destination(TableName="states", StreamArn=arn)
    answer = dynamodb.disable_kinesis_streaming_destination(TableName="states", StreamArn=arn)
    assert answer["DestinationStatus"] == "DISABLING"
    assert destination(dynamodb, "states")["DestinationStatus"] == "DISABLED"
    with pytest.raises(dynamodb.exceptions.ClientError, match="No streaming destination"):
        dynamodb.disable_kinesis_streaming_destination(TableName="states", StreamArn=arn)
    dynamodb.put_item(TableName="states", Item={"id": {"S": "not sent"}})
    dynamodb.enable_kinesis_streaming_destination(TableName="states", StreamArn=arn)
    dynamodb.put_item(TableName="states", Item={"id": {"S": "sent"}})
    [(_, data)] = wait_for(lambda: kinesis.records("states"), "the record")
    assert data["dynamodb"]["Keys"] == {"id": {"S": "sent"}}
    # A stream that is not there.
    create(dynamodb, "failed")
    missing = arn.replace("/states", "/missing")
    dynamodb.enable_kinesis_streaming_destination(TableName="failed", StreamArn=missing)
    failed = wait_for_state(dynamodb, "failed", "ENABLE_FAILED")
    assert "ResourceNotFoundException" in failed["DestinationStatusDescription"]
    for wrong in (arn.replace("kinesis", "sqs"), arn.replace("stream/", "table/")):
        with pytest.raises(dynamodb.exceptions.ClientError, match="Invalid StreamArn"):
            dynamodb.enable_kinesis_streaming_destination(TableName="failed", StreamArn=wrong)
    # An endpoint that does not answer: changes are kept until it does.
    create(dynamodb, "late")
    late = kinesis.create("late")
    kinesis.mode = "down"
    dynamodb.enable_kinesis_streaming_destination(TableName="late", StreamArn=late)
    dynamodb.put_item(TableName="late", Item={"id": {"S": "a"}})
    of = wait_for(lambda: (of := destination(dynamodb, "late")).get("DestinationStatusDescription") and of, "the trouble")
    assert of["DestinationStatus"] == "ENABLING" and "no answer" in of["DestinationStatusDescription"]
    kinesis.mode = "up"
    wait_for(lambda: kinesis.records("late"), "the record")
    wait_for(lambda: "DestinationStatusDescription" not in destination(dynamodb, "late"), "the end of the trouble")
    dynamodb.delete_table(TableName="late")
    assert sending.process.poll() is None and "panicked" not in sending.errors()


def test_without_an_endpoint_it_says_how_to_get_one(server, dynamodb):
    create(dynamodb, "nowhere")
    with pytest.raises(dynamodb.exceptions.ClientError, match="--kinesis-endpoint") as error:
        dynamodb.enable_kinesis_streaming_destination(TableName="nowhere", StreamArn="arn:aws:kinesis:us-east-1:000000000000:stream/a")
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_an_endpoint_needs_http_and_a_key(tmp_path):
    key = ["--kinesis-access-key-id", "a", "--kinesis-secret-access-key", "b"]
    assert "kinesis_access_key_id" in refused(tmp_path, "--kinesis-endpoint", "http://127.0.0.1:1")
    assert "http://" in refused(tmp_path, "--kinesis-endpoint", "https://kinesis.us-east-1.amazonaws.com", *key)
    assert "HOST" in refused(tmp_path, "--kinesis-endpoint", "http://user@host", *key)


class Writer(threading.Thread):
    """Counts its items up, each of them one after the other, whatever happens to the server; keeps what was acknowledged."""

    def __init__(self, current, name, rounds):
        super().__init__(daemon=True)
        self.current, self.name_, self.rounds, self.acknowledged = current, name, rounds, 0

    def run(self):
        for version in range(1, self.rounds + 1):
            for item in range(4):
                key = {"id": {"S": f"{self.name_}-{item}"}}
                ends = time.monotonic() + PATIENCE_SECONDS
                while time.monotonic() < ends:
                    try:
                        # Written at most once for each version, also if the answer was lost.
                        self.current[0].dynamodb(read_timeout=20).update_item(
                            TableName="counted", Key=key, UpdateExpression="SET v = :v", ExpressionAttributeValues={":v": {"N": str(version)}})
                        self.acknowledged += 1
                        break
                    except CONNECTION_LOST:
                        time.sleep(0.05)


def versions_of(records):
    """By item, the versions in the order in which a consumer that drops what it has seen gets them."""
    seen, versions = set(), {}
    for _, data in records:
        if data["eventID"] not in seen:
            seen.add(data["eventID"])
            image = data["dynamodb"]["NewImage"]
            versions.setdefault(image["id"]["S"], []).append(int(image["v"]["N"]))
    return versions


def test_every_change_arrives_in_order_per_item_over_kills_and_outages(kinesis, tmp_path):
    print(f"SHALE_TEST_SEED={SEED}")
    chance = random.Random(SEED)
    rounds, writers = 40, 3
    server = [None]
    with running(tmp_path, *kinesis.flags()) as first:
        server[0] = first
        create(first.dynamodb(), "counted")
        enable(first.dynamodb(), kinesis, "counted", shards=3)
        threads = [Writer(server, f"w{n}", rounds) for n in range(writers)]
        for thread in threads:
            thread.start()
        modes = ["partial", "down", "silent", "up", "partial"]
        for mode in modes:
            kinesis.mode = mode
            time.sleep(chance.uniform(0.2, 1.0))
            # The same addresses, so that nobody needs to be told.
            stopped = server[0]
            stopped.kill()
            host = "{}:{}".format(*stopped.pg_endpoint), "{}:{}".format(*stopped.dynamodb_endpoint)
            server[0] = Server(tmp_path, *kinesis.flags(), pg_listen=host[0], dynamodb_listen=host[1])
        for thread in threads:
            thread.join()
        kinesis.mode = "up"
        assert [thread.acknowledged for thread in threads] == [4 * rounds] * writers
        try:
            expected = {f"w{n}-{item}": list(range(1, rounds + 1)) for n in range(writers) for item in range(4)}

            def complete():
                found = versions_of(kinesis.records("counted"))
                return sum(map(len, found.values())) >= 4 * rounds * writers and found

            assert wait_for(complete, "every change") == expected
            assert destination(server[0].dynamodb(), "counted")["DestinationStatus"] == "ACTIVE"
            assert "panicked" not in server[0].errors()
        finally:
            server[0].kill()


def test_a_dead_endpoint_stops_nobody(kinesis, tmp_path):
    with running(tmp_path, *kinesis.flags()) as server:
        dynamodb = server.dynamodb()
        create(dynamodb, "dead")
        arn = enable(dynamodb, kinesis, "dead")
        kinesis.mode = "down"
        try:
            with server.connect() as pg:
                for _ in range(20):
                    pg.execute("INSERT INTO dead (id, v) SELECT 'x' || n, random() FROM generate_series(1, 200) AS t(n) ON CONFLICT (id) DO UPDATE SET v = EXCLUDED.v")
            assert "no answer" in wait_for(lambda: destination(dynamodb, "dead").get("DestinationStatusDescription"), "the trouble")
            assert server.stop() == 0, "and it stops"
        finally:
            kinesis.mode = "up"
    with running(tmp_path, *kinesis.flags()) as server:
        wait_for(lambda: len({data["eventID"] for _, data in kinesis.records("dead")}) == 20 * 200, "all changes")
        server.dynamodb().disable_kinesis_streaming_destination(TableName="dead", StreamArn=arn)
