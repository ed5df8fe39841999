//! A client's tree, indented, with names, types and flags.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use comfy_table::{Table, presets};
use erp_db::{Client, Directory};
use org_structure::{OrgFlags, OrgIndex, OrgStructure};

const TITLE: Style = Style::new().bold().underline();
const DAMAGED: Style = AnsiColor::Red.on_default().bold();
const ODD: Style = AnsiColor::Yellow.on_default();

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

impl ClientTree {
    /// The name of an organization, or its id where no name is known.
    pub(crate) fn name(&self, org: OrgIndex) -> String {
        let Some(id) = self.structure.id(org) else { return String::new() };
        self.directory.get(id.as_str()).map_or_else(|| id.to_string(), |entry| plain(&entry.name))
    }

    /// The first of the organizations farthest from their root, as they are shown; none in a tree of one or
    /// none.
    pub(crate) fn deepest(&self) -> Option<OrgIndex> {
        let lines = self.in_display_order();
        let deepest = lines.iter().map(|line| line.depth).max().filter(|&depth| depth > 0)?;
        lines.into_iter().find(|line| line.depth == deepest).map(|line| line.org)
    }

    /// All organizations as the ERP shows them: siblings by their sequence number.
    fn in_display_order(&self) -> Vec<Line> {
        let mut lines = Vec::with_capacity(self.structure.len());
        // What is still to be shown, the next one last; no recursion, whatever the depth.
        let mut waiting: Vec<Line> = self.siblings(self.structure.roots(), 0, 0);
        while let Some(line) = waiting.pop() {
            waiting.extend(self.siblings(self.structure.children(line.org), line.depth + 1, line.last));
            lines.push(line);
        }
        lines
    }

    /// Siblings in reverse order.
    fn siblings(&self, siblings: impl Iterator<Item = OrgIndex>, depth: usize, above: u32) -> Vec<Line> {
        let mut siblings: Vec<_> = siblings.filter_map(|org| Some((self.structure.id(org)?, org))).collect();
        siblings.sort_by(|(a, _), (b, _)| self.directory.sibling_order(b.as_str(), a.as_str()));
        let line = |(place, (_, org))| Line { org, depth, last: above << 1 | u32::from(place == 0) };
        siblings.into_iter().enumerate().map(line).collect()
    }
}

/// An organization on its line.
struct Line {
    org: OrgIndex,
    depth: usize,
    /// Is it the last of its siblings? In the lowest bit; in the next one the same of its parent, and so on.
    last: u32,
}

impl Line {
    /// The lines that lead to the organization. A root has none, and only the last 30 of a deep one are
    /// drawn.
    fn branches(&self) -> String {
        const DRAWN: usize = 30;
        let Some(above) = self.depth.checked_sub(1) else { return String::new() };
        let hidden = above.saturating_sub(DRAWN);
        let mut branches = if hidden > 0 { format!("… {hidden} more … ") } else { String::new() };
        for steps in (1..=above.min(DRAWN)).rev() {
            branches.push_str(if self.last >> steps & 1 == 1 { "   " } else { "│  " });
        }
        branches.push_str(if self.last & 1 == 1 { "└─ " } else { "├─ " });
        branches
    }
}

/// Shows a client's tree and what is odd about it.
pub(crate) fn tree(out: &mut impl Write, tree: &ClientTree) -> io::Result<()> {
    let structure = &tree.structure;
    writeln!(out, "{TITLE}{}{TITLE:#}  client {}", plain(&tree.client.name), tree.client.id)?;
    writeln!(
        out,
        "{} organizations, {} bytes in memory, fingerprint {:.16}…\n",
        super::thousands(structure.len()),
        super::thousands(structure.footprint()),
        structure.fingerprint(),
    )?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for line in tree.in_display_order() {
        let Some((id, flags)) = structure.id(line.org).zip(structure.flags(line.org)) else { continue };
        let org_type = tree.directory.get(id.as_str()).and_then(|entry| entry.type_name.as_deref());
        table.add_row([
            format!("{}{}", line.branches(), tree.name(line.org)),
            plain(org_type.unwrap_or("no type")),
            words(flags),
            id.to_string(),
        ]);
    }
    if !structure.is_empty() {
        writeln!(out, "{}", table.trim_fmt())?;
    }
    for note in &tree.notes {
        writeln!(out, "{ODD}note{ODD:#}: {note}")?;
    }
    writeln!(out)
}

/// Says in the place of a client's tree why there is none.
pub(crate) fn damage(out: &mut impl Write, damaged: &DamagedTree) -> io::Result<()> {
    let DamagedTree { client, damage } = damaged;
    writeln!(out, "{TITLE}{}{TITLE:#}  client {}", plain(&client.name), client.id)?;
    writeln!(out, "{DAMAGED}damaged{DAMAGED:#}: {}\n", plain(damage))
}

/// The flags that matter to whoever reads a tree.
fn words(flags: OrgFlags) -> String {
    let mut words = vec![if flags.contains(OrgFlags::READY) { "ready" } else { "not ready" }];
    if flags.contains(OrgFlags::TRANSACTIONS_ALLOWED) {
        words.push("transactions");
    }
    if flags.contains(OrgFlags::PERIOD_CONTROL) {
        words.push("period control");
    }
    if !flags.contains(OrgFlags::ACTIVE) {
        words.push("inactive");
    }
    words.join(", ")
}

/// A text from the database without characters that would move the cursor or colour the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}
