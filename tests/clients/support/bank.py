"""A bank in SQL: accounts, a ledger that every transfer writes into, and what both must always say.

A transfer takes from one account, gives to another and writes a line of the ledger, in one transaction. So at any moment, for anybody:
the balances sum up to what they began with, and each is what the ledger's lines make of it.
"""

import collections
import dataclasses
import threading

import psycopg

from support.history import Violation

ACCOUNTS = 8
BALANCE = 1_000


@dataclasses.dataclass
class Outcomes:
    """What became of transfers, by id, as far as their clients know."""

    acknowledged: set = dataclasses.field(default_factory=set)
    # COMMIT was sent and never answered.
    unknown: set = dataclasses.field(default_factory=set)
    # Rolled back, refused, or cut off before COMMIT was sent.
    never: set = dataclasses.field(default_factory=set)
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def put(self, kind, transfer):
        with self.lock:
            getattr(self, kind).add(transfer)


def create(pg):
    pg.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)")
    pg.execute("CREATE TABLE ledger (id text PRIMARY KEY, source int, target int, amount int)")
    pg.execute("CREATE INDEX by_source ON ledger (source)")
    pg.execute(f"INSERT INTO accounts SELECT g, {BALANCE} FROM generate_series(1, {ACCOUNTS}) AS g")


def check_books(balances, lines, when):
    """Balances by account, lines (id, source, target, amount): both from one moment."""
    if len(balances) != ACCOUNTS or sum(balances.values()) != ACCOUNTS * BALANCE:
        raise Violation(f"{when}: {balances} sum up to {sum(balances.values())}")
    expected = collections.Counter({account: BALANCE for account in balances})
    for _, source, target, amount in lines:
        expected[source] -= amount
        expected[target] += amount
    if dict(expected) != balances:
        raise Violation(f"{when}: balances {balances}, of the ledger {dict(expected)}")


def check_ledger(lines, outcomes, when):
    """Every acknowledged transfer is there, none that never was; of the unknown ones it is known from now on."""
    found = {line[0] for line in lines}
    if len(found) != len(lines):
        raise Violation(f"{when}: a transfer is there twice")
    if lost := outcomes.acknowledged - found:
        raise Violation(f"{when}: acknowledged and lost: {sorted(lost)[:5]}")
    if undead := found & outcomes.never:
        raise Violation(f"{when}: never committed and there: {sorted(undead)[:5]}")
    if strange := found - outcomes.acknowledged - outcomes.unknown:
        raise Violation(f"{when}: from nowhere: {sorted(strange)[:5]}")
    done = outcomes.unknown & found
    counts = len(outcomes.unknown), len(done)
    outcomes.acknowledged |= done
    outcomes.never |= outcomes.unknown - done
    outcomes.unknown = set()
    return counts


class Client(threading.Thread):
    """A connection that works until the server is gone. Subclasses say what it does."""

    def __init__(self, server, name, chance, killed):
        super().__init__(name=name)
        self.server, self.chance, self.killed = server, chance, killed
        self.done = 0
        self.conflicts = 0
        self.failure = None

    def run(self):
        try:
            with self.server.connect() as self.pg:
                while True:
                    self.step()
                    self.done += 1
        except psycopg.OperationalError as error:
            if error.sqlstate is not None or not self.killed.is_set():
                self.failure = error
        except Exception as error:  # noqa: BLE001 - told by the main thread
            self.failure = error


class Teller(Client):
    """Makes transfers, each again until it is done; some are given up on purpose. `counted` is released before each COMMIT."""

    def __init__(self, server, name, chance, killed, counted, outcomes):
        super().__init__(server, name, chance, killed)
        self.counted, self.outcomes = counted, outcomes
        self.transfers = 0

    def step(self):
        self.transfers += 1
        # As many different names as attempts: an attempt that was refused must not be there either.
        attempts = 0
        source, target = self.chance.sample(range(1, ACCOUNTS + 1), 2)
        amount, give_up = self.chance.randrange(1, 50), self.chance.random() < 0.1
        how = self.chance.choice([self.add, self.read_and_set, self.one_by_one])
        while True:
            attempts += 1
            transfer = f"{self.name}/{self.transfers}/{attempts}"
            if self.attempt(transfer, how, source, target, amount, give_up):
                return

    def attempt(self, transfer, how, source, target, amount, give_up):
        committing = False
        try:
            self.pg.execute("BEGIN")
            how(transfer, source, target, amount)
            if give_up:
                self.pg.execute("ROLLBACK")
                self.outcomes.put("never", transfer)
                return True
            committing = True
            self.counted.release()
            self.pg.execute("COMMIT")
            self.outcomes.put("acknowledged", transfer)
            return True
        except psycopg.errors.SerializationFailure:
            self.conflicts += 1
            self.outcomes.put("never", transfer)
            self.pg.execute("ROLLBACK")
            return False
        except psycopg.OperationalError:
            self.outcomes.put("unknown" if committing else "never", transfer)
            raise

    def line(self, transfer, source, target, amount):
        self.pg.execute("INSERT INTO ledger VALUES (%s, %s, %s, %s)", [transfer, source, target, amount])

    def add(self, transfer, source, target, amount):
        self.line(transfer, source, target, amount)
        self.pg.execute("UPDATE accounts SET balance = balance - %s WHERE id = %s", [amount, source])
        self.pg.execute("UPDATE accounts SET balance = balance + %s WHERE id = %s", [amount, target])

    def read_and_set(self, transfer, source, target, amount):
        rows = self.pg.execute("SELECT id, balance FROM accounts WHERE id IN (%s, %s) FOR UPDATE", [source, target])
        found = dict(rows.fetchall())
        for account, change in [(source, -amount), (target, amount)]:
            self.pg.execute("UPDATE accounts SET balance = %s WHERE id = %s", [found[account] + change, account])
        self.line(transfer, source, target, amount)

    def one_by_one(self, transfer, source, target, amount):
        """With a savepoint, and a mistake that is undone."""
        self.line(transfer, source, target, amount)
        self.pg.execute("SAVEPOINT before")
        self.pg.execute("UPDATE accounts SET balance = 0")
        self.pg.execute("ROLLBACK TO before")
        both = "UPDATE accounts SET balance = balance + CASE WHEN id = %s THEN -%s ELSE %s END WHERE id IN (%s, %s)"
        if self.pg.execute(both, [source, amount, amount, source, target]).rowcount != 2:
            raise Violation(f"{self.name}: an account is gone")


class Auditor(Client):
    """Looks at all accounts, in one statement and in several of one transaction."""

    def step(self):
        self.chance.choice([self.sum, self.books, self.books_read_only])()

    def sum(self):
        [total] = self.pg.execute("SELECT sum(balance) FROM accounts").fetchone()
        if total != ACCOUNTS * BALANCE:
            raise Violation(f"{self.name}: a statement sees a sum of {total}")

    def books(self, begin="BEGIN"):
        """Account by account, then the ledger: of one moment all the same."""
        self.pg.execute(begin)
        balances = {}
        for account in self.chance.sample(range(1, ACCOUNTS + 1), ACCOUNTS):
            [balances[account]] = self.pg.execute("SELECT balance FROM accounts WHERE id = %s", [account]).fetchone()
        lines = self.pg.execute("SELECT id, source, target, amount FROM ledger").fetchall()
        again = dict(self.pg.execute("SELECT id, balance FROM accounts").fetchall())
        self.pg.execute("COMMIT")
        check_books(balances, lines, self.name)
        if balances != again:
            raise Violation(f"{self.name}: {balances} have become {again} within a transaction")

    def books_read_only(self):
        self.books("BEGIN READ ONLY")
