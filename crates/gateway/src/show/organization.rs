//! One organization closely.

use std::io::{self, Write};

use anstyle::Style;
use org_structure::{OrgFlags, OrgIndex};

use super::tree::ClientTree;

const TITLE: Style = Style::new().bold();
/// How many names of a set are shown.
const SHOWN: usize = 12;

/// Shows what an ERP asks about one organization, each answer computed from the tree.
pub(crate) fn organization(out: &mut impl Write, tree: &ClientTree, org: OrgIndex) -> io::Result<()> {
    let structure = &tree.structure;
    let Some(id) = structure.id(org) else { return Ok(()) };
    let nearest = |flags| named(tree, structure.nearest(org, flags));
    let owner = structure.nearest_calendar_owner(org);
    let calendar = owner.and_then(|owner| structure.calendar(owner)).unwrap_or("none");
    writeln!(out, "{TITLE}{}{TITLE:#}  organization {id}", tree.name(org))?;
    for (question, answer) in [
        ("natural tree", names(tree, structure.natural_tree(org).iter())),
        ("ancestors, nearest first", names(tree, structure.path_to_root(org).skip(1))),
        ("children", names(tree, structure.children(org))),
        ("descendants", names(tree, structure.descendants(org, false).iter())),
        ("legal entity", nearest(OrgFlags::LEGAL_ENTITY)),
        ("business unit", nearest(OrgFlags::BUSINESS_UNIT)),
        ("period control", nearest(OrgFlags::PERIOD_CONTROL)),
        ("calendar owner", named(tree, owner)),
        ("calendar", calendar.to_owned()),
        ("time zone", structure.time_zone(org).unwrap_or("none").to_owned()),
    ] {
        writeln!(out, "  {question:<25} {answer}")?;
    }
    writeln!(out)
}

fn named(tree: &ClientTree, org: Option<OrgIndex>) -> String {
    org.map_or_else(|| "none".to_owned(), |org| tree.name(org))
}

fn names(tree: &ClientTree, orgs: impl Iterator<Item = OrgIndex>) -> String {
    let mut orgs = orgs.peekable();
    if orgs.peek().is_none() {
        return "none".to_owned();
    }
    let names: Vec<String> = orgs.by_ref().take(SHOWN).map(|org| tree.name(org)).collect();
    let names = names.join(" · ");
    match orgs.count() {
        0 => names,
        more => format!("{names} · and {} more", super::thousands(more)),
    }
}
