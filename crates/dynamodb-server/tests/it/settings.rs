//! Settings of tables and indexes that are stored and shown.

use crate::server::{Client, NOW, Server};
use expect_test::expect;
use serde_json::{Value, json};

/// A table with one global index `by_b`, and those members.
fn table(members: Value) -> Value {
    let mut table = json!({
        "TableName": "music",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "a", "AttributeType": "S"},
            {"AttributeName": "b", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [index("by_b", json!({}))]});
    merge(&mut table, members);
    table
}

fn index(name: &str, members: Value) -> Value {
    let mut index = json!({"IndexName": name, "Projection": {"ProjectionType": "ALL"},
        "KeySchema": [{"AttributeName": "b", "KeyType": "HASH"}]});
    merge(&mut index, members);
    index
}

fn merge(into: &mut Value, members: Value) {
    let members = members.as_object().expect("members").clone();
    into.as_object_mut().expect("an object").extend(members);
}

async fn update(client: &mut Client, members: Value) -> Value {
    let mut request = json!({"TableName": "music"});
    merge(&mut request, members);
    let updated = client.ok("UpdateTable", request).await["TableDescription"].take();
    let described = describe(client).await;
    // An index may be filled in between.
    let table = |described: &Value| {
        let mut table = described.clone();
        let members = table.as_object_mut().expect("a description");
        members.remove("GlobalSecondaryIndexes");
        members.remove("TableStatus");
        table
    };
    assert_eq!(table(&updated), table(&described));
    described
}

async fn describe(client: &mut Client) -> Value {
    let request = json!({"TableName": "music"});
    client.ok("DescribeTable", request).await["Table"].take()
}

async fn refused(client: &mut Client, members: Value) -> String {
    let mut request = json!({"TableName": "music"});
    merge(&mut request, members);
    client.err("UpdateTable", request).await
}

async fn created(members: Value) -> (Server, Client) {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.ok("CreateTable", table(members)).await;
    (server, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_requests_on_demand() {
    let of_index = index(
        "by_b",
        json!({"OnDemandThroughput": {"MaxWriteRequestUnits": 7}}),
    );
    let (_server, mut client) = created(json!({
        "OnDemandThroughput": {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20},
        "GlobalSecondaryIndexes": [of_index]}))
    .await;
    let described = describe(&mut client).await;
    assert_eq!(
        described["OnDemandThroughput"],
        json!({"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20})
    );
    assert_eq!(
        described["GlobalSecondaryIndexes"][0]["OnDemandThroughput"],
        json!({"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 7})
    );
    // What is not named stays; -1 removes.
    let change = json!({"OnDemandThroughput": {"MaxReadRequestUnits": 11},
        "GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "by_b",
            "OnDemandThroughput": {"MaxReadRequestUnits": 3, "MaxWriteRequestUnits": -1}}}]});
    let described = update(&mut client, change).await;
    assert_eq!(
        described["OnDemandThroughput"],
        json!({"MaxReadRequestUnits": 11, "MaxWriteRequestUnits": 20})
    );
    assert_eq!(
        described["GlobalSecondaryIndexes"][0]["OnDemandThroughput"],
        json!({"MaxReadRequestUnits": 3, "MaxWriteRequestUnits": -1})
    );
    let remove =
        json!({"OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1}});
    let described = update(&mut client, remove).await;
    assert_eq!(described["OnDemandThroughput"], Value::Null);

    // They end with the billing mode that they are for.
    let units = json!({"ReadCapacityUnits": 1, "WriteCapacityUnits": 1});
    update(
        &mut client,
        json!({"OnDemandThroughput": {"MaxReadRequestUnits": 5}}),
    )
    .await;
    let provisioned = json!({"BillingMode": "PROVISIONED", "ProvisionedThroughput": units,
        "GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "by_b", "ProvisionedThroughput": units}}]});
    let described = update(&mut client, provisioned).await;
    assert_eq!(described["OnDemandThroughput"], Value::Null);
    let limit = json!({"OnDemandThroughput": {"MaxWriteRequestUnits": 5}});
    expect!["400 ValidationException: One or more parameter values were invalid: MaxWriteRequestUnits can only be specified when BillingMode is PAY_PER_REQUEST"]
        .assert_eq(&refused(&mut client, limit).await);
    let described = update(&mut client, json!({"BillingMode": "PAY_PER_REQUEST"})).await;
    assert_eq!(described["OnDemandThroughput"], Value::Null);
    assert_eq!(
        described["GlobalSecondaryIndexes"][0]["OnDemandThroughput"],
        Value::Null
    );
    let zero = json!({"OnDemandThroughput": {"MaxReadRequestUnits": 0}});
    expect!["400 ValidationException: One or more parameter values were invalid: MaxReadRequestUnits must be at least 1, or -1 where a limit is removed; it is 0"]
        .assert_eq(&refused(&mut client, zero).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn warm_throughput_only_grows() {
    let (_server, mut client) = created(json!({
        "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000}}))
    .await;
    let change = json!({"WarmThroughput": {"ReadUnitsPerSecond": 13000},
        "GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "by_b",
            "WarmThroughput": {"ReadUnitsPerSecond": 1, "WriteUnitsPerSecond": 2}}}]});
    let described = update(&mut client, change).await;
    assert_eq!(
        described["WarmThroughput"],
        json!({"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"})
    );
    assert_eq!(
        described["GlobalSecondaryIndexes"][0]["WarmThroughput"],
        json!({"ReadUnitsPerSecond": 1, "WriteUnitsPerSecond": 2, "Status": "ACTIVE"})
    );
    let less = json!({"WarmThroughput": {"WriteUnitsPerSecond": 3999}});
    expect!["400 ValidationException: One or more parameter values were invalid: Requested WriteUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, decreasing WarmThroughput is not supported"]
        .assert_eq(&refused(&mut client, less).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_an_index_go_with_it() {
    let (_server, mut client) = created(json!({})).await;
    let of_index = |update: Value| json!({"GlobalSecondaryIndexUpdates": [update]});
    let warm =
        json!({"Update": {"IndexName": "by_b", "WarmThroughput": {"ReadUnitsPerSecond": 9}}});
    update(&mut client, of_index(warm)).await;
    update(
        &mut client,
        of_index(json!({"Delete": {"IndexName": "by_b"}})),
    )
    .await;
    let mut again = of_index(json!({"Create": index("by_b", json!({}))}));
    again["AttributeDefinitions"] = json!([{"AttributeName": "b", "AttributeType": "S"}]);
    let described = update(&mut client, again).await;
    assert_eq!(
        described["GlobalSecondaryIndexes"][0]["WarmThroughput"],
        Value::Null
    );
    let nothing = of_index(json!({"Update": {"IndexName": "by_b"}}));
    expect!["400 ValidationException: One or more parameter values were invalid: An update of a GlobalSecondaryIndex must specify ProvisionedThroughput, OnDemandThroughput or WarmThroughput"]
        .assert_eq(&refused(&mut client, nothing).await);
    let unknown =
        json!({"Update": {"IndexName": "nope", "WarmThroughput": {"ReadUnitsPerSecond": 9}}});
    expect!["400 ResourceNotFoundException: Requested resource not found"]
        .assert_eq(&refused(&mut client, of_index(unknown)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_encryption() {
    let (_server, mut client) = created(json!({"SSESpecification": {"Enabled": true}})).await;
    let shown = |key: &str| json!({"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key});
    let arn = |key: &str| format!("arn:aws:kms:us-east-1:000000000000:{key}");
    assert_eq!(
        describe(&mut client).await["SSEDescription"],
        shown(&arn("alias/aws/dynamodb"))
    );
    let with_key = |key: &str| json!({"SSESpecification": {"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": key}});
    for (key, expected) in [
        ("1234abcd", arn("key/1234abcd")),
        ("alias/mine", arn("alias/mine")),
        (
            "arn:aws:kms:eu-west-1:1:key/x",
            "arn:aws:kms:eu-west-1:1:key/x".to_owned(),
        ),
    ] {
        let described = update(&mut client, with_key(key)).await;
        assert_eq!(described["SSEDescription"], shown(&expected));
    }
    for (specification, expected) in [
        (
            with_key("arn:aws:kms:eu-west-1:1:key/x")["SSESpecification"].clone(),
            expect![
                "400 ValidationException: One or more parameter values were invalid: Table is already encrypted by given KMSMasterKeyId"
            ],
        ),
        (
            json!({"Enabled": true, "SSEType": "AES256"}),
            expect![
                "400 ValidationException: One or more parameter values were invalid: The only valid SSEType is KMS"
            ],
        ),
        (
            json!({"Enabled": true, "SSEType": "DES"}),
            expect![
                "400 ValidationException: 1 validation error detected: Value at 'SSESpecification.SSEType' failed to satisfy constraint: Member must satisfy enum value set: [AES256, KMS]"
            ],
        ),
        (
            json!({"Enabled": true, "KMSMasterKeyId": "x"}),
            expect![
                "400 ValidationException: One or more parameter values were invalid: SSEType KMS is required if KMSMasterKeyId is specified"
            ],
        ),
        (
            json!({"Enabled": false, "SSEType": "KMS", "KMSMasterKeyId": "x"}),
            expect![
                "400 ValidationException: One or more parameter values were invalid: Enabled must be true if KMSMasterKeyId is specified"
            ],
        ),
    ] {
        let change = json!({"SSESpecification": specification});
        expected.assert_eq(&refused(&mut client, change).await);
    }
    let off = json!({"SSESpecification": {"Enabled": false}});
    let described = update(&mut client, off).await;
    assert_eq!(described["SSEDescription"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_of_changes_are_shown() {
    let units =
        |read: u32, write: u32| json!({"ReadCapacityUnits": read, "WriteCapacityUnits": write});
    let of_index = index("by_b", json!({"ProvisionedThroughput": units(5, 5)}));
    let (_server, mut client) = created(json!({"BillingMode": "PROVISIONED",
        "ProvisionedThroughput": units(5, 5), "GlobalSecondaryIndexes": [of_index]}))
    .await;
    let described = describe(&mut client).await;
    let unchanged =
        json!({"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 5, "WriteCapacityUnits": 5});
    assert_eq!(described["ProvisionedThroughput"], unchanged);
    assert_eq!(described["BillingModeSummary"], Value::Null);
    assert_eq!(described["TableClassSummary"], Value::Null);

    let now = json!(NOW as f64);
    let capacity = |units: Value| json!({"ProvisionedThroughput": units});
    let described = update(&mut client, capacity(units(6, 5))).await;
    assert_eq!(
        described["ProvisionedThroughput"],
        json!({"LastIncreaseDateTime": now, "NumberOfDecreasesToday": 0, "ReadCapacityUnits": 6, "WriteCapacityUnits": 5})
    );
    update(&mut client, capacity(units(1, 1))).await;
    let of_index = json!({"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "by_b",
        "ProvisionedThroughput": units(1, 9)}}], "ProvisionedThroughput": units(1, 2)});
    update(&mut client, of_index).await;
    let described = update(&mut client, capacity(units(1, 1))).await;
    assert_eq!(
        described["ProvisionedThroughput"],
        json!({"LastIncreaseDateTime": now, "LastDecreaseDateTime": now, "NumberOfDecreasesToday": 2, "ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    );
    assert_eq!(
        described["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"],
        json!({"LastIncreaseDateTime": now, "LastDecreaseDateTime": now, "NumberOfDecreasesToday": 1, "ReadCapacityUnits": 1, "WriteCapacityUnits": 9})
    );

    let on_demand =
        json!({"BillingMode": "PAY_PER_REQUEST", "TableClass": "STANDARD_INFREQUENT_ACCESS"});
    let described = update(&mut client, on_demand).await;
    assert_eq!(
        described["BillingModeSummary"],
        json!({"BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": now})
    );
    assert_eq!(
        described["TableClassSummary"],
        json!({"TableClass": "STANDARD_INFREQUENT_ACCESS", "LastUpdateDateTime": now})
    );
    let capacity_of_index = &described["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"];
    assert_eq!(capacity_of_index["WriteCapacityUnits"], 0);
    let mut back = json!({"BillingMode": "PROVISIONED", "ProvisionedThroughput": units(3, 3)});
    expect!["400 ValidationException: One or more parameter values were invalid: ProvisionedThroughput is not specified for index: by_b"].assert_eq(&refused(&mut client, back.clone()).await);
    back["GlobalSecondaryIndexUpdates"] =
        json!([{"Update": {"IndexName": "by_b", "ProvisionedThroughput": units(2, 2)}}]);
    let described = update(&mut client, back).await;
    assert_eq!(
        described["BillingModeSummary"],
        json!({"BillingMode": "PROVISIONED", "LastUpdateToPayPerRequestDateTime": now})
    );
}

/// Replicas are stored with what they override, and shown as what they are: out of reach.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_are_stored_and_not_reached() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.ok("CreateTable", table(json!({}))).await;
    assert_eq!(describe(&mut client).await.get("Replicas"), None);
    let replica = |region: &str, more: Value| {
        let mut replica = json!({"RegionName": region});
        merge(&mut replica, more);
        replica
    };
    let overrides = json!({
        "KMSMasterKeyId": "alias/\"mine\"",
        "OnDemandThroughputOverride": {"MaxReadRequestUnits": 7},
        "TableClassOverride": "STANDARD_INFREQUENT_ACCESS",
        "GlobalSecondaryIndexes": [{"IndexName": "by_b", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 3}}]});
    let created = update(
        &mut client,
        json!({"ReplicaUpdates": [
            {"Create": replica("eu-west-1", overrides)},
            {"Create": replica("ap-southeast-2", json!({}))}]}),
    )
    .await;
    expect![[r#"
        [
          {
            "RegionName": "ap-southeast-2",
            "ReplicaArn": "arn:aws:dynamodb:ap-southeast-2:000000000000:table/music",
            "ReplicaStatus": "REGION_DISABLED",
            "ReplicaStatusDescription": "This server serves us-east-1 alone: the replica is stored, and nothing is replicated to it"
          },
          {
            "GlobalSecondaryIndexes": [
              {
                "IndexName": "by_b",
                "ProvisionedThroughputOverride": {
                  "ReadCapacityUnits": 3
                }
              }
            ],
            "KMSMasterKeyId": "alias/\"mine\"",
            "OnDemandThroughputOverride": {
              "MaxReadRequestUnits": 7
            },
            "RegionName": "eu-west-1",
            "ReplicaArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/music",
            "ReplicaStatus": "REGION_DISABLED",
            "ReplicaStatusDescription": "This server serves us-east-1 alone: the replica is stored, and nothing is replicated to it",
            "ReplicaTableClassSummary": {
              "TableClass": "STANDARD_INFREQUENT_ACCESS"
            }
          }
        ]"#]].assert_eq(&format!("{:#}", created["Replicas"]));
    assert_eq!(created["GlobalTableVersion"], "2019.11.21");
    let updated = update(
        &mut client,
        json!({"ReplicaUpdates": [
            {"Update": replica("eu-west-1", json!({"ProvisionedThroughputOverride": {"ReadCapacityUnits": 9}}))},
            {"Delete": {"RegionName": "ap-southeast-2"}}]}),
    )
    .await;
    let replicas = updated["Replicas"].as_array().expect("replicas");
    assert_eq!(replicas.len(), 1);
    assert_eq!(
        replicas[0]["ProvisionedThroughputOverride"],
        json!({"ReadCapacityUnits": 9})
    );
    assert_eq!(
        replicas[0]["GlobalSecondaryIndexes"],
        created["Replicas"][1]["GlobalSecondaryIndexes"]
    );
    let scaling = client
        .ok(
            "DescribeTableReplicaAutoScaling",
            json!({"TableName": "music"}),
        )
        .await;
    assert_eq!(
        scaling["TableAutoScalingDescription"]["Replicas"],
        json!([{"RegionName": "eu-west-1", "ReplicaStatus": "REGION_DISABLED"}])
    );
    let mut answers = String::new();
    let many: Vec<Value> = (0..51)
        .map(|number| json!({"Create": {"RegionName": format!("xx-test-{number}")}}))
        .collect();
    for updates in [
        json!([{}]),
        json!([{"Create": {}}]),
        json!([{"Create": {"RegionName": "eu-west-2"}, "Delete": {"RegionName": "eu-west-1"}}]),
        json!([{"Create": {"RegionName": "eu-west-2"}}, {"Delete": {"RegionName": "eu-west-2"}}]),
        json!([{"Create": {"RegionName": "eu-west-1"}}]),
        json!([{"Delete": {"RegionName": "eu-west-2"}}]),
        json!([{"Update": {"RegionName": "eu-west-2", "KMSMasterKeyId": "k"}}]),
        json!([{"Delete": {"RegionName": "us-east-1"}}]),
        json!([{"Disassociate": {"RegionName": "us-east-1"}}]),
        json!([{"Create": {"RegionName": "eu-west-2", "TableClassOverride": "COLD"}}]),
        json!(many),
    ] {
        answers += &refused(&mut client, json!({"ReplicaUpdates": updates})).await;
        answers.push('\n');
    }
    expect![[r#"
        400 ValidationException: One or more parameter values were invalid: each of ReplicaUpdates needs exactly one action, and a region may be named once
        400 ValidationException: 1 validation error detected: Value at 'ReplicaUpdates.1.member.Create.RegionName' failed to satisfy constraint: Member must not be null
        400 ValidationException: One or more parameter values were invalid: each of ReplicaUpdates needs exactly one action, and a region may be named once
        400 ValidationException: One or more parameter values were invalid: each of ReplicaUpdates needs exactly one action, and a region may be named once
        400 ValidationException: Failed to create a the new replica of table with name: 'music' because one or more replicas already existed as tables.
        400 ValidationException: Update global table operation failed because one or more replicas were not part of the global table.
        400 ValidationException: Update global table operation failed because one or more replicas were not part of the global table.
        400 ValidationException: Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.
        400 ValidationException: Disassociate of ReplicaUpdates is not available in this version of ShaleDB
        400 ValidationException: 1 validation error detected: Value at 'ReplicaUpdates.1.member.Create.TableClassOverride' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, STANDARD_INFREQUENT_ACCESS]
        400 LimitExceededException: A table has at most 50 replicas
    "#]].assert_eq(&answers);
    update(
        &mut client,
        json!({"ReplicaUpdates": [{"Delete": {"RegionName": "eu-west-1"}}]}),
    )
    .await;
    let described = describe(&mut client).await;
    assert!(described.get("Replicas").is_none() && described.get("GlobalTableVersion").is_none());
}
