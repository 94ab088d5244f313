"""Transactions of the DynamoDB API with boto3: all or nothing, request tokens, cancellation reasons, statements."""

import random
import shutil
import tempfile
import threading
import uuid

import botocore.exceptions
import pytest

from support.server import PATIENCE_SECONDS, running
from test_crash import CONNECTION_LOST

ACCOUNTS = 10
START = 100
KILLS = 3
STEPS_BEFORE_KILL = 200


@pytest.fixture(scope="module")
def table(server):
    server.dynamodb().create_table(
        TableName="Accounts", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    return "Accounts"


def key(account):
    return {"id": {"S": str(account)}}


def put(table, account, **attributes):
    return {"Put": {"TableName": table, "Item": {**key(account), **attributes}}}


def transfer(table, source, target, amount, **conditions):
    """Two actions: from one account to the other."""
    return [
        {"Update": {"TableName": table, "Key": key(source), "UpdateExpression": "SET n = n - :a", **conditions,
                    "ExpressionAttributeValues": {":a": {"N": str(amount)}}}},
        {"Update": {"TableName": table, "Key": key(target), "UpdateExpression": "SET n = n + :a",
                    "ExpressionAttributeValues": {":a": {"N": str(amount)}}}},
    ]


def balances(client, table):
    gets = [{"Get": {"TableName": table, "Key": key(account)}} for account in range(ACCOUNTS)]
    return [int(response["Item"]["n"]["N"]) for response in client.transact_get_items(TransactItems=gets)["Responses"]]


def open_accounts(client, table):
    client.transact_write_items(TransactItems=[put(table, account, n={"N": str(START)}) for account in range(ACCOUNTS)])


def test_a_cancellation_is_raised_with_its_reasons(dynamodb, table):
    dynamodb.put_item(TableName=table, Item={**key("taken"), "owner": {"S": "Ann"}})
    taken = put(table, "taken", owner={"S": "Bob"})
    taken["Put"] |= {"ConditionExpression": "attribute_not_exists(id)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as raised:
        dynamodb.transact_write_items(TransactItems=[put(table, "free"), taken])
    answer = raised.value.response
    assert answer["Error"]["Message"].endswith("specific reasons [None, ConditionalCheckFailed]")
    assert answer["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Item": {**key("taken"), "owner": {"S": "Ann"}}, "Message": "The conditional request failed"},
    ]
    assert "Item" not in dynamodb.get_item(TableName=table, Key=key("free"))
    with pytest.raises(botocore.exceptions.ClientError, match="multiple operations on one item"):
        dynamodb.transact_write_items(TransactItems=[put(table, "free"), put(table, "free")])


def test_what_was_not_meant_to_happen_twice_does_not(dynamodb, table):
    token = str(uuid.uuid4())
    add = {"Update": {"TableName": table, "Key": key("counter"), "UpdateExpression": "ADD n :a",
                      "ExpressionAttributeValues": {":a": {"N": "1"}}}}
    capacities = [
        dynamodb.transact_write_items(TransactItems=[add], ClientRequestToken=token, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
        for _ in range(3)
    ]
    assert [sorted(capacity[0]) for capacity in capacities] == [
        ["CapacityUnits", "TableName", "WriteCapacityUnits"], *[["CapacityUnits", "ReadCapacityUnits", "TableName"]] * 2]
    assert dynamodb.get_item(TableName=table, Key=key("counter"))["Item"]["n"] == {"N": "1"}
    with pytest.raises(dynamodb.exceptions.IdempotentParameterMismatchException):
        dynamodb.transact_write_items(TransactItems=[put(table, "other")], ClientRequestToken=token)
    # Without a token boto3 makes one for each call.
    dynamodb.transact_write_items(TransactItems=[add])
    dynamodb.transact_write_items(TransactItems=[add])
    assert dynamodb.get_item(TableName=table, Key=key("counter"))["Item"]["n"] == {"N": "3"}


def test_statements_in_batches_and_transactions(dynamodb, table, pg):
    done = dynamodb.execute_transaction(TransactStatements=[
        {"Statement": f"INSERT INTO {table} VALUE {{'id': 's1', 'n': ?}}", "Parameters": [{"N": "1"}]},
        {"Statement": f"INSERT INTO {table} VALUE {{'id': 's2', 'n': 2}}"},
    ])
    assert [response.get("Item") for response in done["Responses"]] == [None, None]
    assert pg.execute(f'SELECT count(*) FROM "{table}" WHERE id IN (\'s1\', \'s2\')').fetchone() == (2,)
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as raised:
        dynamodb.execute_transaction(TransactStatements=[
            {"Statement": f"UPDATE {table} SET n = 7 WHERE id = 's1'"},
            {"Statement": f"EXISTS(SELECT * FROM {table} WHERE id = 's2' AND n = 3)"},
        ])
    assert [reason["Code"] for reason in raised.value.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    read = dynamodb.execute_transaction(TransactStatements=[
        {"Statement": f"SELECT n FROM {table} WHERE id = ?", "Parameters": [{"S": name}]} for name in ("s2", "none", "s1")])
    assert read["Responses"] == [{"Item": {"n": {"N": "2"}}}, {}, {"Item": {"n": {"N": "1"}}}]
    batch = dynamodb.batch_execute_statement(Statements=[
        {"Statement": f"INSERT INTO {table} VALUE {{'id': 's1'}}"},
        {"Statement": f"UPDATE {table} SET n = 8 WHERE id = 's2'"},
    ])
    first, second = batch["Responses"]
    assert (first["Error"]["Code"], first["TableName"]) == ("DuplicateItem", table)
    assert "Error" not in second
    found = dynamodb.batch_execute_statement(Statements=[{"Statement": f"SELECT * FROM {table} WHERE id = 's2'"}])
    assert found["Responses"][0]["Item"] == {**key("s2"), "n": {"N": "8"}}


def test_concurrent_transfers_lose_and_make_no_money(server, dynamodb, table):
    open_accounts(dynamodb, table)
    failures, refused = [], []

    def work(seed):
        chance, client = random.Random(seed), server.dynamodb()
        try:
            for _ in range(60):
                source, target = chance.sample(range(ACCOUNTS), 2)
                try:
                    actions = transfer(table, source, target, chance.randrange(1, 80), ConditionExpression="n >= :a")
                    client.transact_write_items(TransactItems=actions)
                except client.exceptions.TransactionCanceledException as error:
                    codes = [reason["Code"] for reason in error.response["CancellationReasons"]]
                    assert codes == ["ConditionalCheckFailed", "None"], codes
                    refused.append(1)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=[seed]) for seed in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen = balances(dynamodb, table)
        assert sum(seen) == ACCOUNTS * START
        assert min(seen) >= 0
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    assert refused
    assert sum(balances(dynamodb, table)) == ACCOUNTS * START


def test_a_transfer_that_a_kill_cut_off_is_sent_again_and_done_once():
    """Each client sends what it has no answer to again, with the same token, to the server that follows."""
    directory = tempfile.mkdtemp()
    table, clients, steps = "Accounts", 4, threading.Semaphore(0)
    pending = [None] * clients
    done = [[] for _ in range(clients)]

    def work(client, number, chance, failures, killed):
        try:
            while True:
                if pending[number] is None:
                    source, target = chance.sample(range(ACCOUNTS), 2)
                    pending[number] = (str(uuid.uuid4()), source, target, chance.randrange(1, 10))
                token, *what = pending[number]
                client.transact_write_items(TransactItems=transfer(table, *what), ClientRequestToken=token)
                done[number].append(what)
                pending[number] = None
                steps.release()
        except BaseException as error:
            if not (isinstance(error, CONNECTION_LOST) and killed.is_set()):
                failures.append(error)
            steps.release()

    for kill in range(KILLS):
        with running(directory) as server:
            client = server.dynamodb()
            if kill == 0:
                client.create_table(
                    TableName=table, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
                open_accounts(client, table)
            assert sum(balances(client, table)) == ACCOUNTS * START
            failures, killed = [], threading.Event()
            arguments = [(server.dynamodb(), number, random.Random(f"{kill}/{number}"), failures, killed) for number in range(clients)]
            threads = [threading.Thread(target=work, args=each) for each in arguments]
            for thread in threads:
                thread.start()
            for _ in range(STEPS_BEFORE_KILL):
                assert steps.acquire(timeout=PATIENCE_SECONDS)
            killed.set()
            server.kill()
            for thread in threads:
                thread.join()
            assert not failures, failures[0]
    with running(directory) as server:
        client = server.dynamodb()
        for number, (token, *what) in ((number, sent) for number, sent in enumerate(pending) if sent):
            client.transact_write_items(TransactItems=transfer(table, *what), ClientRequestToken=token)
            done[number].append(what)
        expected = [START] * ACCOUNTS
        for source, target, amount in (what for each in done for what in each):
            expected[source] -= amount
            expected[target] += amount
        assert balances(client, table) == expected
    shutil.rmtree(directory)
