//! `cargo xtask test`: runs all tests of the workspace, with all prerequisites.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow};

use crate::axe;
use crate::interrupt::{Interrupt, Interruption};
use crate::postgres::{Cluster, Durability};
use crate::prerequisite;
use crate::tally::Tally;
use crate::workspace;

/// Run all tests and doc tests, on a temporary PostgreSQL cluster
///
/// Finds PostgreSQL, a browser, Python, Java and their libraries, or installs them if you are root on Debian.
/// Removes the cluster at the end, even if the run is interrupted. The last line is `N passed, N failed`.
///
/// If cargo-nextest is installed, it runs the tests, each in its own process and with a time limit, and cargo
/// runs doc tests and those in other languages; otherwise cargo runs all. Nextest also runs ignored tests;
/// with cargo they count as failed.
///
/// The tests get these environment variables: ORGCACHE_TEST_POSTGRES_URL, a superuser's URL of the cluster;
/// ORGCACHE_TEST_POSTGRES_BIN, the directory of PostgreSQL's programs; ORGCACHE_TEST_PGBOUNCER and
/// ORGCACHE_TEST_NGINX, these programs; ORGCACHE_TEST_CHROMIUM and ORGCACHE_TEST_CHROMEDRIVER, the browser
/// and the program that drives it; ORGCACHE_TEST_PYTHON, an interpreter with the packages of
/// tests/python/requirements.txt; ORGCACHE_TEST_JAVA, the program java; ORGCACHE_TEST_JUNIT and
/// ORGCACHE_TEST_JDBC, the jars of JUnit and of PostgreSQL's driver; ORGCACHE_TEST_AXE, the script of
/// axe-core, if npm can download it; TMPDIR, a directory that is removed at the end with everything in it,
/// including running servers.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Passed on to `cargo test`, for example `-p org-structure` or the name of a test
    #[arg(last = true, value_name = "CARGO TEST ARGUMENTS")]
    cargo: Vec<OsString>,
}

/// Runs the tests and prints the closing line, which is the last output.
pub(crate) fn run(args: &Args) -> ExitCode {
    let mut tally = Tally::default();
    let outcome = test(args, &mut tally);
    if let Err(error) = &outcome {
        tally.fail(1, format!("{error:#}"));
    }
    for remark in tally.remarks() {
        eprintln!("error: {remark}");
    }
    // It fails only if the reader is gone.
    let _ = writeln!(io::stdout(), "{tally}");
    if tally.is_success() {
        return ExitCode::SUCCESS;
    }
    let interrupted = outcome.err().and_then(|error| error.downcast_ref().map(Interruption::exit_code));
    interrupted.unwrap_or(ExitCode::FAILURE)
}

/// Prepares the prerequisites, runs the tests and cleans up.
fn test(args: &Args, tally: &mut Tally) -> Result<()> {
    let interrupt = Interrupt::catch().context("cannot catch signals")?;
    let mut found = prerequisite::prepare()?;
    found.extend(axe::script().map(|script| (axe::VARIABLE, script)));
    interrupt.check()?;
    let cluster = Cluster::start(Durability::None)?;
    eprintln!("{}", cluster.describe());
    interrupt.check()?;
    let mut succeeded = true;
    for &runner in Runner::for_arguments(&args.cargo) {
        succeeded &= run_tests(runner, command(runner, args, &found, &cluster), tally, &interrupt)?;
    }
    tally.conclude(succeeded);
    cluster.remove()?;
    Ok(interrupt.check()?)
}

/// A program that runs tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runner {
    /// All tests except doc tests.
    Nextest,
    /// Doc tests.
    DocTests,
    /// Tests in other languages, whose process compiles what all of them need.
    OtherLanguages,
    /// All tests.
    Cargo,
}

impl Runner {
    /// The runners to use, in order.
    fn for_arguments(arguments: &[OsString]) -> &'static [Self] {
        let mut version = workspace::cargo();
        version.args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
        let has_nextest = version.status().is_ok_and(|status| status.success());
        let other_languages = ["jvm", "orgcache-python"];
        // Nextest excludes their tests, and cargo takes their arguments unchanged.
        if !has_nextest || arguments.iter().any(|argument| other_languages.iter().any(|it| argument == it)) {
            &[Self::Cargo]
        } else if chooses_targets(arguments) {
            &[Self::Nextest]
        } else if chooses_packages(arguments) {
            &[Self::Nextest, Self::DocTests]
        } else {
            &[Self::Nextest, Self::DocTests, Self::OtherLanguages]
        }
    }

    fn arguments(self) -> &'static str {
        match self {
            // A filter may select doc tests only.
            Self::Nextest => "nextest run --no-fail-fast --run-ignored=all --no-tests=pass",
            Self::DocTests => "test --no-fail-fast --doc",
            Self::OtherLanguages => {
                "test --no-fail-fast --package=jvm --test=java --package=orgcache-python --test=wheel"
            }
            Self::Cargo => "test --no-fail-fast",
        }
    }
}

fn command(runner: Runner, args: &Args, found: &[(&str, PathBuf)], cluster: &Cluster) -> Command {
    let mut command = workspace::cargo();
    command.args(runner.arguments().split(' '));
    if runner != Runner::OtherLanguages && !chooses_packages(&args.cargo) {
        command.arg("--workspace");
    }
    command.args(&args.cargo);
    command.envs(found.iter().map(|(variable, path)| (variable, path)));
    cluster.lend_to(&mut command, "ORGCACHE_TEST_POSTGRES_URL");
    command
}

/// Do the arguments for cargo select packages?
fn chooses_packages(arguments: &[OsString]) -> bool {
    has_option(arguments, &["-p", "--package"])
}

/// Do the arguments for cargo select targets, which excludes doc tests?
fn chooses_targets(arguments: &[OsString]) -> bool {
    has_option(arguments, &["--lib", "--bin", "--test", "--example", "--bench", "--all-targets"])
}

/// Does an argument for cargo begin with one of these options?
fn has_option(arguments: &[OsString], options: &[&str]) -> bool {
    let of_cargo = arguments.iter().take_while(|argument| *argument != "--");
    of_cargo
        .filter_map(|argument| argument.to_str())
        .any(|argument| options.iter().any(|option| argument.starts_with(option)))
}

/// Runs tests and adds up their results. Returns whether the runner succeeded.
fn run_tests(runner: Runner, mut command: Command, tally: &mut Tally, interrupt: &Interrupt) -> Result<bool> {
    let (output, input) = io::pipe().context("cannot make a pipe")?;
    match runner {
        // Nextest writes everything to standard error.
        Runner::Nextest => command.stderr(input),
        Runner::DocTests | Runner::OtherLanguages | Runner::Cargo => command.stdout(input),
    };
    let mut group = interrupt.spawn(&mut command).context("cannot run cargo")?;
    // It holds a write end, which would keep the pipe open.
    drop(command);
    thread::scope(|scope| {
        let relay = scope.spawn(|| relay(output, io::stdout(), tally));
        let status = group.child.wait().context("cannot wait for cargo")?;
        // The same for a process that a test left running.
        drop(group);
        let relayed = relay.join().map_err(|_| anyhow!("the reader of the tests' output panicked"))?;
        relayed.context("cannot pass on the tests' output")?;
        // A runner that was ended by a signal has failed anyway.
        Ok(status.success() || interrupt.check().is_err())
    })
}

/// Forwards output line by line, and tallies it.
fn relay(output: impl Read, mut copy: impl Write, tally: &mut Tally) -> io::Result<()> {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line)? > 0 {
        tally.read(String::from_utf8_lossy(&line).trim_end());
        copy.write_all(&line)?;
        copy.flush()?;
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{chooses_packages, chooses_targets, relay};
    use crate::tally::Tally;

    const RESULT: &[u8] =
        b"running 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured\n";

    #[test]
    fn packages_and_targets_are_parsed_before_the_double_dash() {
        for (line, packages, targets) in [
            ("", false, false),
            ("name --release -- -p --lib", false, false),
            ("--profile dev", false, false),
            ("-porg-structure", true, false),
            ("name --package=org-structure", true, false),
            ("--package org-structure --bins", true, true),
            ("-p orgcache-session --test suite name", true, true),
            ("--lib", false, true),
        ] {
            let arguments: Vec<_> = line.split(' ').map(OsString::from).collect();
            assert_eq!(
                (chooses_packages(&arguments), chooses_targets(&arguments)),
                (packages, targets),
                "{line}"
            );
        }
    }

    #[test]
    fn output_is_forwarded_and_tallied() {
        let mut copy = Vec::new();
        let output = [RESULT, b"\xff not text"].concat();
        let mut tally = Tally::default();
        relay(output.as_slice(), &mut copy, &mut tally).unwrap();
        assert_eq!(copy, output);
        assert_eq!(tally.to_string(), "1 passed, 0 failed");
    }

    #[test]
    fn an_unread_output_is_an_error() {
        let mut short = [0; 4];
        assert!(relay(RESULT, short.as_mut_slice(), &mut Tally::default()).is_err());
    }
}
