//! The tools and resources as a client of the protocol sees them, in this process, before a double of Odoo.

#![expect(clippy::unwrap_used, reason = "what a test stands on is there")]

mod documents;
mod files;
mod lists;
mod modes;
mod reading;
mod support;
mod writing;
