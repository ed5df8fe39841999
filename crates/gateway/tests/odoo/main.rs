//! The program with Odoo as its ERP: companies are organizations, and users log in as Odoo's users.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code may fail loudly")]

mod program;
mod world;

mod cluster;
mod commands;
mod login;
mod mcp_only;
mod serving;
mod user_check;
