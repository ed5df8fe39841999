//! The machine that something was measured on, in a sentence.

use std::fmt;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::kept::Part;
use crate::workspace;

/// Describes a run: where, how long, how busy the machine was.
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
            processor(&read("/proc/cpuinfo")),
            gigabytes(&read("/proc/meminfo")),
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

/// The mean number of processes that ran or waited in the last minute.
pub(crate) fn load() -> String {
    read("/proc/loadavg").split_whitespace().next().unwrap_or("unknown").to_owned()
}

fn processor(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(':')).map(|(_, name)| name.trim());
    name.unwrap_or(std::env::consts::ARCH).to_owned()
}

fn gigabytes(meminfo: &str) -> String {
    let line = meminfo.lines().find(|line| line.starts_with("MemTotal"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.map_or_else(|| "?".to_owned(), |kilobytes| (kilobytes / 1_000_000).to_string())
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// What a program prints; nothing where there is no such program.
fn output_of(command: &mut Command) -> String {
    // In the workspace, rustup runs the pinned toolchain's compiler.
    let output = command.current_dir(workspace::root()).stdin(Stdio::null()).stderr(Stdio::null()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Machine, Part, gigabytes, processor};

    #[test]
    fn a_machine_is_described_by_what_linux_says() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\nmodel name\t: Some CPU\n";
        assert_eq!(processor(cpuinfo), "Some CPU @ 2.00GHz");
        assert_eq!(processor(""), std::env::consts::ARCH);
        assert_eq!(gigabytes("MemTotal:       24028144 kB\nMemFree: 1 kB\n"), "24");
        assert_eq!(gigabytes("nothing"), "?");
    }

    #[test]
    fn the_sentences_say_which_compiler_how_long_and_how_busy() {
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
