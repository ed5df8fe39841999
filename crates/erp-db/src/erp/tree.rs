//! Loading the organization tree of a client, by one statement.

use std::collections::BTreeSet;

use org_structure::{ClientId, OrgFlags, OrgRow, OrgStructure};
use sqlx::AssertSqlSafe;

use super::finding::{RowFinding, TreeFinding};
use super::rows::TreeRows;
use super::{ErpReader, ReadError};
use crate::backend::{Row, Select, StatementError, Value};
use crate::blocking;
use crate::text::abbreviate;

/// A client's organization tree in one snapshot of the database.
#[derive(Debug)]
#[non_exhaustive]
pub struct ErpTree {
    /// The client.
    pub client: ClientId,
    /// The tree that was read (`ad_tree_id`); `None` if the client has none.
    pub tree: Option<String>,
    /// The tree itself; empty if the client has none.
    pub structure: OrgStructure,
    /// The findings about the tree.
    pub findings: Vec<TreeFinding>,
}

/// All nodes of all organization trees of a client, with their organization and its type. No filter by
/// isactive. The outer joins return a row for a client without a tree, and for a node without an
/// organization, so that one statement, and one snapshot, answers everything.
macro_rules! tree_statement {
    ($time_zone:literal) => {
        Select {
            columns: &[
                "i.ad_tree_org_id",
                "t.ad_tree_id",
                "n.node_id",
                "n.parent_id",
                "o.ad_org_id",
                "o.ad_client_id",
                "o.isactive",
                "o.isready",
                "o.isperiodcontrolallowed",
                "o.c_calendar_id",
                "o.ad_orgtype_id",
                "y.ad_orgtype_id",
                "y.islegalentity",
                "y.isbusinessunit",
                "y.istransactionsallowed",
                "y.isacctlegalentity",
                $time_zone,
            ],
            from: "ad_client c \
                 LEFT JOIN ad_clientinfo i ON i.ad_client_id = c.ad_client_id \
                 LEFT JOIN ad_tree t ON t.ad_client_id = c.ad_client_id AND t.ad_table_id = '155' \
                 LEFT JOIN ad_treenode n ON n.ad_tree_id = t.ad_tree_id \
                 LEFT JOIN ad_org o ON o.ad_org_id = n.node_id \
                 LEFT JOIN ad_orgtype y ON y.ad_orgtype_id = o.ad_orgtype_id \
                 WHERE c.ad_client_id = $1",
        }
    };
}
static WITH_TIME_ZONES: Select = tree_statement!("o.timezone");
static WITHOUT_TIME_ZONES: Select = tree_statement!("NULL");

/// The statement for the rows of a client's trees; its parameter is the client.
pub(crate) fn tree_statement(has_time_zones: bool) -> &'static Select {
    if has_time_zones { &WITH_TIME_ZONES } else { &WITHOUT_TIME_ZONES }
}

/// The trees of a client without their nodes, to choose one.
const CANDIDATES: &str = "SELECT i.ad_tree_org_id, t.ad_tree_id FROM ad_client c \
     LEFT JOIN ad_clientinfo i ON i.ad_client_id = c.ad_client_id \
     LEFT JOIN ad_tree t ON t.ad_client_id = c.ad_client_id AND t.ad_table_id = '155' \
     WHERE c.ad_client_id = $1";

impl ErpReader {
    pub(super) fn require_tree(&self) -> Result<(), ReadError> {
        self.require_for(&WITHOUT_TIME_ZONES.one_by_one())
    }

    /// Loads the organization tree of a client, with exactly one statement.
    ///
    /// The tree is the one that `ad_clientinfo` names, if that is an organization tree (table 155) of the
    /// client; else the client's organization tree with the bytewise smallest id. A client without one has an
    /// empty tree. Inactive nodes, organizations and trees count like active ones.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(erp: erp_db::ErpReader) -> Result<(), Box<dyn std::error::Error>> {
    /// let loaded = erp.load_tree("23C59575B9CF467C9620760EB255B389".parse()?).await?;
    /// for finding in &loaded.findings {
    ///     println!("{finding}");
    /// }
    /// println!("{} organizations", loaded.structure.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Memory
    /// While loading, about 200 bytes per organization of each candidate tree; on SQLite also the text of all
    /// rows, twice, some 600 bytes per organization.
    ///
    /// # Errors
    /// [`ReadError::UnknownClient`]; [`ReadError::Tree`], with the ids at fault, if the rows do not form a
    /// tree; [`ReadError::Database`].
    pub async fn load_tree(&self, client: ClientId) -> Result<ErpTree, ReadError> {
        let packed = AssertSqlSafe((self.database.dialect().packed)(self.tree_statement()));
        let text = |row: Row<'_>| Ok::<_, StatementError>(row.text(0)?.map(str::to_owned));
        match self.database.first(packed, &[Value::Text(client.as_str())], text).await {
            Ok(packed) => self.tree_of_packed(client, &packed.flatten().unwrap_or_default()).await,
            Err(error) if error.is_transient() => Err(error.into()),
            // Read row by row if the rows cannot be packed or are too long for one value. An error then has
            // more detail.
            Err(_) => self.load_tree_row_by_row(client).await,
        }
    }

    /// The statement for the rows of a client's trees; its parameter is the client.
    pub(crate) fn tree_statement(&self) -> &'static Select {
        tree_statement(self.has_time_zones())
    }

    pub(crate) async fn load_tree_row_by_row(&self, client: ClientId) -> Result<ErpTree, ReadError> {
        let mut rows = RowsOfTrees::new(client);
        self.database
            .each(AssertSqlSafe(self.tree_statement().one_by_one()), &[Value::Text(client.as_str())], |row| {
                rows.add(row)
            })
            .await?;
        self.build(client, rows).await
    }

    /// The tree of packed rows.
    pub(crate) async fn tree_of_packed(&self, client: ClientId, packed: &str) -> Result<ErpTree, ReadError> {
        let mut rows = RowsOfTrees::new(client);
        self.database.unpack(packed, self.tree_statement(), |row| rows.add(row)).await?;
        self.build(client, rows).await
    }

    async fn build(&self, client: ClientId, rows: RowsOfTrees) -> Result<ErpTree, ReadError> {
        let (choice, rows) = rows.finish().ok_or_else(|| self.unknown_client(client))?;
        let mut findings = choice.findings();
        findings.extend(rows.findings.iter().cloned());
        // Building a large tree takes a while, and other tasks need this thread.
        let built = blocking::run(move || OrgStructure::build(rows.iter()))
            .await
            .ok_or_else(|| ReadError::ShuttingDown { client })?
            .map_err(|cause| ReadError::Tree { place: self.database.place().to_owned(), client, cause })?;
        let findings = findings.into_iter().map(TreeFinding::Rows);
        Ok(ErpTree {
            client,
            tree: choice.chosen().map(str::to_owned),
            structure: built.structure,
            findings: findings.chain(built.findings.into_iter().map(TreeFinding::Structure)).collect(),
        })
    }

    /// The id of a client's organization tree.
    pub(super) async fn tree_of(&self, client: ClientId) -> Result<Option<String>, ReadError> {
        let mut choice = TreeChoice::default();
        self.database
            .each(CANDIDATES, &[Value::Text(client.as_str())], |row| {
                choice.see(row.text(0)?, row.text(1)?);
                Ok::<(), ReadError>(())
            })
            .await?;
        if choice.any_row { Ok(choice.chosen().map(str::to_owned)) } else { Err(self.unknown_client(client)) }
    }
}

/// The rows of all trees of a client, in the order read.
struct RowsOfTrees {
    client: ClientId,
    choice: TreeChoice,
    named: TreeRows,
    smallest: TreeRows,
}

impl RowsOfTrees {
    fn new(client: ClientId) -> Self {
        let (choice, named, smallest) = (TreeChoice::default(), TreeRows::default(), TreeRows::default());
        RowsOfTrees { client, choice, named, smallest }
    }

    fn add(&mut self, row: Row<'_>) -> Result<(), ReadError> {
        match self.choice.see(row.text(0)?, row.text(1)?) {
            RowTree::Named => read_node(row, self.client, &mut self.named),
            RowTree::SmallestSoFar { first } => {
                if first {
                    self.smallest = TreeRows::default();
                }
                read_node(row, self.client, &mut self.smallest)
            }
            RowTree::Other => Ok(()),
        }
    }

    /// The rows of the chosen tree; `None` if the client does not exist.
    fn finish(self) -> Option<(TreeChoice, TreeRows)> {
        let RowsOfTrees { choice, named, smallest, .. } = self;
        let mut rows = if choice.named_is_usable() { named } else { smallest };
        rows.findings.sort_unstable();
        choice.any_row.then_some((choice, rows))
    }
}

/// Chooses one of a client's trees while rows of all of them arrive in any order.
#[derive(Default)]
struct TreeChoice {
    any_row: bool,
    named: Option<String>,
    candidates: BTreeSet<String>,
}

/// The tree of a row, compared with the trees so far.
enum RowTree {
    /// The tree that `ad_clientinfo` names.
    Named,
    /// The smallest id so far; `first` if rows of another tree were collected before.
    SmallestSoFar { first: bool },
    /// Another tree, or none.
    Other,
}

impl TreeChoice {
    fn see(&mut self, named: Option<&str>, tree: Option<&str>) -> RowTree {
        if !self.any_row {
            self.any_row = true;
            self.named = named.map(str::to_owned);
        }
        let Some(tree) = tree else { return RowTree::Other };
        let first = !self.candidates.contains(tree);
        if first {
            self.candidates.insert(tree.to_owned());
        }
        if self.named.as_deref() == Some(tree) {
            RowTree::Named
        } else if self.candidates.first().is_some_and(|smallest| smallest == tree) {
            RowTree::SmallestSoFar { first }
        } else {
            RowTree::Other
        }
    }

    fn named_is_usable(&self) -> bool {
        self.named.as_ref().is_some_and(|named| self.candidates.contains(named))
    }

    fn chosen(&self) -> Option<&str> {
        let named = self.named.as_deref().filter(|_| self.named_is_usable());
        named.or(self.candidates.first().map(String::as_str))
    }

    fn findings(&self) -> Vec<RowFinding> {
        let mut findings = Vec::new();
        if let Some(named) = self.named.as_deref().filter(|_| !self.named_is_usable()) {
            findings.push(RowFinding::NamedTreeNotUsable { tree: abbreviate(named) });
        }
        if self.candidates.is_empty() {
            findings.push(RowFinding::NoTree);
        }
        let unused = self.candidates.iter().filter(|tree| Some(tree.as_str()) != self.chosen());
        findings.extend(unused.map(|tree| RowFinding::FurtherTree { tree: abbreviate(tree) }));
        findings
    }
}

/// Adds the node of a row, unless its organization or type is missing. Columns are in the order of the
/// statement above.
fn read_node(row: Row<'_>, client: ClientId, rows: &mut TreeRows) -> Result<(), ReadError> {
    let Some(node) = row.text(2)? else { return Ok(()) };
    if row.text(4)?.is_none() {
        rows.findings.push(RowFinding::NodeWithoutOrganization { node: abbreviate(node) });
        return Ok(());
    }
    if row.text(11)?.is_none() {
        let org_type = row.text(10)?.map(abbreviate);
        rows.findings.push(RowFinding::NodeWithoutType { node: abbreviate(node), org_type });
        return Ok(());
    }
    let owner = row.text(5)?;
    if owner != Some(client.as_str()) && owner != Some("0") {
        let org = abbreviate(node);
        rows.findings.push(RowFinding::OrganizationOfAnotherClient { org, client: owner.map(abbreviate) });
    }
    let mut flags = OrgFlags::empty();
    flags.set(OrgFlags::ACTIVE, row.flag(6)?);
    flags.set(OrgFlags::READY, row.flag(7)?);
    flags.set(OrgFlags::PERIOD_CONTROL, row.flag(8)?);
    flags.set(OrgFlags::LEGAL_ENTITY, row.flag(12)?);
    flags.set(OrgFlags::BUSINESS_UNIT, row.flag(13)?);
    flags.set(OrgFlags::TRANSACTIONS_ALLOWED, row.flag(14)?);
    flags.set(OrgFlags::ACCOUNTING, row.flag(15)?);
    rows.push(OrgRow {
        id: node,
        parent: row.text(3)?,
        flags,
        calendar: row.text(9)?,
        time_zone: row.text(16)?,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(named: Option<&str>, trees: &[&str]) -> (Option<String>, Vec<String>) {
        let mut choice = TreeChoice::default();
        choice.see(named, None);
        for tree in trees {
            choice.see(named, Some(tree));
        }
        let findings = choice.findings().iter().map(ToString::to_string).collect();
        (choice.chosen().map(str::to_owned), findings)
    }

    #[test]
    fn the_named_tree_is_used_else_the_bytewise_smallest() {
        assert_eq!(choose(Some("b"), &["a", "b"]).0.as_deref(), Some("b"));
        assert_eq!(choose(None, &["a", "B", "c"]).0.as_deref(), Some("B"));
        assert_eq!(choose(Some("x"), &["b", "a"]).0.as_deref(), Some("a"));
        assert_eq!(choose(Some("x"), &[]).0, None);
        assert_eq!(choose(None, &[]).0, None);
    }

    #[test]
    fn unused_trees_are_reported() {
        assert!(choose(Some("a"), &["a", "a"]).1.is_empty());
        assert_eq!(choose(None, &["b", "a", "b"]).1.len(), 1);
        assert_eq!(choose(Some("x"), &["b", "a"]).1.len(), 2);
        assert_eq!(choose(Some("50"), &[]).1.len(), 2);
    }

    #[test]
    fn rows_of_a_tree_are_dropped_for_a_smaller_tree() {
        let mut choice = TreeChoice::default();
        assert!(matches!(choice.see(Some("x"), Some("c")), RowTree::SmallestSoFar { first: true }));
        assert!(matches!(choice.see(Some("x"), Some("c")), RowTree::SmallestSoFar { first: false }));
        assert!(matches!(choice.see(Some("x"), Some("b")), RowTree::SmallestSoFar { first: true }));
        assert!(matches!(choice.see(Some("x"), Some("c")), RowTree::Other));
        assert!(matches!(choice.see(Some("x"), Some("b")), RowTree::SmallestSoFar { first: false }));
        assert!(matches!(choice.see(Some("x"), Some("x")), RowTree::Named));
    }
}
