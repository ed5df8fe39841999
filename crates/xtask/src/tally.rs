//! Sums the results of a test run, from the output of its programs.

use std::fmt;

/// The counts of all results so far, and the faults other than failed tests.
///
/// Every other fault counts as a failure, so that `0 failed` always means success: an ignored test, a crashed
/// test program, a compile error, a run without tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    remarks: Vec<String>,
}

impl Tally {
    /// Adds the counts of a line of output, if it is a result of `cargo test` or of `cargo nextest run`.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some([passed, failed, ignored]) = parse_result(line).or_else(|| parse_summary(line)) {
            self.passed += passed;
            self.failed += failed;
            if ignored > 0 {
                self.fail(ignored, format!("{ignored} ignored tests count as failed"));
            }
        }
    }

    /// Adds failures outside of the tests.
    pub(crate) fn fail(&mut self, count: u64, remark: String) {
        self.failed += count;
        self.remarks.push(remark);
    }

    /// Adds the faults of a run as a whole.
    pub(crate) fn conclude(&mut self, cargo_succeeded: bool) {
        if self.failed == 0 && !cargo_succeeded {
            self.fail(1, "cargo failed outside of the tests: see its messages above".into());
        }
        if self.passed == 0 && self.failed == 0 {
            self.fail(1, "no test ran".into());
        }
    }

    /// The faults other than failed tests.
    pub(crate) fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Did all tests pass?
    pub(crate) fn is_success(&self) -> bool {
        self.failed == 0
    }
}

/// The closing line.
impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Parses `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`.
fn parse_result(line: &str) -> Option<[u64; 3]> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut parts = counts.split("; ");
    let mut count = |unit: &str| parts.next()?.strip_suffix(unit)?.parse().ok();
    Some([count(" passed")?, count(" failed")?, count(" ignored")?])
}

/// Parses nextest's `Summary [   2.034s] 12/13 tests run: 11 passed (1 slow), 1 timed out, 3 skipped`. Tests
/// that did not pass count as failed, even if they did not run; skipped ones were not requested.
fn parse_summary(line: &str) -> Option<[u64; 3]> {
    let (_, result) = line.trim_start().strip_prefix("Summary [")?.split_once("] ")?;
    let (run, rest) = result.split_once(" test run: ").or_else(|| result.split_once(" tests run: "))?;
    let all: u64 = run.rsplit('/').next()?.parse().ok()?;
    let passed = rest.split_once(" passed").map_or(Ok(0), |(passed, _)| passed.parse()).ok()?;
    Some([passed, all.checked_sub(passed)?, 0])
}

#[cfg(test)]
mod tests {
    use super::Tally;

    const OK: &str =
        "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.01s";

    fn verdict(output: &str, cargo_succeeded: bool) -> (String, Vec<String>) {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally.conclude(cargo_succeeded);
        assert_eq!(tally.is_success(), tally.to_string().ends_with(" 0 failed"));
        (tally.to_string(), tally.remarks)
    }

    #[test]
    fn only_result_lines_are_parsed() {
        let mut tally = Tally::default();
        for line in [
            "",
            "test result: ok.",
            "test result: ok. x passed; 0 failed; 0 ignored",
            "test result: ok. 3 failed; 0 passed; 0 ignored",
            " test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            "test result: ok. 99999999999999999999999 passed; 0 failed; 0 ignored; 0 measured",
            "Summary [ 1s] many tests run: 1 passed",
            "12 tests run: 12 passed",
        ] {
            tally.read(line);
            assert_eq!(tally, Tally::default(), "{line}");
        }
        tally.read("test result: FAILED. 4 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.20s");
        assert_eq!((tally.to_string().as_str(), tally.remarks.len()), ("4 passed, 3 failed", 1));
    }

    #[test]
    fn nextest_summaries_are_parsed() {
        let read = |line| verdict(line, true).0;
        assert_eq!(
            read("     Summary [   2.034s] 12 tests run: 12 passed, 3 skipped"),
            "12 passed, 0 failed"
        );
        assert_eq!(read("Summary [ 0.1s] 1 test run: 0 passed, 1 failed, 0 skipped"), "0 passed, 1 failed");
        assert_eq!(
            read("Summary [ 9s] 10/13 tests run: 8 passed (2 slow), 1 failed, 1 timed out, 0 skipped"),
            "8 passed, 5 failed"
        );
    }

    #[test]
    fn results_of_all_runners_add_up() {
        let output = format!("running 3 tests\n{OK}\nSummary [ 1s] 2 tests run: 2 passed, 0 skipped\n{OK}");
        assert_eq!(verdict(&output, true), ("8 passed, 0 failed".into(), vec![]));
    }

    #[test]
    fn every_fault_counts_as_a_failure() {
        let failed = OK.replace("0 failed", "2 failed");
        for (output, cargo_succeeded, line, remark) in [
            (OK.replace("0 ignored", "2 ignored").as_str(), true, "3 passed, 2 failed", "2 ignored"),
            (OK, false, "3 passed, 1 failed", "cargo failed outside"),
            ("", false, "0 passed, 1 failed", "cargo failed outside"),
            (OK.replace('3', "0").as_str(), true, "0 passed, 1 failed", "no test ran"),
        ] {
            let (closing, remarks) = verdict(output, cargo_succeeded);
            assert_eq!((closing.as_str(), remarks.len()), (line, 1), "{output}");
            assert!(remarks[0].starts_with(remark), "{remarks:?}");
        }
        assert_eq!(verdict(&failed, false), ("3 passed, 2 failed".into(), vec![]), "not counted twice");
    }
}
