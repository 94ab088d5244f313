"""The AWS command line as people use it: its exit codes, files of JSON, pages, JMESPath and the streams' subcommand."""

import json
import pathlib
import subprocess
import sys

import pytest

from support.credentials import variables
from support.server import PATIENCE_SECONDS, environment

# Beside the interpreter that runs the tests: the version of requirements.txt.
AWS = pathlib.Path(sys.executable).parent / "aws"
KEY_SCHEMA = ["AttributeName=owner,KeyType=HASH", "AttributeName=id,KeyType=RANGE"]
DEFINITIONS = ["AttributeName=owner,AttributeType=S", "AttributeName=id,AttributeType=N"]
SERVICE_ERROR = 255


class Cli:
    """`aws`, told by variables where the server is."""

    def __init__(self, server, directory):
        self.directory = directory
        self.variables = environment(**variables(server), AWS_MAX_ATTEMPTS="1", LC_ALL="C.UTF-8")

    def run(self, *arguments, service="dynamodb"):
        return subprocess.run([AWS, service, *arguments], env=self.variables, cwd=self.directory, capture_output=True, text=True,
                              encoding="utf-8", timeout=PATIENCE_SECONDS, check=False)

    def text(self, *arguments, **options):
        ended = self.run(*arguments, **options)
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr == ""
        return ended.stdout

    def json(self, *arguments, **options):
        return json.loads(self.text(*arguments, **options) or "null")

    def error(self, *arguments):
        ended = self.run(*arguments)
        assert ended.returncode == SERVICE_ERROR, (ended.returncode, ended.stdout, ended.stderr)
        assert ended.stdout == ""
        return ended.stderr.strip()

    def file(self, name, content):
        (self.directory / name).write_text(json.dumps(content), encoding="utf-8")
        return f"file://{name}"


@pytest.fixture(scope="module")
def cli(guarded_server, tmp_path_factory):
    return Cli(guarded_server, tmp_path_factory.mktemp("cli"))


@pytest.fixture(scope="module")
def notes(cli):
    """A table with a stream and 40 items, made by the command line alone."""
    made = cli.json("create-table", "--table-name", "notes", "--key-schema", *KEY_SCHEMA, "--attribute-definitions", *DEFINITIONS,
                    "--billing-mode", "PAY_PER_REQUEST", "--tags", "Key=owner,Value=ann",
                    "--stream-specification", "StreamEnabled=true,StreamViewType=NEW_IMAGE")
    assert made["TableDescription"]["TableArn"] == "arn:aws:dynamodb:us-east-1:000000000000:table/notes"
    cli.text("wait", "table-exists", "--table-name", "notes")
    items = [{"owner": {"S": "ann"}, "id": {"N": str(number)}, "text": {"S": f"note {number}"}, "even": {"BOOL": number % 2 == 0}}
             for number in range(40)]
    for half in (items[:25], items[25:]):
        put = cli.json("batch-write-item", "--request-items", cli.file("batch.json", {"notes": [{"PutRequest": {"Item": item}} for item in half]}))
        assert put == {"UnprocessedItems": {}}
    return "notes"


def test_items_go_in_and_out(cli, notes):
    """Shorthand is not for items: they are JSON, and binary is text that the command line encodes."""
    item = {"owner": {"S": "bob"}, "id": {"N": "1.50"}, "name": {"S": "žluť"}, "raw": {"B": "hello"}, "tags": {"SS": ["b", "a"]},
            "doc": {"M": {"list": {"L": [{"NULL": True}, {"N": "7"}]}}}}
    answer = cli.json("put-item", "--table-name", notes, "--item", cli.file("item.json", item), "--return-consumed-capacity", "TOTAL")
    assert answer == {"ConsumedCapacity": {"TableName": "notes", "CapacityUnits": 1.0}}
    key = ["--key", '{"owner": {"S": "bob"}, "id": {"N": "1.5"}}']
    found = cli.json("get-item", "--table-name", notes, *key, "--consistent-read")["Item"]
    assert found == {**item, "id": {"N": "1.5"}, "raw": {"B": "aGVsbG8="}, "tags": {"SS": ["a", "b"]}}
    found = cli.json("get-item", "--table-name", notes, *key, "--projection-expression", "#n, doc.#l[1]",
                     "--expression-attribute-names", '{"#n": "name", "#l": "list"}')
    assert found == {"Item": {"name": {"S": "žluť"}, "doc": {"M": {"list": {"L": [{"N": "7"}]}}}}}
    changed = cli.json("update-item", "--table-name", notes, *key, "--update-expression", "SET doc.#l[0] = :x REMOVE #r ADD tags :t",
                       "--expression-attribute-names", '{"#l": "list", "#r": "raw"}', "--return-values", "UPDATED_NEW",
                       "--expression-attribute-values", '{":x": {"S": "first"}, ":t": {"SS": ["c"]}}')
    assert changed["Attributes"]["tags"] == {"SS": ["a", "b", "c"]}
    assert cli.text("delete-item", "--table-name", notes, *key, "--return-values", "ALL_OLD", "--query", "Attributes.name.S",
                    "--output", "text") == "žluť\n"


def test_query_with_filter_and_jmespath(cli, notes):
    found = cli.json("query", "--table-name", notes, "--key-condition-expression", "#o = :o AND id BETWEEN :a AND :b",
                     "--filter-expression", "even = :yes", "--projection-expression", "id", "--no-scan-index-forward",
                     "--expression-attribute-names", '{"#o": "owner"}',
                     "--expression-attribute-values", '{":o": {"S": "ann"}, ":a": {"N": "5"}, ":b": {"N": "10"}, ":yes": {"BOOL": true}}')
    assert found == {"Items": [{"id": {"N": "10"}}, {"id": {"N": "8"}}, {"id": {"N": "6"}}], "Count": 3, "ScannedCount": 6,
                     "ConsumedCapacity": None}
    assert cli.text("scan", "--table-name", notes, "--query", "[Count, sort(Items[?even.BOOL].id.N)[:3]]", "--output", "text") == "40\n0\t10\t12\n"


def test_pages(cli, notes):
    """--max-items and --starting-token over pages of another size."""
    found, token = [], []
    while True:
        answer = cli.json("scan", "--table-name", notes, "--page-size", "9", "--max-items", "15", *token)
        found.append([int(item["id"]["N"]) for item in answer["Items"]])
        if "NextToken" not in answer:
            break
        token = ["--starting-token", answer["NextToken"]]
    assert found == [list(range(15)), list(range(15, 30)), list(range(30, 40))]
    counted = cli.json("scan", "--table-name", notes, "--select", "COUNT", "--page-size", "7")
    assert (counted["Count"], counted["ScannedCount"]) == (40, 40)


def test_a_transaction_from_a_file_and_its_cancellation(cli, notes):
    move = [{"Update": {"TableName": notes, "Key": {"owner": {"S": "ann"}, "id": {"N": "0"}}, "UpdateExpression": "SET moved = :t",
                        "ExpressionAttributeValues": {":t": {"BOOL": True}}}},
            {"Put": {"TableName": notes, "Item": {"owner": {"S": "cyd"}, "id": {"N": "0"}}, "ConditionExpression": "attribute_not_exists(id)"}}]
    command = ["transact-write-items", "--transact-items", cli.file("move.json", move)]
    assert cli.json(*command, "--return-consumed-capacity", "TOTAL")["ConsumedCapacity"][0]["CapacityUnits"] == 4.0
    assert cli.error(*command) == (
        "An error occurred (TransactionCanceledException) when calling the TransactWriteItems operation: Transaction cancelled, please refer "
        "cancellation reasons for specific reasons [None, ConditionalCheckFailed]")
    assert cli.text("get-item", "--table-name", notes, "--key", '{"owner": {"S": "ann"}, "id": {"N": "0"}}', "--query", "Item.moved.BOOL") == "true\n"


def test_statements(cli, notes):
    answer = cli.json("execute-statement", "--statement", f'SELECT id, text FROM "{notes}" WHERE owner = ? AND id < ?',
                      "--parameters", '[{"S": "ann"}, {"N": "3"}]', "--limit", "2")
    assert [item["text"]["S"] for item in answer["Items"]] == ["note 0", "note 1"]
    rest = cli.json("execute-statement", "--statement", f'SELECT id, text FROM "{notes}" WHERE owner = ? AND id < ?',
                    "--parameters", '[{"S": "ann"}, {"N": "3"}]', "--next-token", answer["NextToken"])
    assert [item["id"]["N"] for item in rest["Items"]] == ["2"]


def test_an_index_is_added_and_used(cli):
    table = ["--table-name", "indexed"]
    cli.json("create-table", *table, "--key-schema", *KEY_SCHEMA, "--attribute-definitions", *DEFINITIONS,
             "--provisioned-throughput", "ReadCapacityUnits=5,WriteCapacityUnits=5")
    cli.json("put-item", *table, "--item", '{"owner": {"S": "ann"}, "id": {"N": "1"}, "kind": {"S": "book"}}')
    index = [{"Create": {"IndexName": "by_kind", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"},
                         "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}}]
    changed = cli.json("update-table", *table, "--attribute-definitions", *DEFINITIONS, "AttributeName=kind,AttributeType=S",
                       "--global-secondary-index-updates", cli.file("index.json", index))
    assert changed["TableDescription"]["GlobalSecondaryIndexes"][0]["IndexStatus"] in ("CREATING", "ACTIVE")
    cli.text("wait", "table-exists", *table)
    found = cli.json("query", *table, "--index-name", "by_kind", "--key-condition-expression", "kind = :k",
                     "--expression-attribute-values", '{":k": {"S": "book"}}')
    assert found["Items"] == [{"owner": {"S": "ann"}, "id": {"N": "1"}, "kind": {"S": "book"}}]
    assert cli.text("delete-table", *table, "--query", "TableDescription.TableStatus", "--output", "text") == "DELETING\n"
    cli.text("wait", "table-not-exists", *table)


def test_the_streams_subcommand(cli, notes):
    def streams(*arguments):
        return cli.json(*arguments, service="dynamodbstreams")

    (stream,) = streams("list-streams", "--table-name", notes)["Streams"]
    shard = streams("describe-stream", "--stream-arn", stream["StreamArn"], "--query", "StreamDescription.Shards[0].ShardId")
    iterator = streams("get-shard-iterator", "--stream-arn", stream["StreamArn"], "--shard-id", shard, "--shard-iterator-type", "TRIM_HORIZON",
                       "--query", "ShardIterator")
    record = streams("get-records", "--shard-iterator", iterator, "--limit", "1")["Records"][0]
    assert (record["eventName"], record["dynamodb"]["Keys"]["id"], record["awsRegion"]) == ("INSERT", {"N": "0"}, "us-east-1")


@pytest.mark.parametrize(("arguments", "message"), [
    (["describe-table", "--table-name", "nope"],
     "An error occurred (ResourceNotFoundException) when calling the DescribeTable operation: Requested resource not found: Table: nope not found"),
    (["put-item", "--table-name", "notes", "--item", '{"owner": {"S": "x"}}'],
     "An error occurred (ValidationException) when calling the PutItem operation: One or more parameter values were invalid: Missing the key id in the item"),
    (["put-item", "--table-name", "notes", "--item", '{"owner": {"S": "ann"}, "id": {"N": "3"}}', "--condition-expression", "attribute_not_exists(id)"],
     "An error occurred (ConditionalCheckFailedException) when calling the PutItem operation: The conditional request failed"),
])
def test_errors_are_told_on_stderr_with_an_exit_code(cli, notes, arguments, message):
    assert notes
    assert cli.error(*arguments) == message
