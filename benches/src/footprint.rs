//! Bytes that sessions hold.

use std::sync::Arc;

use indicatif::ProgressBar;

use crate::contender::Contender;
use crate::options::Options;
use crate::record::Record;
use crate::structure::{Answer, Database, Structure};
use crate::trees::{Shape, rows};

/// What the allocator gave out and did not get back while something ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocationCount {
    /// Bytes still held at the end.
    pub bytes: u64,
    /// How often memory was asked for.
    pub allocations: u64,
}

/// Runs something and counts. Handed in, because counting replaces the allocator of the whole program.
pub type Counter = fn(&mut dyn FnMut()) -> AllocationCount;

/// The bytes of some sessions on one tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bytes {
    /// The first session alone.
    pub first: f64,
    /// What the last of the sessions took, while all others were there.
    pub further: f64,
    /// The mean of all sessions.
    pub mean: f64,
}

/// The name of the metric for the mean of all sessions; with one session, for the first.
pub const BYTES_PER_SESSION: &str = "bytes_per_session";

/// The name of the metric for one session more.
pub const BYTES_PER_FURTHER_SESSION: &str = "bytes_per_further_session";

/// Counts the bytes of sessions: what they own on the heap, and the session's own fields.
///
/// # Errors
/// As loading the structure.
pub fn count<S: Structure>(database: &Arc<Database>, sessions: usize, counter: Counter) -> Answer<Bytes> {
    // What is made once for the whole process, as the keys of hash tables are, belongs to no session.
    S::load(&Arc::new(Database::new(rows(Shape::Flat, 1))))?;
    let own = size_of::<S>() as u64;
    let mut held: Vec<S> = Vec::with_capacity(sessions);
    let mut taken: Vec<u64> = Vec::with_capacity(sessions);
    for _ in 0..sessions.max(1) {
        let mut session = None;
        let counted = counter(&mut || {
            let loaded = held.first().map_or_else(|| S::load(database), |first| first.another(database));
            session = Some(loaded.and_then(|loaded| loaded.grow().map(|()| loaded)));
        });
        if let Some(session) = session {
            held.push(session?);
            taken.push(counted.bytes + own);
        }
    }
    let mean = taken.iter().map(|&bytes| float(bytes)).sum::<f64>() / float(taken.len() as u64);
    let [first, further] =
        [taken.first(), taken.last()].map(|bytes| bytes.map_or(0.0, |&bytes| float(bytes)));
    Ok(Bytes { first, further, mean })
}

/// How many sessions are held at once: as many as an ordinary machine holds of the largest structure.
fn sessions(organizations: usize, quick: bool) -> usize {
    match (organizations, quick) {
        (0..=1_000, false) => 20,
        (0..=1_000, true) => 5,
        _ => 2,
    }
}

/// Measures all that the options choose.
///
/// # Errors
/// Where they name a figure that there is not.
pub fn run(
    options: &Options,
    contenders: &[Contender],
    counter: Counter,
    progress: &ProgressBar,
) -> anyhow::Result<Vec<Record>> {
    let metrics = options.metrics(&[BYTES_PER_SESSION, BYTES_PER_FURTHER_SESSION])?;
    let mut records = Vec::new();
    let trees = options.trees(&[600, 6_000], &[600, 6_000, 60_000, 1_000_000]);
    progress.set_length((trees.len() * contenders.len()) as u64);
    for (shape, organizations) in trees {
        let database = Arc::new(Database::new(rows(shape, organizations)));
        for contender in contenders {
            progress.set_message(format!("{} {shape} {organizations}", contender.name));
            let sessions = sessions(organizations, options.quick);
            let bytes = (contender.count)(&database, sessions, counter);
            let taken = as_records(contender.name, shape, organizations, sessions, bytes);
            records.extend(taken.into_iter().filter(|record| metrics.contains(&record.metric)));
            progress.inc(1);
        }
    }
    Ok(records)
}

fn as_records(
    structure: &'static str,
    shape: Shape,
    organizations: usize,
    sessions: usize,
    bytes: Answer<Bytes>,
) -> [Record; 3] {
    let record = |metric, sessions, value: fn(Bytes) -> f64| Record {
        structure,
        metric,
        organizations,
        shape: shape.name(),
        sessions,
        value: bytes.map(value).into(),
        unit: "bytes",
    };
    [
        record(BYTES_PER_SESSION, 1, |bytes| bytes.first),
        record(BYTES_PER_SESSION, sessions, |bytes| bytes.mean),
        record(BYTES_PER_FURTHER_SESSION, sessions, |bytes| bytes.further),
    ]
}

/// A count as a floating-point number. Counts of bytes and nanoseconds stay far below the 2^53 that it holds
/// exactly.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}
