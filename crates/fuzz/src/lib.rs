//! Inputs that nobody would send on purpose: a corpus, replayed and then mutated.
//!
//! The targets are tests of the crates that parse: each takes [`Inputs`] and says what must hold of every one of them. They run with all
//! other tests, for as many rounds as `SHALE_FUZZ_ROUNDS` says, by default few; a failure tells its seed, which `SHALE_FUZZ_SEED` runs
//! again. What once failed is added to the corpus.
//!
//! Not here: what a target does. Tools that follow the coverage of a target want a compiler of their own; this needs the stable one only.
//!
//! A corpus is a folder of `crates/fuzz/corpus`; each of its files holds inputs that are separated by lines of [`SEPARATOR`].

mod mutate;

use mutate::{Chance, Mutator};
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;

/// The line between two inputs of a file.
const SEPARATOR: &str = "----";
/// Rounds of a run that nobody gave a number.
const ROUNDS: u64 = 3_000;
/// Bytes of an input at most: beyond the limits of what is parsed, and small enough for many rounds.
const INPUT_BYTES_MAX: usize = 64 * 1024;
/// Words of the corpus are put into other inputs up to this length.
const WORD_BYTES_MAX: usize = 40;

/// One input, which prints as what reproduces it.
#[derive(Clone, Debug)]
pub struct Input {
    /// What the target gets.
    pub bytes: Vec<u8>,
    seed: u64,
    round: u64,
}

impl Input {
    /// As text, with marks where it is none.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SHALE_FUZZ_SEED={} round {}: \"{}\"",
            self.seed,
            self.round,
            self.bytes.escape_ascii()
        )
    }
}

/// The inputs of a run: all of the corpus as they are, then mutated ones.
pub struct Inputs {
    corpus: Vec<Vec<u8>>,
    mutator: Mutator,
    seed: u64,
    round: u64,
    rounds: u64,
}

impl Inputs {
    /// The inputs of a corpus, by the name of its folder.
    ///
    /// # Panics
    /// If there is no such corpus, or a variable is no number: it is a test that asks.
    pub fn of(corpus: &str) -> Inputs {
        let number = |name: &str| {
            let text = std::env::var(name).ok()?;
            Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
        };
        let seed = number("SHALE_FUZZ_SEED").unwrap_or_else(|| RandomState::new().hash_one(corpus));
        let rounds = number("SHALE_FUZZ_ROUNDS").unwrap_or(ROUNDS);
        Inputs::seeded(read(corpus), seed, rounds)
    }

    fn seeded(corpus: Vec<Vec<u8>>, seed: u64, rounds: u64) -> Inputs {
        assert!(!corpus.is_empty(), "the corpus is empty");
        // Shown if the test fails, by whatever: also by what a target cannot catch.
        println!("SHALE_FUZZ_SEED={seed}");
        Inputs {
            mutator: Mutator::new(words(&corpus), Chance::of(seed)),
            corpus,
            seed,
            round: 0,
            rounds,
        }
    }
}

impl Iterator for Inputs {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        let round = self.round;
        self.round += 1;
        let kept = usize::try_from(round)
            .ok()
            .and_then(|at| self.corpus.get(at));
        let bytes = match kept {
            Some(kept) => kept.clone(),
            None if round >= self.rounds + self.corpus.len() as u64 => return None,
            None => {
                let mut bytes = self.mutator.mutated(&self.corpus);
                bytes.truncate(INPUT_BYTES_MAX);
                bytes
            }
        };
        Some(Input {
            bytes,
            seed: self.seed,
            round,
        })
    }
}

fn read(corpus: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(corpus);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut inputs = Vec::new();
    for file in files {
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        inputs.extend(split(&text));
    }
    inputs
}

/// The inputs of a file. The line break before a separator, and the last one, belong to the file.
fn split(text: &str) -> Vec<Vec<u8>> {
    let mut inputs = vec![Vec::new()];
    for line in text.lines() {
        if line == SEPARATOR {
            inputs.push(Vec::new());
        } else if let Some(input) = inputs.last_mut() {
            if !input.is_empty() {
                input.push(b'\n');
            }
            input.extend_from_slice(line.as_bytes());
        }
    }
    inputs
}

/// What the inputs are made of: words, numbers, punctuation.
fn words(corpus: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut words = BTreeSet::new();
    for input in corpus {
        for word in input.chunk_by(|left, right| is_word(*left) == is_word(*right)) {
            if word.len() <= WORD_BYTES_MAX {
                words.insert(word.to_vec());
            }
        }
    }
    words.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus() -> Vec<Vec<u8>> {
        split("SET a = :b\n----\n{\"x\":\n[1, 2]}\n----\n\n")
    }

    #[test]
    fn files_are_split_into_inputs() {
        let texts: Vec<String> = corpus()
            .iter()
            .map(|input| String::from_utf8_lossy(input).into_owned())
            .collect();
        assert_eq!(texts, ["SET a = :b", "{\"x\":\n[1, 2]}", ""]);
    }

    #[test]
    fn a_seed_makes_the_same_inputs_again_and_another_one_others() {
        let run = |seed| -> Vec<Vec<u8>> {
            let inputs = Inputs::seeded(corpus(), seed, 200);
            inputs.map(|input| input.bytes).collect()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        assert_eq!(run(1).len(), 203);
        assert_eq!(run(1)[..3], corpus());
    }

    #[test]
    fn mutated_inputs_differ_from_the_corpus_and_are_bounded() {
        let corpus = corpus();
        let inputs = Inputs::seeded(corpus.clone(), 7, 2_000);
        let mutated: Vec<Input> = inputs.skip(corpus.len()).collect();
        let others = mutated
            .iter()
            .filter(|input| !corpus.contains(&input.bytes));
        assert!(others.count() > 1_800);
        assert!(
            mutated
                .iter()
                .all(|input| input.bytes.len() <= INPUT_BYTES_MAX)
        );
        assert!(mutated.iter().any(|input| input.bytes.len() > 1_000));
    }

    #[test]
    fn every_corpus_can_be_read() {
        for corpus in ["expressions", "values", "requests", "statements"] {
            assert!(read(corpus).len() > 10, "{corpus}");
        }
    }
}
