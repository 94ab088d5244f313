"""Contributor Insights: boto3 switches them on, both doors are counted, SQL shows the figures, SIGKILL forgets no setting."""

import pytest

from support.server import running

TABLE, INDEX = "played", "by_genre"


def create(dynamodb, name=TABLE):
    attributes = [{"AttributeName": attribute, "AttributeType": "S"} for attribute in ("artist", "song", "genre")]
    key = [{"AttributeName": "artist", "KeyType": "HASH"}, {"AttributeName": "song", "KeyType": "RANGE"}]
    dynamodb.create_table(
        TableName=name, AttributeDefinitions=attributes, KeySchema=key, BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[{
            "IndexName": INDEX, "KeySchema": [{"AttributeName": "genre", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"},
        }],
    )


def figures(pg, rule, table=TABLE):
    """What the keys of a rule have consumed, all windows together."""
    rows = pg.execute(
        """SELECT keys, sum(contribution) FROM shale_contributor_insights
           WHERE table_name = %s AND rule_name LIKE %s GROUP BY keys""",
        [table, f"DynamoDBContributorInsights-{rule}-%"],
    ).fetchall()
    return {tuple(keys[name] for name in sorted(keys)): units for keys, units in rows}


def test_both_doors_are_counted_and_sql_shows_the_figures(server, dynamodb, pg):
    create(dynamodb)
    before = dynamodb.describe_contributor_insights(TableName=TABLE)
    assert before["ContributorInsightsStatus"] == "DISABLED" and "ContributorInsightsRuleList" not in before
    dynamodb.put_item(TableName=TABLE, Item={"artist": {"S": "a"}, "song": {"S": "0"}})
    for index in ({}, {"IndexName": INDEX}):
        enabled = dynamodb.update_contributor_insights(TableName=TABLE, ContributorInsightsAction="ENABLE", **index)
        assert enabled["ContributorInsightsStatus"] == "ENABLING"
    described = dynamodb.describe_contributor_insights(TableName=TABLE)
    assert described["ContributorInsightsStatus"] == "ENABLED"
    codes = [rule.split("-")[1] for rule in described["ContributorInsightsRuleList"]]
    assert codes == ["PKC", "SKC", "PKT", "SKT"] and described["LastUpdateDateTime"]
    assert figures(pg, "PKC") == {}
    # 2 units at the JSON door, and one for the entry of the index.
    for song in "12":
        dynamodb.put_item(TableName=TABLE, Item={"artist": {"S": "a"}, "song": {"S": song}})
    dynamodb.put_item(TableName=TABLE, Item={"artist": {"S": "b"}, "song": {"S": "1"}, "genre": {"S": "rock"}})
    assert figures(pg, "PKC") == {("a",): 2, ("b",): 1, ("rock",): 1}
    assert figures(pg, "SKC") == {("a", "1"): 1, ("a", "2"): 1, ("b", "1"): 1}
    # Through SQL: a write, a consistent read by key, a scan by the analytic executor of four small items.
    pg.execute(f"INSERT INTO {TABLE} (artist, song) VALUES ('c', '1')")
    pg.execute(f"SELECT * FROM {TABLE} WHERE artist = 'c' AND song = '1'").fetchall()
    assert figures(pg, "SKC")["c", "1"] == 2
    counted = sum(figures(pg, "PKC").values())
    pg.execute(f"SELECT artist, count(*) FROM {TABLE} GROUP BY artist").fetchall()
    after = figures(pg, "PKC")
    assert sum(after.values()) == pytest.approx(counted + 1) and after["a",] > 2
    assert figures(pg, "PKT") == {} == figures(pg, "SKT"), "nothing is throttled"
    [(kind, rows)] = pg.execute(
        "SELECT pg_typeof(keys)::text, count(*) FROM shale_contributor_insights WHERE window_start <= now() AND error_bound = 0 GROUP BY 1"
    ).fetchall()
    assert kind == "jsonb" and rows >= 7
    dynamodb.update_contributor_insights(TableName=TABLE, ContributorInsightsAction="DISABLE")
    assert figures(pg, "PKC") == {("rock",): 1}


def test_hot_keys_stand_out_of_many(server, dynamodb, pg):
    create(dynamodb, "hot")
    dynamodb.update_contributor_insights(TableName="hot", ContributorInsightsAction="ENABLE")
    pg.execute("INSERT INTO hot (artist, song) SELECT 'artist ' || n, 'x' FROM generate_series(1, 2000) AS t(n)")
    for _ in range(60):
        dynamodb.get_item(TableName="hot", Key={"artist": {"S": "artist 7"}, "song": {"S": "x"}}, ConsistentRead=True)
    top = pg.execute(
        """SELECT keys ->> 'artist', contribution, error_bound FROM shale_contributor_insights
           WHERE table_name = 'hot' AND rule_name LIKE '%-SKC-%' ORDER BY contribution DESC LIMIT 1"""
    ).fetchone()
    assert top[0] == "artist 7" and top[1] - top[2] <= 61 <= top[1] + top[2]


def test_the_list_has_pages(server, dynamodb):
    for name in ("paged-a", "paged-b"):
        create(dynamodb, name)
        for index in ({}, {"IndexName": INDEX}):
            dynamodb.update_contributor_insights(
                TableName=name, ContributorInsightsAction="ENABLE", ContributorInsightsMode="THROTTLED_KEYS", **index)
    found, more = [], {}
    while True:
        page = dynamodb.list_contributor_insights(MaxResults=3, **more)
        assert len(page["ContributorInsightsSummaries"]) <= 3
        found += page["ContributorInsightsSummaries"]
        if "NextToken" not in page:
            break
        more = {"NextToken": page["NextToken"]}
    paged = [(of["TableName"], of.get("IndexName"), of["ContributorInsightsMode"]) for of in found if of["TableName"].startswith("paged")]
    assert paged == [(name, index, "THROTTLED_KEYS") for name in ("paged-a", "paged-b") for index in (None, INDEX)]


def test_the_setting_survives_a_kill(tmp_path):
    with running(tmp_path) as server:
        dynamodb = server.dynamodb()
        create(dynamodb)
        dynamodb.update_contributor_insights(TableName=TABLE, ContributorInsightsAction="ENABLE")
        rules = dynamodb.describe_contributor_insights(TableName=TABLE)["ContributorInsightsRuleList"]
        server.kill()
    with running(tmp_path) as server:
        dynamodb = server.dynamodb()
        assert dynamodb.describe_contributor_insights(TableName=TABLE)["ContributorInsightsRuleList"] == rules
        dynamodb.put_item(TableName=TABLE, Item={"artist": {"S": "a"}, "song": {"S": "1"}})
        with server.connect() as pg:
            assert figures(pg, "PKC") == {("a",): 1}
            dynamodb.delete_table(TableName=TABLE)
            create(dynamodb)
            assert figures(pg, "PKC") == {}
        assert dynamodb.list_contributor_insights()["ContributorInsightsSummaries"] == []
