//! Definitions of secondary indexes in requests, and in descriptions.
//!
//! Not here: limits on their number and how they fit together (`engine`).

use super::create_table::{KeyRole, key_elements_at, throughput_of};
use super::settings::{self, Throughput};
use crate::constraints::Constraints;
use crate::exception::{Exception, key_descriptor};
use crate::json::{Json, ObjectWriter, Structure, write_list};
use crate::messages;
use crate::service::Service;
use shale_engine::{
    BillingMode, CreateTable, Index, IndexKind, IndexProjection, IndexStatus, TableDescription,
};
use shale_item::{KeyAttribute, KeyType, TableId};

/// Characters of an index's name (documented).
const NAME_CHARACTERS: (usize, usize) = (3, 255);
/// Attributes that one projection names at most (documented).
const NON_KEY_ATTRIBUTES_MAX: usize = 20;
/// Characters of a projected attribute's name at most (documented).
const ATTRIBUTE_CHARACTERS_MAX: usize = 255;
/// Key attributes of a global index: four HASH, four RANGE (documented).
const GLOBAL_KEYS_MAX: usize = 8;
/// Key attributes of a local index.
const LOCAL_KEYS_MAX: usize = 2;

/// An index as a request names it: its attributes have no types yet.
#[derive(Debug)]
pub(super) struct IndexRequest {
    pub(super) name: String,
    kind: IndexKind,
    pub(super) keys: Vec<(String, KeyRole)>,
    projection: Option<(Option<ProjectionType>, Option<Vec<String>>)>,
    throughput: Option<(u64, u64)>,
    pub(super) settings: Throughput,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProjectionType {
    All,
    KeysOnly,
    Include,
}

/// LocalSecondaryIndexes or GlobalSecondaryIndexes of CreateTable.
pub(super) fn take_indexes(
    request: &mut Structure<'_>,
    kind: IndexKind,
    constraints: &mut Constraints,
) -> Result<Vec<IndexRequest>, Exception> {
    let (parameter, path) = match kind {
        IndexKind::Local => ("LocalSecondaryIndexes", "LocalSecondaryIndexes"),
        IndexKind::Global => ("GlobalSecondaryIndexes", "GlobalSecondaryIndexes"),
    };
    let Some(list) = request.list(parameter)? else {
        return Ok(Vec::new());
    };
    if list.is_empty() {
        return Err(Exception::validation(messages::empty_list(parameter)));
    }
    let numbered = list.into_iter().enumerate();
    numbered
        .map(|(number, json)| {
            let path = format!("{path}.{}.member", number + 1);
            take_index(json, kind, constraints, &path)
        })
        .collect()
}

/// One index at that path in messages.
pub(super) fn take_index(
    json: Json<'_>,
    kind: IndexKind,
    constraints: &mut Constraints,
    path: &str,
) -> Result<IndexRequest, Exception> {
    let (class, keys_max) = match kind {
        IndexKind::Local => ("LocalSecondaryIndex", LOCAL_KEYS_MAX),
        IndexKind::Global => ("GlobalSecondaryIndex", GLOBAL_KEYS_MAX),
    };
    let mut structure = Structure::open(json, class)?;
    let name = take_index_name(&mut structure, constraints, path)?;
    let keys = key_elements_at(&mut structure, constraints, &format!("{path}."), keys_max)?;
    let projection = take_projection(&mut structure, constraints, path)?;
    let throughput = throughput_of(&mut structure, constraints, &format!("{path}."))?;
    Ok(IndexRequest {
        name,
        kind,
        keys,
        projection,
        throughput,
        settings: Throughput::take(&mut structure)?,
    })
}

/// IndexName of a definition.
pub(super) fn take_index_name(
    structure: &mut Structure<'_>,
    constraints: &mut Constraints,
    path: &str,
) -> Result<String, Exception> {
    let path = format!("{path}.IndexName");
    let Some(name) = structure.string("IndexName")? else {
        constraints.missing(&path);
        return Ok(String::new());
    };
    let (min, max) = NAME_CHARACTERS;
    constraints.length(name.chars().count(), &path, min, max);
    constraints.name_pattern(&name, &path);
    Ok(name.into_owned())
}

type ProjectionRequest = (Option<ProjectionType>, Option<Vec<String>>);

fn take_projection(
    structure: &mut Structure<'_>,
    constraints: &mut Constraints,
    path: &str,
) -> Result<Option<ProjectionRequest>, Exception> {
    let path = format!("{path}.Projection");
    let Some(mut projection) = structure.structure("Projection", "Projection")? else {
        constraints.missing(&path);
        return Ok(None);
    };
    let word = projection.string("ProjectionType")?;
    let types = [
        ("ALL", ProjectionType::All),
        ("INCLUDE", ProjectionType::Include),
        ("KEYS_ONLY", ProjectionType::KeysOnly),
    ];
    let path_of_type = format!("{path}.ProjectionType");
    let projection_type = constraints.enumeration(word.as_deref(), &path_of_type, &types);
    let Some(list) = projection.list("NonKeyAttributes")? else {
        return Ok(Some((projection_type, None)));
    };
    let path = format!("{path}.NonKeyAttributes");
    let mut names = Vec::with_capacity(list.len().min(NON_KEY_ATTRIBUTES_MAX));
    let count = list.len();
    for json in list {
        names.push(json.into_string()?.into_owned());
    }
    constraints.length(count, &path, 1, NON_KEY_ATTRIBUTES_MAX);
    let fits = |name: &String| (1..=ATTRIBUTE_CHARACTERS_MAX).contains(&name.chars().count());
    if !names.iter().all(fits) {
        let rules = [
            messages::at_most("length", ATTRIBUTE_CHARACTERS_MAX),
            messages::at_least("length", 1),
        ];
        let rule = messages::of_elements("Member", &rules);
        constraints.violated(&path, &rule);
    }
    Ok(Some((projection_type, Some(names))))
}

impl IndexRequest {
    /// The index, with types for its keys.
    pub(super) fn resolve(
        self,
        definitions: &[(String, KeyType)],
        billing_mode: BillingMode,
    ) -> Result<Index, Exception> {
        let refused = |message: String| Err(Exception::validation(message));
        let of_role = |role: KeyRole| -> Vec<KeyAttribute> {
            let names = self.keys.iter().filter(|(_, of)| *of == role);
            let typed = names.filter_map(|(name, _)| {
                let (_, key_type) = definitions.iter().find(|(defined, _)| defined == name)?;
                Some(KeyAttribute {
                    name: name.clone(),
                    key_type: *key_type,
                })
            });
            typed.collect()
        };
        let (partition, sort) = (of_role(KeyRole::Hash), of_role(KeyRole::Range));
        // RANGE attributes stand behind HASH attributes, of which there is one at least.
        let hash_first = self
            .keys
            .is_sorted_by_key(|(_, role)| *role == KeyRole::Range);
        if partition.is_empty() || !hash_first {
            return refused(messages::FIRST_KEY_NOT_HASH.to_owned());
        }
        if self.kind == IndexKind::Local && sort.is_empty() {
            return refused(messages::local_index_without_sort(&self.name));
        }
        let projection = match self.projection.unwrap_or((None, None)) {
            (None, _) => return refused(messages::UNKNOWN_PROJECTION.to_owned()),
            (Some(ProjectionType::All), None) => IndexProjection::All,
            (Some(ProjectionType::KeysOnly), None) => IndexProjection::KeysOnly,
            (Some(ProjectionType::Include), Some(names)) => IndexProjection::Include(names),
            (Some(ProjectionType::Include), None) => {
                return refused(messages::INCLUDE_WITHOUT_ATTRIBUTES.to_owned());
            }
            (Some(ProjectionType::All), Some(_)) => {
                return refused(messages::projection_with_attributes("ALL"));
            }
            (Some(ProjectionType::KeysOnly), Some(_)) => {
                return refused(messages::projection_with_attributes("KEYS_ONLY"));
            }
        };
        match (self.kind, billing_mode, self.throughput) {
            (IndexKind::Global, BillingMode::Provisioned { .. }, None) => {
                return refused(messages::index_throughput_missing(&self.name));
            }
            (IndexKind::Global, BillingMode::PayPerRequest, Some(_)) => {
                return refused(messages::index_throughput_not_allowed(&self.name));
            }
            _ => {}
        }
        Ok(Index {
            name: self.name,
            // Given by the engine.
            id: TableId(0),
            kind: self.kind,
            partition,
            sort,
            projection,
            provisioned: self.throughput,
            status: IndexStatus::Active,
        })
    }
}

/// The attributes that are keys of the table or of one of its indexes, in the order of their first use.
pub(super) fn key_attributes(definition: &CreateTable) -> Vec<&KeyAttribute> {
    let schema = &definition.key_schema;
    let table = std::iter::once(&schema.partition).chain(&schema.sort);
    let indexes = definition.derived.indexes.iter();
    let indexes = indexes.flat_map(|index| index.partition.iter().chain(&index.sort));
    let mut found: Vec<&KeyAttribute> = Vec::new();
    for attribute in table.chain(indexes) {
        if found.iter().all(|other| other.name != attribute.name) {
            found.push(attribute);
        }
    }
    found
}

/// Writes AttributeDefinitions, by name as DynamoDB does (API reference, CreateTable, sample response).
pub(super) fn write_attribute_definitions(out: &mut ObjectWriter<'_>, definition: &CreateTable) {
    let mut attributes = key_attributes(definition);
    attributes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    write_list(
        out.member("AttributeDefinitions"),
        &attributes,
        |out, attribute| {
            let mut element = ObjectWriter::begin(out);
            element.string("AttributeName", &attribute.name);
            element.string("AttributeType", key_descriptor(attribute.key_type));
            element.end();
        },
    );
}

/// Writes KeySchema.
pub(super) fn write_key_schema<'a>(
    out: &mut ObjectWriter<'_>,
    partition: impl Iterator<Item = &'a KeyAttribute>,
    sort: impl Iterator<Item = &'a KeyAttribute>,
) {
    let roles = partition
        .map(|attribute| (attribute, "HASH"))
        .chain(sort.map(|attribute| (attribute, "RANGE")));
    write_list(out.member("KeySchema"), roles, |out, (attribute, role)| {
        let mut element = ObjectWriter::begin(out);
        element.string("AttributeName", &attribute.name);
        element.string("KeyType", role);
        element.end();
    });
}

/// Writes LocalSecondaryIndexes and GlobalSecondaryIndexes of a description; `creating`: of a table that is just being created.
pub(super) fn write_indexes(
    out: &mut ObjectWriter<'_>,
    service: &Service,
    table: &TableDescription,
    creating: bool,
) {
    for (kind, member) in [
        (IndexKind::Local, "LocalSecondaryIndexes"),
        (IndexKind::Global, "GlobalSecondaryIndexes"),
    ] {
        let indexes = table.definition.derived.indexes.iter();
        let indexes: Vec<&Index> = indexes.filter(|index| index.kind == kind).collect();
        if !indexes.is_empty() {
            write_list(out.member(member), indexes, |out, index| {
                write_index(out, service, &table.definition, index, creating);
            });
        }
    }
}

fn write_index(
    out: &mut Vec<u8>,
    service: &Service,
    table: &CreateTable,
    index: &Index,
    creating: bool,
) {
    let size = service.engine.index_size(&table.name, &index.name);
    let (items, bytes) = size.ok().flatten().unwrap_or_default();
    let mut element = ObjectWriter::begin(out);
    element.string("IndexName", &index.name);
    write_key_schema(&mut element, index.partition.iter(), index.sort.iter());
    element.object("Projection", |projection| match &index.projection {
        IndexProjection::All => projection.string("ProjectionType", "ALL"),
        IndexProjection::KeysOnly => projection.string("ProjectionType", "KEYS_ONLY"),
        IndexProjection::Include(names) => {
            projection.string("ProjectionType", "INCLUDE");
            write_list(projection.member("NonKeyAttributes"), names, |out, name| {
                crate::json::write_string(out, name);
            });
        }
    });
    if index.kind == IndexKind::Global {
        match index.status {
            _ if creating => element.string("IndexStatus", "CREATING"),
            IndexStatus::Active => element.string("IndexStatus", "ACTIVE"),
            IndexStatus::Creating => {
                element.string("IndexStatus", "CREATING");
                element.bool("Backfilling", true);
            }
        }
        let (units, now_micros) = (index.provisioned.unwrap_or_default(), service.now_micros());
        let name = Some(index.name.as_str());
        settings::write_capacity(&mut element, &table.settings, name, units, now_micros);
        settings::write_throughput(&mut element, &table.settings, name);
    }
    element.integer("IndexSizeBytes", bytes);
    element.integer("ItemCount", items);
    let arn = service.table_arn(&table.name);
    element.string("IndexArn", &format!("{arn}/index/{}", index.name));
    element.end();
}
