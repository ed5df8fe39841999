//! A client's tree, indented, with types and flags.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use org_structure::OrgFlags;

use super::client_tree::{ClientTree, Content, DamagedTree, Extent, Line};
use super::{WIDTH, cell, flow, plain, thousands, width};

const TITLE: Style = Style::new().bold().underline();
const DAMAGED: Style = AnsiColor::Red.on_default().bold();
const FINDING: Style = AnsiColor::Yellow.on_default();

/// The letters for flags, and their meaning.
const LETTERS: [(OrgFlags, char, &str); 3] = [
    (OrgFlags::READY, 'R', "ready"),
    (OrgFlags::TRANSACTIONS_ALLOWED, 'T', "transactions allowed"),
    (OrgFlags::PERIOD_CONTROL, 'P', "period control"),
];
const INACTIVE: (char, &str) = ('I', "inactive");

/// The width of the flags, and the maximum width of a type's name.
const FLAGS: usize = 4;
const TYPE: usize = 24;

impl Line {
    /// The branch lines before the organization. A root has none. In a deep tree only the last levels are
    /// drawn.
    fn branches(&self) -> String {
        const DRAWN: usize = 8;
        let Some(above) = self.depth.checked_sub(1) else { return String::new() };
        let hidden = above.saturating_sub(DRAWN);
        let mut branches = if hidden > 0 { format!("…{hidden} ") } else { String::new() };
        for steps in (1..=above.min(DRAWN)).rev() {
            branches.push_str(if self.last >> steps & 1 == 1 { "   " } else { "│  " });
        }
        branches.push_str(if self.last & 1 == 1 { "└─ " } else { "├─ " });
        branches
    }
}

/// Writes a client's tree and its findings, or its damage.
pub(crate) fn tree(
    out: &mut impl Write,
    tree: &Result<ClientTree, DamagedTree>,
    extent: Extent,
) -> io::Result<()> {
    let tree = match tree {
        Ok(tree) => tree,
        Err(DamagedTree { client, damage }) => {
            title(out, client)?;
            let damage = plain(damage);
            flow(out, &format!("{DAMAGED}damaged{DAMAGED:#}: "), 9, damage.split(' '), " ")?;
            return writeln!(out);
        }
    };
    let structure = &tree.structure;
    title(out, &tree.client)?;
    writeln!(
        out,
        "{} organizations, {} bytes in memory, fingerprint {:.16}…\n",
        thousands(structure.len()),
        thousands(structure.footprint()),
        structure.fingerprint(),
    )?;
    let lines = tree.lines(extent);
    let type_of = |line: &Line| match line.content {
        Content::Organization(org, _) => {
            let id = structure.id(org);
            let entry = id.as_ref().and_then(|id| tree.directory.get(id.as_str()));
            plain(entry.and_then(|entry| entry.type_name.as_deref()).unwrap_or("no type"))
        }
        Content::LeftOut(..) => String::new(),
    };
    let types = lines.iter().map(|line| width(&type_of(line))).max().unwrap_or_default().min(TYPE);
    let names = WIDTH - FLAGS - types - 4;
    for line in &lines {
        let branches = line.branches();
        match line.content {
            Content::Organization(org, below) => {
                let below = if below == 0 { String::new() } else { format!("  +{} below", thousands(below)) };
                let room = names.saturating_sub(width(&branches) + width(&below));
                let name = cell(&tree.name(org), room);
                let name =
                    format!("{branches}{}{below}", if below.is_empty() { &*name } else { name.trim_end() });
                let flags = letters(structure.flags(org).unwrap_or_default());
                let row = format!("{}  {}  {flags}", cell(&name, names), cell(&type_of(line), types));
                writeln!(out, "{}", row.trim_end())?;
            }
            Content::LeftOut(siblings, organizations) => {
                let with = match organizations - siblings {
                    0 => String::new(),
                    below => format!(" and {} below them", thousands(below)),
                };
                writeln!(out, "{branches}… {} more{with}", thousands(siblings))?;
            }
        }
    }
    for note in &tree.notes {
        let note = plain(note);
        flow(out, &format!("{FINDING}note{FINDING:#}: "), 6, note.split(' '), " ")?;
    }
    writeln!(out)
}

/// Writes the meaning of the letters.
pub(crate) fn legend(out: &mut impl Write) -> io::Result<()> {
    let [first, ..] = LETTERS;
    let rest = LETTERS.iter().skip(1).map(|(_, letter, word)| (letter, word));
    write!(out, "{} {}", first.1, first.2)?;
    for (letter, word) in rest.chain([(&INACTIVE.0, &INACTIVE.1)]) {
        write!(out, " · {letter} {word}")?;
    }
    writeln!(out, "\n")
}

fn title(out: &mut impl Write, client: &erp_db::Client) -> io::Result<()> {
    writeln!(out, "{TITLE}{}{TITLE:#}  client {}", plain(&client.name), client.id)
}

fn letters(flags: OrgFlags) -> String {
    let set = LETTERS.iter().filter(|(flag, ..)| flags.contains(*flag)).map(|(_, letter, _)| *letter);
    set.chain((!flags.contains(OrgFlags::ACTIVE)).then_some(INACTIVE.0)).collect()
}
