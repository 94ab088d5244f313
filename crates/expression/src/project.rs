//! Cuts the parts that paths name out of items: projections, and the parts of an item that an update touched.
//!
//! Maps keep only the named members, lists only the named elements, which move up in the order of their indexes. A document in which
//! nothing is found is left out.

use crate::{Action, Path, Projection, Step, Update};
use shale_item::{AttributeValue, Item, ItemView, ValueView};
use std::collections::BTreeMap;

impl Projection {
    /// The parts of the item that the paths name; list elements move up, as in DynamoDB.
    pub fn project(&self, item: ItemView<'_>) -> Item {
        cut(&self.paths, |name| item.get(name))
    }
}

impl Update {
    /// What the update touches of the item as it was (UPDATED_OLD).
    pub fn updated_old(&self, old: &Item) -> Item {
        cut(self.targets(), |name| old.get(name))
    }

    /// What the update touched of the item as it became (UPDATED_NEW): no removed paths, behind which other elements may have moved up.
    pub fn updated_new(&self, new: &Item) -> Item {
        let written = self.actions.iter().filter_map(|action| match action {
            Action::Remove(_) => None,
            written => Some(written.target()),
        });
        cut(written, |name| new.get(name))
    }
}

/// The parts of a decoded item that the paths name, cut out as [`Projection::project`] does.
pub fn part_of(item: &Item, paths: &[Path]) -> Item {
    cut(paths, |name| item.get(name))
}

/// A document that paths lead into.
trait Document: Copy {
    fn field(self, name: &str) -> Option<Self>;
    fn element(self, index: usize) -> Option<Self>;
    fn decoded(self) -> AttributeValue;
}

impl Document for ValueView<'_> {
    fn field(self, name: &str) -> Option<Self> {
        match self {
            ValueView::M(map) => map.get(name),
            _ => None,
        }
    }
    fn element(self, index: usize) -> Option<Self> {
        match self {
            ValueView::L(list) => list.get(index),
            _ => None,
        }
    }
    fn decoded(self) -> AttributeValue {
        self.to_value()
    }
}

impl Document for &AttributeValue {
    fn field(self, name: &str) -> Option<Self> {
        match self {
            AttributeValue::M(members) => members.get(name),
            _ => None,
        }
    }
    fn element(self, index: usize) -> Option<Self> {
        match self {
            AttributeValue::L(elements) => elements.get(index),
            _ => None,
        }
    }
    fn decoded(self) -> AttributeValue {
        self.clone()
    }
}

fn cut<'p, D: Document>(
    paths: impl IntoIterator<Item = &'p Path>,
    get: impl Fn(&str) -> Option<D>,
) -> Item {
    let mut parts = Item::new();
    let mut nested = Vec::new();
    for path in paths {
        if !path.steps.is_empty() {
            nested.push(path);
        } else if let Some(value) = get(&path.root) {
            parts.insert(path.root.clone(), value.decoded());
        }
    }
    // Sorted, the paths below one document stand together, and a list's elements in order.
    nested.sort();
    for group in nested.chunk_by(|left, right| left.root == right.root) {
        let root = &group[0].root;
        if parts.contains_key(root) {
            continue;
        }
        if let Some(part) = get(root).and_then(|value| cut_value(value, group, 0)) {
            parts.insert(root.clone(), part);
        }
    }
    parts
}

/// What paths that agree in their first `depth` steps name of the value there.
fn cut_value<D: Document>(value: D, paths: &[&Path], depth: usize) -> Option<AttributeValue> {
    let step_of = |path: &Path| path.steps.get(depth).cloned();
    if paths.iter().any(|path| path.steps.len() == depth) {
        return Some(value.decoded());
    }
    let (mut members, mut elements) = (BTreeMap::new(), Vec::new());
    for group in paths.chunk_by(|left, right| left.steps.get(depth) == right.steps.get(depth)) {
        match step_of(group[0])? {
            Step::Field(name) => {
                let member = value.field(&name);
                if let Some(part) = member.and_then(|member| cut_value(member, group, depth + 1)) {
                    members.insert(name, part);
                }
            }
            Step::Index(index) => {
                let element = value.element(index);
                elements.extend(element.and_then(|element| cut_value(element, group, depth + 1)));
            }
        }
    }
    // A value is a map or a list, so at most one of the two has found anything.
    if !members.is_empty() {
        Some(AttributeValue::M(members))
    } else if !elements.is_empty() {
        Some(AttributeValue::L(elements))
    } else {
        None
    }
}
