"""PynamoDB: models with indexes, conditions, updates, batches, transactions, time to live, and what it makes of errors."""

import datetime
import uuid

import pytest
from pynamodb.attributes import (
    BinaryAttribute, BooleanAttribute, JSONAttribute, ListAttribute, MapAttribute, NumberAttribute, NumberSetAttribute,
    TTLAttribute, UnicodeAttribute, UnicodeSetAttribute, UTCDateTimeAttribute, VersionAttribute,
)
from pynamodb.connection import Connection
from pynamodb.constants import STREAM_NEW_AND_OLD_IMAGE
from pynamodb.exceptions import DeleteError, DoesNotExist, PutError, QueryError, TableDoesNotExist, TransactWriteError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

from support.credentials import KEY, SECRET

NOW = datetime.datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=datetime.timezone.utc)


class ByGenre(GlobalSecondaryIndex):
    class Meta:
        index_name = "by_genre"
        projection = IncludeProjection(["pages"])

    genre = UnicodeAttribute(hash_key=True)
    pages = NumberAttribute(range_key=True)


class ByYear(LocalSecondaryIndex):
    class Meta:
        index_name = "by_year"
        projection = AllProjection()

    author = UnicodeAttribute(hash_key=True)
    year = NumberAttribute(range_key=True)


class Publisher(MapAttribute):
    name = UnicodeAttribute()
    city = UnicodeAttribute(null=True)


class Book(Model):
    class Meta:
        table_name = "books"
        billing_mode = "PAY_PER_REQUEST"
        stream_view_type = STREAM_NEW_AND_OLD_IMAGE
        region = "us-east-1"

    author = UnicodeAttribute(hash_key=True)
    title = UnicodeAttribute(range_key=True)
    by_genre = ByGenre()
    by_year = ByYear()
    genre = UnicodeAttribute(null=True)
    pages = NumberAttribute(null=True)
    year = NumberAttribute(default=2000)
    tags = UnicodeSetAttribute(null=True)
    ratings = NumberSetAttribute(null=True)
    cover = BinaryAttribute(null=True, legacy_encoding=False)
    printed = BooleanAttribute(default=False)
    published = UTCDateTimeAttribute(null=True)
    publisher = Publisher(null=True)
    chapters = ListAttribute(of=UnicodeAttribute, null=True)
    extra = JSONAttribute(null=True)
    until = TTLAttribute(null=True)


class Account(Model):
    class Meta:
        table_name = "accounts"
        read_capacity_units = 2
        write_capacity_units = 3
        region = "us-east-1"

    owner = UnicodeAttribute(hash_key=True)
    balance = NumberAttribute(default=0)
    version = VersionAttribute()


@pytest.fixture(scope="module", autouse=True)
def tables(guarded_server):
    for model in (Book, Account):
        model.Meta.host = guarded_server.dynamodb_url
        model.Meta.aws_access_key_id, model.Meta.aws_secret_access_key = KEY, SECRET
        model.Meta.max_retry_attempts = 0
        assert not model.exists()
        model.create_table(wait=True)
    for number in range(40):
        Book(f"author {number % 2}", f"title {number:02}", genre="novel" if number % 4 else "poem", pages=100 + number, year=1980 + number).save()
    yield
    for model in (Book, Account):
        model.delete_table()
        assert not model.exists()


def test_tables_are_made_as_the_models_say():
    table = Book.describe_table()
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert [index["IndexName"] for index in table["LocalSecondaryIndexes"]] == ["by_year"]
    assert table["GlobalSecondaryIndexes"][0]["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["pages"]}
    assert Account.describe_table()["ProvisionedThroughput"]["WriteCapacityUnits"] == 3
    ttl = Book._get_connection().connection.client.describe_time_to_live(TableName="books")
    assert ttl["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}


def test_every_attribute_comes_back():
    book = Book("ann", "every", genre="essay", pages=3, year=1999, tags={"a", "ž"}, ratings={1, 2.5}, cover=bytes(range(256)), printed=True,
                published=NOW, publisher=Publisher(name="P", city=None), chapters=["one", "two"], extra={"deep": [1, {"x": None}]},
                until=NOW + datetime.timedelta(days=36500))
    book.save()
    found = Book.get("ann", "every", consistent_read=True)
    assert found.attribute_values.keys() == book.attribute_values.keys()
    different = {"publisher", "until"}
    assert {name: value for name, value in found.attribute_values.items() if name not in different} == {
        name: value for name, value in book.attribute_values.items() if name not in different}
    assert found.publisher.to_simple_dict() == {"name": "P"}
    assert found.until == book.until.replace(microsecond=0)
    some = Book.get("ann", "every", attributes_to_get=["pages", "publisher.name"])
    assert (some.pages, some.publisher.name, some.genre) == (3, "P", None)
    raw = Book._get_connection().connection.client.get_item(TableName="books", Key={"author": {"S": "ann"}, "title": {"S": "every"}})["Item"]
    assert raw["cover"]["B"] == bytes(range(256)) and raw["printed"] == {"BOOL": True}


def test_queries_counts_and_pages():
    titles = [book.title for book in Book.query("author 0", Book.title.between("title 10", "title 15"))]
    assert titles == ["title 10", "title 12", "title 14"]
    assert [book.title for book in Book.query("author 1", scan_index_forward=False, limit=2)] == ["title 39", "title 37"]
    assert Book.count("author 0", filter_condition=Book.pages > 120) == 9
    assert Book.count() >= 40
    pages = Book.query("author 0", page_size=6)
    found = [book.title for book in pages]
    assert len(found) == 20 and pages.total_count == 20
    first = Book.query("author 0", limit=7)
    begun = [book.title for book in first]
    rest = [book.title for book in Book.query("author 0", last_evaluated_key=first.last_evaluated_key)]
    assert begun + rest == found
    assert [book.pages for book in Book.by_genre.query("poem", Book.pages > 128)] == [132, 136]
    assert Book.by_genre.count("poem") == 10
    assert [book.title for book in Book.by_year.query("author 1", ByYear.year < 1984)] == ["title 01", "title 03"]


@pytest.mark.parametrize(("condition", "expected"), [
    (lambda: Book.pages.is_in(101, 102, 999), 2), (lambda: Book.title.startswith("title 3"), 10), (lambda: Book.title.contains("5"), 4),
    (lambda: ~(Book.genre == "novel") & (Book.year >= 2000), 5), (lambda: (Book.pages < 102) | (Book.pages > 138), 3),
    (lambda: Book.tags.does_not_exist() & Book.genre.is_type(), 40), (lambda: Book.pages <= 100, 1),
])
def test_conditions_filter_scans(condition, expected):
    assert sum(1 for book in Book.scan(condition() & Book.author.startswith("author"), page_size=9)) == expected


def test_parallel_scans_and_rate_limits():
    found = [book.title for segment in range(3) for book in Book.scan(Book.author.startswith("author"), segment=segment, total_segments=3)]
    assert sorted(found) == sorted(f"title {number:02}" for number in range(40))


def test_updates_change_the_object_too():
    book = Book("ann", "update", pages=10, chapters=["one"], tags={"a", "b"}, publisher=Publisher(name="P"), ratings={1})
    book.save()
    book.update(actions=[
        Book.pages.set(Book.pages + 5), Book.chapters.set(Book.chapters.append(["two"])), Book.tags.delete({"a"}), Book.ratings.add({2}),
        Book.publisher.city.set("Brno"), Book.year.remove(), Book.genre.set(Book.genre | "essay"),
    ], condition=(Book.pages == 10) & (Book.chapters[0] == "one") & (Book.publisher.name == "P"))
    again = Book.get("ann", "update")
    for found in (book, again):
        assert (found.pages, found.chapters, found.tags, found.ratings, found.genre) == (15, ["one", "two"], {"b"}, {1, 2}, "essay")
        assert found.publisher.city == "Brno"
    with pytest.raises(UpdateError) as caught:
        book.update(actions=[Book.pages.set(0)], condition=Book.pages < 3)
    assert caught.value.cause_response_code == "ConditionalCheckFailedException"
    with pytest.raises(UpdateError) as caught:
        Book("ann", "nobody").update(actions=[Book.publisher.city.set("x")])
    assert caught.value.cause_response_code == "ValidationException"
    assert caught.value.cause_response_message == "The document path provided in the update expression is invalid for update"


def test_conditions_guard_saves_and_deletes():
    book = Book("ann", "guarded", pages=1)
    book.save(Book.author.does_not_exist())
    with pytest.raises(PutError) as caught:
        book.save(Book.author.does_not_exist())
    assert caught.value.cause_response_code == "ConditionalCheckFailedException"
    assert caught.value.cause_response_message == "The conditional request failed"
    with pytest.raises(DeleteError):
        book.delete(Book.pages == 2)
    book.delete(Book.pages.exists())
    with pytest.raises(DoesNotExist):
        book.refresh()


def test_versions_find_lost_updates():
    mine = Account(f"v{uuid.UUID(int=1)}", balance=1)
    mine.save()
    theirs = Account.get(mine.owner)
    theirs.update(actions=[Account.balance.add(5)])
    mine.balance = 0
    with pytest.raises(PutError) as caught:
        mine.save()
    assert caught.value.cause_response_code == "ConditionalCheckFailedException"
    mine.refresh()
    assert (mine.balance, mine.version) == (6, 2)


def test_batches():
    with Book.batch_write() as batch:
        for number in range(60):
            batch.save(Book("batch", f"{number:02}", cover=b"x" * 20_000))
    keys = [("batch", f"{number:02}") for number in range(0, 110)]
    assert sorted(book.title for book in Book.batch_get(keys)) == [f"{number:02}" for number in range(60)]
    with Book.batch_write() as batch:
        for book in Book.query("batch"):
            batch.delete(book)
    assert Book.count("batch") == 0


def test_transactions(guarded_server):
    connection = Connection(region="us-east-1", host=guarded_server.dynamodb_url, max_retry_attempts=0)
    connection.session.set_credentials(KEY, SECRET)
    for owner, balance in (("ann", 10), ("bob", 0)):
        Account(owner, balance=balance).save()

    def move(amount):
        with TransactWrite(connection=connection, client_request_token=f"move-{amount}") as transaction:
            transaction.update(Account("ann"), [Account.balance.add(-amount)], condition=Account.balance >= amount, add_version_condition=False)
            transaction.update(Account("bob"), [Account.balance.add(amount)], add_version_condition=False)
            transaction.save(Book("move", f"{amount}"), condition=Book.author.does_not_exist())
            transaction.condition_check(Book, "author 0", "title 00", condition=Book.pages == 100)

    move(7)
    # The same token: it has been done. PynamoDB sends checks first, then puts, then updates.
    move(7)
    with pytest.raises(TransactWriteError) as caught:
        move(8)
    assert [reason and reason.code for reason in caught.value.cancellation_reasons] == [
        None, None, "ConditionalCheckFailed", None]
    with TransactGet(connection=connection) as transaction:
        futures = [transaction.get(Account, "ann"), transaction.get(Account, "bob"), transaction.get(Account, "nobody")]
    assert [future.get().balance for future in futures[:2]] == [3, 7]
    with pytest.raises(DoesNotExist):
        futures[2].get()


def test_a_table_that_is_not_there():
    class Nowhere(Model):
        class Meta(Book.Meta):
            table_name = "nowhere"

        id = UnicodeAttribute(hash_key=True)

    assert not Nowhere.exists()
    with pytest.raises(QueryError) as caught:
        Nowhere.query("x").next()
    assert caught.value.cause_response_code == "ResourceNotFoundException"
    with pytest.raises(PutError) as caught:
        Nowhere("x").save()
    assert caught.value.cause_response_message == "Requested resource not found"
    with pytest.raises(TableDoesNotExist):
        Nowhere.describe_table()
