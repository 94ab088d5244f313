//! Errors of reads in the past.

use crate::report::Report;
use shale_sql::HistoryProblem;
use shale_sql::datum::{format_timestamp, unix_micros_to_timestamp};

/// The report of a read in the past that cannot be.
pub(super) fn history(problem: &HistoryProblem) -> Report {
    match problem {
        HistoryProblem::Off { table } => {
            Report::error("55000", format!("table \"{table}\" keeps no history")).with_hint(
                format!("ALTER TABLE \"{table}\" SET (history = '1h') switches it on."),
            )
        }
        HistoryProblem::Floor { table, lsn, micros } => {
            let detail = format!(
                "The history of table \"{table}\" reaches back to {}.",
                position(*lsn, *micros)
            );
            Report::error("72000", "snapshot too old").with_detail(detail)
        }
        HistoryProblem::Future { lsn, micros } => {
            let detail = format!("The newest position is {}.", position(*lsn, *micros));
            Report::error("22023", "the position to read at is in the future").with_detail(detail)
        }
        HistoryProblem::Index { table, index } => Report::error(
            "0A000",
            format!("index \"{index}\" of table \"{table}\" cannot be read in the past"),
        )
        .with_hint("Read the table itself."),
        HistoryProblem::Retention { seconds, max } => Report::error(
            "22023",
            format!("history cannot be kept for {seconds} seconds"),
        )
        .with_detail(format!(
            "It is kept for 1 second up to {} days.",
            max / 86_400
        )),
    }
}

fn position(lsn: u64, micros: u64) -> String {
    let time = format_timestamp(unix_micros_to_timestamp(micros), true);
    format!("LSN {lsn}, time {time}")
}
