//! `orgcache`, the command: an ERP's organization trees at the terminal.

mod cli;
mod commands;
mod demo;
mod failure;
mod query;
mod show;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn run(cli: &Cli) -> Result<ExitCode, Failure> {
    let url = cli.database_url.as_deref();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::no_runtime)?;
    runtime.block_on(async {
        match &cli.command {
            None => commands::overview::run(url).await,
            Some(Command::Tree(arguments)) => commands::tree::run(url, arguments).await,
            Some(Command::Query) => commands::query::run(url).await,
            Some(Command::Import(arguments)) => commands::import::run(url, arguments).await,
            Some(Command::Mcp) => commands::mcp::run().await,
        }
    })
}
