//! Records of single figures, and their output.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::Result;
use serde::Serialize;

use crate::world::ORGANIZATIONS;

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    /// The measured server.
    pub(crate) structure: &'static str,
    /// The metric.
    pub(crate) metric: &'static str,
    organizations: usize,
    shape: &'static str,
    /// How many sessions there were.
    pub(crate) sessions: usize,
    value: f64,
    /// The unit.
    pub(crate) unit: &'static str,
    /// The least acceptable value.
    #[serde(skip)]
    goal: Option<f64>,
}

impl Record {
    pub(crate) fn new(structure: &'static str, metric: &'static str, value: f64, unit: &'static str) -> Self {
        let organizations = ORGANIZATIONS;
        Record { structure, metric, organizations, shape: "fan5", sessions: 1, value, unit, goal: None }
    }

    pub(crate) fn with_goal(mut self, goal: f64) -> Self {
        self.goal = Some(goal);
        self
    }

    pub(crate) fn with_sessions(mut self, sessions: usize) -> Self {
        self.sessions = sessions;
        self
    }
}

/// Writes all figures to standard output.
pub(crate) fn show(records: &[Record], json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, records)?;
        writeln!(out)?;
    } else {
        out.write_all(table(records).as_bytes())?;
    }
    Ok(())
}

/// One line per figure.
fn table(records: &[Record]) -> String {
    let rows: Vec<[String; 3]> = records
        .iter()
        .map(|record| {
            let sessions = match record.sessions {
                0 | 1 => String::new(),
                sessions => format!(", {} sessions", thousands(sessions)),
            };
            let verdict = if record.goal.is_some_and(|goal| record.value < goal) { "missed" } else { "met" };
            let goal = record.goal.map(|goal| format!(" (goal of {}: {verdict})", figure(goal)));
            let what = format!("{}{sessions}{}", record.metric.replace('_', " "), goal.unwrap_or_default());
            [record.structure.to_owned(), what, format!("{} {}", figure(record.value), record.unit)]
        })
        .collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max();
    let (first, second) = (width(0).unwrap_or_default(), width(1).unwrap_or_default());
    let third = width(2).unwrap_or_default();
    let mut text = String::new();
    for [structure, what, value] in &rows {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{structure:<first$}  {what:<second$}  {value:>third$}");
    }
    text
}

/// Three significant digits.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => {
            let whole = format!("{value:.0}");
            whole.parse::<usize>().map_or(whole, thousands)
        }
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_aligned() {
        let records = [
            Record::new("hello", "requests", 12_345.678, "/s"),
            Record::new("orgcache", "resident_memory", 3.456, "MB").with_sessions(100_000),
            Record::new("orgcache", "requests_for_each", 0.456, "").with_goal(0.8),
        ];
        assert_eq!(
            table(&records),
            "hello     requests                                  12,346 /s\n\
             orgcache  resident memory, 100,000 sessions           3.46 MB\n\
             orgcache  requests for each (goal of 0.80: missed)      0.46 \n"
        );
    }
}
