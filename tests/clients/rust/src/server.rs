//! A client of the server under test, and tables.

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, ScalarAttributeType,
};
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use std::collections::HashMap;
use std::time::Duration;

/// A waiter gives up after this.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// As docs/clients.md has it, without retries and TLS.
pub fn client() -> Client {
    let connector = SharedHttpConnector::new(Connector::builder().build_http());
    let config = configuration()
        .retry_config(RetryConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    Client::from_conf(config)
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn configuration() -> Builder {
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
        None,
        None,
        "environment",
    );
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(variable("AWS_ENDPOINT_URL"))
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
}

fn key_element(name: &str, key_type: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder()
        .attribute_name(name)
        .key_type(key_type)
        .build()
        .expect("complete")
}

fn definition(name: &str, attribute_type: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(attribute_type)
        .build()
        .expect("complete")
}

/// A table with the key (owner, id) and the index by_kind, once it is active.
pub async fn table(name: &str) -> Client {
    let client = client();
    let index = GlobalSecondaryIndex::builder()
        .index_name("by_kind")
        .key_schema(key_element("kind", KeyType::Hash))
        .projection(
            Projection::builder()
                .projection_type(ProjectionType::KeysOnly)
                .build(),
        )
        .build()
        .expect("complete");
    let created = client
        .create_table()
        .table_name(name)
        .key_schema(key_element("owner", KeyType::Hash))
        .key_schema(key_element("id", KeyType::Range))
        .attribute_definitions(definition("owner", ScalarAttributeType::S))
        .attribute_definitions(definition("id", ScalarAttributeType::N))
        .attribute_definitions(definition("kind", ScalarAttributeType::S))
        .global_secondary_indexes(index)
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .expect("a new table");
    let description = created.table_description().expect("a description");
    assert!(
        description
            .creation_date_time()
            .is_some_and(|time| time.secs() > 1_700_000_000)
    );
    client
        .wait_until_table_exists()
        .table_name(name)
        .wait(PATIENCE)
        .await
        .expect("it exists");
    client
}

pub fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub fn key(owner: &str, id: i64) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("owner".to_owned(), text(owner)),
        ("id".to_owned(), number(id)),
    ])
}
