//! The sample clients that this project ships: small real trees.

use std::collections::HashMap;

use org_structure::OrgFlags;
use serde::Deserialize;

use crate::row::Row;

macro_rules! table {
    ($client:literal, $table:literal) => {
        include_str!(concat!("../../migrations/erp-sample/rows/", $client, "/", $table, ".json"))
    };
}

const TYPES: &str = table!("system", "ad_orgtype");

/// A client's files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    client: &'static str,
    organizations: &'static str,
    nodes: &'static str,
}

/// F&B International Group.
pub(crate) const FB: Sample = Sample {
    client: table!("fb-international-group", "ad_clientinfo"),
    organizations: table!("fb-international-group", "ad_org"),
    nodes: table!("fb-international-group", "ad_treenode"),
};

/// QA Testing.
pub(crate) const QA: Sample = Sample {
    client: table!("qa-testing", "ad_clientinfo"),
    organizations: table!("qa-testing", "ad_org"),
    nodes: table!("qa-testing", "ad_treenode"),
};

#[derive(Deserialize)]
struct Client {
    ad_tree_org_id: String,
}

#[derive(Deserialize)]
struct Type {
    ad_orgtype_id: String,
    islegalentity: String,
    isbusinessunit: String,
    istransactionsallowed: String,
}

#[derive(Deserialize)]
struct Organization {
    ad_org_id: String,
    isactive: String,
    isready: String,
    ad_orgtype_id: String,
    isperiodcontrolallowed: String,
}

#[derive(Deserialize)]
struct Node {
    ad_tree_id: String,
    node_id: String,
    parent_id: Option<String>,
}

impl Sample {
    /// The rows of the organization tree.
    ///
    /// # Errors
    /// Never for the shipped files, which a test reads.
    pub(crate) fn rows(self) -> serde_json::Result<Vec<Row>> {
        let clients: Vec<Client> = serde_json::from_str(self.client)?;
        let types: Vec<Type> = serde_json::from_str(TYPES)?;
        let organizations: Vec<Organization> = serde_json::from_str(self.organizations)?;
        let nodes: Vec<Node> = serde_json::from_str(self.nodes)?;
        let flags: HashMap<&str, OrgFlags> = organizations
            .iter()
            .map(|org| {
                let kind = types.iter().find(|kind| kind.ad_orgtype_id == org.ad_orgtype_id);
                let of_kind = |flag: fn(&Type) -> &String| kind.is_some_and(|kind| flag(kind) == "Y");
                let mut flags = OrgFlags::empty();
                flags.set(OrgFlags::ACTIVE, org.isactive == "Y");
                flags.set(OrgFlags::READY, org.isready == "Y");
                flags.set(OrgFlags::PERIOD_CONTROL, org.isperiodcontrolallowed == "Y");
                flags.set(OrgFlags::LEGAL_ENTITY, of_kind(|kind| &kind.islegalentity));
                flags.set(OrgFlags::BUSINESS_UNIT, of_kind(|kind| &kind.isbusinessunit));
                flags.set(OrgFlags::TRANSACTIONS_ALLOWED, of_kind(|kind| &kind.istransactionsallowed));
                (org.ad_org_id.as_str(), flags)
            })
            .collect();
        let is_of_tree = |node: &&Node| clients.iter().any(|client| client.ad_tree_org_id == node.ad_tree_id);
        let row = |node: &Node| Row {
            id: node.node_id.clone(),
            parent: node.parent_id.clone(),
            // The row of `0` belongs to another client.
            flags: flags.get(node.node_id.as_str()).copied().unwrap_or(OrgFlags::ACTIVE | OrgFlags::READY),
        };
        Ok(nodes.iter().filter(is_of_tree).map(row).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trees::build;

    #[test]
    fn the_shipped_rows_are_trees() {
        for (sample, organizations, legal_entities) in [(FB, 7, 2), (QA, 3, 2)] {
            let tree = build(&sample.rows().unwrap()).unwrap();
            assert_eq!((tree.len(), tree.roots().count()), (organizations + 1, 1));
            let found = tree.with_flags(OrgFlags::LEGAL_ENTITY, tree.all()).len();
            assert_eq!(found, legal_entities, "legal entities of {organizations}");
        }
    }
}
