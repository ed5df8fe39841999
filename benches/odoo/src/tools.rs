//! Tool calls, one at a time: orgcache compared with the Python server.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::Samples;
use crate::rounds::{Measurement, rounds};
use crate::subject::{Call, Subject};
use crate::table::{Figure, Table};
use crate::world::LOGIN;

pub(crate) const START: &str = "start to initialized";
pub(crate) const LIST_COLD: &str = "list_models, cold";
pub(crate) const LIST_WARM: &str = "list_models, warm";
pub(crate) const FIELDS_WARM: &str = "get_fields, warm";
pub(crate) const SEARCH: &str = "search_records, 10 rows";
pub(crate) const MEMORY: &str = "resident memory";

/// A new process, and a warm one.
pub(crate) async fn measure(
    subjects: &mut [Subject<'_>],
    added: Duration,
    samples: Samples,
) -> anyhow::Result<Table> {
    let names: Vec<&str> = subjects.iter().map(Subject::name).collect();
    let mut table = Table::new("tools", Some(added), &names).with_ratio();

    let beginning = [START, "start to the first answer", LIST_COLD, "get_fields, cold"];
    for subject in &*subjects {
        subject.double.behave(|behaviour| behaviour.delays.extend([("login", LOGIN)]));
    }
    let mut taken: Vec<Vec<Measurement>> = subjects.iter().map(|_| Vec::new()).collect();
    for _ in 0..samples.starts {
        for (subject, taken) in subjects.iter_mut().zip(&mut taken) {
            taken.resize_with(beginning.len(), Measurement::default);
            for (taken, (time, requests)) in taken.iter_mut().zip(begin(subject).await?) {
                taken.add(time, requests);
            }
        }
    }
    let mut taken: Vec<_> = taken.into_iter().map(Vec::into_iter).collect();
    for what in beginning {
        table.add(what, taken.iter_mut().filter_map(Iterator::next).map(Measurement::figure).collect());
    }

    let again = [
        (LIST_WARM, Call::new("list_models", json!({}))),
        (FIELDS_WARM, Call::of_partner("get_fields", json!({}))),
        (SEARCH, Call::search(10)),
        ("search_records, 100 rows", Call::search(100)),
        ("get_record", Call::record(1)),
    ];
    for (what, call) in &again {
        for subject in &*subjects {
            subject.ask(call).await?;
        }
        let figures = rounds(subjects, samples.calls, async |subject, _| subject.ask(call).await);
        table.add(what, figures.await?);
    }
    let bytes: Option<Vec<f64>> = subjects.iter().map(Subject::resident).collect();
    if let Some(bytes) = bytes {
        table.add(MEMORY, bytes.into_iter().map(Figure::megabytes).collect());
    }
    Ok(table)
}

/// The start of a process, step by step: time and requests.
async fn begin(subject: &mut Subject<'_>) -> anyhow::Result<Vec<(Duration, usize)>> {
    subject.stop().await?;
    let (before, began) = (subject.requests(), Instant::now());
    subject.start_again().await?;
    let mut steps = vec![(began.elapsed(), subject.requests() - before)];
    // orgcache logs in with its first call.
    subject.ask(&Call::new("get_fields", json!({"model": "res.company"}))).await?;
    steps.push((began.elapsed(), subject.requests() - before));
    for call in [Call::new("list_models", json!({})), Call::of_partner("get_fields", json!({}))] {
        let (before, began) = (subject.requests(), Instant::now());
        subject.ask(&call).await?;
        steps.push((began.elapsed(), subject.requests() - before));
    }
    Ok(steps)
}
