"""EXPLAIN as the tools of PostgreSQL's users read it."""

import json
import re
import xml.etree.ElementTree as ElementTree

import psycopg
import pytest

# What explain.depesz.com and pgAdmin look for in a node's line.
NODE = re.compile(
    r"^(?P<indent>\s*)(->  )?(?P<name>\S.*?)"
    r"  \(cost=(?P<startup>\d+\.\d\d)\.\.(?P<total>\d+\.\d\d) rows=(?P<rows>\d+) width=(?P<width>\d+)\)"
    r"(?: \(actual time=(?P<first>\d+\.\d{3})\.\.(?P<last>\d+\.\d{3}) rows=(?P<real>\d+) loops=(?P<loops>\d+)\))?$"
)
# A node carries its costs; a property is a name and a value.
PROPERTY = re.compile(r"^\s*[A-Z][A-Za-z ]*: ?.*$")


@pytest.fixture(scope="module")
def tables(server):
    with server.connect(autocommit=True) as connection:
        connection.execute("CREATE TABLE customers (id int PRIMARY KEY, name text, country text)")
        connection.execute(
            "CREATE TABLE orders (customer int, number int, total numeric(10,2), PRIMARY KEY (customer, number))"
        )
        connection.execute("INSERT INTO customers SELECT n, 'c' || n, CASE n % 3 WHEN 0 THEN 'de' ELSE 'fr' END FROM generate_series(1, 60) AS g(n)")
        connection.execute("INSERT INTO orders SELECT n % 60 + 1, n, n FROM generate_series(1, 300) AS g(n)")
    return server


def lines(connection, text, parameters=None):
    return [line for (line,) in connection.execute(text, parameters)]


STATEMENTS = [
    "SELECT * FROM customers WHERE id = 5",
    "SELECT * FROM orders WHERE customer = 5 AND number > 100 ORDER BY number DESC LIMIT 3",
    "SELECT country, count(*), sum(total) FROM customers JOIN orders ON id = customer GROUP BY country ORDER BY 2",
    "SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders WHERE customer = c.id AND total > 250)",
    "SELECT name FROM customers UNION ALL SELECT country FROM customers LIMIT 5",
    "SELECT id, rank() OVER (PARTITION BY country ORDER BY name) FROM customers",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t",
    "SELECT (SELECT max(number) FROM orders WHERE customer = c.id) FROM customers c",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_text_has_the_shape_that_tools_parse(tables, statement):
    with tables.connect(autocommit=True) as connection:
        expected = len(connection.execute(statement).fetchall())
        plain = lines(connection, f"EXPLAIN {statement}")
        assert NODE.match(plain[0]), plain[0]
        assert not any("actual" in line for line in plain)
        analyzed = lines(connection, f"EXPLAIN (ANALYZE, VERBOSE, BUFFERS) {statement}")
        root = NODE.match(analyzed[0])
        assert int(root["real"]) == expected, analyzed
        for line in analyzed:
            assert NODE.match(line) or PROPERTY.match(line), line
        assert re.fullmatch(r"Planning Time: \d+\.\d{3} ms", analyzed[-2])
        assert re.fullmatch(r"Execution Time: \d+\.\d{3} ms", analyzed[-1])


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_documents_say_the_same_in_every_format(tables, statement):
    with tables.connect(autocommit=True) as connection:
        expected = len(connection.execute(statement).fetchall())
        (answer,) = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}").fetchone()
        document = answer if isinstance(answer, list) else json.loads(answer)
        assert document[0]["Plan"]["Actual Rows"] == expected
        assert document[0]["Execution Time"] > 0
        for node in nodes(document[0]["Plan"]):
            assert {"Node Type", "Startup Cost", "Total Cost", "Plan Rows", "Plan Width"} <= node.keys()
            assert {"Actual Startup Time", "Actual Total Time", "Actual Loops"} <= node.keys()
        (xml,) = connection.execute(f"EXPLAIN (FORMAT XML) {statement}").fetchone()
        space = "{http://www.postgresql.org/2009/explain}"
        types = [element.text for element in ElementTree.fromstring(xml).iter(f"{space}Node-Type")]
        assert types == [node["Node Type"] for node in nodes(document[0]["Plan"])]
        (yaml,) = connection.execute(f"EXPLAIN (FORMAT YAML) {statement}").fetchone()
        assert yaml.count('Node Type: "') == len(types)


def test_parameters_choose_the_path(tables):
    with tables.connect(autocommit=True) as connection:
        cursor = psycopg.Cursor(connection)
        cursor.execute("EXPLAIN SELECT count(*) FROM customers WHERE id = %s", (7,))
        assert any("KeyLookup" in line for (line,) in cursor), "the value chooses a lookup"


def test_writes_are_done_and_rolled_back(tables):
    with tables.connect(autocommit=True) as connection:
        with connection.transaction(force_rollback=True):
            plan = lines(connection, "EXPLAIN ANALYZE DELETE FROM orders WHERE total > (SELECT avg(total) FROM orders)")
            assert "  Items Written: 150" in plan, plan
            assert connection.execute("SELECT count(*) FROM orders").fetchone() == (150,)
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (300,)
        plan = lines(connection, "EXPLAIN DELETE FROM orders")
        assert plan[0].startswith("Delete on orders")
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (300,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            with connection.transaction():
                connection.execute("SET TRANSACTION READ ONLY")
                connection.execute("EXPLAIN ANALYZE DELETE FROM orders")
