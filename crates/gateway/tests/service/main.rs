//! End-to-end tests of the HTTP service: a listening server, a real HTTP client, a real database.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test code may fail loudly")]

mod administration;
mod allocations;
mod answers;
mod assertions;
mod connection_resets;
mod databases;
mod erp_passwords;
mod example_clients;
mod examples;
mod front_end;
mod limits;
mod login;
mod openapi;
mod openapi_schema;
mod organizations;
mod packaging;
mod proxies;
mod questions;

mod schemathesis;
mod service;
mod sessions;
