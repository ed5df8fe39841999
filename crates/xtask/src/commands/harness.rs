//! `cargo xtask footprint`, `speed`, `sessions`, `budgets`, `load` and `odoo-speed`: the release builds of
//! the programs in `benches`.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::interrupt::Interrupt;
use crate::postgres::{self, Cluster, Durability};
use crate::{python, workspace};

/// The environment variable with the URL of the server's superuser.
pub(crate) const POSTGRES_URL: &str = "ORGCACHE_BENCH_POSTGRES_URL";

/// A measuring program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    /// The package.
    package: &'static str,
    /// The features to compile.
    features: &'static [&'static str],
    /// The program.
    binary: &'static str,
    /// Does it use PostgreSQL, if available?
    postgres: bool,
    /// Does it start the service? Then the service has to be built too.
    service: bool,
    /// Does it measure a Python program, if available?
    python: bool,
}

/// A program of the package `benches`, without the name.
const BENCHES: Program =
    Program { package: "benches", features: &[], binary: "", postgres: false, service: false, python: false };

pub(crate) const FOOTPRINT: Program = Program { binary: "bench-footprint", features: &["cedar"], ..BENCHES };
pub(crate) const SPEED: Program =
    Program { binary: "bench-speed", features: &["cedar", "databases"], postgres: true, ..BENCHES };
pub(crate) const SESSIONS: Program =
    Program { binary: "bench-sessions", features: &["databases"], postgres: true, ..BENCHES };
pub(crate) const BUDGETS: Program = Program { binary: "bench-budgets", ..BENCHES };
/// Tool calls on Odoo, compared with the Python server.
pub(crate) const ODOO: Program =
    Program { package: "bench-odoo", binary: "bench-odoo", service: true, python: true, ..BENCHES };
/// Load on the service, compared with a bare axum.
pub(crate) const LOAD: Program =
    Program { package: "bench-service", binary: "bench-service", service: true, ..BENCHES };
/// Generates tables for the documents from the output of the other programs.
pub(crate) const SUMMARY: Program = Program { binary: "bench-summary", ..BENCHES };

impl Program {
    /// The command that runs the built program; append arguments.
    ///
    /// Installs missing Python packages. If that fails, the program reports what it skips.
    pub(crate) fn running(&self) -> Command {
        let file = format!("{}{}", self.binary, std::env::consts::EXE_SUFFIX);
        let mut command = Command::new(workspace::target().join("release").join(file));
        command.current_dir(workspace::root()).stdin(Stdio::null());
        if self.python {
            let complain = |error: &_| eprintln!("warning: the Python packages are not available: {error:#}");
            let interpreter = python::interpreter().inspect_err(complain).ok();
            command.env_remove(python::VARIABLE);
            command.envs(interpreter.map(|interpreter| (python::VARIABLE, interpreter)));
        }
        command
    }
}

/// The command that builds all programs at once: separate builds would compile shared crates again for each.
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

/// The arguments of the program; `--help` lists them.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    pub(super) options: Vec<OsString>,
}

/// Builds and runs one of the programs. If PostgreSQL is installed, a program that uses it gets a temporary
/// server; otherwise it reports what it skips.
pub(crate) fn run(program: &Program, args: &Args) -> Result<()> {
    let interrupt = Interrupt::catch().context("cannot catch signals")?;
    interrupt.run(&mut building(&[*program]))?;
    let mut command = program.running();
    command.args(&args.options);
    let asks_for_help = args.options.iter().any(|option| option == "--help" || option == "-h");
    let uses_server = program.postgres && !asks_for_help && postgres::locate()?.is_some();
    let server = uses_server.then(|| Cluster::start(Durability::Full)).transpose()?;
    if let Some(server) = &server {
        server.lend_to(&mut command, POSTGRES_URL);
    }
    interrupt.check()?;
    interrupt.run(&mut command).map(drop)
}
