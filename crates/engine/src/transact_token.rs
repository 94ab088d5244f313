//! Request tokens: what makes a repeated TransactWriteItems harmless.
//!
//! Not here: what a request's fingerprint covers (the front doors).
//!
//! The token of a transaction is a row of the record that carries its writes, so that both are durable or neither, and the token is
//! known after a restart. The rows are ordered by time in steps of ten minutes: a token is looked for in the current step, in the one
//! before, and in the next one, because clocks are set back a little; what is older has expired. Each new token takes a few expired rows
//! along, oldest first.
//!
//! Source: TransactWriteItems, ClientRequestToken: "A client request token is valid for 10 minutes after the first request that uses it
//! is completed. After 10 minutes, any request with the same client token is treated as a new request."

use crate::change::CatalogRow;
use crate::definition::{decode_u64, request_key};
use crate::error::Error;
use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use shale_storage::{Generation, Lsn, Role, Shard, StorageError};

/// For how long a token is remembered.
const VALID_MICROS: u64 = 10 * 60 * 1_000_000;
/// Format of rows that this code writes, the only one it reads.
const FORMAT: u8 = 1;
/// Expired rows that a new token takes along. More than one, so that what a busy time left goes away in a calm one.
const SWEPT_MAX: usize = 4;
/// Bytes of a request's fingerprint.
pub const FINGERPRINT_BYTES: usize = 32;

/// What a client gives so that a transaction that it sends again is done once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRequest {
    /// ClientRequestToken: 1 to 36 characters, which the front door checks.
    pub token: String,
    /// A hash of everything else in the request: the same token with another one is a mistake.
    pub fingerprint: [u8; FINGERPRINT_BYTES],
}

impl ClientRequest {
    /// What is latched while the token is looked up and written; no key of a tree.
    pub(crate) fn latch_key(&self) -> &[u8] {
        self.token.as_bytes()
    }

    /// The row that remembers the request.
    pub(crate) fn row(&self, now_micros: u64) -> CatalogRow {
        let mut value = vec![FORMAT];
        value.extend_from_slice(&now_micros.to_be_bytes());
        value.extend_from_slice(&self.fingerprint);
        (
            request_key(ten_minutes(now_micros), &self.token),
            Some(value),
        )
    }

    /// Whether the token was used and is remembered still; under its latch.
    pub(crate) fn find(&self, shard: &Shard, now_micros: u64) -> Result<Found, Error> {
        let now = ten_minutes(now_micros);
        for step in [now, now.saturating_sub(1), now.saturating_add(1)] {
            let latest = shard.latest(Role::Catalog, &request_key(step, &self.token))?;
            let Some(row) = latest.value else { continue };
            let (then_micros, fingerprint) = decode(&row).map_err(StorageError::Corrupt)?;
            if now_micros.saturating_sub(then_micros) < VALID_MICROS {
                return Ok(Found::Used {
                    same: fingerprint == self.fingerprint,
                    pending: latest.pending,
                });
            }
        }
        Ok(Found::New)
    }
}

/// What is known of a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing.
    New,
    /// A transaction with it was sequenced.
    Used {
        /// Whether it was the same request.
        same: bool,
        /// The record that must be published before an answer that depends on it.
        pending: Option<Lsn>,
    },
}

fn decode(row: &[u8]) -> Result<(u64, &[u8]), String> {
    let unknown = || "request token of unknown format".to_owned();
    let rest = row.strip_prefix(&[FORMAT]).ok_or_else(unknown)?;
    let (micros, fingerprint) = rest.split_at_checked(8).ok_or_else(unknown)?;
    Ok((decode_u64(micros)?, fingerprint))
}

fn ten_minutes(micros: u64) -> u32 {
    u32::try_from(micros / VALID_MICROS).unwrap_or(u32::MAX)
}

/// How far expired rows have been removed.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Mutex<Position>);

#[derive(Clone, Debug, Default)]
struct Position {
    /// Deletions of another generation may have been rolled back.
    generation: Option<Generation>,
    /// No row before it is there any more: what is scanned there is deletions only.
    from: Vec<u8>,
    /// All rows of earlier steps are gone.
    clean_before: u32,
}

/// Expired rows about to be deleted. Nobody else sweeps meanwhile.
#[derive(Debug)]
pub(crate) struct Sweep<'a> {
    position: MutexGuard<'a, Position>,
    next: Position,
    expired: Vec<Vec<u8>>,
}

impl Tokens {
    /// A few expired rows; none if somebody else is at it.
    pub(crate) fn sweep(
        &self,
        shard: &Shard,
        generation: Generation,
        now_micros: u64,
    ) -> Result<Option<Sweep<'_>>, Error> {
        let Some(position) = self.0.try_lock() else {
            return Ok(None);
        };
        let mut next = match position.generation {
            Some(known) if known == generation => position.clone(),
            _ => Position {
                generation: Some(generation),
                from: request_key(0, ""),
                clean_before: 0,
            },
        };
        let expired_before = ten_minutes(now_micros).saturating_sub(1);
        if next.clean_before >= expired_before {
            return Ok(None);
        }
        let end = request_key(expired_before, "");
        let range = Bytes::from(next.from.clone())..Bytes::from(end.clone());
        let mut expired = Vec::with_capacity(SWEPT_MAX);
        for entry in shard.snapshot().range(Role::Catalog, range).take(SWEPT_MAX) {
            let (key, _) = entry?;
            expired.push(key.to_vec());
        }
        match expired.last() {
            Some(last) if expired.len() == SWEPT_MAX => next.from = [last, &[0][..]].concat(),
            _ => {
                next.from = end;
                next.clean_before = expired_before;
            }
        }
        Ok(Some(Sweep {
            position,
            next,
            expired,
        }))
    }
}

impl Sweep<'_> {
    /// The deletions.
    pub(crate) fn rows(&self) -> impl Iterator<Item = CatalogRow> {
        self.expired.iter().map(|key| (key.clone(), None))
    }

    /// They are sequenced.
    pub(crate) fn done(mut self) {
        *self.position = self.next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{CatalogKey, parse_key};
    use expect_test::expect;

    fn request(token: &str) -> ClientRequest {
        ClientRequest {
            token: token.to_owned(),
            fingerprint: [0xab; FINGERPRINT_BYTES],
        }
    }

    /// Format 1; every later version must read it for as long as a token is valid.
    #[test]
    fn format_1_stays_readable_and_is_what_is_written() {
        let (key, value) = request("né").row(1_700_000_000_000_000);
        let value = value.unwrap();
        expect![[r#"r\x00+;\xb5n\xc3\xa9"#]].assert_eq(&key.escape_ascii().to_string());
        expect![[r"\x01\x00\x06\n$\x18\x1e@\x00\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab"]]
            .assert_eq(&value.escape_ascii().to_string());
        assert_eq!(parse_key(&key), Ok(CatalogKey::Request));
        let fingerprint = &[0xab; FINGERPRINT_BYTES][..];
        assert_eq!(decode(&value), Ok((1_700_000_000_000_000, fingerprint)));
        for unknown in [&b""[..], b"\x01\0\0", b"\x02\0\0\0\0\0\0\0\0"] {
            assert!(decode(unknown).is_err(), "{unknown:?}");
        }
    }

    #[test]
    fn older_rows_come_first_whatever_their_tokens() {
        let rows = [("z", 0), ("a", VALID_MICROS), ("b", VALID_MICROS * 300)];
        let keys = rows.map(|(token, micros)| request(token).row(micros).0);
        assert!(keys.is_sorted());
    }
}
