//! Records as human-readable tables.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::record::Record;
use crate::structure::NoAnswer;

const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// The reference of a table: the first of these that it contains.
const REFERENCES: [&str; 3] = ["orgcache-unshared", "orgcache-shared", "orgcache"];

/// One table per metric, size and number of sessions: a row per structure, a column per shape. Ratios are to
/// orgcache (with a separate tree per session, if bytes are counted). On a terminal the best figure of a
/// column is bold.
#[must_use]
pub fn render(records: &[Record], terminal: bool) -> String {
    let mut text = String::new();
    let mut kinds: Vec<Kind> = Vec::new();
    for kind in records.iter().map(Kind::from_record) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    for kind in kinds {
        let here: Vec<&Record> = records.iter().filter(|record| Kind::from_record(record) == kind).collect();
        let sessions = if kind.2 > 1 { format!(", {} sessions", thousands(kind.2)) } else { String::new() };
        let title = format!("{}, {} organizations{sessions}", kind.0.replace('_', " "), thousands(kind.1));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{title}");
        text.push_str(&lines(&cells(&here), terminal));
        for limit in limits(&here) {
            let _ = writeln!(
                text,
                "  did not finish: stopped after {} ids were compared, copied or stored",
                thousands(limit)
            );
        }
        text.push('\n');
    }
    text
}

/// The subject of a table: metric, organizations, sessions.
#[derive(PartialEq)]
struct Kind(&'static str, usize, usize);

impl Kind {
    fn from_record(record: &Record) -> Self {
        Kind(record.metric, record.organizations, record.sessions)
    }
}

/// The limits of the structures in the table that did not finish.
fn limits(records: &[&Record]) -> BTreeSet<usize> {
    let has_row =
        |structure| records.iter().any(|record| record.structure == structure && record.value.0.is_ok());
    let limit = |record: &&Record| match record.value.0 {
        Err(NoAnswer::DidNotFinish { ids }) if has_row(record.structure) => Some(ids),
        _ => None,
    };
    records.iter().filter_map(limit).collect()
}

struct Cell {
    text: String,
    best: bool,
}

fn cells(records: &[&Record]) -> Vec<Vec<Cell>> {
    let structures = distinct(records.iter().map(|record| record.structure));
    let shapes = distinct(records.iter().map(|record| record.shape));
    let plain = |text: &str| Cell { text: text.to_owned(), best: false };
    let find = |structure: &str, shape: &str| {
        records.iter().copied().find(|record| record.structure == structure && record.shape == shape)
    };
    let figure = |structure: &str, shape: &str| find(structure, shape).and_then(|record| record.value.0.ok());
    let mut rows = vec![core::iter::once("").chain(shapes.iter().copied()).map(plain).collect::<Vec<Cell>>()];
    for structure in &structures {
        if shapes.iter().all(|shape| figure(structure, shape).is_none()) {
            continue;
        }
        let mut row = vec![plain(structure)];
        for shape in &shapes {
            let column = structures.iter().filter_map(|structure| figure(structure, shape));
            let least = column.fold(f64::INFINITY, f64::min);
            let reference = REFERENCES.iter().find_map(|name| figure(name, shape));
            row.push(match find(structure, shape).map(|record| (record.value.0, record.unit)) {
                Some((Ok(value), unit)) => {
                    let ratio = reference.map(|reference| value / reference);
                    Cell { text: shown(value, unit, ratio), best: value <= least }
                }
                Some((Err(NoAnswer::DidNotFinish { .. }), _)) => plain("did not finish"),
                Some((Err(NoAnswer::TooDeep), _)) => plain("too deep"),
                Some((Err(NoAnswer::NoSuchCall | NoAnswer::DatabaseFailed), _)) | None => plain("–"),
            });
        }
        rows.push(row);
    }
    rows
}

fn lines(rows: &[Vec<Cell>], terminal: bool) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let length = |cell: &Cell| cell.text.chars().count();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(length).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(width - length(cell));
            let (before, after) = if cell.best && terminal { (BOLD, PLAIN) } else { ("", "") };
            let _ = match column {
                0 => write!(text, "  {}{padding}", cell.text),
                _ => write!(text, "  {padding}{before}{}{after}", cell.text),
            };
        }
        text.push('\n');
    }
    text
}

fn shown(value: f64, unit: &str, ratio: Option<f64>) -> String {
    let ratio = ratio.map(|number| format!("  {}", self::ratio(number))).unwrap_or_default();
    format!("{}{ratio}", with_unit(value, unit))
}

/// The ratio to the reference.
#[must_use]
pub fn ratio(ratio: f64) -> String {
    match ratio {
        99.5.. => format!("×{}", thousands_of(ratio)),
        ..0.1 => format!("÷{}", thousands_of(1.0 / ratio)),
        _ => format!("×{ratio:.2}"),
    }
}

/// A figure in its most readable unit.
#[must_use]
pub fn with_unit(value: f64, unit: &str) -> String {
    let units: &[(&str, f64)] = match unit {
        "ns" => &[("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1.0)],
        "bytes" => &[("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("B", 1.0)],
        other => return format!("{value:.0} {other}"),
    };
    let fits = units.iter().find(|(_, factor)| value >= *factor).or(units.last());
    let (name, factor) = fits.copied().unwrap_or(("", 1.0));
    let scaled = value / factor;
    match scaled {
        _ if factor <= 1.0 && unit == "bytes" => format!("{scaled:.0} {name}"),
        100.0.. => format!("{scaled:.0} {name}"),
        10.0.. => format!("{scaled:.1} {name}"),
        _ => format!("{scaled:.2} {name}"),
    }
}

/// A number with thousands separators.
#[must_use]
pub fn thousands(number: usize) -> String {
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

fn thousands_of(number: f64) -> String {
    format!("{number:.0}").parse().map(thousands).unwrap_or_default()
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut distinct = Vec::new();
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::Answer;

    fn record(structure: &'static str, shape: &'static str, value: Answer<f64>) -> Record {
        let value = value.into();
        Record {
            structure,
            metric: "legal_entity",
            organizations: 6_000,
            shape,
            sessions: 1,
            value,
            unit: "ns",
        }
    }

    #[test]
    fn tables_have_a_row_per_structure_and_a_column_per_shape() {
        let records = [
            record("orgcache-shared", "flat", Ok(10.0)),
            record("openbravo-pre", "flat", Ok(12_345.0)),
            record("openbravo-pre", "chain", Err(NoAnswer::DidNotFinish { ids: 7 })),
            record("orgcache-shared", "chain", Ok(9.0)),
            record("orgtree", "flat", Err(NoAnswer::NoSuchCall)),
        ];
        let expected = "legal entity, 6,000 organizations\n\
            \x20                             flat           chain\n\
            \x20 orgcache-shared  10.0 ns  ×1.00  9.00 ns  ×1.00\n\
            \x20 openbravo-pre    12.3 µs  ×1,234  did not finish\n\
            \x20 did not finish: stopped after 7 ids were compared, copied or stored\n\n";
        let shown = render(&records, false);
        assert_eq!(
            shown.replace("  ", " ").replace("  ", " "),
            expected.replace("  ", " ").replace("  ", " ")
        );
        assert!(render(&records, true).contains("\x1b[1m10.0 ns  ×1.00\x1b[0m"));
    }

    #[test]
    fn figures_are_shown_in_a_readable_unit() {
        assert_eq!(with_unit(1.234, "ns"), "1.23 ns");
        assert_eq!(with_unit(56_780.0, "ns"), "56.8 µs");
        assert_eq!(with_unit(2e9, "ns"), "2.00 s");
        assert_eq!(with_unit(8.0, "bytes"), "8 B");
        assert_eq!(with_unit(17_433.0, "bytes"), "17.4 KB");
        assert_eq!(thousands(1_000_000), "1,000,000");
    }
}
