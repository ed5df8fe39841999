//! The benchmark harness: orgcache compared with the alternatives, on the same trees in the same run.
//!
//! [`structure`] defines the calls; [`orgcache`], [`orgcache_views`], [`baselines`], [`backends`] and `sql`
//! (feature `databases`) implement them, and [`agreement`] checks that the answers agree. [`footprint`]
//! counts bytes, [`speed`] measures times, [`sessions`] measures logins; all return [`record`]s, which
//! [`table`] and [`plot`] display. [`summary`] combines the records of several programs, [`budgets`] and
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

/// Ends a program: if it failed, prints the reason in one line on standard error.
pub fn end(outcome: anyhow::Result<()>) -> std::process::ExitCode {
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
