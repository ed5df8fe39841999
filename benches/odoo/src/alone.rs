//! A lone read: does batching delay it?
//!
//! Odoo answers at once here. The effect of batching on such a read does not depend on Odoo's own time, and
//! is visible above the noise much sooner if nothing else adds delay.

use std::time::{Duration, Instant};

use crate::parts::{NO_BATCHING, OFF, ON};
use crate::rounds::{end_all, median, start_all};
use crate::subject::{Call, Contender, Program, Subject};
use crate::table::{Figure, Table};
use crate::world::{READ, without_delays};

pub(crate) const TITLE: &str = "a read alone, answered at once";
pub(crate) const ALONE: &str = "get_record";
pub(crate) const LOWEST: &str = "at least";
pub(crate) const HIGHEST: &str = "at most";

/// Pairs of reads, one with batching and one without, in alternating order, by many pairs of processes, since
/// two processes never behave exactly alike. The figure is the median of the pairs' differences, with the
/// interval that contains the true median in 95 of 100 such measurements, for any distribution. Percentages
/// are of a read for which Odoo takes its measured time.
pub(crate) async fn measure(program: &Program, processes: usize, calls: usize) -> anyhow::Result<Table> {
    let (on, off) = (Contender::orgcache(program, &[]), Contender::orgcache(program, NO_BATCHING));
    let (mut with, mut without, mut differences) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..processes {
        let subjects = start_all(&[&on, &off], Duration::ZERO).await?;
        subjects.iter().for_each(|subject| without_delays(&subject.double));
        if let [on, off] = &*subjects {
            let (on, off) = pairs(on, off, calls).await?;
            let pairs = on.iter().zip(&off);
            differences.push(middle(pairs.map(|(on, off)| on.as_secs_f64() - off.as_secs_f64()).collect()));
            with.extend(on);
            without.extend(off);
        }
        end_all(subjects).await?;
    }
    differences.sort_unstable_by(f64::total_cmp);
    let (low, high) = confidence(&differences);
    let off = median(without);
    let whole = READ.as_secs_f64() + off / 1000.0;
    let percent = |seconds: f64| Figure::percent(seconds / whole * 100.0);
    let columns = [ON, OFF, "difference", LOWEST, HIGHEST];
    let mut table = Table::new(TITLE, None, &columns);
    let times = [median(with), off].map(Figure::milliseconds);
    table.add(ALONE, times.into_iter().chain([middle(differences), low, high].map(percent)).collect());
    Ok(table)
}

/// The time of each call, with batching and without.
async fn pairs(
    on: &Subject<'_>,
    off: &Subject<'_>,
    calls: usize,
) -> anyhow::Result<(Vec<Duration>, Vec<Duration>)> {
    let call = Call::record(1);
    on.ask(&call).await?;
    off.ask(&call).await?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for number in 0..calls {
        if number % 2 == 0 {
            with.push(timed(on, &call).await?);
            without.push(timed(off, &call).await?);
        } else {
            without.push(timed(off, &call).await?);
            with.push(timed(on, &call).await?);
        }
    }
    Ok((with, without))
}

async fn timed(subject: &Subject<'_>, call: &Call) -> anyhow::Result<Duration> {
    let began = Instant::now();
    subject.ask(call).await?;
    Ok(began.elapsed())
}

fn middle(mut samples: Vec<f64>) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The 95 % confidence interval of the median of ascending samples. The number of n samples below the true
/// median is binomial, with a standard deviation of half the square root of n. For a few samples, the
/// interval is the whole range.
fn confidence(samples: &[f64]) -> (f64, f64) {
    let count = u32::try_from(samples.len()).unwrap_or(u32::MAX);
    let reach = 0.98 * f64::from(count).sqrt();
    let steps = (0..count).take_while(|step| f64::from(*step) < reach).count();
    let middle = samples.len() / 2;
    let at = |position: usize| {
        samples.get(position.min(samples.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    };
    (at(middle.saturating_sub(steps)), at(middle + steps))
}

#[cfg(test)]
mod tests {
    use super::{confidence, middle};

    #[test]
    fn the_confidence_interval_is_binomial() {
        let samples: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(confidence(&samples), (40.0, 60.0));
        assert_eq!(confidence(&[1.0, 2.0, 3.0]), (1.0, 3.0), "the range of a few");
        assert!(confidence(&[]).0.is_nan());
        assert_eq!(middle(vec![9.0, 1.0, 5.0]), 5.0);
    }
}
