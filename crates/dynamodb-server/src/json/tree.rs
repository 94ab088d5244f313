//! A parsed JSON text that borrows its strings from the request body.
//!
//! Depth is bounded by serde_json's recursion limit (128); an attribute value of the deepest allowed nesting needs 66.

use crate::exception::Exception;
use crate::messages;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Members of an object, in order, repeated names kept.
pub(crate) type Members<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    /// A number with a fraction, an exponent, or outside of i64.
    Decimal(f64),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Members<'a>),
}

impl<'a> Json<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Result<Json<'a>, Exception> {
        let text = std::str::from_utf8(body).map_err(|error| {
            Exception::serialization(messages::invalid_utf8(error.valid_up_to()))
        })?;
        serde_json::from_str(text)
            .map_err(|error| Exception::serialization(messages::invalid_json(&error.to_string())))
    }

    /// A string member. `SerializationException` for any other type, worded as the service does.
    pub(crate) fn into_string(self) -> Result<Cow<'a, str>, Exception> {
        match self {
            Json::String(text) => Ok(text),
            other => Err(other.not_a("String", "class java.lang.String")),
        }
    }

    /// As `into_string`, in place.
    pub(crate) fn as_string(&self) -> Result<&str, Exception> {
        match self {
            Json::String(text) => Ok(text),
            other => Err(other.not_a("String", "class java.lang.String")),
        }
    }

    pub(crate) fn as_bool(&self) -> Result<bool, Exception> {
        match self {
            Json::Bool(value) => Ok(*value),
            other => Err(other.not_a("Boolean", "class java.lang.Boolean")),
        }
    }

    /// A 32-bit member; larger numbers saturate, so that range constraints name them.
    pub(crate) fn as_integer(&self) -> Result<i32, Exception> {
        match self {
            Json::Integer(value) => {
                Ok((*value).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32)
            }
            other => Err(other.not_a("Integer", "class java.lang.Integer")),
        }
    }

    pub(crate) fn as_long(&self) -> Result<i64, Exception> {
        match self {
            Json::Integer(value) => Ok(*value),
            other => Err(other.not_a("Long", "class java.lang.Long")),
        }
    }

    pub(crate) fn check_double(&self) -> Result<(), Exception> {
        match self {
            Json::Integer(_) | Json::Decimal(_) => Ok(()),
            other => Err(other.not_a("Double", "class java.lang.Double")),
        }
    }

    /// A point in time is a number of seconds since the Unix epoch.
    pub(crate) fn check_timestamp(&self) -> Result<(), Exception> {
        match self {
            Json::Integer(_) | Json::Decimal(_) => Ok(()),
            other => Err(other.not_a("milliseconds since epoch", "class java.util.Date")),
        }
    }

    pub(crate) fn into_list(self) -> Result<Vec<Json<'a>>, Exception> {
        match self {
            Json::Array(elements) => Ok(elements),
            other => Err(other.not_a_list()),
        }
    }

    /// As `into_list`, in place.
    pub(crate) fn as_list(&self) -> Result<&[Json<'a>], Exception> {
        match self {
            Json::Array(elements) => Ok(elements),
            other => Err(other.not_a_list()),
        }
    }

    fn not_a_list(&self) -> Exception {
        Exception::serialization(match self {
            Json::Object(_) => messages::UNEXPECTED_STRUCTURE,
            _ => messages::UNEXPECTED_FIELD_TYPE,
        })
    }

    /// A map with free names; `value_type` is the Java name of its values' type.
    pub(crate) fn into_map(self, value_type: &str) -> Result<Members<'a>, Exception> {
        match self {
            Json::Object(members) => Ok(members),
            other => Err(other.not_a_map(value_type)),
        }
    }

    /// As `into_map`, in place.
    pub(crate) fn as_map(&self, value_type: &str) -> Result<&Members<'a>, Exception> {
        match self {
            Json::Object(members) => Ok(members),
            other => Err(other.not_a_map(value_type)),
        }
    }

    fn not_a_map(&self, value_type: &str) -> Exception {
        Exception::serialization(match self {
            Json::Array(_) => messages::unrecognized_collection(&format!(
                "java.util.Map<java.lang.String, {value_type}>"
            )),
            _ => messages::UNEXPECTED_FIELD_TYPE.to_owned(),
        })
    }

    /// The exception for a value where a scalar of another type belongs.
    fn not_a(&self, wanted: &str, java_class: &str) -> Exception {
        let token = match self {
            Json::Null => "NULL_VALUE",
            Json::Bool(true) => "TRUE_VALUE",
            Json::Bool(false) => "FALSE_VALUE",
            Json::Integer(_) => "NUMBER_VALUE",
            Json::Decimal(_) => "DECIMAL_VALUE",
            Json::String(_) => "STRING_VALUE",
            Json::Array(_) => {
                return Exception::serialization(messages::unrecognized_collection(java_class));
            }
            Json::Object(_) => return Exception::serialization(messages::UNEXPECTED_STRUCTURE),
        };
        Exception::serialization(messages::cannot_be_converted(token, wanted))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json<'a>, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Integer(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(i64::try_from(value).map_or(Json::Decimal(value as f64), Json::Integer))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Decimal(value))
    }
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Borrowed(value)))
    }
    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(value.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(Json::Array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'de>, A::Error> {
        // Most objects of a request are attribute values, which have one member.
        let mut list = Vec::with_capacity(1);
        while let Some(Name(name)) = members.next_key()? {
            list.push((name, members.next_value()?));
        }
        Ok(Json::Object(list))
    }
}

/// An object's member name, borrowed where it has no escapes (serde's own `Cow` always copies).
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name<'a>, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(value.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}
