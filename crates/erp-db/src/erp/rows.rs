//! `TreeRows`: the rows of one tree, between the database and the structure.

use core::ops::Range;

use org_structure::{OrgFlags, OrgRow};

use super::finding::RowFinding;

/// The usable rows of one tree, and the findings about them.
///
/// # Memory
/// One buffer for all texts, and 120 bytes per organization.
#[derive(Debug, Default)]
pub(crate) struct TreeRows {
    texts: String,
    nodes: Vec<Node>,
    pub(crate) findings: Vec<RowFinding>,
}

#[derive(Debug)]
struct Node {
    id: Range<usize>,
    parent: Option<Range<usize>>,
    flags: OrgFlags,
    time_zone: Option<Range<usize>>,
    calendar: Option<Range<usize>>,
}

impl TreeRows {
    pub(crate) fn push(&mut self, row: OrgRow<'_>) {
        let node = Node {
            id: self.keep(row.id),
            parent: row.parent.map(|text| self.keep(text)),
            flags: row.flags,
            time_zone: row.time_zone.map(|text| self.keep(text)),
            calendar: row.calendar.map(|text| self.keep(text)),
        };
        self.nodes.push(node);
    }

    fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.texts.len();
        self.texts.push_str(text);
        start..self.texts.len()
    }

    fn text(&self, range: &Range<usize>) -> &str {
        // Every range was created by `keep`; safe code needs a fallback.
        self.texts.get(range.clone()).unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = OrgRow<'_>> {
        self.nodes.iter().map(|node| OrgRow {
            id: self.text(&node.id),
            parent: node.parent.as_ref().map(|range| self.text(range)),
            flags: node.flags,
            time_zone: node.time_zone.as_ref().map(|range| self.text(range)),
            calendar: node.calendar.as_ref().map(|range| self.text(range)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_round_trip() {
        let given = [
            OrgRow::new("0"),
            OrgRow::new("A").under("0").with_flags(OrgFlags::READY).in_time_zone("Europe/Madrid"),
            OrgRow::new("Ä").under("").with_calendar("C"),
        ];
        let mut rows = TreeRows::default();
        given.iter().for_each(|row| rows.push(*row));
        assert_eq!(rows.iter().collect::<Vec<_>>(), given);
    }
}
