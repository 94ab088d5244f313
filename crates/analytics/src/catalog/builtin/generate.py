#!/usr/bin/env python3
"""Writes the rows that every PostgreSQL has, one file a relation, as COPY's text with a line of column names.

They are read from a fresh PostgreSQL 15, which psql finds by the usual variables:

    D=$(mktemp -d)
    initdb -D $D/data -U postgres --locale=C.UTF-8
    pg_ctl -D $D/data -o "-c listen_addresses='' -c unix_socket_directories=$D" -w start
    PGHOST=$D PGUSER=postgres PGDATABASE=template1 ./generate.py
    pg_ctl -D $D/data stop

The columns are those of ../relations.txt. Not written are

* lists of privileges: they name that server's roles, and without one the owner's defaults hold;
* prosqlbody: parse trees that only PostgreSQL can read, more bytes than all other columns of the SQL functions together;
* collations that initdb made of what the operating system and ICU had, which differs from machine to machine.
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent

RELATIONS = [
    "pg_aggregate",
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_cast",
    "pg_collation",
    "pg_conversion",
    "pg_language",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_proc",
    "pg_range",
    "pg_tablespace",
    "pg_type",
]

# initdb adds this one before it looks at the machine.
LAST_COLLATION = "(SELECT oid FROM pg_collation WHERE collname = 'ucs_basic')"
CONDITIONS = {"pg_collation": f"WHERE oid <= {LAST_COLLATION}"}


def psql(command):
    arguments = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", command]
    return subprocess.run(arguments, check=True, stdout=subprocess.PIPE).stdout.decode()


def write(name, query):
    rows = psql(f"COPY ({query}) TO STDOUT (FORMAT text, HEADER, ENCODING 'UTF8')")
    (HERE / f"{name}.tsv").write_text(rows)
    print(f"{name}: {len(rows)} bytes", file=sys.stderr)


def expression(column, type_name):
    """A column's value; oids stay numbers."""
    if type_name == "regproc":
        return f"{column}::oid AS {column}"
    return column


def listed():
    """Oid and columns of the system relations, as in ../relations.txt."""
    relations = {}
    for line in (HERE.parent / "relations.txt").read_text().splitlines():
        name, oid, _kind, *columns = line.split(" ")
        relations[name] = oid, [column.rstrip("!").split(":") for column in columns]
    return relations


def check_server(relations):
    version = int(psql("SHOW server_version_num")) // 10_000
    if version != 15:
        sys.exit(f"PostgreSQL 15 is needed, not {version}")
    if psql("SELECT FROM pg_class WHERE oid >= 16384"):
        sys.exit("the server is not fresh: it has tables")
    # Row types refer to relations, whose oids initdb counts on from the number of collations that it found.
    rows = psql(
        "SELECT nspname || '.' || relname, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE relkind IN ('r', 'v') AND nspname IN ('pg_catalog', 'information_schema')"
    )
    found = dict(row.split("|") for row in rows.splitlines())
    if found != {name: oid for name, (oid, _) in relations.items()}:
        sys.exit("the server gave its system relations other oids than relations.txt has")


def main():
    relations = listed()
    check_server(relations)
    for name in RELATIONS:
        _, columns = relations[f"pg_catalog.{name}"]
        kept = [
            expression(column, type_name)
            for column, type_name in columns
            if type_name != "_aclitem" and column != "prosqlbody"
        ]
        condition = CONDITIONS.get(name, "")
        write(name, f"SELECT {', '.join(kept)} FROM {name} {condition} ORDER BY {columns[0][0]}::oid")
    write("pg_get_keywords", "SELECT * FROM pg_get_keywords()")


main()
