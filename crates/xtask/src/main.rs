//! `cargo xtask`: the commands that build, check and test this workspace.
//!
//! In reading order:
//!
//! - [`commands`]: one file per command;
//! - [`workspace`]: paths of the workspace, and how to run commands;
//! - [`prerequisite`]: external programs that the tests use, found or installed, with [`python`], [`java`]
//!   and [`axe`], the accessibility checker;
//! - [`postgres`]: the temporary PostgreSQL cluster of a run, in its [`scratch`] directory;
//! - [`tally`]: the summed results of all tests;
//! - [`checkpoint`], [`document`], [`machine`]: the finished parts of a measurement, the documents that it
//!   updates, and the machine that it ran on;
//! - [`interrupt`]: signals, so that an interrupted run cleans up.

mod axe;
mod checkpoint;
mod commands;
mod document;
mod interrupt;
mod java;
mod locate;
mod machine;
mod postgres;
mod prerequisite;
mod python;
mod scratch;
mod tally;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use commands::harness;
use interrupt::Interruption;

/// Build, check and test the orgcache workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Test(commands::test::Args),
    /// Check format, lints, documentation, dependencies, feature combinations, budgets and packaging
    ///
    /// The first failing step ends the run and names the command to repeat.
    Ci,
    Shuttle(commands::shuttle::Args),
    Mutants(commands::mutants::Args),
    Packages(commands::packages::Args),
    /// Build the Python wheel: the module and the command, for Linux with glibc 2.28 or later
    ///
    /// Writes the wheel to `target/wheels`. Zig, from a Python package, links against the old glibc.
    Wheel,
    Jar(commands::jar::Args),
    Deb(commands::deb::Args),
    /// Compare bytes per session of orgcache and of the alternatives.
    Footprint(harness::Args),
    /// Compare time per call of orgcache and of the alternatives.
    Speed(harness::Args),
    /// Measure bytes, time and loads of logins, on SQLite and PostgreSQL.
    Sessions(harness::Args),
    /// Measure the service under load, compared with a bare axum.
    Load(harness::Args),
    /// Compare time, requests and memory of tool calls on Odoo with those of the Python server.
    OdooSpeed(harness::Args),
    JvmSpeed(commands::jvm_speed::Args),
    /// Check bytes, allocation counts and loads against the committed budgets.
    Budgets(harness::Args),
    Benchmarks(commands::benchmarks::Args),
}

fn main() -> ExitCode {
    run(Cli::parse().command).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        error.downcast_ref().map_or(ExitCode::FAILURE, Interruption::exit_code)
    })
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        // Nothing may follow its closing line.
        Command::Test(args) => return Ok(commands::test::run(&args)),
        Command::Ci => commands::ci::run(),
        Command::Shuttle(args) => commands::shuttle::run(&args),
        Command::Mutants(args) => commands::mutants::run(&args),
        Command::Packages(args) => commands::packages::run(&args),
        Command::Wheel => commands::wheel::run(),
        Command::Jar(args) => commands::jar::run(&args),
        Command::Deb(args) => commands::deb::run(&args),
        Command::JvmSpeed(args) => commands::jvm_speed::run(&args),
        Command::Footprint(args) => harness::run(&harness::FOOTPRINT, &args),
        Command::Speed(args) => harness::run(&harness::SPEED, &args),
        Command::Sessions(args) => harness::run(&harness::SESSIONS, &args),
        Command::Load(args) => harness::run(&harness::LOAD, &args),
        Command::OdooSpeed(args) => harness::run(&harness::ODOO, &args),
        Command::Budgets(args) => harness::run(&harness::BUDGETS, &args),
        Command::Benchmarks(args) => commands::benchmarks::run(&args),
    }?;
    Ok(ExitCode::SUCCESS)
}
