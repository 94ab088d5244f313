"""Fixtures of all client tests: a server per file, a connection through each door."""

import shutil
import tempfile

import pytest

from support.credentials import guarded
from support.postgres import URL, fresh
from support.server import running


@pytest.fixture(scope="module")
def server():
    """One server without authentication for the tests of a file; a PostgreSQL if `support.postgres` is told to."""
    if URL:
        with fresh(URL) as postgres:
            yield postgres
        return
    directory = tempfile.mkdtemp()
    with running(directory) as started:
        yield started
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def guarded_server(tmp_path_factory):
    """One server that checks signatures for the tests of a file."""
    with guarded(tmp_path_factory.mktemp("guarded") / "data") as started:
        yield started


@pytest.fixture
def pg(server):
    with server.connect() as connection:
        yield connection


@pytest.fixture
def dynamodb(server):
    return server.dynamodb()
