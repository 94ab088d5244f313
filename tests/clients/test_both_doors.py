"""psql users and boto3 users share one database: each sees the other's tables and writes at once."""

from decimal import Decimal


def test_a_table_made_through_sql_is_there_for_boto3(server, pg):
    pg.execute("CREATE TABLE music (artist text, song text, year int, PRIMARY KEY (artist, song))")
    pg.execute("INSERT INTO music VALUES ('Acme Band', 'Happy Day', 2013)")
    table = server.dynamodb("resource").Table("music")
    assert table.key_schema == [{"AttributeName": "artist", "KeyType": "HASH"}, {"AttributeName": "song", "KeyType": "RANGE"}]
    key = {"artist": "Acme Band", "song": "Happy Day"}
    assert table.get_item(Key=key)["Item"] == {**key, "year": Decimal(2013)}
    table.update_item(Key=key, UpdateExpression="SET plays = if_not_exists(plays, :zero) + :one",
                      ExpressionAttributeValues={":zero": 0, ":one": 1})
    assert pg.execute("SELECT year, plays FROM music WHERE artist = 'Acme Band' AND song = 'Happy Day'").fetchall() == [(2013, 1)]


def test_a_table_made_through_boto3_is_there_for_sql(server, pg):
    resource = server.dynamodb("resource")
    table = resource.create_table(
        TableName="Thread", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "ForumName", "AttributeType": "S"}, {"AttributeName": "Id", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "ForumName", "KeyType": "HASH"}, {"AttributeName": "Id", "KeyType": "RANGE"}],
    )
    table.wait_until_exists()
    with table.batch_writer() as batch:
        for number in range(60):
            batch.put_item(Item={"ForumName": "S3", "Id": number, "Tags": {"a", "b"}, "Body": {"n": [1, 2, number]}})
    rows = pg.execute('SELECT "Id" FROM "Thread" WHERE "ForumName" = %s AND "Id" BETWEEN 10 AND 12', ["S3"]).fetchall()
    assert [int(row[0]) for row in rows] == [10, 11, 12]
    item = pg.execute('SELECT _item FROM "Thread" WHERE "ForumName" = %s AND "Id" = 7', ["S3"]).fetchone()[0]
    assert item == {"ForumName": "S3", "Id": 7, "Tags": ["a", "b"], "Body": {"n": [1, 2, 7]}}
    assert pg.execute('SELECT count(*) FROM "Thread"').fetchone() == (60,)
    pg.execute('DELETE FROM "Thread" WHERE "ForumName" = %s AND "Id" = 7', ["S3"])
    assert "Item" not in table.get_item(Key={"ForumName": "S3", "Id": 7})
    pg.execute('DROP TABLE "Thread"')
    assert "Thread" not in server.dynamodb().list_tables()["TableNames"]


def test_partiql_through_both_doors(server, pg, dynamodb):
    pg.execute("CREATE TABLE partiql_both (id text PRIMARY KEY)")
    dynamodb.execute_statement(Statement="INSERT INTO partiql_both VALUE {'id': ?, 'tags': <<'x', 'y'>>}", Parameters=[{"S": "one"}])
    pg.execute("INSERT INTO partiql_both VALUE {'id': 'two', 'nested': {'list': [1, 'b']}}")
    found = dynamodb.execute_statement(Statement="SELECT * FROM partiql_both WHERE id = 'two'")["Items"]
    assert found == [{"id": {"S": "two"}, "nested": {"M": {"list": {"L": [{"N": "1"}, {"S": "b"}]}}}}]
    assert pg.execute("SELECT _item FROM partiql_both WHERE id = 'one'").fetchone()[0] == {"id": "one", "tags": ["x", "y"]}
