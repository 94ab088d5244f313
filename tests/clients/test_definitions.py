"""Views, comments, constraints and TRUNCATE as psql shows them, over a crash, and what the other door sees of them."""

import botocore.exceptions
import psycopg
import pytest

from support.server import running

SCRIPT = """
    CREATE TABLE books (id int PRIMARY KEY, title text NOT NULL, price numeric(6,2) CHECK (price >= 0));
    INSERT INTO books VALUES (1, 'Emma', 9.5), (2, 'Faust', 12);
    CREATE VIEW cheap AS SELECT id, title FROM books WHERE price < 10;
    COMMENT ON TABLE books IS 'On the shelf';
    COMMENT ON COLUMN books.title IS 'As printed';
    COMMENT ON VIEW cheap IS 'Under ten';
    CREATE TABLE gone (id int PRIMARY KEY);
    INSERT INTO gone SELECT g FROM generate_series(1, 1000) g;
    TRUNCATE gone;
    INSERT INTO gone VALUES (7);
"""


@pytest.fixture(scope="module", autouse=True)
def definitions(server):
    output = server.psql("-v", "ON_ERROR_STOP=1", script=SCRIPT)
    assert output.returncode == 0, output.stderr


@pytest.mark.parametrize(("command", "expected"), [
    (r"\dv", ["cheap", "view"]),
    (r"\dv+", ["cheap", "Under ten"]),
    (r"\d cheap", ['View "public.cheap"', "title"]),
    (r"\d+ cheap", ["View definition:", "SELECT id, title FROM books WHERE price < 10;"]),
    (r"\dt+", ["books", "On the shelf"]),
    (r"\d+ books", ["As printed", "Check constraints:", '"books_price_check" CHECK (price >= 0)']),
    (r"\sv cheap", ["CREATE OR REPLACE VIEW public.cheap AS", "SELECT id, title"]),
])
def test_psql_shows_them(server, command, expected):
    output = server.psql("-c", command)
    assert output.returncode == 0, output.stderr
    assert "ERROR" not in output.stderr, output.stderr
    for text in expected:
        assert text in output.stdout, output.stdout


def test_errors_say_what_depends_on_what(pg):
    with pytest.raises(psycopg.errors.DependentObjectsStillExist) as refused:
        pg.execute("DROP TABLE books")
    assert refused.value.diag.message_detail == "view cheap depends on table books"
    assert "CASCADE" in refused.value.diag.message_hint
    pg.rollback()
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        pg.execute("UPDATE books SET price = -1 WHERE id = 1")
    assert refused.value.diag.constraint_name == "books_price_check"
    assert refused.value.diag.table_name == "books"
    pg.rollback()


def test_the_other_door_knows_tables_only(dynamodb):
    assert dynamodb.list_tables()["TableNames"] == ["books", "gone"]
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        dynamodb.describe_table(TableName="cheap")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        dynamodb.create_table(
            TableName="cheap", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
        )
    assert refused.value.response["Error"]["Code"] == "ResourceInUseException"
    # A check binds what SQL writes.
    dynamodb.put_item(TableName="books", Item={"id": {"N": "3"}, "title": {"S": "Free"}, "price": {"N": "-1"}})
    assert dynamodb.scan(TableName="gone", Select="COUNT")["Count"] == 1


def test_they_outlive_a_crash(tmp_path):
    with running(tmp_path) as server:
        output = server.psql("-v", "ON_ERROR_STOP=1", script=SCRIPT)
        assert output.returncode == 0, output.stderr
        server.kill()
    with running(tmp_path) as server, server.connect(autocommit=True) as pg:
        assert pg.execute("SELECT title FROM cheap WHERE id = 1").fetchall() == [("Emma",)]
        assert pg.execute("SELECT id FROM gone").fetchall() == [(7,)]
        assert pg.execute("SELECT obj_description('books'::regclass)").fetchall() == [("On the shelf",)]
        with pytest.raises(psycopg.errors.CheckViolation):
            pg.execute("INSERT INTO books VALUES (4, 'X', -1)")
        with pytest.raises(psycopg.errors.DependentObjectsStillExist):
            pg.execute("DROP TABLE books")
