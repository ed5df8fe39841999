//! Counts the instructions of the hot calls by valgrind's callgrind, and checks them against a committed
//! table.
//!
//! The counts hardly depend on the machine and not on its load, but on the compiler, and a little on the keys
//! of hash tables, which are random in every process. So a call may take a few more instructions than the
//! table says.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::contender::TimedCalls;
use crate::metric::Metric;
use crate::orgcache::{Orgcache, SharedTree};
use crate::questions::Questions;
use crate::structure::{Database, Structure};
use crate::trees::{Shape, rows};

/// The tolerance above the table: one tenth.
const TOLERANCE: u64 = 10;

/// The number of organizations in the trees.
const ORGANIZATIONS: usize = 600;

/// The number of calls.
const CALLS: usize = 4_096;

/// The argument with which the program makes the calls of one line, for internal use under callgrind.
pub const CALL: &str = "--call";

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The call.
    pub metric: String,
    /// The shape of the tree.
    pub shape: String,
    /// The instructions of one call, the mean of a fixed random sequence.
    pub instructions: u64,
}

impl Line {
    /// Is the count equal to the table's, or within the tolerance above it?
    #[must_use]
    pub fn allows(&self, counted: u64) -> bool {
        counted <= self.instructions + self.instructions.div_ceil(TOLERANCE)
    }
}

/// The committed table.
///
/// # Errors
/// The table is invalid.
pub fn table() -> anyhow::Result<Vec<Line>> {
    serde_json::from_str(include_str!("../instructions.json")).context("instructions.json is broken")
}

/// Counts the instructions of one call with callgrind. `program` is the program that understands [`CALL`].
///
/// # Errors
/// Valgrind is missing or fails.
pub fn count(line: &Line, program: &Path, folder: &Path) -> anyhow::Result<u64> {
    let file = folder.join("callgrind.out");
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*instructions*hot_calls*"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(program)
        .arg(CALL)
        .arg(format!("{},{}", line.metric, line.shape))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    let output = match status {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!(
                "valgrind counts the instructions and is not installed; on Debian, run `apt-get install valgrind`"
            )
        }
        other => other.context("cannot run valgrind")?,
    };
    ensure!(output.status.success(), "valgrind failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    let text = std::fs::read_to_string(&file).context("valgrind wrote nothing")?;
    let counted = total(&text).with_context(|| format!("valgrind counted no call of `{}`", line.metric))?;
    Ok(counted / CALLS as u64)
}

/// The total in callgrind's output file.
fn total(text: &str) -> Option<u64> {
    let line =
        text.lines().find_map(|line| line.strip_prefix("summary:").or(line.strip_prefix("totals:")))?;
    line.split_whitespace().next()?.parse().ok().filter(|total| *total > 0)
}

/// Makes the calls of one line, `METRIC,SHAPE`.
///
/// # Errors
/// The call or shape is unknown.
pub fn call(line: &str) -> anyhow::Result<()> {
    let (name, shape) = line.split_once(',').context("a call is METRIC,SHAPE")?;
    let metric = Metric::ALL.into_iter().find(|metric| metric.name() == name);
    let metric = metric.with_context(|| format!("`{name}` is not a call"))?;
    let database = Arc::new(Database::new(rows(shape.parse::<Shape>()?, ORGANIZATIONS)));
    let unanswered = |reason| anyhow::anyhow!("{name}: {reason}");
    let asked = Questions::new(Arc::clone(&database)).map_err(unanswered)?;
    let orgcache = Orgcache::<SharedTree>::load(&database).map_err(unanswered)?;
    hot_calls(&orgcache, metric, &asked).map_err(unanswered)
}

/// The function that callgrind measures, found by its name.
#[inline(never)]
fn hot_calls(orgcache: &dyn TimedCalls, metric: Metric, asked: &Questions) -> crate::structure::Answer<()> {
    orgcache.time(metric, asked, CALLS).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_names_a_known_call() {
        let table = table().unwrap();
        assert!(!table.is_empty());
        for line in table {
            assert!(line.instructions > 0, "{line:?}");
            call(&format!("{},{}", line.metric, line.shape)).unwrap();
        }
        assert!(call("no_such_call,flat").is_err());
    }

    #[test]
    fn a_tenth_more_is_allowed() {
        let line = Line { metric: String::new(), shape: String::new(), instructions: 100 };
        assert!(line.allows(90) && line.allows(110) && !line.allows(111));
    }

    #[test]
    fn the_sum_of_a_file_of_callgrind_is_read() {
        assert_eq!(total("events: Ir\nfn=(1) x\nsummary: 12345\n\ntotals: 12345\n"), Some(12_345));
        assert_eq!(total("totals: 7\n"), Some(7));
        assert_eq!(total("summary: 0\n"), None);
    }
}
