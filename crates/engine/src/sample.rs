//! Samples of tables whose sketches know too little, because the server was started since their items were written.
//!
//! The first items in the order of hashes are as good as any.

use crate::api::Scan;
use crate::definition::Space;
use crate::engine::Engine;
use crate::error::Error;
use crate::sketches::SAMPLE_ITEMS;

/// Takes the sample of one table of which a planner has asked. Says whether there was one.
pub(crate) fn step(engine: &Engine) -> Result<bool, Error> {
    let tables = engine.inner.applier.catalog.tables();
    let wished = tables.into_iter().find(|table| {
        let (items, _) = table.statistics.now();
        table.statistics.sketches.take_wish(items)
    });
    let Some(table) = wished else {
        return Ok(false);
    };
    let view = match table.space {
        Space::User => engine.read_view()?,
        Space::System => engine.system_tables().read_view()?,
    };
    let mut request = Scan {
        table: table.definition.name.clone(),
        index: None,
        whole_items: false,
        filter: None,
        limit: None,
        exclusive_start_key: None,
        segment: None,
        consistent: true,
    };
    let mut sampled = 0;
    while sampled < SAMPLE_ITEMS {
        let page = match view.scan(&request) {
            Ok(page) => page,
            // It was dropped meanwhile.
            Err(Error::TableNotFound { .. }) => break,
            Err(error) => return Err(error),
        };
        for item in &page.items {
            table.statistics.sketches.observe(item.view());
        }
        sampled += page.items.len() as u64;
        match page.last_evaluated_key {
            Some(key) => request.exclusive_start_key = Some(key),
            None => break,
        }
    }
    Ok(true)
}
