"""A PostgreSQL in the place of the server: POSTGRES_URL names the database `postgres` of one that nobody needs.

Tests of drivers do not run there by themselves. `POSTGRES_URL=postgresql://me@127.0.0.1:5432/postgres pytest FILE` tells whether what a
test expects is what PostgreSQL does.
"""

import contextlib
import os
import subprocess
import urllib.parse

import psycopg

URL = os.environ.get("POSTGRES_URL")


class PostgreSQL:
    """What the tests of drivers use of `Server`, with an empty database `shale`."""

    def __init__(self, url):
        self.parts = urllib.parse.urlsplit(url)

    @property
    def pg_endpoint(self):
        return self.parts.hostname, self.parts.port or 5432

    def pg_url(self, user="shale", password=None, database="shale"):
        return self.parts._replace(path=f"/{database}").geturl()

    def connect(self, **parameters):
        return psycopg.connect(self.pg_url(), **{"autocommit": True, **parameters})

    def psql(self, *arguments, script=None, **variables):
        return subprocess.run(["psql", self.pg_url(), "-X", *arguments], input=script, capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, **variables})


@contextlib.contextmanager
def fresh(url):
    """Drops the database `shale` and makes it again."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS shale WITH (FORCE)")
        connection.execute("CREATE DATABASE shale LOCALE 'C' TEMPLATE template0")
        connection.execute("ALTER DATABASE shale SET timezone = 'UTC'")
    yield PostgreSQL(url)
