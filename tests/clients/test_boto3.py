"""boto3 as applications use it: types, conditions, paginators, waiters, batches, transactions, exceptions and retries."""

import concurrent.futures
import decimal
import random
import threading
import uuid
from decimal import Decimal

import boto3
import botocore.config
import pytest
from boto3.dynamodb.conditions import And, Attr, Key
from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError, WaiterError

from support.proxy import Flaky

KEY_SCHEMA = [{"AttributeName": "owner", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}]
DEFINITIONS = [{"AttributeName": "owner", "AttributeType": "S"}, {"AttributeName": "id", "AttributeType": "N"}]
BY_KIND = {"IndexName": "by_kind", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
           "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["price"]}}
# A waiter's pause between two looks; its own of 20 seconds would be for tables of AWS.
SOON = {"WaiterConfig": {"Delay": 0.05, "MaxAttempts": 200}}


@pytest.fixture(scope="module")
def resource(server):
    return server.dynamodb("resource")


@pytest.fixture(scope="module")
def client(server):
    return server.dynamodb()


@pytest.fixture(scope="module")
def numbers(resource):
    return make(resource)


def make(resource, **options):
    """A table of its own for a test."""
    table = resource.create_table(TableName=f"boto3-{uuid.UUID(int=random.getrandbits(128))}", KeySchema=KEY_SCHEMA,
                                  **{"AttributeDefinitions": DEFINITIONS, "BillingMode": "PAY_PER_REQUEST", **options})
    table.meta.client.get_waiter("table_exists").wait(TableName=table.name, **SOON)
    return table


def make_indexed(resource):
    return make(resource, AttributeDefinitions=[*DEFINITIONS, {"AttributeName": "kind", "AttributeType": "S"}],
                GlobalSecondaryIndexes=[BY_KIND])


# Types.

EVERY_TYPE = {
    "text": "žluťoučký 🐎 \0\u2028\\\"", "empty": "", "number": Decimal("-12345678901234567890.123456789012345678"),
    "tiny": Decimal("1E-130"), "huge": Decimal("-9E+37"), "zero": Decimal(0),
    "binary": Binary(bytes(range(256))), "no bytes": Binary(b""), "true": True, "false": False, "null": None,
    "texts": {"a", "b", "čž"}, "numbers": {Decimal("1.5"), Decimal(-2), Decimal("1E+30")}, "binaries": {Binary(b"\0"), Binary(b"\xff")},
    "list": [1, "two", None, [True, {"deep": [Decimal("0.1")]}], Binary(b"x"), {"set"}], "no list": [],
    "map": {"a.b": {"c d": [1]}, "#name": ":value"}, "no map": {},
}


def test_every_type_comes_back_as_it_went(resource):
    table = make(resource)
    item = {"owner": "ann", "id": Decimal("-0.5"), **EVERY_TYPE}
    table.put_item(Item=item)
    assert table.get_item(Key={"owner": "ann", "id": Decimal("-0.50")}, ConsistentRead=True)["Item"] == item
    assert table.query(KeyConditionExpression=Key("owner").eq("ann") & Key("id").lt(0))["Items"] == [item]
    assert table.scan()["Items"] == [item]
    assert isinstance(table.scan()["Items"][0]["binary"], Binary)


def test_the_serializer_and_the_server_agree(client, resource):
    """What the serializer writes is what the plain client reads, number by number as AWS writes them."""
    table = make(resource)
    wire = TypeSerializer().serialize({"owner": "ann", "id": 1, **EVERY_TYPE})["M"]
    client.put_item(TableName=table.name, Item=wire)
    found = client.get_item(TableName=table.name, Key={name: wire[name] for name in ("owner", "id")})["Item"]
    assert {name: TypeDeserializer().deserialize(value) for name, value in found.items()} == {"owner": "ann", "id": 1, **EVERY_TYPE}
    assert found["number"] == {"N": "-12345678901234567890.123456789012345678"}
    assert found["map"] == wire["map"] and set(found["texts"]["SS"]) == EVERY_TYPE["texts"]


@pytest.mark.parametrize("number", ["0", "-0", "1", "-1", "1.50", "100", "1E+2", "1E-10", "123456789.000000001", "-1E+37", "1E-130",
                                    "99999999999999999999999999999999999999", "0.00000000000000000001"])
def test_numbers_are_exact(numbers, number):
    numbers.put_item(Item={"owner": number, "id": Decimal(number), "value": Decimal(number)})
    (item,) = numbers.query(KeyConditionExpression=Key("owner").eq(number) & Key("id").eq(Decimal(number)))["Items"]
    assert item["value"] == Decimal(number) and item["id"] == Decimal(number)


def test_large_numbers_are_written_out(client, numbers):
    """As on AWS, where boto3's resource cannot read them: it takes zeros at the end for digits."""
    key = {"owner": {"S": "large"}, "id": {"N": "1E+125"}}
    client.put_item(TableName=numbers.name, Item={**key, "value": {"N": "-9." + "9" * 37 + "E+125"}})
    assert client.get_item(TableName=numbers.name, Key=key)["Item"] == {
        "owner": {"S": "large"}, "id": {"N": "1" + "0" * 125}, "value": {"N": "-" + "9" * 38 + "0" * 88}}
    with pytest.raises(decimal.Rounded):
        numbers.query(KeyConditionExpression=Key("owner").eq("large"))


@pytest.mark.parametrize(("value", "words"), [
    ({"N": "1E+126"}, "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ({"N": "1E-131"}, "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
    ({"N": "1" * 39}, "Attempting to store more than 38 significant digits in a Number"),
    ({"N": "one"}, "The parameter cannot be converted to a numeric value: one"),
    ({"SS": []}, "An string set  may not be empty"),
    ({"SS": ["a", "a"]}, "Input collection [a, a] contains duplicates."),
    ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
    ({"BS": []}, "Binary sets should not be empty"),
])
def test_values_that_are_none_are_refused(client, numbers, value, words):
    with pytest.raises(ClientError) as caught:
        client.put_item(TableName=numbers.name, Item={"owner": {"S": "a"}, "id": {"N": "1"}, "value": value})
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert words in caught.value.response["Error"]["Message"]


def test_a_number_that_a_float_was_is_the_clients_own_error(numbers):
    with pytest.raises(TypeError, match="Float types are not supported"):
        numbers.put_item(Item={"owner": "a", "id": 0.1})
    with pytest.raises(decimal.Inexact):
        numbers.put_item(Item={"owner": "a", "id": Decimal("1." + "1" * 40)})


# Conditions.

SHELF = [
    {"owner": "ann", "id": 1, "kind": "book", "price": Decimal("9.5"), "tags": {"new", "red"}, "title": "A tale", "size": {"pages": 90}},
    {"owner": "ann", "id": 2, "kind": "book", "price": Decimal(20), "tags": {"old"}, "title": "B", "parts": ["x", "y"]},
    {"owner": "ann", "id": 3, "kind": "disc", "price": Decimal(5), "title": "A disc", "size": {"pages": 0}},
    {"owner": "bob", "id": 1, "kind": "disc", "gone": None, "title": ""},
]


@pytest.fixture(scope="module")
def shelf(resource):
    table = make_indexed(resource)
    with table.batch_writer() as batch:
        for item in SHELF:
            batch.put_item(Item=item)
    return table


@pytest.mark.parametrize(("condition", "expected"), [
    (Attr("price").eq(5), "a3"), (Attr("price").ne(5), "a1 a2 b1"), (Attr("price").lt(9), "a3"), (Attr("price").lte(Decimal("9.5")), "a1 a3"),
    (Attr("price").gt(9), "a1 a2"), (Attr("price").gte(20), "a2"), (Attr("price").between(5, 10), "a1 a3"),
    (Attr("price").is_in([5, 20, 99]), "a2 a3"), (Attr("title").begins_with("A "), "a1 a3"), (Attr("title").begins_with(""), "a1 a2 a3 b1"),
    (Attr("title").contains("disc"), "a3"), (Attr("tags").contains("new"), "a1"), (Attr("parts").contains("y"), "a2"),
    (Attr("tags").exists(), "a1 a2"), (Attr("tags").not_exists(), "a3 b1"), (Attr("gone").attribute_type("NULL"), "b1"),
    (Attr("gone").exists(), "b1"), (Attr("tags").attribute_type("SS"), "a1 a2"), (Attr("title").size().eq(0), "b1"),
    (Attr("tags").size().gt(1), "a1"), (Attr("parts").size().between(1, 2), "a2"), (Attr("size.pages").gt(10), "a1"),
    (Attr("size.pages").exists(), "a1 a3"), (Attr("parts[1]").eq("y"), "a2"), (Attr("tags").eq({"red", "new"}), "a1"),
    (Attr("size").eq({"pages": 0}), "a3"), (~Attr("kind").eq("book"), "a3 b1"), (Attr("kind").eq("book") & Attr("price").gt(10), "a2"),
    (Attr("kind").eq("book") | Attr("owner").eq("bob"), "a1 a2 b1"),
    (~(Attr("kind").eq("book") | Attr("price").lt(6)) & Attr("gone").eq(None), "b1"),
    (And(Attr("price").gt(1), Attr("price").lt(6)), "a3"), (Attr("price").eq("5"), ""),
])
def test_conditions_built_by_the_sdk_filter_scans(shelf, condition, expected):
    page = shelf.scan(FilterExpression=condition, ConsistentRead=True)
    found = sorted(f"{item['owner'][0]}{item['id']}" for item in page["Items"])
    assert " ".join(found) == expected
    assert (page["Count"], page["ScannedCount"]) == (len(found), len(SHELF))


@pytest.mark.parametrize(("condition", "expected"), [
    (Key("id").eq(2), [2]), (Key("id").lt(2), [1]), (Key("id").lte(2), [1, 2]), (Key("id").gt(2), [3]), (Key("id").gte(2), [2, 3]),
    (Key("id").between(2, 3), [2, 3]),
])
def test_key_conditions_built_by_the_sdk(shelf, condition, expected):
    page = shelf.query(KeyConditionExpression=Key("owner").eq("ann") & condition)
    assert [item["id"] for item in page["Items"]] == expected
    back = shelf.query(KeyConditionExpression=condition & Key("owner").eq("ann"), ScanIndexForward=False)
    assert [item["id"] for item in back["Items"]] == expected[::-1]


def test_an_index_holds_what_it_projects(shelf):
    page = shelf.query(IndexName="by_kind", KeyConditionExpression=Key("kind").eq("book") & Key("id").gt(1), Select="ALL_PROJECTED_ATTRIBUTES")
    assert page["Items"] == [{"owner": "ann", "id": 2, "kind": "book", "price": 20}]
    with pytest.raises(ClientError, match="One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global"):
        shelf.query(IndexName="by_kind", KeyConditionExpression=Key("kind").eq("book"), Select="ALL_ATTRIBUTES")


def test_conditions_built_by_the_sdk_guard_writes(resource, client):
    table = make(resource)
    key = {"owner": "ann", "id": 1}
    table.put_item(Item={**key, "stock": 3}, ConditionExpression=Attr("owner").not_exists())
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        table.put_item(Item=key, ConditionExpression=Attr("owner").not_exists(), ReturnValuesOnConditionCheckFailure="ALL_OLD")
    # The client of a resource leaves items of exceptions as the wire has them.
    assert caught.value.response["Item"] == {"owner": {"S": "ann"}, "id": {"N": "1"}, "stock": {"N": "3"}}
    assert caught.value.response["Error"] == {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}
    take = {"Key": key, "UpdateExpression": "SET stock = stock - :n", "ReturnValues": "UPDATED_OLD"}
    for _ in range(3):
        old = table.update_item(**take, ConditionExpression=Attr("stock").gte(1), ExpressionAttributeValues={":n": 1})["Attributes"]["stock"]
    assert old == 1
    with pytest.raises(table.meta.client.exceptions.ConditionalCheckFailedException):
        table.update_item(**take, ConditionExpression=Attr("stock").gte(1), ExpressionAttributeValues={":n": 1})
    assert table.delete_item(Key=key, ConditionExpression=Attr("stock").eq(0), ReturnValues="ALL_OLD")["Attributes"] == {**key, "stock": 0}


# Paginators and collections.

@pytest.fixture(scope="module")
def long_table(resource):
    """200 items of about 10 KB of one owner: a page of 1 MB ends in the middle."""
    table = make_indexed(resource)
    with table.batch_writer() as batch:
        for number in range(200):
            batch.put_item(Item={"owner": "ann", "id": number, "kind": "odd" if number % 2 else "even", "price": number, "text": "x" * 10_000})
    return table


def test_every_paginator_of_the_sdk_is_known_here(client):
    paginators = {name for name, operation in client.meta.method_to_api_mapping.items() if client.can_paginate(name)}
    assert paginators == {"list_backups", "list_bulk_operations", "list_tables", "list_tags_of_resource", "query", "scan"}


@pytest.mark.parametrize("settings", [{}, {"PageSize": 7}, {"PageSize": 200}, {"MaxItems": 33, "PageSize": 10}])
def test_query_and_scan_paginate(client, long_table, settings):
    wanted = min(settings.get("MaxItems", 200), 200)
    query = {"TableName": long_table.name, "KeyConditionExpression": "#o = :o", "ExpressionAttributeNames": {"#o": "owner"},
             "ExpressionAttributeValues": {":o": {"S": "ann"}}}
    for name, parameters in [("query", query), ("scan", {"TableName": long_table.name})]:
        pages = list(client.get_paginator(name).paginate(**parameters, PaginationConfig=settings))
        found = [int(item["id"]["N"]) for page in pages for item in page["Items"]]
        assert found == list(range(wanted)), name
        if not settings:
            assert len(pages) > 1 and all(page["Count"] == len(page["Items"]) for page in pages)


def test_a_paginator_goes_on_where_another_stopped(client, long_table):
    """StartingToken carries LastEvaluatedKey, and a position within a page."""
    paginator = client.get_paginator("scan")
    token, found = None, []
    while True:
        pages = paginator.paginate(TableName=long_table.name, PaginationConfig={"MaxItems": 37, "PageSize": 25, "StartingToken": token})
        answer = pages.build_full_result()
        found += [int(item["id"]["N"]) for item in answer["Items"]]
        token = answer.get("NextToken")
        if token is None:
            break
    assert found == list(range(200))


def test_pages_of_filtered_queries_may_be_empty_and_go_on(client, long_table):
    pages = list(client.get_paginator("query").paginate(
        TableName=long_table.name, KeyConditionExpression="#o = :o", FilterExpression="price > :p", ExpressionAttributeNames={"#o": "owner"},
        ExpressionAttributeValues={":o": {"S": "ann"}, ":p": {"N": "197"}}, PaginationConfig={"PageSize": 20},
        ReturnConsumedCapacity="TOTAL"))
    assert [page["ScannedCount"] for page in pages] in ([20] * 10, [20] * 10 + [0])
    assert [int(item["id"]["N"]) for page in pages for item in page["Items"]] == [198, 199]
    assert all(page["ConsumedCapacity"]["CapacityUnits"] > 0 for page in pages[:10])


def test_an_index_is_paged_by_its_own_key_and_the_tables(client, long_table):
    pages = list(client.get_paginator("query").paginate(
        TableName=long_table.name, IndexName="by_kind", KeyConditionExpression="kind = :k", ExpressionAttributeValues={":k": {"S": "odd"}},
        PaginationConfig={"PageSize": 30}))
    assert [int(item["id"]["N"]) for page in pages for item in page["Items"]] == list(range(1, 200, 2))
    assert set(pages[0]["LastEvaluatedKey"]) == {"owner", "id", "kind"}


def test_parallel_segments_meet_every_item_once(server, resource):
    table = make(resource)
    with table.batch_writer() as batch:
        for number in range(300):
            batch.put_item(Item={"owner": f"o{number % 60}", "id": number})

    def segment(number):
        pages = server.dynamodb().get_paginator("scan").paginate(TableName=table.name, Segment=number, TotalSegments=4,
                                                                 PaginationConfig={"PageSize": 11})
        return [int(item["id"]["N"]) for page in pages for item in page["Items"]]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = [number for numbers in pool.map(segment, range(4)) for number in numbers]
    assert sorted(found) == list(range(300))


def test_tables_are_listed_in_pages_and_as_a_collection(client, resource):
    made = sorted(make(resource).name for _ in range(5))
    pages = list(client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}))
    names = [name for page in pages for name in page["TableNames"]]
    assert names == sorted(names) and set(made) <= set(names)
    assert all(len(page["TableNames"]) == 2 for page in pages[:-1])
    assert [table.name for table in resource.tables.page_size(3)] == names
    assert [table.name for table in resource.tables.limit(2)] == names[:2]
    # From a name that is no table's.
    assert client.list_tables(ExclusiveStartTableName="boto3-")["TableNames"][: len(names)] == names


def test_tags_and_nothing_are_paged_too(client, resource):
    table = make(resource, Tags=[{"Key": f"tag{number}", "Value": str(number)} for number in range(50)])
    tags = client.get_paginator("list_tags_of_resource").paginate(ResourceArn=table.table_arn).build_full_result()["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {f"tag{number}": str(number) for number in range(50)}
    assert client.get_paginator("list_backups").paginate(PaginationConfig={"PageSize": 5}).build_full_result()["BackupSummaries"] == []
    assert client.get_paginator("list_bulk_operations").paginate().build_full_result()["BulkOperationsSummaryList"] == []


# Waiters and tables.

def test_waiters_see_tables_come_and_go(client):
    name = f"waited-{random.getrandbits(64)}"
    definition = {"TableName": name, "KeySchema": KEY_SCHEMA, "AttributeDefinitions": DEFINITIONS, "BillingMode": "PAY_PER_REQUEST"}
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 0.01, "MaxAttempts": 2})
    later = threading.Timer(0.2, lambda: client.create_table(**definition))
    later.start()
    client.get_waiter("table_exists").wait(TableName=name, **SOON)
    later.join()
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 0.01, "MaxAttempts": 2})
    client.delete_table(TableName=name)
    client.get_waiter("table_not_exists").wait(TableName=name, **SOON)


def test_waiters_of_what_comes_later_end_at_once(client, resource):
    """They meet an exception, which no waiter of these expects, instead of waiting for ever."""
    arn = make(resource).table_arn
    for waiter, parameters, exception in [
        ("export_completed", {"ExportArn": f"{arn}/export/01489602797149-73d8d5bc"}, "ExportNotFoundException"),
        ("import_completed", {"ImportArn": f"{arn}/import/01489602797149-73d8d5bc"}, "ImportNotFoundException"),
        ("bulk_operation_completed", {"BulkOperationArn": f"{arn}/bulk-operation/01489602797149"}, "ResourceNotFoundException"),
    ]:
        with pytest.raises(WaiterError, match=exception):
            client.get_waiter(waiter).wait(**parameters, **SOON)


def test_the_waiter_of_contributor_insights(client, resource):
    table = make_indexed(resource)
    for index in ({}, {"IndexName": "by_kind"}):
        enabling = client.update_contributor_insights(TableName=table.name, ContributorInsightsAction="ENABLE", **index)
        assert enabling["ContributorInsightsStatus"] == "ENABLING"
        client.get_waiter("contributor_insights_enabled").wait(TableName=table.name, **index, **SOON)
    listed = client.list_contributor_insights(TableName=table.name)["ContributorInsightsSummaries"]
    assert [(summary.get("IndexName"), summary["ContributorInsightsStatus"]) for summary in listed] == [(None, "ENABLED"), ("by_kind", "ENABLED")]


def test_a_table_object_shows_what_the_table_is(resource):
    table = make_indexed(resource)
    with table.batch_writer() as batch:
        for item in SHELF:
            batch.put_item(Item=item)
    table.reload()
    assert table.table_status == "ACTIVE" and table.item_count == len(SHELF) and table.table_size_bytes > 0
    assert table.key_schema == KEY_SCHEMA and table.creation_date_time.tzinfo is not None
    assert table.global_secondary_indexes[0]["ItemCount"] == len(SHELF)
    assert table.billing_mode_summary["BillingMode"] == "PAY_PER_REQUEST"
    assert table.provisioned_throughput["ReadCapacityUnits"] == 0
    table.update(BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
                 GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by_kind", "ProvisionedThroughput": {
                     "ReadCapacityUnits": 5, "WriteCapacityUnits": 6}}}])
    table.reload()
    assert (table.provisioned_throughput["ReadCapacityUnits"], table.provisioned_throughput["WriteCapacityUnits"]) == (3, 4)
    assert table.global_secondary_indexes[0]["ProvisionedThroughput"]["WriteCapacityUnits"] == 6


def test_an_index_created_later_is_waited_for_and_complete(client, resource):
    table = make(resource)
    with table.batch_writer() as batch:
        for number in range(500):
            batch.put_item(Item={"owner": "ann", "id": number, "kind": f"k{number % 5}"})
    table.update(AttributeDefinitions=[*DEFINITIONS, {"AttributeName": "kind", "AttributeType": "S"}],
                 GlobalSecondaryIndexUpdates=[{"Create": BY_KIND}])
    client.get_waiter("table_exists").wait(TableName=table.name, **SOON)
    table.reload()
    assert table.global_secondary_indexes[0]["IndexStatus"] == "ACTIVE"
    assert table.query(IndexName="by_kind", KeyConditionExpression=Key("kind").eq("k3"), Select="COUNT")["Count"] == 100
    table.update(GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_kind"}}])
    client.get_waiter("table_exists").wait(TableName=table.name, **SOON)
    table.reload()
    assert table.global_secondary_indexes is None


# Batches.

def test_a_batch_writer_writes_deletes_and_replaces(resource):
    table = make(resource)
    with table.batch_writer() as batch:
        for number in range(130):
            batch.put_item(Item={"owner": "ann", "id": number, "text": "x" * 1000})
    with table.batch_writer(overwrite_by_pkeys=["owner", "id"]) as batch:
        for number in range(60):
            batch.delete_item(Key={"owner": "ann", "id": number})
            batch.put_item(Item={"owner": "ann", "id": number % 10, "again": True})
    assert [item["id"] for item in table.scan()["Items"]] == [*range(10), *range(60, 130)]
    with pytest.raises(ClientError, match="Provided list of item keys contains duplicates"), table.batch_writer() as batch:
        batch.put_item(Item={"owner": "ann", "id": 1})
        batch.put_item(Item={"owner": "ann", "id": 1})


def test_unprocessed_keys_are_asked_for_again(resource):
    """100 items of 300 KB are more than the 16 MB of an answer; the loop of the documentation gets them all."""
    table = make(resource)
    wanted = [{"owner": "ann", "id": number} for number in range(70)]
    with table.batch_writer() as batch:
        for key in wanted:
            batch.put_item(Item={**key, "text": "x" * 300_000})
    request, found, rounds = {table.name: {"Keys": wanted, "ProjectionExpression": "id"}}, [], 0
    while request:
        answer = resource.batch_get_item(RequestItems=request)
        found += [int(item["id"]) for item in answer["Responses"][table.name]]
        request, rounds = answer["UnprocessedKeys"], rounds + 1
        assert all(keys["ProjectionExpression"] == "id" for keys in request.values())
    assert sorted(found) == list(range(70)) and rounds > 1


def test_batches_across_tables(resource):
    one, two = make(resource), make(resource)
    written = resource.batch_write_item(RequestItems={
        one.name: [{"PutRequest": {"Item": {"owner": "ann", "id": 1, "of": "one"}}}],
        two.name: [{"PutRequest": {"Item": {"owner": "ann", "id": 1, "of": "two"}}}, {"DeleteRequest": {"Key": {"owner": "x", "id": 0}}}],
    }, ReturnConsumedCapacity="TOTAL")
    assert written["UnprocessedItems"] == {}
    assert {entry["TableName"]: entry["CapacityUnits"] for entry in written["ConsumedCapacity"]} == {one.name: 1, two.name: 2}
    found = resource.batch_get_item(RequestItems={table.name: {"Keys": [{"owner": "ann", "id": 1}], "ConsistentRead": True}
                                                  for table in (one, two)})["Responses"]
    assert (found[one.name][0]["of"], found[two.name][0]["of"]) == ("one", "two")


# Transactions and statements.

def test_the_clients_of_a_resource_speak_python_values_in_transactions(resource):
    table = make(resource)
    client = table.meta.client
    put = {"Put": {"TableName": table.name, "Item": {"owner": "ann", "id": 1, "tags": {"a", "b"}},
                   "ConditionExpression": "attribute_not_exists(id)"}}
    client.transact_write_items(TransactItems=[put])
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=[
            {"Update": {"TableName": table.name, "Key": {"owner": "bob", "id": 1}, "UpdateExpression": "SET x = :x",
                        "ExpressionAttributeValues": {":x": 1}}}, put])
    assert [reason["Code"] for reason in caught.value.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    answer = client.transact_get_items(TransactItems=[{"Get": {"TableName": table.name, "Key": {"owner": owner, "id": 1}}} for owner in ("ann", "bob")])
    assert answer["Responses"] == [{"Item": {"owner": "ann", "id": 1, "tags": {"a", "b"}}}, {}]


def test_statements_page_by_their_tokens(resource):
    table = make(resource)
    client = table.meta.client
    with table.batch_writer() as batch:
        for number in range(30):
            batch.put_item(Item={"owner": "ann", "id": number})
    question = {"Statement": f'SELECT id FROM "{table.name}" WHERE owner = ? AND id >= ?', "Parameters": ["ann", 5], "Limit": 4}
    found, answer = [], {"NextToken": None}
    while "NextToken" in answer:
        token = {"NextToken": answer["NextToken"]} if answer["NextToken"] else {}
        answer = client.execute_statement(**question, **token)
        found += [int(item["id"]) for item in answer["Items"]]
    assert found == list(range(5, 30))


# Exceptions and retries.

def test_a_wrong_request_names_what_is_wrong(numbers):
    for call, parameters, words in [
        (numbers.get_item, {"Key": {"owner": "ann"}}, "The provided key element does not match the schema"),
        (numbers.get_item, {"Key": {"owner": 1, "id": 1}}, "The provided key element does not match the schema"),
        (numbers.put_item, {"Item": {"owner": "ann"}}, "One or more parameter values were invalid: Missing the key id in the item"),
        (numbers.put_item, {"Item": {"owner": "", "id": 1}}, "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: owner"),
        (numbers.query, {"KeyConditionExpression": Key("id").eq(1)}, "Query condition missed key schema element: owner"),
        (numbers.update_item, {"Key": {"owner": "ann", "id": 1}, "UpdateExpression": "SET id = :x", "ExpressionAttributeValues": {":x": 1}},
         "One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key"),
        (numbers.scan, {"FilterExpression": "status = :x", "ExpressionAttributeValues": {":x": 1}},
         "Invalid FilterExpression: Attribute name is a reserved keyword; reserved keyword: status"),
        (numbers.scan, {"FilterExpression": Attr("a").eq(1), "ExpressionAttributeValues": {":unused": 1}},
         "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}"),
    ]:
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        assert caught.value.response["Error"] == {"Code": "ValidationException", "Message": words}
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert len(caught.value.response["ResponseMetadata"]["RequestId"]) == 52


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_a_lost_answer_is_asked_for_again(server, resource, mode):
    """Every second answer is cut off, damaged or a 500 on its way: with a condition the write is still done once."""
    table = make(resource)
    with Flaky(server.dynamodb_endpoint) as between:
        config = botocore.config.Config(retries={"mode": mode, "total_max_attempts": 6}, connect_timeout=5, read_timeout=5)
        flaky = boto3.resource("dynamodb", endpoint_url=between.url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
                               config=config).Table(table.name)
        for number in range(6):
            flaky.put_item(Item={"owner": "ann", "id": number})
        assert flaky.scan(Select="COUNT")["Count"] == 6
        assert between.spoiled >= 5
    token = str(uuid.UUID(int=random.getrandbits(128)))
    with Flaky(server.dynamodb_endpoint) as between:
        client = boto3.client("dynamodb", endpoint_url=between.url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
                              config=config)
        for turn in range(4):
            client.transact_write_items(ClientRequestToken=f"{token[:30]}{turn}", TransactItems=[{"Update": {
                "TableName": table.name, "Key": {"owner": {"S": "ann"}, "id": {"N": "0"}}, "UpdateExpression": "ADD turns :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}}}}])
    assert table.get_item(Key={"owner": "ann", "id": 0})["Item"]["turns"] == 4


def test_answers_carry_the_checksum_that_the_sdk_can_check(client):
    """X-Amz-Crc32, over the bytes of the body."""
    metadata = client.list_tables()["ResponseMetadata"]["HTTPHeaders"]
    assert metadata["x-amz-crc32"].isdigit() and metadata["content-type"] == "application/x-amz-json-1.0"
    assert metadata["x-amzn-requestid"]
