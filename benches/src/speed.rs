//! Measures the time of calls.

use core::time::Duration;
use std::rc::Rc;
use std::sync::Arc;

use indicatif::ProgressBar;

use crate::contender::{Contender, TimedCalls};
use crate::metric::Metric;
use crate::options::Options;
use crate::orgcache::{Orgcache, ReopenedTree, UnsharedTree};
use crate::questions::Questions;
use crate::record::{Record, float};
use crate::structure::{Answer, Database, NoAnswer, Structure};
use crate::trees::rows;

/// The durations and repetitions.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// The minimum time of one round of one structure.
    round: Duration,
    /// The maximum time of a round, if the whole sequence takes longer than `round`. A slower structure gets
    /// only the part of the sequence that fits.
    at_most: Duration,
    /// The number of passes over all calls of a tree, so that a disturbance of some seconds does not affect
    /// all of them.
    passes: usize,
    /// The rounds of a call per pass.
    rounds: usize,
}

impl Pace {
    const QUICK: Pace =
        Pace { round: Duration::from_micros(800), at_most: Duration::from_millis(30), passes: 5, rounds: 1 };
    const FULL: Pace =
        Pace { round: Duration::from_millis(10), at_most: Duration::from_millis(40), passes: 5, rounds: 2 };
}

/// A structure with a tree, or why it has none.
type Loaded = Answer<Box<dyn TimedCalls>>;

/// One call of one structure in the run, with its figure so far.
struct Runner {
    name: &'static str,
    loaded: Rc<Loaded>,
    calls: usize,
    best: Answer<f64>,
}

impl Runner {
    /// Determines how many calls make a round: the whole sequence, once or several times, unless that takes
    /// too long.
    fn prepare(&mut self, metric: Metric, asked: &Questions, pace: Pace) {
        self.calls = 1;
        loop {
            self.best = Err(NoAnswer::NoSuchCall);
            let Some(mut taken) = self.round(metric, asked) else { return };
            if taken * 2 > pace.at_most {
                // Check whether it is slow or was interrupted.
                let Some(again) = self.round(metric, asked) else { return };
                taken = taken.min(again);
            }
            if taken > pace.at_most {
                // If a single call is slower than that, it is the figure.
                self.calls /= 2;
                return;
            }
            let is_whole = self.calls >= Questions::count(metric) && taken * 2 >= pace.round;
            if is_whole || taken * 2 > pace.at_most {
                return;
            }
            self.calls *= 2;
        }
    }

    /// Runs one round, if the structure takes part.
    fn round(&mut self, metric: Metric, asked: &Questions) -> Option<Duration> {
        let loaded = Rc::clone(&self.loaded);
        let loaded = (*loaded).as_ref().ok().filter(|_| self.calls > 0)?;
        match loaded.time(metric, asked, self.calls) {
            Ok(taken) => {
                self.keep(taken);
                Some(taken)
            }
            Err(stopped) => {
                self.best = Err(stopped);
                self.calls = 0;
                None
            }
        }
    }

    /// The figure.
    fn figure(&self) -> Answer<f64> {
        (*self.loaded).as_ref().map_or_else(|stopped| Err(*stopped), |_| self.best)
    }

    /// Stores the minimum: a disturbance only adds time.
    fn keep(&mut self, taken: Duration) {
        let each = taken.as_secs_f64() * 1e9 / float(self.calls as u64);
        self.best = Ok(self.best.map_or(each, |best| best.min(each)));
    }
}

/// Measures everything that the options select. In every round each structure runs once, so that a drifting
/// machine affects all alike; and the rounds of a call are spread over time.
///
/// # Errors
/// A structure gives another answer than orgcache.
pub fn run(
    options: &Options,
    contenders: &[Contender],
    progress: &ProgressBar,
) -> anyhow::Result<Vec<Record>> {
    // The calls are the same for every form of the tree.
    let same = [Orgcache::<UnsharedTree>::NAME, Orgcache::<ReopenedTree>::NAME];
    let is_chosen = |contender: &&Contender| !options.structure.is_empty() || !same.contains(&contender.name);
    let contenders: Vec<Contender> = contenders.iter().filter(is_chosen).copied().collect();
    for contender in &contenders {
        (contender.agree)()?;
    }
    let chosen = options.metrics(&Metric::ALL.map(Metric::name))?;
    let metrics = Metric::ALL.into_iter().filter(|metric| chosen.contains(&metric.name()));
    let metrics: Vec<Metric> = metrics.collect();
    let pace = if options.quick { Pace::QUICK } else { Pace::FULL };
    let trees = options.trees(&[600], &[600, 6_000, 60_000]);
    progress.set_length((trees.len() * pace.passes * metrics.len()) as u64);
    let mut records = Vec::new();
    for (shape, organizations) in trees {
        progress.set_message(format!("loading {shape} {organizations}"));
        let database = Arc::new(Database::new(rows(shape, organizations)));
        let Ok(asked) = Questions::new(Arc::clone(&database)) else { continue };
        let loaded = |contender: &Contender| (contender.name, Rc::new((contender.load)(&database)));
        let loaded: Vec<(&str, Rc<Loaded>)> = contenders.iter().map(loaded).collect();
        let runner = |(name, loaded): &(&'static str, Rc<Loaded>)| Runner {
            name,
            loaded: Rc::clone(loaded),
            calls: 0,
            best: Err(NoAnswer::NoSuchCall),
        };
        let measured = |&metric: &Metric| (metric, loaded.iter().map(runner).collect());
        let mut measured: Vec<(Metric, Vec<Runner>)> = metrics.iter().map(measured).collect();
        for pass in 0..pace.passes {
            for (metric, runners) in &mut measured {
                progress.set_message(format!("{} {shape} {organizations}", metric.name()));
                for runner in runners.iter_mut().filter(|_| pass == 0) {
                    runner.prepare(*metric, &asked, pace);
                }
                for _ in 0..pace.rounds {
                    for runner in &mut *runners {
                        runner.round(*metric, &asked);
                    }
                }
                progress.inc(1);
            }
        }
        for (metric, runners) in measured {
            for runner in runners {
                let figure = runner.figure();
                if figure == Err(NoAnswer::DatabaseFailed) {
                    anyhow::bail!("{}: {} was not answered", runner.name, metric.name());
                }
                records.push(Record {
                    structure: runner.name,
                    metric: metric.name(),
                    organizations,
                    shape: shape.name(),
                    sessions: 1,
                    value: figure.into(),
                    unit: "ns",
                });
            }
        }
    }
    Ok(records)
}
