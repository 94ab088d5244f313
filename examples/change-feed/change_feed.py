"""A change feed: a copy of a table that is kept current from the table's stream.

    python change_feed.py [--changes N]

Connects to what AWS_ENDPOINT_URL_DYNAMODB, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION say; streams are at the same address.
"""

import argparse
import os
import random
import threading
import time

import boto3

ORDERS = 50
PATIENCE_SECONDS = 120


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=2000)
    count = parser.parse_args().changes
    dynamodb, streams = clients()
    stream = create_table(dynamodb)
    writer = threading.Thread(target=write, args=(dynamodb, count))
    writer.start()
    copy = Copy()
    Consumer(streams, stream, copy).run(lambda: copy.changes >= count // 4)
    print(f"the first consumer is gone after {copy.changes} changes; the next one goes on behind {copy.checkpoints}")
    Consumer(streams, stream, copy).run(lambda: not writer.is_alive() and copy.items == scan(dynamodb))
    writer.join()
    print(f"{copy.changes} changes led to {len(copy.items)} orders")
    print("change-feed: the copy is the table")


def clients():
    os.environ.setdefault("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8000")
    os.environ.setdefault("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", os.environ["AWS_ENDPOINT_URL_DYNAMODB"])
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "local")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "local")
    region = os.environ.setdefault("AWS_REGION", "us-east-1")
    return boto3.client("dynamodb", region_name=region), boto3.client("dynamodbstreams", region_name=region)


def create_table(dynamodb):
    """An empty table `orders` with a stream; answers the stream's ARN."""
    if "orders" in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName="orders")
        dynamodb.get_waiter("table_not_exists").wait(TableName="orders")
    created = dynamodb.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    dynamodb.get_waiter("table_exists").wait(TableName="orders")
    return created["TableDescription"]["LatestStreamArn"]


def write(dynamodb, count):
    """Orders come, change and go."""
    chance = random.Random(1)
    for number in range(count):
        key = {"id": {"S": f"order-{chance.randrange(ORDERS)}"}}
        kind = chance.choice(["put", "update", "delete"])
        if kind == "put":
            dynamodb.put_item(TableName="orders", Item={**key, "total": {"N": str(number)}})
        elif kind == "update":
            dynamodb.update_item(TableName="orders", Key=key, UpdateExpression="ADD pieces :one",
                                 ExpressionAttributeValues={":one": {"N": "1"}})
        else:
            dynamodb.delete_item(TableName="orders", Key=key)


def scan(dynamodb):
    pages = dynamodb.get_paginator("scan").paginate(TableName="orders", ConsistentRead=True)
    return {item["id"]["S"]: item for page in pages for item in page["Items"]}


class Copy:
    """The orders as the changes so far leave them, and how far that is. A real consumer would store both together, in one transaction."""

    def __init__(self):
        self.items = {}
        self.changes = 0
        # By shard: the last sequence number, or None for a shard that is read to its end.
        self.checkpoints = {}

    def apply(self, shard, record):
        change = record["dynamodb"]
        order = change["Keys"]["id"]["S"]
        if self.items.get(order) != change.get("OldImage"):
            raise SystemExit(f"{order} is {self.items.get(order)} before {record}")
        if record["eventName"] == "REMOVE":
            del self.items[order]
        else:
            self.items[order] = change["NewImage"]
        self.changes += 1
        self.checkpoints[shard] = change["SequenceNumber"]

    def is_read(self, shard):
        return shard in self.checkpoints and self.checkpoints[shard] is None


class Consumer:
    """Reads a stream as the Kinesis client library does: a shard after its parent, each from its checkpoint or its oldest record."""

    def __init__(self, client, stream, copy):
        self.client, self.stream, self.copy = client, stream, copy
        self.iterators = {}

    def run(self, is_done):
        ends = time.monotonic() + PATIENCE_SECONDS
        while not is_done():
            if time.monotonic() > ends:
                raise SystemExit(f"not done after {PATIENCE_SECONDS} s: {self.copy.changes} changes")
            if not any([self.read(shard) for shard in self.readable()]):
                # Nothing new: there is no long poll.
                time.sleep(0.1)

    def readable(self):
        """Shards that are not read to their end, and whose parents are or are not kept any more."""
        shards = self.shards()
        kept = {shard["ShardId"] for shard in shards}
        for shard in shards:
            parent = shard.get("ParentShardId")
            if not self.copy.is_read(shard["ShardId"]) and (parent not in kept or self.copy.is_read(parent)):
                yield shard["ShardId"]

    def shards(self):
        shards, start = [], {}
        while True:
            page = self.client.describe_stream(StreamArn=self.stream, **start)["StreamDescription"]
            shards += page["Shards"]
            if "LastEvaluatedShardId" not in page:
                return shards
            start = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}

    def read(self, shard):
        """One page. Says whether there was something in it."""
        iterator = self.iterators.get(shard) or self.begin(shard)
        page = self.client.get_records(ShardIterator=iterator, Limit=100)
        for record in page["Records"]:
            self.copy.apply(shard, record)
        self.iterators[shard] = page.get("NextShardIterator")
        if self.iterators[shard] is None:
            self.copy.checkpoints[shard] = None
        return bool(page["Records"])

    def begin(self, shard):
        checkpoint = self.copy.checkpoints.get(shard)
        where = {"ShardIteratorType": "TRIM_HORIZON"}
        if checkpoint:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": checkpoint}
        return self.client.get_shard_iterator(StreamArn=self.stream, ShardId=shard, **where)["ShardIterator"]


if __name__ == "__main__":
    main()
