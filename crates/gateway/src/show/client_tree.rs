//! `ClientTree`: a client's tree with its names, and the selection of its lines for a screen.

use erp_db::{Client, Directory};
use org_structure::{OrgIndex, OrgStructure};

use super::plain;

/// A client's tree, with the data that is needed to show it.
pub(crate) struct ClientTree {
    pub(crate) client: Client,
    pub(crate) structure: OrgStructure,
    /// The findings in its rows.
    pub(crate) notes: Vec<String>,
    pub(crate) directory: Directory,
}

/// A client whose rows do not form a tree, and the reason.
pub(crate) struct DamagedTree {
    pub(crate) client: Client,
    pub(crate) damage: String,
}

/// How much of a tree to show.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extent {
    /// All organizations down to this level. The roots have level 0.
    Depth(usize),
    /// The whole tree if it fits into this many lines. Otherwise as many levels as fit, with only the first
    /// children of each organization.
    Lines(usize),
}

/// The number of children per organization in a summary.
const FIRST_CHILDREN: usize = 10;

/// A line of a tree.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) depth: usize,
    /// Bit 0: whether it is the last of its siblings. Bit 1: the same for its parent, and so on upwards.
    pub(super) last: u32,
    pub(super) content: Content,
}

#[derive(Clone, Copy)]
pub(super) enum Content {
    /// An organization, and the number of its descendants that are left out.
    Organization(OrgIndex, usize),
    /// The number of siblings that are left out, and of organizations including their descendants.
    LeftOut(usize, usize),
}

/// Upper bounds for the lines of a tree.
#[derive(Clone, Copy)]
struct Limits {
    depth: usize,
    siblings: usize,
    lines: usize,
}

const ALL: Limits = Limits { depth: usize::MAX, siblings: usize::MAX, lines: usize::MAX };

impl ClientTree {
    /// The name of an organization, or its id if the name is unknown.
    pub(crate) fn name(&self, org: OrgIndex) -> String {
        let Some(id) = self.structure.id(org) else { return String::new() };
        self.directory.get(id.as_str()).map_or_else(|| id.to_string(), |entry| plain(&entry.name))
    }

    /// The number of levels.
    pub(crate) fn levels(&self) -> u32 {
        self.structure
            .indices()
            .filter_map(|org| self.structure.depth(org))
            .max()
            .map_or(0, |depth| depth + 1)
    }

    /// The first organization, in display order, on the deepest level. `None` if there are only roots.
    pub(crate) fn deepest(&self) -> Option<OrgIndex> {
        let lines = self.within(ALL).unwrap_or_default();
        let deepest = lines.iter().map(|line| line.depth).max().filter(|&depth| depth > 0)?;
        lines.into_iter().find(|line| line.depth == deepest).and_then(|line| match line.content {
            Content::Organization(org, _) => Some(org),
            Content::LeftOut(..) => None,
        })
    }

    /// The organizations in the ERP's display order, siblings by their sequence number.
    pub(super) fn lines(&self, extent: Extent) -> Vec<Line> {
        let lines = match extent {
            Extent::Depth(depth) => return self.within(Limits { depth, ..ALL }).unwrap_or_default(),
            Extent::Lines(lines) => lines,
        };
        if self.structure.len() <= lines {
            return self.within(ALL).unwrap_or_default();
        }
        let first = |depth| Limits { depth, siblings: FIRST_CHILDREN, lines };
        let mut shown = self.within(Limits { lines: usize::MAX, ..first(0) }).unwrap_or_default();
        for depth in 1.. {
            match self.within(first(depth)) {
                Some(more) if more.len() > shown.len() => shown = more,
                _ => break,
            }
        }
        shown
    }

    /// The lines within the limits, or `None` if there are more than `limits.lines`.
    fn within(&self, limits: Limits) -> Option<Vec<Line>> {
        let mut lines = Vec::new();
        // A stack of lines to visit, instead of recursion over the depth.
        let mut stack = self.siblings(self.structure.roots(), 0, 0, limits);
        while let Some(line) = stack.pop() {
            if lines.len() == limits.lines {
                return None;
            }
            if let Content::Organization(org, _) = line.content
                && line.depth < limits.depth
            {
                let children = self.structure.children(org);
                stack.extend(self.siblings(children, line.depth + 1, line.last, limits));
            }
            lines.push(line);
        }
        Some(lines)
    }

    /// Siblings in reverse order.
    fn siblings(
        &self,
        siblings: impl Iterator<Item = OrgIndex>,
        depth: usize,
        above: u32,
        limits: Limits,
    ) -> Vec<Line> {
        let mut siblings: Vec<_> = siblings.filter_map(|org| Some((self.structure.id(org)?, org))).collect();
        siblings.sort_by(|(a, _), (b, _)| self.directory.sibling_order(a.as_str(), b.as_str()));
        let below = |org| self.structure.descendants(org, false).len();
        // A line «1 more» would take as much space as the organization itself.
        let shown =
            if siblings.len() > limits.siblings.saturating_add(1) { limits.siblings } else { siblings.len() };
        let left_out = siblings.split_off(shown);
        let mut contents: Vec<Content> = Vec::with_capacity(shown + 1);
        if !left_out.is_empty() {
            let organizations = left_out.iter().map(|(_, org)| 1 + below(*org)).sum();
            contents.push(Content::LeftOut(left_out.len(), organizations));
        }
        let hidden = |org| if depth == limits.depth { below(org) } else { 0 };
        contents.extend(siblings.into_iter().rev().map(|(_, org)| Content::Organization(org, hidden(org))));
        let line = |(place, content)| Line { depth, last: above << 1 | u32::from(place == 0), content };
        contents.into_iter().enumerate().map(line).collect()
    }
}
