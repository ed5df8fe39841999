//! `TreeFinding`: an oddity of a client's tree that did not prevent loading it.

use core::fmt;

/// An oddity of a client's organization tree that did not prevent loading it. Ids are cut after 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum TreeFinding {
    /// Found about the database's rows.
    Rows(RowFinding),
    /// Found in the tree built from the rows.
    Structure(org_structure::Finding),
}

/// An oddity of the rows of a client's tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(tag = "finding")]
#[non_exhaustive]
pub enum RowFinding {
    /// `ad_clientinfo` names a tree that is not an organization tree (table 155) of this client. It was not
    /// used.
    NamedTreeNotUsable {
        /// The tree that is named.
        tree: String,
    },
    /// The client has no organization tree, so its tree is empty.
    NoTree,
    /// The client has another organization tree, which was not used.
    FurtherTree {
        /// The tree that was not used.
        tree: String,
    },
    /// A node of the tree has no row in `ad_org`. It was left out.
    NodeWithoutOrganization {
        /// The node.
        node: String,
    },
    /// The type of an organization has no row in `ad_orgtype`. The organization was left out.
    NodeWithoutType {
        /// The node, which is the organization's id.
        node: String,
        /// The type that the organization names.
        org_type: Option<String>,
    },
    /// An organization of the tree belongs to another client, and not to `0`. It was kept.
    OrganizationOfAnotherClient {
        /// The organization.
        org: String,
        /// The client that it belongs to.
        client: Option<String>,
    },
}

impl fmt::Display for TreeFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TreeFinding::Rows(finding) => finding.fmt(f),
            TreeFinding::Structure(finding) => finding.fmt(f),
        }
    }
}

impl fmt::Display for RowFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RowFinding::NamedTreeNotUsable { tree } => {
                write!(
                    f,
                    "ad_clientinfo names tree `{tree}`, which is not an organization tree of this client"
                )
            }
            RowFinding::NoTree => f.write_str("the client has no organization tree"),
            RowFinding::FurtherTree { tree } => {
                write!(f, "tree `{tree}` is another organization tree of this client and is not used")
            }
            RowFinding::NodeWithoutOrganization { node } => {
                write!(f, "node `{node}` has no row in ad_org and is omitted")
            }
            RowFinding::NodeWithoutType { node, org_type: Some(org_type) } => {
                write!(f, "organization `{node}` is omitted: its type `{org_type}` has no row in ad_orgtype")
            }
            RowFinding::NodeWithoutType { node, org_type: None } => {
                write!(f, "organization `{node}` is omitted: it has no type")
            }
            RowFinding::OrganizationOfAnotherClient { org, client: Some(client) } => {
                write!(f, "organization `{org}` in the tree belongs to client `{client}`")
            }
            RowFinding::OrganizationOfAnotherClient { org, client: None } => {
                write!(f, "organization `{org}` in the tree belongs to no client")
            }
        }
    }
}
