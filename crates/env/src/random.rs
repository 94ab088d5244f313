//! Random bytes: from the system, fit for secrets, or from a seed, fit for replaying a run.

use parking_lot::Mutex;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A source of random bytes.
pub trait Rand: Send + Sync + 'static {
    /// Fills the buffer; the real implementation is fit for secrets.
    fn fill(&self, buffer: &mut [u8]);

    /// One random number.
    fn next_u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A number in `0..bound`, 0 when `bound` is 0. The bias is below 2^-64 · `bound`.
    fn below(&self, bound: u64) -> u64 {
        // Multiplication maps the whole range evenly, without a division or a retry.
        let wide = u128::from(self.next_u64()) * u128::from(bound);
        (wide >> 64) as u64
    }

    /// True in `percent` of 100 cases.
    fn chance(&self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRand;

impl Rand for SystemRand {
    /// # Panics
    /// If the system has no randomness to give: going on with predictable secrets would be worse.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the system's randomness is read"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the operating system gives no random bytes: {error}");
        }
    }
}

/// A generator whose output is a function of its seed, the same on every machine and in every version (ChaCha, 12 rounds).
///
/// ```
/// use shale_env::{Rand, SeededRand};
/// assert_eq!(SeededRand::new(7).next_u64(), SeededRand::new(7).next_u64());
/// ```
#[derive(Debug)]
pub struct SeededRand {
    generator: Mutex<ChaCha12Rng>,
}

impl SeededRand {
    /// A generator that begins at the seed.
    pub fn new(seed: u64) -> SeededRand {
        SeededRand {
            generator: Mutex::new(ChaCha12Rng::seed_from_u64(seed)),
        }
    }
}

impl Rand for SeededRand {
    fn fill(&self, buffer: &mut [u8]) {
        self.generator.lock().fill_bytes(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_for_ever() {
        let rand = SeededRand::new(42);
        let numbers: Vec<u64> = (0..3).map(|_| rand.next_u64()).collect();
        // Kept seeds of failed simulations are worthless if these change.
        assert_eq!(
            numbers,
            [
                9_713_269_763_989_775_522,
                10_011_513_049_433_592_189,
                11_740_708_795_755_607_249
            ]
        );
    }

    #[test]
    fn seeds_differ() {
        assert_ne!(SeededRand::new(1).next_u64(), SeededRand::new(2).next_u64());
    }

    #[test]
    fn below_stays_below_and_reaches_every_number() {
        let rand = SeededRand::new(1);
        let mut seen = [false; 7];
        for _ in 0..1000 {
            seen[rand.below(7) as usize] = true;
        }
        assert_eq!(seen, [true; 7]);
        assert_eq!(rand.below(0), 0);
        assert!(!rand.chance(0) && rand.chance(100));
    }

    #[test]
    fn the_system_does_not_repeat_itself() {
        let (mut first, mut second) = ([0; 16], [0; 16]);
        SystemRand.fill(&mut first);
        SystemRand.fill(&mut second);
        assert_ne!(first, second);
    }
}
