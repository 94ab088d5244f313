//! Blocks: what statements of one session see, what others see, and when a block fails.

use crate::support::{Server, describe, run};
use shale_sql::{NoticeSeverity, Session, TransactionStatus};

async fn with_accounts() -> Server {
    let mut server = Server::open();
    server
        .must("CREATE TABLE accounts (id int PRIMARY KEY, balance int)")
        .await;
    server
        .must("INSERT INTO accounts VALUES (1, 100), (2, 100), (3, 100)")
        .await;
    server
}

/// Runs statements of which each has to succeed.
async fn must(session: &mut Session, text: &str) {
    let answer = run(session, text).await;
    assert!(!answer.starts_with('!'), "{text}: {answer}");
}

const CONFLICT: &str = "! the transaction conflicts with concurrent writes";

#[tokio::test]
async fn a_block_sees_its_own_writes_and_others_see_them_when_it_commits() {
    let mut server = with_accounts().await;
    let mut other = server.service.session("bob", "shale");
    must(
        &mut server.session,
        "BEGIN;
         UPDATE accounts SET balance = balance - 10 WHERE id = 1;
         UPDATE accounts SET balance = balance + 10 WHERE id = 2;
         INSERT INTO accounts VALUES (4, 1), (5, 2);
         DELETE FROM accounts WHERE id = 3",
    )
    .await;
    let all = "SELECT id, balance FROM accounts WHERE id IN (1, 2, 3, 4, 5)";
    assert_eq!(server.run(all).await, "1|90\n2|110\n4|1\n5|2");
    assert_eq!(
        server
            .run("SELECT balance FROM accounts WHERE id = 2")
            .await,
        "110"
    );
    assert_eq!(
        server
            .run("SELECT id FROM accounts WHERE balance < 5")
            .await,
        "5\n4",
        "in the order of their hashes"
    );
    let before = "1|100\n2|100\n3|100";
    assert_eq!(run(&mut other, all).await, before);
    assert_eq!(server.run("COMMIT").await, "COMMIT");
    assert_eq!(run(&mut other, all).await, "1|90\n2|110\n4|1\n5|2");
}

#[tokio::test]
async fn roll_back_and_a_closed_session_leave_nothing() {
    let mut server = with_accounts().await;
    server.must("BEGIN; DELETE FROM accounts").await;
    assert_eq!(server.run("SELECT * FROM accounts").await, "");
    assert_eq!(server.run("ROLLBACK").await, "ROLLBACK");
    assert_eq!(
        server
            .run("SELECT id FROM accounts WHERE id IN (1, 2, 3)")
            .await,
        "1\n2\n3"
    );
    let mut other = server.service.session("bob", "shale");
    must(&mut other, "BEGIN; DELETE FROM accounts WHERE id = 1").await;
    drop(other);
    assert_eq!(
        server.run("SELECT id FROM accounts WHERE id = 1").await,
        "1"
    );
}

#[tokio::test]
async fn the_snapshot_is_that_of_the_first_statement() {
    let mut server = with_accounts().await;
    let mut other = server.service.session("bob", "shale");
    must(&mut other, "BEGIN").await;
    server
        .must("UPDATE accounts SET balance = 1 WHERE id = 1")
        .await;
    let read = "SELECT balance FROM accounts WHERE id = 1";
    assert_eq!(run(&mut other, read).await, "1", "BEGIN reads nothing");
    server
        .must("UPDATE accounts SET balance = 2 WHERE id = 1")
        .await;
    assert_eq!(run(&mut other, read).await, "1");
    assert_eq!(run(&mut other, "COMMIT").await, "COMMIT");
    assert_eq!(run(&mut other, read).await, "2");
}

#[tokio::test]
async fn write_skew_is_a_conflict_at_commit() {
    let mut server = with_accounts().await;
    let mut other = server.service.session("bob", "shale");
    let sum = "SELECT balance FROM accounts WHERE id IN (1, 2)";
    must(&mut server.session, &format!("BEGIN; {sum}")).await;
    must(&mut other, &format!("BEGIN; {sum}")).await;
    server
        .must("UPDATE accounts SET balance = -50 WHERE id = 1")
        .await;
    must(&mut other, "UPDATE accounts SET balance = -50 WHERE id = 2").await;
    assert_eq!(server.run("COMMIT").await, "COMMIT");
    assert_eq!(run(&mut other, "COMMIT").await, CONFLICT);
    assert_eq!(other.transaction_status(), TransactionStatus::Idle);
    assert_eq!(run(&mut other, sum).await, "-50\n100");
    assert_eq!(run(&mut other, "SELECT 1").await, "1");
}

#[tokio::test]
async fn a_range_that_was_read_is_validated_too() {
    let mut server = Server::open();
    server
        .must("CREATE TABLE log (day int, n int, PRIMARY KEY (day, n))")
        .await;
    let mut other = server.service.session("bob", "shale");
    must(
        &mut other,
        "BEGIN; SELECT * FROM log WHERE day = 1 AND n > 5; INSERT INTO log VALUES (2, 1)",
    )
    .await;
    server.must("INSERT INTO log VALUES (1, 3)").await;
    assert_eq!(
        run(&mut other, "COMMIT").await,
        "COMMIT",
        "it was not in the range"
    );
    must(
        &mut other,
        "BEGIN; SELECT * FROM log WHERE day = 1 AND n > 5; INSERT INTO log VALUES (2, 2)",
    )
    .await;
    server.must("INSERT INTO log VALUES (1, 7)").await;
    assert_eq!(run(&mut other, "COMMIT").await, CONFLICT);
}

#[tokio::test]
async fn reading_alone_never_conflicts() {
    let mut server = with_accounts().await;
    let mut other = server.service.session("bob", "shale");
    must(&mut other, "BEGIN; SELECT * FROM accounts").await;
    server.must("DELETE FROM accounts WHERE id = 1").await;
    assert_eq!(run(&mut other, "COMMIT").await, "COMMIT");
    must(
        &mut other,
        "BEGIN READ ONLY; SELECT * FROM accounts WHERE id = 2",
    )
    .await;
    server.must("DELETE FROM accounts WHERE id = 2").await;
    assert_eq!(
        run(&mut other, "SELECT id FROM accounts WHERE id = 2; COMMIT").await,
        "COMMIT"
    );
}

#[tokio::test]
async fn savepoints_undo_writes() {
    let mut server = with_accounts().await;
    assert_eq!(
        server.run("SAVEPOINT s").await,
        "! 25P01 SAVEPOINT can only be used in transaction blocks"
    );
    server
        .must("BEGIN; SAVEPOINT first; INSERT INTO accounts VALUES (10, 1); SAVEPOINT s; DELETE FROM accounts WHERE id = 10")
        .await;
    assert!(
        server
            .run("SELECT nope FROM accounts")
            .await
            .starts_with('!')
    );
    assert!(server.run("SAVEPOINT u").await.contains("25P02"));
    assert_eq!(
        server.run("ROLLBACK TO SAVEPOINT u").await,
        "! 3B001 savepoint \"u\" does not exist"
    );
    assert_eq!(
        server.session.transaction_status(),
        TransactionStatus::Failed
    );
    assert_eq!(server.run("ROLLBACK TO S").await, "ROLLBACK");
    let tenth = "SELECT balance FROM accounts WHERE id = 10";
    assert_eq!(server.run(tenth).await, "1");
    server
        .must("UPDATE accounts SET balance = 2 WHERE id = 10; SAVEPOINT s; UPDATE accounts SET balance = 3 WHERE id = 10")
        .await;
    server.must("ROLLBACK TO s").await;
    assert_eq!(server.run(tenth).await, "2");
    server.must("RELEASE s; ROLLBACK TO s").await;
    assert_eq!(server.run(tenth).await, "1", "the outer one of that name");
    server.must("ROLLBACK TO first").await;
    assert_eq!(server.run(tenth).await, "", "it is older than the snapshot");
    server
        .must("INSERT INTO accounts VALUES (11, 1); COMMIT")
        .await;
    assert_eq!(
        server
            .run("SELECT id FROM accounts WHERE id IN (10, 11)")
            .await,
        "11"
    );
}

#[tokio::test]
async fn an_error_fails_the_block_and_commit_rolls_back() {
    let mut server = with_accounts().await;
    server
        .must("BEGIN; DELETE FROM accounts WHERE id = 1")
        .await;
    let duplicate = server.run("INSERT INTO accounts VALUES (2, 0)").await;
    assert!(duplicate.contains("Key (id)=(2) already exists."));
    assert_eq!(
        server.session.transaction_status(),
        TransactionStatus::Failed
    );
    assert!(server.run("SELECT 1").await.starts_with("! 25P02"));
    assert!(server.run("SELECT nothing").await.starts_with("! 25P02"));
    assert!(server.run("SELEKT").await.starts_with("! syntax"));
    assert_eq!(server.run("COMMIT").await, "ROLLBACK");
    assert_eq!(server.session.transaction_status(), TransactionStatus::Idle);
    assert_eq!(
        server.run("SELECT id FROM accounts WHERE id = 1").await,
        "1"
    );
    server.must("BEGIN").await;
    assert!(server.run("SELEKT").await.starts_with("! syntax error"));
    assert_eq!(server.run("ROLLBACK AND CHAIN").await, "ROLLBACK");
    assert_eq!(
        server.session.transaction_status(),
        TransactionStatus::InTransaction
    );
    assert_eq!(server.run("END").await, "COMMIT");
}

#[tokio::test]
async fn modes_are_obeyed_and_shown() {
    let mut server = with_accounts().await;
    let refused = "! 25006 cannot execute INSERT in a read-only transaction";
    let insert = "INSERT INTO accounts VALUES (9, 9)";
    for begin in [
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY DEFERRABLE",
        "START TRANSACTION; SET TRANSACTION READ ONLY",
        "BEGIN; SET transaction_read_only = on",
    ] {
        server.must(begin).await;
        assert_eq!(server.run("SHOW transaction_read_only").await, "on");
        assert_eq!(
            server.run("SHOW transaction_isolation").await,
            "serializable"
        );
        assert_eq!(server.run(insert).await, refused, "{begin}");
        server.must("ROLLBACK").await;
        assert_eq!(server.run("SHOW transaction_read_only").await, "off");
    }
    server.must("BEGIN READ ONLY; SELECT * FROM accounts").await;
    assert_eq!(
        server.run("SET TRANSACTION READ WRITE").await,
        "! 25001 transaction read-write mode must be set before any query"
    );
    assert_eq!(server.run("COMMIT").await, "ROLLBACK");
    server
        .must("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        .await;
    assert_eq!(server.run("SHOW default_transaction_read_only").await, "on");
    assert_eq!(server.run(insert).await, refused);
    assert_eq!(
        server
            .run("SELECT id FROM accounts WHERE id = 1 FOR UPDATE")
            .await,
        "! 25006 cannot execute SELECT FOR UPDATE in a read-only transaction"
    );
    server.must("BEGIN READ WRITE").await;
    assert_eq!(server.run(insert).await, "INSERT 0 1");
    assert_eq!(server.run("ROLLBACK").await, "ROLLBACK");
}

#[tokio::test]
async fn a_savepoint_brings_back_the_right_to_write() {
    let mut server = with_accounts().await;
    server
        .must("BEGIN; SAVEPOINT s; SET TRANSACTION READ ONLY; SELECT * FROM accounts; ROLLBACK TO s; INSERT INTO accounts VALUES (7, 7); COMMIT")
        .await;
    assert_eq!(
        server.run("SELECT id FROM accounts WHERE id = 7").await,
        "7"
    );
}

#[tokio::test]
async fn warnings_are_told() {
    let mut server = Server::open();
    for (text, sqlstate, message) in [
        (
            "BEGIN; BEGIN",
            "25001",
            "there is already a transaction in progress",
        ),
        (
            "COMMIT; COMMIT",
            "25P01",
            "there is no transaction in progress",
        ),
        ("ROLLBACK", "25P01", "there is no transaction in progress"),
        (
            "SET LOCAL application_name = 'x'",
            "25P01",
            "SET LOCAL can only be used in transaction blocks",
        ),
        (
            "SET TRANSACTION READ ONLY",
            "25P01",
            "SET TRANSACTION can only be used in transaction blocks",
        ),
    ] {
        server.must(text).await;
        let notices = server.session.take_notices();
        let [notice] = notices.as_slice() else {
            panic!("{text}: {notices:?}");
        };
        assert_eq!(
            (notice.severity, notice.sqlstate, notice.message.as_str()),
            (NoticeSeverity::Warning, sqlstate, message)
        );
    }
    server
        .must("SET client_min_messages = 'error'; COMMIT")
        .await;
    assert_eq!(server.session.take_notices(), []);
    server
        .must("RESET client_min_messages; DROP TABLE IF EXISTS nope")
        .await;
    let notices = server.session.take_notices();
    assert_eq!(notices.len(), 1);
    assert_eq!(
        notices[0].message,
        "table \"nope\" does not exist, skipping"
    );
    assert_eq!(notices[0].severity, NoticeSeverity::Notice);
    assert_eq!(
        server.run("COMMIT AND CHAIN").await,
        "! 25P01 COMMIT AND CHAIN can only be used in transaction blocks"
    );
}

#[tokio::test]
async fn locks_are_accepted_where_they_may_be_asked_for() {
    let mut server = with_accounts().await;
    assert_eq!(
        server.run("LOCK TABLE accounts").await,
        "! 25P01 LOCK TABLE can only be used in transaction blocks"
    );
    server
        .must("BEGIN; LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE NOWAIT")
        .await;
    assert_eq!(
        server
            .run("SELECT id FROM accounts WHERE id IN (1, 2) FOR UPDATE SKIP LOCKED LIMIT 1")
            .await,
        "1"
    );
    assert_eq!(
        server.run("LOCK nope").await,
        "! relation \"nope\" does not exist"
    );
    server.must("ROLLBACK").await;
    assert_eq!(
        server
            .run("SELECT id FROM accounts WHERE id = 1 FOR NO KEY UPDATE OF accounts")
            .await,
        "1"
    );
    assert_eq!(
        server
            .run("SELECT id FROM accounts FOR UPDATE OF nope")
            .await,
        "! relation \"nope\" does not exist"
    );
    assert_eq!(
        server.run("PREPARE TRANSACTION 'x'").await,
        "! PREPARE TRANSACTION is not supported"
    );
}

#[tokio::test]
async fn settings_are_part_of_the_block() {
    let mut server = Server::open();
    server
        .must("BEGIN; SET application_name = 'a'; SAVEPOINT s; SET LOCAL application_name = 'b'; ROLLBACK TO s")
        .await;
    assert_eq!(server.run("SHOW application_name").await, "a");
    server.must("ROLLBACK").await;
    assert_eq!(server.run("SHOW application_name").await, "");
}

/// What the protocol makes one transaction of, without BEGIN.
#[tokio::test]
async fn implicit_transactions_end_with_their_message() {
    let mut server = with_accounts().await;
    let mut other = server.service.session("bob", "shale");
    let count = "SELECT id FROM accounts WHERE id IN (20, 21)";
    server.session.begin_implicit();
    server.must("INSERT INTO accounts VALUES (20, 0)").await;
    assert_eq!(server.session.transaction_status(), TransactionStatus::Idle);
    assert_eq!(run(&mut other, count).await, "");
    server.session.end_implicit().await.expect("no conflict");
    assert_eq!(run(&mut other, count).await, "20");

    server.session.begin_implicit();
    server
        .must("SET application_name = 'x'; DELETE FROM accounts WHERE id = 20")
        .await;
    assert!(
        server
            .run("INSERT INTO accounts VALUES (1, 0)")
            .await
            .starts_with('!')
    );
    assert!(!server.session.in_transaction(), "it was rolled back");
    server.session.end_implicit().await.expect("nothing to do");
    assert_eq!(run(&mut other, count).await, "20");
    assert_eq!(server.run("SHOW application_name").await, "");

    server.session.begin_implicit();
    server
        .must("INSERT INTO accounts VALUES (21, 0); BEGIN")
        .await;
    server.session.end_implicit().await.expect("it is a block");
    assert_eq!(
        server.session.transaction_status(),
        TransactionStatus::InTransaction
    );
    server.must("ROLLBACK").await;
    assert_eq!(run(&mut other, count).await, "20");

    must(
        &mut other,
        "BEGIN; SELECT * FROM accounts; INSERT INTO accounts VALUES (30, 0)",
    )
    .await;
    other.begin_implicit();
    other
        .end_implicit()
        .await
        .expect("the block is not its own");
    assert_eq!(other.transaction_status(), TransactionStatus::InTransaction);

    server.session.begin_implicit();
    server
        .must("SELECT * FROM accounts; INSERT INTO accounts VALUES (31, 0)")
        .await;
    must(&mut other, "COMMIT").await;
    let conflict = server
        .session
        .end_implicit()
        .await
        .expect_err("it read them all");
    assert_eq!(describe(&conflict), CONFLICT);
}

#[tokio::test]
async fn statements_on_their_own_never_conflict() {
    use std::sync::Arc;
    let mut server = Server::open();
    server
        .must("CREATE TABLE counters (id int, part int, n int, PRIMARY KEY (id, part))")
        .await;
    server
        .must("INSERT INTO counters VALUES (1, 1, 0), (1, 2, 0), (1, 3, 0)")
        .await;
    let service = Arc::new(server.service.clone());
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let service = Arc::clone(&service);
            tokio::spawn(async move {
                let mut session = service.session("bob", "shale");
                for _ in 0..20 {
                    let answer =
                        run(&mut session, "UPDATE counters SET n = n + 1 WHERE id = 1").await;
                    assert_eq!(answer, "UPDATE 3");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no failure");
    }
    assert_eq!(
        server.run("SELECT n FROM counters WHERE id = 1").await,
        "160\n160\n160"
    );
}

#[tokio::test]
async fn a_session_whose_block_was_refused_waits_for_its_turn_at_the_rows() {
    let mut server = with_accounts().await;
    let mut others = ["bob", "eve"].map(|user| server.service.session(user, "shale"));
    let transfer = "SELECT balance FROM accounts WHERE id = 1; UPDATE accounts SET balance = balance - 10 WHERE id = 1";
    for session in &mut others {
        must(session, "BEGIN").await;
        must(session, transfer).await;
    }
    server
        .must("UPDATE accounts SET balance = 50 WHERE id = 1")
        .await;
    for session in &mut others {
        assert_eq!(run(session, "COMMIT").await, CONFLICT);
    }
    let [bob, eve] = &mut others;
    must(bob, "BEGIN").await;
    must(bob, transfer).await;
    must(eve, "BEGIN").await;
    let mut waiting = Box::pin(must(eve, transfer));
    assert!(futures::poll!(&mut waiting).is_pending());
    assert_eq!(run(bob, "COMMIT").await, "COMMIT");
    waiting.await;
    assert_eq!(run(eve, "COMMIT").await, "COMMIT");
    assert_eq!(
        server
            .run("SELECT balance FROM accounts WHERE id = 1")
            .await,
        "30"
    );
}
