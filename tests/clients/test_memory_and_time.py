"""Statements that are larger than memory, or longer than they may take: they spill, fail with a reason or end, and the server goes on."""

import pathlib

import psycopg
import pytest

from support.server import running

MEBIBYTES = 24


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A server with little memory for analytic statements, and where its temporary files are."""
    directory = tmp_path_factory.mktemp("small") / "data"
    with running(directory, "--analytic-memory-mib", str(MEBIBYTES)) as server:
        with server.connect(autocommit=True) as connection:
            connection.execute("CREATE TABLE wide (id int PRIMARY KEY, k int, t text)")
            for part in range(6):
                connection.execute(
                    "INSERT INTO wide SELECT n, (n * 7919) % 60000, repeat('x', 300) || n"
                    f" FROM generate_series({part * 10_000 + 1}, {part * 10_000 + 10_000}) AS g(n)"
                )
        yield server, pathlib.Path(directory)


def temporary_files(directory):
    found = [path for path in directory.rglob("*") if path.is_file() and {"spill", "temporary", "tmp"} & set(path.relative_to(directory).parts)]
    return [path for path in found if path.stat().st_size > 0]


def test_a_sort_larger_than_memory_spills_and_leaves_nothing(small):
    server, directory = small
    with server.connect(autocommit=True) as connection:
        # Narrow rows: merging what was spilled needs a batch of each run in memory.
        query = "SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY k, g, id) AS r FROM wide, generate_series(1, 20) AS g) x WHERE r > 0"
        assert connection.execute(query).fetchone() == (1_200_000,)
        plan = [line.strip() for (line,) in connection.execute(f"EXPLAIN ANALYZE {query}")]
    spilled = [int(line.split(": ")[1]) for line in plan if line.startswith("Spilled Bytes")]
    assert sum(spilled) > 0, plan
    assert temporary_files(directory) == []


def test_what_cannot_spill_fails_with_a_reason(small):
    server, directory = small
    with server.connect(autocommit=True) as connection:
        with pytest.raises(psycopg.errors.OutOfMemory):
            connection.execute("SELECT count(*) FROM wide a, wide b, wide c WHERE a.t || b.t <> c.t").fetchall()
        assert connection.execute("SELECT count(*) FROM wide").fetchone() == (60_000,)
    assert temporary_files(directory) == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM wide a JOIN wide b ON a.k < b.k",
        "SELECT a.t, b.t FROM wide a, wide b WHERE a.id < 3000 ORDER BY a.t || b.t",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT count(*) FROM t",
        "EXPLAIN ANALYZE SELECT count(*) FROM wide a JOIN wide b ON a.k < b.k",
    ],
)
def test_a_statement_ends_when_its_time_is_over(small, query):
    server, directory = small
    with server.connect(autocommit=True) as connection:
        connection.execute("SET statement_timeout = '700ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute(query)
        connection.execute("RESET statement_timeout")
        assert connection.execute("SELECT id FROM wide WHERE id = 5").fetchone() == (5,)
