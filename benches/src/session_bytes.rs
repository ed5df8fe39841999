//! Counts the heap bytes of sessions.

use std::sync::Arc;

use crate::record::float;
use crate::structure::{Answer, Database, Structure};
use crate::trees::{Shape, rows};

/// Net allocations during a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocationCount {
    /// Bytes still allocated at the end.
    pub bytes: u64,
    /// The number of allocations.
    pub allocations: u64,
}

/// Runs a function and counts. It is passed in, because counting replaces the program's global allocator.
pub type Counter = fn(&mut dyn FnMut()) -> AllocationCount;

/// The bytes of some sessions on one tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bytes {
    /// The first session alone.
    pub first: f64,
    /// The bytes that the last session added.
    pub further: f64,
    /// The mean of all sessions.
    pub mean: f64,
}

/// The name of the metric for the mean of all sessions; with one session, for the first.
pub const BYTES_PER_SESSION: &str = "bytes_per_session";

/// The name of the metric for one further session.
pub const BYTES_PER_FURTHER_SESSION: &str = "bytes_per_further_session";

/// Counts the bytes of sessions: what they own on the heap, and the session's own fields.
///
/// # Errors
/// As loading the structure.
pub fn count<S: Structure>(database: &Arc<Database>, sessions: usize, counter: Counter) -> Answer<Bytes> {
    // One-time allocations of the process, such as the keys of hash tables, belong to no session.
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
