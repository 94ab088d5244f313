"""Interactive transactions through real drivers: isolation, retry, savepoints, pipelines, clients that vanish, SQLAlchemy's sessions."""

import concurrent.futures
import os
import socket
import time

import psycopg
import psycopg.pq
import pytest
import sqlalchemy
import sqlalchemy.orm
from sqlalchemy.dialects import postgresql

from support.pgwire import PgWire

Status = psycopg.pq.TransactionStatus


@pytest.fixture(scope="module", autouse=True)
def tables(server):
    with server.connect() as pg:
        pg.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)")
        pg.execute("CREATE TABLE journal (day text, seq int, note text, PRIMARY KEY (day, seq))")


@pytest.fixture(autouse=True)
def balances(pg):
    pg.execute("DELETE FROM accounts")
    pg.execute("DELETE FROM journal")
    pg.execute("INSERT INTO accounts VALUES (1, 100), (2, 100)")


def balance_of(pg, account):
    row = pg.execute("SELECT balance FROM accounts WHERE id = %s", [account]).fetchone()
    return row and row[0]


def test_own_writes_are_read_and_others_see_them_after_commit(server, pg):
    with server.connect(autocommit=False) as mine:
        mine.execute("UPDATE accounts SET balance = balance - 30 WHERE id = 1")
        mine.execute("INSERT INTO accounts VALUES (3, 30)")
        assert balance_of(mine, 1) == 70
        assert mine.execute("SELECT sum(balance) FROM accounts").fetchone() == (200,)
        assert mine.execute("SELECT id FROM accounts WHERE balance < 50").fetchall() == [(3,)]
        assert balance_of(pg, 1) == 100 and balance_of(pg, 3) is None
        mine.commit()
        assert balance_of(pg, 1) == 70 and balance_of(pg, 3) == 30


def test_write_skew_ends_in_40001_with_a_hint(server, pg):
    with server.connect(autocommit=False) as one, server.connect(autocommit=False) as other:
        for connection, account in [(one, 1), (other, 2)]:
            assert connection.execute("SELECT sum(balance) FROM accounts").fetchone() == (200,)
            connection.execute("UPDATE accounts SET balance = balance - 150 WHERE id = %s", [account])
        one.commit()
        with pytest.raises(psycopg.errors.SerializationFailure) as conflict:
            other.commit()
        assert conflict.value.diag.message_hint == "The transaction might succeed if retried."
        assert other.info.transaction_status == Status.IDLE
    assert pg.execute("SELECT id, balance FROM accounts ORDER BY id").fetchall() == [(1, -50), (2, 100)]


def test_transfers_with_retry_lose_nothing(server, pg):
    def transfers(seed):
        done = 0
        with server.connect(autocommit=False) as connection:
            for step in range(25):
                source, target = (1, 2) if (seed + step) % 2 else (2, 1)
                while True:
                    try:
                        with connection.transaction():
                            found = balance_of(connection, source)
                            connection.execute("UPDATE accounts SET balance = %s WHERE id = %s", [found - 1, source])
                            connection.execute("UPDATE accounts SET balance = balance + 1 WHERE id = %s", [target])
                        break
                    except psycopg.errors.SerializationFailure:
                        continue
                done += 1
        return done

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(transfers, range(4))) == 100
    assert pg.execute("SELECT sum(balance) FROM accounts").fetchone() == (200,)


def test_statements_outside_of_blocks_never_see_a_conflict(server, pg):
    pg.execute("INSERT INTO journal SELECT 'mon', g, '' FROM generate_series(1, 20) AS g")

    def appends(_):
        with server.connect() as connection:
            for _ in range(10):
                assert connection.execute("UPDATE journal SET note = note || 'x' WHERE day = 'mon'").rowcount == 20

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(appends, range(4)))
    assert pg.execute("SELECT DISTINCT note FROM journal WHERE day = 'mon'").fetchall() == [("x" * 40,)]


def test_savepoints_undo_a_part(server, pg):
    with server.connect(autocommit=False) as connection:
        with connection.transaction():
            connection.execute("INSERT INTO journal VALUES ('tue', 1, 'kept')")
            with pytest.raises(psycopg.errors.UniqueViolation), connection.transaction():
                connection.execute("INSERT INTO journal VALUES ('tue', 2, 'lost')")
                connection.execute("INSERT INTO journal VALUES ('tue', 1, 'duplicate')")
            with connection.transaction() as inner:
                connection.execute("DELETE FROM journal WHERE day = 'tue'")
                raise psycopg.Rollback(inner)
            connection.execute("INSERT INTO journal VALUES ('tue', 3, 'kept')")
    assert pg.execute("SELECT seq FROM journal WHERE day = 'tue' ORDER BY seq").fetchall() == [(1,), (3,)]


def test_a_failed_block_waits_for_its_end(server):
    with server.connect(autocommit=False) as connection:
        connection.execute("DELETE FROM accounts WHERE id = 1")
        with pytest.raises(psycopg.errors.UndefinedColumn):
            connection.execute("SELECT nothing FROM accounts")
        assert connection.info.transaction_status == Status.INERROR
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("SELECT 1")
        assert connection.execute("COMMIT").statusmessage == "ROLLBACK"
        assert connection.info.transaction_status == Status.IDLE
        assert balance_of(connection, 1) == 100


def test_modes_of_the_driver_are_obeyed(server):
    with server.connect(autocommit=False) as connection:
        for level in psycopg.IsolationLevel:
            connection.isolation_level = level
            assert connection.execute("SHOW transaction_isolation").fetchone() == ("serializable",)
            connection.rollback()
        connection.read_only = True
        connection.deferrable = True
        assert connection.execute("SHOW transaction_deferrable").fetchone() == ("on",)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction) as refused:
            connection.execute("INSERT INTO accounts VALUES (9, 9)")
        assert refused.value.diag.message_primary == "cannot execute INSERT in a read-only transaction"


def test_warnings_reach_the_client(server):
    said = []
    with server.connect() as connection:
        connection.add_notice_handler(lambda notice: said.append((notice.severity, notice.sqlstate, notice.message_primary)))
        for statement in ["BEGIN", "BEGIN", "COMMIT", "COMMIT", "DROP TABLE IF EXISTS nothing"]:
            connection.execute(statement)
    assert said == [
        ("WARNING", "25001", "there is already a transaction in progress"),
        ("WARNING", "25P01", "there is no transaction in progress"),
        ("NOTICE", "00000", 'table "nothing" does not exist, skipping'),
    ]


def test_a_client_that_dies_in_its_block_leaves_nothing(server, pg):
    victim = server.connect(autocommit=False)
    victim.execute("UPDATE accounts SET balance = 0 WHERE id = 1")
    victim.execute("INSERT INTO accounts VALUES (7, 7)")
    # No Terminate: as if its process had been killed.
    socket.socket(fileno=os.dup(victim.fileno())).shutdown(socket.SHUT_RDWR)
    assert balance_of(pg, 1) == 100 and balance_of(pg, 7) is None
    # It is in nobody's way.
    with server.connect(autocommit=False) as next_one:
        next_one.execute("UPDATE accounts SET balance = 5 WHERE id = 1")
        next_one.commit()
    assert balance_of(pg, 1) == 5
    victim.close()


def test_idle_in_a_block_ends_the_session(server, pg):
    with PgWire(server) as idle:
        idle.ready()
        idle.send(b"Q", "SET idle_in_transaction_session_timeout = '100ms'")
        idle.until_ready()
        idle.send(b"Q", "BEGIN; UPDATE accounts SET balance = 0 WHERE id = 1")
        assert idle.until_ready()[-1] == (b"Z", b"T")
        error = idle.error()
        assert (error["S"], error["C"]) == ("FATAL", "25P03")
        assert error["M"] == "terminating connection due to idle-in-transaction timeout"
        assert idle.at_end()
    assert balance_of(pg, 1) == 100


def test_outside_of_a_block_a_session_may_idle(server):
    with server.connect(options="-c idle_in_transaction_session_timeout=1ms") as patient:
        patient.execute("BEGIN; COMMIT")
        time.sleep(0.05)
        assert patient.execute("SELECT 1").fetchone() == (1,)


def test_a_statement_timeout_fails_the_block(server, pg):
    with server.connect(autocommit=False) as connection:
        connection.execute("UPDATE accounts SET balance = 0 WHERE id = 1")
        connection.execute("SET LOCAL statement_timeout = '50ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT count(*) FROM generate_series(1, 3000) a, generate_series(1, 3000) b, generate_series(1, 3000) c").fetchone()
        assert connection.info.transaction_status == Status.INERROR
        connection.rollback()
    assert balance_of(pg, 1) == 100


def test_several_statements_in_one_message_are_one_transaction(server, pg):
    with pytest.raises(psycopg.errors.UniqueViolation):
        pg.execute("INSERT INTO accounts VALUES (3, 0); SET application_name = 'lost'; INSERT INTO accounts VALUES (1, 0)")
    assert balance_of(pg, 3) is None
    assert pg.execute("SHOW application_name").fetchone() == ("",)
    pg.execute("INSERT INTO accounts VALUES (3, 0); UPDATE accounts SET balance = 1 WHERE id = 3")
    assert balance_of(pg, 3) == 1
    with pytest.raises(psycopg.errors.UniqueViolation):
        pg.execute("INSERT INTO accounts VALUES (4, 0); COMMIT; INSERT INTO accounts VALUES (5, 0); INSERT INTO accounts VALUES (1, 0)")
    assert balance_of(pg, 4) == 0 and balance_of(pg, 5) is None
    pg.execute("BEGIN; DELETE FROM accounts WHERE id = 4")
    assert pg.info.transaction_status == Status.INTRANS
    pg.execute("ROLLBACK")


def test_a_pipeline_is_one_transaction_up_to_its_sync(server, pg):
    with pytest.raises(psycopg.errors.UniqueViolation), pg.pipeline():
        pg.execute("INSERT INTO accounts VALUES (3, 0)")
        pg.execute("INSERT INTO accounts VALUES (1, 0)")
    assert balance_of(pg, 3) is None
    with pg.pipeline() as pipeline:
        pg.execute("INSERT INTO accounts VALUES (3, 0)")
        pipeline.sync()
        pg.execute("INSERT INTO accounts VALUES (4, 0)")
        pg.execute("UPDATE accounts SET balance = 4 WHERE id = 4")
        assert pg.execute("SELECT balance FROM accounts WHERE id = 4").fetchone() == (4,)
    assert balance_of(pg, 3) == 0 and balance_of(pg, 4) == 4


def test_copy_is_a_part_of_its_block(server, pg):
    with server.connect(autocommit=False) as connection:
        with connection.cursor().copy("COPY journal FROM STDIN") as copy:
            for n in range(2_000):
                copy.write_row(("copied", n, "x"))
        assert connection.execute("SELECT count(*) FROM journal WHERE day = 'copied'").fetchone() == (2_000,)
        assert pg.execute("SELECT count(*) FROM journal WHERE day = 'copied'").fetchone() == (0,)
        with pytest.raises(psycopg.errors.UniqueViolation) as failed, connection.transaction():
            with connection.cursor().copy("COPY journal FROM STDIN") as copy:
                for n in range(2_100, 1_990, -1):
                    copy.write_row(("copied", n, "y"))
        assert failed.value.diag.context == "COPY journal, line 102"
        connection.commit()
    assert pg.execute("SELECT count(*), max(seq) FROM journal WHERE day = 'copied'").fetchone() == (2_000, 1_999)


def test_copy_of_too_many_rows_in_a_block_is_refused_with_advice(server):
    with server.connect(autocommit=False) as connection:
        with pytest.raises(psycopg.errors.ProgramLimitExceeded) as refused:
            with connection.cursor().copy("COPY journal FROM STDIN") as copy:
                for n in range(70_000):
                    copy.write_row(("many", n, None))
        assert "COPY outside of a transaction block" in refused.value.diag.message_hint


def test_cursors_read_on_while_the_block_writes(server):
    with server.connect(autocommit=False) as connection:
        connection.execute("INSERT INTO journal SELECT 'cursor', g, '' FROM generate_series(1, 3000) AS g")
        connection.commit()
        with connection.cursor() as cursor:
            seen = 0
            for (seq,) in cursor.stream("SELECT seq FROM journal WHERE day = 'cursor'"):
                seen += 1
            assert seen == 3_000
        connection.execute("DELETE FROM journal WHERE day = 'cursor' AND seq > 10")
        assert connection.execute("SELECT count(*) FROM journal WHERE day = 'cursor'").fetchone() == (10,)
        connection.rollback()
        assert connection.execute("SELECT count(*) FROM journal WHERE day = 'cursor'").fetchone() == (3_000,)


def test_the_json_api_conflicts_with_a_block_too(server, dynamodb, pg):
    with server.connect(autocommit=False) as connection:
        assert balance_of(connection, 1) == 100
        dynamodb.update_item(
            TableName="accounts", Key={"id": {"N": "1"}}, UpdateExpression="SET balance = :b", ExpressionAttributeValues={":b": {"N": "1"}},
        )
        connection.execute("UPDATE accounts SET balance = 2 WHERE id = 2")
        with pytest.raises(psycopg.errors.SerializationFailure):
            connection.commit()
    assert (balance_of(pg, 1), balance_of(pg, 2)) == (1, 100)


def test_definitions_are_undone(server, pg):
    with server.connect(autocommit=False) as connection:
        connection.execute("CREATE TABLE made (id int PRIMARY KEY)")
        connection.execute("INSERT INTO made VALUES (1)")
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'made'").fetchone() == (1,)
        connection.execute("DROP TABLE journal")
        connection.rollback()
    assert pg.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'made'").fetchone() == (0,)
    assert pg.execute("SELECT count(*) FROM journal").fetchone() == (0,)


def test_a_migration_tool_runs_its_steps_in_one_transaction(server, pg):
    """The statements that Alembic sends for an upgrade of two steps."""
    with server.connect(autocommit=False) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))")
        connection.execute("CREATE TABLE people (id INTEGER NOT NULL, name VARCHAR(50), PRIMARY KEY (id))")
        connection.execute("INSERT INTO alembic_version (version_num) VALUES ('ae1027a6acf') RETURNING alembic_version.version_num")
        connection.execute("INSERT INTO people SELECT g, 'n' || g FROM generate_series(1, 3) AS g")
        moved = connection.execute("UPDATE alembic_version SET version_num='1975ea83b712' WHERE alembic_version.version_num = 'ae1027a6acf'")
        assert moved.rowcount == 1
        connection.commit()
    assert pg.execute("SELECT version_num FROM alembic_version").fetchall() == [("1975ea83b712",)]
    assert pg.execute("SELECT count(*) FROM people").fetchone() == (3,)


class Base(sqlalchemy.orm.DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: sqlalchemy.orm.Mapped[int] = sqlalchemy.orm.mapped_column(sqlalchemy.Integer, primary_key=True, autoincrement=False)
    name: sqlalchemy.orm.Mapped[str] = sqlalchemy.orm.mapped_column(sqlalchemy.Text)
    books: sqlalchemy.orm.Mapped[int] = sqlalchemy.orm.mapped_column(sqlalchemy.Integer, default=0)


@pytest.fixture
def engine(server):
    made = sqlalchemy.create_engine(server.pg_url().replace("postgresql://", "postgresql+psycopg://"), isolation_level="SERIALIZABLE")
    yield made
    made.dispose()


def test_sqlalchemy_sessions(engine, pg):
    pg.execute("DROP TABLE IF EXISTS authors")
    Base.metadata.create_all(engine)
    with sqlalchemy.orm.Session(engine) as session, session.begin():
        session.add_all([Author(id=n, name=f"author {n}") for n in range(1, 6)])
    with sqlalchemy.orm.Session(engine) as session:
        first = session.get(Author, 1)
        first.books = 3
        session.add(Author(id=9, name="lost"))
        session.flush()
        assert session.scalars(sqlalchemy.select(Author.id).where(Author.name == "lost")).all() == [9]
        session.rollback()
        assert session.get(Author, 1).books == 0
        for author in session.scalars(sqlalchemy.select(Author).where(Author.id <= 3)):
            author.books += author.id
        session.delete(session.get(Author, 5))
        with pytest.raises(sqlalchemy.exc.IntegrityError), session.begin_nested():
            session.execute(sqlalchemy.insert(Author).values(id=1, name="duplicate"))
        session.commit()
        assert session.execute(sqlalchemy.select(Author.id, Author.books).order_by(Author.id)).all() == [(1, 1), (2, 2), (3, 3), (4, 0)]
        changed = session.execute(sqlalchemy.update(Author).where(Author.books > 1).values(books=Author.books * 10))
        assert changed.rowcount == 2
        upsert = postgresql.insert(Author).values(id=4, name="four", books=4)
        session.execute(upsert.on_conflict_do_update(index_elements=["id"], set_={"books": upsert.excluded.books}))
        locked = session.scalars(sqlalchemy.select(Author).where(Author.id == 4).with_for_update()).one()
        session.refresh(locked)
        assert locked.books == 4
        session.commit()


def test_sqlalchemy_sees_the_conflict_as_its_own_error(engine, pg):
    with sqlalchemy.orm.Session(engine) as one, sqlalchemy.orm.Session(engine) as other:
        for session in (one, other):
            session.execute(sqlalchemy.text("SELECT sum(balance) FROM accounts")).scalar_one()
        one.execute(sqlalchemy.text("UPDATE accounts SET balance = 0 WHERE id = 1"))
        other.execute(sqlalchemy.text("UPDATE accounts SET balance = 0 WHERE id = 2"))
        one.commit()
        with pytest.raises(sqlalchemy.exc.OperationalError) as conflict:
            other.commit()
        assert conflict.value.orig.sqlstate == "40001"


def test_psql_shows_the_state_of_its_block(server):
    answer = server.psql("-v", "ON_ERROR_STOP=0", "-At", script="""
        BEGIN;
        UPDATE accounts SET balance = 7 WHERE id = 1;
        SAVEPOINT a;
        SELECT 1/0;
        ROLLBACK TO a;
        SELECT balance FROM accounts WHERE id = 1;
        COMMIT;
        SELECT balance FROM accounts WHERE id = 1;
    """)
    assert answer.stdout.split("\n")[:-1] == ["BEGIN", "UPDATE 1", "SAVEPOINT", "ROLLBACK", "7", "COMMIT", "7"]
    assert "division by zero" in answer.stderr
