//! What is done to inputs.

/// A small generator of numbers (SplitMix64): good enough to choose by, the same everywhere.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn of(seed: u64) -> Chance {
        Chance(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below the bound, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// What parsers have stumbled over, here or elsewhere.
const AWKWARD: &[&[u8]] = &[
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "\u{feff}".as_bytes(),
    "\u{1f600}".as_bytes(),
    "e\u{301}".as_bytes(),
    b"\\ud800",
    b"\\u0000",
    b"\\",
    b"\"",
    b"'",
    b"`",
    b"--",
    b"/*",
    b"*/",
    b"$$",
    b"::",
    b"<<",
    b">>",
    b"NaN",
    b"-Infinity",
    b"1e999999999",
    b"-0",
    b"0.0000000000000000000000000000000000000000000001",
    b"99999999999999999999999999999999999999999999",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"4294967295",
    b"2147483648",
    b"null",
    b"{}",
    b"[]",
    b"\r\n",
    b"\t",
];

/// Makes inputs of others.
pub(crate) struct Mutator {
    words: Vec<Vec<u8>>,
    chance: Chance,
}

impl Mutator {
    pub(crate) fn new(words: Vec<Vec<u8>>, chance: Chance) -> Mutator {
        Mutator { words, chance }
    }

    /// One of the inputs with one to eight changes.
    pub(crate) fn mutated(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = self.one_of(corpus);
        for _ in 0..1 + self.chance.below(8) {
            self.change(&mut bytes, corpus);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.chance.below(bytes.len() + 1);
        let end = at + self.chance.below(bytes.len() - at + 1).min(64);
        match self.chance.below(11) {
            0 => {
                let byte = self.chance.next() as u8;
                bytes.insert(at, byte);
            }
            1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.chance.below(8);
                }
            }
            2 => drop(bytes.drain(at..end)),
            3 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            4 => {
                // What is repeated nests, where it opens something.
                let part = bytes[at..end.min(at + 16)].to_vec();
                let times = 1 << self.chance.below(10);
                bytes.splice(at..at, part.repeat(times));
            }
            5 | 6 => {
                let word = self.word();
                bytes.splice(at..at, word);
            }
            7 => {
                let word = self.word();
                bytes.splice(at..end, word);
            }
            8 => {
                let awkward = AWKWARD[self.chance.below(AWKWARD.len())];
                bytes.splice(at..at, awkward.iter().copied());
            }
            9 => {
                let other = self.one_of(corpus);
                let from = self.chance.below(other.len() + 1);
                bytes.splice(at.., other[from..].iter().copied());
            }
            _ => bytes.truncate(at),
        }
    }

    fn word(&mut self) -> Vec<u8> {
        match self.words.is_empty() {
            true => Vec::new(),
            false => self.words[self.chance.below(self.words.len())].clone(),
        }
    }

    fn one_of(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        corpus[self.chance.below(corpus.len())].clone()
    }
}
