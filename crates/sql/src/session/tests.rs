use super::settings::Settings;
use super::transaction::{Ended, Transaction};
use crate::{SqlError, TransactionStatus};

#[test]
fn settings_take_what_is_true() {
    let mut settings = Settings::new("ann");
    settings.set("DateStyle", "iso, dmy").expect("ISO");
    assert_eq!(settings.get("datestyle").as_deref(), Some("ISO, DMY"));
    settings.set("timezone", "Etc/UTC").expect("UTC");
    settings
        .set("statement_timeout", "1500")
        .expect("milliseconds");
    assert_eq!(settings.get("statement_timeout").as_deref(), Some("1500ms"));
    settings.set("statement_timeout", "2min").expect("minutes");
    assert_eq!(
        settings.statement_timeout().map(|limit| limit.as_secs()),
        Some(120)
    );
    settings.set("my.own", "x").expect("a name with a dot");
    assert!(matches!(
        settings.set("timezone", "Europe/Berlin"),
        Err(SqlError::InvalidParameter { .. })
    ));
    assert!(matches!(
        settings.set("standard_conforming_strings", "off"),
        Err(SqlError::InvalidParameter { .. })
    ));
    assert!(matches!(
        settings.set("nope", "1"),
        Err(SqlError::UndefinedParameter { .. })
    ));
    assert!(matches!(
        settings.set("server_version", "9"),
        Err(SqlError::Other {
            sqlstate: "55P02",
            ..
        })
    ));
}

#[test]
fn clients_are_told_of_what_they_need() {
    let mut settings = Settings::new("ann");
    let initial = settings.take_reported_changes();
    let value = |name: &str| {
        let found = initial.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(value("server_version"), Some("15.0"));
    assert_eq!(value("TimeZone"), Some("UTC"));
    assert_eq!(value("DateStyle"), Some("ISO, MDY"));
    assert_eq!(value("session_authorization"), Some("ann"));
    assert!(settings.take_reported_changes().is_empty());
    settings.set("application_name", "psql").expect("any text");
    assert_eq!(
        settings.take_reported_changes(),
        [("application_name".to_owned(), "psql".to_owned())]
    );
}

#[test]
fn settings_follow_their_block() {
    let mut settings = Settings::new("ann");
    settings.on_begin();
    settings.set("application_name", "inner").expect("any text");
    settings
        .set_local("extra_float_digits", "3")
        .expect("in range");
    settings.on_end(true);
    assert_eq!(settings.get("application_name").as_deref(), Some("inner"));
    assert_eq!(settings.get("extra_float_digits").as_deref(), Some("1"));
    settings.on_begin();
    settings.set("application_name", "lost").expect("any text");
    settings.on_end(false);
    assert_eq!(settings.get("application_name").as_deref(), Some("inner"));
}

#[tokio::test]
async fn failed_blocks_wait_for_their_end() {
    let mut block = Transaction::default();
    assert!(!block.fail());
    assert_eq!(block.status(), TransactionStatus::Idle);
    assert!(block.begin(false));
    assert!(!block.begin(false), "there is one already");
    assert!(!block.fail());
    assert_eq!(block.status(), TransactionStatus::Failed);
    assert!(matches!(
        block.check_open(),
        Err(SqlError::TransactionState {
            sqlstate: "25P02",
            ..
        })
    ));
    assert_eq!(block.commit().await.ok(), Some(Ended::RolledBack));
    assert_eq!(block.commit().await.ok(), Some(Ended::NoBlock));
    assert_eq!(block.roll_back(), Ended::NoBlock);
}

#[tokio::test]
async fn blocks_without_begin_end_by_themselves() {
    let mut block = Transaction::default();
    assert!(block.begin_implicit(false));
    assert!(!block.begin_implicit(false), "there is one already");
    assert_eq!(block.status(), TransactionStatus::Idle);
    assert!(block.is_open() && !block.in_block());
    assert!(block.check_in_block("SAVEPOINT").is_err());
    assert!(block.fail(), "an error ends it");
    assert!(!block.is_open());
    block.begin_implicit(false);
    assert!(block.begin(false), "BEGIN makes it a block");
    assert_eq!(block.status(), TransactionStatus::InTransaction);
    assert_eq!(block.commit().await.ok(), Some(Ended::Committed));
}

#[test]
fn settings_show_what_the_transaction_may_do() {
    let mut settings = Settings::new("ann");
    let read_only = |settings: &Settings| settings.get("transaction_read_only");
    settings
        .set("default_transaction_read_only", "on")
        .expect("a boolean");
    assert!(settings.default_read_only());
    assert_eq!(read_only(&settings).as_deref(), Some("on"));
    settings.on_begin();
    settings.show_transaction(false, Some(true));
    assert_eq!(read_only(&settings).as_deref(), Some("off"));
    assert_eq!(
        settings.get("transaction_deferrable").as_deref(),
        Some("on")
    );
    settings.on_end(true);
    assert_eq!(read_only(&settings).as_deref(), Some("on"));
    assert_eq!(
        settings.get("transaction_deferrable").as_deref(),
        Some("off")
    );
    for level in ["read committed", "REPEATABLE READ", "serializable"] {
        settings
            .set("default_transaction_isolation", level)
            .expect("all levels are taken");
        assert_eq!(
            settings.get("default_transaction_isolation").as_deref(),
            Some("serializable")
        );
    }
    assert!(settings.set("transaction_isolation", "chaos").is_err());
}

#[test]
fn savepoints_nest_shadow_and_hold_settings() {
    let mut settings = Settings::new("ann");
    let mut block = Transaction::default();
    assert!(matches!(
        block.savepoint("a".into(), settings.mark()),
        Err(SqlError::TransactionState {
            sqlstate: "25P01",
            ..
        })
    ));
    settings.on_begin();
    block.begin(false);
    block.savepoint("a".into(), settings.mark()).expect("first");
    settings.set("application_name", "x").expect("any text");
    block.savepoint("a".into(), settings.mark()).expect("inner");
    settings.set("application_name", "y").expect("any text");
    block.fail();
    let mark = block.roll_back_to("a").expect("the inner one");
    settings.return_to(mark);
    assert_eq!(settings.get("application_name").as_deref(), Some("x"));
    assert_eq!(block.status(), TransactionStatus::InTransaction);
    block.release("a").expect("the inner one");
    let mark = block.roll_back_to("a").expect("the outer one");
    settings.return_to(mark);
    assert_eq!(settings.get("application_name").as_deref(), Some(""));
    block.release("a").expect("it is still there");
    for unknown in [block.release("a"), block.roll_back_to("a").map(|_| ())] {
        assert!(matches!(
            unknown,
            Err(SqlError::TransactionState {
                sqlstate: "3B001",
                ..
            })
        ));
    }
}
