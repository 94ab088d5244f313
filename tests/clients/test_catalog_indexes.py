"""Indexes made through the DynamoDB API are indexes to psql, SQLAlchemy and every other reader of PostgreSQL's catalog."""

import time

import pytest
import sqlalchemy
from support.server import PATIENCE_SECONDS


def attributes(**types):
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def keys(hash_names, range_names=()):
    named = [(name, "HASH") for name in hash_names] + [(name, "RANGE") for name in range_names]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in named]


@pytest.fixture(scope="module", autouse=True)
def songs(server):
    dynamodb = server.dynamodb()
    dynamodb.create_table(
        TableName="songs", BillingMode="PAY_PER_REQUEST", KeySchema=keys(["artist"], ["title"]),
        AttributeDefinitions=attributes(artist="S", title="S", genre="S", year="N", label="S", country="S"),
        GlobalSecondaryIndexes=[
            {"IndexName": "by_genre", "KeySchema": keys(["genre"], ["year"]),
             "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["price"]}},
            {"IndexName": "ByLabel", "KeySchema": keys(["label", "country"], ["year"]), "Projection": {"ProjectionType": "ALL"}},
        ],
        LocalSecondaryIndexes=[{"IndexName": "by_year", "KeySchema": keys(["artist"], ["year"]), "Projection": {"ProjectionType": "KEYS_ONLY"}}],
    )
    for number in range(20):
        dynamodb.put_item(TableName="songs", Item={
            "artist": {"S": "a"}, "title": {"S": f"t{number}"}, "genre": {"S": "rock"}, "year": {"N": str(1980 + number)},
            "price": {"N": "1.25"}, **({"label": {"S": "l"}} if number % 2 else {}),
        })


def test_psql_describes_the_table_with_its_indexes(server):
    described = server.psql("-v", "ON_ERROR_STOP=1", "-c", r"\d songs")
    assert described.returncode == 0, described.stderr
    lines = [line.strip() for line in described.stdout.partition("Indexes:\n")[2].splitlines() if line]
    assert lines == [
        '"songs_pkey" PRIMARY KEY, btree (artist, title)',
        # No item has a country, so that it is no column; that it is a key stands here all the same.
        '"ByLabel" btree (label HASH, country HASH, year RANGE) WITH (projection=\'all\')',
        '"by_genre" btree (genre, year) INCLUDE (price)',
        '"by_year" LOCAL INDEX by_year (year)',
    ]


@pytest.mark.parametrize(("command", "expected"), [
    (r"\di", ["public|ByLabel|index|shale|songs", "public|by_genre|index|shale|songs", "public|by_year|index|shale|songs"]),
    (r"\di by_*", ["public|by_genre|index|shale|songs", "public|by_year|index|shale|songs"]),
    (r"\d by_genre", ["genre|text|yes|genre", "year|bigint|yes|year", "price|numeric|no|price"]),
    (r'\d "ByLabel"', ["label|text|yes|label", "country|text|yes|country", "year|bigint|yes|year"]),
    (r'\d+ "ByLabel"', ["Options: projection=all"]),
])
def test_psql_shows_indexes(server, command, expected):
    shown = server.psql("-A", "-v", "ON_ERROR_STOP=1", "-c", command)
    assert shown.returncode == 0, shown.stderr
    for line in expected:
        assert any(shown_line.startswith(line) for shown_line in shown.stdout.splitlines()), shown.stdout


def test_sizes_are_those_that_describe_table_gives(server, pg, dynamodb):
    table = dynamodb.describe_table(TableName="songs")["Table"]
    described = {index["IndexName"]: index for index in table["GlobalSecondaryIndexes"] + table["LocalSecondaryIndexes"]}
    assert described["by_genre"]["ItemCount"] == 20 and described["by_year"]["ItemCount"] == 20 and described["ByLabel"]["ItemCount"] == 0
    for name, index in described.items():
        size, items = pg.execute("SELECT pg_relation_size(oid), reltuples FROM pg_class WHERE relname = %s", [name]).fetchone()
        assert (size, items) == (index["IndexSizeBytes"], index["ItemCount"])
    indexes = sum(index["IndexSizeBytes"] for index in described.values())
    assert indexes > 0
    assert pg.execute("SELECT pg_table_size('songs'), pg_indexes_size('songs'), pg_total_relation_size('songs')").fetchone() == (
        table["TableSizeBytes"], indexes, table["TableSizeBytes"] + indexes)


def test_sqlalchemy_reflects_them(server):
    engine = sqlalchemy.create_engine(server.pg_url().replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        inspector = sqlalchemy.inspect(connection)
        found = {index["name"]: index for index in inspector.get_indexes("songs")}
        assert sorted(found) == ["ByLabel", "by_genre", "by_year"]
        assert not any(index["unique"] for index in found.values())
        assert found["by_genre"]["column_names"] == ["genre", "year"]
        assert found["by_genre"]["dialect_options"]["postgresql_include"] == ["price"]
        assert found["by_year"]["column_names"] == ["artist", "year"]
        assert found["ByLabel"]["column_names"] == ["label", None, "year"]
        assert found["ByLabel"]["expressions"] == ["label", "country", "year"]
        assert found["ByLabel"]["dialect_options"]["postgresql_with"] == {"projection": "all"}
        assert inspector.get_pk_constraint("songs")["constrained_columns"] == ["artist", "title"]
        reflected = sqlalchemy.Table("songs", sqlalchemy.MetaData(), autoload_with=connection)
        assert {index.name for index in reflected.indexes} >= {"by_genre", "by_year"}
    engine.dispose()


def test_an_index_that_is_dropped_is_gone_and_a_new_one_is_there(server, pg, dynamodb):
    names = "SELECT indexname FROM pg_indexes WHERE tablename = 'later' ORDER BY 1"
    pg.execute("CREATE TABLE later (id text PRIMARY KEY, size int)")
    pg.execute("INSERT INTO later VALUES ('one', 1), ('two', 2)")
    dynamodb.update_table(TableName="later", AttributeDefinitions=attributes(size="N"), GlobalSecondaryIndexUpdates=[
        {"Create": {"IndexName": "by_size", "KeySchema": keys(["size"]), "Projection": {"ProjectionType": "KEYS_ONLY"}}}])
    assert [row[0] for row in pg.execute(names)] == ["by_size", "later_pkey"]
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_size'::regclass"
    end = time.monotonic() + PATIENCE_SECONDS
    while pg.execute(valid).fetchone() != (True,):
        assert time.monotonic() < end, pg.execute("SELECT * FROM pg_stat_progress_create_index").fetchall()
    [oid] = pg.execute("SELECT 'by_size'::regclass::oid").fetchone()
    dynamodb.update_table(TableName="later", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_size"}}])
    assert [row[0] for row in pg.execute(names)] == ["later_pkey"]
    assert pg.execute("SELECT to_regclass('by_size'), pg_get_indexdef(%s::oid)", [oid]).fetchone() == (None, None)
