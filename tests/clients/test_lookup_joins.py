"""Joins by lookups give what hash joins give, and are chosen where the other side is small."""

import random
import uuid

import pytest

SEED = 20261124


@pytest.fixture(scope="module")
def tables(server):
    rng = random.Random(SEED)
    with server.connect(autocommit=True) as connection:
        run = connection.execute
        run("CREATE TABLE small (id int PRIMARY KEY, a int, b bigint, t text, u uuid, n numeric(8,2), d date, at timestamp)")
        run("CREATE TABLE by_id (id int PRIMARY KEY, v int, t text)")
        run("CREATE TABLE by_pair (h int, r int, v int, t text, PRIMARY KEY (h, r))")
        run("CREATE TABLE by_text (k text PRIMARY KEY, v int)")
        run("CREATE TABLE by_uuid (k uuid PRIMARY KEY, v int)")
        run("CREATE TABLE by_numeric (k numeric(8,2) PRIMARY KEY, v int)")
        run("CREATE TABLE by_date (k date, r int, v int, PRIMARY KEY (k, r))")
        run("CREATE TABLE by_time (k timestamp PRIMARY KEY, v int)")
        run("CREATE TABLE indexed (id int PRIMARY KEY, g int, v int, t text)")
        run("CREATE INDEX indexed_g ON indexed (g)")
        run("CREATE TABLE covering (id int PRIMARY KEY, g text, y int, v int)")
        run("CREATE INDEX covering_g ON covering (g, y) INCLUDE (v)")
        uuids = [uuid.UUID(int=rng.getrandbits(128)) for _ in range(40)]
        text = lambda: rng.choice(["", "a", "b", "ü", "zz", "Z", None]) and f"t{rng.randrange(60)}"
        maybe = lambda value: None if rng.random() < 0.1 else value

        def insert(table, rows):
            with connection.cursor() as cursor:
                marks = ", ".join(["%s"] * len(rows[0]))
                cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

        insert("small", [
            (i, maybe(rng.randrange(80)), maybe(rng.randrange(80)), maybe(f"t{rng.randrange(60)}"), maybe(rng.choice(uuids)),
             maybe(rng.randrange(400) / 4), maybe(f"2020-01-{rng.randrange(1, 29):02}"), maybe(f"2020-01-{rng.randrange(1, 29):02} 10:00"))
            for i in range(60)
        ])
        insert("by_id", [(i, maybe(rng.randrange(5)), maybe(text())) for i in range(0, 120, 2)])
        insert("by_pair", [(h, r, maybe(rng.randrange(5)), maybe(text())) for h in range(0, 60, 3) for r in rng.sample(range(80), 12)])
        insert("by_text", [(f"t{i}", rng.randrange(5)) for i in range(0, 60, 2)])
        insert("by_uuid", [(key, rng.randrange(5)) for key in uuids[:25]])
        insert("by_numeric", [(i / 4, rng.randrange(5)) for i in range(0, 400, 3)])
        insert("by_date", [(f"2020-01-{d:02}", r, rng.randrange(5)) for d in range(1, 29, 2) for r in range(3)])
        insert("by_time", [(f"2020-01-{d:02} 10:00", rng.randrange(5)) for d in range(1, 29, 2)])
        insert("indexed", [(i, maybe(rng.randrange(80)), maybe(rng.randrange(5)), maybe(text())) for i in range(400)])
        insert("covering", [(i, maybe(f"t{rng.randrange(60)}"), maybe(rng.randrange(9)), maybe(rng.randrange(5))) for i in range(300)])
    return server


# What small joins to: table, condition.
INNER = [
    ("by_id", "s.a = i.id"),
    ("by_id", "s.a = i.id AND s.t = i.t"),
    ("by_id", "s.id = i.id AND s.b < i.v * 20"),
    ("by_id", "s.a = i.id AND i.v > 2"),
    ("by_pair", "s.a = i.h"),
    ("by_pair", "s.a = i.h AND s.b = i.r"),
    ("by_pair", "s.a = i.h AND s.id = i.r"),
    ("by_pair", "s.a = i.h AND i.r > 30"),
    ("by_text", "s.t = i.k"),
    ("by_uuid", "s.u = i.k"),
    ("by_numeric", "s.n = i.k"),
    ("by_date", "s.d = i.k"),
    ("by_time", "s.at = i.k"),
    ("indexed", "s.a = i.g"),
    ("indexed", "s.a = i.g AND i.v <> 3"),
    ("covering", "s.t = i.g AND i.y > 3"),
    ("covering", "s.t = i.g AND i.y = s.a % 9"),
    ("covering", "s.t = i.g"),
]
SHAPES = {
    "inner": "SELECT s.id, i.* FROM small s JOIN {table} i ON {on}",
    "inner, written the other way": "SELECT s.id, s.t, i.v FROM {table} i JOIN small s ON {on}",
    "left": "SELECT s.id, i.v FROM small s LEFT JOIN {table} i ON {on}",
    "right": "SELECT s.id, i.v FROM {table} i RIGHT JOIN small s ON {on}",
    "preserving the large one": "SELECT s.id, i.v FROM {table} i LEFT JOIN small s ON {on}",
    "full": "SELECT s.id, i.v FROM {table} i FULL JOIN small s ON {simple}",
    "semi": "SELECT s.id FROM small s WHERE EXISTS (SELECT 1 FROM {table} i WHERE {on})",
    "anti": "SELECT s.id FROM small s WHERE NOT EXISTS (SELECT 1 FROM {table} i WHERE {on})",
    "semi of the large one": "SELECT i.* FROM {table} i WHERE EXISTS (SELECT 1 FROM small s WHERE {on})",
    "filtered outside": "SELECT s.id, i.v FROM small s LEFT JOIN {table} i ON {on} WHERE coalesce(i.v, 9) > 1 AND s.id > 10",
    "aggregated": "SELECT i.v, count(*), sum(s.id) FROM small s JOIN {table} i ON {on} GROUP BY i.v",
    "whole item": "SELECT s.id, i._item FROM small s JOIN {table} i ON {on}",
    "of few rows": "SELECT s.id, i.v FROM (SELECT * FROM small ORDER BY id LIMIT 3) s JOIN {table} i ON {on}",
    "of a subquery": "SELECT s.id, i.w FROM small s JOIN (SELECT *, v + 1 AS w FROM {table} WHERE v % 2 = 0) i ON {on}",
}


def rows(connection, setting, query):
    connection.execute(f"SET shale.lookup_joins = {setting}")
    return sorted(map(str, connection.execute(query).fetchall()))


def explained(connection, setting, query):
    connection.execute(f"SET shale.lookup_joins = {setting}")
    return "\n".join(line for (line,) in connection.execute(f"EXPLAIN (COSTS OFF) {query}"))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("table", "on"), INNER)
def test_lookups_give_what_hash_joins_give(tables, shape, table, on):
    simple = on.split(" AND ")[0]
    query = SHAPES[shape].format(table=table, on=on, simple=simple)
    with tables.connect(autocommit=True) as connection:
        expected = rows(connection, "off", query)
        assert rows(connection, "on", query) == expected
        assert rows(connection, "auto", query) == expected
        assert "Lookup Join" not in explained(connection, "off", query)


@pytest.mark.parametrize(("table", "on"), INNER)
def test_every_key_can_be_looked_up(tables, table, on):
    possible = (table, on) != ("covering", "s.t = i.g")
    with tables.connect(autocommit=True) as connection:
        plan = explained(connection, "on", SHAPES["left"].format(table=table, on=on))
    # An item without the index's RANGE attribute has no entry: a condition on its HASH attribute alone is not answered by it.
    assert ("Lookup Join" in plan) == possible, plan


def test_several_joins_and_rows_of_the_transaction(tables):
    query = (
        "SELECT s.id, x.v, y.v, z.v FROM small s JOIN by_id x ON x.id = s.a LEFT JOIN by_pair y ON y.h = s.a AND y.r = s.b"
        " LEFT JOIN indexed z ON z.g = x.v WHERE s.id < 40"
    )
    with tables.connect() as connection:
        connection.execute("INSERT INTO by_id VALUES (1, 77, 'new'), (3, 78, 'new')")
        connection.execute("DELETE FROM by_id WHERE id = 4")
        connection.execute("UPDATE indexed SET g = 77 WHERE id < 20")
        assert rows(connection, "on", query) == rows(connection, "off", query)
        assert explained(connection, "on", query).count("Lookup Join") == 3
        connection.rollback()


def test_nulls_of_not_in(tables):
    query = "SELECT id FROM small WHERE a NOT IN (SELECT g FROM indexed WHERE g IS NULL OR g < 40)"
    with tables.connect(autocommit=True) as connection:
        assert rows(connection, "on", query) == rows(connection, "off", query)


def test_few_rows_look_up_and_many_do_not(tables):
    with tables.connect(autocommit=True) as connection:
        connection.execute("CREATE TABLE large (id int PRIMARY KEY, v int)")
        connection.execute("INSERT INTO large SELECT n, n FROM generate_series(1, 20000) AS g(n)")
        few = "SELECT * FROM (VALUES (1), (50), (99999)) AS f(k) LEFT JOIN large ON id = k"
        plan = explained(connection, "auto", few)
        assert "Lookup Join" in plan and "KeyLookup on large" in plan, plan
        many = "SELECT count(*) FROM large l JOIN large m ON l.v = m.id"
        assert "Lookup Join" not in explained(connection, "auto", many)
        analyzed = [line.strip() for (line,) in connection.execute(f"EXPLAIN (ANALYZE, BUFFERS) {few}")]
        assert "Reads: requests=3 items=2" in analyzed, analyzed
        assert rows(connection, "auto", few) == ["(1, 1, 1)", "(50, 50, 50)", "(99999, None, None)"]
