//! The tests of the Java sources: compiled with the JDK, run by JUnit, reported as cargo reports tests.
//!
//! With the first argument `reference`, this program is the reference of those tests: it writes the results
//! of Rust for random rows and bytes to standard output. The tests start it like that.
#![expect(clippy::unwrap_used, reason = "test code may fail loudly")]

mod compile;
mod frames;
mod random;
mod reference;
mod sample;
mod sessions;
mod transcript;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == "reference" => {
            reference::answer(rest);
            ExitCode::SUCCESS
        }
        _ => compile::run(&arguments),
    }
}
