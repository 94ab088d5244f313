"""A bank over kills: transfers in transactions, SIGKILL at random moments, and books that are right for everybody at any moment.

`SHALE_CRASH_SEED` repeats the random choices of a run (the interleaving of threads and the disk is not repeated by it).
"""

import os
import random
import threading

import pytest

from support import bank
from support.history import Violation
from support.server import PATIENCE_SECONDS, Server, running

KILLS = 12
TELLERS = 5
AUDITORS = 2
# Small, so that flushes and compactions are cut off too.
FLAGS = ("--write-memory-mib", "1")


def verify(server, outcomes, when):
    """Says how many transfers were of unknown outcome, and how many of them were done."""
    with server.connect() as pg, pg.transaction():
        balances = dict(pg.execute("SELECT id, balance FROM accounts").fetchall())
        lines = pg.execute("SELECT id, source, target, amount FROM ledger").fetchall()
    with server.connect() as pg:
        # The index shows the same lines.
        sources = {account: pg.execute("SELECT count(*) FROM ledger WHERE source = %s", [account]).fetchone()[0] for account in balances}
    bank.check_books(balances, lines, when)
    if any(sources[account] != sum(line[1] == account for line in lines) for account in balances):
        raise Violation(f"{when}: the index has {sources}")
    return bank.check_ledger(lines, outcomes, when)


def work_until_killed(server, life, chance, outcomes):
    """Runs everybody and kills the server some time after so many transfers were to be committed, whatever it is doing."""
    killed, committing = threading.Event(), threading.Semaphore(0)
    tellers = [bank.Teller(server, f"{life}-{n}", random.Random(chance.random()), killed, committing, outcomes) for n in range(TELLERS)]
    auditors = [bank.Auditor(server, f"auditor {n}", random.Random(chance.random()), killed) for n in range(AUDITORS)]
    clients = tellers + auditors
    for client in clients:
        client.start()
    for _ in range(chance.randrange(5, 60)):
        if not committing.acquire(timeout=PATIENCE_SECONDS):
            break
    # Not a wait for something to happen: the moment of the crash is meant to be arbitrary.
    killed.wait(chance.choice([0, chance.uniform(0, 0.01), chance.uniform(0, 0.1)]))
    killed.set()
    server.kill()
    for client in clients:
        client.join()
    for client in clients:
        if client.failure:
            raise Violation(f"{client.name}: {client.failure!r}\n{server.errors()}") from client.failure
    done, conflicts = sum(teller.done for teller in tellers), sum(teller.conflicts for teller in tellers)
    audits = sum(auditor.done for auditor in auditors)
    print(f"life {life}: {done} transfers, {conflicts} conflicts, {audits} audits")
    return [done, conflicts, audits]


def test_no_kill_changes_the_sum_or_tears_a_transfer(tmp_path):
    """Everybody sees the same sum at any moment; after each kill every acknowledged transfer is there, none that was not committed, and
    no part of one. The ledger has an index, which is written with its lines in one life and behind them in another."""
    seed = int(os.environ.get("SHALE_CRASH_SEED") or random.randrange(2**32))
    print(f"SHALE_CRASH_SEED={seed}, data in {tmp_path}")
    chance, outcomes = random.Random(seed), bank.Outcomes()
    worked, unknown = [], []
    for life in range(KILLS):
        mode = chance.choice([(), ("--asynchronous-indexes",)])
        server = Server(tmp_path, *FLAGS, *mode)
        try:
            if life == 0:
                with server.connect() as pg:
                    bank.create(pg)
            unknown.append(verify(server, outcomes, f"after crash {life}"))
            worked.append(work_until_killed(server, life, chance, outcomes))
        finally:
            server.kill()
    with running(tmp_path, *FLAGS) as server:
        unknown.append(verify(server, outcomes, "after the last crash"))
        assert server.stop() == 0
    unknown, unknown_done = map(sum, zip(*unknown))
    print(f"{unknown} transfers of unknown outcome, of which {unknown_done} were done")
    # The run meant something.
    done, conflicts, audits = map(sum, zip(*worked))
    assert done >= KILLS and conflicts and audits and unknown, (done, conflicts, audits, unknown)


def test_without_validation_the_books_are_wrong(tmp_path):
    """A server whose transactions are not validated, on purpose: whoever finds nothing wrong there has not looked."""
    outcomes = bank.Outcomes()
    with pytest.raises(Violation):
        for life in range(KILLS):
            with running(tmp_path, *FLAGS, "--skip-transaction-validation") as server:
                if life == 0:
                    with server.connect() as pg:
                        bank.create(pg)
                verify(server, outcomes, f"after crash {life}")
                work_until_killed(server, life, random.Random(life), outcomes)


def books():
    return {account: bank.BALANCE for account in range(1, bank.ACCOUNTS + 1)}


def test_the_check_of_books_notices():
    right = {**books(), 1: bank.BALANCE - 5, 2: bank.BALANCE + 5}
    line = ("a", 1, 2, 5)
    bank.check_books(right, [line], "right")
    for wrong, lines, words in [
        ({**right, 2: bank.BALANCE}, [line], "sum up"),
        (right, [], "of the ledger"),
        (books(), [line], "of the ledger"),
        (right, [line, ("b", 1, 2, 5)], "of the ledger"),
        ({account: balance for account, balance in books().items() if account > 1}, [], "sum up"),
    ]:
        with pytest.raises(Violation, match=words):
            bank.check_books(wrong, lines, "wrong")


def test_the_check_of_the_ledger_notices():
    def outcomes():
        return bank.Outcomes(acknowledged={"a"}, unknown={"b", "c"}, never={"d"})

    now = outcomes()
    assert bank.check_ledger([("a",), ("b",)], now, "right") == (2, 1)
    assert (now.acknowledged, now.unknown, now.never) == ({"a", "b"}, set(), {"c", "d"})
    for found, words in [(["b"], "lost"), (["a", "d"], "never committed"), (["a", "e"], "from nowhere"), (["a", "a"], "twice")]:
        with pytest.raises(Violation, match=words):
            bank.check_ledger([(transfer,) for transfer in found], outcomes(), "wrong")
