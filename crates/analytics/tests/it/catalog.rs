//! Catalog and functions beyond psql: what drivers and tools ask.

use crate::harness::{Database, execute};
use expect_test::{Expect, expect};
use shale_engine::{BillingMode, CreateTable};
use shale_item::{KeyAttribute, KeySchema, KeyType};
use shale_sql::SqlError;
use std::collections::BTreeMap;

async fn sample() -> Database {
    let database = Database::new();
    database
        .run(
            "CREATE TABLE flights (carrier text, flight int, origin varchar(3) NOT NULL, price numeric(10,2) DEFAULT 0, \
               tags text[], PRIMARY KEY (carrier, flight));
             CREATE TABLE notes (body text)",
        )
        .await;
    database
}

async fn check(database: &Database, query: &str, expected: Expect) {
    expected.assert_eq(&database.query(query).await.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn information_schema() {
    let database = sample().await;
    check(
        &database,
        "SELECT table_catalog, table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 3",
        expect![[r#"
            shale|public|flights|BASE TABLE
            shale|public|notes|BASE TABLE"#]],
    )
    .await;
    check(
        &database,
        "SELECT column_name, ordinal_position, column_default, is_nullable, data_type, udt_name, character_maximum_length, \
         numeric_precision, numeric_scale FROM information_schema.columns WHERE table_name = 'flights' ORDER BY ordinal_position",
        expect![[r#"
            carrier|1|∅|NO|text|text|∅|∅|∅
            flight|2|∅|NO|integer|int4|∅|32|0
            origin|3|∅|NO|character varying|varchar|3|∅|∅
            price|4|0|YES|numeric|numeric|∅|10|2
            tags|5|∅|YES|ARRAY|_text|∅|∅|∅"#]],
    )
    .await;
    check(
        &database,
        "SELECT tc.constraint_name, kcu.column_name, kcu.ordinal_position FROM information_schema.table_constraints tc \
         JOIN information_schema.key_column_usage kcu USING (constraint_schema, constraint_name) \
         WHERE tc.constraint_type = 'PRIMARY KEY' AND tc.table_name = 'flights' ORDER BY 3",
        expect![[r#"
            flights_pkey|carrier|1
            flights_pkey|flight|2"#]],
    )
    .await;
    check(
        &database,
        "SELECT schema_name FROM information_schema.schemata ORDER BY 1",
        expect![[r#"
            information_schema
            pg_catalog
            public"#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_system_relation_can_be_read() {
    let database = sample().await;
    let relations = database
        .query(
            "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname IN ('pg_catalog', 'information_schema') ORDER BY 1",
        )
        .await;
    assert!(relations.rows.len() > 200, "{}", relations.rows.len());
    for row in &relations.rows {
        database.query(&format!("SELECT * FROM {}", row[0])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oids_are_stable_and_join() {
    let database = sample().await;
    let before = database
        .query("SELECT 'flights'::regclass::oid, 'flights_pkey'::regclass::oid")
        .await
        .text();
    database.run("CREATE TABLE aaa (id text PRIMARY KEY);\nINSERT INTO flights (carrier, flight, origin) VALUES ('AA', 1, 'JFK')").await;
    assert_eq!(
        database
            .query("SELECT 'flights'::regclass::oid, 'flights_pkey'::regclass::oid")
            .await
            .text(),
        before
    );
    check(
        &database,
        "SELECT c.relname, a.attname, t.typname, i.indisprimary FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey) JOIN pg_type t ON t.oid = a.atttypid \
         WHERE c.relname = 'flights' ORDER BY a.attnum",
        expect![[r#"
            flights|carrier|text|t
            flights|flight|int4|t"#]],
    )
    .await;
    check(
        &database,
        "SELECT attrelid::regclass, attname FROM pg_attribute WHERE attrelid = 'public.flights'::regclass AND attnum > 0 ORDER BY attnum LIMIT 1",
        expect!["flights|carrier"],
    )
    .await;
    let error = database.error("SELECT 'nothing'::regclass").await;
    assert!(
        matches!(&error, SqlError::UndefinedTable { name, .. } if name == "nothing"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_sees_its_own_tables() {
    const TABLES: &str = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1";
    let database = sample().await;
    let mut session = database.session();
    for statement in [
        "BEGIN",
        "CREATE TABLE staged (id text PRIMARY KEY)",
        "DROP TABLE notes",
    ] {
        execute(&mut session, statement, &[], vec![]).await.unwrap();
    }
    let inside = execute(&mut session, TABLES, &[], vec![]).await.unwrap();
    assert_eq!(inside.text(), "flights\nstaged");
    check(&database, TABLES, expect!["flights\nnotes"]).await;
    execute(&mut session, "ROLLBACK", &[], vec![])
        .await
        .unwrap();
    let after = execute(&mut session, TABLES, &[], vec![]).await.unwrap();
    assert_eq!(after.text(), "flights\nnotes");
}

#[tokio::test(flavor = "multi_thread")]
async fn session_functions() {
    let database = sample().await;
    let version = database.query("SELECT version()").await.text();
    assert!(
        version.starts_with("PostgreSQL 15.") && version.contains("ShaleDB"),
        "{version}"
    );
    check(
        &database,
        "SELECT current_database(), current_schema(), current_schemas(true), current_user, session_user, user, pg_is_in_recovery()",
        expect!["shale|public|{pg_catalog,public}|alice|alice|alice|f"],
    )
    .await;
    check(
        &database,
        "SELECT current_setting('server_encoding'), current_setting('no.such', true), quote_ident('Ab'), quote_literal('it''s'), \
         format('%I = %L', 'a b', 'x'), has_table_privilege('flights', 'SELECT'), pg_get_userbyid(10), format_type(23, NULL)",
        expect![[r#"UTF8|∅|"Ab"|'it''s'|"a b" = 'x'|t|alice|integer"#]],
    )
    .await;
    let uuid = database
        .query("SELECT gen_random_uuid(), gen_random_uuid()")
        .await;
    assert_eq!(uuid.types(), ["uuid", "uuid"]);
    assert_ne!(uuid.rows[0][0], uuid.rows[0][1]);
    let error = database.error("SELECT current_setting('no.such')").await;
    assert!(
        matches!(error, SqlError::UndefinedParameter { .. }),
        "{error:?}"
    );
    let error = database
        .error("SELECT set_config('search_path', 'elsewhere', false)")
        .await;
    assert!(
        matches!(&error, SqlError::InvalidParameter { name, .. } if name == "search_path"),
        "{error:?}"
    );
    check(
        &database,
        "SELECT count(*) > 10 FROM pg_settings WHERE name LIKE '%'",
        expect!["t"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_plan_answers_each_session_for_itself() {
    let database = sample().await;
    for (user, connected) in [("alice", "shale"), ("bob", "postgres")] {
        let mut session = database.service.session(user, connected);
        let query = "SELECT current_user, current_database(), count(*) FROM notes";
        let answer = execute(&mut session, query, &[], vec![]).await.unwrap();
        assert_eq!(answer.text(), format!("{user}|shale|0"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_the_json_api_show_what_was_observed() {
    let database = Database::new();
    let key = |name: &str, key_type| KeyAttribute {
        name: name.to_owned(),
        key_type,
    };
    let table = CreateTable {
        name: "Music".to_owned(),
        key_schema: KeySchema {
            partition: key("Artist", KeyType::S),
            sort: Some(key("Year", KeyType::N)),
        },
        billing_mode: BillingMode::PayPerRequest,
        columns: Vec::new(),
        hidden_key: false,
        deletion_protection: false,
        settings: BTreeMap::new(),
        tags: BTreeMap::new(),
        sql: Default::default(),
        derived: Default::default(),
    };
    database.engine.create_table(table).await.unwrap();
    database
        .run("INSERT INTO \"Music\" (\"Artist\", \"Year\", \"Price\", \"Title\") VALUES ('a', 1, 1.5, 't'), ('b', 2, 2, 't')")
        .await;
    check(
        &database,
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute WHERE attrelid = '\"Music\"'::regclass ORDER BY attnum",
        expect![[r#"
            Artist|text|t
            Year|bigint|t
            Price|numeric|f
            Title|text|f"#]],
    )
    .await;
    check(
        &database,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'Music_pkey'",
        expect![[r#"PRIMARY KEY ("Artist", "Year")"#]],
    )
    .await;
    check(
        &database,
        "SELECT title, sum(price) FROM music GROUP BY title",
        expect!["t|3.5"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn key_words_have_their_types() {
    let database = Database::new();
    let answer = database
        .query("SELECT * FROM pg_catalog.pg_get_keywords() WHERE word = 'between'")
        .await;
    assert_eq!(
        answer.types(),
        ["text", "\"char\"", "boolean", "text", "text"]
    );
    expect!["between|C|t|unreserved (cannot be function or type name)|can be bare label"]
        .assert_eq(&answer.text());
    for query in [
        "SELECT * FROM pg_get_keywords('a')",
        "SELECT array_upper('a'::text, 1)",
        "SELECT array_lower(ARRAY[1, 2])",
        "SELECT array_lower(ARRAY[1, 2], 1.5)",
    ] {
        let error = database.error(query).await;
        assert!(
            matches!(error, SqlError::UndefinedFunction { .. }),
            "{query}: {error:?}"
        );
    }
}

/// In the form that SQLAlchemy, asyncpg, the JDBC driver, Npgsql and BI tools ask for tables, columns, keys and types.
#[tokio::test(flavor = "multi_thread")]
async fn drivers_introspect() {
    let database = sample().await;
    let oid = database
        .query("SELECT 'flights'::regclass::oid")
        .await
        .text();
    // SQLAlchemy 2: has_table, get_columns, get_pk_constraint.
    check(
        &database,
        "SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = \
         pg_catalog.pg_class.relnamespace WHERE pg_catalog.pg_class.relname = 'flights' AND pg_catalog.pg_class.relkind = \
         ANY (ARRAY['r', 'p', 'f', 'v', 'm']) AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND \
         pg_catalog.pg_namespace.nspname != 'pg_catalog'",
        expect!["flights"],
    )
    .await;
    check(
        &database,
        "SELECT pg_catalog.pg_attribute.attname AS name, pg_catalog.format_type(pg_catalog.pg_attribute.atttypid, \
         pg_catalog.pg_attribute.atttypmod) AS format_type, (SELECT pg_catalog.pg_get_expr(pg_catalog.pg_attrdef.adbin, \
         pg_catalog.pg_attrdef.adrelid) AS pg_get_expr_1 FROM pg_catalog.pg_attrdef WHERE pg_catalog.pg_attrdef.adrelid = \
         pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_attrdef.adnum = pg_catalog.pg_attribute.attnum AND \
         pg_catalog.pg_attribute.atthasdef) AS \"default\", pg_catalog.pg_attribute.attnotnull AS not_null, \
         pg_catalog.pg_class.relname AS table_name, pg_catalog.pg_description.description AS comment \
         FROM pg_catalog.pg_class LEFT OUTER JOIN pg_catalog.pg_attribute ON pg_catalog.pg_class.oid = \
         pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_attribute.attnum > 0 AND NOT pg_catalog.pg_attribute.attisdropped \
         LEFT OUTER JOIN pg_catalog.pg_description ON pg_catalog.pg_description.objoid = pg_catalog.pg_attribute.attrelid AND \
         pg_catalog.pg_description.objsubid = pg_catalog.pg_attribute.attnum WHERE pg_catalog.pg_class.relname = 'flights' \
         ORDER BY pg_catalog.pg_class.relname, pg_catalog.pg_attribute.attnum",
        expect![[r#"
            carrier|text|∅|t|flights|∅
            flight|integer|∅|t|flights|∅
            origin|character varying(3)|∅|t|flights|∅
            price|numeric(10,2)|0|f|flights|∅
            tags|text[]|∅|f|flights|∅"#]],
    )
    .await;
    check(
        &database,
        &format!(
            "SELECT con.conname, array_agg(attr.attname ORDER BY con.ord) FROM (SELECT conrelid, conname, unnest(conkey) AS attnum, \
             generate_subscripts(conkey, 1) AS ord FROM pg_catalog.pg_constraint WHERE contype = 'p' AND conrelid = {oid}) AS con \
             JOIN pg_catalog.pg_attribute attr ON attr.attnum = con.attnum AND attr.attrelid = con.conrelid GROUP BY con.conname"
        ),
        expect!["flights_pkey|{carrier,flight}"],
    )
    .await;
    // The JDBC driver: getTables, getColumns, getPrimaryKeys.
    check(
        &database,
        "SELECT current_database() AS \"TABLE_CAT\", n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME, \
         CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema' WHEN true THEN 'SYSTEM TABLE' WHEN false THEN CASE c.relkind \
         WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'i' THEN 'INDEX' WHEN 'v' THEN 'VIEW' ELSE NULL END ELSE NULL END \
         AS TABLE_TYPE, d.description AS REMARKS, '' as TYPE_CAT FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c \
         LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 and d.classoid = 'pg_class'::regclass) \
         WHERE c.relnamespace = n.oid AND n.nspname LIKE 'public' AND c.relkind = 'r' ORDER BY TABLE_TYPE, TABLE_SCHEM, TABLE_NAME",
        expect![[r#"
            shale|public|flights|TABLE|∅|
            shale|public|notes|TABLE|∅|"#]],
    )
    .await;
    check(
        &database,
        "SELECT n.nspname, c.relname, a.attname, a.atttypid, a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull, a.atttypmod, \
         a.attlen, t.typtypmod, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, \
         nullif(a.attidentity, '') as attidentity, pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc, dsc.description, \
         t.typbasetype, t.typtype FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid) \
         JOIN pg_catalog.pg_attribute a ON (a.attrelid=c.oid) JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid) \
         LEFT JOIN pg_catalog.pg_attrdef def ON (a.attrelid=def.adrelid AND a.attnum = def.adnum) \
         LEFT JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid) \
         WHERE c.relkind in ('r','p','v','f','m') and a.attnum > 0 AND NOT a.attisdropped AND c.relname LIKE 'flights' \
         ORDER BY nspname, c.relname, attnum",
        expect![[r#"
            public|flights|carrier|25|t|-1|-1|-1|1|∅|∅|∅|0|b
            public|flights|flight|23|t|-1|4|-1|2|∅|∅|∅|0|b
            public|flights|origin|1043|t|7|-1|-1|3|∅|∅|∅|0|b
            public|flights|price|1700|f|655366|-1|-1|4|∅|0|∅|0|b
            public|flights|tags|1009|f|-1|-1|-1|5|∅|∅|∅|0|b"#]],
    )
    .await;
    check(
        &database,
        "SELECT result.TABLE_NAME, result.COLUMN_NAME, result.KEY_SEQ, result.PK_NAME FROM (SELECT NULL AS TABLE_CAT, n.nspname AS \
         TABLE_SCHEM, ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME, (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, \
         ci.relname AS PK_NAME, information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM FROM pg_catalog.pg_class ct \
         JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) \
         JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) \
         WHERE true AND n.nspname = 'public' AND ct.relname = 'flights' AND i.indisprimary) result \
         WHERE result.A_ATTNUM = (result.KEYS).x ORDER BY result.table_name, result.pk_name, result.key_seq",
        expect![[r#"
            flights|carrier|1|flights_pkey
            flights|flight|2|flights_pkey"#]],
    )
    .await;
    // asyncpg: types of a result.
    check(
        &database,
        "SELECT t.oid, t.typname, t.typelem, t.typtype::text FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace ns ON ns.oid = \
         t.typnamespace WHERE t.oid = ANY(ARRAY[25, 1009]::oid[]) ORDER BY t.oid",
        expect![[r#"
            25|text|0|b
            1009|_text|25|b"#]],
    )
    .await;
    // Npgsql and Grafana: enumerations, schemas in the search path.
    check(
        &database,
        "SELECT count(*) FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid",
        expect!["0"],
    )
    .await;
    check(
        &database,
        "SELECT table_name FROM information_schema.tables WHERE quote_ident(table_schema) = ANY(current_schemas(false)) ORDER BY 1",
        expect![[r#"
            flights
            notes"#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_are_printed_and_counted_from_zero() {
    let database = Database::new();
    database
        .run("CREATE TABLE pair (a text, b int, c int, PRIMARY KEY (a, b));\nCREATE INDEX by_c ON pair (c, a)")
        .await;
    check(
        &database,
        "SELECT indkey, indkey[0], indkey[1], indkey[7] FROM pg_index WHERE NOT indisprimary",
        expect!["3 1|3|1|∅"],
    )
    .await;
    check(
        &database,
        "SELECT n, pg_get_indexdef(indexrelid, n + 1, true) FROM (SELECT indexrelid, generate_subscripts(indkey, 1) AS n \
         FROM pg_index WHERE NOT indisprimary) i ORDER BY n",
        expect![[r#"
            0|c
            1|a"#]],
    )
    .await;
}
