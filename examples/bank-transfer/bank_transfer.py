"""Money moves between accounts from several connections at once; none is made or lost.

    python bank_transfer.py [--clients N] [--transfers N] [--accounts N]

Connects to SHALE_PG_URL (default postgresql://shale@127.0.0.1:5432/shale).
"""

import argparse
import concurrent.futures
import os
import random
import time

import psycopg

PG_URL = os.environ.get("SHALE_PG_URL", "postgresql://shale@127.0.0.1:5432/shale")
OPENING_BALANCE = 1000
ATTEMPTS_MAX = 200


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--transfers", type=int, default=50, help="per client")
    parser.add_argument("--accounts", type=int, default=10)
    arguments = parser.parse_args()
    with psycopg.connect(PG_URL, autocommit=True) as pg:
        pg.execute("DROP TABLE IF EXISTS accounts")
        pg.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL)")
        for account in range(arguments.accounts):
            pg.execute("INSERT INTO accounts VALUES (%s, %s)", (account, OPENING_BALANCE))
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(arguments.clients) as pool:
            work = [pool.submit(client, seed, arguments) for seed in range(arguments.clients)]
            refused = sum(done.result() for done in work)
        seconds = time.monotonic() - begun
        balances = [balance for (balance,) in pg.execute("SELECT balance FROM accounts")]
    transfers = arguments.clients * arguments.transfers
    print(f"{transfers} transfers in {seconds:.1f} s, {refused} attempts were refused and repeated")
    assert sum(balances) == arguments.accounts * OPENING_BALANCE, balances
    assert min(balances) >= 0, balances
    print("bank-transfer: every account is covered and the sum is what it was")


def client(seed, arguments):
    """How many attempts were refused."""
    chance = random.Random(seed)
    refused = 0
    with psycopg.connect(PG_URL) as pg:
        for _ in range(arguments.transfers):
            source, target = chance.sample(range(arguments.accounts), 2)
            refused += transfer(pg, source, target, chance.randrange(1, 300), chance)
    return refused


def transfer(pg, source, target, amount, chance):
    """Moves money if the source has it. A transaction that another one came in the way of is done again."""
    for attempt in range(ATTEMPTS_MAX):
        try:
            with pg.transaction():
                balance = balance_of(pg, source)
                if balance >= amount:
                    pg.execute("UPDATE accounts SET balance = %s WHERE id = %s", (balance - amount, source))
                    there = balance_of(pg, target)
                    pg.execute("UPDATE accounts SET balance = %s WHERE id = %s", (there + amount, target))
            return attempt
        except psycopg.errors.SerializationFailure:
            time.sleep(chance.random() * 0.002 * min(attempt + 1, 10))
    raise RuntimeError(f"a transfer was refused {ATTEMPTS_MAX} times")


def balance_of(pg, account):
    return pg.execute("SELECT balance FROM accounts WHERE id = %s", (account,)).fetchone()[0]


if __name__ == "__main__":
    main()
