"""pgbench: custom scripts in every query mode, and its own tables and transactions as far as they go."""

import glob
import re
import subprocess

import pytest

from support.server import environment

# Debian has it in the package of the server.
PROGRAMS = [*sorted(glob.glob("/usr/lib/postgresql/*/bin/pgbench"), reverse=True), "pgbench"]
MODES = ["simple", "extended", "prepared"]


@pytest.fixture(scope="module")
def pgbench(server):
    host, port = server.pg_endpoint

    def run(*arguments):
        return subprocess.run([PROGRAMS[0], "-h", host, "-p", str(port), "-U", "shale", "-d", "shale", *arguments], capture_output=True, text=True, timeout=120, check=False,
                              env=environment())

    return run


@pytest.fixture(scope="module", autouse=True)
def accounts(server):
    with server.connect() as pg:
        pg.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL)")
        pg.execute("INSERT INTO accounts SELECT n, 0 FROM generate_series(1, 100) AS s(n)")
        pg.execute("CREATE TABLE entries (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account int, amount int)")


def processed(ended):
    """How many transactions there were, none of which failed."""
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "number of failed transactions: 0 (0.000%)" in ended.stdout, ended.stdout
    return int(re.search(r"number of transactions actually processed: (\d+)", ended.stdout).group(1))


@pytest.mark.parametrize("mode", MODES)
def test_scripts(server, pgbench, tmp_path, mode):
    script = tmp_path / "script.sql"
    script.write_text("""\\set account random(1, 100)
\\set amount random(1, 10)
UPDATE accounts SET balance = balance + :amount WHERE id = :account RETURNING balance \\gset
SELECT balance AS now FROM accounts WHERE id = :account \\gset
INSERT INTO entries (account, amount) VALUES (:account, :amount);
""", encoding="utf-8")
    with server.connect() as pg:
        before = pg.execute("SELECT (SELECT count(*) FROM entries), (SELECT sum(balance) FROM accounts) - (SELECT coalesce(sum(amount), 0) FROM entries)").fetchone()
        assert processed(pgbench("-n", "-M", mode, "-c", "4", "-j", "2", "-t", "50", "-f", str(script))) == 200
        after = pg.execute("SELECT (SELECT count(*) FROM entries), (SELECT sum(balance) FROM accounts) - (SELECT sum(amount) FROM entries)").fetchone()
    assert after == (before[0] + 200, before[1])


def test_transactions_that_conflict_are_tried_again(server, pgbench, tmp_path):
    script = tmp_path / "transfer.sql"
    script.write_text("""\\set a random(1, 3)
\\set b random(4, 6)
BEGIN;
UPDATE accounts SET balance = balance - 1 WHERE id = :a;
UPDATE accounts SET balance = balance + 1 WHERE id = :b;
COMMIT;
""", encoding="utf-8")
    with server.connect() as pg:
        before = pg.execute("SELECT sum(balance) FROM accounts").fetchone()
        assert processed(pgbench("-n", "-M", "prepared", "-c", "4", "-t", "25", "--max-tries=1000", "-f", str(script))) == 100
        assert pg.execute("SELECT sum(balance) FROM accounts").fetchone() == before


@pytest.fixture(scope="module")
def own_tables(server):
    """Its tables at scale 1. `pgbench -i` asks for fillfactor, of which there is none, and adds primary keys to tables that have none."""
    with server.connect() as pg:
        for statement in ("CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88))",
                          "CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84))",
                          "CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84))",
                          "CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))"):
            pg.execute(statement)
        pg.execute("INSERT INTO pgbench_branches SELECT 1, 0, ''")
        pg.execute("INSERT INTO pgbench_tellers SELECT n, 1, 0, '' FROM generate_series(1, 10) AS s(n)")
        with pg.cursor().copy("COPY pgbench_accounts FROM STDIN") as copy:
            for aid in range(1, 100_001):
                copy.write_row((aid, 1, 0, ""))


@pytest.mark.parametrize("mode", MODES)
def test_select_only(pgbench, own_tables, mode):
    assert processed(pgbench("-n", "-S", "-M", mode, "-c", "4", "-t", "100", "-s", "1")) == 400


@pytest.mark.parametrize("mode", MODES)
def test_tpc_b_like(server, pgbench, own_tables, mode):
    """All clients change the one branch: those that lose are tried again. The balances agree in the end."""
    with server.connect() as pg:
        before = pg.execute("SELECT count(*) FROM pgbench_history").fetchone()[0]
        assert processed(pgbench("-n", "-b", "tpcb-like", "-M", mode, "-c", "2", "-t", "20", "-s", "1", "--max-tries=1000")) == 40
        sums = pg.execute("""SELECT (SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(tbalance) FROM pgbench_tellers), (SELECT sum(abalance) FROM pgbench_accounts),
                                    (SELECT sum(delta) FROM pgbench_history), (SELECT count(*) FROM pgbench_history)""").fetchone()
    assert len(set(sums[:4])) == 1, sums
    assert sums[4] == before + 40


def test_simple_update(pgbench, own_tables):
    assert processed(pgbench("-n", "-N", "-M", "prepared", "-c", "4", "-t", "25", "-s", "1", "--max-tries=1000")) == 100
