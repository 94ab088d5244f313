//! Lines and columns, as sqlparser counts them, to byte offsets.

use crate::Position;
use sqlparser::ast::{Expr, Ident, Spanned};
use sqlparser::tokenizer::Location;

/// The byte offset of a location (line and column count from 1, columns count characters).
pub(crate) fn byte_offset(text: &str, location: Location) -> Position {
    if location.line == 0 || location.column == 0 {
        return None;
    }
    let mut start = 0;
    for _ in 1..location.line {
        start += text[start..].find('\n')? + 1;
    }
    let column = usize::try_from(location.column - 1).ok()?;
    match text[start..].char_indices().nth(column) {
        Some((offset, _)) => Some(start + offset),
        None => Some(text.len()),
    }
}

pub(crate) fn ident_position(text: &str, ident: &Ident) -> Position {
    byte_offset(text, ident.span.start)
}

pub(crate) fn expr_position(text: &str, expr: &Expr) -> Position {
    byte_offset(text, expr.span().start)
}
