//! `FileWatch`: detects that an SQLite file was replaced under a running process.
//!
//! A connection to a file that was renamed or removed reads the old file forever. A connection to a file that
//! was overwritten trusts its page cache as soon as the change counter in the file header has the same value
//! again. So connections that are older than such a change are closed before they are used again.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// The kind of change that counts as a replacement.
#[derive(Clone, Copy, Debug)]
pub(super) enum WatchedChange {
    /// Any change of the file: other processes write to it.
    Whole,
    /// The name refers to another file: only this process writes to it.
    Name,
}

#[derive(Debug)]
pub(super) struct FileWatch {
    file: PathBuf,
    seen: WatchedChange,
    /// The state of the file at the last check, and when it was first seen.
    state: Mutex<(Option<State>, Instant)>,
}

/// The file's metadata.
type State = [i128; 5];

impl FileWatch {
    pub(super) fn new(file: PathBuf, seen: WatchedChange) -> Self {
        let state = state(&file, seen);
        FileWatch { file, seen, state: Mutex::new((state, Instant::now())) }
    }

    /// Does a connection of this age read the current file?
    pub(super) fn is_current(&self, age: Duration) -> bool {
        let now = state(&self.file, self.seen);
        let mut known = self.state.lock();
        if known.0 != now {
            *known = (now, Instant::now());
        }
        known.1.elapsed() >= age
    }
}

fn state(file: &Path, seen: WatchedChange) -> Option<State> {
    let metadata = fs::metadata(file).ok()?;
    let [device, number] = name(&metadata);
    Some(match seen {
        WatchedChange::Whole => {
            let [length, written, changed] = content(&metadata);
            [device, number, length, written, changed]
        }
        WatchedChange::Name => [device, number, 0, 0, 0],
    })
}

/// The identity of the file that a name refers to.
#[cfg(unix)]
fn name(metadata: &Metadata) -> [i128; 2] {
    use std::os::unix::fs::MetadataExt as _;

    [metadata.dev().into(), metadata.ino().into()]
}

#[cfg(not(unix))]
fn name(_: &Metadata) -> [i128; 2] {
    [0, 0]
}

/// The metadata that a write changes. A copy may preserve the modification time, but not the change time.
#[cfg(unix)]
fn content(metadata: &Metadata) -> [i128; 3] {
    use std::os::unix::fs::MetadataExt as _;

    let time = |seconds: i64, nanoseconds: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    let written = time(metadata.mtime(), metadata.mtime_nsec());
    [metadata.len().into(), written, time(metadata.ctime(), metadata.ctime_nsec())]
}

#[cfg(not(unix))]
fn content(metadata: &Metadata) -> [i128; 3] {
    let written = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let written = written.map(|time| i128::try_from(time.as_nanos()).unwrap_or_default());
    [metadata.len().into(), written.unwrap_or_default(), 0]
}
