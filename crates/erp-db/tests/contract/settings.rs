//! Settings of a database or a role do not change an answer.

use std::sync::Arc;

use erp_db::{ErpReader, ErpSource, revisions};
use session::{Options, OrgSource, Principal, SessionManager};

use crate::support::{FB, TestDatabase, id};

/// Settings that an administrator may have made for all users.
const SETTINGS: [&str; 8] = [
    "bytea_output = 'escape'",
    "standard_conforming_strings = off",
    "\"DateStyle\" = 'German, DMY'",
    "\"TimeZone\" = 'Asia/Kathmandu'",
    "default_transaction_isolation = 'serializable'",
    "quote_all_identifiers = on",
    "search_path = public, pg_catalog",
    "idle_in_transaction_session_timeout = '20s'",
];

#[tokio::test]
async fn settings_of_the_database_change_no_answer() {
    let (usual, db) = (TestDatabase::postgres().await, TestDatabase::postgres().await);
    let expected = usual.with_sample().await;
    for setting in SETTINGS {
        db.execute(&format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {}', current_database()); END $$",
            setting.replace('\'', "\'\'")
        ))
        .await;
    }
    let erp = db.with_sample().await;
    db.execute("UPDATE ad_user SET isactive = 'Y'").await;
    assert_eq!(db.texts("SHOW bytea_output").await, ["escape"]);
    let (there, here) = (erp.load_tree(id(FB)).await.unwrap(), expected.load_tree(id(FB)).await.unwrap());
    assert_eq!(there.structure.fingerprint(), here.structure.fingerprint());
    assert_eq!(erp.directory(id(FB)).await.unwrap(), expected.directory(id(FB)).await.unwrap());
    assert_eq!(erp.user(id("100")).await.unwrap(), expected.user(id("100")).await.unwrap());
    // The digest of the same rows is the same.
    let revision = async |erp: &ErpReader| {
        let source = ErpSource::new(erp.clone());
        let loaded = source.load_tree(&id(FB)).await.unwrap().revision;
        assert_eq!(source.revision(&id(FB)).await.unwrap(), loaded);
        loaded
    };
    assert_eq!(revision(&erp).await, revision(&expected).await);
    revisions::install(erp.database()).await.unwrap();
    assert!(revisions::are_kept(erp.database()).await.unwrap());

    // Another node can read what one node stored.
    let node = async || {
        let source = Arc::new(ErpSource::new(erp.clone()));
        SessionManager::new(source, db.store().await, Options::default())
    };
    let (one, other) = (node().await, node().await);
    let login = one.login(Principal::new(id("100"))).await.unwrap();
    let found = other.session(&login.token).await.unwrap();
    assert_eq!(found.tree().fingerprint(), login.session.tree().fingerprint());
    assert_eq!(found.access().readable().len(), login.session.access().readable().len());
}
