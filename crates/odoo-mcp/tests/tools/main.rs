//! Tests of the tools and resources through the protocol, with a server in this process and a double of Odoo.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod arguments;
mod cancelling;
mod client;
mod documents;
mod files;
mod http;
mod lines;
mod lists;
mod meaning;
mod modes;
mod ordinary;
mod peer;
mod reading;
mod schemas;
mod support;
mod versions;
mod writing;
