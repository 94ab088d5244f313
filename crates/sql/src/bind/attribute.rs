//! Paths in expressions: which attribute of the table's items they read.

use super::Binder;
use crate::names::{ITEM_COLUMN, find_column, is_homogeneous, is_schema, undefined_column};
use crate::{Dialect, SqlError, SqlType};
use shale_expression::{Path, Step};
use sqlparser::ast::{AccessExpr, Expr, Ident, Subscript, Value};

/// An attribute, or a place inside one, with the type that SQL gives it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attribute {
    pub path: Path,
    /// Type of the value read: that of the column; jsonb inside a document.
    pub sql_type: SqlType,
    /// The type that constants compared with it are cast to; `Unknown`: constants keep their own, as values here may have any.
    pub compared_as: SqlType,
    /// Always there and of its type.
    pub key: bool,
    /// Whether the stored values are all of the column's type (see `is_homogeneous`).
    pub homogeneous: bool,
    /// The whole item.
    pub whole_item: bool,
}

/// A path as written: names and positions.
pub(crate) struct PathParts {
    pub root: Ident,
    pub steps: Vec<Step>,
}

impl PathParts {
    /// Takes an expression apart if it is a path.
    pub(crate) fn of(expr: &Expr) -> Option<PathParts> {
        match expr {
            Expr::Identifier(ident) => Some(PathParts {
                root: ident.clone(),
                steps: vec![],
            }),
            Expr::CompoundIdentifier(idents) => {
                let (root, rest) = idents.split_first()?;
                Some(PathParts {
                    root: root.clone(),
                    steps: rest.iter().map(field).collect(),
                })
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                let mut parts = PathParts::of(root)?;
                for access in access_chain {
                    parts.push(access)?;
                }
                Some(parts)
            }
            Expr::Nested(inner) => PathParts::of(inner),
            _ => None,
        }
    }

    fn push(&mut self, access: &AccessExpr) -> Option<()> {
        match access {
            AccessExpr::Dot(Expr::Identifier(ident)) => self.steps.push(field(ident)),
            AccessExpr::Dot(Expr::CompoundIdentifier(idents)) => {
                self.steps.extend(idents.iter().map(field));
            }
            AccessExpr::Subscript(Subscript::Index {
                index: Expr::Value(value),
            }) => match &value.value {
                Value::Number(digits, _) => self.steps.push(Step::Index(digits.parse().ok()?)),
                Value::SingleQuotedString(name) => self.steps.push(Step::Field(name.clone())),
                _ => return None,
            },
            _ => return None,
        }
        Some(())
    }
}

fn field(ident: &Ident) -> Step {
    Step::Field(ident.value.clone())
}

impl Binder<'_> {
    /// Whether an identifier is the name of the table in scope.
    fn names_table(&self, ident: &Ident) -> bool {
        let name = match &self.alias {
            Some(alias) => alias,
            None => &self.table.definition.name,
        };
        *name == ident.value
            || (ident.quote_style.is_none()
                && self.dialect == Dialect::Postgres
                && name.eq_ignore_ascii_case(&ident.value))
    }

    /// Drops `table.` and `schema.table.` in front of a path.
    fn strip_table(&self, parts: PathParts) -> PathParts {
        let field_at = |position: usize| match parts.steps.get(position) {
            Some(Step::Field(name)) => Some(Ident {
                value: name.clone(),
                quote_style: parts.root.quote_style,
                span: parts.root.span,
            }),
            _ => None,
        };
        if self.names_table(&parts.root)
            && let Some(root) = field_at(0)
        {
            return PathParts {
                root,
                steps: parts.steps[1..].to_vec(),
            };
        }
        if self.alias.is_none()
            && is_schema(&parts.root.value)
            && field_at(0).is_some_and(|table| self.names_table(&table))
            && let Some(root) = field_at(1)
        {
            return PathParts {
                root,
                steps: parts.steps[2..].to_vec(),
            };
        }
        parts
    }

    /// The attribute that an expression names; `None` if it is no path.
    ///
    /// # Errors
    /// 42703 if no such column or attribute is known (not in PartiQL, where that is MISSING).
    pub(crate) fn attribute(&self, expr: &Expr) -> Result<Option<Attribute>, SqlError> {
        let Some(parts) = PathParts::of(expr) else {
            return Ok(None);
        };
        let parts = self.strip_table(parts);
        match self.find_attribute(&parts) {
            Some(attribute) => Ok(Some(attribute)),
            None => Err(undefined_column(self.table, &parts.root, self.text)),
        }
    }

    /// The attribute that an expression writes: unknown names are new attributes.
    pub(crate) fn target(&self, expr: &Expr) -> Result<Option<Attribute>, SqlError> {
        let Some(parts) = PathParts::of(expr) else {
            return Ok(None);
        };
        let parts = self.strip_table(parts);
        if let Some(attribute) = self.find_attribute(&parts) {
            return Ok(Some(attribute));
        }
        let root = crate::names::created_name(&parts.root, self.dialect);
        Ok(Some(Attribute {
            path: Path {
                root,
                steps: parts.steps,
            },
            sql_type: SqlType::Jsonb,
            compared_as: SqlType::Unknown,
            key: false,
            homogeneous: true,
            whole_item: false,
        }))
    }

    fn find_attribute(&self, parts: &PathParts) -> Option<Attribute> {
        let quoted = parts.root.quote_style.is_some();
        if self.dialect == Dialect::PartiQl {
            let root = parts.root.value.clone();
            let key = self.table.definition.key_schema.is_key(&root) && parts.steps.is_empty();
            return Some(Attribute {
                path: Path {
                    root,
                    steps: parts.steps.clone(),
                },
                sql_type: SqlType::Jsonb,
                compared_as: SqlType::Unknown,
                key,
                homogeneous: true,
                whole_item: false,
            });
        }
        let column = find_column(self.table, &parts.root.value, quoted, self.dialect)?;
        let whole_item = column.name == ITEM_COLUMN;
        let inside = !parts.steps.is_empty();
        let homogeneous = inside || is_homogeneous(self.table, &column.name, &column.sql_type);
        let sql_type = if inside {
            match (&column.sql_type, parts.steps.as_slice()) {
                (SqlType::Array(element), [Step::Index(_)]) => element.as_ref().clone(),
                _ => SqlType::Jsonb,
            }
        } else {
            column.sql_type.clone()
        };
        let any_type = sql_type.is_json() && (inside || !column.declared);
        Some(Attribute {
            path: Path {
                root: column.name,
                steps: parts.steps.clone(),
            },
            compared_as: if any_type {
                SqlType::Unknown
            } else {
                sql_type.clone()
            },
            sql_type,
            key: column.key && !inside,
            homogeneous,
            whole_item,
        })
    }
}
