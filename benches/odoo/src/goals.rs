//! The goals, and whether this run meets them.

use core::fmt;
use std::time::Duration;

use crate::table::{Figure, Table, align, count};
use crate::{alone, ordinary, parts, together, tools, web};

/// The verdict on a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Met,
    Missed,
    /// The run is too short, or too noisy, to decide.
    Open,
    NotMeasured,
}

struct Goal {
    what: &'static str,
    measured: String,
    verdict: Verdict,
}

/// All goals.
pub(crate) struct Goals(Vec<Goal>);

/// Judges the figures of a run, by the times without added round-trip delay.
pub(crate) fn verdicts(tables: &[Table]) -> Goals {
    let row = |title: &str, what: &str| {
        let without = Some(Duration::ZERO);
        let table = tables.iter().find(|it| it.has(title, without) || it.has(title, None));
        table.map(|table| table.row(what)).unwrap_or_default()
    };
    let of_tools = |what: &str| row("tools", what);
    Goals(vec![
        below("list_models, warm: under 5 ms", of_tools(tools::LIST_WARM), 5.0),
        share("list_models, cold: at most half of the Python server's", of_tools(tools::LIST_COLD), 0.5),
        requests("get_fields, warm: no request", of_tools(tools::FIELDS_WARM), 0.0),
        requests("search_records: one request", of_tools(tools::SEARCH), 1.0),
        ordinary(&ordinary::TITLES.map(|title| tables.iter().find(|table| table.has(title, None)))),
        reached(row("searches at once", together::SEARCHES)),
        undelayed(row(alone::TITLE, alone::ALONE)),
        fewer(row("parts", parts::RECORDS)),
        smaller(row(web::TITLE, web::SMALLER)),
        below("start to initialized: under 50 ms", of_tools(tools::START), 50.0),
        below("resident memory: under 20 MB", of_tools(tools::MEMORY), 20.0),
    ])
}

impl Goal {
    fn new(what: &'static str, measured: String, is_met: bool) -> Self {
        Goal { what, measured, verdict: if is_met { Verdict::Met } else { Verdict::Missed } }
    }

    fn not_measured(what: &'static str) -> Self {
        Goal { what, measured: String::new(), verdict: Verdict::NotMeasured }
    }
}

fn below(what: &'static str, row: &[Figure], limit: f64) -> Goal {
    let Some(own) = row.first() else { return Goal::not_measured(what) };
    Goal::new(what, format!("{:.1} {}", own.value, own.unit), own.value < limit)
}

fn share(what: &'static str, row: &[Figure], limit: f64) -> Goal {
    let [own, peer] = row else { return Goal::not_measured(what) };
    let measured = format!("{:.1} of {:.1} {}", own.value, peer.value, own.unit);
    Goal::new(what, measured, own.value <= peer.value * limit)
}

fn requests(what: &'static str, row: &[Figure], limit: f64) -> Goal {
    let Some(requests) = row.first().and_then(|own| own.requests) else { return Goal::not_measured(what) };
    Goal::new(what, count(requests), requests <= limit)
}

/// Compares orgcache's columns of the administrator and of the ordinary user.
fn ordinary(tables: &[Option<&Table>]) -> Goal {
    let what = "an ordinary user's default fields, warm: one request";
    let own = tables.iter().flatten().flat_map(|table| table.rows()).flat_map(|row| row.iter().take(2));
    let requests: Vec<f64> = own.map(|figure| figure.requests.unwrap_or(f64::INFINITY)).collect();
    match requests.iter().copied().max_by(f64::total_cmp) {
        None => Goal::not_measured(what),
        Some(most) => Goal::new(what, format!("{} at most", count(most)), most <= 1.0),
    }
}

/// The server's own concurrency: the time of the same requests without a server, plus a tenth for everything
/// else.
fn reached(row: &[Figure]) -> Goal {
    let what = "16 searches at once: at most 10 % over their requests alone";
    let [bare, own, ..] = row else { return Goal::not_measured(what) };
    Goal::new(what, format!("{:.1} over {:.1} ms", own.value, bare.value), own.value <= bare.value * 1.1)
}

/// The confidence interval must show that batching delays a read by less than 1 %.
fn undelayed(row: &[Figure]) -> Goal {
    let what = "a read alone: less than 1 % later by batching";
    let [_, _, difference, low, high] = row else { return Goal::not_measured(what) };
    let measured = format!("{:+.2} % ({:+.2} to {:+.2} %)", difference.value, low.value, high.value);
    let verdict = match (low.value, high.value) {
        (_, high) if high < 1.0 => Verdict::Met,
        (low, _) if low >= 1.0 => Verdict::Missed,
        _ => Verdict::Open,
    };
    Goal { what, measured, verdict }
}

fn fewer(row: &[Figure]) -> Goal {
    let what = "16 reads at once: 30 % fewer requests by batching";
    let requests: Vec<f64> = row.iter().filter_map(|figure| figure.requests).collect();
    let [on, off] = *requests else { return Goal::not_measured(what) };
    Goal::new(what, format!("{} instead of {}", count(on), count(off)), on <= off * 0.7)
}

/// The first figure is without an encoding.
fn smaller(row: &[Figure]) -> Goal {
    let what = "records over HTTP: 60 % smaller in every encoding";
    let packed = row.iter().skip(1).map(|figure| figure.value);
    match packed.min_by(f64::total_cmp) {
        None => Goal::not_measured(what),
        Some(least) => Goal::new(what, format!("{least:.1} % and more"), least >= 60.0),
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Met => "met",
            Verdict::Missed => "missed",
            Verdict::Open => "open: noise",
            Verdict::NotMeasured => "not measured",
        })
    }
}

impl fmt::Display for Goals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["goals, +0 ms of round trip", "measured", ""].map(str::to_owned).to_vec();
        let goals =
            self.0.iter().map(|it| vec![it.what.to_owned(), it.measured.clone(), it.verdict.to_string()]);
        align(f, &[head].into_iter().chain(goals).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::{Verdict, below, fewer, undelayed, verdicts};
    use crate::table::Figure;

    fn percents(figures: [f64; 5]) -> Verdict {
        undelayed(&figures.map(Figure::percent)).verdict
    }

    #[test]
    fn noise_decides_nothing() {
        assert_eq!(percents([0.0, 0.0, 0.1, -0.5, 0.9]), Verdict::Met);
        assert_eq!(percents([0.0, 0.0, -2.0, -3.0, -1.5]), Verdict::Met, "earlier is not later");
        assert_eq!(percents([0.0, 0.0, 0.1, -0.5, 1.1]), Verdict::Open);
        assert_eq!(percents([0.0, 0.0, 2.0, 1.2, 3.0]), Verdict::Missed);
        assert_eq!(percents([0.0, 0.0, f64::NAN, f64::NAN, f64::NAN]), Verdict::Open);
    }

    #[test]
    fn unmeasured_goals_stay_open() {
        assert!(verdicts(&[]).0.iter().all(|goal| goal.verdict == Verdict::NotMeasured));
        assert_eq!(below("", &[Figure::milliseconds(5.0)], 5.0).verdict, Verdict::Missed);
        let requests = [6.0, 16.0].map(|it| Figure::milliseconds(1.0).with_requests(it));
        assert_eq!(fewer(&requests).verdict, Verdict::Met);
        assert_eq!(fewer(&[requests[1], requests[1]]).verdict, Verdict::Missed);
    }
}
