//! Expressions of a wanted type over the columns that can be named where they stand.
//!
//! Not here: what functions and operators there are (`templates`).

use super::random::Random;
use super::schema::{Kind, Table};
use super::templates::{TEMPLATES, Template};

/// What a statement's expressions can name.
#[derive(Clone, Debug, Default)]
pub struct Scope(Vec<(String, Kind)>);

impl Scope {
    /// The columns of a table under a name; under none, without qualifier.
    pub fn of(table: &Table, alias: &str) -> Scope {
        Scope::default().and(table, alias)
    }

    /// The columns of a further table.
    pub fn and(mut self, table: &Table, alias: &str) -> Scope {
        self.0.extend(table.columns.iter().map(|column| {
            let name = match alias {
                "" => column.name.to_owned(),
                alias => format!("{alias}.{}", column.name),
            };
            (name, column.kind)
        }));
        self
    }

    fn of_kind(&self, kind: Kind) -> Vec<&str> {
        let columns = self.0.iter().filter(|(_, own)| *own == kind);
        columns.map(|(name, _)| name.as_str()).collect()
    }
}

/// The kinds that templates have letters for.
const LETTERS: [(char, Kind); 17] = [
    ('i', Kind::Int),
    ('l', Kind::Big),
    ('m', Kind::Small),
    ('n', Kind::Numeric),
    ('f', Kind::Double),
    ('b', Kind::Bool),
    ('s', Kind::Text),
    ('d', Kind::Date),
    ('c', Kind::Time),
    ('t', Kind::Timestamp),
    ('z', Kind::TimestampTz),
    ('v', Kind::Interval),
    ('j', Kind::Json),
    ('a', Kind::Ints),
    ('x', Kind::Texts),
    ('u', Kind::Uuid),
    ('y', Kind::Bytes),
];

/// An expression of a type, in parentheses where it needs them, with at most that many levels of calls.
pub fn expression(random: &mut Random, scope: &Scope, kind: Kind, depth: usize) -> String {
    if depth == 0 || random.chance(15) {
        return leaf(random, scope, kind);
    }
    let fitting: Vec<&Template> = TEMPLATES
        .iter()
        .filter(|template| template.kind == kind)
        .collect();
    if fitting.is_empty() {
        return leaf(random, scope, kind);
    }
    let chosen = fitting[random.below(fitting.len())];
    fill(random, scope, chosen.text, depth - 1)
}

/// A column or a constant.
pub fn leaf(random: &mut Random, scope: &Scope, kind: Kind) -> String {
    let columns = scope.of_kind(kind);
    match columns.is_empty() || random.chance(20) {
        true => constant(random, kind),
        false => random.pick(&columns).to_owned(),
    }
}

/// A template with its holes filled. What is written like a hole behind a quote is an array or a document.
pub fn fill(random: &mut Random, scope: &Scope, template: &str, depth: usize) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        rest = behind;
        let hole = behind.split_once('}').filter(|(hole, _)| {
            !before.ends_with('\'') && hole.bytes().all(|byte| byte.is_ascii_lowercase())
        });
        let Some((hole, behind)) = hole else {
            out.push('{');
            continue;
        };
        let letter = LETTERS
            .iter()
            .find(|(letter, _)| hole.chars().eq([*letter]));
        match letter {
            Some((_, kind)) => out.push_str(&expression(random, scope, *kind, depth)),
            None => out.push_str(word(random, hole)),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// A constant of a type.
pub fn constant(random: &mut Random, kind: Kind) -> String {
    if random.chance(8) {
        return format!("NULL::{}", type_name(kind));
    }
    let choices: &[&str] = match kind {
        Kind::Int => &["0", "1", "2", "3", "-1", "7", "42", "100", "(-2)"],
        Kind::Big => &[
            "0::bigint",
            "5::bigint",
            "-20::bigint",
            "4200000000",
            "33::int8",
        ],
        Kind::Small => &["0::smallint", "3::int2", "'-3'::smallint"],
        Kind::Numeric => &[
            "0.5",
            "1.50",
            "-2.25",
            "3.333",
            "100.0",
            "0.001",
            "12::numeric",
        ],
        Kind::Double => &[
            "0.5::float8",
            "'2'::float8",
            "-1.25::double precision",
            "0::float8",
        ],
        Kind::Bool => &["true", "false", "'t'::boolean"],
        Kind::Text => &[
            "'alpha'", "'Beta'", "''", "'a,b,c'", "'x'", "'äöü'", "'A b C'", "'42'",
        ],
        Kind::Date => &[
            "date '2024-01-31'",
            "'2000-02-29'::date",
            "date '2023-12-31'",
        ],
        Kind::Time => &["time '12:30:45'", "'00:00:00.5'::time"],
        Kind::Timestamp => &[
            "timestamp '2024-01-31 12:34:56.789'",
            "'2000-01-01'::timestamp",
        ],
        Kind::TimestampTz => &[
            "timestamptz '2024-03-10 08:00:00+00'",
            "'1970-01-01 01:00:00+02'::timestamptz",
        ],
        Kind::Interval => &[
            "interval '1 day'",
            "interval '1 month 2 days 03:04:05'",
            "'-90 minutes'::interval",
            "interval '1 year'",
        ],
        Kind::Json => &[
            "'{\"a\": {\"b\": 1}}'::jsonb",
            "'[1, 2.5, \"x\"]'::jsonb",
            "'{\"a\": 1, \"b\": [true, null]}'::jsonb",
            "'5'::jsonb",
        ],
        Kind::Ints => &[
            "ARRAY[1,2,3]",
            "'{4,NULL}'::int[]",
            "'{}'::int[]",
            "ARRAY[3]",
        ],
        Kind::Texts => &["ARRAY['a','b']", "'{x,NULL,\"\"}'::text[]", "ARRAY['b']"],
        Kind::Uuid => &[
            "'00000000-0000-0000-0000-000000000002'::uuid",
            "uuid 'FFFFFFFF-ffff-ffff-ffff-ffffffffffff'",
        ],
        Kind::Bytes => &["'\\x0102'::bytea", "'abc'::bytea", "''::bytea"],
    };
    random.pick(choices).to_owned()
}

/// The name of a type.
pub fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "int",
        Kind::Big => "bigint",
        Kind::Small => "smallint",
        Kind::Numeric => "numeric",
        Kind::Double => "float8",
        Kind::Bool => "boolean",
        Kind::Text => "text",
        Kind::Date => "date",
        Kind::Time => "time",
        Kind::Timestamp => "timestamp",
        Kind::TimestampTz => "timestamptz",
        Kind::Interval => "interval",
        Kind::Json => "jsonb",
        Kind::Ints => "int[]",
        Kind::Texts => "text[]",
        Kind::Uuid => "uuid",
        Kind::Bytes => "bytea",
    }
}

/// What stands in a hole that is no expression.
fn word(random: &mut Random, hole: &str) -> &'static str {
    let choices: &[&'static str] = match hole {
        "cmp" => &[
            "=",
            "<>",
            "<",
            "<=",
            ">",
            ">=",
            "IS DISTINCT FROM",
            "IS NOT DISTINCT FROM",
        ],
        "digit" => &["0", "1", "2", "3"],
        "count" => &["1", "2", "3", "5"],
        "places" => &["-1", "0", "1", "2"],
        "like" => &[
            "'a%'",
            "'%a%'",
            "'_eta'",
            "'%b'",
            "''",
            "'%'",
            "'A%'",
            "'a\\%b\\_c'",
            "'%ö%'",
        ],
        "regex" => &[
            "'^a'",
            "'[0-9]+'",
            "'a.*a'",
            "'b|B'",
            "'(al)(p)'",
            "'\\w+'",
            "'[a-z]+$'",
            "'^$'",
        ],
        "similar" => &["'a%'", "'(alpha|Beta)'", "'%(a|b)_'", "'[A-B]%'", "'_{5}'"],
        "field" => &[
            "year",
            "month",
            "day",
            "hour",
            "minute",
            "second",
            "dow",
            "doy",
            "week",
            "quarter",
            "isodow",
            "isoyear",
            "epoch",
            "decade",
            "century",
            "millennium",
        ],
        "day" => &[
            "year", "month", "day", "dow", "doy", "week", "quarter", "isodow", "isoyear", "epoch",
            "decade", "century",
        ],
        "clock" => &[
            "hour",
            "minute",
            "second",
            "milliseconds",
            "microseconds",
            "epoch",
        ],
        "unit" => &[
            "'year'",
            "'quarter'",
            "'month'",
            "'week'",
            "'day'",
            "'hour'",
            "'minute'",
            "'second'",
        ],
        "date" => &[
            "'YYYY-MM-DD'",
            "'Dy, DD Mon YYYY'",
            "'FMMonth FMDDth'",
            "'IYYY-IW-ID'",
            "'Q DDD J'",
            "'HH12:MI:SS AM'",
            "'HH24:MI:SS.MS'",
            "'yy \"at\" US'",
        ],
        "number" => &[
            "'999'",
            "'9,999.99'",
            "'FM999990.00'",
            "'S0999.9'",
            "'999.99MI'",
            "'999PR'",
            "'00000'",
            "'FM9,999,999'",
            "'9.99EEEE'",
            "'RN'",
        ],
        "key" => &["'a'", "'b'", "'c'", "'zz'"],
        "path" => &["'{a}'", "'{b,c}'", "'{b,c,0}'", "'{0}'", "'{c,-1}'"],
        "array" => &["'{1,2}'::int[]", "'{}'::int[]", "ARRAY[3,5]"],
        "text" => &["'alpha'", "'Beta'", "'a'", "''", "'b'"],
        "zone" => &[
            "'UTC'",
            "'America/New_York'",
            "'Europe/Berlin'",
            "'+05:30'",
            "'Asia/Tokyo'",
        ],
        other => unreachable!("no such hole: {other}"),
    };
    random.pick(choices)
}
