//! ListTagsOfResource, TagResource, UntagResource.

use crate::constraints::{Constraints, table_of_arn};
use crate::exception::{Exception, Subject};
use crate::json::{Json, ObjectWriter, Structure, write_list};
use crate::messages;
use crate::model;
use crate::service::Service;
use shale_engine::TableChanges;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Tags of a table, at most (documented).
const TAGS_MAX: usize = 50;
/// What keys of tags must not begin with (documented: "The aws: prefix is prohibited for keys").
const RESERVED: &str = "aws:";
/// Characters of a tag's key (documented).
const KEY_CHARACTERS_MAX: usize = 128;
/// Characters of a tag's value (documented).
const VALUE_CHARACTERS_MAX: usize = 256;
/// Characters of a resource's ARN (documented).
const ARN_CHARACTERS_MAX: usize = 1283;

pub(crate) fn list_tags_of_resource(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let arn = take_arn(&mut request, &mut constraints)?;
    constraints.check()?;
    if let Some(token) = request.string("NextToken")? {
        // All tags fit one page, so that no token was ever given out.
        return Err(Exception::validation(messages::invalid_token(&token)));
    }
    let table = table_of(service, &arn)?;
    let description = service
        .engine
        .describe_table(&table)
        .map_err(|error| service.exception(error, Subject::Table, &table))?;
    let mut out = Vec::with_capacity(64);
    let mut answer = ObjectWriter::begin(&mut out);
    let tags = &description.definition.tags;
    write_list(answer.member("Tags"), tags, |out, (key, value)| {
        let mut tag = ObjectWriter::begin(out);
        tag.string("Key", key);
        tag.string("Value", value);
        tag.end();
    });
    answer.end();
    Ok(out)
}

pub(crate) async fn tag_resource(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let arn = take_arn(&mut request, &mut constraints)?;
    let tags = match request.list("Tags")? {
        None => {
            constraints.missing("Tags");
            BTreeMap::new()
        }
        Some(list) => decode_tags(list, &mut constraints)?,
    };
    constraints.check()?;
    let tags = tags.into_iter().map(|(key, value)| (key, Some(value)));
    change_tags(service, &arn, tags.collect()).await
}

pub(crate) async fn untag_resource(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let arn = take_arn(&mut request, &mut constraints)?;
    let keys = constraints.required(request.take("TagKeys"), "TagKeys");
    if let Some(keys) = &keys {
        model::check_member(keys, "TagKeyList", "TagKeys", &mut constraints)?;
    }
    let keys = keys.map(Json::into_list).transpose()?;
    let keys: Result<BTreeMap<String, Option<String>>, Exception> = keys
        .unwrap_or_default()
        .into_iter()
        .map(|key| Ok((key.into_string()?.into_owned(), None)))
        .collect();
    constraints.check()?;
    change_tags(service, &arn, keys?).await
}

/// Stores tags, or removes those without a value. The answer has no body.
async fn change_tags(
    service: &Service,
    arn: &str,
    tags: BTreeMap<String, Option<String>>,
) -> Result<Vec<u8>, Exception> {
    let table = table_of(service, arn)?;
    let failed = |error| service.exception(error, Subject::Table, &table);
    let current = service.engine.describe_table(&table).map_err(failed)?;
    let current = &current.definition.tags;
    let added = tags
        .iter()
        .filter(|(key, value)| value.is_some() && !current.contains_key(*key))
        .count();
    if added > 0 && current.len() + added > TAGS_MAX {
        return Err(Exception::validation(messages::TOO_MANY_TAGS));
    }
    let changes = TableChanges {
        tags,
        ..TableChanges::default()
    };
    service
        .engine
        .update_table(&table, changes)
        .await
        .map_err(failed)?;
    Ok(Vec::new())
}

fn take_arn(
    request: &mut Structure<'_>,
    constraints: &mut Constraints,
) -> Result<String, Exception> {
    let arn = request.string("ResourceArn")?;
    match &arn {
        None => constraints.missing("ResourceArn"),
        Some(arn) => {
            let length = arn.chars().count();
            constraints.length(length, "ResourceArn", 1, ARN_CHARACTERS_MAX);
        }
    }
    Ok(arn.unwrap_or_default().into_owned())
}

/// The table of an ARN; it must be one of this server's.
pub(super) fn table_of(service: &Service, arn: &str) -> Result<String, Exception> {
    match table_of_arn(arn) {
        Some(_) => Ok(service.table_name(Cow::Borrowed(arn))?.into_owned()),
        None => Err(Exception::validation(messages::invalid_arn(arn))),
    }
}

/// Tags by key.
pub(super) fn decode_tags(
    list: Vec<Json<'_>>,
    constraints: &mut Constraints,
) -> Result<BTreeMap<String, String>, Exception> {
    if list.len() > TAGS_MAX {
        return Err(Exception::validation(messages::TOO_MANY_TAGS));
    }
    let mut tags = BTreeMap::new();
    for (index, json) in list.into_iter().enumerate() {
        let path = format!("Tags.{}.member", index + 1);
        let mut tag = Structure::open(json, "Tag")?;
        let key = tag_text(&mut tag, "Key", &format!("{path}.Key"), 1, constraints)?;
        let value = tag_text(&mut tag, "Value", &format!("{path}.Value"), 0, constraints)?;
        if key.starts_with(RESERVED) {
            return Err(Exception::validation(messages::reserved_tag_key(&key)));
        }
        if tags.insert(key, value).is_some() {
            return Err(Exception::validation(messages::DUPLICATE_TAG_KEYS));
        }
    }
    Ok(tags)
}

fn tag_text(
    tag: &mut Structure<'_>,
    member: &str,
    path: &str,
    min: usize,
    constraints: &mut Constraints,
) -> Result<String, Exception> {
    let max = if member == "Key" {
        KEY_CHARACTERS_MAX
    } else {
        VALUE_CHARACTERS_MAX
    };
    let text = tag.string(member)?;
    match &text {
        None => constraints.missing(path),
        Some(text) => constraints.length(text.chars().count(), path, min, max),
    }
    Ok(text.unwrap_or_default().into_owned())
}
