//! Plans as EXPLAIN shows them, over tables without an engine.

use super::explain::{Details, node};
use super::{Order, insert, select, update};
use crate::explain::{ExplainOptions, Explained};
use crate::run::bind_update::bind_update;
use crate::run::read::access;
use crate::run::write::insert_items;
use crate::syntax::{Stmt, parse_statement};
use crate::test_tables::{arguments, tables};
use crate::{Datum, Dialect, SqlError};
use expect_test::{Expect, expect};
use shale_env::SeededRand;
use sqlparser::ast::Statement;

fn message(error: &SqlError) -> String {
    match error {
        SqlError::UndefinedColumn {
            name,
            position,
            hint,
        } => format!("42703 {name} at {position:?}: {hint:?}"),
        SqlError::UndefinedTable { name, position } => format!("42P01 {name} at {position:?}"),
        SqlError::NotSupported { feature, hint } => format!("0A000 {feature}: {hint:?}"),
        SqlError::Other {
            sqlstate, message, ..
        } => format!("{sqlstate} {message}"),
        other => other.to_string(),
    }
}

fn explained(text: &str, parameters: &[Datum]) -> Result<String, SqlError> {
    let tables = tables();
    let rand = SeededRand::new(1);
    let with = arguments(parameters, &rand);
    let Some(Stmt::Sql(statement)) = parse_statement(text, Dialect::Postgres)? else {
        panic!("no query: {text}");
    };
    let Statement::Query(query) = *statement else {
        panic!("no query: {text}");
    };
    let Some((plan, types)) = select::plan(&tables, &query, text, Dialect::Postgres, &[])? else {
        return Ok("Analytic".into());
    };
    let details = Details {
        order: match plan.order {
            Order::Any => None,
            Order::SortKey { forward } => Some(format!("sort key, forward {forward}")),
            Order::Memory(_) => Some("in memory".into()),
        },
        ..Details::default()
    };
    let explained = Explained {
        plan: node(&plan.table, &access(&plan, &with)?, &details),
        settings: vec![],
        planning_micros: 0,
        execution_micros: None,
    };
    let mut all = explained.rows(&ExplainOptions::of(&[])?);
    if plan.point.is_some() {
        all.push("  Point".into());
    }
    if !types.is_empty() {
        let names: Vec<String> = types.iter().map(crate::SqlType::name).collect();
        all.push(format!("  Parameters: {}", names.join(", ")));
    }
    Ok(all.join("\n"))
}

fn check(text: &str, expected: Expect) {
    check_with(text, &[], expected);
}

fn check_with(text: &str, parameters: &[Datum], expected: Expect) {
    let actual = explained(text, parameters).unwrap_or_else(|error| message(&error));
    expected.assert_eq(&actual);
}

#[test]
fn keys_are_looked_up() {
    check(
        "SELECT * FROM music WHERE artist = 'a' AND song = 's'",
        expect![[r#"
            KeyLookup on music  (cost=0.00..1.00 rows=1 width=0)
              Keys: (artist = 'a', song = 's')
              Partitions: 1
              Estimated capacity: 1 read unit
              Point"#]],
    );
    check_with(
        "SELECT year FROM Music m WHERE m.song = $2 AND $1 = m.artist",
        &[Datum::Text("a".into()), Datum::Text("s".into())],
        expect![[r#"
            KeyLookup on music  (cost=0.00..1.00 rows=1 width=0)
              Keys: (artist = 'a', song = 's')
              Partitions: 1
              Estimated capacity: 1 read unit
              Point
              Parameters: text, text"#]],
    );
    check(
        "SELECT * FROM music WHERE artist IN ('a', 'b', 'a') AND song IN ('s', 't') AND year > 1999",
        expect![[r#"
            KeyLookup on music  (cost=0.00..4.00 rows=1 width=0)
              Keys: (artist = 'a', song = 's'), (artist = 'a', song = 't'), (artist = 'b', song = 's'), (artist = 'b', song = 't')
              Partitions: 2
              Filter: year > 1999
              Estimated capacity: 4 read units"#]],
    );
    check_with(
        "SELECT * FROM users WHERE id = ANY($1)",
        &[Datum::Array(vec![Datum::Int(1), Datum::Int(2)])],
        expect![[r#"
            KeyLookup on users  (cost=0.00..2.00 rows=2 width=0)
              Keys: (id = 1), (id = 2)
              Partitions: 2
              Estimated capacity: 2 read units
              Parameters: bigint[]"#]],
    );
    check(
        "SELECT * FROM users WHERE id = 1 OR id = 2",
        expect![[r#"
            KeyLookup on users  (cost=0.00..2.00 rows=2 width=0)
              Keys: (id = 1), (id = 2)
              Partitions: 2
              Estimated capacity: 2 read units"#]],
    );
}

#[test]
fn ranges_are_scanned_in_order() {
    check(
        "SELECT song FROM music WHERE artist = 'a' AND song >= 'b' AND song <= 'd' ORDER BY song DESC LIMIT 3",
        expect![[r#"
            RangeScan on music  (cost=0.00..1.00 rows=1 width=0)
              Key condition: artist = 'a' AND song BETWEEN 'b' AND 'd'
              Partitions: 1
              Order: sort key, forward false
              Estimated capacity: 1 read unit"#]],
    );
    check(
        "SELECT * FROM music WHERE artist = 'a' AND song LIKE 'b%' AND ok",
        expect![[r#"
            RangeScan on music  (cost=0.00..1.00 rows=1 width=0)
              Key condition: artist = 'a' AND begins_with(song, 'b')
              Partitions: 1
              Filter: ok = true
              Estimated capacity: 1 read unit"#]],
    );
    check(
        "SELECT * FROM music WHERE artist = 'a' AND song > 'b' AND song < 'd' ORDER BY artist, song",
        expect![[r#"
            RangeScan on music  (cost=0.00..1.00 rows=1 width=0)
              Key condition: artist = 'a' AND song > 'b'
              Partitions: 1
              Order: sort key, forward true
              Filter: song < 'd'
              Estimated capacity: 1 read unit"#]],
    );
    check(
        "SELECT * FROM music WHERE artist = 'a' ORDER BY year",
        expect![[r#"
            RangeScan on music  (cost=0.00..2.00 rows=10 width=0)
              Key condition: artist = 'a'
              Partitions: 1
              Order: in memory
              Estimated capacity: 2 read units"#]],
    );
}

#[test]
fn other_conditions_scan_with_a_filter() {
    check(
        "SELECT * FROM music WHERE year <> 1999",
        expect![[r#"
            Scan on music  (cost=0.00..123.00 rows=945 width=0)
              Partitions: all
              Filter: attribute_type(year, 'N') AND year <> 1999
              Estimated capacity: 123 read units"#]],
    );
    check(
        "SELECT * FROM music WHERE NOT (year = 1 OR ok) AND doc.a.b IS NULL",
        expect![[r#"
            Scan on music  (cost=0.00..123.00 rows=851 width=0)
              Partitions: all
              Filter: attribute_type(year, 'N') AND year <> 1 AND attribute_type(ok, 'BOOL') AND ok <> true AND NOT (doc.a.b IS NOT MISSING AND NOT (attribute_type(doc.a.b, 'NULL')))
              Estimated capacity: 123 read units"#]],
    );
    check(
        "SELECT * FROM music WHERE at > '2024-01-01 10:00' AND price = 1.5 AND doc.a = 'x'",
        expect![[r#"
            Scan on music  (cost=0.00..123.00 rows=1 width=0)
              Partitions: all
              Filter: at > '2024-01-01T10:00:00.000000Z' AND price = 1.5 AND doc.a = 'x'
              Estimated capacity: 123 read units"#]],
    );
    check(
        "SELECT * FROM \"Loose\" WHERE age > 3 AND mixed = 'x'",
        expect![[r#"
            Scan on Loose  (cost=0.00..123.00 rows=2 width=0)
              Partitions: all
              Filter: Age > 3 AND mixed = 'x'
              Estimated capacity: 123 read units"#]],
    );
}

#[test]
fn impossible_conditions_read_nothing() {
    for text in [
        "SELECT * FROM music WHERE artist = ''",
        "SELECT * FROM music WHERE artist = NULL",
        "SELECT * FROM music WHERE artist = 'a' AND song BETWEEN 'z' AND 'b'",
        "SELECT * FROM music WHERE year IN (NULL)",
        "SELECT * FROM music WHERE artist IS NULL",
        "SELECT * FROM music WHERE false AND year = 1",
    ] {
        let actual = explained(text, &[]).unwrap_or_else(|error| message(&error));
        assert!(actual.starts_with("Nothing"), "{text}: {actual}");
    }
}

#[test]
fn what_is_more_goes_to_the_analytic_executor() {
    for text in [
        "SELECT 1",
        "SELECT count(*) FROM music",
        "SELECT upper(artist) FROM music",
        "SELECT DISTINCT artist FROM music",
        "SELECT * FROM music, users",
        "SELECT * FROM music WHERE artist LIKE '%x%y'",
        "SELECT * FROM music WHERE upper(artist) = 'X'",
        "SELECT * FROM music WHERE artist = (SELECT name FROM users)",
        "SELECT * FROM music ORDER BY year",
        "SELECT * FROM pg_class",
        "SELECT * FROM information_schema.tables",
        "WITH x AS (SELECT 1) SELECT * FROM music",
        "SELECT artist FROM music GROUP BY artist",
        "SELECT * FROM music WHERE at::date = '2020-01-01'",
    ] {
        assert_eq!(
            explained(text, &[]).ok().as_deref(),
            Some("Analytic"),
            "{text}"
        );
    }
}

#[test]
fn names_that_are_not_there_have_a_position_and_a_hint() {
    check("SELECT * FROM musik", expect!["42P01 musik at Some(14)"]);
    check(
        "SELECT yaer FROM music",
        expect![[
            r#"42703 yaer at Some(7): Some("Perhaps you meant to reference the column \"music.year\".")"#
        ]],
    );
    check(
        "SELECT * FROM nope.music",
        expect![[r#"3F000 schema "nope" does not exist"#]],
    );
    check(
        "SELECT * FROM public.music WHERE x.y = 1",
        expect!["42703 x at Some(33): None"],
    );
    check(
        "SELECT * FROM music WHERE year = 'x'",
        expect![[r#"invalid input syntax for type integer: "x""#]],
    );
    check(
        "SELECT * FROM music WHERE artist = 5",
        expect![[r#"42883 operator does not exist: text = integer (in "artist = 5")"#]],
    );
    check(
        "SELECT * FROM music WHERE year",
        expect!["argument of WHERE must be type boolean, not type integer"],
    );
}

#[test]
fn names_match_without_case_unless_quoted() {
    check(
        "SELECT PK FROM loose WHERE Pk = 'a'",
        expect![[r#"
            KeyLookup on Loose  (cost=0.00..1.00 rows=1 width=0)
              Keys: (pk = 'a')
              Partitions: 1
              Estimated capacity: 1 read unit
              Point"#]],
    );
    check(
        "SELECT * FROM \"loose\"",
        expect!["42P01 loose at Some(14)"],
    );
    check(
        "SELECT \"AGE\" FROM \"Loose\"",
        expect![[
            r#"42703 AGE at Some(7): Some("Perhaps you meant to reference the column \"Loose.Age\".")"#
        ]],
    );
}

fn columns(text: &str) -> String {
    let tables = tables();
    let Ok(Some(Stmt::Sql(statement))) = parse_statement(text, Dialect::Postgres) else {
        panic!("no query: {text}");
    };
    let Statement::Query(query) = *statement else {
        panic!("no query: {text}");
    };
    let planned = select::plan(&tables, &query, text, Dialect::Postgres, &[]);
    let (plan, _) = planned.expect(text).expect(text);
    let columns: Vec<String> = plan
        .outputs
        .columns
        .iter()
        .map(|column| format!("{} {}", column.name, column.sql_type.name()))
        .collect();
    columns.join(", ")
}

#[test]
fn result_columns_have_names_and_types() {
    assert_eq!(
        columns("SELECT * FROM users"),
        "id bigint, name character varying(10), joined date, code character(4)"
    );
    assert_eq!(
        columns("SELECT u.*, _item, doc.a[0].b, tags[0], 'x', 5 AS five FROM music u LIMIT 1")
            .rsplit(", ")
            .take(5)
            .collect::<Vec<_>>(),
        [
            "five integer",
            "?column? text",
            "tags text",
            "b jsonb",
            "_item jsonb"
        ]
    );
    assert_eq!(
        columns("SELECT * FROM \"Loose\""),
        "pk text, Age bigint, flag boolean, mixed jsonb"
    );
}

fn inserted(text: &str, parameters: &[Datum]) -> String {
    let tables = tables();
    let rand = SeededRand::new(1);
    let with = arguments(parameters, &rand);
    let result = match parse_statement(text, Dialect::Postgres) {
        Ok(Some(Stmt::Insert(insert))) => {
            insert::plan(&tables, &insert, text, Dialect::Postgres, &[])
                .and_then(|(plan, _)| insert_items(&plan, &with))
        }
        Ok(_) => panic!("no INSERT: {text}"),
        Err(error) => Err(error),
    };
    match result {
        Err(error) => message(&error),
        Ok(items) => items
            .iter()
            .map(|item| {
                let encoded = shale_item::EncodedItem::encode(item);
                crate::datum::item_to_json(encoded.view())
            })
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[test]
fn rows_become_items() {
    let check = |text: &str, expected: Expect| expected.assert_eq(&inserted(text, &[]));
    check(
        "INSERT INTO users VALUES (1, 'Ann', DEFAULT, 'ab')",
        expect![[r#"{"id": 1, "code": "ab", "name": "Ann", "joined": "2020-01-01"}"#]],
    );
    check(
        "INSERT INTO users (id, name, Extra, \"Big\") VALUES (1, 'Ann', 1.50, TRUE), ('2', 'B', NULL, 'x')",
        expect![[r#"
            {"id": 1, "Big": true, "name": "Ann", "extra": 1.5, "joined": "2020-01-01"}
            {"id": 2, "Big": "x", "name": "B", "joined": "2020-01-01"}"#]],
    );
    check(
        "INSERT INTO music VALUE {'artist': 'a', 'song': 's', 'year': '1999', 'x': NULL, 'set': <<2,1>>}",
        expect![[r#"{"x": null, "set": [1, 2], "song": "s", "year": 1999, "artist": "a"}"#]],
    );
    check(
        "INSERT INTO music (artist, song, price, at, doc, tags) VALUES ('a', 's', 1.005, DATE '2020-02-03', '{\"k\": [1]}', '{x,y}')",
        expect![[
            r#"{"at": "2020-02-03T00:00:00.000000Z", "doc": {"k": [1]}, "song": "s", "tags": ["x", "y"], "price": 1.01, "artist": "a"}"#
        ]],
    );
    check(
        "INSERT INTO users VALUES (1)",
        expect![[
            r#"null value in column "name" of relation "users" violates not-null constraint"#
        ]],
    );
    check(
        "INSERT INTO users VALUES (1, 'much too long')",
        expect!["value too long for type character varying(10)"],
    );
    check(
        "INSERT INTO users (id, id) VALUES (1, 2)",
        expect![[r#"column "id" specified more than once"#]],
    );
    check(
        "INSERT INTO users (id) VALUES (1, 2)",
        expect!["syntax error: INSERT has more expressions than target columns"],
    );
    check(
        "INSERT INTO users (id, name) VALUES (true, 'x')",
        expect![[r#"column "id" is of type bigint but expression is of type boolean"#]],
    );
    check(
        "INSERT INTO users (id, name) VALUES (1, 'a') ON CONFLICT (name) DO NOTHING",
        expect![
            "42P10 there is no unique or exclusion constraint matching the ON CONFLICT specification"
        ],
    );
}

fn updated(text: &str, parameters: &[Datum]) -> String {
    let tables = tables();
    let rand = SeededRand::new(1);
    let with = arguments(parameters, &rand);
    let result = match parse_statement(text, Dialect::Postgres) {
        Ok(Some(Stmt::Update(statement))) => {
            update::plan_update(&tables, &statement, text, Dialect::Postgres, &[]).and_then(
                |(plan, _)| {
                    if let (true, Some(query)) = (plan.per_row, &plan.query) {
                        return Ok(Err(query.to_string()));
                    }
                    bind_update(&plan.actions, &plan.checks, &with).map(Ok)
                },
            )
        }
        Ok(_) => panic!("no UPDATE: {text}"),
        Err(error) => Err(error),
    };
    match result {
        Err(error) => message(&error),
        Ok(Err(query)) => format!("rows of {query}"),
        Ok(Ok(update)) => {
            let rules: Vec<String> = update.rules.iter().map(rule_text).collect();
            format!("{:?}{}", update.actions, rules.concat())
        }
    }
}

fn rule_text(rule: &shale_expression::Rule) -> String {
    let path = super::set::path_text(&rule.path);
    let required = if rule.required { " not null" } else { "" };
    let range = rule.range.map(|range| {
        let scale = range.scale.map(|scale| format!(" scale {scale}"));
        format!(
            " in {}..={}{}",
            range.low,
            range.high,
            scale.unwrap_or_default()
        )
    });
    format!("; {path}{required}{}", range.unwrap_or_default())
}

#[test]
fn updates_lower_to_actions() {
    let check = |text: &str, expected: Expect| expected.assert_eq(&updated(text, &[]));
    check(
        "UPDATE users SET joined = NULL WHERE id = 1",
        expect![[r#"[Remove(Path { root: "joined", steps: [] })]"#]],
    );
    check(
        "UPDATE music SET year = year + 1 WHERE artist = 'a' AND song = 's'",
        expect![[
            r#"[Set(Path { root: "year", steps: [] }, Plus(Path(Path { root: "year", steps: [] }), Value(N(Number { negative: false, coefficient: 1, exponent: 0 }))))]; year in -2147483648..=2147483647 scale 0"#
        ]],
    );
    check(
        "UPDATE users SET name = NULL WHERE id = 1",
        expect![[r#"[Remove(Path { root: "name", steps: [] })]; name not null"#]],
    );
    check(
        "UPDATE users SET id = 2 WHERE id = 1",
        expect![[
            r#"[Set(Path { root: "id", steps: [] }, Value(N(Number { negative: false, coefficient: 2, exponent: 0 })))]; id not null"#
        ]],
    );
    check(
        "UPDATE users SET name = 'x' WHERE name = 'y'",
        expect![[r#"[Set(Path { root: "name", steps: [] }, Value(S("x")))]; name not null"#]],
    );
    check(
        "UPDATE users SET name = 'x', name = 'y' WHERE id = 1",
        expect![[r#"syntax error: multiple assignments to same column "name""#]],
    );
}

#[test]
fn what_cannot_be_lowered_is_found_and_computed_by_a_query() {
    let check = |text: &str, expected: Expect| expected.assert_eq(&updated(text, &[]));
    check(
        "UPDATE users SET name = upper(name), joined = '2020-01-01' WHERE id = 1",
        expect![[r#"rows of SELECT users."id" AS k0, upper(name) AS c0 FROM users WHERE id = 1"#]],
    );
    check(
        "UPDATE music AS m SET year = m.year * 2 + 1 WHERE length(song) > 3",
        expect![[
            r#"rows of SELECT m."artist" AS k0, m."song" AS k1, m.year * 2 + 1 AS c0 FROM music AS m WHERE length(song) > 3"#
        ]],
    );
    check(
        "UPDATE music SET year = (SELECT max(id) FROM users WHERE users.name = music.artist)",
        expect![[
            r#"rows of SELECT music."artist" AS k0, music."song" AS k1, (SELECT max(id) FROM users WHERE users.name = music.artist) AS c0 FROM music"#
        ]],
    );
    check(
        "UPDATE users u SET name = m.song FROM music m WHERE m.artist = u.name AND u.id > $1",
        expect![[
            r#"rows of SELECT u."id" AS k0, m.song AS c0 FROM users AS u, music m WHERE m.artist = u.name AND u.id > $1"#
        ]],
    );
    check(
        "UPDATE users SET name = nope || 'x' WHERE id = 1",
        expect![[r#"rows of SELECT users."id" AS k0, nope || 'x' AS c0 FROM users WHERE id = 1"#]],
    );
}

#[test]
fn alternatives_of_whole_keys_are_looked_up() {
    check(
        "SELECT * FROM music WHERE (artist = 'a' AND song = 's') OR (artist = 'b' AND song IN ('t', 'u')) OR (song = 's' AND artist = 'a')",
        expect![[r#"
            KeyLookup on music  (cost=0.00..3.00 rows=1 width=0)
              Keys: (artist = 'a', song = 's'), (artist = 'b', song = 't'), (artist = 'b', song = 'u')
              Partitions: 2
              Filter: (artist = 'a' AND song = 's') OR (artist = 'b' AND song IN ('t', 'u')) OR (song = 's' AND artist = 'a')
              Estimated capacity: 3 read units"#]],
    );
    check(
        "SELECT * FROM music WHERE ((artist = 'a' AND song = 's') OR (artist = 'b' AND song = 't')) AND year > 2000",
        expect![[r#"
            KeyLookup on music  (cost=0.00..2.00 rows=1 width=0)
              Keys: (artist = 'a', song = 's'), (artist = 'b', song = 't')
              Partitions: 2
              Filter: ((artist = 'a' AND song = 's') OR (artist = 'b' AND song = 't')) AND year > 2000
              Estimated capacity: 2 read units"#]],
    );
    check(
        "SELECT * FROM users WHERE (id = 1 OR id = 2) OR (id = 3 OR id = 1)",
        expect![[r#"
            KeyLookup on users  (cost=0.00..3.00 rows=3 width=0)
              Keys: (id = 1), (id = 2), (id = 3)
              Partitions: 3
              Estimated capacity: 3 read units"#]],
    );
    check(
        "SELECT * FROM music WHERE (artist = 'a' AND song = 's') OR artist = 'b'",
        expect![[r#"
            Scan on music  (cost=0.00..123.00 rows=10 width=0)
              Partitions: all
              Filter: (artist = 'a' AND song = 's') OR artist = 'b'
              Estimated capacity: 123 read units"#]],
    );
}
