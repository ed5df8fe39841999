//! The tables that a tree is read from, and whose trees a change of a row concerns.

/// The name under which changes that concern all clients are counted. No client has it: ids are not empty.
pub(super) const ALL_CLIENTS: &str = "''";

/// Stands in every trigger of this version. Triggers of an earlier one only add one, so a number that they wrote can come
/// back after a rollback of the database: they are not trusted.
pub(super) const VERSION: &str = "orgcache revisions 2";

/// A table whose changes are counted.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) name: &'static str,
    /// The client whose tree a changed row `r` concerns, and the rest of the query for it. `{ad_tree}` and `{ad_treenode}`
    /// stand for those tables.
    client: &'static str,
    rest: &'static str,
}

pub(super) static WATCHED: [Watched; 5] = [
    Watched { name: "ad_clientinfo", client: "r.ad_client_id", rest: "" },
    // An organization may be in the trees of other clients as well; `0` is in all of them.
    Watched {
        name: "ad_org",
        client: "t.ad_client_id",
        rest: "JOIN {ad_treenode} n ON n.node_id = r.ad_org_id \
             JOIN {ad_tree} t ON t.ad_tree_id = n.ad_tree_id AND t.ad_table_id = '155'",
    },
    Watched { name: "ad_orgtype", client: ALL_CLIENTS, rest: "" },
    Watched { name: "ad_tree", client: "r.ad_client_id", rest: "WHERE r.ad_table_id = '155'" },
    Watched {
        name: "ad_treenode",
        client: "t.ad_client_id",
        rest: "JOIN {ad_tree} t ON t.ad_tree_id = r.ad_tree_id AND t.ad_table_id = '155'",
    },
];

impl Watched {
    /// The query for the clients that rows concern; `rows` is what comes after FROM, with `r` as its name.
    pub(super) fn clients(&self, rows: &str, table: impl Fn(&str) -> String) -> String {
        let rest =
            self.rest.replace("{ad_treenode}", &table("ad_treenode")).replace("{ad_tree}", &table("ad_tree"));
        format!("SELECT DISTINCT {} AS client FROM {rows} {rest}", self.client)
    }

    /// What the trigger for one kind of event is called.
    pub(super) fn trigger(&self, event: &str) -> String {
        format!("orgcache_revision_{}_{event}", self.name)
    }
}
