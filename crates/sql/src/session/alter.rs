//! ALTER TABLE: the definition and the items together.
//!
//! In a block, and for tables of some thousand items, all of it is one transaction. In a larger table the definition changes first; then
//! the items follow one by one, while others read and write: a crash, or a cancelled statement, leaves the rest as it was, and the same
//! statement with IF NOT EXISTS does not go on with it. Constraints are held against all items in a transaction, whatever their number.

use super::{NoticeSeverity, Session};
use crate::bind::{Arguments, Parameters};
use crate::plan::alter::{AlterPlan, Step};
use crate::plan::check;
use crate::{Outcome, SqlError};
use shale_engine::{Engine, Error, Page, ReturnValues, Scan, Transaction, UpdateItem};
use shale_expression::{Action, Condition, Path, SetValue, Update};
use shale_item::{AttributeValue, EncodedItem, Item, KeySchema};

/// Items up to which everything is one transaction.
const ITEMS_TOGETHER: u64 = 10_000;
/// Bytes of items up to which it is: a record has 16 MB, and images before and after.
const BYTES_TOGETHER: u64 = 4 << 20;

impl Session {
    pub(super) async fn alter_table(
        &mut self,
        plan: &AlterPlan,
        tag: &str,
        transaction: Option<&Transaction>,
        now_micros: u64,
    ) -> Result<Outcome, SqlError> {
        for (sqlstate, message) in &plan.notices {
            self.notice(NoticeSeverity::Notice, sqlstate, message.clone());
        }
        let engine = &self.shared.engine;
        let name = &plan.table;
        if name.is_empty() {
            return Ok(Outcome::Done { tag: tag.into() });
        }
        match transaction {
            // What jobs do behind a change is begun by the engine itself.
            None if plan.steps.is_empty() => {
                engine.update_table(name, plan.changes.clone()).await?;
            }
            None if self.is_large(name)? => Box::pin(self.alter_large(plan, now_micros)).await?,
            transaction => {
                self.in_transaction_of(transaction, |transaction| {
                    transaction.update_table(name, &plan.changes)?;
                    let with = self.nothing_given(now_micros);
                    for step in &plan.steps {
                        take_step(transaction, name, step, &with)?;
                    }
                    Ok(())
                })
                .await?;
            }
        }
        Ok(Outcome::Done { tag: tag.into() })
    }

    fn is_large(&self, table: &str) -> Result<bool, SqlError> {
        let described = self.shared.engine.describe_table(table)?;
        Ok(described.item_count > ITEMS_TOGETHER || described.size_bytes > BYTES_TOGETHER)
    }

    fn nothing_given(&self, now_micros: u64) -> Arguments<'_> {
        self.shared
            .arguments(Parameters::Datums(&[]), &[], now_micros)
    }

    async fn alter_large(&self, plan: &AlterPlan, now_micros: u64) -> Result<(), SqlError> {
        let name = &plan.table;
        let engine = &self.shared.engine;
        self.in_transaction_of(None, |transaction| {
            transaction.update_table(name, &plan.changes)?;
            let with = self.nothing_given(now_micros);
            for step in &plan.steps {
                if let Step::Require(_) | Step::Obey(_) = step {
                    take_step(transaction, name, step, &with)?;
                }
            }
            Ok(())
        })
        .await?;
        let schema = engine.describe_table(name)?.definition.key_schema.clone();
        for step in &plan.steps {
            let Some(change) = Rewrite::of(step) else {
                continue;
            };
            let mut scan = scan_of(name);
            loop {
                let page = engine.scan(&scan)?;
                for item in &page.items {
                    let update = {
                        let with = self.nothing_given(now_micros);
                        change.update(name, &schema, item, &with)?
                    };
                    write(engine, update).await?;
                }
                scan.exclusive_start_key = page.last_evaluated_key;
                if scan.exclusive_start_key.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }
}

async fn write(engine: &Engine, update: Option<UpdateItem>) -> Result<(), SqlError> {
    let Some(update) = update else {
        return Ok(());
    };
    match engine.update_item(update).await {
        // Somebody has deleted it, or has written the attribute.
        Ok(_) | Err(Error::ConditionFailed { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn take_step(
    transaction: &Transaction,
    table: &str,
    step: &Step,
    with: &Arguments<'_>,
) -> Result<(), SqlError> {
    let view = transaction.view();
    let description = view.describe_table(table)?;
    let schema = &description.definition.key_schema;
    let obeyed = match step {
        Step::Obey(check) => check::lowered(std::slice::from_ref(check), with)?,
        _ => Vec::new(),
    };
    let mut scan = scan_of(table);
    loop {
        let page: Page = view.scan(&scan)?;
        for item in &page.items {
            match step {
                Step::Require(column) if is_null(item, column) => {
                    return Err(SqlError::Other {
                        sqlstate: "23502",
                        message: format!(
                            "column \"{column}\" of relation \"{table}\" contains null values"
                        ),
                        hint: None,
                    });
                }
                Step::Obey(check) => {
                    let violated = obeyed.iter();
                    let mut violated = violated.map(|check| &check.violated_if);
                    if violated.any(|violated| violated.evaluate(item.view())) {
                        return Err(SqlError::Other {
                            sqlstate: "23514",
                            message: format!(
                                "check constraint \"{}\" of relation \"{table}\" is violated by some row",
                                check.name
                            ),
                            hint: None,
                        });
                    }
                }
                _ => {}
            }
            if let Some(change) = Rewrite::of(step)
                && let Some(update) = change.update(table, schema, item, with)?
            {
                transaction.update_item(&update)?;
            }
        }
        scan.exclusive_start_key = page.last_evaluated_key;
        if scan.exclusive_start_key.is_none() {
            return Ok(());
        }
    }
}

fn is_null(item: &EncodedItem, attribute: &str) -> bool {
    match item.view().get(attribute) {
        None => true,
        Some(value) => value.attribute_type() == shale_item::AttributeType::Null,
    }
}

/// A step that changes items.
struct Rewrite<'a>(&'a Step);

impl<'a> Rewrite<'a> {
    fn of(step: &'a Step) -> Option<Rewrite<'a>> {
        match step {
            Step::Fill { .. } | Step::Remove(_) => Some(Rewrite(step)),
            Step::Require(_) | Step::Obey(_) => None,
        }
    }

    /// How an item changes; none if it does not.
    fn update(
        &self,
        table: &str,
        schema: &KeySchema,
        item: &EncodedItem,
        with: &Arguments<'_>,
    ) -> Result<Option<UpdateItem>, SqlError> {
        let (column, action) = match self.0 {
            Step::Fill {
                column,
                sql_type,
                value,
            } if item.view().get(column).is_none() => match value.attribute(with, sql_type)? {
                Some(value) => (
                    column,
                    Action::Set(Path::attribute(column), constant(value)),
                ),
                None => return Ok(None),
            },
            Step::Remove(column) if item.view().get(column).is_some() => {
                (column, Action::Remove(Path::attribute(column)))
            }
            _ => return Ok(None),
        };
        let whole: Item = item.to_item();
        let key = schema.key_of(&whole).map_err(Error::Key)?;
        let there = Condition::AttributeExists(Path::attribute(&schema.partition.name));
        let condition = match action {
            Action::Set(..) => Condition::And(vec![
                there,
                Condition::AttributeNotExists(Path::attribute(column)),
            ]),
            _ => there,
        };
        let update = Update {
            actions: vec![action],
            ..Update::default()
        };
        Ok(Some(UpdateItem {
            table: table.to_owned(),
            key: schema.to_attributes(&key),
            update: Some(update),
            condition: Some(condition),
            return_values: ReturnValues::None,
            return_item_on_failure: false,
        }))
    }
}

fn constant(value: AttributeValue) -> SetValue {
    SetValue::constant(value)
}

fn scan_of(table: &str) -> Scan {
    Scan {
        table: table.to_owned(),
        index: None,
        filter: None,
        limit: None,
        exclusive_start_key: None,
        segment: None,
        consistent: true,
        whole_items: false,
    }
}
