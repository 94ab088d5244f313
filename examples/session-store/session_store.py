"""A session store: sessions expire unless they are used, and the server deletes what has expired.

    python session_store.py [--sessions N]

Connects to SHALE_PG_URL (default postgresql://shale@127.0.0.1:5432/shale) and, for DynamoDB, to what AWS_ENDPOINT_URL_DYNAMODB,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION say.
"""

import argparse
import os
import time
import uuid

import boto3
import psycopg

PG_URL = os.environ.get("SHALE_PG_URL", "postgresql://shale@127.0.0.1:5432/shale")
os.environ.setdefault("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8000")
os.environ.setdefault("AWS_ACCESS_KEY_ID", "local")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "local")
os.environ.setdefault("AWS_REGION", "us-east-1")
LIFE_SECONDS = 2
# The server looks every minute unless it was told otherwise.
PATIENCE_SECONDS = 90


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=100)
    count = parser.parse_args().sessions
    sessions = boto3.resource("dynamodb", region_name=os.environ["AWS_REGION"]).Table("sessions")
    with psycopg.connect(PG_URL, autocommit=True) as pg:
        pg.execute("DROP TABLE IF EXISTS sessions")
        pg.execute("CREATE TABLE sessions (id text PRIMARY KEY, who text, expires_at bigint) WITH (ttl = 'expires_at')")
        ids = [open_session(sessions, f"user{number}") for number in range(count)]
        kept = set(ids[::2])
        for session in kept:
            use(sessions, session)
        print(f"{count} sessions are open, {len(kept)} are in use")
        left = wait_for_expiry(pg, len(kept))
        assert left == kept, f"{len(left - kept)} expired sessions are left, {len(kept - left)} are missing"
    print("session-store: the sessions that nobody used are gone, the others are there")


def open_session(sessions, who):
    session = str(uuid.uuid4())
    sessions.put_item(Item={"id": session, "who": who, "expires_at": int(time.time()) + LIFE_SECONDS})
    return session


def use(sessions, session):
    """Whoever uses a session has it for another hour; one that is gone stays gone."""
    sessions.update_item(
        Key={"id": session},
        UpdateExpression="SET expires_at = :later",
        ConditionExpression="attribute_exists(id)",
        ExpressionAttributeValues={":later": int(time.time()) + 3600},
    )


def wait_for_expiry(pg, expected):
    """Ids of the sessions that are there, once there are no more than expected. Until the server deletes them, expired ones are seen."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        left = {session for (session,) in pg.execute("SELECT id FROM sessions")}
        if len(left) <= expected or time.monotonic() > ends:
            return left
        time.sleep(0.2)


if __name__ == "__main__":
    main()
