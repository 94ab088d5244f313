//! Consumed capacity as DynamoDB documents it.
//!
//! Not here: limits on how much may be consumed.
//!
//! Source: the Developer Guide's "Capacity unit consumption for read operations" and "… for write operations".

/// Bytes that one write capacity unit pays for.
const WRITE_UNIT_BYTES: usize = 1024;
/// Bytes that one read capacity unit pays for.
const READ_UNIT_BYTES: usize = 4096;

/// Write capacity units of a write that replaces an item of `old` bytes with one of `new` bytes; absent counts 0.
/// The larger of the two is paid, at least one unit: also for deleting what is not there and for a condition that fails.
pub(crate) fn write_units(old: usize, new: usize) -> f64 {
    old.max(new).div_ceil(WRITE_UNIT_BYTES).max(1) as f64
}

/// Read capacity units for reading that many bytes at once: one item of GetItem, the sum of a page of Query or Scan.
/// An eventually consistent read costs half; reading nothing costs as much as reading one byte.
pub(crate) fn read_units(bytes: usize, consistent: bool) -> f64 {
    let units = bytes.div_ceil(READ_UNIT_BYTES).max(1) as f64;
    if consistent { units } else { units / 2.0 }
}

/// Units of a read or write inside a transaction: "DynamoDB performs two underlying reads or writes of every item in the transaction:
/// one to prepare the item for the transaction and one to commit the transaction."
pub(crate) fn transactional(units: f64) -> f64 {
    units * 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_pay_the_larger_image_per_kilobyte() {
        let cases = [
            ((0, 0), 1.0),
            ((0, 1), 1.0),
            ((0, 1024), 1.0),
            ((0, 1025), 2.0),
            ((5000, 10), 5.0),
            ((307_200, 317_440), 310.0),
            ((0, 409_600), 400.0),
        ];
        for ((old, new), units) in cases {
            assert_eq!(write_units(old, new), units, "{old} -> {new}");
        }
    }

    #[test]
    fn reads_pay_per_four_kilobytes_and_half_if_eventual() {
        let cases = [
            (0, 1.0),
            (1, 1.0),
            (4096, 1.0),
            (4097, 2.0),
            (1 << 20, 256.0),
        ];
        for (bytes, units) in cases {
            assert_eq!(read_units(bytes, true), units, "{bytes}");
            assert_eq!(read_units(bytes, false), units / 2.0, "{bytes}");
        }
    }
}
