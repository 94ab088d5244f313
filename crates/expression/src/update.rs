//! Applies updates to items.
//!
//! In two steps, so that a failing update leaves the item as it was: first every new value is computed and every path is checked
//! against the old item, then the results are written, which cannot fail. Writes go in path order, because elements set behind the end
//! of a list are appended in the order of their indexes; removals go last and backwards, because their indexes are the old list's.

use crate::{AbsentOperand, Action, EvaluationError, Path, SetValue, Step, Update};
use shale_item::{AttributeValue, EncodedItem, Item, Number};
use std::borrow::Cow;
use std::collections::BTreeSet;

#[cfg(test)]
mod tests;

/// A computed value, or nothing where an operand is absent and that does not fail.
type Computed<'a> = Result<Option<Cow<'a, AttributeValue>>, EvaluationError>;

impl Update {
    /// Applies the update to an item (empty where none was). New values, together, may have as many bytes as an item may, so that
    /// what an update needs of memory does not grow with how often it names a large value.
    ///
    /// # Errors
    /// An [`EvaluationError`]; the item is then unchanged.
    pub fn apply(&self, item: &mut Item, bytes_max: usize) -> Result<(), EvaluationError> {
        if self.checks.is_empty() {
            return self.write_to(item, bytes_max);
        }
        let mut after = item.clone();
        self.write_to(&mut after, bytes_max)?;
        self.check(&after)?;
        *item = after;
        Ok(())
    }

    fn write_to(&self, item: &mut Item, bytes_max: usize) -> Result<(), EvaluationError> {
        let (mut writes, mut removals) = (Vec::new(), Vec::new());
        let mut room = Room {
            used: 0,
            limit: bytes_max,
        };
        for action in &self.actions {
            let path = action.target();
            check_target(item, path)?;
            let effect = self.result_of(action, item, &mut room)?;
            match self.obeying_rules(path, effect)? {
                Effect::Write(value) => writes.push((path, value)),
                Effect::Remove => removals.push(path),
                Effect::Nothing => {}
            }
        }
        writes.sort_by_key(|(path, _)| *path);
        for (path, value) in writes {
            write(item, path, value);
        }
        removals.sort_by(|left, right| right.cmp(left));
        for path in removals {
            remove(item, path);
        }
        Ok(())
    }

    /// Whether the item that was made obeys the checks.
    fn check(&self, item: &Item) -> Result<(), EvaluationError> {
        let encoded = EncodedItem::encode(item);
        let mut checks = self.checks.iter();
        match checks.find(|check| check.violated_if.evaluate(encoded.view())) {
            None => Ok(()),
            Some(check) => Err(EvaluationError::CheckViolated(check.name.clone())),
        }
    }

    /// The paths the update writes, in order.
    pub fn targets(&self) -> impl Iterator<Item = &Path> {
        self.actions.iter().map(Action::target)
    }

    fn result_of(
        &self,
        action: &Action,
        item: &Item,
        room: &mut Room,
    ) -> Result<Effect, EvaluationError> {
        Ok(match action {
            Action::Set(_, value) => match self.compute(value, item, room)? {
                Some(value) => Effect::Write(room.take(value)?),
                None => Effect::Remove,
            },
            Action::Remove(_) => Effect::Remove,
            Action::Add(path, value) => Effect::Write(match lookup(item, path) {
                Some(old) => room.take(Cow::Owned(sum(old, value)?))?,
                None => room.take(Cow::Borrowed(addable(value)?))?,
            }),
            Action::Delete(path, value) => match lookup(item, path) {
                Some(old) => match difference(old, value)? {
                    Some(rest) => Effect::Write(room.take(Cow::Owned(rest))?),
                    None => Effect::Remove,
                },
                None => Effect::Nothing,
            },
        })
    }

    /// The effect as the rule about its path has it.
    fn obeying_rules(&self, path: &Path, effect: Effect) -> Result<Effect, EvaluationError> {
        let Some(rule) = self.rules.iter().find(|rule| rule.path == *path) else {
            return Ok(effect);
        };
        match (effect, &rule.range) {
            (Effect::Write(AttributeValue::N(number)), Some(range)) => {
                let number = range.scale.map_or(number, |scale| number.rounded(scale));
                if (range.low..=range.high).contains(&number) {
                    Ok(Effect::Write(AttributeValue::N(number)))
                } else {
                    Err(EvaluationError::OutOfRange(path.clone()))
                }
            }
            (Effect::Write(AttributeValue::Null) | Effect::Remove, _) if rule.required => {
                Err(EvaluationError::ValueRequired(path.clone()))
            }
            (effect, _) => Ok(effect),
        }
    }

    fn compute<'a>(&self, value: &'a SetValue, item: &'a Item, room: &Room) -> Computed<'a> {
        match value {
            SetValue::Value(value) => Ok(Some(Cow::Borrowed(value))),
            SetValue::Path(path) => match (lookup(item, path), self.absent_operand) {
                (Some(value), _) => Ok(Some(Cow::Borrowed(value))),
                (None, AbsentOperand::Removes) => Ok(None),
                (None, AbsentOperand::Fails) => Err(EvaluationError::AbsentOperand(path.clone())),
            },
            SetValue::IfNotExists(path, otherwise) => match lookup(item, path) {
                Some(value) => Ok(Some(Cow::Borrowed(value))),
                None => self.compute(otherwise, item, room),
            },
            SetValue::ListAppend(first, second) => {
                let first = self.compute(first, item, room)?;
                let second = self.compute(second, item, room)?;
                let (Some(first), Some(second)) = (first, second) else {
                    return Ok(None);
                };
                // One list instead of two.
                let saved = AttributeValue::L(Vec::new()).size();
                room.check((first.size() + second.size()).saturating_sub(saved))?;
                let mut list = into_list(first)?;
                list.extend(into_list(second)?);
                Ok(Some(Cow::Owned(AttributeValue::L(list))))
            }
            SetValue::Plus(left, right) => {
                let operands = (
                    self.compute(left, item, room)?,
                    self.compute(right, item, room)?,
                );
                arithmetic("+", operands, Number::checked_add)
            }
            SetValue::Minus(left, right) => {
                let operands = (
                    self.compute(left, item, room)?,
                    self.compute(right, item, room)?,
                );
                arithmetic("-", operands, Number::checked_sub)
            }
        }
    }
}

fn arithmetic<'a>(
    operator: &'static str,
    operands: (
        Option<Cow<'a, AttributeValue>>,
        Option<Cow<'a, AttributeValue>>,
    ),
    calculate: fn(Number, Number) -> Result<Number, shale_item::NumberError>,
) -> Computed<'a> {
    let (Some(left), Some(right)) = operands else {
        return Ok(None);
    };
    let number = |value: &AttributeValue| match value {
        AttributeValue::N(number) => Ok(*number),
        other => Err(operand_type(operator, other)),
    };
    let result = calculate(number(&left)?, number(&right)?)?;
    Ok(Some(Cow::Owned(AttributeValue::N(result))))
}

/// Bytes that the new values of one update take. The paths of an update do not overlap, so all of them are in the item in the end.
struct Room {
    used: usize,
    limit: usize,
}

impl Room {
    /// Whether so many bytes more would fit; asked before anything is copied.
    fn check(&self, bytes: usize) -> Result<(), EvaluationError> {
        match self.used + bytes {
            bytes if bytes > self.limit => Err(EvaluationError::TooLarge {
                bytes,
                limit: self.limit,
            }),
            _ => Ok(()),
        }
    }

    fn take(&mut self, value: Cow<'_, AttributeValue>) -> Result<AttributeValue, EvaluationError> {
        let bytes = value.size();
        self.check(bytes)?;
        self.used += bytes;
        Ok(value.into_owned())
    }
}

/// What an action does to its path.
enum Effect {
    Write(AttributeValue),
    Remove,
    Nothing,
}

fn operand_type(operator: &'static str, value: &AttributeValue) -> EvaluationError {
    EvaluationError::OperandType {
        operator,
        actual: value.attribute_type(),
    }
}

fn into_list(value: Cow<'_, AttributeValue>) -> Result<Vec<AttributeValue>, EvaluationError> {
    match value {
        Cow::Owned(AttributeValue::L(elements)) => Ok(elements),
        Cow::Borrowed(AttributeValue::L(elements)) => Ok(elements.clone()),
        other => Err(operand_type("list_append", &other)),
    }
}

fn addable(value: &AttributeValue) -> Result<&AttributeValue, EvaluationError> {
    match value {
        AttributeValue::N(_)
        | AttributeValue::Ss(_)
        | AttributeValue::Ns(_)
        | AttributeValue::Bs(_) => Ok(value),
        other => Err(operand_type("ADD", other)),
    }
}

/// `ADD`: the sum of numbers, the union of sets.
fn sum(old: &AttributeValue, value: &AttributeValue) -> Result<AttributeValue, EvaluationError> {
    addable(value)?;
    Ok(match (old, value) {
        (AttributeValue::N(old), AttributeValue::N(value)) => {
            AttributeValue::N(old.checked_add(*value)?)
        }
        (AttributeValue::Ss(old), AttributeValue::Ss(value)) => AttributeValue::Ss(old | value),
        (AttributeValue::Ns(old), AttributeValue::Ns(value)) => AttributeValue::Ns(old | value),
        (AttributeValue::Bs(old), AttributeValue::Bs(value)) => AttributeValue::Bs(old | value),
        (old, _) => return Err(operand_type("ADD", old)),
    })
}

/// `DELETE`: the set without the value's elements; `None` if that is empty.
fn difference(
    old: &AttributeValue,
    value: &AttributeValue,
) -> Result<Option<AttributeValue>, EvaluationError> {
    fn rest<T: Ord + Clone>(old: &BTreeSet<T>, value: &BTreeSet<T>) -> Option<BTreeSet<T>> {
        let rest = old - value;
        (!rest.is_empty()).then_some(rest)
    }
    Ok(match (old, value) {
        (AttributeValue::Ss(old), AttributeValue::Ss(value)) => {
            rest(old, value).map(AttributeValue::Ss)
        }
        (AttributeValue::Ns(old), AttributeValue::Ns(value)) => {
            rest(old, value).map(AttributeValue::Ns)
        }
        (AttributeValue::Bs(old), AttributeValue::Bs(value)) => {
            rest(old, value).map(AttributeValue::Bs)
        }
        (AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_), value) => {
            return Err(operand_type("DELETE", value));
        }
        (old, _) => return Err(operand_type("DELETE", old)),
    })
}

fn lookup<'a>(item: &'a Item, path: &Path) -> Option<&'a AttributeValue> {
    path.steps
        .iter()
        .try_fold(item.get(&path.root)?, |value, step| match (value, step) {
            (AttributeValue::M(members), Step::Field(name)) => members.get(name),
            (AttributeValue::L(elements), Step::Index(index)) => elements.get(*index),
            _ => None,
        })
}

/// A path can be written if what it ends in is there: a map for a member, a list for an element.
fn check_target(item: &Item, path: &Path) -> Result<(), EvaluationError> {
    let Some((last, parents)) = path.steps.split_last() else {
        return Ok(());
    };
    let parent = parents
        .iter()
        .try_fold(item.get(&path.root), |value, step| {
            Some(match (value?, step) {
                (AttributeValue::M(members), Step::Field(name)) => members.get(name),
                (AttributeValue::L(elements), Step::Index(index)) => elements.get(*index),
                _ => None,
            })
        });
    match (parent.flatten(), last) {
        (Some(AttributeValue::M(_)), Step::Field(_))
        | (Some(AttributeValue::L(_)), Step::Index(_)) => Ok(()),
        _ => Err(EvaluationError::InvalidPath(path.clone())),
    }
}

/// The document that holds the last step of a checked path with steps, and that step.
fn parent_of<'i, 'p>(
    item: &'i mut Item,
    path: &'p Path,
) -> Option<(&'i mut AttributeValue, &'p Step)> {
    let (last, parents) = path.steps.split_last()?;
    let parent = parents
        .iter()
        .try_fold(item.get_mut(&path.root)?, |value, step| {
            match (value, step) {
                (AttributeValue::M(members), Step::Field(name)) => members.get_mut(name),
                (AttributeValue::L(elements), Step::Index(index)) => elements.get_mut(*index),
                _ => None,
            }
        })?;
    Some((parent, last))
}

fn write(item: &mut Item, path: &Path, value: AttributeValue) {
    if path.steps.is_empty() {
        item.insert(path.root.clone(), value);
        return;
    }
    match parent_of(item, path) {
        Some((AttributeValue::M(members), Step::Field(name))) => {
            members.insert(name.clone(), value);
        }
        Some((AttributeValue::L(elements), Step::Index(index))) => match elements.get_mut(*index) {
            Some(element) => *element = value,
            None => elements.push(value),
        },
        // Only where the paths of an update overlap, against its promise.
        _ => {}
    }
}

fn remove(item: &mut Item, path: &Path) {
    if path.steps.is_empty() {
        item.remove(&path.root);
        return;
    }
    match parent_of(item, path) {
        Some((AttributeValue::M(members), Step::Field(name))) => {
            members.remove(name);
        }
        Some((AttributeValue::L(elements), Step::Index(index))) if *index < elements.len() => {
            elements.remove(*index);
        }
        _ => {}
    }
}
