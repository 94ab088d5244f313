"""All 66 operations of the API through boto3: each answers, with what the SDK's own model declares, as docs/COMPAT.md says."""

import json
import re

import boto3
import pytest
from botocore.exceptions import ClientError

from support.server import ROOT

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/music"
BACKUP_ARN = f"{ARN}/backup/01489602797149-73d8d5bc"
EXPORT_ARN = f"{ARN}/export/01489602797149-73d8d5bc"
IMPORT_ARN = f"{ARN}/import/01489602797149-73d8d5bc"
BULK_ARN = f"{ARN}/bulk-operation/01489602797149-73d8d5bc"
KINESIS_ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/nowhere"
KEY = {"artist": {"S": "Björk"}, "song": {"S": "Jóga"}}
KEY_SCHEMA = [{"AttributeName": "artist", "KeyType": "HASH"}, {"AttributeName": "song", "KeyType": "RANGE"}]
DEFINITIONS = [{"AttributeName": "artist", "AttributeType": "S"}, {"AttributeName": "song", "AttributeType": "S"},
               {"AttributeName": "year", "AttributeType": "N"}]
BY_YEAR = {"IndexName": "by_year", "KeySchema": [{"AttributeName": "year", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem",
                                                             "Resource": ARN}]})
TABLE = {"TableName": "music"}
NO_TABLE = {"TableName": "nope"}


@pytest.fixture(scope="module")
def client(server):
    client = server.dynamodb()
    client.create_table(**TABLE, KeySchema=KEY_SCHEMA, AttributeDefinitions=DEFINITIONS, BillingMode="PAY_PER_REQUEST",
                        GlobalSecondaryIndexes=[BY_YEAR],
                        LocalSecondaryIndexes=[{"IndexName": "by_song_year", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [
                            {"AttributeName": "artist", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}]}],
                        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
                        Tags=[{"Key": "owner", "Value": "ann"}])
    client.put_item(**TABLE, Item={**KEY, "year": {"N": "1997"}})
    return client


@pytest.fixture(scope="module")
def streams(server):
    return server.streams()


# What the data plane and the tables answer: the operation, its parameters, and a member of the answer with its value.
ANSWERED = [
    ("describe_table", TABLE, "Table.TableStatus", "ACTIVE"),
    ("describe_table", {"TableName": ARN}, "Table.TableArn", ARN),
    ("list_tables", {}, "TableNames", ["music"]),
    ("describe_limits", {}, "AccountMaxReadCapacityUnits", 2**63 - 1),
    ("describe_time_to_live", TABLE, "TimeToLiveDescription.TimeToLiveStatus", "DISABLED"),
    ("update_time_to_live", {**TABLE, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "until"}},
     "TimeToLiveSpecification.AttributeName", "until"),
    ("get_item", {**TABLE, "Key": KEY, "ReturnConsumedCapacity": "INDEXES"}, "Item.year.N", "1997"),
    ("put_item", {**TABLE, "Item": {**KEY, "year": {"N": "1998"}}, "ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "INDEXES",
                  "ReturnItemCollectionMetrics": "SIZE"}, "Attributes.year.N", "1997"),
    ("update_item", {**TABLE, "Key": KEY, "UpdateExpression": "SET #y = #y - :one", "ExpressionAttributeNames": {"#y": "year"},
                     "ExpressionAttributeValues": {":one": {"N": "1"}}, "ReturnValues": "UPDATED_NEW",
                     "ReturnItemCollectionMetrics": "SIZE"}, "Attributes.year.N", "1997"),
    ("query", {**TABLE, "IndexName": "by_year", "KeyConditionExpression": "#y = :y", "ExpressionAttributeNames": {"#y": "year"},
               "ExpressionAttributeValues": {":y": {"N": "1997"}}, "ReturnConsumedCapacity": "INDEXES"}, "Count", 1),
    ("scan", {**TABLE, "Select": "COUNT"}, "Count", 1),
    ("batch_get_item", {"RequestItems": {"music": {"Keys": [KEY]}}, "ReturnConsumedCapacity": "TOTAL"},
     "Responses.music.0.year.N", "1997"),
    ("batch_write_item", {"RequestItems": {"music": [{"PutRequest": {"Item": {**KEY, "song": {"S": "Hyperballad"}}}}]},
                          "ReturnItemCollectionMetrics": "SIZE"}, "ItemCollectionMetrics.music.0.ItemCollectionKey.artist.S", "Björk"),
    ("transact_get_items", {"TransactItems": [{"Get": {**TABLE, "Key": KEY}}]}, "Responses.0.Item.year.N", "1997"),
    ("transact_write_items", {"TransactItems": [{"ConditionCheck": {**TABLE, "Key": KEY, "ConditionExpression": "attribute_exists(artist)"}}],
                              "ReturnConsumedCapacity": "TOTAL"}, "ConsumedCapacity.0.TableName", "music"),
    ("execute_statement", {"Statement": "SELECT song FROM music WHERE artist = 'Björk' AND song = 'Jóga'"}, "Items.0.song.S", "Jóga"),
    ("batch_execute_statement", {"Statements": [{"Statement": "SELECT * FROM music WHERE artist = 'Björk' AND song = 'Jóga'"},
                                                {"Statement": "SELECT * FROM nope WHERE artist = 'x'"}]},
     "Responses.1.Error.Code", "ResourceNotFound"),
    ("execute_transaction", {"TransactStatements": [{"Statement": "SELECT * FROM music WHERE artist = 'Björk' AND song = 'Jóga'"}]},
     "Responses.0.Item.year.N", "1997"),
    ("delete_item", {**TABLE, "Key": {**KEY, "song": {"S": "Hyperballad"}}, "ReturnValues": "ALL_OLD"}, "Attributes.song.S", "Hyperballad"),
    ("update_table", {**TABLE, "DeletionProtectionEnabled": True}, "TableDescription.DeletionProtectionEnabled", True),
    ("update_table", {**TABLE, "DeletionProtectionEnabled": False}, "TableDescription.DeletionProtectionEnabled", False),
    ("tag_resource", {"ResourceArn": ARN, "Tags": [{"Key": "stage", "Value": "test"}]}, "ResponseMetadata.HTTPStatusCode", 200),
    ("untag_resource", {"ResourceArn": ARN, "TagKeys": ["owner"]}, "ResponseMetadata.HTTPStatusCode", 200),
    ("list_tags_of_resource", {"ResourceArn": ARN}, "Tags", [{"Key": "stage", "Value": "test"}]),
    ("put_resource_policy", {"ResourceArn": ARN, "Policy": POLICY}, "ResponseMetadata.HTTPStatusCode", 200),
    ("get_resource_policy", {"ResourceArn": ARN}, "Policy", POLICY),
    ("delete_resource_policy", {"ResourceArn": ARN}, "ResponseMetadata.HTTPStatusCode", 200),
    ("create_table", {"TableName": "short", "AttributeDefinitions": DEFINITIONS[:1], "KeySchema": KEY_SCHEMA[:1],
                      "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}, "TableDescription.TableStatus", "CREATING"),
    ("delete_table", {"TableName": "short"}, "TableDescription.TableStatus", "DELETING"),
    # Features that come later: there is nothing, and switching nothing off is done.
    ("list_backups", TABLE, "BackupSummaries", []),
    ("list_exports", {}, "ExportSummaries", []),
    ("list_imports", {}, "ImportSummaryList", []),
    ("list_bulk_operations", {}, "BulkOperationsSummaryList", []),
    ("list_global_tables", {}, "GlobalTables", []),
    ("list_contributor_insights", {}, "ContributorInsightsSummaries", []),
    ("describe_continuous_backups", TABLE, "ContinuousBackupsDescription.ContinuousBackupsStatus", "DISABLED"),
    ("update_continuous_backups", {**TABLE, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False}},
     "ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus", "DISABLED"),
    ("describe_contributor_insights", TABLE, "ContributorInsightsStatus", "DISABLED"),
    ("update_contributor_insights", {**TABLE, "ContributorInsightsAction": "DISABLE"}, "ContributorInsightsStatus", "DISABLED"),
    ("describe_kinesis_streaming_destination", TABLE, "KinesisDataStreamDestinations", []),
    ("describe_table_replica_auto_scaling", TABLE, "TableAutoScalingDescription.Replicas", []),
]

RESTORE = {"SourceTableName": "music", "TargetTableName": "copy", "UseLatestRestorableTime": True}
REPLICAS = [{"RegionName": "eu-west-1"}]
IMPORT = {"S3BucketSource": {"S3Bucket": "bucket"}, "InputFormat": "CSV"}
BULK = {"InputS3Configuration": {"S3Bucket": "bucket", "InputFormat": "ION"}, "OutputS3Configuration": {"OutputType": ["ERROR"]}}
VECTOR = {"IndexName": "near", "SearchVector": [{"N": "1"}], "TopK": 3}
NOTHING = {"TransactItems": [{"Get": {**NO_TABLE, "Key": KEY}}]}

# What cannot be done: the operation, its parameters, and the exception. ValidationException, which no operation declares, is
# ClientError for boto3.
REFUSED = [
    ("cancel_bulk_operation", {"BulkOperationArn": BULK_ARN}, "ResourceNotFoundException"),
    ("create_backup", {**TABLE, "BackupName": "one"}, "ContinuousBackupsUnavailableException"),
    ("create_backup", {**NO_TABLE, "BackupName": "one"}, "TableNotFoundException"),
    ("create_global_table", {"GlobalTableName": "music", "ReplicationGroup": REPLICAS}, "ValidationException"),
    ("create_global_table", {"GlobalTableName": "nope", "ReplicationGroup": REPLICAS}, "TableNotFoundException"),
    ("create_table", {**TABLE, "KeySchema": KEY_SCHEMA[:1], "AttributeDefinitions": DEFINITIONS[:1], "BillingMode": "PAY_PER_REQUEST"},
     "ResourceInUseException"),
    ("delete_backup", {"BackupArn": BACKUP_ARN}, "BackupNotFoundException"),
    ("delete_item", {**TABLE, "Key": KEY, "ConditionExpression": "attribute_not_exists(artist)"}, "ConditionalCheckFailedException"),
    ("delete_resource_policy", {"ResourceArn": f"{ARN[:-5]}nope"}, "ResourceNotFoundException"),
    ("delete_resource_policy", {"ResourceArn": ARN, "ExpectedRevisionId": "1"}, "PolicyNotFoundException"),
    ("delete_table", NO_TABLE, "ResourceNotFoundException"),
    ("describe_backup", {"BackupArn": BACKUP_ARN}, "BackupNotFoundException"),
    ("describe_bulk_operation", {"BulkOperationArn": BULK_ARN}, "ResourceNotFoundException"),
    ("describe_continuous_backups", NO_TABLE, "TableNotFoundException"),
    ("describe_contributor_insights", NO_TABLE, "ResourceNotFoundException"),
    ("describe_export", {"ExportArn": EXPORT_ARN}, "ExportNotFoundException"),
    ("describe_global_table", {"GlobalTableName": "music"}, "GlobalTableNotFoundException"),
    ("describe_global_table_settings", {"GlobalTableName": "music"}, "GlobalTableNotFoundException"),
    ("describe_import", {"ImportArn": IMPORT_ARN}, "ImportNotFoundException"),
    ("describe_kinesis_streaming_destination", NO_TABLE, "ResourceNotFoundException"),
    ("describe_table", NO_TABLE, "ResourceNotFoundException"),
    ("describe_table_replica_auto_scaling", NO_TABLE, "ResourceNotFoundException"),
    ("describe_time_to_live", NO_TABLE, "ResourceNotFoundException"),
    ("disable_kinesis_streaming_destination", {**NO_TABLE, "StreamArn": KINESIS_ARN}, "ResourceNotFoundException"),
    ("enable_kinesis_streaming_destination", {**TABLE, "StreamArn": KINESIS_ARN}, "ValidationException"),
    ("enable_kinesis_streaming_destination", {**NO_TABLE, "StreamArn": KINESIS_ARN}, "ResourceNotFoundException"),
    ("execute_statement", {"Statement": "INSERT INTO music VALUE {'artist': 'Björk', 'song': 'Jóga'}"}, "DuplicateItemException"),
    ("execute_statement", {"Statement": "SELECT * FROM nope WHERE artist = 'x'"}, "ResourceNotFoundException"),
    ("execute_transaction", {"TransactStatements": [{"Statement": "INSERT INTO music VALUE {'artist': 'Björk', 'song': 'Jóga'}"}]},
     "TransactionCanceledException"),
    ("export_table_to_point_in_time", {"TableArn": ARN, "S3Bucket": "bucket"}, "PointInTimeRecoveryUnavailableException"),
    ("export_table_to_point_in_time", {"TableArn": f"{ARN[:-5]}nope", "S3Bucket": "bucket"}, "TableNotFoundException"),
    ("get_item", {**NO_TABLE, "Key": KEY}, "ResourceNotFoundException"),
    ("get_resource_policy", {"ResourceArn": ARN}, "PolicyNotFoundException"),
    ("import_table", {**IMPORT, "TableCreationParameters": {"TableName": "music", "KeySchema": KEY_SCHEMA[:1],
                                                            "AttributeDefinitions": DEFINITIONS[:1]}}, "ResourceInUseException"),
    ("import_table", {**IMPORT, "TableCreationParameters": {"TableName": "copy", "KeySchema": KEY_SCHEMA[:1],
                                                            "AttributeDefinitions": DEFINITIONS[:1]}}, "ValidationException"),
    ("put_item", {**TABLE, "Item": KEY, "ConditionExpression": "attribute_not_exists(artist)"}, "ConditionalCheckFailedException"),
    ("put_resource_policy", {"ResourceArn": ARN, "Policy": POLICY, "ExpectedRevisionId": "1"}, "PolicyNotFoundException"),
    ("restore_table_from_backup", {"TargetTableName": "copy", "BackupArn": BACKUP_ARN}, "BackupNotFoundException"),
    ("restore_table_from_backup", {"TargetTableName": "music", "BackupArn": BACKUP_ARN}, "TableAlreadyExistsException"),
    ("restore_table_to_point_in_time", RESTORE, "PointInTimeRecoveryUnavailableException"),
    ("restore_table_to_point_in_time", {**RESTORE, "SourceTableName": "nope"}, "TableNotFoundException"),
    ("restore_table_to_point_in_time", {**RESTORE, "TargetTableName": "music"}, "TableAlreadyExistsException"),
    ("search_vectors", {**TABLE, **VECTOR}, "ValidationException"),
    ("search_vectors", {**NO_TABLE, **VECTOR}, "ResourceNotFoundException"),
    ("start_bulk_put_items", {**TABLE, **BULK}, "ValidationException"),
    ("start_bulk_put_items", {**NO_TABLE, **BULK}, "ResourceNotFoundException"),
    ("transact_get_items", NOTHING, "ResourceNotFoundException"),
    ("transact_write_items", {"TransactItems": [{"Put": {**TABLE, "Item": KEY, "ConditionExpression": "attribute_not_exists(artist)",
                                                         "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}]},
     "TransactionCanceledException"),
    ("update_continuous_backups", {**TABLE, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
     "ContinuousBackupsUnavailableException"),
    ("update_contributor_insights", {**NO_TABLE, "ContributorInsightsAction": "ENABLE"}, "ResourceNotFoundException"),
    ("update_global_table", {"GlobalTableName": "music", "ReplicaUpdates": []}, "GlobalTableNotFoundException"),
    ("update_global_table_settings", {"GlobalTableName": "music"}, "GlobalTableNotFoundException"),
    ("update_item", {**TABLE, "Key": KEY, "ConditionExpression": "attribute_not_exists(artist)",
                     "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}, "ConditionalCheckFailedException"),
    ("update_kinesis_streaming_destination", {**NO_TABLE, "StreamArn": KINESIS_ARN}, "ResourceNotFoundException"),
    ("update_table", {**NO_TABLE, "BillingMode": "PAY_PER_REQUEST"}, "ResourceNotFoundException"),
    ("update_table_replica_auto_scaling", TABLE, "ValidationException"),
    ("update_table_replica_auto_scaling", NO_TABLE, "ResourceNotFoundException"),
    ("update_time_to_live", {**NO_TABLE, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "until"}},
     "ResourceNotFoundException"),
]


def member(answer, path):
    for step in path.split("."):
        answer = answer[int(step)] if isinstance(answer, list) else answer[step]
    return answer



def test_the_two_lists_hold_every_operation_and_so_does_the_document(client, streams):
    """An operation that a new SDK brings is missed here first."""
    modelled = set(client.meta.service_model.operation_names)
    mapping = client.meta.method_to_api_mapping
    tried = {mapping[case[0]] for case in ANSWERED + REFUSED}
    assert modelled - tried == {"DescribeEndpoints"}, "DescribeEndpoints has a test of its own"
    text = (ROOT / "docs/COMPAT.md").read_text(encoding="utf-8").partition("| feature |")[0]
    documented = re.findall(r"^\| (\w+) \| [✅🟡🔜❌]", text, re.MULTILINE)
    assert modelled | set(streams.meta.service_model.operation_names) == set(documented)
    assert len(documented) == 66


def test_operations_answer_as_the_model_declares(client):
    """In this order, as some depend on others."""
    for operation, parameters, path, expected in ANSWERED:
        answer = getattr(client, operation)(**parameters)
        assert member(answer, path) == expected, f"{operation}: {answer}"


@pytest.mark.parametrize("case", REFUSED, ids=[f"{case[0]}-{case[2]}" for case in REFUSED])
def test_operations_refuse_with_the_classes_of_the_sdk(client, case):
    operation, parameters, expected = case
    exception = ClientError if expected == "ValidationException" else getattr(client.exceptions, expected)
    with pytest.raises(exception) as caught:
        getattr(client, operation)(**parameters)
    assert caught.value.response["Error"]["Code"] == expected
    assert caught.value.response["Error"]["Message"], "a message for the person"


def test_what_comes_later_is_refused_or_empty_but_never_unknown(client):
    """Every operation that the document marks as one of later is above, in a way that an SDK understands."""
    text = (ROOT / "docs/COMPAT.md").read_text(encoding="utf-8")
    later = re.findall(r"^\| (\w+) \| 🔜 \|", text, re.MULTILINE)
    mapping = client.meta.method_to_api_mapping
    assert set(later) <= {mapping[case[0]] for case in ANSWERED + REFUSED}


def test_endpoint_discovery_leads_back_to_the_server(server):
    """DescribeEndpoints, and a client that follows it."""
    client = server.dynamodb()
    (endpoint,) = client.describe_endpoints()["Endpoints"]
    assert endpoint["Address"] == server.dynamodb_url.removeprefix("http://")
    assert endpoint["CachePeriodInMinutes"] > 0
    assert "TableNames" in server.dynamodb(endpoint_discovery_enabled=True).list_tables()


def test_the_stream_operations_answer_as_the_model_declares(client, streams):
    (listed,) = streams.list_streams(**TABLE)["Streams"]
    arn = client.describe_table(**TABLE)["Table"]["LatestStreamArn"]
    assert listed["StreamArn"] == arn
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    first = streams.get_records(ShardIterator=iterator, Limit=1)["Records"][0]
    assert first["eventName"] == "INSERT" and first["dynamodb"]["NewImage"]["year"] == {"N": "1997"}
    with pytest.raises(streams.exceptions.ResourceNotFoundException):
        streams.describe_stream(StreamArn=f"{ARN}/stream/2020-01-01T00:00:00.000")
    with pytest.raises(streams.exceptions.ResourceNotFoundException):
        streams.get_shard_iterator(StreamArn=arn, ShardId=f"{shard[:-1]}{'1' if shard[-1] == '0' else '0'}", ShardIteratorType="LATEST")
    with pytest.raises(ClientError, match="ValidationException"):
        streams.get_records(ShardIterator="x" * 40)


def test_exceptions_of_the_client_are_those_of_the_resource(server, client):
    table = boto3.resource("dynamodb", endpoint_url=server.dynamodb_url, region_name="us-east-1", aws_access_key_id="a",
                           aws_secret_access_key="b").Table("nope")
    with pytest.raises(table.meta.client.exceptions.ResourceNotFoundException):
        table.load()
    with pytest.raises(client.exceptions.ClientError):
        client.get_item(TableName="nope", Key=KEY)
