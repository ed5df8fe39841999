//! Trees as a graph in Graphviz's DOT language.

use std::io::{self, Write};

use org_structure::OrgFlags;

use super::client_tree::{ClientTree, Content, Extent};
use super::{plain, thousands};

/// Writes one graph with a cluster for each client. Legal entities are bold; inactive organizations are
/// dashed.
pub(crate) fn dot<'a>(
    out: &mut impl Write,
    trees: impl Iterator<Item = &'a ClientTree>,
    extent: Extent,
) -> io::Result<()> {
    writeln!(out, "digraph organizations {{\n  rankdir=LR;\n  node [shape=box];")?;
    for (number, tree) in trees.enumerate() {
        writeln!(out, "  subgraph cluster_{number} {{\n    label=\"{}\";", escape(&tree.client.name))?;
        for line in tree.lines(extent) {
            let Content::Organization(org, below) = line.content else { continue };
            let mut label = escape(&tree.name(org));
            if below > 0 {
                label.push_str(&format!("\\n+{} below", thousands(below)));
            }
            let flags = tree.structure.flags(org).unwrap_or_default();
            let style = match (flags.contains(OrgFlags::ACTIVE), flags.contains(OrgFlags::LEGAL_ENTITY)) {
                (false, _) => ", style=dashed",
                (true, true) => ", style=bold",
                (true, false) => "",
            };
            writeln!(out, "    c{number}n{org} [label=\"{label}\"{style}];")?;
            if let Some(parent) = tree.structure.parent(org) {
                writeln!(out, "    c{number}n{parent} -> c{number}n{org};")?;
            }
        }
        writeln!(out, "  }}")?;
    }
    writeln!(out, "}}")
}

/// Escapes a text for use in quotation marks.
fn escape(text: &str) -> String {
    plain(text).replace('\\', "\\\\").replace('"', "\\\"")
}
