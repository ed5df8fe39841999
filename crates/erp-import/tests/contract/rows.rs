//! `Rows`: a folder of files to import, and a check of refused imports.

use std::fs;
use std::path::Path;

use erp_import::{ImportError, import};
use tempfile::TempDir;

use crate::support::TestDatabase;

/// A folder with the rows of a small client, which a test can change.
pub(crate) struct Rows(TempDir);

impl Rows {
    pub(crate) fn new() -> Self {
        let rows = Rows(tempfile::tempdir().unwrap());
        rows.put(
            "ad_client",
            r#"[{"ad_client_id": "C", "value": "c", "name": "c", "isactive": "Y", "ad_org_id": null}]"#,
        );
        rows.put("ad_orgtype", r#"[{"ad_orgtype_id": "G", "ad_client_id": "C", "isactive": "Y", "name": "Generic", "islegalentity": "N", "isbusinessunit": "N", "istransactionsallowed": "Y", "isacctlegalentity": "N"}]"#);
        rows.put("ad_tree", r#"[{"ad_tree_id": "T", "ad_client_id": "C", "isactive": "Y", "name": "t", "treetype": "OO", "ad_table_id": "155"}]"#);
        rows.put("ad_clientinfo", r#"[{"ad_client_id": "C", "isactive": "Y", "ad_tree_org_id": "T"}]"#);
        rows.put("ad_org", &format!("[{}]", org("A")));
        rows.put("ad_treenode", &format!("[{}]", node("TA", "A", "null")));
        rows
    }

    pub(crate) fn put(&self, table: &str, json: &str) {
        fs::write(self.0.path().join(format!("{table}.json")), json).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

pub(crate) fn org(id: &str) -> String {
    format!(
        r#"{{"ad_org_id": "{id}", "ad_client_id": "C", "isactive": "Y", "value": "{id}", "name": "{id}", "issummary": "N", "ad_orgtype_id": "G", "isperiodcontrolallowed": "N", "isready": "Y"}}"#
    )
}

pub(crate) fn node(id: &str, node: &str, parent: &str) -> String {
    format!(
        r#"{{"ad_treenode_id": "{id}", "ad_tree_id": "T", "node_id": "{node}", "isactive": "Y", "parent_id": {parent}}}"#
    )
}

/// Imports rows that must be refused, with a message that names the blamed file and row.
pub(crate) async fn refused(db: &TestDatabase, rows: &Rows, blamed: &str) -> ImportError {
    let error = import(&db.connect().await, rows.path()).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains(blamed), "{message} should name {blamed}");
    assert!(message.len() < 600 && !error.is_transient(), "{message}");
    error
}
