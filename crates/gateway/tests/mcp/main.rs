//! `orgcache mcp` on standard input and output, and `/mcp` over HTTP, before a double of Odoo. Clients are
//! those of the official Rust and Python SDKs.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test code may fail loudly"
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
