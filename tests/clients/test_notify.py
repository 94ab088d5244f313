"""Sessions among each other: NOTIFY, advisory locks, cancelling and ending others, pg_stat_activity."""

import threading

import psycopg
import pytest

from support.server import PATIENCE_SECONDS


def notices(connection, count):
    """The next notifications, as they come without asking for anything."""
    return [
        (notify.channel, notify.payload, notify.pid)
        for notify in connection.notifies(timeout=PATIENCE_SECONDS, stop_after=count)
    ]


@pytest.fixture
def sessions(server):
    with server.connect(autocommit=True) as first, server.connect(autocommit=True) as second:
        yield first, second


def test_an_idle_session_is_told_at_commit(sessions):
    listener, sender = sessions
    listener.execute("LISTEN jobs")
    sender.execute("BEGIN")
    sender.execute("NOTIFY jobs, 'one'")
    sender.execute("SAVEPOINT s")
    sender.execute("NOTIFY jobs, 'undone'")
    sender.execute("ROLLBACK TO s")
    sender.execute("NOTIFY jobs, 'two'")
    sender.execute("NOTIFY jobs, 'one'")
    sender.execute("NOTIFY others, 'nobody listens'")
    assert list(listener.notifies(timeout=0)) == []
    sender.execute("COMMIT")
    pid = sender.info.backend_pid
    # The same one is told once.
    assert notices(listener, 2) == [("jobs", "one", pid), ("jobs", "two", pid)]
    sender.execute("BEGIN")
    sender.execute("SELECT pg_notify('jobs', 'never')")
    sender.execute("ROLLBACK")
    sender.execute("SELECT pg_notify(%s, %s)", ("jobs", "größe"))
    assert notices(listener, 1) == [("jobs", "größe", pid)]


def test_a_block_hears_of_it_when_it_ends(sessions):
    listener, sender = sessions
    heard = []
    listener.add_notify_handler(lambda notify: heard.append(notify.payload))
    listener.execute("LISTEN jobs")
    listener.execute("BEGIN")
    sender.execute("NOTIFY jobs, 'while it lasts'")
    listener.execute("SELECT 1")
    assert heard == []
    listener.execute("COMMIT")
    assert heard == ["while it lasts"]
    listener.execute("UNLISTEN *")
    sender.execute("NOTIFY jobs, 'too late'")
    listener.execute("SELECT 1")
    assert heard == ["while it lasts"]
    # Who notifies hears of it, too.
    listener.execute("LISTEN own")
    listener.execute("NOTIFY own")
    assert heard == ["while it lasts", ""]


def in_thread(work):
    outcome = []

    def run():
        try:
            outcome.append(work())
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def wait_for_state(connection, pid, state):
    pause = threading.Event()
    for _ in range(PATIENCE_SECONDS * 100):
        row = connection.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone()
        if row == (state,):
            return
        pause.wait(0.01)
    raise AssertionError(f"session {pid} is not {state}: {row}")


def test_others_are_shown_cancelled_and_ended(server, sessions):
    victim, killer = sessions
    pid = victim.info.backend_pid
    victim.execute("SET application_name = 'victim'")
    shown = killer.execute("SELECT state, application_name, query, usename, client_addr FROM pg_stat_activity WHERE pid = %s", (pid,))
    assert shown.fetchone() == ("idle", "victim", "SET application_name = 'victim'", "shale", "127.0.0.1")

    thread, outcome = in_thread(lambda: victim.execute("SELECT pg_sleep(3600)"))
    wait_for_state(killer, pid, "active")
    assert killer.execute("SELECT pg_cancel_backend(%s)", (pid,)).fetchone() == (True,)
    thread.join()
    assert isinstance(outcome[0], psycopg.errors.QueryCanceled)

    victim.execute("BEGIN")
    wait_for_state(killer, pid, "idle in transaction")
    victim.execute("ROLLBACK")
    ended = killer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'").fetchall()
    assert ended == [(True,)]
    with pytest.raises(psycopg.errors.AdminShutdown):
        victim.execute("SELECT 1")
    pause = threading.Event()
    for _ in range(PATIENCE_SECONDS * 100):
        if killer.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone() == (0,):
            break
        pause.wait(0.01)
    assert killer.execute("SELECT pg_terminate_backend(%s)", (pid,)).fetchone() == (False,)


def test_advisory_locks_keep_sessions_apart(server, sessions):
    first, second = sessions
    first.execute("SELECT pg_advisory_lock(42)")
    assert second.execute("SELECT pg_try_advisory_lock(42)").fetchone() == (False,)
    assert second.execute("SELECT pg_try_advisory_lock(0, 42)").fetchone() == (True,)
    thread, outcome = in_thread(lambda: second.execute("SELECT pg_advisory_lock(42)").fetchone())
    wait_for_state(first, second.info.backend_pid, "active")
    with pytest.raises(psycopg.errors.DeadlockDetected):
        first.execute("SELECT pg_advisory_lock(0, 42)")
    assert first.execute("SELECT pg_advisory_unlock(42)").fetchone() == (True,)
    thread.join()
    assert outcome == [("",)]
    # A session that ends gives its locks back.
    second.close()
    first.execute("SELECT pg_advisory_lock(42)")


def test_a_waiting_lock_is_cancelled(sessions):
    first, second = sessions
    first.execute("SELECT pg_advisory_lock(43)")
    second.execute("SET statement_timeout = '50ms'")
    with pytest.raises(psycopg.errors.QueryCanceled):
        second.execute("SELECT pg_advisory_xact_lock(43)")
    first.execute("SELECT pg_advisory_unlock_all()")
    second.execute("RESET statement_timeout")
    with second.transaction():
        second.execute("SELECT pg_advisory_xact_lock(43)")
        assert first.execute("SELECT pg_try_advisory_lock_shared(43)").fetchone() == (False,)
    assert first.execute("SELECT pg_try_advisory_lock_shared(43)").fetchone() == (True,)
