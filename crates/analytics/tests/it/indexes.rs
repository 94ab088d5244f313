//! Secondary indexes in the catalog.

use crate::harness::{Database, global_index, key_attribute};
use expect_test::{Expect, expect};
use shale_engine::{
    BillingMode, CreateTable, Index, IndexChange, IndexKind, IndexProjection, Job, TableChanges,
};
use shale_item::{KeySchema, TableId};
use shale_sql::SqlError;
use std::collections::BTreeMap;

fn table(name: &str, partition: &str, sort: &str, indexes: Vec<Index>) -> CreateTable {
    let mut table = CreateTable {
        name: name.to_owned(),
        key_schema: KeySchema {
            partition: key_attribute(partition),
            sort: Some(key_attribute(sort)),
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
    table.derived.indexes = indexes;
    table
}

fn including(index: Index, names: &[&str]) -> Index {
    Index {
        projection: IndexProjection::Include(names.iter().map(|&name| name.to_owned()).collect()),
        ..index
    }
}

/// Table "Music" of the JSON API with three indexes, of which nobody has written "Label", "Country" and "Notes"; table `records` of SQL with an
/// index on an attribute that is no column; table `zz`, which has a name of an index too.
async fn music() -> Database {
    let database = Database::new();
    let indexes = vec![
        including(
            global_index("ByGenre", "Genre:S", "Year:N"),
            &["Notes", "Price"],
        ),
        Index {
            projection: IndexProjection::All,
            ..global_index("by_label", "Label:S Country:S", "Year:N")
        },
        Index {
            kind: IndexKind::Local,
            ..including(global_index("by_year", "Artist:S", "Year:N"), &["Price"])
        },
    ];
    let music = table("Music", "Artist:S", "Song:S", indexes);
    database.engine.create_table(music).await.unwrap();
    let other = vec![global_index("ByGenre", "g:S", "")];
    let other = table("zz", "h:S", "r:S", other);
    database.engine.create_table(other).await.unwrap();
    database
        .run(
            "CREATE TABLE records (id int PRIMARY KEY, title text);
             INSERT INTO records (id, title, \"Shelf\") VALUES (1, 'one', 'a'), (2, 'two', 'b');
             INSERT INTO \"Music\" (\"Artist\", \"Song\", \"Genre\", \"Year\", \"Price\") VALUES ('a', 's', 'Rock', 1999, 1.5), \
               ('a', 't', 'Rock', 2001, 2), ('b', 's', 'Folk', 1984, 3);
             INSERT INTO \"Music\" (\"Artist\", \"Song\", \"Year\") VALUES ('c', 's', 2020)",
        )
        .await;
    let shelf = global_index("by_shelf", "Shelf:S", "title:S");
    database.create_index("records", shelf).await;
    database
}

async fn check(database: &Database, query: &str, expected: Expect) {
    expected.assert_eq(&database.query(query).await.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn relations_show_secondary_indexes() {
    let database = music().await;
    check(
        &database,
        "SELECT t.relname, c.relname, c.relkind, a.amname, c.relpages, c.reltuples, c.relnatts, c.reloptions, t.relhasindex \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_am a ON a.oid = c.relam \
         WHERE NOT i.indisprimary ORDER BY 1, 2",
        expect![[r#"
            Music|ByGenre|i|btree|1|3|3|∅|t
            Music|by_label|i|btree|0|0|3|{projection=all}|t
            Music|by_year|i|btree|1|4|3|∅|t
            records|by_shelf|i|btree|1|2|2|∅|t
            zz|ByGenre|i|btree|0|0|1|∅|t"#]],
    )
    .await;
    // Attributes that are no columns: number 0 among the keys, as expressions have; not among what is included.
    check(
        &database,
        "SELECT indrelid::regclass AS on_table, indexrelid::regclass AS name, indkey, indnatts, indnkeyatts, indisunique, indisprimary, indisvalid, indisready, \
         pg_get_expr(indexprs, indrelid) FROM pg_index WHERE NOT indisprimary ORDER BY indexrelid",
        expect![[r#"
            "Music"|"ByGenre"|3 5 4|3|2|f|f|t|t|∅
            "Music"|by_label|0 0 5|3|3|f|f|t|t|"Label", "Country"
            "Music"|by_year|1 5 4|3|2|f|f|t|t|∅
            zz|zz."ByGenre"|0|1|1|f|f|t|t|g
            records|by_shelf|0 2|2|2|f|f|t|t|"Shelf""#]],
    )
    .await;
    check(
        &database,
        "SELECT attrelid::regclass, attnum, attname, format_type(atttypid, atttypmod), attnotnull, \
         pg_get_indexdef(attrelid, attnum, true) FROM pg_attribute \
         WHERE attrelid IN (SELECT indexrelid FROM pg_index WHERE NOT indisprimary) ORDER BY attrelid, attnum",
        expect![[r#"
            "ByGenre"|1|Genre|text|f|"Genre"
            "ByGenre"|2|Year|bigint|f|"Year"
            "ByGenre"|3|Price|numeric|f|"Price"
            by_label|1|Label|text|f|"Label"
            by_label|2|Country|text|f|"Country"
            by_label|3|Year|bigint|f|"Year"
            by_shelf|1|Shelf|text|f|"Shelf"
            by_shelf|2|title|text|f|title
            by_year|1|Artist|text|f|"Artist"
            by_year|2|Year|bigint|f|"Year"
            by_year|3|Price|numeric|f|"Price"
            zz."ByGenre"|1|g|text|f|g"#]],
    )
    .await;
    check(
        &database,
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
        expect![[r#"
            Music|ByGenre|CREATE INDEX "ByGenre" ON public."Music" USING btree ("Genre", "Year") INCLUDE ("Notes", "Price")
            Music|Music_pkey|CREATE UNIQUE INDEX "Music_pkey" ON public."Music" USING btree ("Artist", "Song")
            Music|by_label|CREATE INDEX by_label ON public."Music" USING btree ("Label" HASH, "Country" HASH, "Year" RANGE) WITH (projection='all')
            Music|by_year|LOCAL INDEX by_year ("Year") INCLUDE ("Price")
            records|by_shelf|CREATE INDEX by_shelf ON public.records USING btree ("Shelf", title)
            records|records_pkey|CREATE UNIQUE INDEX records_pkey ON public.records USING btree (id)
            zz|ByGenre|CREATE INDEX "ByGenre" ON public.zz USING btree (g)
            zz|zz_pkey|CREATE UNIQUE INDEX zz_pkey ON public.zz USING btree (h, r)"#]],
    )
    .await;
    // They are no constraints.
    check(
        &database,
        "SELECT conname FROM pg_constraint ORDER BY 1",
        expect![[r#"
            Music_pkey
            records_pkey
            zz_pkey"#]],
    )
    .await;
}

/// The indexes of a table, but for their numbers.
fn indexes(database: &Database, table: &str) -> Vec<Index> {
    let description = database.engine.describe_table(table).unwrap();
    let indexes = description.definition.derived.indexes.iter();
    let unnumbered = indexes.map(|index| Index {
        id: TableId(0),
        ..index.clone()
    });
    unnumbered.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_make_the_same_indexes_again() {
    const COLUMNS: &str = "artist text, title text, genre text, label text, \"Year\" int, price numeric, PRIMARY KEY (artist, title)";
    let database = Database::new();
    database
        .run(&format!(
            "CREATE TABLE albums ({COLUMNS}, LOCAL INDEX by_year (\"Year\") INCLUDE (price, genre));
             CREATE INDEX by_genre ON albums (genre, \"Year\") INCLUDE (price, label);
             CREATE INDEX \"By-Label\" ON albums (label HASH, genre HASH, \"Year\" RANGE, title RANGE) WITH (projection = 'all');
             CREATE INDEX plain ON albums (price)"
        ))
        .await;
    let before = indexes(&database, "albums");
    assert_eq!(before.len(), 4);
    let definitions = database
        .query("SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE NOT indisprimary ORDER BY pg_get_indexdef(indexrelid) LIKE 'LOCAL%' DESC, indexrelid")
        .await;
    let (local, global) = definitions.rows.split_first().unwrap();
    for statement in [
        "DROP INDEX by_genre",
        "DROP INDEX \"By-Label\"",
        "DROP INDEX plain",
    ] {
        database.run(statement).await;
    }
    assert_eq!(indexes(&database, "albums").len(), 1);
    for definition in global {
        database.run(&definition[0]).await;
    }
    assert_eq!(indexes(&database, "albums"), before);
    database
        .run(&format!("CREATE TABLE copies ({COLUMNS}, {})", local[0]))
        .await;
    assert_eq!(indexes(&database, "copies"), before[..1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_stand_for_indexes() {
    let database = music().await;
    check(
        &database,
        "SELECT 'by_year'::regclass, 'public.by_year'::regclass, to_regclass('bygenre'), to_regclass('zz.bygenre'), \
         'public.zz.\"ByGenre\"'::regclass, to_regclass('music.by_shelf'), to_regclass('pg_catalog.by_year')",
        expect![[r#"by_year|by_year|"ByGenre"|zz."ByGenre"|zz."ByGenre"|∅|∅"#]],
    )
    .await;
    // Of indexes with the same name that of the first table; what is printed is read back as the same one.
    check(
        &database,
        "SELECT indexrelid::regclass::text::regclass = indexrelid, ('\"ByGenre\"'::regclass = indexrelid) = (indrelid = '\"Music\"'::regclass) \
         FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relname = 'ByGenre'",
        expect![[r#"
            t|t
            t|t"#]],
    )
    .await;
    check(
        &database,
        "SELECT pg_get_indexdef('by_year'::regclass), pg_get_indexdef('by_year'::regclass, 2, false), pg_get_indexdef('by_year'::regclass, 4, false), \
         pg_get_indexdef('records'::regclass), pg_table_is_visible('by_year'::regclass), obj_description('by_year'::regclass, 'pg_class')",
        expect![[r#"LOCAL INDEX by_year ("Year") INCLUDE ("Price")|"Year"||∅|t|∅"#]],
    )
    .await;
    let error = database.error("SELECT 'by_nothing'::regclass").await;
    assert!(
        matches!(&error, SqlError::UndefinedTable { name, .. } if name == "by_nothing"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_are_those_of_the_entries() {
    let database = music().await;
    let bytes = |index| {
        let size = database.engine.index_size("Music", index).unwrap();
        size.unwrap().1
    };
    let (genre, label, year) = (bytes("ByGenre"), bytes("by_label"), bytes("by_year"));
    let table = database.engine.describe_table("Music").unwrap().size_bytes;
    assert!(genre > 0 && year > 0 && label == 0 && table > 0);
    let answer = database
        .query(
            "SELECT pg_relation_size('\"ByGenre\"'), pg_total_relation_size('\"ByGenre\"'::regclass), pg_indexes_size('\"ByGenre\"'), \
             pg_table_size('by_year'), pg_relation_size('by_label', 'main'), pg_relation_size('by_year', 'vm'), \
             pg_relation_size('\"Music\"'), pg_table_size('\"Music\"'), pg_indexes_size('\"Music\"'), pg_total_relation_size('\"Music\"'), \
             pg_indexes_size('\"Music_pkey\"'), pg_relation_size(1)",
        )
        .await;
    let all = table + genre + year;
    assert_eq!(
        answer.text(),
        format!(
            "{genre}|{genre}|0|{year}|0|0|{table}|{table}|{}|{all}|0|∅",
            genre + year
        )
    );
    let database_size = database
        .query("SELECT pg_database_size('shale') - sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r'")
        .await;
    assert_eq!(database_size.text(), "0");
    let error = database
        .error("SELECT pg_relation_size('by_year', 'heap')")
        .await;
    assert!(
        matches!(
            &error,
            SqlError::Other {
                sqlstate: "22023",
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_being_filled_shows_how_far_it_is() {
    const PROGRESS: &str = "SELECT pid, datname, relid::regclass, index_relid::regclass, command, phase, tuples_total, tuples_done \
                            FROM pg_stat_progress_create_index ORDER BY index_relid";
    const VALID: &str = "SELECT relname, indisvalid, indisready, reltuples FROM pg_index JOIN pg_class ON oid = indexrelid WHERE NOT indisprimary";
    let database = Database::without_jobs();
    let rows: Vec<String> = (1..=300).map(|n| format!("({n}, {})", n / 2)).collect();
    database
        .run(&format!(
            "CREATE TABLE numbers (n int PRIMARY KEY, half int);\nINSERT INTO numbers VALUES {}",
            rows.join(", ")
        ))
        .await;
    check(&database, PROGRESS, expect![""]).await;
    let changes = TableChanges {
        indexes: vec![IndexChange::Create(global_index("by_half", "half:N", ""))],
        ttl: Some(Some("expires".to_owned())),
        ..TableChanges::default()
    };
    let engine = &database.engine;
    engine.update_table("numbers", changes).await.unwrap();
    check(
        &database,
        PROGRESS,
        expect![[r#"
            0|shale|numbers|-|CREATE INDEX|building index|300|0
            0|shale|numbers|by_half|CREATE INDEX|building index|300|0"#]],
    )
    .await;
    check(&database, VALID, expect!["by_half|f|t|0"]).await;
    assert!(engine.job_step(Job::Backfill).await.unwrap());
    let progress = database.query(PROGRESS).await;
    let done: u64 = progress.rows[1][7].parse().unwrap();
    assert!(done > 0 && done < 300, "{done}");
    let valid = database.query(VALID).await.text();
    assert_eq!(valid, format!("by_half|f|t|{done}"));
    while engine.job_step(Job::Backfill).await.unwrap() {}
    check(&database, PROGRESS, expect![""]).await;
    check(&database, VALID, expect!["by_half|t|t|300"]).await;
}

/// As the JDBC driver's getIndexInfo asks, and Hibernate's and Rails' ways around it.
#[tokio::test(flavor = "multi_thread")]
async fn the_jdbc_driver_reads_indexes() {
    let database = music().await;
    for one in ["1", "1::smallint"] {
        check(
            &database,
            &format!(
                "SELECT tmp.TABLE_CAT, tmp.TABLE_SCHEM, tmp.TABLE_NAME, tmp.NON_UNIQUE, tmp.INDEX_QUALIFIER, tmp.INDEX_NAME, tmp.TYPE, \
                 tmp.ORDINAL_POSITION, trim(both '\"' from pg_catalog.pg_get_indexdef(tmp.CI_OID, tmp.ORDINAL_POSITION, false)) AS COLUMN_NAME, \
                 CASE tmp.AM_NAME WHEN 'btree' THEN CASE tmp.I_INDOPTION[tmp.ORDINAL_POSITION - 1] & {one} WHEN 1 THEN 'D' ELSE 'A' END \
                 ELSE NULL END AS ASC_OR_DESC, tmp.CARDINALITY, tmp.PAGES, tmp.FILTER_CONDITION FROM (SELECT NULL AS TABLE_CAT, n.nspname AS \
                 TABLE_SCHEM, ct.relname AS TABLE_NAME, NOT i.indisunique AS NON_UNIQUE, NULL AS INDEX_QUALIFIER, ci.relname AS INDEX_NAME, \
                 CASE i.indisclustered WHEN true THEN 1 ELSE CASE am.amname WHEN 'hash' THEN 2 ELSE 3 END END AS TYPE, \
                 (information_schema._pg_expandarray(i.indkey)).n AS ORDINAL_POSITION, ci.reltuples AS CARDINALITY, ci.relpages AS PAGES, \
                 pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS FILTER_CONDITION, ci.oid AS CI_OID, i.indoption AS I_INDOPTION, \
                 am.amname AS AM_NAME FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) \
                 JOIN pg_catalog.pg_index i ON (ct.oid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) \
                 JOIN pg_catalog.pg_am am ON (ci.relam = am.oid) WHERE true AND n.nspname = 'public' AND ct.relname = 'Music') AS tmp \
                 ORDER BY NON_UNIQUE, TYPE, INDEX_NAME, ORDINAL_POSITION"
            ),
            expect![[r#"
                ∅|public|Music|f|∅|Music_pkey|3|1|Artist|A|4|1|∅
                ∅|public|Music|f|∅|Music_pkey|3|2|Song|A|4|1|∅
                ∅|public|Music|t|∅|ByGenre|3|1|Genre|A|3|1|∅
                ∅|public|Music|t|∅|ByGenre|3|2|Year|A|3|1|∅
                ∅|public|Music|t|∅|ByGenre|3|3|Price|A|3|1|∅
                ∅|public|Music|t|∅|by_label|3|1|Label|A|0|0|∅
                ∅|public|Music|t|∅|by_label|3|2|Country|A|0|0|∅
                ∅|public|Music|t|∅|by_label|3|3|Year|A|0|0|∅
                ∅|public|Music|t|∅|by_year|3|1|Artist|A|4|1|∅
                ∅|public|Music|t|∅|by_year|3|2|Year|A|4|1|∅
                ∅|public|Music|t|∅|by_year|3|3|Price|A|4|1|∅"#]],
        )
        .await;
    }
}
