//! Transactions of one statement: run, committed, and run again if they conflict.
//!
//! Not here: the commit itself (`commit`).
//!
//! What such a transaction answers is given out only once it is published. So it may read what is still on its way: an attempt that
//! conflicts is followed by one that reads ahead, at the newest LSN, and is in danger only for as long as it runs. One that read what is
//! published would be behind each write that is waiting for the disk, and under load there is always one.

use super::commit::Refusal;
use super::{Transaction, TransactionOptions};
use crate::engine::Engine;
use crate::error::Error;

/// How often a transaction is run anew because it conflicts, before the conflict is the answer.
const ATTEMPTS_MAX: usize = 32;
/// Attempts from which on one that is tried again runs alone among its like: it no longer conflicts with them.
const ATTEMPTS_TOGETHER: usize = 4;

/// What an attempt came to.
enum Attempt<T> {
    Answer(T),
    /// It conflicts.
    Again,
}

impl Engine {
    /// Runs a transaction and commits it, again if it conflicts: for statements that read and write many items on their own. The function
    /// may run several times; what it answers is given out once the transaction is durable, and it must tell nothing before.
    ///
    /// # Errors
    /// The function's, after which nothing was written; otherwise as [`Transaction::commit`].
    pub async fn atomically<T, E, F>(&self, mut run: impl FnMut(Transaction) -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        for attempt in 0..=ATTEMPTS_MAX {
            if let Attempt::Answer(answer) = self.attempt(attempt, &mut run).await? {
                return Ok(answer);
            }
        }
        Err(Error::SerializationConflict.into())
    }

    async fn attempt<T, E, F>(
        &self,
        attempt: usize,
        run: &mut impl FnMut(Transaction) -> F,
    ) -> Result<Attempt<T>, E>
    where
        F: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        let lane = &self.inner.retry_lane;
        let lane = match attempt < ATTEMPTS_TOGETHER {
            true => (Some(lane.read().await), None),
            false => (None, Some(lane.write().await)),
        };
        let transaction = match attempt {
            0 => self.begin(TransactionOptions::default()),
            _ => self.begin_ahead(),
        };
        let ahead = transaction.depends_on();
        let ran = run(transaction.clone()).await;
        let sequenced = match ran {
            Ok(answer) => Ok((answer, transaction.sequence().await)),
            Err(error) => Err(error),
        };
        let met_drop = transaction.met_drop();
        transaction.rollback();
        drop(lane);
        match sequenced {
            Ok((answer, Ok(sequenced))) => {
                let written = sequenced.written;
                match self.finish(sequenced).await {
                    Ok(()) => Ok(Attempt::Answer(answer)),
                    // What it has read has never been.
                    Err(_) if !written => Ok(Attempt::Again),
                    Err(error) => Err(error.into()),
                }
            }
            Ok((_, Err(Refusal::Conflict { written }))) => {
                // The next attempt would meet that record again if it could not be ahead of it either.
                if let (None, Some(written), 1..) = (ahead, written, attempt) {
                    let _ = self.published(written).await;
                }
                Ok(Attempt::Again)
            }
            Ok((_, Err(Refusal::Other(error)))) => Err(error.into()),
            // Perhaps a successor has taken the place of the table.
            Err(_) if met_drop.is_some() => {
                if let Some(drop) = met_drop {
                    let _ = self.published(drop).await;
                }
                Ok(Attempt::Again)
            }
            Err(error) => match ahead {
                Some(lsn) if self.published(lsn).await.is_err() => Ok(Attempt::Again),
                _ => Err(error),
            },
        }
    }
}
