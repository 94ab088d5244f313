//! ReturnConsumedCapacity, and the capacity in answers.

use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::json::{ObjectWriter, Structure};
use crate::service::Service;
use shale_engine::IndexKind;
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
            .enumeration(text.as_deref(), "ReturnConsumedCapacity", &values)
            .unwrap_or_default())
    }

    /// Writes the member of an operation on one table without indexes, if it was asked for.
    pub(crate) fn write(self, answer: &mut ObjectWriter<'_>, table: &str, units: f64) {
        if self != ReturnConsumedCapacity::None {
            answer.object("ConsumedCapacity", |member| {
                self.write_table(member, table, &Consumed::of_table(units), None);
            });
        }
    }

    /// Writes the member of an operation on one table, if it was asked for.
    pub(crate) fn write_consumed(
        self,
        answer: &mut ObjectWriter<'_>,
        table: &str,
        consumed: impl FnOnce() -> Consumed,
    ) {
        if self != ReturnConsumedCapacity::None {
            let consumed = consumed();
            answer.object("ConsumedCapacity", |member| {
                self.write_table(member, table, &consumed, None);
            });
        }
    }

    /// Writes the member of an operation on many tables, if it was asked for.
    pub(crate) fn write_all(self, answer: &mut ObjectWriter<'_>, tables: &BTreeMap<String, f64>) {
        let tables = tables.iter();
        let tables = tables.map(|(table, units)| (table.as_str(), Consumed::of_table(*units)));
        self.write_each(answer, tables);
    }

    /// Writes the member with an element for each of these, if it was asked for.
    pub(crate) fn write_each<'t>(
        self,
        answer: &mut ObjectWriter<'_>,
        elements: impl Iterator<Item = (&'t str, Consumed)>,
    ) {
        self.write_list(answer, elements, None);
    }

    /// Writes the member of a transaction, if it was asked for: an element for each table, in the order of their first actions.
    pub(crate) fn write_transaction<'t>(
        self,
        answer: &mut ObjectWriter<'_>,
        direction: Direction,
        actions: impl Iterator<Item = (&'t str, Consumed)>,
    ) {
        if self == ReturnConsumedCapacity::None {
            return;
        }
        let mut tables: Vec<(&str, Consumed)> = Vec::new();
        for (table, consumed) in actions {
            match tables.iter_mut().find(|(name, _)| *name == table) {
                Some((_, sum)) => sum.add(consumed),
                None => tables.push((table, consumed)),
            }
        }
        self.write_list(answer, tables.into_iter(), Some(direction));
    }

    fn write_list<'t>(
        self,
        answer: &mut ObjectWriter<'_>,
        elements: impl Iterator<Item = (&'t str, Consumed)>,
        direction: Option<Direction>,
    ) {
        if self == ReturnConsumedCapacity::None {
            return;
        }
        let out = answer.member("ConsumedCapacity");
        crate::json::write_list(out, elements, |out, (table, consumed)| {
            let mut element = ObjectWriter::begin(out);
            self.write_table(&mut element, table, &consumed, direction);
            element.end();
        });
    }

    fn write_table(
        self,
        object: &mut ObjectWriter<'_>,
        table: &str,
        consumed: &Consumed,
        direction: Option<Direction>,
    ) {
        object.string("TableName", table);
        write_units(object, consumed.total(), direction);
        if self != ReturnConsumedCapacity::Indexes {
            return;
        }
        object.object("Table", |table| {
            write_units(table, consumed.table, direction);
        });
        for (member, indexes) in [
            ("LocalSecondaryIndexes", &consumed.local),
            ("GlobalSecondaryIndexes", &consumed.global),
        ] {
            if !indexes.is_empty() {
                object.object(member, |object| {
                    for (name, units) in indexes {
                        object.object(name, |index| write_units(index, *units, direction));
                    }
                });
            }
        }
    }
}

/// Whether units are those of reading or of writing; transactions tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

fn write_units(object: &mut ObjectWriter<'_>, units: f64, direction: Option<Direction>) {
    object.double("CapacityUnits", units);
    match direction {
        Some(Direction::Read) => object.double("ReadCapacityUnits", units),
        Some(Direction::Write) => object.double("WriteCapacityUnits", units),
        None => {}
    }
}

/// Units of a table and of its indexes by name.
#[derive(Debug, Default)]
pub(crate) struct Consumed {
    table: f64,
    local: BTreeMap<String, f64>,
    global: BTreeMap<String, f64>,
}

impl Consumed {
    /// Units of a table alone.
    pub(crate) fn of_table(units: f64) -> Consumed {
        Consumed {
            table: units,
            ..Consumed::default()
        }
    }

    /// Units of a table and some of its indexes.
    pub(crate) fn with_indexes<'i>(
        service: &Service,
        table: &str,
        units: f64,
        indexes: impl Iterator<Item = (&'i String, f64)>,
    ) -> Consumed {
        let mut consumed = Consumed::of_table(units);
        let mut indexes = indexes.peekable();
        if indexes.peek().is_none() {
            return consumed;
        }
        let description = service.engine.describe_table(table).ok();
        for (name, units) in indexes {
            let derived = description.as_ref().map(|table| &table.definition.derived);
            let index = derived.and_then(|derived| derived.index(name));
            let of_kind = match index.map(|index| index.kind) {
                Some(IndexKind::Local) => &mut consumed.local,
                // Those that are gone by now were global: only they can go.
                Some(IndexKind::Global) | None => &mut consumed.global,
            };
            *of_kind.entry(name.clone()).or_default() += units;
        }
        consumed
    }

    fn add(&mut self, other: Consumed) {
        self.table += other.table;
        for (name, units) in other.local {
            *self.local.entry(name).or_default() += units;
        }
        for (name, units) in other.global {
            *self.global.entry(name).or_default() += units;
        }
    }

    fn total(&self) -> f64 {
        let indexes = self.local.values().chain(self.global.values());
        self.table + indexes.sum::<f64>()
    }
}
