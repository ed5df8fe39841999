//! Describes the machine of a measurement in a sentence.

use std::env::consts::ARCH;
use std::fmt;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::checkpoint::Part;
use crate::workspace::{output, root};

/// The description of a run: the machine, the duration and the load.
pub(crate) struct Machine<'a> {
    pub(crate) postgres: &'a str,
    pub(crate) quick: bool,
    pub(crate) parts: &'a [Part],
}

/// The sentences.
impl fmt::Display for Machine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let rustc = output_of(Command::new("rustc").arg("--version"));
        write!(
            f,
            "Measured on {}: {cores} cores ({}), {} GB of memory, {},\n{rustc}, {}.\n",
            output_of(Command::new("date").args(["-u", "+%-d %B %Y"])),
            field(&read("/proc/cpuinfo"), "model name").unwrap_or(ARCH),
            field(&read("/proc/meminfo"), "MemTotal").and_then(gigabytes).unwrap_or_default(),
            output_of(Command::new("uname").arg("-sr")),
            self.postgres,
        )?;
        let minutes = self.parts.iter().map(|part| part.took).sum::<Duration>().as_secs().div_ceil(60);
        let kind = if self.quick { "quick" } else { "full" };
        let loads = self.parts.iter().map(|part| part.load.as_str());
        write!(
            f,
            "A {kind} run of {minutes} min. Load average of a minute before each of its parts:\n{}.",
            loads.collect::<Vec<_>>().join(", "),
        )
    }
}

/// The load average of the last minute.
pub(crate) fn load() -> String {
    read("/proc/loadavg").split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// The value of a field in a kernel file, such as `MemTotal: 24028144 kB`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(name)?.trim_start().strip_prefix(':').map(str::trim);
    text.lines().find_map(value)
}

/// Converts kB to GB.
fn gigabytes(kilobytes: &str) -> Option<u64> {
    Some(kilobytes.strip_suffix(" kB")?.parse::<u64>().ok()? / 1_000_000)
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The output of a program; empty if the program does not exist.
fn output_of(command: &mut Command) -> String {
    // In the workspace, rustup selects the pinned compiler.
    output(command.current_dir(root())).map(|printed| printed.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Machine, Part, field, gigabytes};

    #[test]
    fn the_machine_is_described_from_linux_files() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\nmodel name\t: Some CPU\n";
        assert_eq!(field(cpuinfo, "model name"), Some("Some CPU @ 2.00GHz"));
        assert_eq!(field(cpuinfo, "model"), None);
        assert_eq!(gigabytes("24028144 kB"), Some(24));
    }

    #[test]
    fn the_description_has_compiler_duration_and_load() {
        let part = |seconds, load: &str| Part {
            printed: String::new(),
            took: Duration::from_secs(seconds),
            load: load.into(),
        };
        let parts = [part(100, "0.10"), part(50, "1.20")];
        let sentences = Machine { postgres: "PostgreSQL 15", quick: false, parts: &parts }.to_string();
        for part in ["rustc 1.", "PostgreSQL 15", "A full run of 3 min.", "parts:\n0.10, 1.20."] {
            assert!(sentences.contains(part), "{sentences}");
        }
    }
}
