//! `orgcache mcp` as its clients see it: the program itself, on its standard input and output, driven by the client of
//! the protocol's official SDK, before a double of Odoo.

#![expect(clippy::unwrap_used, reason = "what a test stands on is there")]

mod documents;
mod files;
mod lists;
mod modes;
mod reading;
mod start;
mod support;
mod writing;
