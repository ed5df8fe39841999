//! `orgcache`: an ERP's organization trees and sessions, as a command at the terminal and as an HTTP service.
//!
//! [`http`] is the service, to run within another program; [`run`] is the command. For sessions in an axum
//! program of your own, the crate `session-axum` is enough.

mod backend;
mod cli;
mod commands;
mod demo;
mod exposure;
mod failure;
pub mod http;
mod log;
mod page;
mod pg_options;
mod query;
mod revocation_backlog;
mod show;

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::failure::Failure;

/// Runs the command line.
#[must_use]
pub fn run() -> ExitCode {
    if let Err(error) = pg_options::hide_from_driver() {
        return Failure::nothing_done(format!(
            "the program could not be started again without PGOPTIONS: {error}"
        ))
        .advise("Unset PGOPTIONS, and give its settings as `options` of the URL.")
        .report();
    }
    dispatch(Cli::read()).unwrap_or_else(|failure| failure.report())
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    use tokio::runtime::Builder;

    let Cli { erp, serve, command, password_warnings } = cli;
    let command = command.unwrap_or(Command::Serve(serve));
    let mut runtime = match &command {
        Command::Serve(arguments) => {
            log::install(arguments);
            password_warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            Builder::new_multi_thread()
        }
        // `check` reports the warnings itself.
        Command::Check(_) => Builder::new_current_thread(),
        _ => {
            password_warnings.iter().for_each(|warning| anstream::eprintln!("warning: {warning}"));
            Builder::new_current_thread()
        }
    };
    let runtime = runtime
        .enable_all()
        .build()
        .map_err(|error| Failure::nothing_done(format!("this process cannot start: {error}")))?;
    let outcome = runtime.block_on(async {
        match &command {
            Command::Serve(arguments) => commands::serve::run(&erp, arguments).await,
            Command::Check(arguments) => commands::check::run(&erp, &password_warnings, arguments).await,
            Command::Overview(arguments) => commands::overview::run(&erp, arguments).await,
            Command::Tree(arguments) => commands::tree::run(&erp, arguments).await,
            Command::Query(rights) => commands::query::run(&erp, rights.automatic_roles.into()).await,
            Command::Password(arguments) => {
                commands::password::run(erp.database_for("password")?, arguments).await
            }
            Command::Revisions { action } => {
                commands::revisions::run(erp.database_for("revisions")?, *action).await
            }
            Command::Import(arguments) => commands::import::run(erp.database_for("import")?, arguments).await,
            Command::Mcp => commands::mcp::run().await,
            Command::Completions { shell } => commands::completions::completions(*shell),
            Command::Man => commands::completions::man(),
        }
    });
    // Do not wait for a blocked read of standard input, which may never return.
    runtime.shutdown_background();
    outcome
}
