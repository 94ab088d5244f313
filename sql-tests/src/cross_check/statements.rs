//! Statements by topic.
//!
//! Every statement either orders its rows completely or is compared as a set. What PostgreSQL leaves open (which row of equals comes
//! first, when a condition that fails is looked at) is not asked.

use super::expressions::{Scope, expression, fill, leaf, type_name};
use super::random::Random;
use super::schema::{Kind, PEOPLE, TABLES, TEAMS, THINGS, Table};
use super::templates::TEMPLATES;

/// A statement and how to compare its rows.
pub struct Statement {
    pub sql: String,
    /// Whether the order of the rows is part of the answer.
    pub ordered: bool,
}

/// A kind of statements, made from random numbers and a number of its own.
#[derive(Clone, Copy)]
pub struct Topic {
    pub name: &'static str,
    pub make: fn(&mut Random, usize) -> Statement,
}

/// All topics; they take turns, those that stand here more than once more often.
pub const TOPICS: [Topic; 20] = [
    topic("template", template),
    topic("scalar", scalar),
    topic("filter", filter),
    topic("constant", template_of_constants),
    topic("group", group),
    topic("join", join),
    topic("subquery", subquery),
    topic("template", template),
    topic("window", window),
    topic("set", set_operation),
    topic("cte", common_table),
    topic("distinct", distinct),
    topic("template", template),
    topic("series", series),
    topic("lateral", lateral),
    topic("grouping", grouping_sets),
    topic("aggregate", aggregate),
    topic("fault", fault),
    topic("order", order),
    topic("nested", nested),
];

const fn topic(name: &'static str, make: fn(&mut Random, usize) -> Statement) -> Topic {
    Topic { name, make }
}

fn ordered(sql: String) -> Statement {
    Statement { sql, ordered: true }
}

fn unordered(sql: String) -> Statement {
    Statement {
        sql,
        ordered: false,
    }
}

/// Kinds that can be compared, grouped and put in order.
const ORDERED: [Kind; 13] = [
    Kind::Int,
    Kind::Big,
    Kind::Small,
    Kind::Numeric,
    Kind::Double,
    Kind::Bool,
    Kind::Text,
    Kind::Date,
    Kind::Time,
    Kind::Timestamp,
    Kind::TimestampTz,
    Kind::Interval,
    Kind::Uuid,
];

const ANY: [Kind; 17] = [
    Kind::Int,
    Kind::Big,
    Kind::Small,
    Kind::Numeric,
    Kind::Double,
    Kind::Bool,
    Kind::Text,
    Kind::Date,
    Kind::Time,
    Kind::Timestamp,
    Kind::TimestampTz,
    Kind::Interval,
    Kind::Json,
    Kind::Ints,
    Kind::Texts,
    Kind::Uuid,
    Kind::Bytes,
];

fn any_of(random: &mut Random, kinds: &[Kind]) -> Kind {
    kinds[random.below(kinds.len())]
}

/// One template over columns, in turn.
fn template(random: &mut Random, number: usize) -> Statement {
    let template = &TEMPLATES[number % TEMPLATES.len()];
    let value = fill(random, &Scope::of(&THINGS, ""), template.text, 0);
    ordered(format!("SELECT id, {value} AS v FROM things ORDER BY id"))
}

/// One template over constants, in turn: without a table, and named as PostgreSQL names it.
fn template_of_constants(random: &mut Random, number: usize) -> Statement {
    let template = &TEMPLATES[number % TEMPLATES.len()];
    let value = fill(random, &Scope::default(), template.text, 0);
    ordered(format!("SELECT {value}"))
}

/// Several deeper expressions of all rows.
fn scalar(random: &mut Random, _: usize) -> Statement {
    let scope = Scope::of(&THINGS, "");
    let values: Vec<String> = (0..1 + random.below(3))
        .map(|_| {
            let kind = any_of(random, &ANY);
            expression(random, &scope, kind, 2)
        })
        .collect();
    ordered(format!(
        "SELECT id AS row, {} FROM things ORDER BY row",
        values.join(", ")
    ))
}

/// The deepest expressions, without a table.
fn nested(random: &mut Random, _: usize) -> Statement {
    let kind = any_of(random, &ANY);
    ordered(format!(
        "SELECT {}",
        expression(random, &Scope::default(), kind, 3)
    ))
}

fn condition(random: &mut Random, scope: &Scope, depth: usize) -> String {
    expression(random, scope, Kind::Bool, depth)
}

/// Rows by a condition.
fn filter(random: &mut Random, _: usize) -> Statement {
    let scope = Scope::of(&THINGS, "t");
    let wanted = condition(random, &scope, 2);
    ordered(format!(
        "SELECT t.id, t.s FROM things t WHERE {wanted} ORDER BY t.id"
    ))
}

/// Aggregates of any kind that give the same for rows in any order.
fn aggregate_call(random: &mut Random, scope: &Scope) -> String {
    let kind = any_of(random, &[Kind::Int, Kind::Big, Kind::Small, Kind::Numeric]);
    let argument = expression(random, scope, kind, 1);
    let text = expression(random, scope, Kind::Text, 1);
    let wanted = condition(random, scope, 1);
    let other_kind = any_of(random, &ORDERED);
    let call = match random.below(22) {
        0 => "count(*)".to_owned(),
        1 => format!("count({argument})"),
        2 => format!("count(DISTINCT {text})"),
        3 => format!("sum({argument})"),
        4 => format!("avg({argument})"),
        5 => {
            let value = match other_kind {
                Kind::Bool | Kind::Uuid => text,
                _ => leaf(random, scope, other_kind),
            };
            let name = random.pick(&["min", "max"]);
            format!("{name}({value})")
        }
        6 => format!("bool_and({wanted})"),
        7 => format!("bool_or({wanted})"),
        8 => format!("every({wanted})"),
        9 => format!("string_agg({text}, ',' ORDER BY {text})"),
        10 => format!("array_agg({argument} ORDER BY {argument} DESC NULLS LAST)"),
        11 => format!("string_agg(DISTINCT {text}, '|')"),
        12 => format!("array_agg(DISTINCT {argument})"),
        13 => format!("sum(DISTINCT {argument})"),
        14 => format!("jsonb_agg({argument} ORDER BY {argument})"),
        15 => {
            let name = random.pick(&[
                "var_pop",
                "var_samp",
                "stddev_pop",
                "stddev_samp",
                "stddev",
                "variance",
            ]);
            format!("round({name}({argument})::numeric, 6)")
        }
        16 => {
            let name = random.pick(&["bit_and", "bit_or", "bit_xor"]);
            let integer = leaf(random, scope, Kind::Int);
            format!("{name}({integer})")
        }
        17 => format!("percentile_disc(0.5) WITHIN GROUP (ORDER BY {argument})"),
        18 => {
            let value = leaf(random, scope, Kind::Int);
            format!("percentile_cont(0.25) WITHIN GROUP (ORDER BY {value})")
        }
        19 => format!("mode() WITHIN GROUP (ORDER BY {text})"),
        20 => {
            let value = leaf(random, scope, Kind::Double);
            let name = random.pick(&["sum", "avg", "min", "max", "count"]);
            format!("{name}({value})")
        }
        _ => format!("jsonb_object_agg(coalesce({text}, '-') || {argument}, {argument})"),
    };
    let filtered = random.chance(15)
        && call.starts_with(['c', 's', 'a', 'm', 'b'])
        && !call.contains("WITHIN");
    match filtered {
        true => format!("{call} FILTER (WHERE {wanted})"),
        false => call,
    }
}

fn aggregate_calls(random: &mut Random, scope: &Scope) -> String {
    let calls: Vec<String> = (0..1 + random.below(3))
        .map(|_| aggregate_call(random, scope))
        .collect();
    calls.join(", ")
}

/// Aggregates over a whole table.
fn aggregate(random: &mut Random, _: usize) -> Statement {
    let scope = Scope::of(&THINGS, "");
    let calls = aggregate_calls(random, &scope);
    let wanted = match random.chance(40) {
        true => format!(" WHERE {}", condition(random, &scope, 1)),
        false => String::new(),
    };
    unordered(format!("SELECT {calls} FROM things{wanted}"))
}

fn table(random: &mut Random) -> &'static Table {
    TABLES[random.below(TABLES.len())]
}

/// GROUP BY, HAVING.
fn group(random: &mut Random, _: usize) -> Statement {
    let table = table(random);
    let scope = Scope::of(table, "g");
    let kind = any_of(
        random,
        &[Kind::Int, Kind::Text, Kind::Bool, Kind::Date, Kind::Numeric],
    );
    let mut key = expression(random, &scope, kind, 1);
    // Constants in GROUP BY are positions or errors.
    if !key.contains("g.") {
        key = "g.id".to_owned();
    }
    let calls = aggregate_calls(random, &scope);
    let having = match random.chance(40) {
        true => random.pick(&[
            " HAVING count(*) > 1",
            " HAVING max(g.id) > 4",
            " HAVING sum(g.id) % 2 = 0",
        ]),
        false => "",
    };
    let name = table.name;
    unordered(match random.below(3) {
        0 => format!("SELECT {key} AS k, {calls} FROM {name} g GROUP BY 1{having}"),
        1 => format!("SELECT {key} AS k, {calls} FROM {name} g GROUP BY k{having}"),
        _ => format!("SELECT {calls} FROM {name} g GROUP BY {key}{having}"),
    })
}

/// ROLLUP, CUBE, GROUPING SETS.
fn grouping_sets(random: &mut Random, _: usize) -> Statement {
    let sets = random.pick(&[
        "ROLLUP (team, name)",
        "CUBE (team, name)",
        "GROUPING SETS ((team), (name), ())",
        "GROUPING SETS ((team, name), (team))",
        "ROLLUP (team), ROLLUP (name)",
        "team, ROLLUP (name)",
        "GROUPING SETS ((), ())",
    ]);
    let scope = Scope::of(&PEOPLE, "");
    // Aggregates that want their rows in different orders cannot stand together over several sets (docs/COMPAT.md).
    let calls = aggregate_call(random, &scope);
    let columns = match sets.contains("((), ())") {
        true => "",
        false => random.pick(&[
            "team, name, ",
            "team, name, grouping(team, name), ",
            "coalesce(name, 'all'), ",
        ]),
    };
    unordered(format!(
        "SELECT {columns}{calls} FROM people GROUP BY {sets}"
    ))
}

/// Joins of two or three tables.
fn join(random: &mut Random, _: usize) -> Statement {
    let scope = Scope::of(&PEOPLE, "p").and(&TEAMS, "q");
    let kind = random.pick(&[
        "JOIN",
        "LEFT JOIN",
        "RIGHT JOIN",
        "FULL JOIN",
        "INNER JOIN",
        "LEFT OUTER JOIN",
    ]);
    let on = match random.below(4) {
        0 if !kind.starts_with("FULL") => {
            format!("p.team = q.id AND {}", condition(random, &scope, 1))
        }
        1 if !kind.starts_with("FULL") => "p.team >= q.id AND p.id < q.id + 3".to_owned(),
        _ => "p.team = q.id".to_owned(),
    };
    let wanted = match random.chance(30) {
        true => format!(" WHERE {}", condition(random, &scope, 1)),
        false => String::new(),
    };
    let picked = [
        expression(random, &scope, Kind::Text, 1),
        expression(random, &scope, Kind::Numeric, 1),
    ];
    let [first, second] = picked;
    unordered(match random.below(9) {
        0 => format!("SELECT * FROM people p {kind} teams q ON {on}{wanted}"),
        1 => format!("SELECT id, p.name, q.name FROM people p {kind} teams q USING (id)"),
        2 => "SELECT boss, pay, city FROM people NATURAL JOIN teams".to_owned(),
        3 => format!("SELECT p.name, q.name FROM people p CROSS JOIN teams q{wanted}"),
        4 => format!(
            "SELECT p.name, b.name AS boss, q.city FROM people p LEFT JOIN people b ON p.boss = b.id {kind} teams q ON q.id = b.team"
        ),
        5 => format!(
            "SELECT q.city, count(*), count(p.id), sum(p.pay) FROM people p {kind} teams q ON {on}{wanted} GROUP BY q.city"
        ),
        6 => format!("SELECT p.id, {first} FROM people p, teams q WHERE p.team = q.id"),
        7 => format!(
            "SELECT p.id, q.id, t.s FROM people p {kind} teams q ON {on} LEFT JOIN things t ON t.i = q.id"
        ),
        _ => format!(
            "SELECT p.id, q.id, {first}, {second} FROM people p {kind} teams q ON {on}{wanted}"
        ),
    })
}

/// Scalar subqueries, EXISTS, IN, ANY and ALL, alone and correlated.
fn subquery(random: &mut Random, _: usize) -> Statement {
    let inner = Scope::of(&PEOPLE, "p");
    let wanted = condition(random, &inner, 1);
    let aggregate = aggregate_call(random, &inner);
    let cmp = random.pick(&["=", "<>", "<", "<=", ">", ">="]);
    let all = random.pick(&["ANY", "ALL", "SOME"]);
    let not = random.pick(&["", "NOT "]);
    ordered(match random.below(14) {
        0 => format!("SELECT id, name FROM teams q WHERE {not}EXISTS (SELECT 1 FROM people p WHERE p.team = q.id AND {wanted}) ORDER BY id"),
        1 => format!("SELECT id, name FROM teams q WHERE q.id {not}IN (SELECT p.team FROM people p WHERE {wanted}) ORDER BY id"),
        2 => format!("SELECT id FROM teams q WHERE q.id {cmp} {all} (SELECT p.team FROM people p WHERE {wanted}) ORDER BY id"),
        3 => format!("SELECT id, (SELECT {aggregate} FROM people p WHERE p.team = q.id) AS v FROM teams q ORDER BY id"),
        4 => format!("SELECT id, (SELECT {aggregate} FROM people p) AS v FROM teams q ORDER BY id"),
        5 => "SELECT id, (SELECT p.name FROM people p WHERE p.team = q.id ORDER BY p.pay DESC NULLS LAST, p.id LIMIT 1) AS best FROM teams q ORDER BY id".to_owned(),
        6 => format!("SELECT id FROM people o WHERE o.pay {cmp} (SELECT avg(p.pay) FROM people p WHERE p.team = o.team) ORDER BY id"),
        7 => format!("SELECT v.k, v.c FROM (SELECT p.team AS k, count(*) AS c FROM people p WHERE {wanted} GROUP BY p.team) AS v WHERE v.c >= 1 ORDER BY 1, 2"),
        8 => format!("SELECT id, q.id {not}IN (SELECT p.team FROM people p) AS v FROM teams q ORDER BY id"),
        9 => format!("SELECT id, {not}EXISTS (SELECT FROM people p WHERE p.team = q.id AND p.pay {cmp} 2000) AS v FROM teams q ORDER BY id"),
        10 => format!("SELECT id FROM people o WHERE (o.team, o.pay) {not}IN (SELECT p.team, max(p.pay) FROM people p WHERE p.team IS NOT NULL GROUP BY p.team) ORDER BY id"),
        11 => format!("SELECT id, CASE WHEN EXISTS (SELECT 1 FROM people p WHERE p.boss = o.id) THEN 'boss' ELSE 'none' END FROM people o WHERE o.id {cmp} 4 ORDER BY id"),
        12 => "SELECT id, ARRAY(SELECT p.name FROM people p WHERE p.team = q.id ORDER BY p.id) AS names FROM teams q ORDER BY id".to_owned(),
        _ => format!("SELECT q.id FROM teams q WHERE (SELECT count(*) FROM people p WHERE p.team = q.id AND {wanted}) {cmp} 1 ORDER BY q.id"),
    })
}

/// Subqueries in FROM that see what stands before them.
fn lateral(random: &mut Random, _: usize) -> Statement {
    let inner = Scope::of(&PEOPLE, "p");
    let mut wanted = condition(random, &inner, 1);
    // What is false whatever the row leaves nothing that could be joined (docs/COMPAT.md).
    if !wanted.contains("p.") {
        wanted = "p.pay > 2000".to_owned();
    }
    unordered(match random.below(8) {
        0 => "SELECT q.id, l.name FROM teams q, LATERAL (SELECT p.name FROM people p WHERE p.team = q.id ORDER BY p.id LIMIT 2) AS l".to_owned(),
        1 => format!("SELECT q.id, l.c FROM teams q CROSS JOIN LATERAL (SELECT count(*) AS c FROM people p WHERE p.team = q.id AND {wanted}) l"),
        2 => "SELECT q.id, l.name, l.pay FROM teams q LEFT JOIN LATERAL (SELECT p.name, p.pay FROM people p WHERE p.team = q.id ORDER BY p.pay DESC NULLS LAST, p.id LIMIT 1) l ON true".to_owned(),
        3 => "SELECT t.id, e FROM things t, unnest(t.a) AS e".to_owned(),
        4 => "SELECT t.id, e FROM things t CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(t.j) = 'array' THEN t.j ELSE '[]' END) AS e".to_owned(),
        5 => "SELECT t.id, k, v FROM things t CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(t.j) = 'object' THEN t.j ELSE '{}' END) AS e(k, v)".to_owned(),
        6 => "SELECT t.id, g FROM things t, generate_series(1, t.l % 5) AS g".to_owned(),
        _ => "SELECT t.id, x.v, x.w FROM things t, LATERAL (SELECT t.i * 2 AS v, t.i + 1 AS w) AS x".to_owned(),
    })
}

/// Window functions with frames.
fn window(random: &mut Random, _: usize) -> Statement {
    let scope = Scope::of(&PEOPLE, "");
    let kind = any_of(random, &[Kind::Int, Kind::Numeric, Kind::Text, Kind::Date]);
    let mut value = leaf(random, &scope, kind);
    // A text constant has no type that these functions could take.
    if value.starts_with('\'') {
        value = "name".to_owned();
    }
    let partition = random.pick(&[
        "",
        "PARTITION BY team ",
        "PARTITION BY team, boss ",
        "PARTITION BY pay > 2000 ",
    ]);
    let (order, numeric_order) = match random.below(4) {
        0 => ("ORDER BY id", true),
        1 => ("ORDER BY pay DESC NULLS LAST, id", false),
        2 => ("ORDER BY name, id", false),
        _ => ("ORDER BY team NULLS FIRST, id DESC", false),
    };
    let frame = match random.below(8) {
        0 => " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
        1 => " ROWS UNBOUNDED PRECEDING",
        2 => " ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
        3 => " RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
        4 if numeric_order => " RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING",
        5 => " GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW",
        6 => " ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING",
        _ => "",
    };
    let call = match random.below(18) {
        0 => "row_number()".to_owned(),
        1 => "rank()".to_owned(),
        2 => "dense_rank()".to_owned(),
        3 => "percent_rank()".to_owned(),
        4 => "cume_dist()".to_owned(),
        5 => "ntile(3)".to_owned(),
        6 => format!("lag({value})"),
        7 => format!("lead({value}, 2)"),
        8 => "lag(id, 1, -1)".to_owned(),
        9 => format!("first_value({value})"),
        10 => format!("last_value({value})"),
        11 => format!("nth_value({value}, 2)"),
        12 => "count(*)".to_owned(),
        13 => "sum(pay)".to_owned(),
        14 => "avg(pay)".to_owned(),
        15 => format!("min({value})"),
        16 => format!("array_agg({value})"),
        _ => "sum(id) FILTER (WHERE pay > 2000)".to_owned(),
    };
    ordered(match random.below(4) {
        0 => format!(
            "SELECT id, {call} OVER w AS v FROM people WINDOW w AS ({partition}{order}{frame}) ORDER BY id"
        ),
        1 => format!(
            "SELECT id, {call} OVER ({partition}{order}{frame}) AS v, rank() OVER (ORDER BY id) AS r FROM people ORDER BY id"
        ),
        2 => format!(
            "SELECT * FROM (SELECT id, {call} OVER ({partition}{order}{frame}) AS v FROM people) AS q ORDER BY id LIMIT 5"
        ),
        _ => format!("SELECT id, {call} OVER ({partition}{order}{frame}) FROM people ORDER BY id"),
    })
}

/// UNION, INTERSECT, EXCEPT.
fn set_operation(random: &mut Random, _: usize) -> Statement {
    let kind = any_of(random, &ORDERED);
    let other = match (kind, random.chance(30)) {
        (Kind::Int | Kind::Big | Kind::Small | Kind::Numeric, true) => Kind::Numeric,
        (kind, _) => kind,
    };
    let scope = Scope::of(&THINGS, "");
    let (first, second) = (
        expression(random, &scope, kind, 1),
        expression(random, &scope, other, 1),
    );
    let operators = [
        "UNION",
        "UNION ALL",
        "INTERSECT",
        "EXCEPT",
        "INTERSECT ALL",
        "EXCEPT ALL",
        "UNION DISTINCT",
    ];
    let operator = operators[random.below(operators.len())];
    let further = operators[random.below(operators.len())];
    unordered(match random.below(7) {
        0 => format!("SELECT {first} AS v FROM things {operator} SELECT {second} FROM things"),
        1 => format!("SELECT team AS v FROM people {operator} SELECT id FROM teams"),
        2 => format!(
            "(SELECT team FROM people {operator} SELECT id FROM teams) {further} SELECT i FROM things"
        ),
        3 => format!(
            "SELECT name FROM people {operator} SELECT name FROM teams {further} SELECT s FROM things"
        ),
        4 => format!("SELECT 1 AS a, 'x' AS b {operator} SELECT 2, 'y' {operator} VALUES (1, 'x')"),
        5 => format!(
            "SELECT * FROM (SELECT team AS k, name FROM people {operator} SELECT id, name FROM teams) AS q WHERE k > 1"
        ),
        _ => format!(
            "(SELECT id, name FROM people ORDER BY pay DESC NULLS LAST, id LIMIT 3) {operator} (SELECT id, city FROM teams ORDER BY id LIMIT 2)"
        ),
    })
}

/// WITH, also recursive.
fn common_table(random: &mut Random, _: usize) -> Statement {
    let inner = Scope::of(&PEOPLE, "");
    let wanted = condition(random, &inner, 1);
    let count = 1 + random.below(9);
    unordered(match random.below(8) {
        0 => format!("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {count}) SELECT n, n * n AS square FROM r"),
        1 => format!("WITH RECURSIVE chain AS (SELECT id, boss, name, 0 AS depth FROM people WHERE id = {count} UNION ALL SELECT p.id, p.boss, p.name, c.depth + 1 FROM people p JOIN chain c ON p.id = c.boss) SELECT * FROM chain"),
        2 => "WITH RECURSIVE tree AS (SELECT id, name::text AS path FROM people WHERE boss IS NULL UNION ALL SELECT p.id, t.path || '/' || coalesce(p.name, '?') FROM people p JOIN tree t ON p.boss = t.id) SELECT id, path FROM tree".to_owned(),
        3 => format!("WITH chosen AS (SELECT * FROM people WHERE {wanted}) SELECT team, count(*) FROM chosen GROUP BY team"),
        4 => format!("WITH a AS (SELECT id, pay FROM people WHERE {wanted}), b AS (SELECT avg(pay) AS mean FROM a) SELECT a.id, a.pay > b.mean FROM a, b"),
        5 => "WITH a(k, v) AS (VALUES (1, 'x'), (2, 'y'), (3, NULL)) SELECT a.k, a.v, q.name FROM a LEFT JOIN teams q ON q.id = a.k".to_owned(),
        6 => "WITH a AS MATERIALIZED (SELECT team, sum(pay) AS total FROM people GROUP BY team) SELECT x.team, y.total FROM a x JOIN a y ON x.team = y.team".to_owned(),
        _ => format!("WITH RECURSIVE r AS (SELECT {count} AS n UNION SELECT (n * 7) % 11 FROM r) SELECT count(*), sum(n) FROM r"),
    })
}

/// DISTINCT and DISTINCT ON.
fn distinct(random: &mut Random, _: usize) -> Statement {
    let kind = any_of(random, &ORDERED);
    let value = expression(random, &Scope::of(&THINGS, ""), kind, 1);
    unordered(match random.below(6) {
        0 => format!("SELECT DISTINCT {value} AS v FROM things"),
        1 => "SELECT DISTINCT ON (team) team, name, pay FROM people ORDER BY team, pay DESC NULLS LAST, id".to_owned(),
        2 => "SELECT DISTINCT team, boss FROM people".to_owned(),
        3 => format!("SELECT count(DISTINCT {value}) FROM things"),
        4 => "SELECT DISTINCT ON (city) city, id FROM teams ORDER BY city NULLS FIRST, id DESC".to_owned(),
        _ => "SELECT DISTINCT ON (boss, team) id, boss, team FROM people ORDER BY boss, team, id".to_owned(),
    })
}

/// ORDER BY, LIMIT, OFFSET.
fn order(random: &mut Random, _: usize) -> Statement {
    let scope = Scope::of(&THINGS, "");
    let kind = any_of(random, &ORDERED);
    let value = expression(random, &scope, kind, 1);
    let direction = random.pick(&[
        "",
        " ASC",
        " DESC",
        " NULLS FIRST",
        " DESC NULLS LAST",
        " ASC NULLS LAST",
        " DESC NULLS FIRST",
    ]);
    let limit = random.pick(&[
        "",
        " LIMIT 3",
        " OFFSET 2",
        " LIMIT 4 OFFSET 3",
        " FETCH FIRST 2 ROWS ONLY",
        " OFFSET 1 ROW FETCH NEXT 3 ROWS ONLY",
        " LIMIT ALL",
        " LIMIT 0",
        " LIMIT NULL",
    ]);
    ordered(match random.below(5) {
        0 => format!("SELECT id, {value} AS v FROM things ORDER BY v{direction}, id{limit}"),
        1 => format!("SELECT id FROM things ORDER BY {value}{direction}, id{limit}"),
        2 => format!("SELECT {value}, id FROM things ORDER BY 1{direction}, 2 DESC{limit}"),
        3 => format!("SELECT id, team FROM people ORDER BY team{direction}, id DESC{limit}"),
        _ => format!(
            "SELECT team, max(pay) AS top FROM people GROUP BY team ORDER BY top{direction}, team{limit}"
        ),
    })
}

/// Rows out of nothing: VALUES, generate_series, unnest, functions that give rows.
fn series(random: &mut Random, _: usize) -> Statement {
    let kind = any_of(random, &ORDERED);
    let none = Scope::default();
    // NULL comes last, and without a type: above integers in VALUES it makes them bigint (docs/COMPAT.md).
    let [first, second] = [(), ()].map(|()| {
        loop {
            let value = expression(random, &none, kind, 0);
            if !value.starts_with("NULL") {
                return value;
            }
        }
    });
    let name = type_name(kind);
    ordered(match random.below(16) {
        0 => format!("SELECT * FROM (VALUES (1, {first}), (2, {second}), (3, NULL)) AS v(k, w) ORDER BY k"),
        1 => format!("VALUES (1, {first}), (2, {second})"),
        2 => "SELECT g, g % 3 AS r FROM generate_series(-2, 7, 3) AS g ORDER BY g".to_owned(),
        3 => "SELECT g FROM generate_series(timestamp '2024-01-30', '2024-04-01', interval '1 month') AS g ORDER BY g".to_owned(),
        4 => "SELECT generate_series(1, 3) AS a, 'x' AS b".to_owned(),
        5 => "SELECT unnest(ARRAY[3, NULL, 1]) AS v".to_owned(),
        6 => "SELECT * FROM unnest(ARRAY['a', 'b'], ARRAY[1, 2, 3]) AS u(x, y)".to_owned(),
        7 => "SELECT * FROM unnest(ARRAY['p', 'q']) WITH ORDINALITY AS u(x, n) ORDER BY n DESC".to_owned(),
        8 => "SELECT * FROM jsonb_each('{\"a\": 1, \"b\": {\"c\": null}}') ORDER BY key".to_owned(),
        9 => "SELECT * FROM jsonb_each_text('{\"a\": 1, \"b\": \"x\", \"c\": null}') ORDER BY key".to_owned(),
        10 => "SELECT * FROM jsonb_array_elements_text('[1, \"x\", null, {\"a\": 1}]')".to_owned(),
        11 => "SELECT k FROM jsonb_object_keys('{\"b\": 1, \"a\": 2}') AS k ORDER BY k".to_owned(),
        12 => "SELECT * FROM regexp_split_to_table('a1b22c', '[0-9]+') AS p".to_owned(),
        13 => "SELECT * FROM string_to_table('a,b,,c', ',') AS p".to_owned(),
        14 => "SELECT e ->> 'a' AS v FROM jsonb_array_elements('[{\"a\": 1}, {\"a\": \"x\"}]') AS e".to_owned(),
        _ => format!("SELECT count(*), max(v) FROM (VALUES ({first}), ({second}), (NULL::{name})) AS q(v) WHERE v IS NOT NULL HAVING count(*) >= 0").replace("max(v)", match kind { Kind::Bool => "bool_or(v)", Kind::Uuid => "count(v)", _ => "max(v)" }),
    })
}

/// Statements with one mistake: the SQLSTATE must be PostgreSQL's.
fn fault(random: &mut Random, number: usize) -> Statement {
    let text = super::faults::FAULTS[number % super::faults::FAULTS.len()];
    ordered(fill(random, &Scope::of(&THINGS, ""), text, 0))
}
