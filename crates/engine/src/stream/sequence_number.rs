//! Sequence numbers: where a record stands in its stream.
//!
//! A number says hour, LSN and position in the log record, so that a reader finds its place without an index and knows at once whether
//! it was trimmed. Hours never fall as LSNs rise (`row`), so that the order of numbers is the order of changes.

use std::fmt;
use std::str::FromStr;

/// The first digit of every number: as text and as a whole number it is the same, which a leading zero would prevent.
const FIRST_DIGIT: char = '1';
const HOUR_DIGITS: usize = 10;
const LSN_DIGITS: usize = 20;
const N_DIGITS: usize = 6;
/// The largest position in a log record: one record has at most 65,536 changes.
const N_MAX: u32 = 999_999;

/// Number of a stream record. As text 37 decimal digits, so that the order of texts is that of the changes.
///
/// ```
/// use shale_engine::SequenceNumber;
/// let text = "1000047222200000000000000000042000007";
/// let number: SequenceNumber = text.parse().unwrap();
/// assert_eq!(number.to_string(), text);
/// assert!("4711".parse::<SequenceNumber>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SequenceNumber {
    pub(crate) hour: u32,
    pub(crate) lsn: u64,
    pub(crate) n: u32,
}

impl SequenceNumber {
    /// The lowest number of an hour.
    pub(crate) fn first_of(hour: u32) -> SequenceNumber {
        let (lsn, n) = (0, 0);
        SequenceNumber { hour, lsn, n }
    }

    /// The highest number of an hour.
    pub(crate) fn last_of(hour: u32) -> SequenceNumber {
        SequenceNumber {
            hour,
            lsn: u64::MAX,
            n: N_MAX,
        }
    }

    /// The number behind this one.
    pub fn next(self) -> SequenceNumber {
        let n = self.n + 1;
        SequenceNumber { n, ..self }
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SequenceNumber { hour, lsn, n } = self;
        write!(
            f,
            "{FIRST_DIGIT}{hour:0HOUR_DIGITS$}{lsn:0LSN_DIGITS$}{n:0N_DIGITS$}"
        )
    }
}

/// The text is no sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a sequence number")]
pub struct NotASequenceNumber;

impl FromStr for SequenceNumber {
    type Err = NotASequenceNumber;

    fn from_str(text: &str) -> Result<SequenceNumber, NotASequenceNumber> {
        let parts = || {
            let digits = text.strip_prefix(FIRST_DIGIT)?;
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let (hour, rest) = digits.split_at_checked(HOUR_DIGITS)?;
            let (lsn, n) = rest.split_at_checked(LSN_DIGITS)?;
            if n.len() != N_DIGITS {
                return None;
            }
            Some(SequenceNumber {
                hour: hour.parse().ok()?,
                lsn: lsn.parse().ok()?,
                n: n.parse().ok()?,
            })
        };
        parts().ok_or(NotASequenceNumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_that_are_none_are_refused() {
        let good = SequenceNumber::last_of(u32::MAX).to_string();
        assert_eq!(good, "1429496729518446744073709551615999999");
        assert_eq!(good.parse(), Ok(SequenceNumber::last_of(u32::MAX)));
        for bad in [
            "",
            "1",
            "000000000000000000000",
            "2429496729518446744073709551615999999",
            "1429496729618446744073709551615999999",
            "1429496729518446744073709551616999999",
            "142949672951844674407370955161599999",
            "14294967295184467440737095516159999990",
            "1+29496729518446744073709551615999999",
            "1４２９４９６７２９５184467440737095516",
        ] {
            assert_eq!(bad.parse::<SequenceNumber>(), Err(NotASequenceNumber));
        }
    }

    proptest! {
        #[test]
        fn texts_have_the_order_of_the_numbers(
            a in (any::<u32>(), any::<u64>(), 0..=N_MAX),
            b in (any::<u32>(), any::<u64>(), 0..=N_MAX),
        ) {
            let number = |(hour, lsn, n)| SequenceNumber { hour, lsn, n };
            let (a, b) = (number(a), number(b));
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
            prop_assert_eq!(a.to_string().parse::<SequenceNumber>(), Ok(a));
        }
    }
}
