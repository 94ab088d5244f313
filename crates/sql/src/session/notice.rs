//! What clients are told besides answers and errors.

use super::Session;

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeSeverity {
    /// NOTICE
    Notice,
    /// WARNING
    Warning,
}

/// A message to the client that is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How much it matters.
    pub severity: NoticeSeverity,
    /// SQLSTATE.
    pub sqlstate: &'static str,
    /// Sentence.
    pub message: String,
}

/// Most notices that wait for the client; a statement that has more to say is cut short.
const NOTICES_MAX: usize = 100;

impl Session {
    /// Notes what the client is to be told, if it wants to hear of such things (`client_min_messages`).
    pub(super) fn notice(
        &mut self,
        severity: NoticeSeverity,
        sqlstate: &'static str,
        message: impl Into<String>,
    ) {
        let least = self.settings.get("client_min_messages");
        let silent = match (least.as_deref(), severity) {
            (Some("error"), _) | (Some("warning"), NoticeSeverity::Notice) => true,
            _ => self.notices.len() >= NOTICES_MAX,
        };
        if !silent {
            self.notices.push(Notice {
                severity,
                sqlstate,
                message: message.into(),
            });
        }
    }

    pub(super) fn warning(&mut self, sqlstate: &'static str, message: &str) {
        self.notice(NoticeSeverity::Warning, sqlstate, message);
    }

    /// What the client is to be told in front of the next answer.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }
}
