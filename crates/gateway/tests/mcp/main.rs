//! `orgcache mcp` and `/mcp` as their clients see them: the program itself, on its standard input and output,
//! and the service, driven by the official SDK's client and by the Python one, before a double of Odoo.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what a test stands on is there"
)]

#[path = "../../../odoo-mcp/tests/tools/client.rs"]
mod client;
mod http;
mod peer;
mod python;
mod reload;
mod start;
mod support;
mod web;
