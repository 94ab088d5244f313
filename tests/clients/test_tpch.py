"""TPC-H on live tables: the 22 queries on the smallest scale that has rows for most of them, held against DuckDB's answers."""

import pytest

from support import tpch
from support.server import running

SCALE = 0.01


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A connection to the server and one to DuckDB, with the same data."""
    directory = tmp_path_factory.mktemp("tpch")
    tpch.generate(SCALE, directory)
    with running(directory / "data") as server, server.connect() as connection:
        tpch.load(connection, directory)
        yield connection, tpch.load_duckdb(directory)


def test_all_rows_are_there(both):
    for table in tpch.TABLES:
        counts = {connection.execute(f"SELECT count(*) FROM {table}").fetchone() for connection in both}
        assert len(counts) == 1, table


@pytest.mark.parametrize(("name", "query"), tpch.queries(SCALE).items())
def test_queries_answer_as_duckdb_does(both, name, query):
    ours, theirs = (connection.execute(query).fetchall() for connection in both)
    assert theirs, f"{name} finds nothing at this scale"
    assert tpch.same(ours, theirs), f"{name}\nours {ours[:3]}\nDuckDB {theirs[:3]}"
