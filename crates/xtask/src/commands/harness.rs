//! `cargo xtask footprint`, `speed`, `sessions`, `budgets`, `load` and `odoo-speed`: the programs below `benches`, built for speed.

use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::interrupt::Interrupt;
use crate::postgres::{self, Programs, Server};
use crate::{python, workspace};

/// A program that measures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    /// The package.
    package: &'static str,
    /// What of it is compiled.
    features: &'static [&'static str],
    /// The program.
    binary: &'static str,
    /// Whether it uses PostgreSQL where there is one.
    postgres: bool,
    /// Whether it starts the service, which then has to be built beside it.
    service: bool,
    /// Whether it measures a program in Python where there is one.
    python: bool,
}

pub(crate) const FOOTPRINT: Program = Program::of_benches("bench-footprint").with_features(&["cedar"]);
pub(crate) const SPEED: Program =
    Program::of_benches("bench-speed").with_databases().with_features(&["cedar", "databases"]);
pub(crate) const SESSIONS: Program = Program::of_benches("bench-sessions").with_databases();
pub(crate) const BUDGETS: Program = Program::of_benches("bench-budgets");
/// Tool calls on Odoo, beside the Python server.
pub(crate) const ODOO: Program = Program::of_package("bench-odoo").with_service().with_python();
/// Load on the service, beside a bare axum.
pub(crate) const LOAD: Program = Program::of_package("bench-service").with_service();
/// Makes tables for the documents out of what the others wrote.
pub(crate) const SUMMARY: Program = Program::of_benches("bench-summary");

impl Program {
    /// A program of the package `benches`.
    const fn of_benches(binary: &'static str) -> Self {
        Self { package: "benches", features: &[], binary, postgres: false, service: false, python: false }
    }

    /// The only program of a package, of the package's name.
    const fn of_package(package: &'static str) -> Self {
        Self { package, features: &[], binary: package, postgres: false, service: false, python: false }
    }

    /// The same program, built with these features.
    const fn with_features(self, features: &'static [&'static str]) -> Self {
        Self { features, ..self }
    }

    /// The same program with what needs databases.
    const fn with_databases(self) -> Self {
        Self { features: &["databases"], postgres: true, ..self }
    }

    /// The same program, which starts the service.
    const fn with_service(self) -> Self {
        Self { service: true, ..self }
    }

    /// The same program, which measures one in Python beside it.
    const fn with_python(self) -> Self {
        Self { python: true, ..self }
    }

    /// The command that runs what was built; arguments may follow.
    ///
    /// Python's packages are installed where they are missing. Where they cannot be had, the program says what it leaves out.
    pub(crate) fn running(&self) -> Command {
        let file = format!("{}{}", self.binary, std::env::consts::EXE_SUFFIX);
        let mut command = Command::new(workspace::target().join("release").join(file));
        command.current_dir(workspace::root()).stdin(Stdio::null());
        if self.python {
            match python::interpreter() {
                Ok(interpreter) => drop(command.env(python::VARIABLE, interpreter)),
                Err(error) => {
                    command.env_remove(python::VARIABLE);
                    eprintln!("warning: {error:#}");
                }
            }
        }
        command
    }

    /// The name of the program.
    pub(crate) fn name(&self) -> &'static str {
        self.binary
    }
}

/// The command that builds programs with all that they need, in one go: several would compile what they share once for each.
pub(crate) fn building(programs: &[Program]) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--quiet", "--release"]);
    for program in programs {
        cargo.args(["--package", program.package, "--bin", program.binary]);
        for feature in program.features {
            cargo.arg("--features").arg(format!("{}/{feature}", program.package));
        }
    }
    if programs.iter().any(|program| program.service) {
        cargo.args(["--package", "orgcache", "--bin", "orgcache"]);
    }
    cargo
}

/// What the program is told; `--help` says what it understands.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    pub(super) options: Vec<OsString>,
}

/// Runs one of the programs and ends as it ends.
pub(crate) fn run(program: &Program, args: &Args) -> ExitCode {
    if !building(&[*program]).status().is_ok_and(|status| status.success()) {
        return ExitCode::FAILURE;
    }
    let mut command = program.running();
    command.args(&args.options);
    let asks_for_help = args.options.iter().any(|option| option == "--help" || option == "-h");
    let ended = if program.postgres && !asks_for_help {
        run_with_postgres(&mut command)
    } else {
        command
            .status()
            .map(|status| if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            .with_context(|| format!("cannot run {}", program.name()))
    };
    ended.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// Runs a program beside a server of its own, if PostgreSQL is on this machine; else it says what it leaves out.
fn run_with_postgres(command: &mut Command) -> Result<ExitCode> {
    let interrupt = Interrupt::catch().context("cannot catch signals")?;
    let programs = postgres::locate()?.map(|directory| Programs::new(&directory));
    let server = programs.as_ref().map(Server::start).transpose()?;
    if let Some(server) = &server {
        server.lend_to(command);
    }
    interrupt.check()?;
    let mut group = interrupt.spawn(command).context("cannot run cargo")?;
    let status = group.child.wait().context("cannot wait for cargo")?;
    drop(group);
    Ok(match interrupt.check() {
        Err(interrupted) => interrupted.exit_code(),
        Ok(()) if status.success() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
    })
}
