//! `cargo xtask`: the commands that build, check and test this workspace.
//!
//! Read it in this order:
//!
//! - [`commands`]: one file for each command;
//! - [`prerequisite`]: programs from outside the workspace that the tests run, found or installed;
//! - [`browser`]: the browser of the tests;
//! - [`python`]: the Python packages of the tests and measurements;
//! - [`java`]: the JDK, and the jars that the tests need;
//! - [`scratch`]: the directory of one test run, which takes its servers with it when it goes;
//! - [`postgres`]: the throw-away PostgreSQL cluster inside it;
//! - [`tally`]: what the test programs said, summed up;
//! - [`kept`], [`document`], [`machine`]: what a run of measurements has so far, what it writes, and on which machine it was taken;
//! - [`interrupt`]: signals, so that a run that is cut short still cleans up.

mod axe;
mod browser;
mod commands;
mod document;
mod interrupt;
mod java;
mod kept;
mod machine;
mod postgres;
mod prerequisite;
mod python;
mod scratch;
mod tally;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    Ci(commands::ci::Args),
    Shuttle(commands::shuttle::Args),
    Mutants(commands::mutants::Args),
    Packages(commands::packages::Args),
    Wheel(commands::wheel::Args),
    Jar(commands::jar::Args),
    Deb(commands::deb::Args),
    /// Compare bytes per session of orgcache and of what people use today.
    Footprint(commands::harness::Args),
    /// Compare time per call of orgcache and of what people use today.
    Speed(commands::harness::Args),
    /// Measure what logins take: bytes, time, loads, on SQLite and PostgreSQL.
    Sessions(commands::harness::Args),
    /// Measure the service under load, beside a bare axum.
    Load(commands::harness::Args),
    /// Compare time, requests and memory of tool calls on Odoo with those of the Python server.
    OdooSpeed(commands::harness::Args),
    JvmSpeed(commands::jvm_speed::Args),
    /// Check bytes, allocation counts and loads against the committed budgets.
    Budgets(commands::harness::Args),
    Benchmarks(commands::benchmarks::Args),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Test(args) => commands::test::run(&args),
        Command::Ci(args) => commands::ci::run(&args),
        Command::Shuttle(args) => commands::shuttle::run(&args),
        Command::Mutants(args) => commands::mutants::run(&args),
        Command::Packages(args) => commands::packages::run(&args),
        Command::Wheel(args) => commands::wheel::run(&args),
        Command::Jar(args) => commands::jar::run(&args),
        Command::Deb(args) => commands::deb::run(&args),
        Command::JvmSpeed(args) => commands::jvm_speed::run(&args),
        Command::Footprint(args) => commands::harness::run(&commands::harness::FOOTPRINT, &args),
        Command::Speed(args) => commands::harness::run(&commands::harness::SPEED, &args),
        Command::Sessions(args) => commands::harness::run(&commands::harness::SESSIONS, &args),
        Command::Load(args) => commands::harness::run(&commands::harness::LOAD, &args),
        Command::OdooSpeed(args) => commands::harness::run(&commands::harness::ODOO, &args),
        Command::Budgets(args) => commands::harness::run(&commands::harness::BUDGETS, &args),
        Command::Benchmarks(args) => commands::benchmarks::run(&args),
    }
}
