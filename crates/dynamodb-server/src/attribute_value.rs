//! Attribute values between their JSON form (`{"S": "text"}`) and the engine's.
//!
//! Not here: which attributes are keys and what a key allows (`engine`).

mod decode;
mod encode;

#[cfg(test)]
mod tests;

pub(crate) use decode::{decode_item_json, decode_value};
pub(crate) use encode::{write_encoded_item, write_item, write_value};
