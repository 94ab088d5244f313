//! INSERT, UPDATE and DELETE, with what PartiQL adds to them: documents, `REMOVE`, `RETURNING ALL OLD *`.
//!
//! Not here: what they do (`plan`).

use super::statement::{Stmt, word};
use sqlparser::ast::{
    Assignment, AssignmentTarget, ConflictTarget, DoUpdate, Expr, Ident, ObjectName, OnConflict,
    OnConflictAction, OnInsert, Query, SelectItem, SetExpr, Statement, TableObject, TableWithJoins,
    With,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

#[derive(Debug, Clone)]
pub(crate) struct Insert {
    pub table: ObjectName,
    pub alias: Option<Ident>,
    pub columns: Vec<Ident>,
    pub source: InsertSource,
    pub on_conflict: Option<OnConflict>,
    pub returning: Option<Returning>,
}

#[derive(Debug, Clone)]
pub(crate) enum InsertSource {
    /// PartiQL's `VALUE {…}`.
    Documents(Vec<Expr>),
    Rows(Vec<Vec<Expr>>),
    DefaultValues,
    Query(Box<Query>),
}

#[derive(Debug, Clone)]
pub(crate) struct Update {
    pub table: ObjectName,
    pub alias: Option<Ident>,
    pub actions: Vec<UpdateAction>,
    /// What stands behind FROM.
    pub from: Vec<TableWithJoins>,
    pub selection: Option<Expr>,
    pub returning: Option<Returning>,
    /// Queries that the others may name.
    pub with: Option<With>,
}

#[derive(Debug, Clone)]
// Few and short-lived: a box would cost more than the size.
#[allow(clippy::large_enum_variant)]
pub(crate) enum UpdateAction {
    Set(Expr, Expr),
    Remove(Expr),
}

#[derive(Debug, Clone)]
pub(crate) struct Delete {
    pub table: ObjectName,
    pub alias: Option<Ident>,
    /// What stands behind USING.
    pub using: Vec<TableWithJoins>,
    pub selection: Option<Expr>,
    pub returning: Option<Returning>,
    /// Queries that the others may name.
    pub with: Option<With>,
}

#[derive(Debug, Clone)]
pub(crate) enum Returning {
    Items(Vec<SelectItem>),
    /// PartiQL's `ALL OLD *` and its like.
    Image(ReturningScope, ReturningImage),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReturningScope {
    All,
    Modified,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReturningImage {
    Old,
    New,
}

/// A name for the table inside the statement, if one is given and it is not the next clause.
fn alias(parser: &mut Parser<'_>, clauses: &[Keyword]) -> Result<Option<Ident>, ParserError> {
    if parser.parse_keyword(Keyword::AS) {
        return parser.parse_identifier().map(Some);
    }
    let is_name = match &parser.peek_token_ref().token {
        Token::Word(word) => {
            let is_remove = word.quote_style.is_none() && word.value.eq_ignore_ascii_case("remove");
            !is_remove && !clauses.contains(&word.keyword)
        }
        _ => false,
    };
    if is_name {
        parser.parse_identifier().map(Some)
    } else {
        Ok(None)
    }
}

/// WITH in front of INSERT, UPDATE or DELETE; `None` if it stands in front of a query.
pub(super) fn with_write(parser: &mut Parser<'_>) -> Result<Option<Stmt>, ParserError> {
    if !writes_behind_with(parser) {
        return Ok(None);
    }
    let start = parser.peek_token();
    parser.expect_keyword(Keyword::WITH)?;
    let with_token = parser.get_current_token().clone().into();
    let recursive = parser.parse_keyword(Keyword::RECURSIVE);
    let with = With {
        with_token,
        recursive,
        cte_tables: parser.parse_comma_separated(Parser::parse_cte)?,
    };
    let next = parser.peek_token();
    let Token::Word(word) = &next.token else {
        return parser.expected("INSERT, UPDATE or DELETE", next);
    };
    let mut statement = match word.keyword {
        Keyword::INSERT => insert(parser)?,
        Keyword::UPDATE => update(parser)?,
        _ => delete(parser)?,
    };
    match &mut statement {
        Stmt::Update(update) => update.with = Some(with),
        Stmt::Delete(delete) => delete.with = Some(with),
        Stmt::Insert(Insert {
            source: InsertSource::Query(query),
            ..
        }) => match &mut query.with {
            None => query.with = Some(with),
            // The query's own come last: they may name the others, and hide them.
            Some(own) => {
                own.recursive |= with.recursive;
                own.cte_tables.splice(0..0, with.cte_tables);
            }
        },
        _ => return parser.expected("a query to insert behind WITH", start),
    }
    Ok(Some(statement))
}

/// The queries of WITH are in parentheses: the first word outside of them that begins a statement is the statement's.
fn writes_behind_with(parser: &Parser<'_>) -> bool {
    let mut depth = 0_usize;
    for distance in 0.. {
        match &parser.peek_nth_token_ref(distance).token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::EOF | Token::SemiColon => return false,
            Token::Word(word) if depth == 0 => match word.keyword {
                Keyword::INSERT | Keyword::UPDATE | Keyword::DELETE => return true,
                Keyword::SELECT | Keyword::VALUES | Keyword::TABLE => return false,
                _ => {}
            },
            _ => {}
        }
    }
    false
}

pub(super) fn insert(parser: &mut Parser<'_>) -> Result<Stmt, ParserError> {
    let documents = parser.maybe_parse(|parser| {
        parser.expect_keyword(Keyword::INSERT)?;
        parser.expect_keyword(Keyword::INTO)?;
        let table = parser.parse_object_name(true)?;
        let several = parser.parse_keyword(Keyword::VALUES);
        if !several && !word(parser, "VALUE") {
            let found = parser.peek_token();
            return parser.expected("VALUE", found);
        }
        let next = parser.peek_token();
        if next.token == Token::LBrace
            || (!several && matches!(next.token, Token::Placeholder(_) | Token::Word(_)))
        {
            Ok(table)
        } else {
            parser.expected("a document", next)
        }
    })?;
    if let Some(table) = documents {
        let documents = parser.parse_comma_separated(|parser| parser.parse_expr())?;
        let on_conflict = on_conflict(parser)?;
        let returning = returning(parser)?;
        return Ok(Stmt::Insert(Insert {
            table,
            alias: None,
            columns: vec![],
            source: InsertSource::Documents(documents),
            on_conflict,
            returning,
        }));
    }
    let token = parser.next_token();
    let start = token.span.start;
    let Statement::Insert(parsed) = parser.parse_insert(token)? else {
        return Err(ParserError::ParserError(format!(
            "INSERT of this form is not known at {start}"
        )));
    };
    let TableObject::TableName(table) = parsed.table else {
        return Err(ParserError::ParserError(format!(
            "Expected: a table name at {start}"
        )));
    };
    let mut columns = Vec::with_capacity(parsed.columns.len());
    for name in &parsed.columns {
        match name.0.as_slice() {
            [part] => columns.extend(part.as_ident().cloned()),
            _ => {
                return Err(ParserError::ParserError(format!(
                    "Expected: a column name, found: {name} at {start}"
                )));
            }
        }
    }
    let source = match parsed.source {
        None => InsertSource::DefaultValues,
        Some(mut query) => match query.body.as_mut() {
            SetExpr::Values(values)
                if query.with.is_none()
                    && query.order_by.is_none()
                    && query.limit_clause.is_none()
                    && query.fetch.is_none() =>
            {
                let rows = std::mem::take(&mut values.rows);
                InsertSource::Rows(rows.into_iter().map(|row| row.content).collect())
            }
            _ => InsertSource::Query(query),
        },
    };
    let on_conflict = match parsed.on {
        None => None,
        Some(OnInsert::OnConflict(on_conflict)) => Some(on_conflict),
        Some(_) => {
            return Err(ParserError::ParserError(format!(
                "Expected: ON CONFLICT at {start}"
            )));
        }
    };
    Ok(Stmt::Insert(Insert {
        table,
        alias: parsed.table_alias.map(|alias| alias.alias),
        columns,
        source,
        on_conflict,
        returning: parsed.returning.map(Returning::Items),
    }))
}

fn on_conflict(parser: &mut Parser<'_>) -> Result<Option<OnConflict>, ParserError> {
    if !parser.parse_keyword(Keyword::ON) {
        return Ok(None);
    }
    parser.expect_keyword(Keyword::CONFLICT)?;
    let conflict_target = if parser.consume_token(&Token::LParen) {
        let columns = parser.parse_comma_separated(|parser| parser.parse_identifier())?;
        parser.expect_token(&Token::RParen)?;
        Some(ConflictTarget::Columns(columns))
    } else {
        None
    };
    parser.expect_keyword(Keyword::DO)?;
    let action = if parser.parse_keyword(Keyword::NOTHING) {
        OnConflictAction::DoNothing
    } else {
        parser.expect_keyword(Keyword::UPDATE)?;
        parser.expect_keyword(Keyword::SET)?;
        let assignments = parser.parse_comma_separated(|parser| parser.parse_assignment())?;
        let selection = if parser.parse_keyword(Keyword::WHERE) {
            Some(parser.parse_expr()?)
        } else {
            None
        };
        OnConflictAction::DoUpdate(DoUpdate {
            assignments,
            selection,
        })
    };
    Ok(Some(OnConflict {
        conflict_target,
        action,
    }))
}

pub(super) fn update(parser: &mut Parser<'_>) -> Result<Stmt, ParserError> {
    parser.advance_token();
    let _only = parser.parse_keyword(Keyword::ONLY);
    let table = parser.parse_object_name(true)?;
    // A statement that writes and has one is refused when it is planned.
    let _ = parser.maybe_parse_table_version()?;
    let alias = alias(parser, &[Keyword::SET])?;
    let mut actions = Vec::new();
    loop {
        if parser.parse_keyword(Keyword::SET) {
            for action in parser.parse_comma_separated(assignment)? {
                actions.extend(action);
            }
        } else if word(parser, "REMOVE") {
            for path in parser.parse_comma_separated(path)? {
                actions.push(UpdateAction::Remove(path));
            }
        } else if actions.is_empty() {
            let found = parser.peek_token();
            return parser.expected("SET or REMOVE", found);
        } else {
            break;
        }
    }
    let from = if parser.parse_keyword(Keyword::FROM) {
        parser.parse_comma_separated(|parser| parser.parse_table_and_joins())?
    } else {
        vec![]
    };
    let selection = selection(parser)?;
    let returning = returning(parser)?;
    Ok(Stmt::Update(Update {
        table,
        alias,
        actions,
        from,
        selection,
        returning,
        with: None,
    }))
}

/// A document path. Parsed above the precedence of `=`, so that it ends there.
fn path(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    const ABOVE_COMPARISONS: u8 = 110;
    parser.parse_subexpr(ABOVE_COMPARISONS)
}

fn assignment(parser: &mut Parser<'_>) -> Result<Vec<UpdateAction>, ParserError> {
    let start = parser.peek_token();
    let target = path(parser)?;
    parser.expect_token(&Token::Eq)?;
    let value = parser.parse_expr()?;
    match (target, value) {
        (Expr::Tuple(targets), Expr::Tuple(values)) if targets.len() == values.len() => Ok(targets
            .into_iter()
            .zip(values)
            .map(|(target, value)| UpdateAction::Set(target, value))
            .collect()),
        (Expr::Tuple(_), _) => parser.expected("as many values as columns", start),
        (Expr::Nested(target), value) => Ok(vec![UpdateAction::Set(*target, value)]),
        (target, value) => Ok(vec![UpdateAction::Set(target, value)]),
    }
}

/// sqlparser's assignment (of ON CONFLICT DO UPDATE) in the form of UPDATE's.
pub(crate) fn assignment_action(assignment: &Assignment) -> Option<UpdateAction> {
    match &assignment.target {
        AssignmentTarget::ColumnName(name) => {
            let mut idents: Vec<Ident> = name
                .0
                .iter()
                .map(|part| part.as_ident().cloned())
                .collect::<Option<_>>()?;
            let target = if idents.len() == 1 {
                Expr::Identifier(idents.remove(0))
            } else {
                Expr::CompoundIdentifier(idents)
            };
            Some(UpdateAction::Set(target, assignment.value.clone()))
        }
        AssignmentTarget::Tuple(_) => None,
    }
}

pub(super) fn delete(parser: &mut Parser<'_>) -> Result<Stmt, ParserError> {
    parser.advance_token();
    parser.expect_keyword(Keyword::FROM)?;
    let _only = parser.parse_keyword(Keyword::ONLY);
    let table = parser.parse_object_name(true)?;
    let _ = parser.maybe_parse_table_version()?;
    let alias = alias(
        parser,
        &[Keyword::WHERE, Keyword::USING, Keyword::RETURNING],
    )?;
    let using = if parser.parse_keyword(Keyword::USING) {
        parser.parse_comma_separated(|parser| parser.parse_table_and_joins())?
    } else {
        vec![]
    };
    let selection = selection(parser)?;
    let returning = returning(parser)?;
    Ok(Stmt::Delete(Delete {
        table,
        alias,
        using,
        selection,
        returning,
        with: None,
    }))
}

fn selection(parser: &mut Parser<'_>) -> Result<Option<Expr>, ParserError> {
    if parser.parse_keyword(Keyword::WHERE) {
        parser.parse_expr().map(Some)
    } else {
        Ok(None)
    }
}

fn returning(parser: &mut Parser<'_>) -> Result<Option<Returning>, ParserError> {
    if !parser.parse_keyword(Keyword::RETURNING) {
        return Ok(None);
    }
    let image = parser.maybe_parse(|parser| {
        let scope = if parser.parse_keyword(Keyword::ALL) {
            ReturningScope::All
        } else if word(parser, "MODIFIED") {
            ReturningScope::Modified
        } else {
            let found = parser.peek_token();
            return parser.expected("ALL or MODIFIED", found);
        };
        let image = if word(parser, "OLD") {
            ReturningImage::Old
        } else if word(parser, "NEW") {
            ReturningImage::New
        } else {
            let found = parser.peek_token();
            return parser.expected("OLD or NEW", found);
        };
        parser.expect_token(&Token::Mul)?;
        Ok((scope, image))
    })?;
    if let Some((scope, image)) = image {
        return Ok(Some(Returning::Image(scope, image)));
    }
    let items = parser.parse_comma_separated(|parser| parser.parse_select_item())?;
    Ok(Some(Returning::Items(items)))
}
