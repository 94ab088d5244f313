"""dynamodb-admin, a web page for tables and items, started against the server and used in a headless Chromium."""

import re

import pytest

from support.credentials import KEY, SECRET, variables
from support.javascript import BROWSER_VARIABLES, INSTALLED, SOURCES, node, project, started


@pytest.fixture
def tables(guarded_server):
    """`pets` with two pages of items and an index; `short` with one item."""
    dynamodb = guarded_server.dynamodb(key=KEY, secret=SECRET)
    dynamodb.create_table(
        TableName="pets", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "owner", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "owner", "AttributeType": "S"}, {"AttributeName": "id", "AttributeType": "N"},
                              {"AttributeName": "kind", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[{"IndexName": "by_kind", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [
            {"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}]}])
    for number in range(30):
        dynamodb.put_item(TableName="pets", Item={"owner": {"S": "ann"}, "id": {"N": str(number)}, "kind": {"S": "dog" if number % 2 else "cat"}})
    dynamodb.create_table(TableName="short", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}])
    dynamodb.put_item(TableName="short", Item={"a": {"S": "only"}})


def test_in_a_browser(guarded_server, tables, tmp_path):
    directory = project(tmp_path / "project", SOURCES / "browser.mjs", SOURCES / "admin.browser.mjs")
    program = INSTALLED / "node_modules/dynamodb-admin/dist/dynamodb-admin.js"
    with started(directory, program, "--host", "127.0.0.1", "--port", "0", "--dynamo-endpoint", guarded_server.dynamodb_url, **variables(guarded_server)) as admin:
        for line in admin.stdout:
            if (listening := re.search(r"listening on:?\s+(http://\S+)", line)):
                break
        assert listening
        ended = node(directory, "--test", "--test-reporter=spec", "admin.browser.mjs", ADMIN_URL=listening.group(1),
                     SCREENSHOT=str(tmp_path / "items.png"), **BROWSER_VARIABLES)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "fail 0" in ended.stdout and "pass 0" not in ended.stdout, ended.stdout
    assert (tmp_path / "items.png").stat().st_size > 10_000
