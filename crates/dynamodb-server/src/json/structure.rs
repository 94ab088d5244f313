//! A JSON object with known members: the parameters of an operation or a structure in them.
//!
//! Members that are `null` count as absent, unknown members are ignored (SDKs send what newer API models know), as the service does.

use super::fingerprint::fingerprint_of;
use super::tree::{Json, Members};
use crate::exception::Exception;
use crate::messages;
use shale_engine::FINGERPRINT_BYTES;
use std::borrow::Cow;
use std::collections::HashSet;

/// The members that were not taken yet.
#[derive(Debug)]
pub(crate) struct Structure<'a> {
    members: Members<'a>,
}

impl<'a> Structure<'a> {
    /// Opens a structure; `java_class` is its type's name in the service's messages.
    pub(crate) fn open(json: Json<'a>, java_class: &str) -> Result<Structure<'a>, Exception> {
        match json {
            Json::Object(members) => {
                refuse_repeated_names(&members)?;
                Ok(Structure { members })
            }
            other => Err(not_a_structure(&other, java_class)),
        }
    }

    /// The members of a structure in place, those that are null included.
    pub(crate) fn members<'j>(
        json: &'j Json<'a>,
        java_class: &str,
    ) -> Result<&'j Members<'a>, Exception> {
        match json {
            Json::Object(members) => {
                refuse_repeated_names(members)?;
                Ok(members)
            }
            other => Err(not_a_structure(other, java_class)),
        }
    }

    /// Takes a member out, unless it is absent or null.
    pub(crate) fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let index = self
            .members
            .iter()
            .position(|(member, _)| member.as_ref() == name)?;
        match self.members.swap_remove(index).1 {
            Json::Null => None,
            json => Some(json),
        }
    }

    /// A member that stays.
    pub(crate) fn peek(&self, name: &str) -> Option<&Json<'a>> {
        self.members
            .iter()
            .find(|(member, value)| member.as_ref() == name && *value != Json::Null)
            .map(|(_, value)| value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.peek(name).is_some()
    }

    /// A hash of the members that were not taken yet.
    pub(crate) fn fingerprint(&self) -> [u8; FINGERPRINT_BYTES] {
        fingerprint_of(&self.members)
    }

    pub(crate) fn string(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, Exception> {
        self.take(name).map(Json::into_string).transpose()
    }

    pub(crate) fn bool(&mut self, name: &str) -> Result<Option<bool>, Exception> {
        self.take(name).map(|json| json.as_bool()).transpose()
    }

    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<i32>, Exception> {
        self.take(name).map(|json| json.as_integer()).transpose()
    }

    pub(crate) fn long(&mut self, name: &str) -> Result<Option<i64>, Exception> {
        self.take(name).map(|json| json.as_long()).transpose()
    }

    pub(crate) fn list(&mut self, name: &str) -> Result<Option<Vec<Json<'a>>>, Exception> {
        self.take(name).map(Json::into_list).transpose()
    }

    pub(crate) fn structure(
        &mut self,
        name: &str,
        java_class: &str,
    ) -> Result<Option<Structure<'a>>, Exception> {
        self.take(name)
            .map(|json| Structure::open(json, java_class))
            .transpose()
    }

    /// A map with free names, which must be distinct.
    pub(crate) fn map(
        &mut self,
        name: &str,
        value_type: &str,
    ) -> Result<Option<Members<'a>>, Exception> {
        let Some(json) = self.take(name) else {
            return Ok(None);
        };
        let members = json.into_map(value_type)?;
        refuse_repeated_names(&members)?;
        Ok(Some(members))
    }
}

fn not_a_structure(json: &Json<'_>, java_class: &str) -> Exception {
    Exception::serialization(match json {
        Json::Array(_) => messages::unrecognized_collection(&format!(
            "class com.amazonaws.dynamodb.v20120810.{java_class}"
        )),
        _ => messages::UNEXPECTED_VALUE_TYPE.to_owned(),
    })
}

fn refuse_repeated_names(members: &Members<'_>) -> Result<(), Exception> {
    const LINEAR_MAX: usize = 16;
    let repeated = if members.len() <= LINEAR_MAX {
        members.iter().enumerate().find_map(|(index, (name, _))| {
            members[..index]
                .iter()
                .any(|(earlier, _)| earlier == name)
                .then_some(name)
        })
    } else {
        let mut seen = HashSet::with_capacity(members.len());
        members
            .iter()
            .map(|(name, _)| name)
            .find(|name| !seen.insert(*name))
    };
    match repeated {
        Some(name) => Err(Exception::serialization(messages::repeated_member(name))),
        None => Ok(()),
    }
}
