//! The program over Odoo: its companies as organizations, its users as users.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code may fail loudly")]

mod program;
mod world;

mod alone;
mod cluster;
mod commands;
mod rechecking;
mod serving;
mod signing_in;
