//! Runs the program to completion.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::databases::Scratch;

/// The exit status and the output of a run.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The answers, one per line.
    pub(crate) fn answers(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Runs the program with the given home, so that it does not touch the demonstration database of the user
/// who runs the tests.
pub(crate) fn run(home: &Path, arguments: &[&str], input: impl AsRef<[u8]>) -> Run {
    run_with(home, &[], arguments, input)
}

/// Runs the program on a database. The URL is passed by an environment variable, as it may have a password.
pub(crate) fn run_over(database: &Scratch, arguments: &[&str], input: impl AsRef<[u8]>) -> Run {
    run_with(database.home(), &[("ORGCACHE_DATABASE_URL", &database.url)], arguments, input)
}

/// Runs the program with environment variables.
pub(crate) fn run_with(
    home: &Path,
    variables: &[(&str, &str)],
    arguments: &[&str],
    input: impl AsRef<[u8]>,
) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_orgcache"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_owned();
    let writer = std::thread::spawn(move || {
        // A program that exits without reading closes the pipe. The test judges it by its output.
        drop(stdin.write_all(&input));
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
