//! ReturnConsumedCapacity, and the capacity in answers.

use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::json::{ObjectWriter, Structure};
use std::collections::BTreeMap;

/// ReturnConsumedCapacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ReturnConsumedCapacity {
    /// With a breakdown by table and index.
    Indexes,
    /// The sum.
    Total,
    /// Nothing.
    #[default]
    None,
}

impl ReturnConsumedCapacity {
    /// Takes the parameter.
    pub(crate) fn take(
        request: &mut Structure<'_>,
        constraints: &mut Constraints,
    ) -> Result<ReturnConsumedCapacity, Exception> {
        let text = request.string("ReturnConsumedCapacity")?;
        let values = [
            ("INDEXES", ReturnConsumedCapacity::Indexes),
            ("TOTAL", ReturnConsumedCapacity::Total),
            ("NONE", ReturnConsumedCapacity::None),
        ];
        Ok(constraints
            .enumeration(text.as_deref(), "returnConsumedCapacity", &values)
            .unwrap_or_default())
    }

    /// Writes the member of an operation on one table, if it was asked for.
    pub(crate) fn write(self, answer: &mut ObjectWriter<'_>, table: &str, units: f64) {
        if self == ReturnConsumedCapacity::None {
            return;
        }
        answer.object("ConsumedCapacity", |member| {
            self.write_table(member, table, units);
        });
    }

    /// Writes the member of an operation on many tables, if it was asked for.
    pub(crate) fn write_all(self, answer: &mut ObjectWriter<'_>, tables: &BTreeMap<String, f64>) {
        let tables = tables.iter().map(|(table, units)| (table.as_str(), *units));
        self.write_each(answer, tables);
    }

    /// Writes the member with an element for each of these, if it was asked for.
    pub(crate) fn write_each<'t>(
        self,
        answer: &mut ObjectWriter<'_>,
        elements: impl Iterator<Item = (&'t str, f64)>,
    ) {
        if self == ReturnConsumedCapacity::None {
            return;
        }
        let out = answer.member("ConsumedCapacity");
        crate::json::write_list(out, elements, |out, (table, units)| {
            let mut element = ObjectWriter::begin(out);
            self.write_table(&mut element, table, units);
            element.end();
        });
    }

    fn write_table(self, object: &mut ObjectWriter<'_>, table: &str, units: f64) {
        object.string("TableName", table);
        object.double("CapacityUnits", units);
        if self == ReturnConsumedCapacity::Indexes {
            object.object("Table", |table| table.double("CapacityUnits", units));
        }
    }
}
