//! `GET /v1/tree`: the pinned tree in display order.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use erp_db::Directory;
use org_structure::{OrgFlags, OrgId, OrgIndex, OrgStructure};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use session::Session;
use session_axum::CurrentSession;

use crate::http::gateway::Gateway;

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Tree {
    organizations: Vec<Organization>,
}

#[derive(Serialize, JsonSchema)]
struct Organization {
    #[schemars(with = "String")]
    id: OrgId,
    #[schemars(with = "Option<String>")]
    parent: Option<OrgId>,
    /// The current name, or the id if the organization no longer exists.
    name: String,
    search_key: String,
    r#type: Option<String>,
    #[schemars(schema_with = "flags_schema")]
    flags: Vec<&'static str>,
    readable: bool,
    writable: bool,
}

/// The names of the flags.
const FLAGS: [(OrgFlags, &str); 7] = [
    (OrgFlags::READY, "ready"),
    (OrgFlags::ACTIVE, "active"),
    (OrgFlags::LEGAL_ENTITY, "legal_entity"),
    (OrgFlags::BUSINESS_UNIT, "business_unit"),
    (OrgFlags::TRANSACTIONS_ALLOWED, "transactions_allowed"),
    (OrgFlags::PERIOD_CONTROL, "period_control"),
    (OrgFlags::ACCOUNTING, "accounting"),
];

pub(super) fn flag_names(flags: OrgFlags) -> Vec<&'static str> {
    FLAGS.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| *name).collect()
}

fn flags_schema(_generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "items": {"enum": FLAGS.map(|(_, name)| name)}})
}

pub(crate) async fn tree(
    State(gateway): State<Gateway>,
    CurrentSession(session): CurrentSession,
) -> Json<Tree> {
    let directory = gateway.inner.names.directory(session.client()).await;
    let order = display_order(session.tree(), &directory);
    Json(Tree {
        organizations: order
            .into_iter()
            .filter_map(|org| organization_view(&session, &directory, org))
            .collect(),
    })
}

/// All organizations, parents before children, siblings by their sequence number. No recursion over depth.
fn display_order(tree: &Arc<OrgStructure>, directory: &Directory) -> Vec<OrgIndex> {
    // A stack, instead of recursion over the depth.
    let mut stack = Vec::new();
    let mut order = Vec::with_capacity(tree.len());
    push_siblings(&mut stack, tree, directory, tree.roots());
    while let Some(org) = stack.pop() {
        order.push(org);
        push_siblings(&mut stack, tree, directory, tree.children(org));
    }
    order
}

fn push_siblings(
    stack: &mut Vec<OrgIndex>,
    tree: &OrgStructure,
    directory: &Directory,
    siblings: impl Iterator<Item = OrgIndex>,
) {
    let mut siblings: Vec<(OrgId, OrgIndex)> =
        siblings.filter_map(|org| Some((tree.id(org)?, org))).collect();
    siblings.sort_by(|(a, _), (b, _)| directory.sibling_order(b.as_str(), a.as_str()));
    stack.extend(siblings.into_iter().map(|(_, org)| org));
}

fn organization_view(session: &Session, directory: &Directory, org: OrgIndex) -> Option<Organization> {
    let tree = session.tree();
    let (id, flags) = tree.id(org).zip(tree.flags(org))?;
    let entry = directory.get(id.as_str());
    Some(Organization {
        id,
        parent: tree.parent(org).and_then(|parent| tree.id(parent)),
        name: entry.map_or_else(|| id.as_str().to_owned(), |entry| entry.name.clone()),
        search_key: entry.map(|entry| entry.search_key.clone()).unwrap_or_default(),
        r#type: entry.and_then(|entry| entry.type_name.clone()),
        flags: flag_names(flags),
        readable: session.access().readable().known().contains(org),
        writable: session.access().writable().known().contains(org),
    })
}
