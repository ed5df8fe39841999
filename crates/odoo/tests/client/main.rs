//! The client against a server that behaves like Odoo, for better and for worse.

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
