//! The tests of the Java sources: compiled with the JDK, run by JUnit, reported as cargo reports tests.
//!
//! Called with `reference` as its first argument this program is the other side of those tests: it answers on
//! its standard output what Rust makes of random rows and bytes. The tests start it so.
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
