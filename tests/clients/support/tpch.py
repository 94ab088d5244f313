"""TPC-H over any PostgreSQL connection and over DuckDB: the data of `tpchgen-cli`, the schema and queries of `benches/tpch`, the
comparison of results and, as a program, of times (`cargo xtask bench tpch`)."""

import decimal
import pathlib
import statistics
import subprocess
import sys
import time

import duckdb
import psycopg

FILES = pathlib.Path(__file__).parents[3] / "benches" / "tpch"
TABLES = ["region", "nation", "part", "supplier", "partsupp", "customer", "orders", "lineitem"]
COPY_BYTES = 1 << 18


def generate(scale, directory):
    """The CSV files of all tables at a scale (1 is about 1 GB)."""
    tool = pathlib.Path(sys.executable).parent / "tpchgen-cli"
    subprocess.run([tool, "csv", "--scale-factor", str(scale), "--output-dir", directory], check=True, capture_output=True)


def queries(scale):
    """The queries by name, with the parameters of the specification's validation run."""
    return {
        path.stem: path.read_text().replace("{fraction}", f"{0.0001 / scale:.10f}")
        for path in sorted(FILES.glob("q*.sql"))
    }


def load(connection, directory):
    """Makes the tables and copies the files into them; seconds by table."""
    connection.execute((FILES / "schema.sql").read_text())
    seconds = {}
    for table in TABLES:
        began = time.monotonic()
        with (connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv, HEADER)") as copy,
              (directory / f"{table}.csv").open("rb") as file):
            while block := file.read(COPY_BYTES):
                copy.write(block)
        seconds[table] = time.monotonic() - began
    return seconds


def load_duckdb(directory):
    """A DuckDB in memory with the same tables."""
    connection = duckdb.connect()
    connection.execute((FILES / "schema.sql").read_text())
    for table in TABLES:
        connection.execute(f"COPY {table} FROM '{directory / table}.csv' (FORMAT csv, HEADER)")
    return connection


def plain(value):
    """A value as it is compared: text without the padding of char(n), and one kind of number."""
    if isinstance(value, str):
        return value.rstrip()
    if isinstance(value, int | float | decimal.Decimal) and not isinstance(value, bool):
        return decimal.Decimal(str(value))
    return value


def same(ours, theirs):
    """Whether two results are the same, row by row; averages and quotients may differ in what floating point leaves of them."""
    if len(ours) != len(theirs):
        return False
    return all(
        len(row) == len(other) and all(same_value(plain(a), plain(b)) for a, b in zip(row, other, strict=True))
        for row, other in zip(ours, theirs, strict=True)
    )


def same_value(a, b):
    if isinstance(a, decimal.Decimal) and isinstance(b, decimal.Decimal):
        return abs(a - b) <= max(abs(a), abs(b)) * decimal.Decimal("1e-9")
    return a == b


# What a PostgreSQL administrator would add: without them, some queries look at a large table once per row of another.
POSTGRES_INDEXES = [
    "lineitem (l_partkey, l_suppkey)", "lineitem (l_suppkey)", "orders (o_custkey)", "partsupp (ps_suppkey)",
    "customer (c_nationkey)", "supplier (s_nationkey)",
]
TURNS = 3
STATEMENT_TIMEOUT_SECONDS = 300
SCAN = "SELECT count(*), sum(l_extendedprice), max(l_shipdate) FROM lineitem"


def seconds_of(run, query):
    """The time of one run and its rows; None for one that was given up."""
    began = time.monotonic()
    try:
        rows = run(query).fetchall()
    except psycopg.errors.QueryCanceled:
        return None, None
    return time.monotonic() - began, rows


def compare(ours, postgres, scale, directory):
    """Loads all three, runs every query in turns, prints the medians as Markdown."""
    directory = pathlib.Path(directory)
    generate(scale, directory)
    targets = {"ShaleDB": psycopg.connect(ours, autocommit=True), "PostgreSQL": psycopg.connect(postgres, autocommit=True)}
    print("| load | seconds |\n|---|--:|")
    for name, target in targets.items():
        print(f"| {name} | {sum(load(target, directory).values()):.0f} |", flush=True)
        target.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT_SECONDS}s'")
    for index in POSTGRES_INDEXES:
        targets["PostgreSQL"].execute(f"CREATE INDEX ON {index}")
    targets["PostgreSQL"].execute("VACUUM ANALYZE")
    targets["DuckDB"] = load_duckdb(directory)
    print("\n| query | ShaleDB, s | PostgreSQL, s | DuckDB, s | PostgreSQL / ShaleDB | ShaleDB / DuckDB |\n|---|--:|--:|--:|--:|--:|")
    totals = dict.fromkeys(targets, 0.0)
    for query, text in {**queries(scale), "scan": SCAN}.items():
        turns = []
        for turn in range(TURNS + 1):
            runs = {name: seconds_of(target.execute, text) for name, target in targets.items()}
            assert runs["ShaleDB"][1] is None or same(runs["ShaleDB"][1], runs["DuckDB"][1]), f"{query} answers something else"
            if turn:
                turns.append({name: seconds or float("inf") for name, (seconds, _) in runs.items()})
        median = {name: statistics.median(turn[name] for turn in turns) for name in targets}
        if query != "scan":
            totals = {name: totals[name] + seconds for name, seconds in median.items()}
        print_line(query, median)
    print_line("all", totals)
    size = (directory / "lineitem.csv").stat().st_size
    rows = targets["DuckDB"].execute("SELECT count(*) FROM lineitem").fetchone()[0]
    print(f"\nThe scan of lineitem: {rows / median['ShaleDB'] / 1e6:.2f} million rows/s, {size / median['ShaleDB'] / 1e6:.0f} MB/s of its CSV.")


def print_line(name, seconds):
    ours, postgres, duck = (seconds[target] for target in ("ShaleDB", "PostgreSQL", "DuckDB"))
    print(f"| {name} | {ours:.2f} | {postgres:.2f} | {duck:.2f} | {postgres / ours:.2f} | {ours / duck:.1f} |", flush=True)


if __name__ == "__main__":
    compare(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4])
