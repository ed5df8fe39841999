//! Running the program.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::databases::Scratch;

/// What a run of the program left behind.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The answers, one a line.
    pub(crate) fn answers(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Runs the program with a home of its own, so that no demonstration database of this machine's user is
/// touched.
pub(crate) fn run(home: &Path, arguments: &[&str], input: impl AsRef<[u8]>) -> Run {
    run_with(home, &[], arguments, input)
}

/// The same over a database whose URL, which may have a password, other users of the machine do not see.
pub(crate) fn run_over(database: &Scratch, arguments: &[&str], input: impl AsRef<[u8]>) -> Run {
    run_with(database.home(), &[("ORGCACHE_DATABASE_URL", &database.url)], arguments, input)
}

/// The same with variables of its environment.
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
        // A program that ends without reading closes the pipe: that is for the test to judge by what it says.
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
