//! Time that calls take.

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

/// How long and how often is measured.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// How long one round of one structure takes at least.
    round: Duration,
    /// How long it may take, where the whole sequence takes longer than `round`; who is slower yet is asked
    /// about as much of the sequence as fits.
    at_most: Duration,
    /// How often all calls of a tree are gone through, so that what disturbs the machine for some seconds is
    /// not there each time.
    passes: usize,
    /// Rounds of a call in a pass.
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
    /// Finds out how many calls make a round: the whole sequence, once or several times, where that is not
    /// too long.
    fn prepare(&mut self, metric: Metric, asked: &Questions, pace: Pace) {
        self.calls = 1;
        loop {
            self.best = Err(NoAnswer::NoSuchCall);
            let Some(mut taken) = self.round(metric, asked) else { return };
            if taken * 2 > pace.at_most {
                // Is it slow, or was it interrupted?
                let Some(again) = self.round(metric, asked) else { return };
                taken = taken.min(again);
            }
            if taken > pace.at_most {
                // A single call that is slower yet is the figure.
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

    /// One round, if the structure takes part in it.
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

    /// Keeps the least: a disturbance only adds to a measurement.
    fn keep(&mut self, taken: Duration) {
        let each = taken.as_secs_f64() * 1e9 / float(self.calls as u64);
        self.best = Ok(self.best.map_or(each, |best| best.min(each)));
    }
}

/// Measures all that the options choose: in every round every structure once, so that a machine that drifts
/// hurts all alike; and the rounds of a call are not all at the same time.
///
/// # Errors
/// Where a structure does not answer as orgcache does.
pub fn run(
    options: &Options,
    contenders: &[Contender],
    progress: &ProgressBar,
) -> anyhow::Result<Vec<Record>> {
    // However a session holds its tree, the calls are the same.
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
