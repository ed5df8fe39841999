//! The memory that trees take, compared with Openbravo's caches of the same number of organizations.

use std::io::{self, Write};

use anstyle::Style;
use org_structure::{OrgFlags, OrgRow, OrgStructure};

use super::client_tree::ClientTree;
use super::{cell, plain, thousands};

const TITLE: Style = Style::new().bold();
const ORGANIZATIONS: usize = 600;

/// The number of trees with their own line.
const SHOWN: usize = 20;

/// Bytes that Openbravo's structures take for 600 organizations: a flat tree, a tree with five children per
/// organization, and a chain. Measured on OpenJDK 17 as docs/benchmarks.md describes.
pub(crate) const OPENBRAVO: [(&str, [usize; 3]); 4] = [
    ("Openbravo before 2018, each session", [371_253, 482_922, 14_304_684]),
    ("  beside it OrgTree, each session", [177_427, 178_257, 178_129]),
    ("Openbravo from 2018, each session", [147_921, 151_591, 178_162]),
    ("Openbravo from 2022, shared 5 minutes", [146_944, 150_352, 177_176]),
];

/// The measured shapes, as functions from the number of an organization to the number of its parent.
pub(crate) const SHAPES: [fn(usize) -> usize; 3] = [|_| 0, |place| (place - 1) / 5, |place| place - 1];

/// Writes the bytes of the given trees, and of 600 organizations compared with Openbravo's structures.
pub(crate) fn memory(out: &mut impl Write, trees: &[&ClientTree]) -> io::Result<()> {
    writeln!(out, "{TITLE}Memory{TITLE:#}\n")?;
    let row = |name: &str, numbers: [&str; 3]| {
        let [one, two, three] = numbers;
        format!("{}{one:>12}{two:>13}{three:>13}", cell(name, 42))
    };
    writeln!(out, "{}", row("tree, shared by all of its sessions", ["orgs", "levels", "bytes"]))?;
    let mut largest = trees.to_vec();
    largest.sort_by_key(|tree| std::cmp::Reverse(tree.structure.footprint()));
    let line = |name: &str, trees: &[&ClientTree]| {
        let sum = |count: fn(&ClientTree) -> usize| thousands(trees.iter().map(|tree| count(tree)).sum());
        let levels = trees.iter().map(|tree| tree.levels()).max().unwrap_or_default().to_string();
        row(name, [&sum(|tree| tree.structure.len()), &levels, &sum(|tree| tree.structure.footprint())])
    };
    let (shown, rest) = largest.split_at(largest.len().min(SHOWN));
    for tree in shown {
        writeln!(out, "{}", line(&plain(&tree.client.name), &[tree]))?;
    }
    if !rest.is_empty() {
        writeln!(out, "{}", line(&format!("{} more trees", thousands(rest.len())), rest))?;
    }
    if trees.len() > 1 {
        writeln!(out, "{}", line("together", trees))?;
    }

    let ours = ("orgcache, shared by all sessions", SHAPES.map(|parent| tree_of_shape(parent).footprint()));
    let title = format!("bytes of {ORGANIZATIONS} organizations");
    writeln!(out, "\n{}", row(&title, ["flat", "five each", "chain"]))?;
    for (name, bytes) in std::iter::once(ours).chain(OPENBRAVO) {
        let [flat, five, chain] = bytes.map(thousands);
        writeln!(out, "{}", row(name, [&flat, &five, &chain]))?;
    }
    writeln!(out, "\nThe line of orgcache was measured now, those of Openbravo on OpenJDK 17.\n")
}

/// Builds a tree of `0` and 600 organizations, of which the first is the ancestor of all others. One in ten
/// is a legal entity, one in twenty has period control.
pub(crate) fn tree_of_shape(parent: fn(usize) -> usize) -> OrgStructure {
    let id = |place: usize| {
        format!("{:032X}", (place as u128 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
    };
    let rows: Vec<(String, String, OrgFlags)> = (0..ORGANIZATIONS)
        .map(|place| {
            let mut flags = OrgFlags::READY | OrgFlags::ACTIVE;
            flags.set(OrgFlags::LEGAL_ENTITY, place % 10 == 1);
            flags.set(OrgFlags::PERIOD_CONTROL, place % 20 == 1);
            let above = if place == 0 { "0".to_owned() } else { id(parent(place)) };
            (id(place), above, flags)
        })
        .collect();
    let rows = rows.iter().map(|(id, above, flags)| OrgRow::new(id).under(above).with_flags(*flags));
    OrgStructure::build(rows.chain([OrgRow::new("0")])).map(|built| built.structure).unwrap_or_default()
}
