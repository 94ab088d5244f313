"""TPC-H over any PostgreSQL connection and over DuckDB: the data of `tpchgen-cli`, the schema and queries of `benches/tpch`, and the
comparison of results."""

import decimal
import pathlib
import subprocess
import sys
import time

import duckdb

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
