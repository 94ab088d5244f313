//! Result columns that are read off an item: columns, paths, `_item`, constants.

use crate::bind::{Attribute, Binder, Scalar};
use crate::datum::{coerce, item_to_json, natural_type, value_to_datum};
use crate::names::{TableColumn, column_origin, table_columns};
use crate::{Column, Datum, Dialect, Row, SqlError, SqlType};
use shale_engine::TableDescription;
use shale_expression::{Path, Step};
use shale_item::{ItemView, ValueView};
use sqlparser::ast::{
    Expr, Ident, ObjectName, SelectItem, SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};
use std::sync::Arc;

/// One result column.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    Attribute(Path, SqlType),
    /// `_item`
    Item,
    Constant(Datum),
}

/// The result columns of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Outputs {
    pub outputs: Vec<Output>,
    pub columns: Arc<[Column]>,
}

impl Outputs {
    /// The columns, shared.
    pub(crate) fn columns(&self) -> Arc<[Column]> {
        self.columns.clone()
    }

    /// The row of an item.
    pub(crate) fn row(&self, item: ItemView<'_>) -> Row {
        let mut row = Vec::with_capacity(self.outputs.len());
        for output in &self.outputs {
            row.push(output.read(item));
        }
        row
    }

    /// The columns of `*`.
    pub(crate) fn all(table: &TableDescription) -> Outputs {
        let mut builder = OutputsBuilder::default();
        for column in table_columns(table) {
            builder.column(column);
        }
        builder.finish(table)
    }
}

impl Output {
    pub(crate) fn read(&self, item: ItemView<'_>) -> Datum {
        match self {
            Output::Attribute(path, sql_type) => match follow(item, path) {
                Some(value) => value_to_datum(value, sql_type),
                None => Datum::Null,
            },
            Output::Item => Datum::Json(item_to_json(item)),
            Output::Constant(value) => value.clone(),
        }
    }
}

/// The value at a path of an item.
pub(crate) fn follow<'a>(item: ItemView<'a>, path: &Path) -> Option<ValueView<'a>> {
    let mut value = item.get(&path.root)?;
    for step in &path.steps {
        value = match (value, step) {
            (ValueView::M(map), Step::Field(name)) => map.get(name)?,
            (ValueView::L(list), Step::Index(index)) => list.get(*index)?,
            _ => return None,
        };
    }
    Some(value)
}

#[derive(Default)]
struct OutputsBuilder {
    outputs: Vec<Output>,
    columns: Vec<Column>,
}

impl OutputsBuilder {
    fn push(&mut self, output: Output, name: String, sql_type: SqlType) {
        self.outputs.push(output);
        self.columns.push(Column::computed(name, sql_type));
    }

    fn column(&mut self, column: TableColumn) {
        let path = Path {
            root: column.name.clone(),
            steps: vec![],
        };
        let output = Output::Attribute(path, column.sql_type.clone());
        self.push(output, column.name, column.sql_type);
    }

    fn finish(mut self, table: &TableDescription) -> Outputs {
        let columns = table_columns(table);
        for (column, output) in self.columns.iter_mut().zip(&self.outputs) {
            if let Output::Attribute(path, _) = output
                && path.steps.is_empty()
                && let Some(index) = columns.iter().position(|own| own.name == path.root)
            {
                column.origin = column_origin(table.id, index);
            }
        }
        Outputs {
            outputs: self.outputs,
            columns: self.columns.into(),
        }
    }
}

fn is_plain(options: &WildcardAdditionalOptions) -> bool {
    options.opt_ilike.is_none()
        && options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none()
        && options.opt_alias.is_none()
}

fn attribute_name(attribute: &Attribute) -> String {
    let field = attribute
        .path
        .steps
        .iter()
        .rev()
        .find_map(|step| match step {
            Step::Field(name) => Some(name),
            Step::Index(_) => None,
        });
    field.unwrap_or(&attribute.path.root).clone()
}

/// What PartiQL calls the value at a path: the last name in it, with the indexes behind that (`a.b[0]` is `b[0]`).
fn last_component(path: &Path) -> String {
    let mut name = path.root.clone();
    for step in &path.steps {
        match step {
            Step::Field(field) => name.clone_from(field),
            Step::Index(index) => name.push_str(&format!("[{index}]")),
        }
    }
    name
}

/// PartiQL's keywords before a projection read like a column with an alias.
fn is_select_value(dialect: Dialect, expr: &Expr) -> bool {
    let keyword = |ident: &Ident| {
        ident.quote_style.is_none()
            && ["VALUE", "PIVOT"]
                .iter()
                .any(|keyword| ident.value.eq_ignore_ascii_case(keyword))
    };
    dialect == Dialect::PartiQl && matches!(expr, Expr::Identifier(ident) if keyword(ident))
}

impl Binder<'_> {
    fn names_this_table(&self, name: &ObjectName) -> bool {
        let Some(Ident { value, .. }) = name.0.last().and_then(|part| part.as_ident()) else {
            return false;
        };
        let own = self.alias.as_ref().unwrap_or(&self.table.definition.name);
        own.eq_ignore_ascii_case(value)
    }

    /// The result columns of a select list; `None` if one of them is more than an attribute or a constant.
    pub(crate) fn outputs(&mut self, items: &[SelectItem]) -> Result<Option<Outputs>, SqlError> {
        let mut builder = OutputsBuilder::default();
        for item in items {
            let (expr, alias) = match item {
                SelectItem::Wildcard(options) if is_plain(options) => {
                    for column in table_columns(self.table) {
                        builder.column(column);
                    }
                    continue;
                }
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    options,
                ) if is_plain(options) && self.names_this_table(name) => {
                    for column in table_columns(self.table) {
                        builder.column(column);
                    }
                    continue;
                }
                SelectItem::UnnamedExpr(expr) => (expr, None),
                SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
                _ => return Ok(None),
            };
            if alias.is_some() && is_select_value(self.dialect, expr) {
                return Err(SqlError::NotSupported {
                    feature: "SELECT VALUE and SELECT PIVOT".into(),
                    hint: None,
                });
            }
            let alias = alias.map(|alias| crate::names::created_name(alias, self.dialect));
            if let Some(attribute) = self.attribute(expr)? {
                let name = alias.unwrap_or_else(|| match self.dialect {
                    Dialect::Postgres => attribute_name(&attribute),
                    Dialect::PartiQl => last_component(&attribute.path),
                });
                if attribute.whole_item {
                    if !attribute.path.steps.is_empty() {
                        return Ok(None);
                    }
                    builder.push(Output::Item, name, SqlType::Jsonb);
                } else {
                    let output = Output::Attribute(attribute.path, attribute.sql_type.clone());
                    builder.push(output, name, attribute.sql_type);
                }
                continue;
            }
            match self.constant_output(expr)? {
                Some((value, sql_type)) => builder.push(
                    Output::Constant(value),
                    alias.unwrap_or_else(|| "?column?".into()),
                    sql_type,
                ),
                None => return Ok(None),
            }
        }
        Ok(Some(builder.finish(self.table)))
    }

    fn constant_output(&mut self, expr: &Expr) -> Result<Option<(Datum, SqlType)>, SqlError> {
        if !matches!(
            expr,
            Expr::Value(_) | Expr::UnaryOp { .. } | Expr::TypedString(_)
        ) {
            return Ok(None);
        }
        Ok(match self.scalar(expr, &SqlType::Unknown)? {
            Some(Scalar::Untyped(text)) => Some((Datum::Text(text), SqlType::Text)),
            Some(Scalar::Typed(value, sql_type)) => Some((coerce(value, &sql_type)?, sql_type)),
            Some(Scalar::Null) => Some((Datum::Null, SqlType::Text)),
            _ => None,
        })
    }
}

/// Orders two values of one type; NULL last.
pub(crate) fn compare(left: &Datum, right: &Datum) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    match (left, right) {
        (Datum::Null, Datum::Null) => Ordering::Equal,
        (Datum::Null, _) => Ordering::Greater,
        (_, Datum::Null) => Ordering::Less,
        (Datum::Bool(left), Datum::Bool(right)) => left.cmp(right),
        (Datum::Int(left), Datum::Int(right)) => left.cmp(right),
        (Datum::Float(left), Datum::Float(right)) => left.total_cmp(right),
        (Datum::Numeric(left), Datum::Numeric(right)) => left.cmp(right),
        (Datum::Text(left), Datum::Text(right)) | (Datum::Json(left), Datum::Json(right)) => {
            left.cmp(right)
        }
        (Datum::Bytes(left), Datum::Bytes(right)) => left.cmp(right),
        (Datum::Date(left), Datum::Date(right)) => left.cmp(right),
        (Datum::Time(left), Datum::Time(right))
        | (Datum::Timestamp(left), Datum::Timestamp(right)) => left.cmp(right),
        (Datum::Array(left), Datum::Array(right)) => left
            .iter()
            .zip(right)
            .map(|(left, right)| compare(left, right))
            .find(|ordering| *ordering != Ordering::Equal)
            .unwrap_or_else(|| left.len().cmp(&right.len())),
        // One column has one type; this is only total.
        (left, right) => natural_type(left).name().cmp(&natural_type(right).name()),
    }
}
