"""PartiQL through boto3: what DynamoDB documents, and the queries that it refuses and this server answers."""

import botocore.exceptions
import pytest


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    client = server.dynamodb()
    for name, keys in [("Music", ["Artist", "SongTitle"]), ("Artists", ["Name"])]:
        client.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ["HASH", "RANGE"], strict=False)])
    for artist, song, genre, plays in [("Acme Band", "Happy Day", "country", 3), ("Acme Band", "PartiQL Rocks", "rock", 10),
                                       ("No One You Know", "Call Me Today", "country", 5)]:
        client.execute_statement(
            Statement="INSERT INTO Music VALUE {'Artist': ?, 'SongTitle': ?, 'Genre': ?, 'Plays': ?, 'Awards': [1, {'Year': 2020}]}",
            Parameters=[{"S": artist}, {"S": song}, {"S": genre}, {"N": str(plays)}])
    client.execute_statement(Statement="INSERT INTO Artists VALUE {'Name': 'Acme Band', 'Country': 'NO'}")
    client.execute_statement(Statement="INSERT INTO Artists VALUE {'Name': 'No One You Know', 'Country': 'SE'}")


def items(dynamodb, statement, parameters=(), **more):
    """The items of all pages."""
    found, request = [], {"Statement": statement, **({"Parameters": list(parameters)} if parameters else {}), **more}
    while True:
        page = dynamodb.execute_statement(**request)
        found += page["Items"]
        if "NextToken" not in page:
            return found
        request["NextToken"] = page["NextToken"]


def refused(dynamodb, statement, **more):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        dynamodb.execute_statement(Statement=statement, **more)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_paths_of_the_select_list_are_named_by_their_last_component(dynamodb):
    statement = "SELECT Awards[0], Awards[1].Year, Genre AS Kind FROM Music WHERE Artist = 'Acme Band' AND SongTitle = 'Happy Day'"
    assert items(dynamodb, statement) == [{"Awards[0]": {"N": "1"}, "Year": {"N": "2020"}, "Kind": {"S": "country"}}]


def test_joins(dynamodb):
    statement = ("SELECT m.SongTitle AS song, a.Country AS country FROM Music m JOIN Artists a ON m.Artist = a.Name "
                 "WHERE m.Plays > ? ORDER BY song")
    assert items(dynamodb, statement, [{"N": "4"}]) == [
        {"song": {"S": "Call Me Today"}, "country": {"S": "SE"}}, {"song": {"S": "PartiQL Rocks"}, "country": {"S": "NO"}}]


def test_aggregates(dynamodb):
    statement = "SELECT Genre AS genre, count(*) AS songs, sum(Plays) AS plays FROM Music GROUP BY Genre ORDER BY genre"
    expected = [{"genre": {"S": "country"}, "songs": {"N": "2"}, "plays": {"N": "8"}},
                {"genre": {"S": "rock"}, "songs": {"N": "1"}, "plays": {"N": "10"}}]
    assert items(dynamodb, statement) == expected
    # Pages of one item each, with a token between them.
    assert items(dynamodb, statement, Limit=1) == expected
    assert items(dynamodb, "SELECT count(*) AS n FROM Music WHERE Artist = ?", [{"S": "Nobody"}]) == [{"n": {"N": "0"}}]
    # NULL is an absent attribute.
    assert items(dynamodb, "SELECT max(Plays) AS most FROM Music WHERE Artist = 'Nobody'") == [{}]


def test_order_and_limit_of_anything(dynamodb):
    songs = items(dynamodb, "SELECT SongTitle FROM Music ORDER BY Plays DESC LIMIT 2")
    assert [song["SongTitle"]["S"] for song in songs] == ["PartiQL Rocks", "Call Me Today"]
    assert items(dynamodb, "SELECT upper(SongTitle) AS title FROM Music WHERE SongTitle LIKE 'Happy%'") == [{"title": {"S": "HAPPY DAY"}}]
    assert items(dynamodb, "SELECT 1 AS one, true AS yes")[0]["one"] == {"N": "1"}


def test_queries_over_tables_have_no_capacity_and_no_key(dynamodb):
    answer = dynamodb.execute_statement(
        Statement="SELECT count(*) AS n FROM Music", ReturnConsumedCapacity="TOTAL")
    assert "ConsumedCapacity" not in answer and "LastEvaluatedKey" not in answer
    page = dynamodb.execute_statement(Statement="SELECT Artist FROM Music", Limit=1, ReturnConsumedCapacity="TOTAL")
    assert page["ConsumedCapacity"]["TableName"] == "Music"
    # The token of one statement continues no other.
    code, message = refused(dynamodb, "SELECT count(*) AS n FROM Music", NextToken=page["NextToken"])
    assert (code, message) == ("ValidationException", "NextToken does not match request")


@pytest.mark.parametrize(("statement", "words"), [
    ("SELECT count(*) FROM Nowhere", "not found"),
    ("SELECT nope(Genre) FROM Music", "nope"),
    ("SELECT m.Genre, count(*) FROM Music m", "Genre"),
    ("SELECT m.Artist AS x, a.Genre AS x FROM Music m JOIN Music a ON m.Artist = a.Artist", "x"),
    ("SELECT VALUE Genre FROM Music", "SELECT VALUE"),
    ("SELECT Artist FROM Music UNION SELECT", ""),
    ("INSERT INTO Music SELECT * FROM Music", "INSERT … SELECT"),
    ("UPDATE Music SET Plays = 0 WHERE Plays > 1", "key"),
    ("DELETE FROM Music WHERE Artist IN (SELECT Name FROM Artists)", ""),
    ("SELECT * FROM Music AS OF LSN 1", "AS OF"),
    ("DROP TABLE Music", "DROP TABLE"),
])
def test_what_stays_refused(dynamodb, statement, words):
    code, message = refused(dynamodb, statement)
    assert code in ("ValidationException", "ResourceNotFoundException")
    assert words in message
    assert len(items(dynamodb, "SELECT * FROM Music")) == 3


def test_queries_are_statements_of_their_own(dynamodb):
    """Batches and transactions read items by their keys."""
    query = {"Statement": "SELECT count(*) AS n FROM Music"}
    [answer] = dynamodb.batch_execute_statement(Statements=[query])["Responses"]
    assert answer["Error"]["Code"] == "ValidationError"
    with pytest.raises(botocore.exceptions.ClientError, match="ValidationException"):
        dynamodb.execute_transaction(TransactStatements=[query])
