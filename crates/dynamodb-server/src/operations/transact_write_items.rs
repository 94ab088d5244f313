//! TransactWriteItems.

use super::capacity::{Consumed, Direction, ReturnConsumedCapacity};
use super::collection_metrics::{self, ReturnItemCollectionMetrics};
use super::transaction::client_request;
use super::write::return_item_on_failure;
use crate::attribute_value::decode_item_json;
use crate::constraints::Constraints;
use crate::exception::{Exception, Subject, internal};
use crate::expressions::{ExpressionAttributes, Legacy};
use crate::json::{Json, ObjectWriter, Structure};
use crate::messages;
use crate::service::Service;
use shale_engine::{
    ConditionCheck, DeleteItem, PutItem, ReturnValues, TransactAction, TransactWriteOutput,
    UpdateItem,
};
use std::borrow::Cow;

/// The documented limit of actions in a call.
const ACTIONS_MAX: usize = 100;

/// Which of its members a TransactWriteItem has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    ConditionCheck,
    Put,
    Delete,
    Update,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::ConditionCheck, Kind::Put, Kind::Delete, Kind::Update];

    fn member(self) -> &'static str {
        match self {
            Kind::ConditionCheck => "ConditionCheck",
            Kind::Put => "Put",
            Kind::Delete => "Delete",
            Kind::Update => "Update",
        }
    }

    /// Its name in the paths of messages.
    fn path(self) -> &'static str {
        match self {
            Kind::ConditionCheck => "ConditionCheck",
            Kind::Put => "Put",
            Kind::Delete => "Delete",
            Kind::Update => "Update",
        }
    }

    fn subject(self) -> Subject {
        match self {
            Kind::Put => Subject::Item,
            Kind::Update => Subject::Update,
            Kind::ConditionCheck | Kind::Delete => Subject::Key,
        }
    }
}

/// One action, its constraints checked.
struct Action<'a> {
    kind: Kind,
    table: String,
    /// The item of a put, the key of all others.
    attributes: Option<Json<'a>>,
    update: Option<Cow<'a, str>>,
    condition: Option<Cow<'a, str>>,
    return_item_on_failure: bool,
    /// What is left: the expressions' placeholders.
    structure: Structure<'a>,
}

pub(crate) async fn transact_write_items(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let mut constraints = Constraints::default();
    let token = constraints.client_request_token(&mut request)?;
    let client_request = client_request(token, || request.fingerprint());
    let capacity = ReturnConsumedCapacity::take(&mut request, &mut constraints)?;
    let metrics = ReturnItemCollectionMetrics::take(&mut request, &mut constraints)?;
    let list = request.list("TransactItems")?;
    let length = list.as_ref().map(Vec::len);
    constraints.list_length(length, "TransactItems", 1, ACTIONS_MAX);
    let mut taken = Vec::with_capacity(list.as_ref().map_or(0, Vec::len));
    let mut well_shaped = true;
    for (position, json) in list.unwrap_or_default().into_iter().enumerate() {
        let action = take_action(service, json, position + 1, &mut constraints)?;
        well_shaped &= action.is_some();
        taken.extend(action);
    }
    constraints.check()?;
    if !well_shaped {
        return Err(Exception::validation(messages::TRANSACT_ITEM_SHAPE));
    }

    let subjects: Vec<Subject> = taken.iter().map(|action| action.kind.subject()).collect();
    let actions: Result<Vec<_>, _> = taken.into_iter().map(decode_action).collect();
    let actions = actions?;
    let output = service
        .engine
        .transact_write(&actions, client_request.as_ref())
        .await
        .map_err(|error| {
            let tables = actions.iter().map(TransactAction::table);
            let parts: Vec<_> = subjects.into_iter().zip(tables).collect();
            service.transaction_exception(error, &parts)
        })?;
    Ok(answer(service, capacity, metrics, &actions, &output))
}

/// An action; none if it is not exactly one.
fn take_action<'a>(
    service: &Service,
    json: Json<'a>,
    number: usize,
    constraints: &mut Constraints,
) -> Result<Option<Action<'a>>, Exception> {
    let mut element = Structure::open(json, "TransactWriteItem")?;
    let mut action = None;
    let mut actions = 0;
    for kind in Kind::ALL {
        if let Some(structure) = element.structure(kind.member(), kind.member())? {
            actions += 1;
            action = Some(take_kind(service, kind, structure, number, constraints)?);
        }
    }
    Ok(action.filter(|_| actions == 1))
}

/// One member of an action.
fn take_kind<'a>(
    service: &Service,
    kind: Kind,
    mut structure: Structure<'a>,
    number: usize,
    constraints: &mut Constraints,
) -> Result<Action<'a>, Exception> {
    let path = |member: &str| format!("TransactItems.{number}.member.{}.{member}", kind.path());
    let table = constraints.table_name_at(service, &mut structure, &path("TableName"))?;
    constraints.attribute_names(&structure, &path(""));
    let attributes = match kind {
        Kind::Put => constraints.required(structure.take("Item"), &path("Item")),
        _ => constraints.required(structure.take("Key"), &path("Key")),
    };
    let update = match kind {
        Kind::Update => {
            let text = structure.string("UpdateExpression")?;
            constraints.required(text, &path("UpdateExpression"))
        }
        _ => None,
    };
    let mut condition = structure.string("ConditionExpression")?;
    if kind == Kind::ConditionCheck {
        condition = constraints.required(condition, &path("ConditionExpression"));
    }
    Ok(Action {
        kind,
        table: table.into_owned(),
        attributes,
        update,
        condition,
        return_item_on_failure: return_item_on_failure(
            &mut structure,
            constraints,
            &path("ReturnValuesOnConditionCheckFailure"),
        )?,
        structure,
    })
}

fn decode_action(action: Action<'_>) -> Result<TransactAction, Exception> {
    let Action {
        kind,
        table,
        attributes,
        update,
        condition,
        return_item_on_failure,
        mut structure,
    } = action;
    let attributes = attributes.map(decode_item_json).transpose()?;
    let attributes = attributes.unwrap_or_default();
    let given = [
        ("UpdateExpression", update.is_some()),
        ("ConditionExpression", condition.is_some()),
    ];
    let given = match kind {
        Kind::Update => &given[..],
        _ => &given[1..],
    };
    let placeholders = ExpressionAttributes::take(&mut structure, given, &Legacy::default())?;
    let mut expressions = placeholders.expressions();
    let update = update.map(|text| expressions.update(&text)).transpose()?;
    let condition = condition.map(|text| expressions.condition("ConditionExpression", &text));
    let condition = condition.transpose()?;
    expressions.finish()?;
    Ok(match kind {
        Kind::Put => TransactAction::Put(PutItem {
            table,
            item: attributes,
            condition,
            return_values: ReturnValues::None,
            return_item_on_failure,
        }),
        Kind::Update => TransactAction::Update(UpdateItem {
            table,
            key: attributes,
            update,
            condition,
            return_values: ReturnValues::None,
            return_item_on_failure,
        }),
        Kind::Delete => TransactAction::Delete(DeleteItem {
            table,
            key: attributes,
            condition,
            return_values: ReturnValues::None,
            return_item_on_failure,
        }),
        Kind::ConditionCheck => TransactAction::Check(ConditionCheck {
            table,
            key: attributes,
            condition: condition.ok_or_else(|| internal("a check without a condition"))?,
            return_item_on_failure,
        }),
    })
}

fn answer(
    service: &Service,
    capacity: ReturnConsumedCapacity,
    metrics: ReturnItemCollectionMetrics,
    actions: &[TransactAction],
    output: &TransactWriteOutput,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    let mut answer = ObjectWriter::begin(&mut out);
    let direction = match output.repeated {
        true => Direction::Read,
        false => Direction::Write,
    };
    let consumed = actions.iter().zip(&output.actions).map(|(action, output)| {
        let indexes = output.index_capacity.iter();
        let indexes = indexes.map(|(name, units)| (name, *units));
        let table = action.table();
        let consumed = Consumed::with_indexes(service, table, output.capacity, indexes);
        (table, consumed)
    });
    capacity.write_transaction(&mut answer, direction, consumed);
    let sizes = actions.iter().zip(&output.actions).map(|(action, output)| {
        let table = action.table();
        let key = metrics.key_of(service, table, action.attributes());
        (table, key, output.collection_bytes)
    });
    collection_metrics::write_each(&mut answer, sizes);
    answer.end();
    out
}
