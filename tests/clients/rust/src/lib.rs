//! The AWS SDK for Rust against a started server: typed answers, errors by variant, paginators, waiters, retries of the SDK.
//!
//! `AWS_ENDPOINT_URL` names the server, `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` are its. Each test has its own table.

#![cfg(test)]

mod errors;
mod items;
mod pages;
mod server;
