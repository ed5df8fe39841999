//! `cargo xtask footprint`, `speed`, `sessions`, `budgets`, `load` and `odoo-speed`: the programs below
//! `benches`, built for speed.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::interrupt::Interrupt;
use crate::postgres::{self, Cluster, Durability};
use crate::{python, workspace};

/// The environment variable that gives a program the URL of the server's superuser.
pub(crate) const POSTGRES_URL: &str = "ORGCACHE_BENCH_POSTGRES_URL";

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

/// A program of the package `benches`, without its name.
const BENCHES: Program =
    Program { package: "benches", features: &[], binary: "", postgres: false, service: false, python: false };

pub(crate) const FOOTPRINT: Program = Program { binary: "bench-footprint", features: &["cedar"], ..BENCHES };
pub(crate) const SPEED: Program =
    Program { binary: "bench-speed", features: &["cedar", "databases"], postgres: true, ..BENCHES };
pub(crate) const SESSIONS: Program =
    Program { binary: "bench-sessions", features: &["databases"], postgres: true, ..BENCHES };
pub(crate) const BUDGETS: Program = Program { binary: "bench-budgets", ..BENCHES };
/// Tool calls on Odoo, beside the Python server.
pub(crate) const ODOO: Program =
    Program { package: "bench-odoo", binary: "bench-odoo", service: true, python: true, ..BENCHES };
/// Load on the service, beside a bare axum.
pub(crate) const LOAD: Program =
    Program { package: "bench-service", binary: "bench-service", service: true, ..BENCHES };
/// Makes tables for the documents out of what the others wrote.
pub(crate) const SUMMARY: Program = Program { binary: "bench-summary", ..BENCHES };

impl Program {
    /// The command that runs what was built; arguments may follow.
    ///
    /// Missing Python packages are installed. If they cannot be had, the program says what it leaves out.
    pub(crate) fn running(&self) -> Command {
        let file = format!("{}{}", self.binary, std::env::consts::EXE_SUFFIX);
        let mut command = Command::new(workspace::target().join("release").join(file));
        command.current_dir(workspace::root()).stdin(Stdio::null());
        if self.python {
            let complain = |error: &_| eprintln!("warning: the Python packages cannot be had: {error:#}");
            let interpreter = python::interpreter().inspect_err(complain).ok();
            command.env_remove(python::VARIABLE);
            command.envs(interpreter.map(|interpreter| (python::VARIABLE, interpreter)));
        }
        command
    }
}

/// The command that builds programs with all that they need, in one go: several would compile what they share
/// once for each.
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

/// Builds and runs one of the programs. One that uses PostgreSQL gets a server of its own, if PostgreSQL is
/// on this machine; else it says what it leaves out.
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
