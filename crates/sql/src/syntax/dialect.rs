//! The one dialect: PostgreSQL's, plus PartiQL's documents, sets, `MISSING` and lists behind `IN`.
//!
//! It answers PostgreSQL's type id, so that every `dialect_of!(PostgreSqlDialect)` branch of the parser applies, and forwards what
//! PostgreSQL's dialect overrides; the derive macro of sqlparser cannot override the parse hooks.

use super::as_of::{LSN_FUNCTION, LSN_WORD};
use crate::Dialect as Flavour;
use sqlparser::ast::{
    Array, BinaryOperator, DictionaryField, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, Value,
};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;
use std::any::TypeId;
use std::cell::Cell;

/// Name under which a set literal `<<…>>` stands in the syntax tree, as a function call.
pub(crate) const BAG_FUNCTION: &str = "__bag";
/// Name under which `IS STRING` and the like stand in the syntax tree, which mean the same.
const ATTRIBUTE_TYPE_FUNCTION: &str = "attribute_type";
/// PartiQL's names of types behind IS, and DynamoDB's. ("IS: TRUE if the operand is a given, PartiQL data type", Developer Guide.) Sets
/// have none: `attribute_type` knows them.
const DOCUMENT_TYPES: &[(&str, &str)] = &[
    ("STRING", "S"),
    ("NUMERIC", "N"),
    ("BLOB", "B"),
    ("BOOLEAN", "BOOL"),
    ("BOOL", "BOOL"),
    ("STRUCT", "M"),
    ("TUPLE", "M"),
    ("LIST", "L"),
];
/// Name under which `IS MISSING` stands in the syntax tree, as a function call.
pub(crate) const IS_MISSING_FUNCTION: &str = "__is_missing";

/// Operators in a row (`a OR b OR c …`) that one statement may have, over all its rows: each deepens the syntax tree by one, and walking
/// or dropping the tree must not exhaust a thread's stack.
pub(crate) const CHAINED_OPERATORS_MAX: u32 = 1_000;

/// Times that the parser may begin an expression anew beyond once per token. It tries alternatives at each level of nesting, so that
/// one error deep inside would otherwise cost exponential time.
const RETRIES_MAX: usize = 1_000_000;
/// The same, per token: a level of nesting tries all that is inside of it again.
const RETRIES_PER_TOKEN_MAX: usize = 64;

const POSTGRES: PostgreSqlDialect = PostgreSqlDialect {};

/// State of parsing one statement; not shared.
#[derive(Debug)]
pub(crate) struct ShaleDialect {
    flavour: Flavour,
    bag_depth: Cell<u32>,
    chained: Cell<u32>,
    /// Expressions that may still be begun.
    begins_left: Cell<usize>,
    /// Whether `FOR SYSTEM_TIME AS OF` may stand behind the name of a table. Some words are no aliases then.
    versions: Cell<bool>,
}

impl ShaleDialect {
    pub(crate) fn new(flavour: Flavour) -> ShaleDialect {
        ShaleDialect {
            flavour,
            bag_depth: Cell::new(0),
            chained: Cell::new(0),
            begins_left: Cell::new(usize::MAX),
            versions: Cell::new(false),
        }
    }

    /// Takes versions of tables.
    pub(crate) fn take_versions(&self) {
        self.versions.set(true);
    }

    /// Bounds the work of the parser by the number of tokens.
    pub(crate) fn bound_work(&self, tokens: usize) {
        let retries = tokens
            .saturating_mul(RETRIES_PER_TOKEN_MAX)
            .min(RETRIES_MAX);
        self.begins_left.set(tokens + retries);
    }

    /// Whether the statement failed because it has too many operators in a row.
    pub(crate) fn is_too_complex(&self) -> bool {
        self.chained.get() > CHAINED_OPERATORS_MAX
    }

    /// Whether the statement failed because the parser tried too many alternatives.
    pub(crate) fn is_too_ambiguous(&self) -> bool {
        self.begins_left.get() == 0
    }

    fn parse_document(&self, parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
        parser.expect_token(&Token::LBrace)?;
        let fields = self.outside_bag(|| {
            parser.parse_comma_separated0(
                |parser| {
                    let token = parser.next_token();
                    let key = match token.token {
                        Token::SingleQuotedString(ref text) => {
                            Ident::with_quote_and_span('\'', token.span, text.clone())
                        }
                        Token::Word(ref word) => word.to_ident(token.span),
                        _ => return parser.expected("an attribute name", token),
                    };
                    parser.expect_token(&Token::Colon)?;
                    let value = Box::new(parser.parse_expr()?);
                    Ok(DictionaryField { key, value })
                },
                Token::RBrace,
            )
        })?;
        parser.expect_token(&Token::RBrace)?;
        Ok(Expr::Dictionary(fields))
    }

    fn parse_list(&self, parser: &mut Parser<'_>) -> Result<Vec<Expr>, ParserError> {
        parser.expect_token(&Token::LBracket)?;
        let elements = self.outside_bag(|| {
            parser.parse_comma_separated0(|parser| parser.parse_expr(), Token::RBracket)
        })?;
        parser.expect_token(&Token::RBracket)?;
        Ok(elements)
    }

    fn parse_bag(&self, parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
        parser.expect_token(&Token::ShiftLeft)?;
        let depth = self.bag_depth.replace(1);
        let elements =
            parser.parse_comma_separated0(|parser| parser.parse_expr(), Token::ShiftRight);
        self.bag_depth.set(depth);
        let elements = elements?;
        parser.expect_token(&Token::ShiftRight)?;
        Ok(call(BAG_FUNCTION, elements))
    }

    /// Inside brackets or braces `>>` is an operator again.
    fn outside_bag<T>(&self, parse: impl FnOnce() -> T) -> T {
        let depth = self.bag_depth.replace(0);
        let parsed = parse();
        self.bag_depth.set(depth);
        parsed
    }
}

fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(Ident::new(name)),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments
                .into_iter()
                .map(|expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)))
                .collect(),
            clauses: vec![],
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}

fn is_word(parser: &Parser<'_>, position: usize, word: &str) -> bool {
    matches!(&parser.peek_nth_token_ref(position).token,
        Token::Word(found) if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
}

fn is_keyword(parser: &Parser<'_>, position: usize, keyword: Keyword) -> bool {
    matches!(&parser.peek_nth_token_ref(position).token, Token::Word(found) if found.keyword == keyword)
}

/// `trim(FROM s)` and `trim(LEADING FROM s)`, which name no characters.
fn trim_of_blanks(parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
    if parser.peek_nth_token_ref(1).token != Token::LParen {
        return None;
    }
    let sides = [Keyword::BOTH, Keyword::LEADING, Keyword::TRAILING];
    let sided = sides.iter().any(|side| is_keyword(parser, 2, *side));
    if !is_keyword(parser, 2 + usize::from(sided), Keyword::FROM) {
        return None;
    }
    parser.advance_token();
    parser.advance_token();
    let parse = |parser: &mut Parser<'_>| {
        let trim_where = match sided {
            true => Some(parser.parse_trim_where()?),
            false => None,
        };
        parser.expect_keyword(Keyword::FROM)?;
        let expr = Box::new(parser.parse_expr()?);
        parser.expect_token(&Token::RParen)?;
        Ok(Expr::Trim {
            expr,
            trim_where,
            trim_what: None,
            trim_characters: None,
        })
    };
    Some(parse(parser))
}

/// PostgreSQL's forms behind an expression that the parser has not: `ISNULL`, `COLLATE` behind a cast, `BETWEEN SYMMETRIC`.
fn parse_postgres_infix(parser: &mut Parser<'_>, expr: &Expr) -> Option<Result<Expr, ParserError>> {
    if is_word(parser, 0, "ISNULL") {
        parser.advance_token();
        return Some(Ok(Expr::IsNull(Box::new(expr.clone()))));
    }
    if is_keyword(parser, 0, Keyword::COLLATE) {
        parser.advance_token();
        let collation = parser.parse_object_name(false);
        return Some(collation.map(|collation| Expr::Collate {
            expr: Box::new(expr.clone()),
            collation,
        }));
    }
    let negated = is_keyword(parser, 0, Keyword::NOT);
    let offset = usize::from(negated);
    let symmetric = is_word(parser, offset + 1, "SYMMETRIC");
    if !is_keyword(parser, offset, Keyword::BETWEEN)
        || !(symmetric || is_word(parser, offset + 1, "ASYMMETRIC"))
    {
        return None;
    }
    for _ in 0..offset + 2 {
        parser.advance_token();
    }
    let bound = POSTGRES.prec_value(Precedence::Between);
    let parse = |parser: &mut Parser<'_>| {
        let low = parser.parse_subexpr(bound)?;
        parser.expect_keyword(Keyword::AND)?;
        let high = parser.parse_subexpr(bound)?;
        let between = |negated: bool, low: &Expr, high: &Expr| Expr::Between {
            expr: Box::new(expr.clone()),
            negated,
            low: Box::new(low.clone()),
            high: Box::new(high.clone()),
        };
        if !symmetric {
            return Ok(between(negated, &low, &high));
        }
        // Between the smaller and the larger one, whichever that is.
        Ok(Expr::Nested(Box::new(Expr::BinaryOp {
            left: Box::new(between(negated, &low, &high)),
            op: match negated {
                true => BinaryOperator::And,
                false => BinaryOperator::Or,
            },
            right: Box::new(between(negated, &high, &low)),
        })))
    };
    Some(parse(parser))
}

macro_rules! as_postgres {
    ($($method:ident),* $(,)?) => {
        $(fn $method(&self) -> bool { POSTGRES.$method() })*
    };
}

impl Dialect for ShaleDialect {
    fn dialect(&self) -> TypeId {
        TypeId::of::<PostgreSqlDialect>()
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        POSTGRES.identifier_quote_style(identifier)
    }
    fn is_delimited_identifier_start(&self, character: char) -> bool {
        POSTGRES.is_delimited_identifier_start(character)
    }
    fn is_identifier_start(&self, character: char) -> bool {
        POSTGRES.is_identifier_start(character)
    }
    fn is_identifier_part(&self, character: char) -> bool {
        POSTGRES.is_identifier_part(character)
    }
    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        POSTGRES.is_reserved_for_identifier(keyword)
    }
    fn prec_value(&self, precedence: Precedence) -> u8 {
        POSTGRES.prec_value(precedence)
    }

    fn supports_table_versioning(&self) -> bool {
        self.versions.get()
    }

    // With PostgreSQL's custom operators `=?` and `<<-` would be one token.
    fn is_custom_operator_part(&self, _character: char) -> bool {
        false
    }

    // Where geometric types are on, `?` is an operator and not a parameter.
    fn supports_geometric_types(&self) -> bool {
        self.flavour == Flavour::Postgres
    }

    as_postgres!(
        supports_unicode_string_literal,
        supports_filter_during_aggregation,
        supports_group_by_expr,
        allow_extract_custom,
        allow_extract_single_quotes,
        supports_create_index_with_clause,
        supports_explain_with_utility_options,
        supports_listen_notify,
        supports_factorial_operator,
        supports_bitwise_shift_operators,
        supports_comment_on,
        supports_load_extension,
        supports_named_fn_args_with_colon_operator,
        supports_named_fn_args_with_expr_name,
        supports_empty_projections,
        supports_nested_comments,
        supports_string_escape_constant,
        supports_numeric_literal_underscores,
        supports_array_typedef_with_brackets,
        supports_set_names,
        supports_alter_column_type_using,
        supports_notnull_operator,
        supports_interval_options,
        supports_insert_table_alias,
        supports_create_table_like_parenthesized,
        supports_comma_separated_trim,
        supports_xml_expressions,
    );

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        if self.bag_depth.get() > 0 && parser.peek_token_ref().token == Token::ShiftRight {
            return Some(Ok(0));
        }
        if is_word(parser, 0, "ISNULL") {
            return Some(Ok(POSTGRES.prec_value(Precedence::Is)));
        }
        POSTGRES.get_next_precedence(parser)
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        match self.begins_left.get().checked_sub(1) {
            Some(left) => self.begins_left.set(left),
            None => return Some(Err(ParserError::RecursionLimitExceeded)),
        }
        match &parser.peek_token_ref().token {
            Token::LBrace => Some(self.parse_document(parser)),
            Token::Word(word) if word.value == LSN_WORD && word.quote_style.is_none() => {
                parser.advance_token();
                Some(parser.parse_expr().map(|lsn| call(LSN_FUNCTION, vec![lsn])))
            }
            Token::LBracket => Some(
                self.parse_list(parser)
                    .map(|elem| Expr::Array(Array { elem, named: false })),
            ),
            Token::ShiftLeft => Some(self.parse_bag(parser)),
            Token::Word(word) if word.keyword == Keyword::TRIM && word.quote_style.is_none() => {
                trim_of_blanks(parser)
            }
            _ => None,
        }
    }

    fn parse_infix(
        &self,
        parser: &mut Parser,
        expr: &Expr,
        _precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        if !matches!(expr, Expr::Value(_) | Expr::Identifier(_)) {
            self.chained.set(self.chained.get() + 1);
            if self.is_too_complex() {
                return Some(Err(ParserError::RecursionLimitExceeded));
            }
        }
        if let Some(parsed) = parse_postgres_infix(parser, expr) {
            return Some(parsed);
        }
        if is_keyword(parser, 0, Keyword::IS) {
            let negated = is_keyword(parser, 1, Keyword::NOT);
            let word_at = 1 + usize::from(negated);
            let of_type = |(word, _): &&(&str, &str)| is_word(parser, word_at, word);
            let test = match DOCUMENT_TYPES.iter().find(of_type) {
                Some((_, descriptor)) => {
                    let descriptor = Value::SingleQuotedString((*descriptor).to_owned());
                    let arguments = vec![expr.clone(), Expr::Value(descriptor.into())];
                    call(ATTRIBUTE_TYPE_FUNCTION, arguments)
                }
                None if is_word(parser, word_at, "MISSING") => {
                    call(IS_MISSING_FUNCTION, vec![expr.clone()])
                }
                None => return None,
            };
            for _ in 0..=word_at {
                parser.advance_token();
            }
            return Some(Ok(if negated {
                Expr::UnaryOp {
                    op: sqlparser::ast::UnaryOperator::Not,
                    expr: Box::new(test),
                }
            } else {
                test
            }));
        }
        let negated = is_keyword(parser, 0, Keyword::NOT);
        let offset = usize::from(negated);
        if is_keyword(parser, offset, Keyword::IN)
            && parser.peek_nth_token_ref(offset + 1).token == Token::LBracket
        {
            for _ in 0..=offset {
                parser.advance_token();
            }
            return Some(self.parse_list(parser).map(|list| Expr::InList {
                expr: Box::new(expr.clone()),
                list,
                negated,
            }));
        }
        None
    }
}
