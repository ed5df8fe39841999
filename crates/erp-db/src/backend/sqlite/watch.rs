//! `FileWatch`: notices that an SQLite file was replaced under a running process.
//!
//! A connection to a file that was renamed or removed goes on reading the old one for ever. One to a file
//! that was written over takes what it remembers of it for current, as soon as the counter in the file's head
//! has come back to the same number. So connections that are older than such a change are closed before they
//! are used again.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// What makes it another file.
#[derive(Clone, Copy, Debug)]
pub(super) enum WatchedChange {
    /// Any change of the file: others write to it.
    Whole,
    /// That the name stands for another file: this process alone writes to it.
    Name,
}

#[derive(Debug)]
pub(super) struct FileWatch {
    file: PathBuf,
    seen: WatchedChange,
    /// The file's state when it was last looked at, and since when it is that.
    state: Mutex<(Option<State>, Instant)>,
}

/// What the operating system says about a file.
type State = [i128; 5];

impl FileWatch {
    pub(super) fn new(file: PathBuf, seen: WatchedChange) -> Self {
        let state = state(&file, seen);
        FileWatch { file, seen, state: Mutex::new((state, Instant::now())) }
    }

    /// Whether a connection of that age reads the file as it is.
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

/// Which file a name stands for.
#[cfg(unix)]
fn name(metadata: &Metadata) -> [i128; 2] {
    use std::os::unix::fs::MetadataExt as _;

    [metadata.dev().into(), metadata.ino().into()]
}

#[cfg(not(unix))]
fn name(_: &Metadata) -> [i128; 2] {
    [0, 0]
}

/// What changes when a process writes to a file. A copy may take over the time of writing, but not that of
/// the change.
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
