//! Tables for unit tests, without an engine.

use crate::bind::{Arguments, Parameters};
use crate::names::Catalog;
use crate::plan::ddl::plan_create;
use crate::syntax::{Stmt, parse_statement};
use crate::{Datum, Dialect};
use shale_engine::{ObservedAttribute, TableDescription, TableStatus};
use shale_env::SeededRand;
use shale_item::{AttributeType, TableId};
use sqlparser::ast::Statement;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A catalog of tables made by CREATE TABLE.
#[derive(Default)]
pub(crate) struct Tables(BTreeMap<String, Arc<TableDescription>>);

impl Catalog for Tables {
    fn table(&self, name: &str) -> Option<Arc<TableDescription>> {
        self.0.get(name).cloned()
    }
    fn table_names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
    fn view(&self, _: &str) -> Option<Arc<TableDescription>> {
        None
    }
    fn view_names(&self) -> Vec<String> {
        vec![]
    }
    fn has_views(&self) -> bool {
        false
    }
}

pub(crate) fn create(sql: &str) -> TableDescription {
    let (create, local_indexes) = match parse_statement(sql, Dialect::Postgres) {
        Ok(Some(Stmt::CreateTable {
            create,
            local_indexes,
        })) => (*create, local_indexes),
        Ok(Some(Stmt::Sql(statement))) => match *statement {
            Statement::CreateTable(create) => (create, vec![]),
            other => panic!("no CREATE TABLE: {other}"),
        },
        other => panic!("no statement: {other:?}"),
    };
    let plan = plan_create(&create, &local_indexes, sql, Dialect::Postgres).expect(sql);
    TableDescription {
        id: TableId(1),
        uuid: String::new(),
        created_micros: 0,
        status: TableStatus::Active,
        definition: plan.request.into(),
        observed: Arc::default(),
        item_count: 1_000,
        size_bytes: 500_000,
        sketches: Arc::default(),
        version: 1,
    }
}

pub(crate) fn observe(table: &mut TableDescription, seen: &[(&str, &[AttributeType])]) {
    let observed = seen.iter().map(|(name, types)| {
        let bits = types
            .iter()
            .fold(0, |bits, found| bits | 1 << *found as u16);
        let attribute = ObservedAttribute {
            types: bits,
            ..ObservedAttribute::default()
        };
        ((*name).to_owned(), attribute)
    });
    table.observed = Arc::new(observed.collect());
}

/// `music (artist text, song text, year int, price numeric(8,2), ok bool, at timestamp, doc jsonb, tags text[])`, `users (id bigint)`,
/// and `Loose`, made through the JSON API with attributes of one type and of several.
pub(crate) fn tables() -> Tables {
    let music = create(
        "CREATE TABLE music (artist text, song text, year int, price numeric(8,2), ok bool, at timestamp, doc jsonb, tags text[], PRIMARY KEY (artist, song))",
    );
    let users = create(
        "CREATE TABLE users (id bigint PRIMARY KEY, name varchar(10) NOT NULL, joined date DEFAULT '2020-01-01', code char(4))",
    );
    let mut loose = create("CREATE TABLE \"Loose\" (\"pk\" text PRIMARY KEY)");
    std::sync::Arc::make_mut(&mut loose.definition)
        .columns
        .clear();
    observe(
        &mut loose,
        &[
            ("pk", &[AttributeType::S]),
            ("Age", &[AttributeType::N]),
            ("mixed", &[AttributeType::S, AttributeType::N]),
            ("flag", &[AttributeType::Bool, AttributeType::Null]),
        ],
    );
    let mut tables = Tables::default();
    for table in [music, users, loose] {
        tables
            .0
            .insert(table.definition.name.clone(), Arc::new(table));
    }
    tables
}

/// Arguments with a fixed clock.
pub(crate) fn arguments<'a>(parameters: &'a [Datum], rand: &'a SeededRand) -> Arguments<'a> {
    Arguments {
        parameters: Parameters::Datums(parameters),
        computed: &[],
        now_micros: 1_700_000_000_000_000,
        current_lsn: 17,
        rand,
        excluded: None,
        made: Arc::default(),
    }
}
