//! The bundled bench harness: orgcache beside what people use today, on the same trees in the same run.
//!
//! [`structure`] is what everything answers, [`orgcache`], [`orgcache_views`], [`baselines`], [`backends`]
//! and `sql` (feature `databases`) are who answers it, and [`agreement`] sees to it that they answer alike.
//! [`footprint`] counts bytes, [`speed`] takes times, [`sessions`] what logins take; all give [`record`]s;
//! [`table`] and [`plot`] show them. [`summary`] draws on the records of several programs, [`budgets`] and
//! [`instructions`] check what does not depend on the machine.

pub mod agreement;
pub mod backends;
pub mod baselines;
pub mod budgets;
pub mod contender;
pub mod footprint;
pub mod instructions;
pub mod metric;
pub mod options;
pub mod orgcache;
pub mod orgcache_views;
pub mod plot;
pub mod questions;
pub mod record;
mod row;
mod samples;
pub mod session_bytes;
pub mod sessions;
pub mod speed;
#[cfg(feature = "databases")]
pub mod sql;
pub mod structure;
pub mod summary;
pub mod table;
pub mod trees;

/// Ends a program: where it failed, with the reason in one line on standard error.
pub fn end(outcome: anyhow::Result<()>) -> std::process::ExitCode {
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
