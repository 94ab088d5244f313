//! Indexes through SQL: what they are, and that they change nothing of what a query answers.

use crate::support::Server;
use expect_test::{Expect, expect};

async fn check(server: &mut Server, text: &str, expected: Expect) {
    expected.assert_eq(&server.run(text).await);
}

async fn music() -> Server {
    let mut server = Server::open();
    server
        .must(
            "CREATE TABLE music (artist text, song text, genre text, year int, stars int, PRIMARY KEY (artist, song),
             LOCAL INDEX by_year (year) INCLUDE (genre))",
        )
        .await;
    for n in 0..60 {
        let year = if n % 5 == 0 {
            "NULL".to_owned()
        } else {
            format!("{}", 1960 + n % 20)
        };
        let genre = ["'rock'", "'jazz'", "NULL"][n % 3];
        server
            .must(&format!(
                "INSERT INTO music VALUES ('artist{}', 'song{n:02}', {genre}, {year}, {})",
                n % 4,
                n % 6
            ))
            .await;
    }
    server
}

/// The same questions to a table with and without indexes.
#[tokio::test(flavor = "multi_thread")]
async fn indexes_change_no_answer() {
    let questions = [
        "genre = 'rock' AND year > 1970",
        "genre = 'rock'",
        "genre = 'rock' AND year IS NOT NULL",
        "genre = 'jazz' AND year BETWEEN 1963 AND 1971 AND stars <> 2",
        "genre IN ('rock', 'jazz') AND year = 1966",
        "genre = 'jazz' AND year IN (1964, 1967)",
        "genre = 'pop' AND year = 1966",
        "genre = 'rock' AND year > 1975 AND year < 1970",
        "artist = 'artist1' AND year >= 1970",
        "artist = 'artist1' AND song > 'song2' AND year >= 1970",
        "artist = 'artist2' AND year = 1966",
        "artist IN ('artist1', 'artist3') AND year < 1966",
        "artist = 'artist1' AND year IS NULL",
        "stars = 3 AND song LIKE 'song0%'",
        "stars = 3",
        "stars IN (1, 2) AND artist = 'artist1'",
        "genre = 'rock' OR stars = 2",
        "year = 1966",
    ];
    let mut plain = music().await;
    let mut indexed = music().await;
    for create in [
        "CREATE INDEX by_genre ON music (genre, year)",
        "CREATE INDEX by_stars ON music (stars) INCLUDE (genre)",
        "CREATE INDEX by_stars_song ON music (stars, song) WITH (projection = 'all')",
        "CREATE INDEX many ON music (genre HASH, stars HASH, year RANGE, song RANGE)",
    ] {
        indexed.must(create).await;
    }
    let mut used = 0;
    for question in questions {
        for columns in ["*", "artist, song", "artist, song, genre", "_item"] {
            let query = format!("SELECT {columns} FROM music WHERE {question}");
            let sorted = |answer: String| {
                let mut lines: Vec<String> = answer.lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            let (with, without) = (indexed.run(&query).await, plain.run(&query).await);
            assert_eq!(sorted(with), sorted(without), "{query}");
            let plan = indexed.run(&format!("EXPLAIN {query}")).await;
            used += usize::from(plan.contains("IndexScan"));
        }
        let delete = format!("DELETE FROM music WHERE {question} AND stars = 5");
        assert_eq!(
            indexed.run(&delete).await,
            plain.run(&delete).await,
            "{delete}"
        );
        let update = format!("UPDATE music SET stars = 1 WHERE {question} AND stars = 4");
        assert_eq!(
            indexed.run(&update).await,
            plain.run(&update).await,
            "{update}"
        );
    }
    assert!(used > 20, "indexes were used {used} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_name_the_index_and_the_fetch() {
    let mut server = music().await;
    server
        .must("CREATE INDEX by_genre ON music (genre, year)")
        .await;
    let explain = "EXPLAIN (COSTS OFF) SELECT";
    check(
        &mut server,
        &format!("{explain} artist FROM music WHERE genre = 'rock' AND year > 1970"),
        expect![[r#"
            IndexScan on music using by_genre
              Key condition: genre = 'rock' AND year > 1970
              Partitions: 1
              Fetch: none, index only"#]],
    )
    .await;
    check(
        &mut server,
        &format!(
            "{explain} * FROM music WHERE genre = 'rock' AND year > 1970 ORDER BY year DESC LIMIT 3"
        ),
        expect![[r#"
            IndexScan on music using by_genre
              Key condition: genre = 'rock' AND year > 1970
              Partitions: 1
              Fetch: whole items from music
              Order: index descending
              Limit: 3"#]],
    )
    .await;
    check(
        &mut server,
        &format!(
            "{explain} genre FROM music WHERE artist = 'artist1' AND year BETWEEN 1960 AND 1970"
        ),
        expect![[r#"
            IndexScan on music using by_year
              Key condition: artist = 'artist1' AND year BETWEEN 1960 AND 1970
              Partitions: 1
              Fetch: none, index only"#]],
    )
    .await;
    check(
        &mut server,
        &format!("{explain} artist FROM music WHERE genre = 'rock'"),
        expect![[r#"
            Scan on music
              Partitions: all
              Filter: genre = 'rock'"#]],
    )
    .await;
    check(
        &mut server,
        &format!("{explain} artist FROM music.by_genre WHERE genre = 'rock' ORDER BY year"),
        expect![[r#"
            IndexScan on music using by_genre
              Key condition: genre = 'rock'
              Partitions: 1
              Fetch: none, index only
              Order: index ascending"#]],
    )
    .await;
    check(
        &mut server,
        &format!("{explain} artist FROM music.by_genre"),
        expect![[r#"
            IndexScan on music using by_genre
              Partitions: all
              Fetch: none, index only"#]],
    )
    .await;
    check(&mut server, "SELECT song, year FROM music WHERE genre = 'rock' AND year > 1970 ORDER BY year DESC LIMIT 3", expect![[r#"
        song39|1979
        song18|1978
        song57|1977"#]]).await;
    check(
        &mut server,
        "SELECT song, year, stars FROM music.by_genre WHERE genre = 'jazz' ORDER BY year LIMIT 3",
        expect![[r#"
            song01|1961|1
            song22|1962|4
            song43|1963|1"#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions() {
    let mut server = music().await;
    check(
        &mut server,
        "CREATE INDEX ON music (genre, year)",
        expect!["CREATE INDEX"],
    )
    .await;
    check(
        &mut server,
        "CREATE INDEX ON music (genre, year)",
        expect!["CREATE INDEX"],
    )
    .await;
    check(
        &mut server,
        "CREATE INDEX IF NOT EXISTS music_genre_year_idx ON music (genre)",
        expect!["CREATE INDEX"],
    )
    .await;
    check(
        &mut server,
        "CREATE INDEX music_genre_year_idx ON music (genre)",
        expect!["! index music_genre_year_idx: Exists"],
    )
    .await;
    check(
        &mut server,
        "CREATE UNIQUE INDEX u ON music (genre)",
        expect!["! CREATE UNIQUE INDEX is not supported"],
    )
    .await;
    check(
        &mut server,
        "CREATE INDEX i ON music (lower(genre))",
        expect!["! an index on an expression is not supported"],
    )
    .await;
    check(
        &mut server,
        "CREATE INDEX i ON music (nowhere)",
        expect![[r#"! column "nowhere" does not exist"#]],
    )
    .await;
    check(
        &mut server,
        "CREATE INDEX i ON music USING gin (genre)",
        expect!["! an index of type gin is not supported"],
    )
    .await;
    check(
        &mut server,
        "CREATE INDEX i ON music (genre) WHERE year > 0",
        expect!["! a partial index (WHERE) is not supported"],
    )
    .await;
    check(
        &mut server,
        "CREATE INDEX i ON music (genre) WITH (projection = 'some')",
        expect![[r#"! invalid value for parameter "projection": "some""#]],
    )
    .await;
    check(
        &mut server,
        "CREATE INDEX i ON music (genre HASH, year HASH, stars HASH, song HASH, artist HASH)",
        expect!["! index i: KeyShape"],
    )
    .await;
    check(
        &mut server,
        "CREATE INDEX i ON nowhere (genre)",
        expect![[r#"! relation "nowhere" does not exist"#]],
    )
    .await;
    check(
        &mut server,
        "DROP INDEX music.music_genre_year_idx",
        expect!["DROP INDEX"],
    )
    .await;
    check(
        &mut server,
        "DROP INDEX music_genre_year_idx1, music_genre_year_idx",
        expect![[r#"! 42704 index "music_genre_year_idx" does not exist"#]],
    )
    .await;
    check(
        &mut server,
        "DROP INDEX IF EXISTS gone",
        expect!["DROP INDEX"],
    )
    .await;
    check(
        &mut server,
        "DROP INDEX music_genre_year_idx1",
        expect!["DROP INDEX"],
    )
    .await;
    check(
        &mut server,
        "DROP INDEX by_year",
        expect!["! index by_year: LocalLater"],
    )
    .await;
    check(
        &mut server,
        "CREATE TABLE t (a int PRIMARY KEY, LOCAL INDEX l (a))",
        expect!["! index l: NoSortKey"],
    )
    .await;
    check(
        &mut server,
        "CREATE TABLE t (LOCAL INDEX l (c), a int, b int, c jsonb, PRIMARY KEY (a, b))",
        expect![[r#"! column "c" of type jsonb cannot be part of an index: keys are strings, numbers or binary"#]],
    )
    .await;
    check(&mut server, "CREATE TABLE t (LOCAL INDEX l (c), a int, b int, c int, PRIMARY KEY (a, b), LOCAL INDEX m (c) INCLUDE (d))", expect!["CREATE TABLE"]).await;
    check(
        &mut server,
        "ALTER TABLE t SET (ttl = 'expires')",
        expect!["ALTER TABLE"],
    )
    .await;
    check(
        &mut server,
        "ALTER TABLE t SET (ttl = 'other')",
        expect![[r#"! expiry is as it is: Some("expires")"#]],
    )
    .await;
    check(
        &mut server,
        "ALTER TABLE t SET (ttl = '')",
        expect!["ALTER TABLE"],
    )
    .await;
    check(
        &mut server,
        "ALTER TABLE t SET (fillfactor = 70)",
        expect![[r#"! 22023 unrecognized parameter "fillfactor""#]],
    )
    .await;
    check(
        &mut server,
        "ALTER TABLE t ADD COLUMN x int",
        expect!["ALTER TABLE"],
    )
    .await;
}
