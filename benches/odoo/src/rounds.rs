//! Rounds: in each, every subject makes the same call once, so that a drifting machine affects all alike.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use crate::subject::{Contender, Subject};
use crate::table::Figure;

/// Starts contenders in parallel, each with its own Odoo.
pub(crate) async fn start_all<'a>(
    contenders: &[&'a Contender],
    added: Duration,
) -> anyhow::Result<Vec<Subject<'a>>> {
    try_join_all(contenders.iter().map(|contender| contender.start(added))).await
}

pub(crate) async fn end_all(subjects: Vec<Subject<'_>>) -> anyhow::Result<()> {
    try_join_all(subjects.into_iter().map(Subject::end)).await.map(drop)
}

/// The times of one subject's samples, and its total number of requests to Odoo.
#[derive(Default)]
pub(crate) struct Measurement {
    times: Vec<Duration>,
    requests: usize,
}

impl Measurement {
    pub(crate) fn add(&mut self, time: Duration, requests: usize) {
        self.times.push(time);
        self.requests += requests;
    }

    /// The median time, and the requests of one sample.
    pub(crate) fn figure(self) -> Figure {
        let samples = self.times.len();
        Figure::milliseconds(median(self.times)).with_requests(per(self.requests, samples))
    }
}

/// The figures of `times` calls of `thing` by each subject. The subjects take turns; `thing` gets the number
/// of the call.
pub(crate) async fn rounds<T>(
    subjects: &[Subject<'_>],
    times: usize,
    thing: impl AsyncFn(&Subject<'_>, usize) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<Figure>> {
    let mut taken: Vec<Measurement> = subjects.iter().map(|_| Measurement::default()).collect();
    for time in 0..times {
        for (subject, taken) in subjects.iter().zip(&mut taken) {
            let before = subject.requests();
            let began = Instant::now();
            thing(subject, time).await?;
            taken.add(began.elapsed(), subject.requests() - before);
        }
    }
    Ok(taken.into_iter().map(Measurement::figure).collect())
}

/// The median of the samples, in milliseconds.
pub(crate) fn median(mut samples: Vec<Duration>) -> f64 {
    samples.sort_unstable();
    samples.get(samples.len() / 2).map_or(f64::NAN, |middle| middle.as_secs_f64() * 1000.0)
}

fn per(number: usize, samples: usize) -> f64 {
    let float = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    float(number) / float(samples.max(1))
}
