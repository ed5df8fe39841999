//! One organization in detail.

use std::io::{self, Write};

use anstyle::Style;
use org_structure::{OrgFlags, OrgIndex};

use super::client_tree::ClientTree;
use super::{flow, thousands};

const TITLE: Style = Style::new().bold();
/// The number of names that are shown of a set.
const SHOWN: usize = 12;
/// The width of the column of questions.
const INDENT: usize = 18;

/// Writes the answers to an ERP's usual questions about one organization, computed from the tree.
pub(crate) fn organization(out: &mut impl Write, tree: &ClientTree, org: OrgIndex) -> io::Result<()> {
    let structure = &tree.structure;
    let Some(id) = structure.id(org) else { return Ok(()) };
    let name_of =
        |org: Option<OrgIndex>| org.map_or_else(|| vec!["none".to_owned()], |org| vec![tree.name(org)]);
    let nearest = |flags| name_of(structure.nearest(org, flags));
    let owner = structure.nearest_calendar_owner(org);
    let text = |text: Option<&str>| vec![super::plain(text.unwrap_or("none"))];
    writeln!(out, "{TITLE}{}{TITLE:#}  organization {id}", tree.name(org))?;
    for (question, answer) in [
        ("natural tree", names(tree, structure.natural_tree(org).iter())),
        ("ancestors", names(tree, structure.path_to_root(org).skip(1))),
        ("children", names(tree, structure.children(org))),
        ("descendants", names(tree, structure.descendants(org, false).iter())),
        ("legal entity", nearest(OrgFlags::LEGAL_ENTITY)),
        ("business unit", nearest(OrgFlags::BUSINESS_UNIT)),
        ("period control", nearest(OrgFlags::PERIOD_CONTROL)),
        ("calendar owner", name_of(owner)),
        ("calendar", text(owner.and_then(|owner| structure.calendar(owner)))),
        ("time zone", text(structure.time_zone(org))),
    ] {
        let pieces = answer.iter().map(String::as_str);
        flow(out, &format!("  {question:<width$}", width = INDENT - 2), INDENT, pieces, " · ")?;
    }
    writeln!(out)
}

/// The first names of a sequence of organizations, and the number of the others.
fn names(tree: &ClientTree, mut orgs: impl Iterator<Item = OrgIndex>) -> Vec<String> {
    let mut names: Vec<String> = orgs.by_ref().take(SHOWN).map(|org| tree.name(org)).collect();
    match orgs.count() {
        0 if names.is_empty() => names.push("none".to_owned()),
        0 => {}
        more => names.push(format!("and {} more", thousands(more))),
    }
    names
}
