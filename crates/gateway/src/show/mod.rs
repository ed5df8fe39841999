//! Output of trees at the terminal: text in 80 columns, JSON, Graphviz.

mod client_tree;
mod dot;
mod json;
mod memory;
mod organization;
mod tree;

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub(crate) use client_tree::{ClientTree, DamagedTree, Extent};
pub(crate) use dot::dot;
pub(crate) use json::json;
pub(crate) use memory::memory;
#[cfg(test)]
pub(crate) use memory::{OPENBRAVO, SHAPES, tree_of_shape};
pub(crate) use organization::organization;
pub(crate) use tree::{legend, tree};

/// The default width of a terminal.
const WIDTH: usize = 80;

/// Formats a number with thousands separators.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Replaces the control characters in a text from the database, so that it cannot control the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// The number of columns that a text takes.
fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Fits a text into exactly `columns` columns: padded, or cut with an ellipsis.
fn cell(text: &str, columns: usize) -> String {
    let mut cell = String::with_capacity(columns);
    let mut taken = 0;
    if width(text) <= columns {
        cell.push_str(text);
        taken = width(text);
    } else {
        for character in text.chars() {
            let more = character.width().unwrap_or_default();
            if taken + more + 1 > columns {
                break;
            }
            cell.push(character);
            taken += more;
        }
        if columns > 0 {
            cell.push('…');
            taken += 1;
        }
    }
    cell.extend(std::iter::repeat_n(' ', columns.saturating_sub(taken)));
    cell
}

/// Writes pieces after a label and wraps them, aligned with the first piece. `indent` is the visible width of
/// the label, which may contain colours.
fn flow<'a>(
    out: &mut impl Write,
    label: &str,
    indent: usize,
    pieces: impl IntoIterator<Item = &'a str>,
    separator: &str,
) -> io::Result<()> {
    write!(out, "{label}")?;
    let mut column = indent;
    let mut pieces = pieces.into_iter().peekable();
    let mut is_first = true;
    while let Some(piece) = pieces.next() {
        let after = if pieces.peek().is_some() { width(separator.trim_end()) } else { 0 };
        if !is_first && column + width(separator) + width(piece) + after > WIDTH {
            write!(out, "{}\n{:indent$}", separator.trim_end(), "")?;
            column = indent;
        } else if !is_first {
            write!(out, "{separator}")?;
            column += width(separator);
        }
        is_first = false;
        write!(out, "{piece}")?;
        column += width(piece);
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (14_304_684, "14,304,684")] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn a_cell_has_its_width_with_any_characters() {
        for (text, columns, expected) in [
            ("España", 8, "España  "),
            ("España", 6, "España"),
            ("España", 5, "Espa…"),
            ("日本支社", 8, "日本支社"),
            ("日本支社", 7, "日本支…"),
            ("日本支社", 6, "日本… "),
            ("a", 0, ""),
            ("", 2, "  "),
        ] {
            assert_eq!(cell(text, columns), expected, "{text} in {columns}");
            assert_eq!(width(&cell(text, columns)), columns);
        }
    }

    #[test]
    fn wrapped_pieces_align_with_the_first_one() {
        let piece = "x".repeat(30);
        let mut out = Vec::new();
        flow(&mut out, "label  ", 7, [&*piece; 5], " · ").unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!(lines[0], format!("label  {piece} · {piece} ·"));
        assert_eq!(lines[2], format!("       {piece}"));
        assert!(lines.iter().all(|line| width(line) <= WIDTH), "{text}");
    }
}
