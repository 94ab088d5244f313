//! CreateTable.

use super::index_definitions::{IndexRequest, take_indexes};
use super::resource_policies;
use super::settings::{Changes, Encryption, Occasion, Settings, TABLE_CLASS, Throughput};
use super::stream_specification::StreamSpecification;
use super::table_description::{Answering, answer};
use super::tags::decode_tags;
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::json::Structure;
use crate::messages;
use crate::service::Service;
use shale_engine::{BillingMode, CreateTable, Derived, IndexKind, StreamDefinition};
use shale_item::{KeyAttribute, KeySchema, KeyType};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Key attributes of a table, at most.
const KEYS_MAX: usize = 2;
/// Characters of a key attribute's name, at most (documented).
const KEY_NAME_CHARACTERS_MAX: usize = 255;
/// Characters of a new table's name (documented).
const NAME_CHARACTERS: std::ops::RangeInclusive<usize> = 3..=255;
/// Parameters whose features are not built.
const NOT_BUILT: [&str; 3] = [
    "VectorIndexes",
    "GlobalTableSourceArn",
    "GlobalTableSettingsReplicationMode",
];

pub(crate) async fn create_table(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let policy = request.string("ResourcePolicy")?;
    let (mut definition, encryption) = decode(&mut request)?;
    if let Some(policy) = policy {
        let settings = resource_policies::settings_of(&policy, service.now_micros())?;
        definition.settings.extend(settings);
    }
    if let Some(encryption) = encryption {
        let changes = encryption.changes(service, &Settings::new())?;
        definition.settings.extend(stored(changes));
    }
    let name = service
        .table_name(Cow::Borrowed(&definition.name))?
        .into_owned();
    if !NAME_CHARACTERS.contains(&name.len()) {
        return Err(Exception::validation(messages::TABLE_NAME_LENGTH));
    }
    definition.name.clone_from(&name);
    let description = service
        .engine
        .create_table(definition)
        .await
        .map_err(|error| service.exception(error, Subject::Table, &name))?;
    Ok(answer(
        service,
        &description,
        Answering::CreateTable,
        "TableDescription",
    ))
}

/// What a new table stores of changes.
fn stored(changes: Changes) -> impl Iterator<Item = (String, String)> {
    let changes = changes.into_iter();
    changes.filter_map(|(name, value)| Some((name, value?)))
}

fn decode(request: &mut Structure<'_>) -> Result<(CreateTable, Option<Encryption>), Exception> {
    let mut constraints = Constraints::default();
    let name = request.string("TableName")?;
    match &name {
        None => constraints.missing("TableName"),
        Some(name) => constraints.check_table_name(name, "TableName"),
    }
    let definitions = attribute_definitions(request, &mut constraints)?;
    let definitions = constraints.required(definitions, "AttributeDefinitions");
    let definitions = definitions.unwrap_or_default();
    let keys = key_elements_at(request, &mut constraints, "", KEYS_MAX)?;
    let billing_mode = billing_mode(request, &mut constraints)?;
    let throughput = provisioned_throughput(request, &mut constraints)?;
    let table_class = table_class(request, &mut constraints)?;
    let stream = StreamSpecification::take(request, &mut constraints)?;
    let encryption = Encryption::take(request, &mut constraints)?;
    let limits = Throughput::take(request)?;
    let mut indexes = take_indexes(request, IndexKind::Local, &mut constraints)?;
    indexes.extend(take_indexes(request, IndexKind::Global, &mut constraints)?);
    let tags = request
        .list("Tags")?
        .map(|tags| decode_tags(tags, &mut constraints))
        .transpose()?;
    let deletion_protection = request
        .bool("DeletionProtectionEnabled")?
        .unwrap_or_default();
    constraints.check()?;

    refuse_not_built(request, &NOT_BUILT)?;
    let mut settings = BTreeMap::new();
    if let Some(class) = table_class {
        settings.insert(TABLE_CLASS.to_owned(), class.to_owned());
    }
    let key_schema = key_schema(&keys, &indexes, &definitions)?;
    let billing_mode = billing(billing_mode, throughput)?;
    let limits_of = |limits: &Throughput, index| {
        let changes = limits.changes(Occasion::Create, billing_mode, &Settings::new(), index);
        changes.map(stored)
    };
    settings.extend(limits_of(&limits, None)?);
    for index in &indexes {
        settings.extend(limits_of(&index.settings, Some(&index.name))?);
    }
    let indexes = indexes
        .into_iter()
        .map(|index| index.resolve(&definitions, billing_mode));
    let indexes = indexes.collect::<Result<_, _>>()?;
    let definition = CreateTable {
        name: name.unwrap_or_default().into_owned(),
        key_schema,
        billing_mode,
        columns: Vec::new(),
        hidden_key: false,
        deletion_protection,
        settings,
        tags: tags.unwrap_or_default(),
        sql: Default::default(),
        derived: Derived {
            indexes,
            stream: stream_definition(stream)?,
            ..Derived::default()
        },
    };
    Ok((definition, encryption))
}

/// The stream of a new table; the engine gives it number and label.
fn stream_definition(
    specification: Option<StreamSpecification>,
) -> Result<Option<StreamDefinition>, Exception> {
    let view = specification.map(|specification| specification.view());
    let view = view.transpose()?.flatten();
    Ok(view.map(|view| StreamDefinition {
        id: 0,
        created_micros: 0,
        view,
    }))
}

/// Refuses parameters whose features are not built.
pub(super) fn refuse_not_built(
    request: &Structure<'_>,
    parameters: &[&str],
) -> Result<(), Exception> {
    match parameters.iter().find(|name| request.has(name)) {
        None => Ok(()),
        Some(parameter) => Err(Exception::validation(messages::parameter_not_built(
            parameter,
        ))),
    }
}

pub(super) fn attribute_definitions(
    request: &mut Structure<'_>,
    constraints: &mut Constraints,
) -> Result<Option<Vec<(String, KeyType)>>, Exception> {
    let Some(list) = request.list("AttributeDefinitions")? else {
        return Ok(None);
    };
    let types = [("B", KeyType::B), ("N", KeyType::N), ("S", KeyType::S)];
    let mut definitions = Vec::with_capacity(list.len());
    for (index, json) in list.into_iter().enumerate() {
        let path = format!("AttributeDefinitions.{}.member", index + 1);
        let mut definition = Structure::open(json, "AttributeDefinition")?;
        let name = attribute_name(&mut definition, constraints, &path)?;
        let word = definition.string("AttributeType")?;
        let path = format!("{path}.AttributeType");
        if word.is_none() {
            constraints.missing(&path);
        }
        let key_type = constraints.enumeration(word.as_deref(), &path, &types);
        definitions.extend(key_type.map(|key_type| (name, key_type)));
    }
    Ok(Some(definitions))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyRole {
    Hash,
    Range,
}

/// KeySchema, at that path in messages (with a dot behind it), of so many elements at most.
pub(super) fn key_elements_at(
    request: &mut Structure<'_>,
    constraints: &mut Constraints,
    path: &str,
    elements_max: usize,
) -> Result<Vec<(String, KeyRole)>, Exception> {
    let schema_path = format!("{path}KeySchema");
    let Some(list) = request.list("KeySchema")? else {
        constraints.missing(&schema_path);
        return Ok(Vec::new());
    };
    let count = list.len();
    let roles = [("HASH", KeyRole::Hash), ("RANGE", KeyRole::Range)];
    let mut keys = Vec::new();
    for (index, json) in list.into_iter().enumerate() {
        let path = format!("{schema_path}.{}.member", index + 1);
        let mut element = Structure::open(json, "KeySchemaElement")?;
        let name = attribute_name(&mut element, constraints, &path)?;
        let word = element.string("KeyType")?;
        let path = format!("{path}.KeyType");
        if word.is_none() {
            constraints.missing(&path);
        }
        let role = constraints.enumeration(word.as_deref(), &path, &roles);
        keys.extend(role.map(|role| (name, role)));
    }
    constraints.length(count, &schema_path, 1, elements_max);
    Ok(keys)
}

fn attribute_name(
    structure: &mut Structure<'_>,
    constraints: &mut Constraints,
    path: &str,
) -> Result<String, Exception> {
    let path = format!("{path}.AttributeName");
    let Some(name) = structure.string("AttributeName")? else {
        constraints.missing(&path);
        return Ok(String::new());
    };
    let length = name.chars().count();
    constraints.length(length, &path, 1, KEY_NAME_CHARACTERS_MAX);
    Ok(name.into_owned())
}

/// The mode that BillingMode names, as far as that parameter tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BillingModeName {
    Provisioned,
    PayPerRequest,
}

pub(super) fn billing_mode(
    request: &mut Structure<'_>,
    constraints: &mut Constraints,
) -> Result<Option<BillingModeName>, Exception> {
    let word = request.string("BillingMode")?;
    let modes = [
        ("PROVISIONED", BillingModeName::Provisioned),
        ("PAY_PER_REQUEST", BillingModeName::PayPerRequest),
    ];
    Ok(constraints.enumeration(word.as_deref(), "BillingMode", &modes))
}

/// ProvisionedThroughput of a table.
pub(super) fn provisioned_throughput(
    request: &mut Structure<'_>,
    constraints: &mut Constraints,
) -> Result<Option<(u64, u64)>, Exception> {
    throughput_of(request, constraints, "")
}

/// ReadCapacityUnits and WriteCapacityUnits, at that path in messages (with a dot behind it).
pub(super) fn throughput_of(
    request: &mut Structure<'_>,
    constraints: &mut Constraints,
    path: &str,
) -> Result<Option<(u64, u64)>, Exception> {
    let throughput_path = format!("{path}ProvisionedThroughput");
    let Some(mut throughput) =
        request.structure("ProvisionedThroughput", "ProvisionedThroughput")?
    else {
        return Ok(None);
    };
    let mut units = |name: &str, path: &str| -> Result<u64, Exception> {
        let path = format!("{throughput_path}.{path}");
        let units = throughput.long(name)?;
        match units {
            None => constraints.missing(&path),
            Some(units) => constraints.range(units, &path, 1, i64::MAX),
        }
        Ok(units.unwrap_or_default().unsigned_abs())
    };
    let read = units("ReadCapacityUnits", "ReadCapacityUnits")?;
    let write = units("WriteCapacityUnits", "WriteCapacityUnits")?;
    Ok(Some((read, write)))
}

/// The billing mode that both parameters make together; PROVISIONED is the default.
pub(super) fn billing(
    mode: Option<BillingModeName>,
    throughput: Option<(u64, u64)>,
) -> Result<BillingMode, Exception> {
    match (mode.unwrap_or(BillingModeName::Provisioned), throughput) {
        (BillingModeName::PayPerRequest, None) => Ok(BillingMode::PayPerRequest),
        (BillingModeName::Provisioned, Some((read, write))) => {
            Ok(BillingMode::Provisioned { read, write })
        }
        (BillingModeName::PayPerRequest, Some(_)) => {
            Err(Exception::validation(messages::THROUGHPUT_NOT_ALLOWED))
        }
        (BillingModeName::Provisioned, None) => {
            Err(Exception::validation(messages::THROUGHPUT_MISSING))
        }
    }
}

pub(super) fn table_class(
    request: &mut Structure<'_>,
    constraints: &mut Constraints,
) -> Result<Option<&'static str>, Exception> {
    let word = request.string("TableClass")?;
    let classes = [
        ("STANDARD", "STANDARD"),
        ("STANDARD_INFREQUENT_ACCESS", "STANDARD_INFREQUENT_ACCESS"),
    ];
    Ok(constraints.enumeration(word.as_deref(), "TableClass", &classes))
}

/// The key schema of HASH, then RANGE; each key is defined, and nothing else is.
fn key_schema(
    keys: &[(String, KeyRole)],
    indexes: &[IndexRequest],
    definitions: &[(String, KeyType)],
) -> Result<KeySchema, Exception> {
    let refused = |message: String| Err(Exception::validation(message));
    let (hash, range) = match keys {
        [(hash, KeyRole::Hash)] => (hash, None),
        [(hash, KeyRole::Hash), (range, KeyRole::Range)] => (hash, Some(range)),
        [(_, KeyRole::Hash), ..] => return refused(messages::SECOND_KEY_NOT_RANGE.to_owned()),
        _ => return refused(messages::FIRST_KEY_NOT_HASH.to_owned()),
    };
    if range == Some(hash) {
        return refused(messages::SAME_KEY_NAMES.to_owned());
    }
    check_definitions(definitions)?;
    let attribute = |name: &String| {
        let found = definitions.iter().find(|(defined, _)| defined == name);
        match found {
            Some((_, key_type)) => Ok(KeyAttribute {
                name: name.clone(),
                key_type: *key_type,
            }),
            None => Err(not_defined(keys, definitions)),
        }
    };
    let schema = KeySchema {
        partition: attribute(hash)?,
        sort: range.map(attribute).transpose()?,
    };
    for index in indexes {
        check_defined(&index.keys, definitions)?;
    }
    let all_keys = || indexes.iter().flat_map(|index| &index.keys).chain(keys);
    let unused = |(name, _): &&(String, KeyType)| all_keys().all(|(key, _)| key != name);
    match definitions.iter().find(unused) {
        None => Ok(schema),
        Some(_) if indexes.is_empty() => refused(messages::ATTRIBUTE_DEFINITIONS_DIFFER.to_owned()),
        Some(_) => {
            let mut used: Vec<String> = all_keys().map(|(key, _)| key.clone()).collect();
            used.sort();
            used.dedup();
            refused(messages::definitions_not_used(&names(definitions), &used))
        }
    }
}

fn names<T>(list: &[(String, T)]) -> Vec<String> {
    list.iter().map(|(name, _)| name.clone()).collect()
}

/// No attribute is defined twice.
pub(super) fn check_definitions(definitions: &[(String, KeyType)]) -> Result<(), Exception> {
    let twice = (1..definitions.len()).find(|&index| {
        let mut earlier = definitions[..index].iter();
        earlier.any(|(name, _)| *name == definitions[index].0)
    });
    match twice {
        None => Ok(()),
        Some(index) => Err(Exception::validation(messages::attribute_defined_twice(
            &definitions[index].0,
        ))),
    }
}

/// Every key is defined.
pub(super) fn check_defined(
    keys: &[(String, KeyRole)],
    definitions: &[(String, KeyType)],
) -> Result<(), Exception> {
    let defined = |name: &String| definitions.iter().any(|(defined, _)| defined == name);
    match keys.iter().all(|(name, _)| defined(name)) {
        true => Ok(()),
        false => Err(not_defined(keys, definitions)),
    }
}

fn not_defined(keys: &[(String, KeyRole)], definitions: &[(String, KeyType)]) -> Exception {
    let message = messages::keys_not_defined(&names(keys), &names(definitions));
    Exception::validation(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;
    use expect_test::{Expect, expect};

    fn check(body: &str, expected: Expect) {
        let mut request = Structure::open(Json::parse(body.as_bytes()).expect("JSON"), "Request")
            .expect("object");
        let shown = match decode(&mut request) {
            Ok((table, _)) => format!(
                "{} {:?} {:?}",
                table.name, table.key_schema, table.billing_mode
            ),
            Err(exception) => exception.message,
        };
        expected.assert_eq(&shown);
    }

    /// A request for table `t12` with these definitions, keys and further members.
    fn request(definitions: &str, keys: &str, rest: &str) -> String {
        let list = |text: &str, name: &str| -> String {
            let elements: Vec<String> = text
                .split_whitespace()
                .map(|pair| {
                    let (attribute, kind) = pair.split_once(':').expect("name:kind");
                    format!(r#"{{"AttributeName":"{attribute}","{name}":"{kind}"}}"#)
                })
                .collect();
            elements.join(",")
        };
        format!(
            r#"{{"TableName":"t12","AttributeDefinitions":[{}],"KeySchema":[{}]{rest}}}"#,
            list(definitions, "AttributeType"),
            list(keys, "KeyType"),
        )
    }

    const ON_DEMAND: &str = r#","BillingMode":"PAY_PER_REQUEST""#;

    #[test]
    fn tables_are_decoded() {
        check(
            &request("a:S", "a:HASH", ON_DEMAND),
            expect![[
                r#"t12 KeySchema { partition: KeyAttribute { name: "a", key_type: S }, sort: None } PayPerRequest"#
            ]],
        );
        check(
            &request(
                "a:N b:B",
                "a:HASH b:RANGE",
                r#","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6}"#,
            ),
            expect![[
                r#"t12 KeySchema { partition: KeyAttribute { name: "a", key_type: N }, sort: Some(KeyAttribute { name: "b", key_type: B }) } Provisioned { read: 5, write: 6 }"#
            ]],
        );
        check(
            &request(
                "a:S",
                "a:HASH",
                r#","BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":false}"#,
            ),
            expect![[
                r#"t12 KeySchema { partition: KeyAttribute { name: "a", key_type: S }, sort: None } PayPerRequest"#
            ]],
        );
    }

    #[test]
    fn constraints_are_collected() {
        check(
            "{}",
            expect![[
                r#"3 validation errors detected: Value at 'TableName' failed to satisfy constraint: Member must not be null; Value at 'AttributeDefinitions' failed to satisfy constraint: Member must not be null; Value at 'KeySchema' failed to satisfy constraint: Member must not be null"#
            ]],
        );
        check(
            &request(
                "a:X",
                "a:hash",
                r#","BillingMode":"FREE","TableClass":"GLACIER""#,
            ),
            expect![[
                r#"4 validation errors detected: Value at 'AttributeDefinitions.1.member.AttributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]; Value at 'KeySchema.1.member.KeyType' failed to satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]; Value at 'BillingMode' failed to satisfy constraint: Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]; Value at 'TableClass' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, STANDARD_INFREQUENT_ACCESS]"#
            ]],
        );
        check(
            &request("a:S", "a:HASH b:RANGE c:RANGE", ON_DEMAND),
            expect![[
                r#"1 validation error detected: Value at 'KeySchema' failed to satisfy constraint: Member must have length less than or equal to 2"#
            ]],
        );
        check(
            &request(
                "a:S",
                "a:HASH",
                r#","ProvisionedThroughput":{"ReadCapacityUnits":0}"#,
            ),
            expect![[
                r#"2 validation errors detected: Value at 'ProvisionedThroughput.ReadCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1; Value at 'ProvisionedThroughput.WriteCapacityUnits' failed to satisfy constraint: Member must not be null"#
            ]],
        );
        check(
            &request("a:S", "a:HASH", r#","Tags":[{"Key":""}]"#),
            expect![[
                r#"2 validation errors detected: Value at 'Tags.1.member.Key' failed to satisfy constraint: Member must have length greater than or equal to 1; Value at 'Tags.1.member.Value' failed to satisfy constraint: Member must not be null"#
            ]],
        );
    }

    #[test]
    fn keys_and_definitions_must_agree() {
        check(
            &request("a:S", "a:RANGE", ON_DEMAND),
            expect![[r#"Invalid KeySchema: The first KeySchemaElement is not a HASH key type"#]],
        );
        check(
            &request("a:S b:S", "a:HASH b:HASH", ON_DEMAND),
            expect![[r#"Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"#]],
        );
        check(
            &request("a:S", "a:HASH a:RANGE", ON_DEMAND),
            expect![[
                r#"Both the Hash Key and the Range Key element in the KeySchema have the same name"#
            ]],
        );
        check(
            &request("b:S", "a:HASH", ON_DEMAND),
            expect![[
                r#"One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [a], AttributeDefinitions: [b]"#
            ]],
        );
        check(
            &request("a:S b:S", "a:HASH", ON_DEMAND),
            expect![[
                r#"One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"#
            ]],
        );
        check(
            &request("a:S a:N", "a:HASH", ON_DEMAND),
            expect![[
                r#"One or more parameter values were invalid: Duplicate attribute in AttributeDefinitions: a"#
            ]],
        );
    }

    #[test]
    fn billing_needs_throughput_or_none() {
        check(
            &request("a:S", "a:HASH", ""),
            expect![[
                r#"One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"#
            ]],
        );
        check(
            &request(
                "a:S",
                "a:HASH",
                r#","BillingMode":"PAY_PER_REQUEST","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}"#,
            ),
            expect![[
                r#"One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"#
            ]],
        );
    }

    #[test]
    fn features_that_are_not_built_are_named() {
        for parameter in NOT_BUILT {
            let body = request("a:S", "a:HASH", &format!(r#"{ON_DEMAND},"{parameter}":[]"#));
            let mut request =
                Structure::open(Json::parse(body.as_bytes()).expect("JSON"), "Request")
                    .expect("object");
            let exception = decode(&mut request).expect_err("refused");
            assert_eq!(exception.message, messages::parameter_not_built(parameter));
        }
        check(
            &request(
                "a:S",
                "a:HASH",
                r#","BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true}"#,
            ),
            expect![[
                r#"One or more parameter values were invalid: StreamViewType must be specified when StreamEnabled is true"#
            ]],
        );
        check(
            r#"{"TableName":"a b!","AttributeDefinitions":[],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]}"#,
            expect![[
                r#"1 validation error detected: Value at 'TableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"#
            ]],
        );
    }
}
