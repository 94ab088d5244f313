//! Texts that are no statements, in both dialects, and what is done with those that are.

use crate::support::{Server, describe};
use shale_fuzz::Inputs;
use shale_sql::{PartiQlRequest, SqlError};

/// As much as the server's threads have, with room for unoptimized code: parsing recurses to a bounded depth.
const STACK_BYTES: usize = 64 << 20;

/// What must not be the outcome of any text: a fault of ours.
fn is_internal(error: &SqlError) -> bool {
    let internal = shale_engine::Error::Internal(String::new());
    match error {
        SqlError::Other { sqlstate, .. } => *sqlstate == "XX000",
        SqlError::Engine(error) => {
            std::mem::discriminant(error) == std::mem::discriminant(&internal)
        }
        _ => false,
    }
}

fn on_a_large_stack(test: impl Future<Output = ()> + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    let thread = thread.spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().expect("a runtime");
        runtime.block_on(test);
    });
    let outcome = thread.expect("a thread").join();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

async fn prepared() -> Server {
    let mut server = Server::open();
    server
        .must("CREATE TABLE fuzz (pk text, sk int, g text, PRIMARY KEY (pk, sk))")
        .await;
    server.must("CREATE INDEX by_g ON fuzz (g)").await;
    server.must("INSERT INTO fuzz VALUES ('a', 1, 'q')").await;
    server
}

#[test]
fn any_text_is_a_partiql_statement_or_a_clear_error() {
    on_a_large_stack(async {
        let server = prepared().await;
        let mut done = 0;
        for input in Inputs::of("statements") {
            let request = PartiQlRequest {
                statement: input.text(),
                limit: Some(10),
                ..PartiQlRequest::default()
            };
            match server.service.execute_partiql(&request).await {
                Ok(_) => done += 1,
                Err(error) => assert!(!is_internal(&error), "{input}: {}", describe(&error)),
            }
        }
        assert!(done > 5, "the corpus holds statements that are good");
    });
}

#[test]
fn any_text_is_an_sql_statement_or_a_clear_error() {
    on_a_large_stack(async {
        let server = prepared().await;
        let mut planned = 0;
        for input in Inputs::of("statements") {
            let mut session = server.service.session("ann", "shale");
            match session.prepare(&input.text(), &[]).await {
                Ok(_) => planned += 1,
                Err(error) => assert!(!is_internal(&error), "{input}: {}", describe(&error)),
            }
        }
        assert!(planned > 5, "the corpus holds statements that are good");
    });
}
