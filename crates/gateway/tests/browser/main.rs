//! Tests of the page with the real program, a real database and a real browser.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test code may fail loudly")]

mod browser;
mod service;

mod address;
mod connection;
mod demonstration;
mod large;
mod looks;
mod names;
mod odoo;
mod overview;
mod picture;
mod pinning;
mod references;
mod refreshing;
mod sessions;
mod signing_in;
mod tree;
mod views;
