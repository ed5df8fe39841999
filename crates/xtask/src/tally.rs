//! What the test programs said: the lines with results of a whole run, summed up.

use std::fmt;

/// A longer line cannot be one that is looked for; what exceeds this is passed by.
const LONGEST_LINE: usize = 64 * 1024;

/// Sums up the output of `cargo test` and of `cargo nextest run` while it streams by.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    line: Vec<u8>,
    counts: Counts,
    ignored_names: Vec<String>,
    /// A test program has said how many tests it runs, and not yet how they went.
    running: bool,
    /// Test programs that ended without a result: they crashed.
    unfinished: u64,
}

impl Tally {
    /// Takes the next piece of output, wherever it was cut.
    pub(crate) fn push(&mut self, output: &[u8]) {
        for &byte in output {
            if byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.read(&String::from_utf8_lossy(&line));
            } else if self.line.len() < LONGEST_LINE {
                self.line.push(byte);
            }
        }
    }

    fn read(&mut self, line: &str) {
        if let Some(counts) = Counts::parse(line) {
            self.counts.passed += counts.passed;
            self.counts.failed += counts.failed;
            self.counts.ignored += counts.ignored;
            self.running = false;
        } else if let Some(counts) = Counts::parse_summary(line) {
            self.counts.passed += counts.passed;
            self.counts.failed += counts.failed;
        } else if is_announcement(line) {
            self.unfinished += u64::from(self.running);
            self.running = true;
        } else if let Some(name) = ignored_name(line) {
            self.ignored_names.push(name.to_owned());
        }
    }

    /// The verdict on the whole run, which is good only if tests ran and every one of them passed.
    ///
    /// Whatever else went wrong counts as failed, so that `0 failed` always means success: an ignored
    /// test, a program that crashed, a run that did not compile or that ran nothing.
    pub(crate) fn conclude(mut self, cargo_succeeded: bool) -> Verdict {
        if !self.line.is_empty() {
            self.push(b"\n");
        }
        let Counts { passed, mut failed, ignored } = self.counts;
        let mut remarks = Vec::new();
        if ignored > 0 {
            failed += ignored;
            remarks.push(format!(
                "{ignored} ignored, which counts as failed: {}",
                self.ignored_names.join(", ")
            ));
        }
        let unfinished = self.unfinished + u64::from(self.running);
        if unfinished > 0 {
            failed += unfinished;
            remarks.push(format!(
                "{unfinished} test program(s) ended before the result, which counts as failed"
            ));
        }
        if failed == 0 && !cargo_succeeded {
            failed = 1;
            remarks.push("cargo test failed outside of the tests, see its messages above".into());
        }
        if passed == 0 && failed == 0 {
            failed = 1;
            remarks.push("no test ran".into());
        }
        Verdict { passed, failed, remarks }
    }
}

/// How a run ended: its closing line, and what has to be said before it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    passed: u64,
    failed: u64,
    remarks: Vec<String>,
}

impl Verdict {
    /// The verdict on a run in which no test could start.
    pub(crate) fn not_started(remark: String) -> Self {
        Self { passed: 0, failed: 1, remarks: vec![remark] }
    }

    /// Adds a failure that happened beside the tests.
    pub(crate) fn fail(&mut self, remark: String) {
        self.failed += 1;
        self.remarks.push(remark);
    }

    /// What went wrong apart from failed tests.
    pub(crate) fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Whether tests ran and all of them passed.
    pub(crate) fn is_success(&self) -> bool {
        self.failed == 0
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Counts {
    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`.
    fn parse(line: &str) -> Option<Self> {
        let result = line.strip_prefix("test result: ")?;
        let result = result.strip_prefix("ok. ").or_else(|| result.strip_prefix("FAILED. "))?;
        let mut parts = result.split("; ");
        let mut count = |unit: &str| parts.next()?.strip_suffix(unit)?.parse().ok();
        Some(Self { passed: count(" passed")?, failed: count(" failed")?, ignored: count(" ignored")? })
    }
}

impl Counts {
    /// Reads nextest's `Summary [   2.034s] 12/13 tests run: 11 passed (1 slow), 1 timed out, 3 skipped`. What did not
    /// pass has failed, and what was to run and did not, too; skipped is what was not asked for.
    fn parse_summary(line: &str) -> Option<Self> {
        let (_, result) = line.trim_start().strip_prefix("Summary [")?.split_once("] ")?;
        let (run, rest) = result.split_once(" test run: ").or_else(|| result.split_once(" tests run: "))?;
        let all: u64 = run.rsplit('/').next()?.parse().ok()?;
        let passed = rest.split_once(" passed").map_or(Ok(0), |(passed, _)| passed.parse()).ok()?;
        Some(Self { passed, failed: all.checked_sub(passed)?, ignored: 0 })
    }
}

/// Whether a line is the first of a test program, `running 3 tests`.
fn is_announcement(line: &str) -> bool {
    let count = line.strip_prefix("running ").and_then(|rest| {
        let rest = rest.strip_suffix(" tests");
        rest.or_else(|| line.strip_prefix("running ")?.strip_suffix(" test"))
    });
    count.is_some_and(|count| count.parse::<u64>().is_ok())
}

/// The test's name in `test name ... ignored` or `test name ... ignored, reason`.
fn ignored_name(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix("test ")?.rsplit_once(" ... ignored")?;
    (rest.is_empty() || rest.starts_with(", ")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{Counts, LONGEST_LINE, Tally, Verdict, ignored_name, is_announcement};

    const OK: &str =
        "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.01s\n";
    const FAILED: &str =
        "test result: FAILED. 4 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";

    fn verdict(output: &str, cargo_succeeded: bool) -> Verdict {
        let mut tally = Tally::default();
        tally.push(output.as_bytes());
        tally.conclude(cargo_succeeded)
    }

    #[test]
    fn result_lines_are_read_and_nothing_else_is() {
        assert_eq!(Counts::parse(FAILED.trim_end()), Some(Counts { passed: 4, failed: 2, ignored: 1 }));
        for line in [
            "",
            "test result: ok.",
            "test result: ok. x passed; 0 failed; 0 ignored",
            "test result: ok. 3 failed; 0 passed; 0 ignored",
            " test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            "test result ... ok",
            "test result: ok. 99999999999999999999999 passed; 0 failed; 0 ignored; 0 measured",
        ] {
            assert_eq!(Counts::parse(line), None, "{line}");
        }
    }

    #[test]
    fn a_summary_of_nextest_is_read() {
        let read = |line| Counts::parse_summary(line).map(|counts| (counts.passed, counts.failed));
        assert_eq!(read("     Summary [   2.034s] 12 tests run: 12 passed, 3 skipped"), Some((12, 0)));
        assert_eq!(read("Summary [ 0.1s] 1 test run: 0 passed, 1 failed, 0 skipped"), Some((0, 1)));
        assert_eq!(
            read("Summary [ 9s] 10/13 tests run: 8 passed (2 slow), 1 failed, 1 timed out, 0 skipped"),
            Some((8, 5))
        );
        for line in ["Summary", "Summary [ 1s] many tests run: 1 passed", "12 tests run: 12 passed", ""] {
            assert_eq!(read(line), None, "{line}");
        }
        let output = format!("Summary [ 1s] 2 tests run: 2 passed, 0 skipped\nrunning 3 tests\n{OK}");
        assert_eq!(verdict(&output, true).to_string(), "5 passed, 0 failed");
    }

    #[test]
    fn results_add_up_over_programs_and_over_any_cut() {
        let output = format!("running 3 tests\n{OK}\nrunning 1 test\n{OK}");
        for size in 1..output.len() {
            let mut tally = Tally::default();
            output.as_bytes().chunks(size).for_each(|piece| tally.push(piece));
            let verdict = tally.conclude(true);
            assert_eq!(verdict.to_string(), "6 passed, 0 failed");
            assert!(verdict.is_success());
            assert!(verdict.remarks().is_empty());
        }
    }

    #[test]
    fn a_result_without_a_line_end_counts() {
        assert_eq!(verdict(OK.trim_end(), true).to_string(), "3 passed, 0 failed");
    }

    #[test]
    fn ignored_tests_count_as_failed_and_are_named() {
        let ignored = "test tree::chain ... ignored\ntest src/lib.rs - id (line 3) ... ignored, takes long\n";
        let result = OK.replace("0 ignored", "2 ignored");
        let verdict = verdict(&format!("running 5 tests\n{ignored}{result}"), true);
        assert_eq!(verdict.to_string(), "3 passed, 2 failed");
        assert_eq!(
            verdict.remarks(),
            ["2 ignored, which counts as failed: tree::chain, src/lib.rs - id (line 3)"]
        );
    }

    #[test]
    fn names_of_ignored_tests_are_told_from_other_lines() {
        assert_eq!(ignored_name("test a::b ... ignored"), Some("a::b"));
        assert_eq!(ignored_name("test a::b ... ignored, why"), Some("a::b"));
        assert_eq!(ignored_name("test a::b ... ok"), None);
        assert_eq!(ignored_name("test a::b ... ignored_else"), None);
        assert_eq!(ignored_name("a::b ... ignored"), None);
    }

    #[test]
    fn a_crashed_program_counts_as_failed_wherever_it_stands() {
        assert_eq!(
            verdict(&format!("running 9 tests\nrunning 3 tests\n{OK}"), false).to_string(),
            "3 passed, 1 failed"
        );
        assert_eq!(
            verdict(&format!("running 3 tests\n{OK}running 9 tests\n"), false).to_string(),
            "3 passed, 1 failed"
        );
    }

    #[test]
    fn announcements_are_told_from_other_lines() {
        assert!(is_announcement("running 0 tests"));
        assert!(is_announcement("running 1 test"));
        assert!(!is_announcement("running many tests"));
        assert!(!is_announcement("running 1 tests now"));
        assert!(!is_announcement("running"));
    }

    #[test]
    fn a_run_that_did_not_compile_has_failed() {
        let verdict = verdict("", false);
        assert_eq!(verdict.to_string(), "0 passed, 1 failed");
        assert_eq!(verdict.remarks(), ["cargo test failed outside of the tests, see its messages above"]);
    }

    #[test]
    fn a_run_without_a_test_has_failed() {
        let verdict = verdict(&OK.replace("3 passed", "0 passed"), true);
        assert_eq!(verdict.to_string(), "0 passed, 1 failed");
        assert_eq!(verdict.remarks(), ["no test ran"]);
    }

    #[test]
    fn failed_tests_are_not_counted_twice() {
        let result = FAILED.replace("1 ignored", "0 ignored");
        assert_eq!(verdict(&result, false), Verdict { passed: 4, failed: 2, remarks: vec![] });
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        let mut tally = Tally::default();
        tally.push(&vec![b'x'; 4 * LONGEST_LINE]);
        assert!(tally.line.len() <= LONGEST_LINE);
        tally.push(b"\n");
        tally.push(OK.as_bytes());
        assert_eq!(tally.conclude(true).to_string(), "3 passed, 0 failed");
    }

    #[test]
    fn a_failure_beside_the_tests_shows_in_the_closing_line() {
        let mut verdict = verdict(OK, true);
        verdict.fail("the cluster did not stop".into());
        assert_eq!(verdict.to_string(), "3 passed, 1 failed");
        assert!(!verdict.is_success());
    }
}
