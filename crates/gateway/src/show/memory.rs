//! What trees take in memory, beside what Openbravo's caches take for as many organizations.

use std::io::{self, Write};

use anstyle::Style;
use comfy_table::{CellAlignment, Table, presets};
use org_structure::{OrgFlags, OrgRow, OrgStructure};

use super::thousands;
use super::tree::ClientTree;

const TITLE: Style = Style::new().bold();
const ORGANIZATIONS: usize = 600;

/// Bytes that each session takes with one of Openbravo's structures, for 600 organizations: a flat tree, one
/// of five children each, and a chain. Measured on OpenJDK 17; docs/benchmarks.md says how.
const OPENBRAVO: [(&str, [usize; 3]); 4] = [
    ("Openbravo before 2018: a natural tree for every organization", [371_253, 482_922, 14_304_684]),
    ("Openbravo from 2018: one map of nodes a session", [147_921, 151_591, 178_162]),
    ("Openbravo from 2022: one map, shared while it is 5 minutes old", [146_944, 150_352, 177_176]),
    ("OrgTree, retired in 2018, beside the first of these", [177_427, 178_257, 178_129]),
];

/// Shows the bytes of the trees at hand, and of 600 organizations beside Openbravo's structures.
pub(crate) fn memory(out: &mut impl Write, trees: &[&ClientTree]) -> io::Result<()> {
    let bytes: usize = trees.iter().map(|tree| tree.structure.footprint()).sum();
    writeln!(out, "{TITLE}Memory{TITLE:#}")?;
    writeln!(
        out,
        "The {} trees above take {} bytes, whatever the number of sessions that share them.",
        trees.len(),
        thousands(bytes)
    )?;
    writeln!(out, "{ORGANIZATIONS} organizations take, in bytes:\n")?;

    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(["", "flat", "five each", "chain"]);
    let shapes: [fn(usize) -> usize; 3] = [|_| 0, |place| (place - 1) / 5, |place| place - 1];
    let ours = shapes.map(|parent| measured(parent).footprint());
    add_row(&mut table, "orgcache: one tree, shared by all sessions", ours);
    for (name, bytes) in OPENBRAVO {
        add_row(&mut table, name, bytes);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(out, "{}", table.trim_fmt())?;
    writeln!(
        out,
        "\norgcache's row was measured just now. Openbravo's were measured on OpenJDK 17; all but the third are for\n\
         every session anew. docs/benchmarks.md tells how."
    )
}

fn add_row(table: &mut Table, name: &str, bytes: [usize; 3]) {
    let [flat, five, chain] = bytes.map(thousands);
    table.add_row([name.to_owned(), flat, five, chain]);
}

/// A tree of 600 organizations below `0`, one of them the top of all others; one in ten a legal entity, one
/// in twenty under period control.
fn measured(parent: impl Fn(usize) -> usize) -> OrgStructure {
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
