//! An error as ErrorResponse carries it.
//!
//! Not here: which error of the layers below becomes which report (`sqlstate`), bytes (`output`).

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

/// How far an error reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The statement failed.
    Error,
    /// The connection ends.
    Fatal,
}

/// SQLSTATE of a server that stops.
pub(crate) const SHUTTING_DOWN: &str = "57P01";

/// One ErrorResponse; boxed, because it travels in every `Result`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report(Box<Fields>);

/// What an ErrorResponse says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) severity: Severity,
    pub(crate) sqlstate: &'static str,
    pub(crate) message: Cow<'static, str>,
    pub(crate) detail: Option<String>,
    pub(crate) hint: Option<Cow<'static, str>>,
    /// Where in its data a COPY failed.
    pub(crate) context: Option<String>,
    /// Byte offset into the statement, from 0, until [`Report::located`].
    pub(crate) offset: Option<usize>,
    /// Characters into the text that the client sent, from 1.
    pub(crate) position: Option<usize>,
    /// Table, column and constraint that clients may act on.
    pub(crate) table: Option<String>,
    pub(crate) column: Option<String>,
    pub(crate) constraint: Option<String>,
    /// The function of PostgreSQL's that reports this, where drivers go by it.
    pub(crate) routine: Option<&'static str>,
}

impl Deref for Report {
    type Target = Fields;
    fn deref(&self) -> &Fields {
        &self.0
    }
}

impl DerefMut for Report {
    fn deref_mut(&mut self) -> &mut Fields {
        &mut self.0
    }
}

impl Report {
    /// A failed statement.
    pub(crate) fn error(sqlstate: &'static str, message: impl Into<Cow<'static, str>>) -> Report {
        Report(Box::new(Fields {
            severity: Severity::Error,
            sqlstate,
            message: message.into(),
            detail: None,
            hint: None,
            context: None,
            offset: None,
            position: None,
            table: None,
            column: None,
            constraint: None,
            routine: None,
        }))
    }

    /// The end of a connection.
    pub(crate) fn fatal(sqlstate: &'static str, message: impl Into<Cow<'static, str>>) -> Report {
        Report::error(sqlstate, message).into_fatal()
    }

    /// The same, but it ends the connection.
    pub(crate) fn into_fatal(mut self) -> Report {
        self.severity = Severity::Fatal;
        self
    }

    /// 08P01, the statement fails.
    pub(crate) fn protocol_violation(message: impl Into<Cow<'static, str>>) -> Report {
        Report::error("08P01", message)
    }

    /// 57P01
    pub(crate) fn shutting_down() -> Report {
        Report::fatal(
            SHUTTING_DOWN,
            "terminating connection due to administrator command",
        )
    }

    /// 25P03
    pub(crate) fn idle_in_transaction() -> Report {
        Report::fatal(
            "25P03",
            "terminating connection due to idle-in-transaction timeout",
        )
    }

    /// 57014
    pub(crate) fn canceled() -> Report {
        Report::error("57014", "canceling statement due to user request")
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Report {
        self.detail = Some(detail.into());
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Report {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn with_offset(mut self, offset: Option<usize>) -> Report {
        self.offset = offset;
        self
    }

    /// Counts as PostgreSQL does: characters of `text`, in which the statement begins at byte `start`.
    pub(crate) fn located(mut self, text: &str, start: usize) -> Report {
        self.position = self.offset.take().and_then(|offset| {
            let end = start.saturating_add(offset).min(text.len());
            let before = text.as_bytes().get(..end)?;
            // Each character has one byte that does not continue another.
            Some(1 + before.iter().filter(|byte| **byte & 0xc0 != 0x80).count())
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let text = "SELECT 'é', x";
        let at = |offset, start| {
            let report = Report::error("42703", "").with_offset(Some(offset));
            report.located(text, start).position
        };
        assert_eq!(at(0, 0), Some(1));
        assert_eq!(at(text.find('x').unwrap(), 0), Some(13));
        assert_eq!(at(3, 4), Some(8));
        assert_eq!(at(1000, usize::MAX), Some(14));
        assert_eq!(Report::canceled().located(text, 4).position, None);
    }
}
