//! `cargo xtask test`: all tests of the workspace, with everything they need.

use std::env;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow};

use crate::axe;
use crate::interrupt::{Interrupt, Interrupted};
use crate::postgres::{self, Account, Cluster, Durability, Programs};
use crate::prerequisite::{self, Found};
use crate::scratch::Scratch;
use crate::tally::{Tally, Verdict};
use crate::workspace;

/// Run all tests and doc tests, on a PostgreSQL cluster made for this run
///
/// PostgreSQL, a browser, Python, Java and their libraries are found, or installed where this runs as root on Debian; the
/// cluster is removed at the end, however that comes. The last line is `N passed, N failed`.
///
/// Where cargo-nextest is installed it runs the tests, each in a process of its own and with a limit of time, and cargo those
/// in documentation and in other languages; else cargo runs all. Ignored tests are run, too, by the former, and count as failed by the latter.
///
/// The tests find in their environment: ORGCACHE_TEST_POSTGRES_URL, a superuser's URL of the cluster;
/// ORGCACHE_TEST_POSTGRES_BIN, the directory of PostgreSQL's programs; ORGCACHE_TEST_PGBOUNCER and
/// ORGCACHE_TEST_NGINX, these programs; ORGCACHE_TEST_CHROMIUM and ORGCACHE_TEST_CHROMEDRIVER, the browser and
/// the program that drives it; ORGCACHE_TEST_PYTHON, an interpreter with the packages of
/// tests/python/requirements.txt; ORGCACHE_TEST_JAVA, the program java; ORGCACHE_TEST_JUNIT and ORGCACHE_TEST_JDBC, the jars of JUnit and of PostgreSQL's driver;
/// ORGCACHE_TEST_AXE, the script of axe-core, where npm can download it; TMPDIR, a
/// directory that is removed at the end with all that is in it, servers included.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Passed on to `cargo test`, for example `-p org-structure` or the name of a test
    #[arg(last = true, value_name = "CARGO TEST ARGUMENTS")]
    cargo: Vec<OsString>,
}

/// Runs the tests and prints the closing line, which nothing follows.
pub(crate) fn run(args: &Args) -> ExitCode {
    let interrupt = match Interrupt::catch() {
        Ok(interrupt) => interrupt,
        Err(error) => return close(&Verdict::not_started(format!("cannot catch signals: {error}")), None),
    };
    let verdict = test(args, &interrupt).unwrap_or_else(|error| Verdict::not_started(format!("{error:#}")));
    close(&verdict, interrupt.check().err())
}

fn close(verdict: &Verdict, interrupted: Option<Interrupted>) -> ExitCode {
    for remark in verdict.remarks() {
        eprintln!("error: {remark}");
    }
    // Nobody may be reading any more, and then nobody misses the line.
    let _ = writeln!(io::stdout(), "{verdict}");
    if verdict.is_success() {
        ExitCode::SUCCESS
    } else {
        interrupted.map_or(ExitCode::FAILURE, Interrupted::exit_code)
    }
}

/// Prepares what the tests need, runs them and cleans up. An error means that none could start.
fn test(args: &Args, interrupt: &Interrupt) -> Result<Verdict> {
    let found = prerequisite::prepare()?;
    interrupt.check()?;
    let programs = Programs::new(found.path(prerequisite::POSTGRES_PROGRAMS)?);
    Scratch::remove_leftovers(&programs)?;
    let scratch = Scratch::create(&programs)?;
    let cluster = Cluster::start(&programs, &scratch, Account::for_servers()?, Durability::None)?;
    eprintln!("{} on port {}, in {}", programs.version()?, cluster.port(), scratch.path().display());
    interrupt.check()?;
    let mut tally = Tally::default();
    let mut succeeded = true;
    for &runner in Runner::for_arguments(&args.cargo) {
        let mut command = command(runner, args, &found, &scratch, &cluster);
        succeeded &= run_tests(runner, &mut command, &mut tally, interrupt)?;
    }
    let mut verdict = tally.conclude(succeeded);
    if let Err(error) = scratch.remove() {
        verdict.fail(format!("{error:#}"));
    }
    if let Err(interrupted) = interrupt.check() {
        verdict.fail(interrupted.to_string());
    }
    Ok(verdict)
}

/// What runs tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runner {
    /// All tests that are not in documentation.
    Nextest,
    /// Those in documentation.
    DocTests,
    /// Those in other languages, for which one process compiles what all of them need.
    OtherLanguages,
    /// All.
    Cargo,
}

impl Runner {
    /// All that have to run, one after the other.
    fn for_arguments(arguments: &[OsString]) -> &'static [Self] {
        let mut version = workspace::cargo();
        version.args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
        let has_nextest = version.status().is_ok_and(|status| status.success());
        let other_languages = ["jvm", "orgcache-python"];
        // Nextest leaves their tests alone, and cargo takes the arguments for them as they are.
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

    fn arguments(self) -> &'static [&'static str] {
        match self {
            // A filter may leave tests in documentation alone.
            Self::Nextest => &["nextest", "run", "--no-fail-fast", "--run-ignored=all", "--no-tests=pass"],
            Self::DocTests => &["test", "--doc", "--no-fail-fast"],
            Self::OtherLanguages => &[
                "test",
                "--no-fail-fast",
                "--package=jvm",
                "--test=java",
                "--package=orgcache-python",
                "--test=wheel",
            ],
            Self::Cargo => &["test", "--no-fail-fast"],
        }
    }
}

fn command(runner: Runner, args: &Args, found: &Found, scratch: &Scratch, cluster: &Cluster) -> Command {
    let mut command = workspace::cargo();
    command.args(runner.arguments());
    if runner != Runner::OtherLanguages && !chooses_packages(&args.cargo) {
        command.arg("--workspace");
    }
    command.args(&args.cargo);
    // A setting of the user's own databases must not lead a test there.
    for (name, _) in env::vars_os().filter(|(name, _)| postgres::is_client_setting(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command.envs(found.variables());
    command.envs(axe::script().map(|script| (axe::VARIABLE, script)));
    command.env("ORGCACHE_TEST_POSTGRES_URL", cluster.url());
    command.env("TMPDIR", scratch.temporary());
    command
}

/// Whether the arguments for cargo name packages, so that not all of them are meant.
fn chooses_packages(arguments: &[OsString]) -> bool {
    let of_cargo = arguments.iter().take_while(|argument| *argument != "--");
    of_cargo.map(|argument| argument.to_string_lossy()).any(|argument| {
        argument.starts_with("--package") || (argument.starts_with("-p") && !argument.starts_with("--"))
    })
}

/// Whether the arguments for cargo name targets, among which doc tests are none.
fn chooses_targets(arguments: &[OsString]) -> bool {
    let of_cargo = arguments.iter().take_while(|argument| *argument != "--");
    of_cargo.map(|argument| argument.to_string_lossy()).any(|argument| {
        ["--lib", "--bin", "--test", "--example", "--bench", "--all-targets"]
            .iter()
            .any(|option| argument.starts_with(option))
    })
}

/// Runs tests and adds up what they say. Returns whether their runner succeeded.
fn run_tests(
    runner: Runner,
    command: &mut Command,
    tally: &mut Tally,
    interrupt: &Interrupt,
) -> Result<bool> {
    // Nextest says everything where errors go.
    let command = match runner {
        Runner::Nextest => command.stderr(Stdio::piped()),
        Runner::DocTests | Runner::OtherLanguages | Runner::Cargo => command.stdout(Stdio::piped()),
    };
    let mut group = interrupt.spawn(command).context("cannot run cargo")?;
    let (stdout, stderr) = (group.child.stdout.take(), group.child.stderr.take());
    let mut summed = std::mem::take(tally);
    let relay = thread::spawn(move || {
        match (stdout, stderr) {
            (Some(output), _) => relay(output, io::stdout(), &mut summed),
            (None, Some(output)) => relay(output, io::stderr(), &mut summed),
            (None, None) => Ok(()),
        }
        .map(|()| summed)
    });
    let status = group.child.wait().context("cannot wait for cargo")?;
    // What a test left running holds the other end of the output, which would then never end.
    drop(group);
    let summed = relay.join().map_err(|_| anyhow!("the reader of the tests' output panicked"))?;
    *tally = summed.context("cannot pass on the tests' output")?;
    // A failure of the runner goes without saying where a signal ended it.
    Ok(status.success() || interrupt.check().is_err())
}

/// Passes output on as it comes, and sums it up.
fn relay(mut output: impl Read, mut copy: impl Write, tally: &mut Tally) -> io::Result<()> {
    let mut buffer = vec![0; 8 * 1024];
    loop {
        let length = match output.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let piece = buffer.get(..length).unwrap_or_default();
        tally.push(piece);
        copy.write_all(piece)?;
        copy.flush()?;
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{chooses_packages, chooses_targets, relay};
    use crate::tally::Tally;

    const RESULT: &[u8] =
        b"running 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured\n";

    #[test]
    fn packages_are_chosen_before_the_arguments_of_the_test_programs() {
        let chooses = |line: &str| chooses_packages(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        for line in
            ["-p org-structure", "-porg-structure", "name --package=org-structure", "--package org-structure"]
        {
            assert!(chooses(line), "{line}");
        }
        for line in ["", "name", "--release", "-- -p", "--profile dev"] {
            assert!(!chooses(line), "{line}");
        }
    }

    #[test]
    fn targets_are_chosen_before_the_arguments_of_the_test_programs() {
        let chooses = |line: &str| chooses_targets(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        for line in ["--lib", "-p session --test suite name", "--bins"] {
            assert!(chooses(line), "{line}");
        }
        for line in ["", "name", "-p org-structure", "name -- --test-threads=1"] {
            assert!(!chooses(line), "{line}");
        }
    }

    #[test]
    fn output_is_passed_on_byte_by_byte_and_summed_up() {
        let mut copy = Vec::new();
        let output = [RESULT, b"\xff not text"].concat();
        let mut tally = Tally::default();
        relay(output.as_slice(), &mut copy, &mut tally).unwrap();
        assert_eq!(copy, output);
        assert_eq!(tally.conclude(true).to_string(), "1 passed, 0 failed");
    }

    #[test]
    fn an_output_that_nobody_reads_is_an_error() {
        let mut short = [0; 4];
        assert!(relay(RESULT, short.as_mut_slice(), &mut Tally::default()).is_err());
    }
}
