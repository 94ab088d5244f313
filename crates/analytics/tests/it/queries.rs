//! What queries answer. Expected answers are those of PostgreSQL 15 on the same data, unless a comment says otherwise.

use crate::harness::{Database, execute};
use expect_test::{Expect, expect};
use shale_engine::{PutItem, ReturnValues};
use shale_item::{AttributeValue, Item};
use shale_sql::{Datum, SqlError, SqlType};

const DATA: &str = "\
    CREATE TABLE airlines (carrier text PRIMARY KEY, name text, founded date, active boolean);
    CREATE TABLE flights (carrier text, flight int, origin varchar(3), dep timestamp, delay int, price numeric(10,2), \
      distance double precision, PRIMARY KEY (carrier, flight));
    INSERT INTO airlines VALUES ('AA', 'American', '1926-04-15', true), ('B6', 'JetBlue', '1998-08-01', true), \
      ('PA', 'Pan Am', '1927-03-14', false), ('UA', 'United', NULL, true);
    INSERT INTO flights VALUES \
      ('AA', 1, 'JFK', '2013-01-01 05:40:00', 2, 199.99, 1089.5), ('AA', 2, 'LGA', '2013-01-01 23:59:59.5', -4, 80, 733), \
      ('AA', 3, 'JFK', '2013-02-28 12:00:00', NULL, 120.5, NULL), ('B6', 1, 'JFK', '2013-01-02 06:00:00', 30, 99, 1576), \
      ('B6', 7, 'EWR', '2013-03-01 00:00:00', 10, 45.25, 1065), ('UA', 1, 'EWR', NULL, 0, NULL, 1400.25)";

async fn sample() -> Database {
    let database = Database::new();
    database.run(DATA).await;
    database
}

async fn check(database: &Database, query: &str, expected: Expect) {
    expected.assert_eq(&database.query(query).await.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn joins() {
    let database = sample().await;
    check(
        &database,
        "SELECT a.name, f.flight FROM flights f JOIN airlines a ON a.carrier = f.carrier WHERE f.delay > 1 ORDER BY 1, 2",
        expect![[r#"
            American|1
            JetBlue|1
            JetBlue|7"#]],
    )
    .await;
    check(
        &database,
        "SELECT name, count(flight) FROM airlines LEFT JOIN flights USING (carrier) GROUP BY name ORDER BY name",
        expect![[r#"
            American|3
            JetBlue|2
            Pan Am|0
            United|1"#]],
    )
    .await;
    check(
        &database,
        "SELECT carrier, name FROM airlines NATURAL JOIN (SELECT DISTINCT carrier FROM flights) f ORDER BY carrier",
        expect![[r#"
            AA|American
            B6|JetBlue
            UA|United"#]],
    )
    .await;
    check(
        &database,
        "SELECT x.flight, y.flight FROM flights x, flights y WHERE x.carrier = y.carrier AND x.flight < y.flight ORDER BY x.carrier, 1, 2",
        expect![[r#"
            1|2
            1|3
            2|3
            1|7"#]],
    )
    .await;
    let answer = database
        .query("SELECT * FROM airlines a FULL JOIN flights f ON a.carrier = f.carrier AND f.flight > 2 WHERE a.carrier = 'PA'")
        .await;
    assert_eq!(
        answer.names(),
        [
            "carrier", "name", "founded", "active", "carrier", "flight", "origin", "dep", "delay",
            "price", "distance"
        ]
    );
    assert_eq!(answer.text(), "PA|Pan Am|1927-03-14|f|∅|∅|∅|∅|∅|∅|∅");
}

#[tokio::test(flavor = "multi_thread")]
async fn aggregates() {
    let database = sample().await;
    let answer = database
        .query(
            "SELECT count(*), count(delay), sum(delay), avg(delay), min(price), max(dep), sum(price), avg(distance), \
             bool_and(delay > 0), string_agg(origin, ',' ORDER BY carrier, flight) FROM flights",
        )
        .await;
    assert_eq!(
        answer.names(),
        [
            "count",
            "count",
            "sum",
            "avg",
            "min",
            "max",
            "sum",
            "avg",
            "bool_and",
            "string_agg"
        ]
    );
    assert_eq!(
        answer.types(),
        [
            "bigint",
            "bigint",
            "bigint",
            "numeric",
            "numeric(10,2)",
            "timestamp without time zone",
            "numeric",
            "double precision",
            "boolean",
            "text"
        ]
    );
    expect!["6|5|38|7.6|45.25|2013-03-01 00:00:00|544.74|1172.75|f|JFK,LGA,JFK,JFK,EWR,EWR"]
        .assert_eq(&answer.text());
    check(
        &database,
        "SELECT origin, sum(delay) AS total FROM flights GROUP BY origin HAVING count(*) > 1 ORDER BY total DESC NULLS LAST",
        expect![[r#"
            JFK|32
            EWR|10"#]],
    )
    .await;
    check(
        &database,
        "SELECT carrier, origin, count(*) FROM flights GROUP BY ROLLUP (carrier, origin) ORDER BY carrier, origin, 3",
        expect![[r#"
            AA|JFK|2
            AA|LGA|1
            AA|∅|3
            B6|EWR|1
            B6|JFK|1
            B6|∅|2
            UA|EWR|1
            UA|∅|1
            ∅|∅|6"#]],
    )
    .await;
    check(
        &database,
        "SELECT count(*) FILTER (WHERE delay > 0), count(DISTINCT origin), array_agg(flight ORDER BY flight) FROM flights WHERE carrier = 'AA'",
        expect!["1|2|{1,2,3}"],
    )
    .await;
    check(
        &database,
        "SELECT max(delay) FROM flights WHERE carrier = 'none'",
        expect!["∅"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_and_ctes() {
    let database = sample().await;
    check(
        &database,
        "SELECT carrier, flight, row_number() OVER (PARTITION BY carrier ORDER BY flight DESC), \
         sum(delay) OVER (PARTITION BY carrier ORDER BY flight), lag(flight) OVER (ORDER BY carrier, flight) \
         FROM flights ORDER BY 1, 2",
        expect![[r#"
            AA|1|3|2|∅
            AA|2|2|-2|1
            AA|3|1|-2|2
            B6|1|2|30|3
            B6|7|1|40|1
            UA|1|1|0|7"#]],
    )
    .await;
    check(
        &database,
        "WITH busy AS (SELECT carrier, count(*) AS n FROM flights GROUP BY carrier), \
         named AS (SELECT name, n FROM busy JOIN airlines USING (carrier)) SELECT * FROM named WHERE n > 1 ORDER BY n",
        expect![[r#"
            JetBlue|2
            American|3"#]],
    )
    .await;
    check(
        &database,
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t",
        expect!["15"],
    )
    .await;
    check(
        &database,
        "SELECT carrier FROM airlines EXCEPT SELECT carrier FROM flights UNION ALL SELECT 'x' ORDER BY 1",
        expect![[r#"
            PA
            x"#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subqueries() {
    let database = sample().await;
    check(
        &database,
        "SELECT name, (SELECT count(*) FROM flights f WHERE f.carrier = a.carrier) FROM airlines a ORDER BY name",
        expect![[r#"
            American|3
            JetBlue|2
            Pan Am|0
            United|1"#]],
    )
    .await;
    // Not an aggregate, and correlated by an inequality: DataFusion alone cannot plan these.
    check(
        &database,
        "SELECT name, (SELECT f.flight FROM flights f WHERE f.carrier = a.carrier ORDER BY f.flight DESC LIMIT 1) FROM airlines a ORDER BY name",
        expect![[r#"
            American|3
            JetBlue|7
            Pan Am|∅
            United|1"#]],
    )
    .await;
    check(
        &database,
        "SELECT f.flight, (SELECT count(*) FROM flights g WHERE g.delay < f.delay) FROM flights f WHERE carrier = 'AA' ORDER BY 1",
        expect![[r#"
            1|2
            2|0
            3|0"#]],
    )
    .await;
    check(
        &database,
        "SELECT name FROM airlines a WHERE EXISTS (SELECT 1 FROM flights f WHERE f.carrier = a.carrier AND f.delay > 5)",
        expect!["JetBlue"],
    )
    .await;
    check(
        &database,
        "SELECT name, EXISTS (SELECT 1 FROM flights f WHERE f.carrier = a.carrier), carrier IN (SELECT carrier FROM flights WHERE delay < 0) \
         FROM airlines a ORDER BY name",
        expect![[r#"
            American|t|t
            JetBlue|t|f
            Pan Am|f|f
            United|t|f"#]],
    )
    .await;
    check(
        &database,
        "SELECT name FROM airlines WHERE carrier NOT IN (SELECT carrier FROM flights)",
        expect!["Pan Am"],
    )
    .await;
    check(
        &database,
        "SELECT name, ARRAY(SELECT flight FROM flights f WHERE f.carrier = a.carrier ORDER BY 1) FROM airlines a ORDER BY name",
        expect![[r#"
            American|{1,2,3}
            JetBlue|{1,7}
            Pan Am|{}
            United|{1}"#]],
    )
    .await;
    let error = database
        .error(
            "SELECT (SELECT f.flight FROM flights f WHERE f.carrier = a.carrier) FROM airlines a",
        )
        .await;
    assert!(
        matches!(
            error,
            SqlError::Other {
                sqlstate: "21000",
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_those_of_postgres() {
    let database = sample().await;
    check(
        &database,
        "SELECT 7 / 2, -7 / 2, 7 % 3, 7.0 / 2, 1.5::int, 2.5::int, (-1.5)::int, 2.5::double precision::int, 0.1 + 0.2",
        expect!["3|-3|1|3.5|2|3|-2|2|0.3"],
    )
    .await;
    check(
        &database,
        "SELECT dep::text, price::text, distance::text, dep::date, extract(year FROM dep), date_trunc('month', dep) \
         FROM flights WHERE carrier = 'AA' AND flight = 1 AND (SELECT true)",
        expect!["2013-01-01 05:40:00|199.99|1089.5|2013-01-01|2013|2013-01-01 00:00:00"],
    )
    .await;
    check(
        &database,
        "SELECT to_char(dep, 'YYYY-MM'), count(*) FROM flights GROUP BY 1 ORDER BY 1 NULLS LAST",
        expect![[r#"
            2013-01|3
            2013-02|1
            2013-03|1
            ∅|1"#]],
    )
    .await;
    check(
        &database,
        "SELECT upper(name), length(name), substring(name FROM 2 FOR 3), position('a' IN name), name LIKE 'J%', name ~ '^[A-J]', \
         name || '!', coalesce(founded, '2000-01-01') FROM airlines WHERE (SELECT true) ORDER BY name LIMIT 2",
        expect![[r#"
            AMERICAN|8|mer|7|f|t|American!|1926-04-15
            JETBLUE|7|etB|0|t|t|JetBlue!|1998-08-01"#]],
    )
    .await;
    // NULL sorts last ascending and first descending.
    check(
        &database,
        "SELECT delay FROM flights f WHERE (SELECT true) ORDER BY delay DESC LIMIT 2",
        expect![[r#"
        ∅
        30"#]],
    )
    .await;
    check(
        &database,
        "SELECT count(*) FROM flights WHERE NOT (delay > 0)",
        expect!["2"],
    )
    .await;
    check(
        &database,
        "SELECT CASE WHEN delay > 0 THEN 'late' WHEN delay IS NULL THEN 'unknown' ELSE 'on time' END AS state, count(*) \
         FROM flights GROUP BY state ORDER BY state",
        expect![[r#"
            late|3
            on time|2
            unknown|1"#]],
    )
    .await;
    check(
        &database,
        "SELECT * FROM generate_series(1, 3) AS n JOIN unnest(ARRAY['a', 'b']) AS x ON true ORDER BY n, x LIMIT 3",
        expect![[r#"
            1|a
            1|b
            2|a"#]],
    )
    .await;
    check(
        &database,
        "SELECT 'b' = ANY('{a,b}'), 3 = ANY(ARRAY[1, 2]), '{1,2}'::int[], '{}'::text[]",
        expect!["t|f|{1,2}|{}"],
    )
    .await;
    check(
        &database,
        "SELECT 1 AS a, 1 AS a, count(*) FROM airlines a GROUP BY a.carrier HAVING false",
        expect![""],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_named_and_typed() {
    let database = sample().await;
    let answer = database
        .query("SELECT f.origin, upper(f.origin), f.price, f.delay + 1, 'x', f.flight::text, f.dep, max(f.origin) OVER () AS top FROM flights f LIMIT 1")
        .await;
    assert_eq!(
        answer.names(),
        [
            "origin", "upper", "price", "?column?", "?column?", "flight", "dep", "top"
        ]
    );
    assert_eq!(
        answer.types(),
        [
            "character varying(3)",
            "text",
            "numeric(10,2)",
            "integer",
            "text",
            "text",
            "timestamp without time zone",
            "text"
        ]
    );
}

fn item(attributes: &[(&str, AttributeValue)]) -> Item {
    attributes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

async fn put(database: &Database, table: &str, attributes: &[(&str, AttributeValue)]) {
    let request = PutItem {
        table: table.to_owned(),
        item: item(attributes),
        condition: None,
        return_values: ReturnValues::None,
        return_item_on_failure: false,
    };
    database.engine.put_item(request).await.unwrap();
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn n(number: &str) -> AttributeValue {
    AttributeValue::N(number.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn undeclared_attributes_are_reached_by_name_only() {
    let database = Database::new();
    database
        .run("CREATE TABLE things (id text PRIMARY KEY, size int)")
        .await;
    put(
        &database,
        "things",
        &[
            ("id", s("a")),
            ("size", n("1")),
            ("Color", s("red")),
            ("weight", n("1.5")),
        ],
    )
    .await;
    put(
        &database,
        "things",
        &[
            ("id", s("b")),
            ("size", n("2")),
            ("weight", n("12345678901234567890")),
        ],
    )
    .await;
    let all = database
        .query("SELECT * FROM things t WHERE (SELECT true) ORDER BY id")
        .await;
    assert_eq!(all.names(), ["id", "size"]);
    assert_eq!(all.text(), "a|1\nb|2");
    let named = database
        .query(
            "SELECT *, t.color, t.weight FROM things t JOIN things u USING (id, size) ORDER BY id",
        )
        .await;
    assert_eq!(named.names(), ["id", "size", "color", "weight"]);
    assert_eq!(named.types(), ["text", "integer", "text", "numeric"]);
    check(
        &database,
        "SELECT count(*), max(weight), sum(weight) FROM things WHERE color IS NULL OR weight < 2",
        expect!["2|12345678901234567890|12345678901234567891.5"],
    )
    .await;
    check(
        &database,
        "SELECT t.*, t._item FROM things t, (SELECT 1) x ORDER BY id",
        expect![[r#"
            a|1|{"id": "a", "size": 1, "Color": "red", "weight": 1.5}
            b|2|{"id": "b", "size": 2, "weight": 12345678901234567890}"#]],
    )
    .await;
    let error = database
        .error("SELECT max(nothing) FROM things GROUP BY id")
        .await;
    assert!(
        matches!(&error, SqlError::UndefinedColumn { name, .. } if name == "nothing"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mixed_types_are_json_and_paths_reach_into_documents() {
    let database = Database::new();
    database
        .run("CREATE TABLE things (id text PRIMARY KEY)")
        .await;
    let list = AttributeValue::L(vec![n("1"), s("two"), AttributeValue::Null]);
    let map = AttributeValue::M(item(&[("b", list), ("c", AttributeValue::Bool(true))]));
    put(
        &database,
        "things",
        &[("id", s("a")), ("mixed", s("x")), ("doc", map)],
    )
    .await;
    put(&database, "things", &[("id", s("b")), ("mixed", n("5"))]).await;
    let answer = database
        .query("SELECT mixed FROM things t WHERE (SELECT true) ORDER BY id")
        .await;
    assert_eq!(answer.types(), ["jsonb"]);
    assert_eq!(answer.text(), "\"x\"\n5");
    check(
        &database,
        "SELECT doc.b[0], doc.b[1], t.doc.c, doc -> 'b' ->> 1, doc #>> '{b,0}', doc ? 'c', jsonb_typeof(doc) \
         FROM things t WHERE (SELECT true) AND id = 'a'",
        expect![[r#"1|"two"|true|two|1|t|object"#]],
    )
    .await;
    check(
        &database,
        "SELECT jsonb_array_elements(doc -> 'b') FROM things WHERE id = 'a'",
        expect![[r#"
            1
            "two"
            null"#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_match_as_in_postgres_or_by_their_only_spelling() {
    let database = Database::new();
    database
        .run("CREATE TABLE \"Music\" (\"Artist\" text PRIMARY KEY, year int)")
        .await;
    database.run("INSERT INTO \"Music\" VALUES ('x', 1)").await;
    let answer = database
        .query("SELECT music.artist, m.Year FROM Music, MUSIC m WHERE MUSIC.ARTIST = m.artist")
        .await;
    assert_eq!(answer.names(), ["Artist", "year"]);
    assert_eq!(answer.text(), "x|1");
    let error = database
        .error("SELECT count(\"artist\") FROM \"Music\"")
        .await;
    assert!(
        matches!(error, SqlError::UndefinedColumn { .. }),
        "{error:?}"
    );
    let error = database.error("SELECT count(*) FROM \"music\"").await;
    assert!(
        matches!(error, SqlError::UndefinedTable { .. }),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_have_the_types_of_their_places() {
    let database = sample().await;
    let mut session = database.session();
    let query = "SELECT count(*) FROM flights WHERE carrier = $1 AND delay > $2 AND price < $3 AND flight = ANY($4)";
    let prepared = session.prepare(query, &[]).await.unwrap();
    assert_eq!(
        prepared.parameter_types,
        [
            SqlType::Text,
            SqlType::Int4,
            SqlType::Numeric(None),
            SqlType::Array(Box::new(SqlType::Int4))
        ]
    );
    let array = || Datum::Array(vec![Datum::Int(1), Datum::Int(7)]);
    for (delay, price, expected) in [
        (5, "1000", "2"),
        (20, "1000", "1"),
        (5, "50.001", "1"),
        (5, "45.25", "0"),
    ] {
        let parameters = vec![
            Datum::Text("B6".into()),
            Datum::Int(delay),
            Datum::Numeric(price.parse().unwrap()),
            array(),
        ];
        let answer = execute(&mut session, query, &[], parameters).await.unwrap();
        assert_eq!(answer.text(), expected, "{delay} {price}");
    }
    // Nothing tells the type: text. A declared type holds.
    let prepared = session
        .prepare("SELECT $1, count(*) FROM flights", &[])
        .await
        .unwrap();
    assert_eq!(prepared.parameter_types, [SqlType::Text]);
    let answer = execute(
        &mut session,
        "SELECT $1 + 1, count(*) FROM flights",
        &[SqlType::Int8],
        vec![Datum::Int(41)],
    )
    .await;
    assert_eq!(answer.unwrap().text(), "42|6");
    let answer = database
        .query_with(
            "SELECT count(*) FROM flights WHERE delay > $1",
            vec![Datum::Null],
        )
        .await;
    assert_eq!(answer.text(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_run_again_over_current_data() {
    let database = sample().await;
    let mut session = database.session();
    let query = "SELECT count(*), max(f.flight) FROM flights f, (SELECT 1) x";
    for expected in ["6|7", "7|100"] {
        assert_eq!(
            execute(&mut session, query, &[], vec![])
                .await
                .unwrap()
                .text(),
            expected
        );
        database
            .run("INSERT INTO flights (carrier, flight) VALUES ('ZZ', 100) ON CONFLICT DO NOTHING")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_say_what_is_wrong() {
    let database = sample().await;
    let sqlstate = |error: &SqlError| match error {
        SqlError::Other { sqlstate, .. } => *sqlstate,
        SqlError::UndefinedFunction { .. } => "42883",
        SqlError::UndefinedColumn { .. } => "42703",
        SqlError::UndefinedTable { .. } => "42P01",
        SqlError::InvalidText { .. } => "22P02",
        SqlError::OutOfRange { .. } => "22003",
        SqlError::NotSupported { .. } => "0A000",
        _ => "?",
    };
    for (query, expected) in [
        ("SELECT count(nothing) FROM flights", "42703"),
        ("SELECT count(*) FROM nothing", "42P01"),
        ("SELECT nothing(count(*)) FROM flights", "42883"),
        ("SELECT sum(1 / (delay - delay)) FROM flights", "22012"),
        (
            "SELECT sum(1.0::double precision / 0.0::double precision) FROM flights",
            "22012",
        ),
        ("SELECT max(origin::int) FROM flights", "22P02"),
        (
            "SELECT sum(flight + 9223372036854775807) FROM flights",
            "22003",
        ),
        (
            "SELECT max((flight * 1000000000)::smallint) FROM flights",
            "22003",
        ),
        ("SELECT carrier, count(*) FROM flights", "42803"),
        ("SELECT carrier FROM flights f, airlines a", "42702"),
        (
            "SELECT count(*) FROM flights ORDER BY name COLLATE \"de_DE\"",
            "0A000",
        ),
        ("SELECT count(*) FROM other.flights", "3F000"),
        ("SELECT upper(count(*), 1, 2) FROM flights", "42883"),
        ("SELECT 1 UNION SELECT 'a'", "22P02"),
        ("SELECT 123456789012345678901234567890123456789", "22003"),
        ("SELECT 1e400::double precision", "22003"),
        ("SELECT '1e400'::double precision", "22003"),
        ("SELECT interval '1 day' / 0", "22012"),
        ("SELECT to_date('2020-13-01', 'YYYY-MM-DD')", "22008"),
        ("SELECT to_date('x', 'YYYY')", "22007"),
        ("SELECT to_date('12', 'Q')", "0A000"),
        ("SELECT '1'::jsonb - 'a'", "22023"),
        ("SELECT carrier * 2 FROM flights", "42883"),
    ] {
        let error = database.error(query).await;
        assert_eq!(sqlstate(&error), expected, "{query}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_words_of_postgres() {
    let database = sample().await;
    for (query, expected) in [
        (
            "SELECT carrier, count(*) FROM flights",
            "column \"flights.carrier\" must appear in the GROUP BY clause or be used in an aggregate function",
        ),
        (
            "SELECT date '2020-01-01' * true",
            "operator does not exist: date * boolean",
        ),
    ] {
        assert_eq!(database.error(query).await.to_string(), expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_without_types_are_bigint() {
    let database = sample().await;
    let mut session = database.session();
    let query = "SELECT count(*) FROM flights GROUP BY carrier ORDER BY 1 DESC LIMIT $1 OFFSET $2";
    let prepared = session.prepare(query, &[]).await.unwrap();
    assert_eq!(prepared.parameter_types, [SqlType::Int8, SqlType::Int8]);
    let all = execute(
        &mut session,
        query,
        &[],
        vec![Datum::Int(10), Datum::Int(0)],
    )
    .await;
    let second = execute(&mut session, query, &[], vec![Datum::Int(1), Datum::Int(1)]).await;
    assert_eq!(second.unwrap().rows, all.unwrap().rows[1..2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn blanks_at_the_end_of_char_mean_nothing() {
    let database = Database::new();
    database
        .run(
            "CREATE TABLE c (id int PRIMARY KEY, y char(5));
             INSERT INTO c VALUES (1, 'ab'), (2, 'ab   '), (3, 'abcde')",
        )
        .await;
    for (query, expected) in [
        ("SELECT count(*) FROM c WHERE y = 'ab'", "2"),
        ("SELECT id FROM c WHERE id = 2 AND y = 'ab'", "2"),
        (
            "SELECT y, length(y), count(*) FROM c GROUP BY y ORDER BY y",
            "ab   |2|2\nabcde|5|1",
        ),
    ] {
        assert_eq!(database.query(query).await.text(), expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subquery_in_a_case_runs_for_its_rows_only() {
    let database = sample().await;
    // DataFusion computes what runs asynchronously for all rows; here it would divide by zero.
    let query = "SELECT sum(CASE WHEN f.flight > 1 THEN (SELECT 1 / (f.flight - 1) FROM airlines a WHERE a.carrier > f.carrier LIMIT 1) \
         ELSE 0 END) FROM flights f";
    assert_eq!(database.query(query).await.text(), "1");
}
