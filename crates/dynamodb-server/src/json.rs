//! JSON as the protocol uses it: a borrowed tree for requests, direct writing for answers.
//!
//! Not here: attribute values (`attribute_value`).

mod fingerprint;
mod structure;
mod tree;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use structure::Structure;
pub(crate) use tree::Json;
pub(crate) use write::{ObjectWriter, write_list, write_string};
