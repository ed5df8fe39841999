//! The results of a whole test run, summed up from the output of its programs.

use std::fmt;

/// The counts of all result lines so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Tally {
    /// Adds the counts of a line of output, if it is a result of `cargo test` or of `cargo nextest run`.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(counts) = Self::parse_result(line).or_else(|| Self::parse_summary(line)) {
            self.passed += counts.passed;
            self.failed += counts.failed;
            self.ignored += counts.ignored;
        }
    }

    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`.
    fn parse_result(line: &str) -> Option<Self> {
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let mut parts = counts.split("; ");
        let mut count = |unit: &str| parts.next()?.strip_suffix(unit)?.parse().ok();
        Some(Self { passed: count(" passed")?, failed: count(" failed")?, ignored: count(" ignored")? })
    }

    /// Reads nextest's `Summary [   2.034s] 12/13 tests run: 11 passed (1 slow), 1 timed out, 3 skipped`.
    /// Tests that did not pass have failed, also those that did not run; skipped ones were not asked for.
    fn parse_summary(line: &str) -> Option<Self> {
        let (_, result) = line.trim_start().strip_prefix("Summary [")?.split_once("] ")?;
        let (run, rest) = result.split_once(" test run: ").or_else(|| result.split_once(" tests run: "))?;
        let all: u64 = run.rsplit('/').next()?.parse().ok()?;
        let passed = rest.split_once(" passed").map_or(Ok(0), |(passed, _)| passed.parse()).ok()?;
        Some(Self { passed, failed: all.checked_sub(passed)?, ignored: 0 })
    }

    /// The verdict on the whole run, which is good only if tests ran and all of them passed.
    ///
    /// Every other fault counts as a failure, so that `0 failed` always means success: an ignored test, a
    /// test program that crashed, a run that did not compile or that ran no test.
    pub(crate) fn conclude(self, cargo_succeeded: bool) -> Verdict {
        let mut verdict = Verdict { passed: self.passed, failed: self.failed, remarks: Vec::new() };
        if self.ignored > 0 {
            verdict.failed += self.ignored;
            verdict.remarks.push(format!("{} ignored tests count as failed", self.ignored));
        }
        if verdict.failed == 0 && !cargo_succeeded {
            verdict.fail("cargo failed outside of the tests: see its messages above".into());
        }
        if verdict.passed == 0 && verdict.failed == 0 {
            verdict.fail("no test ran".into());
        }
        verdict
    }
}

/// How a run ended: its closing line, and the remarks before it.
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

    /// Adds a failure outside of the tests.
    pub(crate) fn fail(&mut self, remark: String) {
        self.failed += 1;
        self.remarks.push(remark);
    }

    /// The faults other than failed tests.
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

#[cfg(test)]
mod tests {
    use super::Tally;

    const OK: &str =
        "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.01s";

    fn verdict(output: &str, cargo_succeeded: bool) -> (String, Vec<String>) {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        let verdict = tally.conclude(cargo_succeeded);
        assert_eq!(verdict.is_success(), verdict.to_string().ends_with(" 0 failed"));
        (verdict.to_string(), verdict.remarks().to_vec())
    }

    #[test]
    fn result_lines_are_read_and_no_others() {
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
        assert_eq!(tally, Tally { passed: 4, failed: 2, ignored: 1 });
    }

    #[test]
    fn a_summary_of_nextest_is_read() {
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
