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
        Err(SqlError::SecondWrite {
            first_is_durable: false
        })
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
    block.fail(Some(&SqlError::Canceled));
    block.fail(Some(&SqlError::SecondWrite {
        first_is_durable: true,
    }));
    let error = block.roll_back();
    assert!(
        matches!(&error, Err(SqlError::CannotRollBack { savepoint: None, cause: Some(cause) })
            if matches!(cause.as_ref(), SqlError::Canceled)),
        "{error:?}"
    );
    assert_eq!(block.status(), TransactionStatus::Idle);
    block.begin(false);
    assert_eq!(block.roll_back().ok(), Some(Ended::RolledBack));
    assert_eq!(block.roll_back().ok(), Some(Ended::NoBlock));
}

#[test]
fn failed_blocks_wait_for_their_end() {
    let mut block = Transaction::default();
    block.fail(None);
    assert_eq!(block.status(), TransactionStatus::Idle);
    block.begin(false);
    block.fail(None);
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
    block.fail(None);
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

#[test]
fn savepoints_in_front_of_durable_changes_cannot_be_returned_to() {
    let settings = Settings::new("ann");
    let mut block = Transaction::default();
    block.begin(false);
    block
        .savepoint("before".into(), settings.mark())
        .expect("in a block");
    block.on_durable_change();
    block.on_write();
    block
        .savepoint("behind".into(), settings.mark())
        .expect("in a block");
    block.fail(None);
    block.roll_back_to("behind").expect("nothing changed since");
    assert!(matches!(
        block.roll_back_to("before"),
        Err(SqlError::CannotRollBack {
            savepoint: Some(_),
            ..
        })
    ));
    assert!(matches!(
        block.check_write(true, false),
        Err(SqlError::SecondWrite {
            first_is_durable: true
        })
    ));
}
