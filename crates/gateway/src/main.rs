//! `orgcache`, the command.

use std::process::ExitCode;

fn main() -> ExitCode {
    gateway::run()
}
