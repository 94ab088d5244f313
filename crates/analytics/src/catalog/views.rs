//! Views and comments in the catalog: pg_views, information_schema.views, pg_description, and their texts.
//!
//! Not here: views among the relations of pg_class (`relations`).

use super::picture::{CatalogPicture, Class, DATABASE_NAME, TableEntry};
use super::rows::{Cell, Rows};
use super::spec::SystemRelation;
use arrow::array::RecordBatch;
use datafusion::common::Result;
use shale_sql::{Commented, comment_on};

/// Oid of pg_class in itself.
const PG_CLASS_OID: i64 = 1_259;

/// What pg_get_viewdef answers: the query as it was written.
pub(crate) fn view_definition(view: &TableEntry) -> Option<String> {
    view.relation.view().map(|query| format!(" {query};"))
}

/// pg_views
pub(super) fn views(
    relation: &'static SystemRelation,
    picture: &CatalogPicture,
) -> Result<RecordBatch> {
    let columns = ["schemaname", "viewname", "viewowner", "definition"];
    let mut rows = Rows::new(relation, columns);
    for view in picture.tables.iter().filter(|table| table.is_view()) {
        rows.push([
            "public".into(),
            view.relation.name().to_owned().into(),
            (&picture.owner().name).into(),
            view_definition(view).into(),
        ]);
    }
    rows.finish()
}

/// information_schema.views
pub(super) fn standard_views(
    relation: &'static SystemRelation,
    picture: &CatalogPicture,
) -> Result<RecordBatch> {
    let columns = [
        "table_catalog",
        "table_schema",
        "table_name",
        "view_definition",
        "check_option",
        "is_updatable",
        "is_insertable_into",
        "is_trigger_updatable",
        "is_trigger_deletable",
        "is_trigger_insertable_into",
    ];
    let mut rows = Rows::new(relation, columns);
    for view in picture.tables.iter().filter(|table| table.is_view()) {
        let no = || Cell::Static("NO");
        rows.push([
            DATABASE_NAME.into(),
            "public".into(),
            view.relation.name().to_owned().into(),
            view_definition(view).into(),
            "NONE".into(),
            no(),
            no(),
            no(),
            no(),
            no(),
        ]);
    }
    rows.finish()
}

/// The comment on what that oid of pg_class is.
pub(crate) fn comment_of(class: Class<'_>) -> Option<String> {
    let (table, commented) = match class {
        Class::Table(table) => (table, Commented::Relation),
        Class::PrimaryKey(table) => (table, Commented::PrimaryKey),
        Class::Index(table, index) => (table, Commented::Index(&index.name)),
    };
    comment_on(&table.relation.description, commented).map(str::to_owned)
}

/// The comment on the column of that number.
pub(crate) fn comment_of_column(class: Class<'_>, number: i64) -> Option<String> {
    let Class::Table(table) = class else {
        return None;
    };
    let place = usize::try_from(number).ok()?.checked_sub(1)?;
    let column = table.relation.visible().nth(place)?;
    let commented = Commented::Column(&column.name);
    comment_on(&table.relation.description, commented).map(str::to_owned)
}

/// pg_description
pub(super) fn descriptions(
    relation: &'static SystemRelation,
    picture: &CatalogPicture,
) -> Result<RecordBatch> {
    let columns = ["objoid", "classoid", "objsubid", "description"];
    let mut rows = Rows::new(relation, columns);
    let mut push = |oid: i64, number: usize, comment: Option<String>| {
        if let Some(comment) = comment {
            let comment = comment.into();
            rows.push([oid.into(), PG_CLASS_OID.into(), number.into(), comment]);
        }
    };
    for table in &picture.tables {
        push(table.oid, 0, comment_of(Class::Table(table)));
        for index in table.indexes() {
            let class = match index.secondary {
                None => Class::PrimaryKey(table),
                Some(secondary) => Class::Index(table, secondary),
            };
            push(index.oid, 0, comment_of(class));
        }
        for number in 1..=table.relation.visible().count() {
            let comment = comment_of_column(Class::Table(table), number as i64);
            push(table.oid, number, comment);
        }
    }
    rows.finish()
}
