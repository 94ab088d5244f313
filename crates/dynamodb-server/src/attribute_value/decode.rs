//! JSON to attribute values: exactly one type each, numbers exact, sets without repetition.

use crate::exception::Exception;
use crate::json::Json;
use crate::messages;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use shale_item::{AttributeValue, Item, Number};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Maps and lists inside each other, at most (the documented limit).
const NESTING_MAX: usize = shale_item::NESTING_LEVELS_MAX;
/// Bytes of an attribute name, at most (the documented limit).
const NAME_BYTES_MAX: usize = 65_535;
/// Java's name of the type, for messages.
const JAVA_CLASS: &str = "com.amazonaws.dynamodb.v20120810.AttributeValue";

/// An item or key: a map of attribute values.
pub(crate) fn decode_item_json(json: Json<'_>) -> Result<Item, Exception> {
    decode_members(json.into_map(JAVA_CLASS)?, 0)
}

/// One attribute value.
pub(crate) fn decode_value(json: Json<'_>) -> Result<AttributeValue, Exception> {
    decode_nested(json, 0)
}

fn decode_members(
    members: Vec<(Cow<'_, str>, Json<'_>)>,
    depth: usize,
) -> Result<BTreeMap<String, AttributeValue>, Exception> {
    let mut item = BTreeMap::new();
    for (name, json) in members {
        if name.is_empty() {
            return Err(Exception::validation(messages::EMPTY_ATTRIBUTE_NAME));
        }
        if name.len() > NAME_BYTES_MAX {
            return Err(Exception::validation(messages::ATTRIBUTE_NAME_TOO_LONG));
        }
        let value = decode_nested(json, depth)?;
        if let Some(repeated) = insert(&mut item, name.into_owned(), value) {
            return Err(Exception::serialization(messages::repeated_member(
                &repeated,
            )));
        }
    }
    Ok(item)
}

/// Inserts, or gives the name back if it is there already.
fn insert(
    item: &mut BTreeMap<String, AttributeValue>,
    name: String,
    value: AttributeValue,
) -> Option<String> {
    match item.entry(name) {
        std::collections::btree_map::Entry::Vacant(entry) => {
            entry.insert(value);
            None
        }
        std::collections::btree_map::Entry::Occupied(entry) => Some(entry.key().clone()),
    }
}

fn decode_nested(json: Json<'_>, depth: usize) -> Result<AttributeValue, Exception> {
    let members = match json {
        Json::Object(members) => members,
        Json::Array(_) => {
            return Err(Exception::serialization(messages::unrecognized_collection(
                &format!("class {JAVA_CLASS}"),
            )));
        }
        _ => return Err(Exception::serialization(messages::UNEXPECTED_VALUE_TYPE)),
    };
    let mut value = None;
    for (descriptor, json) in members {
        if json == Json::Null {
            continue;
        }
        let Some(decoded) = decode_typed(&descriptor, json, depth)? else {
            continue;
        };
        if value.replace(decoded).is_some() {
            return Err(Exception::validation(messages::VALUE_HAS_MORE_TYPES));
        }
    }
    value.ok_or_else(|| Exception::validation(messages::VALUE_IS_EMPTY))
}

/// The value of one descriptor; none for a descriptor that does not exist.
fn decode_typed(
    descriptor: &str,
    json: Json<'_>,
    depth: usize,
) -> Result<Option<AttributeValue>, Exception> {
    Ok(Some(match descriptor {
        "S" => AttributeValue::S(json.into_string()?.into_owned()),
        "N" => AttributeValue::N(decode_number(&json.into_string()?)?),
        "B" => AttributeValue::B(decode_binary(&json.into_string()?)?),
        "BOOL" => AttributeValue::Bool(json.as_bool()?),
        "NULL" => {
            if !json.as_bool()? {
                return Err(Exception::validation(messages::NULL_MUST_BE_TRUE));
            }
            AttributeValue::Null
        }
        "M" => {
            let members = json.into_map(JAVA_CLASS)?;
            AttributeValue::M(decode_members(members, deeper(depth)?)?)
        }
        "L" => {
            let depth = deeper(depth)?;
            let elements = json.into_list()?;
            let decoded: Result<Vec<_>, _> = elements
                .into_iter()
                .map(|element| decode_nested(element, depth))
                .collect();
            AttributeValue::L(decoded?)
        }
        "SS" => AttributeValue::Ss(decode_string_set(json.into_list()?)?),
        "NS" => AttributeValue::Ns(decode_number_set(json.into_list()?)?),
        "BS" => AttributeValue::Bs(decode_binary_set(json.into_list()?)?),
        _ => return Ok(None),
    }))
}

fn deeper(depth: usize) -> Result<usize, Exception> {
    if depth == NESTING_MAX {
        return Err(Exception::validation(messages::NESTED_TOO_DEEP));
    }
    Ok(depth + 1)
}

fn decode_number(text: &str) -> Result<Number, Exception> {
    text.parse()
        .map_err(|error| Exception::validation(messages::number(error, text)))
}

fn decode_binary(text: &str) -> Result<Bytes, Exception> {
    if !text.len().is_multiple_of(4) {
        return Err(Exception::serialization(messages::base64_length(
            text.len(),
        )));
    }
    STANDARD
        .decode(text)
        .map(Bytes::from)
        .map_err(|_| Exception::serialization(messages::BASE64_CHARACTER))
}

fn decode_string_set(elements: Vec<Json<'_>>) -> Result<BTreeSet<String>, Exception> {
    if elements.is_empty() {
        return Err(Exception::validation(messages::EMPTY_STRING_SET));
    }
    let texts: Result<Vec<Cow<'_, str>>, _> = elements.into_iter().map(Json::into_string).collect();
    let texts = texts?;
    let set: BTreeSet<String> = texts.iter().map(|text| text.to_string()).collect();
    if set.len() < texts.len() {
        return Err(Exception::validation(messages::duplicates(&texts)));
    }
    Ok(set)
}

fn decode_number_set(elements: Vec<Json<'_>>) -> Result<BTreeSet<Number>, Exception> {
    if elements.is_empty() {
        return Err(Exception::validation(messages::EMPTY_NUMBER_SET));
    }
    let mut set = BTreeSet::new();
    for element in elements {
        if !set.insert(decode_number(&element.into_string()?)?) {
            return Err(Exception::validation(messages::DUPLICATES));
        }
    }
    Ok(set)
}

fn decode_binary_set(elements: Vec<Json<'_>>) -> Result<BTreeSet<Bytes>, Exception> {
    if elements.is_empty() {
        return Err(Exception::validation(messages::EMPTY_BINARY_SET));
    }
    let mut set = BTreeSet::new();
    for element in elements {
        if !set.insert(decode_binary(&element.into_string()?)?) {
            return Err(Exception::validation(messages::DUPLICATES));
        }
    }
    Ok(set)
}
