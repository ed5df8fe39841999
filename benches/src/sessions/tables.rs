//! An ERP's own tables: one client with a tree, and users with one role each.

use std::path::Path;

use org_structure::OrgFlags;
use serde_json::{Value, json};

use super::{ORGANIZATIONS, SHAPE};
use crate::trees::{Row, rows};

/// The client.
pub(super) const CLIENT: &str = "C";
/// The role of all users.
pub(super) const ROLE: &str = "FEW";
const TREE: &str = "T";

/// The id of a user.
pub(super) fn user(number: usize) -> String {
    format!("{number:032X}")
}

/// Writes a file per table, in the format of the import.
pub(super) fn write(folder: &Path, users: usize) -> anyhow::Result<()> {
    let rows = rows(SHAPE, ORGANIZATIONS);
    let has = |row: &Row, flag| if row.flags.contains(flag) { "Y" } else { "N" };
    let org = |row: &Row| {
        let kind = match row.id.as_str() {
            "0" => "0",
            _ if row.flags.contains(OrgFlags::LEGAL_ENTITY) => "1",
            _ => "2",
        };
        json!({
            "ad_org_id": row.id, "ad_client_id": if row.id == "0" { "0" } else { CLIENT }, "isactive": "Y",
            "value": row.id, "name": row.id, "issummary": "N", "ad_orgtype_id": kind,
            "isperiodcontrolallowed": has(row, OrgFlags::PERIOD_CONTROL), "isready": has(row, OrgFlags::READY)
        })
    };
    let node = |(number, row): (usize, &Row)| {
        json!({
            "ad_treenode_id": format!("N{number}"), "ad_tree_id": TREE, "node_id": row.id, "ad_client_id": CLIENT,
            "ad_org_id": "0", "isactive": "Y", "parent_id": row.parent
        })
    };
    let kind = |id: &str, legal: &str, transactions: &str| {
        json!({
            "ad_orgtype_id": id, "ad_client_id": "0", "ad_org_id": "0", "isactive": "Y", "name": id,
            "islegalentity": legal, "isbusinessunit": "N", "istransactionsallowed": transactions,
            "isacctlegalentity": "N"
        })
    };
    let few = rows.iter().filter(|row| row.id != "0").take(3);
    let access = |(number, row): (usize, &Row)| {
        json!({
            "ad_role_orgaccess_id": format!("A{number}"), "ad_role_id": ROLE, "ad_org_id": row.id,
            "ad_client_id": CLIENT, "isactive": "Y"
        })
    };
    let client = |id: &str| json!({"ad_client_id": id, "value": id, "name": id, "isactive": "Y"});
    let person = |number| json!({"ad_user_id": user(number), "ad_client_id": CLIENT, "isactive": "Y", "islocked": "N"});
    let may = |number| {
        json!({
            "ad_user_roles_id": format!("U{number}"), "ad_user_id": user(number), "ad_role_id": ROLE,
            "ad_client_id": CLIENT, "isactive": "Y"
        })
    };
    let tables: [(&str, Vec<Value>); 10] = [
        ("ad_client", vec![client("0"), client(CLIENT)]),
        ("ad_orgtype", vec![kind("0", "N", "N"), kind("1", "Y", "Y"), kind("2", "N", "Y")]),
        (
            "ad_tree",
            vec![
                json!({"ad_tree_id": TREE, "ad_client_id": CLIENT, "isactive": "Y", "name": TREE, "treetype": "OO", "ad_table_id": "155"}),
            ],
        ),
        ("ad_clientinfo", vec![json!({"ad_client_id": CLIENT, "isactive": "Y", "ad_tree_org_id": TREE})]),
        ("ad_org", rows.iter().map(org).collect()),
        ("ad_treenode", rows.iter().enumerate().map(node).collect()),
        (
            "ad_role",
            vec![
                json!({"ad_role_id": ROLE, "ad_client_id": CLIENT, "isactive": "Y", "name": ROLE, "userlevel": "  O", "ismanual": "Y"}),
            ],
        ),
        ("ad_role_orgaccess", few.enumerate().map(access).collect()),
        ("ad_user", (0..users).map(person).collect()),
        ("ad_user_roles", (0..users).map(may).collect()),
    ];
    for (table, rows) in tables {
        std::fs::write(folder.join(format!("{table}.json")), serde_json::to_vec(&rows)?)?;
    }
    Ok(())
}
