"""A leaderboard on a global secondary index: written through boto3, read through both doors.

    python leaderboard.py [--players N]

Connects to SHALE_PG_URL (default postgresql://shale@127.0.0.1:5432/shale) and, for DynamoDB, to what AWS_ENDPOINT_URL_DYNAMODB,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION say.
"""

import argparse
import os
import random

import boto3
import psycopg
from boto3.dynamodb.conditions import Key

PG_URL = os.environ.get("SHALE_PG_URL", "postgresql://shale@127.0.0.1:5432/shale")
os.environ.setdefault("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8000")
os.environ.setdefault("AWS_ACCESS_KEY_ID", "local")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "local")
os.environ.setdefault("AWS_REGION", "us-east-1")
GAMES = ("chess", "go", "shogi")
BEST = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--players", type=int, default=200)
    players = parser.parse_args().players
    random.seed(7)
    dynamodb = boto3.resource("dynamodb", region_name=os.environ["AWS_REGION"])
    table = create(dynamodb)
    scores = play(table, players)
    with psycopg.connect(PG_URL, autocommit=True) as pg:
        check(table, pg, scores)
    print("leaderboard: both doors agree on the best of every game")


def create(dynamodb):
    """Player and game find one score; the index `board` orders the scores of a game, and holds names besides."""
    if any(existing.name == "scores" for existing in dynamodb.tables.all()):
        dynamodb.Table("scores").delete()
        dynamodb.Table("scores").wait_until_not_exists()
    table = dynamodb.create_table(
        TableName="scores",
        AttributeDefinitions=[
            {"AttributeName": "player", "AttributeType": "S"},
            {"AttributeName": "game", "AttributeType": "S"},
            {"AttributeName": "score", "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": "player", "KeyType": "HASH"}, {"AttributeName": "game", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "board",
                "KeySchema": [{"AttributeName": "game", "KeyType": "HASH"}, {"AttributeName": "score", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]},
            }
        ],
    )
    table.wait_until_exists()
    return table


def play(table, players):
    """Everybody has a score in every game, then improves some; what the table must hold."""
    scores = {(f"p{number}", game): random.randrange(1000) for number in range(players) for game in GAMES}
    with table.batch_writer() as batch:
        for (player, game), score in scores.items():
            batch.put_item(Item={"player": player, "game": game, "score": score, "name": f"Player {player[1:]}"})
    for _ in range(players):
        key = random.choice(list(scores))
        gained = random.randrange(1, 500)
        scores[key] += gained
        table.update_item(
            Key={"player": key[0], "game": key[1]},
            UpdateExpression="ADD score :gained",
            ExpressionAttributeValues={":gained": gained},
        )
    return scores


def check(table, pg, scores):
    for game in GAMES:
        expected = sorted((score for (_, of), score in scores.items() if of == game), reverse=True)[:BEST]
        page = table.query(
            IndexName="board", KeyConditionExpression=Key("game").eq(game), ScanIndexForward=False, Limit=BEST
        )
        found = [(int(item["score"]), item["name"]) for item in page["Items"]]
        assert [score for score, _ in found] == expected, (game, found)
        board = pg.execute(
            "SELECT score, name FROM scores.board WHERE game = %s ORDER BY score DESC LIMIT %s", (game, BEST)
        ).fetchall()
        assert [score for score, _ in board] == expected, (game, board)
        leader = scores_of(scores, game, expected[0])
        assert found[0][1] in leader and board[0][1] in leader
        print(f"{game}: {found[0][1]} leads with {expected[0]}")


def scores_of(scores, game, score):
    return {f"Player {player[1:]}" for (player, of), value in scores.items() if (of, value) == (game, score)}


if __name__ == "__main__":
    main()
