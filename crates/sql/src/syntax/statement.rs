//! The statement layer on sqlparser's public API.

use super::dialect::ShaleDialect;
use super::local_index::{as_create_index, take_local_indexes};
use super::locking::{LockingClauses, take_locking_clauses};
use super::transaction::{TransactionStatement, transaction};
use super::{NESTING_MAX, SET_OPERATIONS_MAX, STATEMENT_BYTES_MAX, byte_offset};
use crate::{Dialect, SqlError};
use sqlparser::ast::{
    Assignment, AssignmentTarget, ConflictTarget, CreateIndex, CreateTable, DataType, DoUpdate,
    Expr, Ident, ObjectName, OnConflict, OnConflictAction, OnInsert, Query, SelectItem, SetExpr,
    Statement, TableObject, TableWithJoins,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

/// A parsed statement.
#[derive(Debug, Clone)]
pub(crate) enum Stmt {
    Insert(Insert),
    Update(Update),
    Delete(Delete),
    /// `EXISTS(SELECT …)` by itself.
    Exists(Box<Query>),
    Explain {
        statement: Box<Stmt>,
        /// The words that ask for more than the plan, such as ANALYZE.
        options: Vec<String>,
    },
    Prepare {
        name: Ident,
        data_types: Vec<DataType>,
        /// Text of the statement behind AS.
        text: String,
    },
    Transaction(TransactionStatement),
    /// A statement with `FOR UPDATE` or its like somewhere.
    Locking {
        statement: Box<Stmt>,
        /// Names of `OF`.
        tables: Vec<Ident>,
    },
    /// CREATE TABLE with local indexes.
    CreateTable {
        create: Box<CreateTable>,
        local_indexes: Vec<CreateIndex>,
    },
    Sql(Box<Statement>),
}

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

/// Parses one statement; `None` if the text has none.
pub(crate) fn parse_statement(text: &str, flavour: Dialect) -> Result<Option<Stmt>, SqlError> {
    with_parser(text, flavour, |parser, taken| {
        let TakenOut {
            locking,
            local_indexes,
        } = taken;
        while parser.consume_token(&Token::SemiColon) {}
        if parser.peek_token_ref().token == Token::EOF {
            return Ok(None);
        }
        let statement = statement(parser, text)?;
        while parser.consume_token(&Token::SemiColon) {}
        let rest = parser.peek_token();
        if rest.token != Token::EOF {
            return parser.expected("end of statement", rest);
        }
        let statement = match statement {
            Stmt::Sql(sql) if !local_indexes.is_empty() => with_local_indexes(*sql, local_indexes),
            other => other,
        };
        if !locking.any {
            return Ok(Some(statement));
        }
        if let Some(location) = locking.outermost
            && !may_lock(&statement)
        {
            return Err(ParserError::ParserError(format!(
                "Expected: end of statement, found: FOR{location}"
            )));
        }
        Ok(Some(Stmt::Locking {
            statement: Box::new(statement),
            tables: locking.tables,
        }))
    })
}

fn with_local_indexes(statement: Statement, local_indexes: Vec<CreateIndex>) -> Stmt {
    match statement {
        Statement::CreateTable(create) => Stmt::CreateTable {
            create: Box::new(create),
            local_indexes,
        },
        other => Stmt::Sql(Box::new(other)),
    }
}

/// Whether a statement is or ends in a query, so that a locking clause may stand at its end.
fn may_lock(statement: &Stmt) -> bool {
    match statement {
        Stmt::Sql(statement) => matches!(statement.as_ref(), Statement::Query(_)),
        Stmt::Insert(insert) => matches!(insert.source, InsertSource::Query(_)),
        Stmt::Explain { statement, .. } => may_lock(statement),
        Stmt::Prepare { .. } => true,
        _ => false,
    }
}

/// Parses an expression by itself: a column's DEFAULT, as the catalog stores it.
pub(crate) fn parse_expression(text: &str) -> Result<Expr, SqlError> {
    with_parser(text, Dialect::Postgres, |parser, _| parser.parse_expr())
}

fn with_parser<T>(
    text: &str,
    flavour: Dialect,
    parse: impl FnOnce(&mut Parser<'_>, TakenOut) -> Result<T, ParserError>,
) -> Result<T, SqlError> {
    if text.len() > STATEMENT_BYTES_MAX {
        return Err(SqlError::ProgramLimit {
            message: format!("the statement is longer than {STATEMENT_BYTES_MAX} bytes"),
        });
    }
    let dialect = ShaleDialect::new(flavour);
    let mut tokens = Tokenizer::new(&dialect, text)
        .tokenize_with_location()
        .map_err(|error| SqlError::Syntax {
            message: error.message.clone(),
            position: byte_offset(text, error.location),
        })?;
    let mut taken = TakenOut::default();
    let mut local_indexes = vec![];
    if flavour == Dialect::Postgres {
        table_as_select(&mut tokens);
        taken.locking = take_locking_clauses(&mut tokens);
        local_indexes = take_local_indexes(&mut tokens);
    } else {
        let mut number = 0;
        for token in &mut tokens {
            if let Token::Placeholder(name) = &mut token.token
                && name == "?"
            {
                number += 1;
                *name = format!("${number}");
            }
        }
    }
    check_shape(&tokens)?;
    dialect.bound_work(tokens.len());
    let parser = |tokens| {
        Parser::new(&dialect)
            .with_recursion_limit(NESTING_MAX)
            .with_tokens_with_locations(tokens)
    };
    for index in local_indexes {
        let mut parser = parser(as_create_index(index));
        let index = parser
            .parse_create_index(false)
            .and_then(|index| parser.expect_token(&Token::EOF).map(|_| index));
        let index = index.map_err(|error| parser_error(text, &dialect, error))?;
        taken.local_indexes.push(index);
    }
    let mut parser = parser(tokens);
    parse(&mut parser, taken).map_err(|error| parser_error(text, &dialect, error))
}

/// What sqlparser has no place for.
#[derive(Default)]
struct TakenOut {
    locking: LockingClauses,
    local_indexes: Vec<CreateIndex>,
}

/// What would be too much for the parser or for what walks its trees, seen before there is a tree. The parser itself reports nesting
/// behind some keywords as a syntax error in the wrong place, and counts no set operations.
fn check_shape(tokens: &[TokenWithSpan]) -> Result<(), SqlError> {
    let (mut brackets, mut cases, mut nots, mut set_operations) = (0_usize, 0_usize, 0, 0);
    for token in tokens {
        nots = match &token.token {
            Token::Word(word) if word.keyword == Keyword::NOT => nots + 1,
            Token::Whitespace(_) => nots,
            _ => 0,
        };
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => brackets += 1,
            Token::RParen | Token::RBracket | Token::RBrace => {
                brackets = brackets.saturating_sub(1);
            }
            Token::Word(word) => match word.keyword {
                Keyword::CASE => cases += 1,
                Keyword::END => cases = cases.saturating_sub(1),
                Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT => set_operations += 1,
                _ => {}
            },
            _ => {}
        }
        if brackets.max(cases).max(nots) > NESTING_MAX {
            return Err(too_deep());
        }
    }
    if set_operations > SET_OPERATIONS_MAX {
        return Err(SqlError::ProgramLimit {
            message: format!("the statement has more than {SET_OPERATIONS_MAX} set operations"),
        });
    }
    Ok(())
}

fn too_deep() -> SqlError {
    SqlError::ProgramLimit {
        message: format!("the statement is nested deeper than {NESTING_MAX} levels"),
    }
}

/// `TABLE t` at the beginning as `SELECT * FROM t`.
fn table_as_select(tokens: &mut Vec<TokenWithSpan>) {
    let first = tokens
        .iter()
        .position(|token| !matches!(token.token, Token::Whitespace(_) | Token::SemiColon));
    if let Some(first) = first
        && matches!(&tokens[first].token, Token::Word(word) if word.keyword == Keyword::TABLE)
    {
        let span = tokens[first].span;
        let select = [
            Token::make_keyword("SELECT"),
            Token::Mul,
            Token::make_keyword("FROM"),
        ];
        let select = select.map(|token| TokenWithSpan { token, span });
        tokens.splice(first..=first, select);
    }
}

fn parser_error(text: &str, dialect: &ShaleDialect, error: ParserError) -> SqlError {
    let message = match error {
        ParserError::RecursionLimitExceeded => {
            return if dialect.is_too_complex() {
                SqlError::ProgramLimit {
                    message: "the statement has too many operators in a row".into(),
                }
            } else if dialect.is_too_ambiguous() {
                SqlError::ProgramLimit {
                    message: "the statement can be read in too many ways".into(),
                }
            } else {
                too_deep()
            };
        }
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
    };
    let Some((sentence, location)) = message.rsplit_once(" at Line: ") else {
        let at_end = message.ends_with("found: EOF");
        return SqlError::Syntax {
            position: at_end.then_some(text.len()),
            message,
        };
    };
    let numbers = location.split_once(", Column: ");
    let location = numbers.and_then(|(line, column)| {
        Some(Location {
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        })
    });
    SqlError::Syntax {
        message: sentence.to_owned(),
        position: location.and_then(|location| byte_offset(text, location)),
    }
}

fn statement(parser: &mut Parser<'_>, text: &str) -> Result<Stmt, ParserError> {
    if let Some(statement) = transaction(parser)? {
        return Ok(Stmt::Transaction(statement));
    }
    let token = parser.peek_token();
    let Token::Word(word) = &token.token else {
        return sql(parser);
    };
    match word.keyword {
        Keyword::INSERT => insert(parser),
        Keyword::UPDATE => update(parser),
        Keyword::DELETE => delete(parser),
        Keyword::EXPLAIN => explain(parser, text),
        Keyword::PREPARE => prepare(parser, text),
        Keyword::EXISTS => {
            parser.advance_token();
            parser.expect_token(&Token::LParen)?;
            let query = parser.parse_query()?;
            parser.expect_token(&Token::RParen)?;
            Ok(Stmt::Exists(query))
        }
        _ => sql(parser),
    }
}

fn sql(parser: &mut Parser<'_>) -> Result<Stmt, ParserError> {
    parser
        .parse_statement()
        .map(|statement| Stmt::Sql(Box::new(statement)))
}

fn explain(parser: &mut Parser<'_>, text: &str) -> Result<Stmt, ParserError> {
    parser.advance_token();
    let mut options = Vec::new();
    if parser.peek_token_ref().token == Token::LParen {
        for option in parser.parse_utility_options()? {
            options.push(option.to_string().to_uppercase());
        }
    } else {
        for keyword in [Keyword::ANALYZE, Keyword::VERBOSE] {
            if parser.parse_keyword(keyword) {
                options.push(format!("{keyword:?}"));
            }
        }
    }
    let inner = inner_statement(parser, text)?;
    Ok(Stmt::Explain {
        statement: Box::new(inner),
        options,
    })
}

/// What EXPLAIN and PREPARE take: not themselves, as in PostgreSQL.
fn inner_statement(parser: &mut Parser<'_>, text: &str) -> Result<Stmt, ParserError> {
    let token = parser.peek_token();
    match &token.token {
        Token::Word(word) if matches!(word.keyword, Keyword::EXPLAIN | Keyword::PREPARE) => {
            parser.expected("a query or a write", token)
        }
        _ => statement(parser, text),
    }
}

fn prepare(parser: &mut Parser<'_>, text: &str) -> Result<Stmt, ParserError> {
    parser.advance_token();
    let name = parser.parse_identifier()?;
    let mut data_types = Vec::new();
    if parser.consume_token(&Token::LParen) {
        data_types = parser.parse_comma_separated(|parser| parser.parse_data_type())?;
        parser.expect_token(&Token::RParen)?;
    }
    parser.expect_keyword(Keyword::AS)?;
    let start = byte_offset(text, parser.peek_token_ref().span.start).unwrap_or(text.len());
    inner_statement(parser, text)?;
    let text = text[start..]
        .trim_end_matches(|c: char| c == ';' || c.is_whitespace())
        .to_owned();
    Ok(Stmt::Prepare {
        name,
        data_types,
        text,
    })
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

/// Whether the next word is that one, however it is written but not quoted; then it is taken.
pub(super) fn word(parser: &mut Parser<'_>, word: &str) -> bool {
    let found = matches!(&parser.peek_token_ref().token,
        Token::Word(next) if next.quote_style.is_none() && next.value.eq_ignore_ascii_case(word));
    if found {
        parser.advance_token();
    }
    found
}

fn insert(parser: &mut Parser<'_>) -> Result<Stmt, ParserError> {
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

fn update(parser: &mut Parser<'_>) -> Result<Stmt, ParserError> {
    parser.advance_token();
    let _only = parser.parse_keyword(Keyword::ONLY);
    let table = parser.parse_object_name(true)?;
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

fn delete(parser: &mut Parser<'_>) -> Result<Stmt, ParserError> {
    parser.advance_token();
    parser.expect_keyword(Keyword::FROM)?;
    let _only = parser.parse_keyword(Keyword::ONLY);
    let table = parser.parse_object_name(true)?;
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
