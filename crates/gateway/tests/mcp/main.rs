//! `orgcache mcp` as its clients see it: the program itself, on its standard input and output, driven by the client of
//! the protocol's official SDK, before a double of Odoo.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and a json value that has nothing is null"
)]

mod documents;
mod files;
mod lists;
mod modes;
mod reading;
mod start;
mod support;
mod writing;
