//! What was measured, and how it is told.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use serde::Serialize;

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    /// Which server, or which encoding.
    pub(crate) structure: String,
    pub(crate) metric: &'static str,
    /// There are none here.
    pub(crate) organizations: usize,
    /// What is added to each round trip.
    pub(crate) shape: String,
    pub(crate) sessions: usize,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
}

/// The middle of the samples, in milliseconds.
pub(crate) fn median(mut samples: Vec<Duration>) -> f64 {
    samples.sort_unstable();
    samples.get(samples.len() / 2).map_or(f64::NAN, |middle| middle.as_secs_f64() * 1000.0)
}

/// Prints everything on standard output.
pub(crate) fn show(records: &[Record], json: bool, no_peer: Option<String>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(records)?)?;
        return Ok(());
    }
    let is_web = |record: &&Record| record.metric.contains("/mcp");
    let (web, tools): (Vec<&Record>, Vec<&Record>) = records.iter().partition(is_web);
    for shape in ["+0 ms", "+50 ms"] {
        writeln!(
            out,
            "tools on standard input and output, {shape} of round trip; p50 in ms, requests to Odoo a call\n"
        )?;
        let here: Vec<&Record> = tools.iter().copied().filter(|record| record.shape == shape).collect();
        writeln!(out, "{}", table(&here))?;
    }
    writeln!(out, "answers over http, by encoding\n\n{}", table(&web))?;
    if let Some(why) = no_peer {
        writeln!(out, "mcp-server-odoo was not measured: {why}")?;
    }
    Ok(())
}

/// A row a metric, a column a server.
fn table(records: &[&Record]) -> String {
    let (mut metrics, mut structures) = (Vec::new(), Vec::new());
    let mut cells = BTreeMap::new();
    for record in records {
        if !metrics.contains(&record.metric) {
            metrics.push(record.metric);
        }
        if !structures.contains(&record.structure.as_str()) {
            structures.push(record.structure.as_str());
        }
        cells.insert((record.metric, record.structure.as_str()), figure(record));
    }
    let wide = metrics.iter().map(|metric| metric.chars().count()).max().unwrap_or(0);
    let mut text = " ".repeat(wide);
    for structure in &structures {
        text.push_str(&format!("  {structure:>12}"));
    }
    text.push('\n');
    for metric in metrics {
        text.push_str(&format!("{metric:wide$}"));
        for structure in &structures {
            let cell = cells.get(&(metric, *structure)).map_or("", String::as_str);
            text.push_str(&format!("  {cell:>width$}", width = structure.chars().count().max(12)));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

fn figure(record: &Record) -> String {
    match record.unit {
        "bytes" => format!("{:.0}", record.value),
        "requests" if record.value.fract() == 0.0 => format!("{:.0}", record.value),
        "requests" => format!("{:.2}", record.value),
        "MiB" => format!("{:.1} MiB", record.value),
        _ => format!("{:.1}", record.value),
    }
}
