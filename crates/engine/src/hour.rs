//! Hours since the Unix epoch: the unit in which streams and histories are kept and given back.

/// Microseconds of an hour.
pub(crate) const HOUR_MICROS: u64 = 3_600_000_000;

/// The hour that a time in microseconds since the Unix epoch belongs to.
pub(crate) fn hour_of(micros: u64) -> u32 {
    u32::try_from(micros / HOUR_MICROS).unwrap_or(u32::MAX)
}

/// When an hour begins, microseconds since the Unix epoch.
pub(crate) fn start_of(hour: u32) -> u64 {
    u64::from(hour) * HOUR_MICROS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_counted_from_the_epoch() {
        assert_eq!(hour_of(0), 0);
        assert_eq!(hour_of(3_599_999_999), 0);
        assert_eq!(hour_of(3_600_000_000), 1);
        assert_eq!(hour_of(u64::MAX), u32::MAX);
        assert_eq!(hour_of(start_of(472_222)), 472_222);
        assert_eq!(hour_of(start_of(472_222) - 1), 472_221);
    }
}
