//! `ClientTree`: a client's tree with the names to show it, and the part of it that a screen can hold.

use erp_db::{Client, Directory};
use org_structure::{OrgIndex, OrgStructure};

use super::plain;

/// A client's tree, and what is read beside it to show it.
pub(crate) struct ClientTree {
    pub(crate) client: Client,
    pub(crate) structure: OrgStructure,
    /// What is odd about it.
    pub(crate) notes: Vec<String>,
    pub(crate) directory: Directory,
}

/// A client whose rows do not make a tree, and why.
pub(crate) struct DamagedTree {
    pub(crate) client: Client,
    pub(crate) damage: String,
}

/// How much of a tree to show.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extent {
    /// Every organization down to this level; the roots are level 0.
    Depth(usize),
    /// All of a small tree; else as many levels as fit into this many lines, with the first children of each
    /// organization.
    Lines(usize),
}

/// The children that a summary shows of one organization.
const FIRST_CHILDREN: usize = 10;

/// A line of a tree.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) depth: usize,
    /// Whether it is the last of its siblings, in the lowest bit; in the next one the same of its parent, and
    /// so on.
    pub(super) last: u32,
    pub(super) content: Content,
}

#[derive(Clone, Copy)]
pub(super) enum Content {
    /// An organization, and how many below it are left out.
    Organization(OrgIndex, usize),
    /// Siblings that are left out, and how many organizations they are with all below them.
    LeftOut(usize, usize),
}

/// What is shown of a tree at most.
#[derive(Clone, Copy)]
struct Limits {
    depth: usize,
    siblings: usize,
    lines: usize,
}

const ALL: Limits = Limits { depth: usize::MAX, siblings: usize::MAX, lines: usize::MAX };

impl ClientTree {
    /// The name of an organization, or its id where no name is known.
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

    /// The first of the organizations farthest from their root, as they are shown; none in a tree of one or
    /// none.
    pub(crate) fn deepest(&self) -> Option<OrgIndex> {
        let lines = self.within(ALL).unwrap_or_default();
        let deepest = lines.iter().map(|line| line.depth).max().filter(|&depth| depth > 0)?;
        lines.into_iter().find(|line| line.depth == deepest).and_then(|line| match line.content {
            Content::Organization(org, _) => Some(org),
            Content::LeftOut(..) => None,
        })
    }

    /// The organizations as the ERP shows them, siblings by their sequence number.
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

    /// The lines within limits; `None` if they are more than the limit.
    fn within(&self, limits: Limits) -> Option<Vec<Line>> {
        let mut lines = Vec::new();
        // What is still to be shown, the next one last; no recursion over depth.
        let mut waiting = self.siblings(self.structure.roots(), 0, 0, limits);
        while let Some(line) = waiting.pop() {
            if lines.len() == limits.lines {
                return None;
            }
            if let Content::Organization(org, _) = line.content
                && line.depth < limits.depth
            {
                let children = self.structure.children(org);
                waiting.extend(self.siblings(children, line.depth + 1, line.last, limits));
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
        // A line that says «1 more» takes as much as that one.
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
