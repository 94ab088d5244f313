//! The table's side of a lookup join.
//!
//! It is a read of a table, with projections and filters above it that each row passes by itself. The read is replaced by one of the items
//! with given key values; the rest stays.

use super::unreadable;
use crate::explain::describe_read;
use crate::relation::{ColumnSource, RelationColumn};
use crate::table::{ItemsExec, Parts, comparable, key_value};
use datafusion::common::{Result, ScalarValue};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{PhysicalExpr, PhysicalExprRef};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::projection::ProjectionExec;
use shale_expression::{Comparison, Condition, Operand, Path};
use shale_item::{AttributeType, AttributeValue, Item, Number};
use shale_sql::access::{self, Access, AccessPath, KEYS_MAX, Needs};
use shale_sql::{PlanNode, estimate};
use std::sync::Arc;

/// Operators that change no row, whose place a single task does not need.
const TRANSPARENT: &[&str] = &[
    "CoalesceBatchesExec",
    "CoalescePartitionsExec",
    "CooperativeExec",
    "RepartitionExec",
];

/// The table's side.
#[derive(Debug)]
pub(super) struct Inner {
    parts: Parts,
    /// Operators above the read, the lowest first.
    above: Vec<Arc<dyn ExecutionPlan>>,
    keys: Vec<Key>,
}

/// A column that is looked up.
#[derive(Debug)]
struct Key {
    column: RelationColumn,
    /// Its value, computed from a row of the other side.
    value: Arc<dyn PhysicalExpr>,
}

impl Inner {
    /// What can be looked up in that plan by these pairs of its columns and the other side's values; `None` if nothing can.
    pub(super) fn of(
        plan: &Arc<dyn ExecutionPlan>,
        pairs: &[(PhysicalExprRef, PhysicalExprRef)],
    ) -> Option<Inner> {
        let mut columns: Vec<Option<usize>> = pairs
            .iter()
            .map(|(inner, _)| inner.downcast_ref::<Column>().map(Column::index))
            .collect();
        let mut above = Vec::new();
        let mut plan = plan;
        while !plan.is::<ItemsExec>() {
            if plan.fetch().is_some() {
                return None;
            }
            if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
                let below = |column: usize| {
                    let expression = &projection.expr().get(column)?.expr;
                    expression.downcast_ref::<Column>().map(Column::index)
                };
                columns = columns.into_iter().map(|column| below(column?)).collect();
                above.push(Arc::clone(plan));
            } else if let Some(filter) = plan.downcast_ref::<FilterExec>() {
                if let Some(projection) = filter.projection() {
                    let below = |column: usize| projection.get(column).copied();
                    columns = columns.into_iter().map(|column| below(column?)).collect();
                }
                above.push(Arc::clone(plan));
            } else if !TRANSPARENT.contains(&plan.name()) {
                return None;
            }
            let [input] = plan.children()[..] else {
                return None;
            };
            plan = input;
        }
        above.reverse();
        let parts = plan.downcast_ref::<ItemsExec>()?.parts();
        if parts.access.path != AccessPath::Scan || parts.limit.is_some() {
            return None;
        }
        let keys = columns.into_iter().zip(pairs).filter_map(|(column, pair)| {
            let column = parts.columns.get(column?)?;
            let usable =
                column.source == ColumnSource::Attribute && comparable(column, &parts.description);
            usable.then(|| Key {
                column: column.clone(),
                value: Arc::clone(&pair.1),
            })
        });
        let mut inner = Inner {
            parts: Parts {
                segments: 1,
                ..parts.clone()
            },
            above,
            keys: keys.collect(),
        };
        inner.keep_keys();
        (!inner.keys.is_empty()).then_some(inner)
    }

    /// Keeps the columns without which the items could not be looked up, none if they cannot.
    fn keep_keys(&mut self) {
        if !self.is_looked_up() {
            self.keys.clear();
            return;
        }
        // The fewest that choose the same path: what else is equal is for the join to check.
        let mut position = self.keys.len();
        while position > 0 {
            position -= 1;
            let path = std::mem::discriminant(&self.sample().path);
            let key = self.keys.remove(position);
            if !self.is_looked_up() || std::mem::discriminant(&self.sample().path) != path {
                self.keys.insert(position, key);
            }
        }
    }

    fn is_looked_up(&self) -> bool {
        match &self.sample().path {
            AccessPath::KeyLookup { .. } | AccessPath::RangeScan { .. } => true,
            AccessPath::IndexScan(scan) => scan.partitions.is_some(),
            AccessPath::Nothing | AccessPath::Scan => false,
        }
    }

    /// The access to the items with one value of each key.
    fn sample(&self) -> Access {
        let values: Vec<AttributeValue> = self
            .keys
            .iter()
            .map(|key| match key.column.sql_type.attribute_type() {
                Some(AttributeType::N) => AttributeValue::N(Number::from(1_i64)),
                Some(AttributeType::B) => AttributeValue::B(vec![0].into()),
                _ => AttributeValue::S("x".to_owned()),
            })
            .collect();
        self.access(self.equal(values))
    }

    /// What the keys are computed from, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Arc<dyn PhysicalExpr>> {
        self.keys.iter().map(|key| &key.value)
    }

    /// Items of the table that are read without lookups.
    pub(super) fn scanned_items(&self) -> f64 {
        estimate(&self.parts.description, &self.parts.access, None).items_read
    }

    /// Items that one key is expected to have, and whether they are completed from the table.
    pub(super) fn items_per_key(&self) -> (f64, bool) {
        let access = self.sample();
        let whole = matches!(&access.path, AccessPath::IndexScan(scan) if scan.whole_items);
        let expected = estimate(&self.parts.description, &access, None);
        (expected.items_read, whole)
    }

    fn equal(&self, values: Vec<AttributeValue>) -> Vec<Condition> {
        let keys = self.keys.iter().zip(values);
        keys.map(|(key, value)| {
            let value = Operand::constant(value);
            Condition::Compare(operand(&key.column), Comparison::Eq, value)
        })
        .collect()
    }

    /// The access for these conditions and those of the table's side itself.
    fn access(&self, mut conditions: Vec<Condition>) -> Access {
        let Parts {
            view,
            description,
            access,
            columns,
            ..
        } = &self.parts;
        conditions.extend(access.residual.clone());
        let condition = Some(Condition::And(conditions));
        if view.is_past() {
            // Indexes have no history.
            return access::choose(&description.definition.key_schema, condition);
        }
        let attributes = columns.iter().map(|column| match column.source {
            ColumnSource::Attribute => Some(column.name.clone()),
            ColumnSource::Item => None,
        });
        let needs = Needs {
            attributes: attributes.collect(),
            limited: false,
            index: None,
        };
        access::choose_for(description, condition, &needs)
    }

    /// A plan that reads the items with these values, and maybe others.
    pub(super) fn plan(
        &self,
        keys: &[Vec<ScalarValue>],
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let items = ItemsExec::of_all(self.parts.clone(), self.accesses(keys)?, metrics.clone());
        let mut plan: Arc<dyn ExecutionPlan> = Arc::new(items);
        for operator in &self.above {
            plan = Arc::clone(operator).replace_children(
                vec![plan],
                ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
            )?;
        }
        Ok(plan)
    }

    /// The accesses that reach all items with these values.
    fn accesses(&self, keys: &[Vec<ScalarValue>]) -> Result<Vec<Access>> {
        let mut tuples = Vec::with_capacity(keys.len());
        for key in keys {
            let values = self.keys.iter().zip(key);
            let values: Option<Vec<AttributeValue>> = values
                .map(|(key, value)| key_value(&key.column, &self.parts.description, value))
                .collect();
            match values {
                Some(values) => tuples.push(values),
                // A value that cannot be looked up: all items are read, and the join finds those that match.
                None => return Ok(vec![self.parts.access.clone()]),
            }
        }
        if let [key] = self.keys.as_slice() {
            let values = tuples.into_iter().flatten().map(Operand::constant);
            let values: Vec<Operand> = values.collect();
            let chunks = values.chunks(KEYS_MAX).map(|values| {
                self.access(vec![Condition::In(operand(&key.column), values.to_vec())])
            });
            return Ok(chunks.collect());
        }
        // Several attributes at once: keys are looked up together, everything else one by one.
        let (mut together, mut accesses): (Vec<Item>, Vec<Access>) = (Vec::new(), Vec::new());
        let mut residual = None;
        for values in tuples {
            let access = self.access(self.equal(values));
            match access.path {
                AccessPath::Nothing => {}
                AccessPath::KeyLookup { keys } => {
                    together.extend(keys);
                    residual = access.residual;
                }
                AccessPath::Scan => return Err(unreadable("without a key")),
                path => accesses.push(Access {
                    path,
                    residual: access.residual,
                }),
            }
        }
        if !together.is_empty() {
            accesses.push(Access {
                path: AccessPath::KeyLookup { keys: together },
                residual,
            });
        }
        Ok(accesses)
    }

    /// Itself, as EXPLAIN shows it; with what was read.
    pub(super) fn describe(&self, metrics: Option<&ExecutionPlanMetricsSet>) -> PlanNode {
        let access = self.sample();
        let parts = Parts {
            access,
            ..self.parts.clone()
        };
        let items = match metrics {
            Some(metrics) => ItemsExec::with_metrics(parts, metrics.clone()),
            None => ItemsExec::new(parts),
        };
        let pairs = self.keys.iter().map(|key| {
            let value = crate::explain::text(&key.value);
            format!("{} = {value}", key.column.name)
        });
        let condition = pairs.collect::<Vec<_>>().join(" AND ");
        let mut node = describe_read(&items, metrics.is_some());
        node.properties
            .retain(|property| !matches!(property.name, "Keys" | "Key condition" | "Partitions"));
        let mut about = PlanNode::new("")
            .with("Key condition", condition)
            .properties;
        about.append(&mut node.properties);
        node.properties = about;
        node
    }
}

fn operand(column: &RelationColumn) -> Operand {
    Operand::Path(Path {
        root: column.name.clone(),
        steps: Vec::new(),
    })
}
