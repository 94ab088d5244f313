"""The examples of AWS' own documentation, as the AWS CLI's package carries them: each command is run, and prints what is documented.

The command line runs in this process, which saves its start. Times and identifiers are not compared. Left out are examples of account
limits, and those of features that come later.
"""

import contextlib
import difflib
import io
import json
import pathlib
import re
import shlex

import awscli
import pytest
from awscli.clidriver import create_clidriver

from support.credentials import FIRST_START, KEY, SECRET, variables
from support.server import running

DOCUMENTS = pathlib.Path(awscli.__file__).parent / "examples/dynamodb"
EXAMPLE = re.compile(r"^\*\*(.*?)\*\*$(.*?)(?=^\*\*|\Z)", re.MULTILINE | re.DOTALL)
# A paragraph that ends in two colons, and the indented block behind it.
BLOCK = re.compile(r"^(\S[^\n]*)::\n\n((?:(?: {4}[^\n]*)?\n)+)", re.MULTILINE)
# Of the moment, the machine or AWS' own bookkeeping.
VOLATILE = {"CreationDateTime", "CreationRequestDateTime", "TableId", "LatestStreamArn", "LatestStreamLabel", "LastUpdateToPayPerRequestDateTime",
            "LastIncreaseDateTime", "Backfilling", "LastDecreaseDateTime", "LastUpdateDateTime"}

MUSIC = [("No One You Know", "Call Me Today", "Somewhat Famous"), ("Acme Band", "Happy Day", "Songs About Life"),
         ("No One You Know", "Scared of My Shadow", "Blue Sky Blues")]
CATALOG = [{"Id": {"N": "456"}, "ProductCategory": {"S": "Sporting Goods"}, "Price": {"N": "550"}},
           {"Id": {"N": "102"}, "Title": {"S": "Book 102 Title"}, "ProductCategory": {"S": "Book"}, "Price": {"N": "20"}}]


def keys(*names):
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def strings(*names):
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


PLAIN_MUSIC = {"TableName": "MusicCollection", "KeySchema": keys("Artist", "SongTitle"),
               "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}
ALBUMS = {"IndexName": "AlbumTitleIndex", "KeySchema": keys("Artist", "AlbumTitle"),
          "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["Year", "Genre"]}}


class Example:
    """One example: the command, the files that it reads, what it prints."""

    def __init__(self, name, number):
        _, text = EXAMPLE.findall((DOCUMENTS / f"{name}.rst").read_text(encoding="utf-8"))[number - 1]
        self.name, self.files, self.output = name, {}, None
        for paragraph, block in BLOCK.findall(text):
            block = "\n".join(line[4:].rstrip() for line in block.splitlines()).strip()
            if block.startswith("aws dynamodb "):
                self.command = shlex.split(block.replace("\\\n", " "))[1:]
            elif (file := re.search(r"``(\S+\.json)``", paragraph)):
                self.files[file.group(1)] = block
            elif paragraph == "Output":
                self.output = json.loads(block)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("examples") / "data", "--region", "us-west-2", insecure=False, variables=FIRST_START) as started:
        yield started


@pytest.fixture
def dynamodb(server):
    """A client, and no tables but those that the test makes."""
    client = server.dynamodb(region="us-west-2", key=KEY, secret=SECRET)
    yield client
    for name in client.list_tables()["TableNames"]:
        client.update_table(TableName=name, DeletionProtectionEnabled=False)
        client.delete_table(TableName=name)


@pytest.fixture
def run(server, dynamodb, tmp_path, monkeypatch):
    """Runs an example's command in a directory with its files: what it printed and its exit code."""
    for name, value in {**variables(server), "AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    driver = create_clidriver()

    def command(example):
        for name, content in example.files.items():
            (tmp_path / name).write_text(content, encoding="utf-8")
        arguments = [argument.replace("123456789012", "000000000000") for argument in example.command]
        with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()) as errors:
            code = driver.main(arguments)
        return code, printed.getvalue().replace("000000000000", "123456789012"), errors.getvalue().strip()

    return command


def plain_music(dynamodb):
    dynamodb.create_table(**PLAIN_MUSIC, AttributeDefinitions=strings("Artist", "SongTitle"))


def music(dynamodb):
    """The table of most examples, with its index of albums."""
    dynamodb.create_table(**PLAIN_MUSIC, AttributeDefinitions=strings("Artist", "SongTitle", "AlbumTitle"), LocalSecondaryIndexes=[ALBUMS])


def songs(dynamodb, albums=(), **more):
    """With three songs; `albums` are other albums of some, `more` is in every item."""
    music(dynamodb)
    for artist, song, album in MUSIC:
        item = {"Artist": {"S": artist}, "SongTitle": {"S": song}, "AlbumTitle": {"S": dict(albums).get(song, album)}, **more}
        dynamodb.put_item(TableName="MusicCollection", Item=item)


def on_demand(dynamodb):
    plain_music(dynamodb)
    dynamodb.update_table(TableName="MusicCollection", BillingMode="PAY_PER_REQUEST")


def with_album_index(dynamodb):
    dynamodb.create_table(**PLAIN_MUSIC, AttributeDefinitions=strings("Artist", "SongTitle", "AlbumTitle"), GlobalSecondaryIndexes=[{
        "IndexName": "AlbumTitle-index", "KeySchema": keys("AlbumTitle"), "Projection": {"ProjectionType": "ALL"},
        "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10}}])


def with_tags(dynamodb):
    tags = [{"Key": "Owner", "Value": "blueTeam"}, {"Key": "Environment", "Value": "Production"}]
    dynamodb.create_table(**PLAIN_MUSIC, AttributeDefinitions=strings("Artist", "SongTitle"), Tags=tags)


def with_time_to_live(dynamodb):
    plain_music(dynamodb)
    dynamodb.update_time_to_live(TableName="MusicCollection", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})


def catalog(dynamodb):
    dynamodb.create_table(TableName="ProductCatalog", KeySchema=keys("Id"), BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "N"}])
    for item in CATALOG:
        dynamodb.put_item(TableName="ProductCatalog", Item=item)


def nothing(_dynamodb):
    """The example begins without tables."""


def stable(value):
    """Without what is of the moment."""
    if isinstance(value, dict):
        return {name: stable(member) for name, member in value.items() if name not in VOLATILE}
    return [stable(element) for element in value] if isinstance(value, list) else value


def unordered(value):
    """Lists of which nobody promises the order, in one."""
    if isinstance(value, dict):
        return {name: unordered(member) for name, member in value.items()}
    if isinstance(value, list):
        return sorted((unordered(element) for element in value), key=lambda element: json.dumps(element, sort_keys=True))
    return value


def difference(documented, printed):
    """Line by line."""
    documented, printed = (json.dumps(value, indent=1, sort_keys=True).splitlines() for value in (documented, printed))
    return "\n".join(difflib.unified_diff(documented, printed, "documented", "printed", lineterm="", n=2))


# Examples that print all that is documented, and nothing else.
EXACT = [
    ("delete-item", 1, songs), ("delete-item", 2, catalog), ("get-item", 1, songs), ("get-item", 2, songs), ("get-item", 3, catalog),
    ("put-item", 2, lambda dynamodb: songs(dynamodb, albums=[("Call Me Today", "Greatest Hits")])),
    ("query", 2, songs), ("query", 3, songs), ("query", 4, songs), ("query", 5, songs), ("scan", 1, songs),
    ("transact-get-items", 1, songs), ("update-item", 1, lambda dynamodb: songs(dynamodb, Awards={"N": "10"})),
    ("describe-time-to-live", 1, with_time_to_live), ("update-time-to-live", 1, songs),
]
# Lists that come in any order.
UNORDERED = [
    ("batch-get-item", 1, lambda dynamodb: songs(dynamodb, albums=[("Happy Day", "Louder Than Ever")])), ("batch-write-item", 1, music),
    ("transact-write-items", 1, songs), ("list-tags-of-resource", 1, with_tags),
]
# Descriptions of tables: the documentation is older than some of their members, and shows others that the example did not make.
DESCRIPTIONS = [*(("create-table", number, nothing, None) for number in (1, 2, 3, 4, 5, 6, 7, 10)), ("delete-table", 1, plain_music, None),
                ("describe-table", 1, plain_music, None), ("update-table", 1, on_demand, {"ProvisionedThroughput", "BillingModeSummary", "TableStatus"}),
                ("update-table", 2, plain_music, {"AttributeDefinitions", "GlobalSecondaryIndexes", "TableStatus"}),
                ("update-table", 3, plain_music, {"StreamSpecification", "TableStatus"})]


def answer(run, example):
    code, printed, errors = run(example)
    assert (code, errors) == (0, "")
    return stable(json.loads(printed)) if printed else None


def named(cases):
    return {"argvalues": cases, "ids": [f"{case[0]}-{case[1]}" for case in cases]}


@pytest.mark.parametrize(("name", "number", "begin"), **named(EXACT))
def test_what_is_documented_is_printed(dynamodb, run, name, number, begin):
    example = Example(name, number)
    begin(dynamodb)
    changed = difference(stable(example.output), answer(run, example))
    assert not changed, changed


@pytest.mark.parametrize(("name", "number", "begin"), **named(UNORDERED))
def test_what_is_documented_is_printed_in_some_order(dynamodb, run, name, number, begin):
    example = Example(name, number)
    begin(dynamodb)
    changed = difference(unordered(stable(example.output)), unordered(answer(run, example)))
    assert not changed, changed


@pytest.mark.parametrize(("name", "number", "begin", "members"), **named(DESCRIPTIONS))
def test_tables_are_described_as_documented(dynamodb, run, name, number, begin, members):
    example = Example(name, number)
    begin(dynamodb)
    (documented,), (printed,) = stable(example.output).values(), answer(run, example).values()
    members = members or set(documented)
    documented, printed = ({member: value for member, value in table.items() if member in members} for table in (documented, printed))
    changed = difference(documented, printed)
    assert not changed, changed


def test_contributor_insights_are_enabled_as_documented_and_tell_their_mode(dynamodb, run):
    """The mode is newer than the example."""
    with_album_index(dynamodb)
    example = Example("update-contributor-insights", 1)
    assert answer(run, example) == {**example.output, "ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS"}


@pytest.mark.parametrize(("name", "number", "begin"), **named([
    ("create-table", 8, nothing), ("tag-resource", 1, songs), ("untag-resource", 1, with_tags), ("transact-write-items", 2, songs)]))
def test_commands_without_documented_output_work(dynamodb, run, name, number, begin):
    begin(dynamodb)
    answer(run, Example(name, number))


def test_slips_of_the_documentation(dynamodb, run):
    """put-item 1 forgets the index that batch-write-item 1 counts; query 1 shows two items as one JSON object."""
    music(dynamodb)
    example = Example("put-item", 1)
    documented = stable(example.output)
    assert documented["ConsumedCapacity"].pop("CapacityUnits") == 1.0
    printed = answer(run, example)
    assert printed["ConsumedCapacity"].pop("CapacityUnits") == 2.0
    assert printed == documented
    dynamodb.delete_table(TableName="MusicCollection")
    songs(dynamodb)
    example = Example("query", 1)
    printed = answer(run, example)
    assert [item["SongTitle"]["S"] for item in printed.pop("Items")] == ["Call Me Today", "Scared of My Shadow"]
    assert printed == {name: value for name, value in stable(example.output).items() if name != "Items"}


def test_a_condition_that_fails_is_told_as_documented(dynamodb, run):
    songs(dynamodb)
    example = Example("update-item", 2)
    assert run(example) == (0, "", "")
    assert run(example) == (255, "", "An error occurred (ConditionalCheckFailedException) when calling the UpdateItem operation: "
                                     "The conditional request failed")
