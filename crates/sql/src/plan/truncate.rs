//! TRUNCATE.

use super::ddl::unsupported;
use crate::SqlError;
use sqlparser::ast::{ObjectName, Truncate};

/// The tables of a TRUNCATE. RESTART IDENTITY and CONTINUE IDENTITY are the same: no table has a sequence. So are CASCADE and RESTRICT: no
/// table refers to another one. Tables have no descendants, so that ONLY and `*` ask for nothing.
///
/// # Errors
/// 0A000 for what PostgreSQL does not have either.
pub(crate) fn plan(truncate: Truncate) -> Result<Vec<ObjectName>, SqlError> {
    if truncate.if_exists {
        return Err(unsupported("TRUNCATE with IF EXISTS", ""));
    }
    if truncate.partitions.is_some() || truncate.on_cluster.is_some() {
        return Err(unsupported("this form of TRUNCATE", ""));
    }
    let targets = truncate.table_names.into_iter();
    Ok(targets.map(|target| target.name).collect())
}
