//! End-to-end tests of the command line: the real program, real files, a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test code may fail loudly")]

mod check;
mod command_line;
mod container;
mod databases;
mod import;
mod listening;
mod log;
mod overview;
mod package;
mod passwords;
mod program;
mod query;
mod questions;
mod revisions;
mod rights;
mod serve;
mod serving;
