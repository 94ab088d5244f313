//! dynamodb-server.
