//! Trees as JSON, for scripts.

use std::io::{self, Write};

use org_structure::{Fingerprint, OrgId};
use serde::Serialize;

use super::client_tree::{ClientTree, Content, DamagedTree, Extent, Line};

/// A client and its tree, or the damage of its tree.
#[derive(Serialize)]
struct Tree<'a> {
    id: &'a str,
    name: &'a str,
    search_key: &'a str,
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    damage: Option<&'a str>,
    #[serde(flatten)]
    size: Option<Size<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<Vec<Organization<'a>>>,
}

#[derive(Serialize)]
struct Size<'a> {
    organizations: usize,
    levels: u32,
    bytes: usize,
    fingerprint: Fingerprint,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Organization<'a> {
    id: OrgId,
    parent: Option<OrgId>,
    name: Option<&'a str>,
    search_key: Option<&'a str>,
    r#type: Option<&'a str>,
    flags: Vec<String>,
    depth: usize,
    /// The number of its descendants, shown or not.
    below: usize,
}

/// Writes an array of clients. If an extent is given, each has its organizations: parents before their
/// children, siblings in the ERP's display order.
pub(crate) fn json(
    out: &mut impl Write,
    trees: &[Result<ClientTree, DamagedTree>],
    extent: Option<Extent>,
) -> io::Result<()> {
    let trees: Vec<Tree<'_>> = trees.iter().map(|tree| as_json(tree, extent)).collect();
    serde_json::to_writer_pretty(&mut *out, &trees)?;
    writeln!(out)
}

fn as_json(tree: &Result<ClientTree, DamagedTree>, extent: Option<Extent>) -> Tree<'_> {
    let (client, damage) = match tree {
        Ok(tree) => (&tree.client, tree.client.damage.as_deref()),
        Err(damaged) => (&damaged.client, Some(&*damaged.damage)),
    };
    let tree = tree.as_ref().ok();
    let size = tree.map(|tree| Size {
        organizations: tree.structure.len(),
        levels: tree.levels(),
        bytes: tree.structure.footprint(),
        fingerprint: tree.structure.fingerprint(),
        notes: &tree.notes,
    });
    let organizations = tree.zip(extent).map(|(tree, extent)| {
        tree.lines(extent).into_iter().filter_map(|line| organization(tree, line)).collect()
    });
    Tree {
        id: &client.id,
        name: &client.name,
        search_key: &client.search_key,
        active: client.active,
        damage,
        size,
        tree: organizations,
    }
}

fn organization(tree: &ClientTree, line: Line) -> Option<Organization<'_>> {
    let Content::Organization(org, _) = line.content else { return None };
    let structure = &tree.structure;
    let id = structure.id(org)?;
    let entry = tree.directory.get(id.as_str());
    Some(Organization {
        id,
        parent: structure.parent(org).and_then(|parent| structure.id(parent)),
        name: entry.map(|entry| &*entry.name),
        search_key: entry.map(|entry| &*entry.search_key),
        r#type: entry.and_then(|entry| entry.type_name.as_deref()),
        flags: structure.flags(org)?.iter_names().map(|(name, _)| name.to_lowercase()).collect(),
        depth: line.depth,
        below: structure.descendants(org, false).len(),
    })
}
