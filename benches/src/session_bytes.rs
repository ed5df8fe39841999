//! Counts the bytes of sessions on the heap.

use std::sync::Arc;

use crate::record::float;
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
