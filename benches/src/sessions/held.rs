//! The bytes of many sessions.

use std::process::Command;
use std::sync::Arc;

use anyhow::Context;
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use session::{ManualClock, MemoryStore, Options, OsEntropy, SessionManager};

use super::{Access, Erp, ORGANIZATIONS, SHAPE, record};
use crate::contender::all;
use crate::record::Record;
use crate::record::float;
use crate::session_bytes::Counter;
use crate::structure::Database;
use crate::trees::rows;

/// The metric for the bytes of all sessions.
pub const BYTES_OF_ALL_SESSIONS: &str = "bytes_of_all_sessions";
/// The metric for the bytes per session.
pub const BYTES_PER_SESSION: &str = "bytes_per_session";
/// The metric for the growth of the resident set.
pub const RESIDENT_SET: &str = "resident_set_of_all_sessions";
/// The metric for the bytes of a session that are about organizations.
pub const BYTES_ABOUT_ORGANIZATIONS: &str = "bytes_about_organizations";

/// All metrics.
pub const METRICS: [&str; 4] =
    [BYTES_OF_ALL_SESSIONS, BYTES_PER_SESSION, RESIDENT_SET, BYTES_ABOUT_ORGANIZATIONS];

/// The sessions to create.
#[derive(Clone, Copy, Debug)]
pub struct Sessions {
    /// Their number, each of a different user.
    pub count: usize,
    /// The number of distinct trees.
    pub trees: usize,
    /// The access of their roles.
    pub access: Access,
    /// How many organizations a tree has.
    pub organizations: usize,
}

/// The memory of the sessions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionMemory {
    /// Bytes by the allocator: sessions, trees, accesses, tables, and the store in memory.
    pub bytes: u64,
    /// The growth of the process, by the operating system.
    pub resident: u64,
    /// The part of one session that is about organizations.
    pub organizations: u64,
}

impl Sessions {
    /// Creates all sessions and counts.
    ///
    /// # Errors
    /// A login fails.
    pub fn hold(self, counter: Counter) -> anyhow::Result<SessionMemory> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        // The runtime and the hasher allocate their own state at first use.
        runtime.block_on(async {});
        let erp = Arc::new(Erp::new(self.organizations));
        crate::trees::build(&rows(SHAPE, 1))?;
        let mut manager = None;
        let mut failed = Ok(());
        let mut organizations = 0;
        let resident = resident();
        let counted = counter(&mut || {
            let clock = Arc::new(ManualClock::default());
            let store = Arc::new(MemoryStore::new(clock.clone()));
            let source = Arc::clone(&erp);
            let options = Options::default().with(|options| options.max_sessions = usize::MAX);
            let made = SessionManager::with_seams(source, store, options, clock, Arc::new(OsEntropy));
            failed = runtime.block_on(async {
                for number in 0..self.count {
                    let principal = Erp::principal(number, number % self.trees.max(1) + 1, self.access)?;
                    let login = made.login(principal).await?;
                    organizations = login.session.footprint().organizations as u64;
                }
                Ok(())
            });
            manager = Some(made);
        });
        failed.and_then(|()| manager.context("no manager")).map(|_held| SessionMemory {
            bytes: counted.bytes,
            resident: self::resident().saturating_sub(resident),
            organizations,
        })
    }
}

/// The resident memory of this process; 0 if the system does not reveal it.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4_096
}

/// The measured sessions, by the name of their structure.
fn measured(quick: bool) -> Vec<(&'static str, Sessions)> {
    let on = |count, trees, access| Sessions { count, trees, access, organizations: ORGANIZATIONS };
    let mut all = vec![("orgcache", on(1, 1, Access::Few)), ("orgcache", on(1_000, 1, Access::Few))];
    all.push(("orgcache-role-with-all", on(1_000, 1, Access::All)));
    all.push(("orgcache-1000-trees", on(1_000, 1_000, Access::Few)));
    all.push(("orgcache", on(100_000, 1, Access::Few)));
    if !quick {
        all.push(("orgcache-role-with-all", on(100_000, 1, Access::All)));
        all.push(("orgcache", on(1_000_000, 1, Access::Few)));
    }
    all
}

/// Measures each in its own process, so that the operating system's figure is that of one measurement only.
///
/// # Errors
/// The process fails.
pub fn run(quick: bool, counter: Counter, progress: &ProgressBar) -> anyhow::Result<Vec<Record>> {
    let mut records = Vec::new();
    let all_sessions = measured(quick);
    let mut counts: Vec<usize> = all_sessions.iter().map(|(_, sessions)| sessions.count).collect();
    counts.sort_unstable();
    counts.dedup();
    progress.set_length(all_sessions.len() as u64);
    let mut held: Vec<(&'static str, Sessions, SessionMemory)> = Vec::new();
    for (structure, sessions) in all_sessions {
        progress.set_message(format!("{} sessions of {structure}", sessions.count));
        held.push((structure, sessions, in_a_process(sessions)?));
        progress.inc(1);
    }
    let openbravo = openbravo(counter)?;
    let bytes = |metric, structure, count, value| record(structure, metric, count, Ok(value), "bytes");
    for count in counts {
        let here = || held.iter().filter(move |(_, sessions, _)| sessions.count == count);
        for (structure, _, held) in here() {
            records.push(bytes(BYTES_OF_ALL_SESSIONS, structure, count, float(held.bytes)));
        }
        for &(structure, first, further) in &openbravo {
            let all = first + float(count as u64 - 1) * further;
            records.push(bytes(BYTES_OF_ALL_SESSIONS, structure, count, all));
        }
        for (structure, _, held) in here() {
            let each = float(held.bytes) / float(count as u64);
            records.push(bytes(BYTES_PER_SESSION, structure, count, each));
        }
        for (structure, _, held) in here() {
            records.push(bytes(RESIDENT_SET, structure, count, float(held.resident)));
        }
        if count == 1 {
            for (structure, _, held) in here() {
                let organizations = float(held.organizations);
                records.push(bytes(BYTES_ABOUT_ORGANIZATIONS, structure, count, organizations));
            }
        }
    }
    Ok(records)
}

/// The bytes of the first and of each further session of Openbravo's structures, on the same tree.
fn openbravo(counter: Counter) -> anyhow::Result<Vec<(&'static str, f64, f64)>> {
    let database = Arc::new(Database::new(rows(SHAPE, ORGANIZATIONS)));
    let names = ["openbravo-pre", "openbravo-post", "openbravo-head", "orgtree"];
    let mut all_bytes = Vec::new();
    for contender in all().into_iter().filter(|contender| names.contains(&contender.name)) {
        let bytes = (contender.count)(&database, 2, counter)
            .map_err(|reason| anyhow::anyhow!("{}: {reason}", contender.name))?;
        all_bytes.push((contender.name, bytes.first, bytes.further));
    }
    Ok(all_bytes)
}

/// The argument with which the program creates sessions and prints their bytes, for internal use.
pub const HOLD: &str = "--hold";

fn in_a_process(sessions: Sessions) -> anyhow::Result<SessionMemory> {
    let access = if sessions.access == Access::All { "all" } else { "few" };
    let output = Command::new(std::env::current_exe()?)
        .arg(HOLD)
        .arg(format!("{},{},{access}", sessions.count, sessions.trees))
        .stderr(std::process::Stdio::inherit())
        .output()?;
    anyhow::ensure!(output.status.success(), "cannot hold {} sessions", sessions.count);
    serde_json::from_slice(&output.stdout)
        .context("cannot parse the output of the process that created the sessions")
}

/// Parses the argument after [`HOLD`].
///
/// # Errors
/// The argument is malformed.
pub fn parse(text: &str) -> Result<Sessions, String> {
    let misunderstood = || format!("`{text}` is not COUNT,TREES,few or COUNT,TREES,all");
    let [count, trees, access] = text.split(',').collect::<Vec<_>>()[..] else { return Err(misunderstood()) };
    let number = |text: &str| text.parse::<usize>().map_err(|_| misunderstood());
    let access = match access {
        "few" => Access::Few,
        "all" => Access::All,
        _ => return Err(misunderstood()),
    };
    Ok(Sessions { count: number(count)?, trees: number(trees)?, access, organizations: ORGANIZATIONS })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session_bytes::AllocationCount;

    fn nothing(run: &mut dyn FnMut()) -> AllocationCount {
        run();
        AllocationCount { bytes: 0, allocations: 0 }
    }

    #[test]
    fn sessions_of_every_kind_log_in() {
        for (access, trees) in [(Access::Few, 1), (Access::All, 1), (Access::Few, 5)] {
            let sessions = Sessions { count: 10, trees, access, organizations: 30 };
            assert!(sessions.hold(nothing).unwrap().organizations > 0);
        }
    }

    #[test]
    fn internal_output_is_parsed() {
        let sessions = parse("1000,7,all").unwrap();
        assert_eq!((sessions.count, sessions.trees, sessions.access), (1_000, 7, Access::All));
        for text in ["", "1,2", "1,2,some", "x,2,few", "1,2,few,4"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
