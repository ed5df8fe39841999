//! `Table`: figures and their output.

use core::fmt;
use std::time::Duration;

use serde::Serialize;

/// A measured figure.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// Its number of requests to Odoo, if counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) requests: Option<f64>,
}

impl Figure {
    fn new(value: f64, unit: &'static str) -> Self {
        Figure { value, unit, requests: None }
    }

    pub(crate) fn milliseconds(value: f64) -> Self {
        Self::new(value, "ms")
    }

    pub(crate) fn bytes(value: f64) -> Self {
        Self::new(value, "bytes")
    }

    /// Not available.
    pub(crate) fn failed() -> Self {
        Self::new(f64::NAN, "")
    }

    /// A number of bytes, in millions.
    pub(crate) fn megabytes(bytes: f64) -> Self {
        Self::new(bytes / 1e6, "MB")
    }

    pub(crate) fn percent(value: f64) -> Self {
        Self::new(value, "%")
    }

    pub(crate) fn with_requests(self, requests: f64) -> Self {
        Figure { requests: Some(requests), ..self }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.unit {
            "" => write!(f, "fails")?,
            "ms" if value < 10.0 => write!(f, "{value:.2}")?,
            "ms" => write!(f, "{value:.1}")?,
            "bytes" => write!(f, "{value:.0}")?,
            "%" if value.abs() < 10.0 => write!(f, "{value:.2} %")?,
            "%" => write!(f, "{value:.1} %")?,
            unit => write!(f, "{value:.1} {unit}")?,
        }
        match self.requests {
            None => Ok(()),
            Some(requests) => write!(f, " ({})", count(requests)),
        }
    }
}

/// A number of requests, which may be a mean.
pub(crate) fn count(requests: f64) -> String {
    if requests.fract() == 0.0 { format!("{requests:.0}") } else { format!("{requests:.1}") }
}

/// A row per operation, a column per contender.
#[derive(Debug)]
pub(crate) struct Table {
    title: &'static str,
    /// The delay added to each round trip, if varied.
    added: Option<Duration>,
    columns: Vec<String>,
    rows: Vec<(&'static str, Vec<Figure>)>,
    has_ratio: bool,
}

/// A single figure.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    table: &'static str,
    added_ms: Option<u128>,
    what: &'static str,
    how: String,
    #[serde(flatten)]
    figure: Figure,
}

impl Table {
    pub(crate) fn new(title: &'static str, added: Option<Duration>, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|&it| it.to_owned()).collect();
        Table { title, added, columns, rows: Vec::new(), has_ratio: false }
    }

    /// Adds a column with the ratio of the second figure to the first.
    pub(crate) fn with_ratio(self) -> Self {
        Table { has_ratio: self.columns.len() == 2, ..self }
    }

    pub(crate) fn add(&mut self, what: &'static str, figures: Vec<Figure>) {
        self.rows.push((what, figures));
    }

    pub(crate) fn has(&self, title: &str, added: Option<Duration>) -> bool {
        self.title == title && self.added == added
    }

    /// The figures of a row, in column order.
    pub(crate) fn row(&self, what: &str) -> &[Figure] {
        self.rows.iter().find(|(known, _)| *known == what).map_or(&[], |(_, figures)| figures)
    }

    /// The figures of all rows.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[Figure]> {
        self.rows.iter().map(|(_, figures)| figures.as_slice())
    }

    /// Every single figure.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> {
        let added_ms = self.added.map(|added| added.as_millis());
        self.rows.iter().flat_map(move |(what, figures)| {
            figures.iter().zip(&self.columns).map(move |(figure, how)| Record {
                table: self.title,
                added_ms,
                what,
                how: how.clone(),
                figure: *figure,
            })
        })
    }

    fn lines(&self) -> Vec<Vec<String>> {
        let title = self.added.map_or_else(
            || self.title.to_owned(),
            |added| format!("{}, +{} ms of round trip", self.title, added.as_millis()),
        );
        let ratio = self.has_ratio.then(|| "ratio".to_owned());
        let mut lines: Vec<Vec<String>> =
            vec![[title].into_iter().chain(self.columns.iter().cloned()).chain(ratio).collect()];
        for (what, figures) in &self.rows {
            let mut line = vec![(*what).to_owned()];
            line.extend(figures.iter().map(Figure::to_string));
            if let (true, [first, second]) = (self.has_ratio, figures.as_slice()) {
                line.push(format!("{:.1}", second.value / first.value));
            }
            lines.push(line);
        }
        lines
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        align(f, &self.lines())
    }
}

/// Aligns cells in columns, the first one to the left, the others to the right.
pub(crate) fn align(f: &mut fmt::Formatter<'_>, lines: &[Vec<String>]) -> fmt::Result {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for line in lines {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            if column == 0 {
                write!(f, "{cell:width$}")?;
            } else {
                write!(f, "  {cell:>width$}")?;
            }
        }
        writeln!(f)?;
    }
    Ok(())
}
