//! Measures the bytes of sessions, for each structure, shape and size.

use std::sync::Arc;

use indicatif::ProgressBar;

use crate::contender::Contender;
use crate::options::Options;
use crate::record::Record;
use crate::session_bytes::{BYTES_PER_FURTHER_SESSION, BYTES_PER_SESSION, Bytes, Counter};
use crate::structure::{Answer, Database};
use crate::trees::{Shape, rows};

/// The number of simultaneous sessions: as many as an ordinary machine can hold of the largest structure.
fn sessions(organizations: usize, quick: bool) -> usize {
    match (organizations, quick) {
        (0..=1_000, false) => 20,
        (0..=1_000, true) => 5,
        _ => 2,
    }
}

/// Measures everything that the options select.
///
/// # Errors
/// The options name an unknown figure.
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
