//! The command as a person or a script meets it: the real program, real files, a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test code may fail loudly")]

mod check;
mod databases;
mod import;
mod overview;
mod package;
mod program;
mod query;
mod questions;
mod revisions;
mod rights;
mod serve;
