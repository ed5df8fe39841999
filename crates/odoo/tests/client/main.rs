//! Tests of the client against a double of Odoo, including its faults.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod addon;
mod batching;
mod cancelling;
mod companies;
mod company_rules;
mod company_users;
mod configuration;
mod connections;
mod faults;
mod interleavings;
mod metadata;
mod recent;
mod sessions;
mod support;
mod tls;
mod transports;
