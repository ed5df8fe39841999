//! The tools and resources as a client of the protocol sees them, in this process, before a double of Odoo.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what a test stands on is there"
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
