//! pg-server.
