//! `Erp`: where the answers come from. Each client's tree is loaded once.

use std::collections::HashMap;
use std::sync::Arc;

use erp_db::ErpReader;
use org_structure::OrgStructure;
use org_structure::openbravo::OrganizationStructureProvider;

use super::problem::Problem;

pub(crate) struct Erp {
    reader: ErpReader,
    trees: HashMap<String, Tree>,
}

/// A client and its tree.
#[derive(Clone)]
pub(crate) struct Tree {
    pub(crate) client: Arc<str>,
    pub(crate) structure: Arc<OrgStructure>,
}

impl Tree {
    pub(crate) fn provider(&self) -> OrganizationStructureProvider<'_> {
        OrganizationStructureProvider::new(&self.client, &self.structure)
    }
}

impl Erp {
    pub(crate) fn new(reader: ErpReader) -> Self {
        Erp { reader, trees: HashMap::new() }
    }

    pub(crate) fn reader(&self) -> &ErpReader {
        &self.reader
    }

    /// The tree of a client.
    pub(crate) async fn tree(&mut self, client: &str) -> Result<Tree, Problem> {
        if let Some(tree) = self.trees.get(client) {
            return Ok(tree.clone());
        }
        let loaded = self.reader.load_tree(client).await?;
        let tree = Tree { client: client.into(), structure: Arc::new(loaded.structure) };
        self.trees.insert(client.to_owned(), tree.clone());
        Ok(tree)
    }

    /// The tree of a client that may be unknown or null.
    pub(crate) async fn tree_of_any(&mut self, client: Option<&str>) -> Result<Option<Tree>, Problem> {
        let Some(client) = client else { return Ok(None) };
        if !self.trees.contains_key(client) && !self.reader.client_exists(client).await? {
            return Ok(None);
        }
        self.tree(client).await.map(Some)
    }
}
