//! Syntax tree to what can be lowered into `shale-expression`: attributes, constants, predicates.
//!
//! Not here: choosing how to read (`access`), evaluating on items (`shale-expression`).
//!
//! Binding a query never fails because it cannot be lowered: that is `None`, and the query goes to the analytic executor. Errors are
//! errors of the statement: unknown columns, constants that are no values of their column's type.

mod attribute;
mod comparison;
mod functions;
mod lower;
mod predicate;
mod scalar;

pub(crate) use attribute::{Attribute, PathParts};
pub(crate) use comparison::{mirrored, symbol};
pub(crate) use lower::{Semantics, both, lower};
pub(crate) use predicate::{Predicate, Term};
pub(crate) use scalar::{
    Arguments, CURRENT_LSN, Parameters, Scalar, parameter_index, plain_arguments,
};

use crate::{Dialect, SqlType};
use shale_engine::TableDescription;

#[cfg(test)]
mod tests;

/// Most parameters of a statement: the wire counts them in 16 bits.
pub(crate) const PARAMETERS_MAX: usize = 65_535;

/// What binding one statement needs, and the parameter types it finds out.
pub(crate) struct Binder<'a> {
    /// Text of the statement, for positions.
    pub text: &'a str,
    pub dialect: Dialect,
    /// Table in scope.
    pub table: &'a TableDescription,
    /// The name by which expressions may call it.
    pub alias: Option<String>,
    /// Whether `EXCLUDED.x` has a meaning.
    pub excluded: bool,
    /// Types of `$1 …`; `Unknown` until a use tells.
    pub parameter_types: Vec<SqlType>,
}

impl<'a> Binder<'a> {
    pub(crate) fn new(
        text: &'a str,
        dialect: Dialect,
        table: &'a TableDescription,
        declared_parameters: &[SqlType],
    ) -> Binder<'a> {
        Binder {
            text,
            dialect,
            table,
            alias: None,
            excluded: false,
            parameter_types: declared_parameters.to_vec(),
        }
    }

    /// Notes that parameter `index` (from 0) is used where a value of that type fits, and returns the type that it has.
    pub(crate) fn infer_parameter(&mut self, index: usize, expected: &SqlType) -> SqlType {
        if self.parameter_types.len() <= index {
            self.parameter_types.resize(index + 1, SqlType::Unknown);
        }
        let slot = &mut self.parameter_types[index];
        if *slot == SqlType::Unknown {
            *slot = without_modifier(expected);
        }
        slot.clone()
    }
}

/// The type without length, precision and scale: parameters have none.
pub(crate) fn without_modifier(sql_type: &SqlType) -> SqlType {
    match sql_type {
        SqlType::Numeric(_) => SqlType::Numeric(None),
        SqlType::Varchar(_) => SqlType::Varchar(None),
        SqlType::Char(_) => SqlType::Char(None),
        SqlType::Array(element) => SqlType::Array(Box::new(without_modifier(element))),
        other => other.clone(),
    }
}
