//! Instructions of the hot calls, counted by valgrind's callgrind, against a committed table.
//!
//! They hardly depend on the machine, and not on what else runs on it; but on the compiler, and a little on
//! the keys of hash tables, which are drawn anew in every process. So a call may take some more than the
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

/// How many more instructions than the table says are none the worse: a tenth.
const TOLERANCE: u64 = 10;

/// How many organizations the trees have.
const ORGANIZATIONS: usize = 600;

/// How often a call is made.
const CALLS: usize = 4_096;

/// The argument by which the program makes the calls of one line, for its own use under callgrind.
pub const CALL: &str = "--call";

/// One line of the table: what one call takes.
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
    /// Did a call take as many instructions as the table says, or some more?
    #[must_use]
    pub fn allows(&self, counted: u64) -> bool {
        counted <= self.instructions + self.instructions.div_ceil(TOLERANCE)
    }
}

/// The committed table.
///
/// # Errors
/// Where it is not what it should be.
pub fn table() -> anyhow::Result<Vec<Line>> {
    serde_json::from_str(include_str!("../instructions.json")).context("instructions.json is broken")
}

/// Has callgrind count the instructions of one call. `program` is the one that understands [`CALL`].
///
/// # Errors
/// Where there is no valgrind, or it fails.
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
    let counted = total(&text).with_context(|| format!("valgrind saw no call of `{}`", line.metric))?;
    Ok(counted / CALLS as u64)
}

/// The sum of a file that callgrind wrote.
fn total(text: &str) -> Option<u64> {
    let line =
        text.lines().find_map(|line| line.strip_prefix("summary:").or(line.strip_prefix("totals:")))?;
    line.split_whitespace().next()?.parse().ok().filter(|total| *total > 0)
}

/// Makes the calls of one line, `METRIC,SHAPE`.
///
/// # Errors
/// Where there is no such call or shape.
pub fn call(line: &str) -> anyhow::Result<()> {
    let (name, shape) = line.split_once(',').context("a call is METRIC,SHAPE")?;
    let metric = Metric::ALL.into_iter().find(|metric| metric.name() == name);
    let metric = metric.with_context(|| format!("`{name}` is no call"))?;
    let database = Arc::new(Database::new(rows(shape.parse::<Shape>()?, ORGANIZATIONS)));
    let unanswered = |reason| anyhow::anyhow!("{name}: {reason}");
    let asked = Questions::new(Arc::clone(&database)).map_err(unanswered)?;
    let orgcache = Orgcache::<SharedTree>::load(&database).map_err(unanswered)?;
    hot_calls(&orgcache, metric, &asked).map_err(unanswered)
}

/// What callgrind looks at: it finds this function by its name.
#[inline(never)]
fn hot_calls(orgcache: &dyn TimedCalls, metric: Metric, asked: &Questions) -> crate::structure::Answer<()> {
    orgcache.time(metric, asked, CALLS).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_call() {
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
