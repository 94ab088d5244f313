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

#[test]
fn blocks_take_one_write() {
    let mut block = Transaction::default();
    block.check_write(true, false).expect("autocommit");
    block.begin(false);
    block.check_write(true, false).expect("the first");
    block.on_write();
    assert!(matches!(
        block.check_write(true, false),
        Err(SqlError::NotSupported { .. })
    ));
    block.check_write(false, false).expect("DDL is not counted");
    assert_eq!(block.commit().ok(), Some(Ended::Committed));
    assert_eq!(block.status(), TransactionStatus::Idle);
}

#[test]
fn rolling_back_a_durable_change_is_an_error_that_ends_the_block() {
    let mut block = Transaction::default();
    block.begin(false);
    block.on_durable_change();
    assert!(matches!(
        block.roll_back(),
        Err(SqlError::Other {
            sqlstate: "0A000",
            ..
        })
    ));
    assert_eq!(block.status(), TransactionStatus::Idle);
    block.begin(false);
    assert_eq!(block.roll_back().ok(), Some(Ended::RolledBack));
    assert_eq!(block.roll_back().ok(), Some(Ended::NoBlock));
}

#[test]
fn failed_blocks_wait_for_their_end() {
    let mut block = Transaction::default();
    block.fail();
    assert_eq!(block.status(), TransactionStatus::Idle);
    block.begin(false);
    block.fail();
    assert_eq!(block.status(), TransactionStatus::Failed);
    assert!(matches!(
        block.check_open(),
        Err(SqlError::TransactionState {
            sqlstate: "25P02",
            ..
        })
    ));
    assert_eq!(block.commit().ok(), Some(Ended::RolledBack));
}

#[test]
fn read_only_blocks_write_nothing() {
    let mut block = Transaction::default();
    block.begin(true);
    assert!(matches!(
        block.check_write(false, false),
        Err(SqlError::TransactionState {
            sqlstate: "25006",
            ..
        })
    ));
    let mut settings = Settings::new("ann");
    settings
        .set("default_transaction_read_only", "on")
        .expect("a boolean");
    assert!(settings.is_read_only());
}
