"""SQLAlchemy 2 through psycopg 3, psycopg 2 and asyncpg: tables of metadata, reflection, ORM with relationships, Core."""

import asyncio
import datetime
import decimal
import enum
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy import exc, orm
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext import automap, asyncio as sa_asyncio


class Base(orm.DeclarativeBase):
    pass


class Genre(enum.Enum):
    ROCK = "rock"
    JAZZ = "jazz"


class Artist(Base):
    __tablename__ = "artist"
    id: orm.Mapped[uuid.UUID] = orm.mapped_column(primary_key=True, default=uuid.uuid4)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(80))
    genre: orm.Mapped[Genre] = orm.mapped_column(sa.Enum(Genre, native_enum=False, length=10))
    born: orm.Mapped[datetime.date | None]
    active: orm.Mapped[bool] = orm.mapped_column(default=True)
    extra: orm.Mapped[dict | None] = orm.mapped_column(postgresql.JSONB)
    tags: orm.Mapped[list[str] | None] = orm.mapped_column(sa.ARRAY(sa.Text))
    created: orm.Mapped[datetime.datetime] = orm.mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    version: orm.Mapped[int] = orm.mapped_column()
    # Foreign keys are not declared: relationships name their columns.
    albums: orm.Mapped[list["Album"]] = orm.relationship(
        primaryjoin="Artist.id == foreign(Album.artist_id)", back_populates="artist", order_by="Album.number", cascade="all, delete-orphan")
    __mapper_args__ = {"version_id_col": version}


class Album(Base):
    __tablename__ = "album"
    artist_id: orm.Mapped[uuid.UUID] = orm.mapped_column(primary_key=True)
    number: orm.Mapped[int] = orm.mapped_column(primary_key=True, autoincrement=False)
    title: orm.Mapped[str]
    price: orm.Mapped[decimal.Decimal] = orm.mapped_column(sa.Numeric(8, 2))
    cover: orm.Mapped[bytes | None]
    length: orm.Mapped[float | None]
    artist: orm.Mapped[Artist] = orm.relationship(primaryjoin="foreign(Album.artist_id) == Artist.id", back_populates="albums")
    __table_args__ = (sa.Index("album_by_title", "title", "number"),)


@pytest.fixture(params=["psycopg", "psycopg2"])
def engine(server, request):
    engine = sa.create_engine(server.pg_url().replace("postgresql:", f"postgresql+{request.param}:"))
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def discography(session):
    davis = Artist(name="Miles Davis", genre=Genre.JAZZ, born=datetime.date(1926, 5, 26), extra={"instrument": "trumpet", "years": [1944, 1991]}, tags=["bop", "cool"])
    davis.albums = [Album(number=number, title=title, price=decimal.Decimal(price), cover=bytes([number]), length=length)
                    for number, title, price, length in [(1, "Kind of Blue", "12.50", 45.7), (2, "Bitches Brew", "20.00", 94.1), (3, "Tutu", "9.99", None)]]
    queen = Artist(name="Queen", genre=Genre.ROCK, active=False, albums=[Album(number=1, title="Jazz", price=decimal.Decimal("11.00"))])
    session.add_all([davis, queen, Artist(name="Nobody", genre=Genre.ROCK)])
    session.commit()
    return davis.id


def test_objects_live_their_lives(engine):
    with orm.Session(engine) as session:
        davis_id = discography(session)
    with orm.Session(engine) as session:
        davis = session.get(Artist, davis_id)
        assert (davis.name, davis.genre, davis.born, davis.active, davis.tags) == ("Miles Davis", Genre.JAZZ, datetime.date(1926, 5, 26), True, ["bop", "cool"])
        assert davis.extra == {"instrument": "trumpet", "years": [1944, 1991]}
        assert abs(davis.created - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(minutes=10)
        assert [(album.title, album.price, album.cover, album.length) for album in davis.albums] == [
            ("Kind of Blue", decimal.Decimal("12.50"), b"\x01", 45.7), ("Bitches Brew", decimal.Decimal("20.00"), b"\x02", 94.1),
            ("Tutu", decimal.Decimal("9.99"), b"\x03", None)]
        assert davis.albums[0].artist is davis
        davis.albums[1].price += 1
        del davis.albums[2]
        davis.albums.append(Album(number=4, title="Agharta", price=5))
        davis.name = "Miles Dewey Davis"
        assert davis.version == 1
        session.commit()
        assert davis.version == 2
        session.delete(session.scalars(sa.select(Artist).where(Artist.name == "Queen")).one())
        session.commit()
    with orm.Session(engine) as session:
        albums = session.execute(sa.select(Artist.name, Album.title, Album.price).join_from(Artist, Album, Artist.albums).order_by(Album.number)).all()
        assert albums == [("Miles Dewey Davis", "Kind of Blue", decimal.Decimal("12.50")), ("Miles Dewey Davis", "Bitches Brew", decimal.Decimal("21.00")),
                          ("Miles Dewey Davis", "Agharta", decimal.Decimal("5.00"))]


@pytest.mark.parametrize("load", [orm.lazyload, orm.joinedload, orm.selectinload, orm.subqueryload])
def test_relationships_are_loaded(engine, load):
    with orm.Session(engine) as session:
        discography(session)
        session.expunge_all()
        artists = session.scalars(sa.select(Artist).options(load(Artist.albums)).order_by(Artist.name)).unique().all()
        assert [(artist.name, [album.title for album in artist.albums]) for artist in artists] == [
            ("Miles Davis", ["Kind of Blue", "Bitches Brew", "Tutu"]), ("Nobody", []), ("Queen", ["Jazz"])]
        session.expunge_all()
        albums = session.scalars(sa.select(Album).options(load(Album.artist)).where(Album.number == 1).order_by(Album.title)).all()
        assert [(album.title, album.artist.name) for album in albums] == [("Jazz", "Queen"), ("Kind of Blue", "Miles Davis")]


def test_queries_of_the_orm(engine):
    with orm.Session(engine) as session:
        discography(session)
        total = sa.func.sum(Album.price)
        per_artist = session.execute(
            sa.select(Artist.name, sa.func.count(Album.number), sa.func.coalesce(total, 0)).outerjoin(Artist.albums).group_by(Artist.id, Artist.name)
            .having(sa.func.count(Album.number) < 3).order_by(Artist.name)).all()
        assert per_artist == [("Nobody", 0, 0), ("Queen", 1, decimal.Decimal("11.00"))]
        with_albums = session.scalars(sa.select(Artist.name).where(Artist.albums.any(Album.price > 15))).all()
        assert with_albums == ["Miles Davis"]
        without = session.scalars(sa.select(Artist.name).where(~Artist.albums.any())).all()
        assert without == ["Nobody"]
        ranked = sa.select(Album.title, sa.func.row_number().over(order_by=Album.price.desc()).label("rank")).subquery()
        assert session.execute(sa.select(ranked.c.title).where(ranked.c.rank <= 2).order_by(ranked.c.rank)).scalars().all() == ["Bitches Brew", "Kind of Blue"]
        keys = [(album.artist_id, album.number) for album in session.scalars(sa.select(Album).where(Album.title.in_(["Tutu", "Jazz"])))]
        by_key = sa.select(Album.title).where(sa.tuple_(Album.artist_id, Album.number).in_(keys)).order_by(Album.title)
        assert session.scalars(by_key).all() == ["Jazz", "Tutu"]
        after = sa.select(Album.title).where(sa.tuple_(Album.title, Album.number) > ("Jazz", 1)).order_by(Album.title, Album.number)
        assert session.scalars(after).all() == ["Kind of Blue", "Tutu"]
        page = session.scalars(sa.select(Album.title).order_by(Album.title).limit(2).offset(1)).all()
        assert page == ["Jazz", "Kind of Blue"]
        assert session.scalar(sa.select(sa.exists().where(Album.title.ilike("%JAZZ%")))) is True
        assert session.scalars(sa.select(Artist.name).where(Artist.extra["instrument"].astext == "trumpet")).all() == ["Miles Davis"]
        assert session.scalars(sa.select(Artist.name).where(Artist.tags.any("cool"))).all() == ["Miles Davis"]
        assert session.scalars(sa.select(Artist.name).where(Artist.name.in_(["Queen", "Nobody"])).order_by(Artist.name)).all() == ["Nobody", "Queen"]
        changed = session.execute(sa.update(Album).where(Album.price < 12).values(price=Album.price * 2))
        assert changed.rowcount == 2
        assert session.execute(sa.delete(Album).where(Album.number > 2)).rowcount == 1
        case = sa.case((Album.price > 20, "dear"), else_="cheap")
        assert session.execute(sa.select(case, sa.func.count()).group_by(case).order_by(case)).all() == [("cheap", 2), ("dear", 1)]
        union = sa.union_all(sa.select(Artist.name.label("n")), sa.select(Album.title)).subquery()
        assert session.scalar(sa.select(sa.func.count()).select_from(union)) == 6


def test_stale_objects_are_noticed(engine):
    with orm.Session(engine) as session:
        davis_id = discography(session)
        davis = session.get(Artist, davis_id)
        with engine.begin() as other:
            other.execute(sa.text("UPDATE artist SET version = version + 1 WHERE id = :id"), {"id": davis_id})
        davis.name = "stale"
        with pytest.raises((orm.exc.StaleDataError, exc.OperationalError)):
            session.commit()
        session.rollback()
        assert session.get(Artist, davis_id).name == "Miles Davis"


def test_errors_are_sorted(engine):
    with engine.connect() as connection:
        connection.execute(sa.insert(Album), {"artist_id": uuid.UUID(int=1), "number": 1, "title": "a", "price": 1})
        with pytest.raises(exc.IntegrityError), connection.begin_nested():
            connection.execute(sa.insert(Album), {"artist_id": uuid.UUID(int=1), "number": 1, "title": "b", "price": 1})
        with pytest.raises(exc.IntegrityError), connection.begin_nested():
            connection.execute(sa.insert(Album), {"artist_id": uuid.UUID(int=1), "number": 2, "title": None, "price": 1})
        with pytest.raises(exc.ProgrammingError), connection.begin_nested():
            connection.execute(sa.text("SELECT nothing FROM album"))
        with pytest.raises(exc.DataError), connection.begin_nested():
            connection.execute(sa.text("SELECT 1 / 0"))
        assert connection.scalar(sa.select(Album.title)) == "a"


def test_many_rows_come_and_go(engine):
    rows = [{"artist_id": uuid.UUID(int=number % 7), "number": number, "title": f"title {number}", "price": number} for number in range(2500)]
    with engine.begin() as connection:
        connection.execute(sa.insert(Album), rows)
        returned = connection.execute(sa.insert(Album).returning(Album.number, sort_by_parameter_order=True),
                                      [{"artist_id": uuid.UUID(int=9), "number": number, "title": "x", "price": 1} for number in range(50)])
        assert returned.scalars().all() == list(range(50))
    with engine.connect() as connection:
        streamed = connection.execution_options(stream_results=True, max_row_buffer=100).execute(sa.select(Album.number).where(Album.artist_id == uuid.UUID(int=3)).order_by(Album.number))
        assert [number for number, in streamed] == list(range(3, 2500, 7))
        assert connection.scalar(sa.select(sa.func.count()).select_from(Album)) == 2550
    upsert = postgresql.insert(Album).values(rows[:2])
    upsert = upsert.on_conflict_do_update(index_elements=["artist_id", "number"], set_={"title": "again"})
    with engine.begin() as connection:
        connection.execute(upsert)
        connection.execute(postgresql.insert(Album).values(rows[:3]).on_conflict_do_nothing())
        assert connection.scalar(sa.select(sa.func.count()).where(Album.title == "again")) == 2


def test_reflection(engine):
    inspector = sa.inspect(engine)
    assert {"album", "artist"} <= set(inspector.get_table_names())
    assert inspector.get_schema_names() == ["information_schema", "public"]
    assert inspector.default_schema_name == "public"
    assert inspector.has_table("album") and not inspector.has_table("nowhere")
    assert inspector.has_index("album", "album_by_title")
    columns = {column["name"]: column for column in inspector.get_columns("artist")}
    assert list(columns) == ["id", "name", "genre", "born", "active", "extra", "tags", "created", "version"]
    kinds = {name: str(column["type"].compile(engine.dialect)) for name, column in columns.items()}
    assert kinds == {"id": "UUID", "name": "VARCHAR(80)", "genre": "VARCHAR(10)", "born": "DATE", "active": "BOOLEAN", "extra": "JSONB", "tags": "TEXT[]",
                     "created": "TIMESTAMP WITH TIME ZONE", "version": "INTEGER"}
    assert [name for name, column in columns.items() if column["nullable"]] == ["born", "extra", "tags"]
    assert columns["created"]["default"] == "now()" and columns["name"]["default"] is None
    assert inspector.get_pk_constraint("album") == {"constrained_columns": ["artist_id", "number"], "name": "album_pkey", "comment": None, "dialect_options": inspector.get_pk_constraint("album")["dialect_options"]}
    assert [(index["name"], index["column_names"], index["unique"]) for index in inspector.get_indexes("album")] == [("album_by_title", ["title", "number"], False)]
    for nothing in (inspector.get_foreign_keys("album"), inspector.get_unique_constraints("album"), inspector.get_check_constraints("album"),
                    inspector.get_view_names(), inspector.get_materialized_view_names(), inspector.get_sequence_names(), inspector.get_enums(), inspector.get_domains()):
        assert nothing == []
    assert inspector.get_table_comment("album") == {"text": None}
    with pytest.raises(exc.NoSuchTableError):
        inspector.get_columns("nowhere")
    metadata = sa.MetaData()
    metadata.reflect(engine)
    numeric = metadata.tables["album"].c.price.type
    assert (numeric.precision, numeric.scale) == (8, 2)
    # What was reflected makes the same table.
    copied = metadata.tables["album"].to_metadata(sa.MetaData(), name="album_copy")
    copied.indexes.clear()
    copied.primary_key.name = "album_copy_pkey"
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS album_copy"))
        copied.create(connection)
        connection.execute(copied.insert().from_select(list(copied.c.keys()), sa.select(metadata.tables["album"])))
    assert [column["name"] for column in sa.inspect(engine).get_columns("album_copy")] == [column["name"] for column in inspector.get_columns("album")]


def test_classes_from_the_tables(engine):
    with orm.Session(engine) as session:
        discography(session)
    mapped = automap.automap_base()
    mapped.prepare(autoload_with=engine)
    with orm.Session(engine) as session:
        assert [album.title for album in session.scalars(sa.select(mapped.classes.album).order_by(mapped.classes.album.title))] == [
            "Bitches Brew", "Jazz", "Kind of Blue", "Tutu"]


def test_asyncio_through_asyncpg(server, engine):
    async def go():
        engine = sa_asyncio.create_async_engine(server.pg_url().replace("postgresql:", "postgresql+asyncpg:"))
        session_of = sa_asyncio.async_sessionmaker(engine, expire_on_commit=False)
        async with session_of() as session:
            session.add(Artist(name="Async", genre=Genre.JAZZ, extra={"a": 1}, tags=["x"], albums=[Album(number=1, title="One", price=decimal.Decimal("1.50"), cover=b"\xff")]))
            await session.commit()
        async with session_of() as session:
            artist = (await session.scalars(sa.select(Artist).options(orm.selectinload(Artist.albums)))).one()
            assert (artist.name, artist.extra, artist.tags, artist.albums[0].price, artist.albums[0].cover) == ("Async", {"a": 1}, ["x"], decimal.Decimal("1.50"), b"\xff")
            artist.albums[0].title = "Two"
            await session.commit()
        async with engine.connect() as connection:
            titles = [row.title async for row in await connection.stream(sa.select(Album.title))]
            assert titles == ["Two"]
            assert "album" in await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
        await engine.dispose()

    asyncio.run(go())
