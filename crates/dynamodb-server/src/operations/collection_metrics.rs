//! ReturnItemCollectionMetrics, and the sizes of item collections in answers.

use crate::attribute_value::write_item;
use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::json::{ObjectWriter, Structure, write_list};
use crate::service::Service;
use shale_item::Item;
use std::collections::BTreeMap;

/// What SizeEstimateRangeGB counts in.
const GIGABYTE: u64 = 1 << 30;

/// ReturnItemCollectionMetrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ReturnItemCollectionMetrics {
    /// The size of each collection that was written.
    Size,
    /// Nothing.
    #[default]
    None,
}

/// What names an item collection: the HASH attribute. None if that does not matter, or is not there.
pub(super) type CollectionKey = Option<Item>;

impl ReturnItemCollectionMetrics {
    /// Takes the parameter.
    pub(super) fn take(
        request: &mut Structure<'_>,
        constraints: &mut Constraints,
    ) -> Result<ReturnItemCollectionMetrics, Exception> {
        let text = request.string("ReturnItemCollectionMetrics")?;
        let values = [
            ("SIZE", ReturnItemCollectionMetrics::Size),
            ("NONE", ReturnItemCollectionMetrics::None),
        ];
        let path = "ReturnItemCollectionMetrics";
        let value = constraints.enumeration(text.as_deref(), path, &values);
        Ok(value.unwrap_or_default())
    }

    /// The key of the collection that an item or key belongs to, if it will be asked for.
    pub(super) fn key_of(self, service: &Service, table: &str, attributes: &Item) -> CollectionKey {
        if self == ReturnItemCollectionMetrics::None {
            return None;
        }
        let description = service.engine.describe_table(table).ok()?;
        let name = &description.definition.key_schema.partition.name;
        let value = attributes.get(name)?;
        Some(Item::from([(name.clone(), value.clone())]))
    }
}

/// Writes the member of a write of one item, if its collection has a size.
pub(super) fn write_one(answer: &mut ObjectWriter<'_>, key: &CollectionKey, bytes: Option<u64>) {
    if let (Some(key), Some(bytes)) = (key, bytes) {
        answer.object("ItemCollectionMetrics", |member| {
            write_members(member, key, bytes);
        });
    }
}

/// Writes the member of writes of many items: by table each collection once, in the order of the writes. Nothing if none has a size.
pub(super) fn write_each<'t>(
    answer: &mut ObjectWriter<'_>,
    writes: impl Iterator<Item = (&'t str, CollectionKey, Option<u64>)>,
) {
    let mut tables: BTreeMap<&str, Vec<(Item, u64)>> = BTreeMap::new();
    for (table, key, bytes) in writes {
        if let (Some(key), Some(bytes)) = (key, bytes) {
            let collections = tables.entry(table).or_default();
            match collections.iter_mut().find(|(other, _)| *other == key) {
                Some((_, newest)) => *newest = bytes,
                None => collections.push((key, bytes)),
            }
        }
    }
    if tables.is_empty() {
        return;
    }
    answer.object("ItemCollectionMetrics", |member| {
        for (table, collections) in tables {
            write_list(member.member(table), collections, |out, (key, bytes)| {
                let mut element = ObjectWriter::begin(out);
                write_members(&mut element, &key, bytes);
                element.end();
            });
        }
    });
}

fn write_members(object: &mut ObjectWriter<'_>, key: &Item, bytes: u64) {
    write_item(object.member("ItemCollectionKey"), key);
    let lower = bytes / GIGABYTE;
    let bounds = [lower, lower + 1];
    write_list(
        object.member("SizeEstimateRangeGB"),
        bounds,
        |out, bound| {
            out.extend_from_slice(format!("{bound}.0").as_bytes());
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use shale_item::AttributeValue;

    fn key(text: &str) -> CollectionKey {
        Some(Item::from([(
            "pk".to_owned(),
            AttributeValue::S(text.to_owned()),
        )]))
    }

    fn written(write: impl FnOnce(&mut ObjectWriter<'_>)) -> String {
        let mut out = Vec::new();
        let mut answer = ObjectWriter::begin(&mut out);
        write(&mut answer);
        answer.end();
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn sizes_lie_between_whole_gigabytes() {
        for (bytes, range) in [
            (0, "[0.0,1.0]"),
            (GIGABYTE - 1, "[0.0,1.0]"),
            (GIGABYTE, "[1.0,2.0]"),
            (10 * GIGABYTE + 5, "[10.0,11.0]"),
        ] {
            let text = written(|answer| write_one(answer, &key("a"), Some(bytes)));
            assert_eq!(
                text,
                format!(
                    r#"{{"ItemCollectionMetrics":{{"ItemCollectionKey":{{"pk":{{"S":"a"}}}},"SizeEstimateRangeGB":{range}}}}}"#
                )
            );
        }
        assert_eq!(written(|answer| write_one(answer, &key("a"), None)), "{}");
        assert_eq!(written(|answer| write_one(answer, &None, Some(1))), "{}");
    }

    #[test]
    fn each_collection_of_a_table_is_told_once() {
        let writes = [
            ("u", key("a"), Some(1)),
            ("t", key("b"), Some(1)),
            ("none", key("a"), None),
            ("t", key("a"), Some(1)),
            ("t", key("b"), Some(GIGABYTE)),
        ];
        expect![[r#"{"ItemCollectionMetrics":{"t":[{"ItemCollectionKey":{"pk":{"S":"b"}},"SizeEstimateRangeGB":[1.0,2.0]},{"ItemCollectionKey":{"pk":{"S":"a"}},"SizeEstimateRangeGB":[0.0,1.0]}],"u":[{"ItemCollectionKey":{"pk":{"S":"a"}},"SizeEstimateRangeGB":[0.0,1.0]}]}}"#]]
        .assert_eq(&written(|answer| write_each(answer, writes.into_iter())));
        assert_eq!(
            written(|answer| write_each(answer, std::iter::empty())),
            "{}"
        );
    }
}
