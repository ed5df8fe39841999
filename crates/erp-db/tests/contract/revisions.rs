//! Revisions: each change of a tree changes its revision, and counters that may have missed changes are not
//! trusted.

use erp_db::revisions::{self, RevisionsError};
use erp_db::{Database, ErpReader, ErpSource};
use session::{ClientId, OrgSource, Revision};

use crate::support::{FB, QA, TestDatabase, on_both_databases};

on_both_databases! {
    an_untouched_database_has_no_revisions,
    restored_rows_have_their_old_revision,
    every_change_of_a_tree_moves_its_revision,
    other_changes_are_not_counted,
    a_rolled_back_change_is_not_counted,
    concurrent_changes_are_all_counted,
    counters_follow_the_clock,
    triggers_of_an_earlier_version_are_not_trusted,
    dropped_triggers_are_detected,
    removing_removes_everything,
    reinstalling_changes_the_revision,
    the_erps_own_tables_are_not_changed,
    views_cannot_be_watched,
    upserts_count_for_both_clients,
}

fn client(id: &str) -> ClientId {
    ClientId::new(id).unwrap()
}

/// The revision by counters, if they are kept.
async fn revision(source: &ErpSource, id: &str) -> Option<Revision> {
    let revision = source.revision(&client(id)).await.unwrap();
    assert!(revision.is_some(), "the rows have a digest in any case");
    let are_kept = revisions::are_kept(source.reader().database()).await.unwrap();
    revision.filter(|_| are_kept)
}

/// Does a load return the same revision as a separate read?
async fn is_loaded_with_its_revision(source: &ErpSource) -> bool {
    let read = source.revision(&client(FB)).await.unwrap();
    source.load_tree(&client(FB)).await.unwrap().revision == read
}

/// The sample, with revisions installed.
async fn watched(db: &TestDatabase) -> ErpSource {
    let source = ErpSource::new(db.with_sample().await);
    revisions::install(source.reader().database()).await.unwrap();
    source
}

async fn an_untouched_database_has_no_revisions(db: TestDatabase) {
    let source = ErpSource::new(db.with_sample().await);
    assert_eq!(revision(&source, FB).await, None);
    assert!(!revisions::are_kept(source.reader().database()).await.unwrap());
    let nobody = source.load_tree(&client("nobody")).await.unwrap();
    assert_eq!((nobody.structure.len(), nobody.revision), (0, None));
    assert_eq!(source.revision(&client("nobody")).await.unwrap(), None);
}

/// Without counters the revision is a digest of the rows.
async fn restored_rows_have_their_old_revision(db: TestDatabase) {
    let source = ErpSource::new(db.with_sample().await);
    let read = async |id| source.revision(&client(id)).await.unwrap().unwrap();
    let (fb, qa) = (read(FB).await, read(QA).await);
    assert_ne!(fb, qa);
    let org = "E443A31992CB4635AFCAEABE7183CE85";
    let mut seen = vec![fb];
    for set in [
        "isactive = 'N'",
        "isactive = 'Y'",
        // Empty is not the same as null.
        "c_calendar_id = ''",
        "c_calendar_id = 'a\",\"b'",
        "c_calendar_id = 'é\u{1}\\'",
        "c_calendar_id = NULL",
    ] {
        db.execute(&format!("UPDATE ad_org SET {set} WHERE ad_org_id = '{org}'")).await;
        let now = read(FB).await;
        assert_ne!(Some(&now), seen.last(), "{set}");
        assert!(is_loaded_with_its_revision(&source).await, "{set}");
        seen.push(now);
    }
    assert_eq!((seen[2], seen[6], read(QA).await), (fb, fb, qa));
    let different: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!(different.len(), 5);
    db.execute("UPDATE ad_org SET name = 'not part of a tree'").await;
    assert_eq!(read(FB).await, fb);
}

/// The clients whose revisions a statement changes.
enum Moves {
    Fb,
    Both,
}

async fn every_change_of_a_tree_moves_its_revision(db: TestDatabase) {
    let source = watched(&db).await;
    let mut before = (revision(&source, FB).await.unwrap(), revision(&source, QA).await.unwrap());
    assert_eq!(source.load_tree(&client(FB)).await.unwrap().revision, Some(before.0));
    let org = "E443A31992CB4635AFCAEABE7183CE85";
    let tree =
        &db.texts(&format!("SELECT ad_tree_org_id FROM ad_clientinfo WHERE ad_client_id = '{FB}'")).await[0];
    let statements = [
        (format!("UPDATE ad_org SET isactive = 'N' WHERE ad_org_id = '{org}'"), Moves::Fb),
        (format!("UPDATE ad_org SET isready = 'N' WHERE ad_client_id = '{FB}'"), Moves::Fb),
        (
            format!(
                "UPDATE ad_treenode SET parent_id = '0' WHERE ad_tree_id = '{tree}' AND node_id = '{org}'"
            ),
            Moves::Fb,
        ),
        (format!("DELETE FROM ad_treenode WHERE ad_tree_id = '{tree}' AND node_id = '{org}'"), Moves::Fb),
        (
            format!(
                "INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id, parent_id) VALUES ('N', '{tree}', '{org}', '0')"
            ),
            Moves::Fb,
        ),
        (format!("DELETE FROM ad_org WHERE ad_org_id = '{org}'"), Moves::Fb),
        (
            format!(
                "INSERT INTO ad_org (ad_org_id, ad_client_id, value, name, ad_orgtype_id) \
                 VALUES ('{org}', '{FB}', 'a', 'a', '2')"
            ),
            Moves::Fb,
        ),
        // Organization 0 is in every tree, and a type may be in any.
        ("UPDATE ad_org SET isready = 'N' WHERE ad_org_id = '0'".to_owned(), Moves::Both),
        ("UPDATE ad_orgtype SET islegalentity = 'N' WHERE ad_orgtype_id = '1'".to_owned(), Moves::Both),
        (
            "INSERT INTO ad_orgtype (ad_orgtype_id, ad_client_id, name) VALUES ('B', '0', 'Unit')".to_owned(),
            Moves::Both,
        ),
        ("DELETE FROM ad_orgtype WHERE ad_orgtype_id = 'B'".to_owned(), Moves::Both),
        (format!("UPDATE ad_clientinfo SET ad_tree_org_id = NULL WHERE ad_client_id = '{FB}'"), Moves::Fb),
        (format!("DELETE FROM ad_clientinfo WHERE ad_client_id = '{FB}'"), Moves::Fb),
        (
            format!("INSERT INTO ad_clientinfo (ad_client_id, ad_tree_org_id) VALUES ('{FB}', '{tree}')"),
            Moves::Fb,
        ),
        (
            format!(
                "INSERT INTO ad_tree (ad_tree_id, ad_client_id, name, ad_table_id) VALUES ('1', '{FB}', 'n', '155')"
            ),
            Moves::Fb,
        ),
        ("UPDATE ad_tree SET ad_table_id = '208' WHERE ad_tree_id = '1'".to_owned(), Moves::Fb),
        ("UPDATE ad_tree SET ad_table_id = '155' WHERE ad_tree_id = '1'".to_owned(), Moves::Fb),
        ("DELETE FROM ad_tree WHERE ad_tree_id = '1'".to_owned(), Moves::Fb),
        (
            // From one client to the other.
            format!("UPDATE ad_tree SET ad_client_id = '{QA}' WHERE ad_tree_id = '{tree}'"),
            Moves::Both,
        ),
    ];
    for (statement, moves) in statements {
        db.execute(&statement).await;
        let after = (revision(&source, FB).await.unwrap(), revision(&source, QA).await.unwrap());
        assert_ne!(after.0, before.0, "{statement}");
        assert_eq!(after.1 != before.1, matches!(moves, Moves::Both), "{statement}");
        before = after;
    }
}

async fn other_changes_are_not_counted(db: TestDatabase) {
    let source = watched(&db).await;
    let before = revision(&source, FB).await;
    let product_tree = &db
        .texts(&format!(
            "SELECT ad_tree_id FROM ad_tree WHERE ad_client_id = '{FB}' AND ad_table_id <> '155' ORDER BY 1"
        ))
        .await[0];
    for statement in [
        format!("UPDATE ad_treenode SET seqno = 5 WHERE ad_tree_id = '{product_tree}'"),
        format!("UPDATE ad_tree SET name = 'x' WHERE ad_tree_id = '{product_tree}'"),
        "UPDATE ad_org SET isactive = 'N' WHERE 1 = 0".to_owned(),
        "UPDATE ad_role SET isactive = 'N'".to_owned(),
        "UPDATE ad_user SET isactive = 'N'".to_owned(),
    ] {
        db.execute(&statement).await;
        assert_eq!(revision(&source, FB).await, before, "{statement}");
    }
}

async fn a_rolled_back_change_is_not_counted(db: TestDatabase) {
    let source = watched(&db).await;
    let before = revision(&source, FB).await;
    db.execute("BEGIN; UPDATE ad_org SET isactive = 'N'; UPDATE ad_orgtype SET isactive = 'N'; ROLLBACK")
        .await;
    assert_eq!(revision(&source, FB).await, before);
}

async fn concurrent_changes_are_all_counted(db: TestDatabase) {
    let source = watched(&db).await;
    let table = if db.is_postgres() { "orgcache.orgcache_revision" } else { "orgcache_revision" };
    let count = format!("SELECT CAST(revision AS varchar(20)) FROM {table} WHERE client_id = '{FB}'");
    // A counter far ahead of the clock is incremented.
    let ahead = 1_i64 << 60;
    db.execute(&format!("INSERT INTO {table} (client_id, revision) VALUES ('{FB}', {ahead})")).await;
    let tree =
        &db.texts(&format!("SELECT ad_tree_org_id FROM ad_clientinfo WHERE ad_client_id = '{FB}'")).await[0];
    let changes = (0..20).map(|number| {
        let (db, tree) = (&db, tree.clone());
        async move {
            db.execute(&format!(
                "INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id) VALUES ('N{number}', '{tree}', 'N{number}')"
            ))
            .await;
        }
    });
    futures_util::future::join_all(changes).await;
    assert_eq!(db.texts(&count).await, [(ahead + 20).to_string()]);
    assert!(revision(&source, FB).await.is_some());
}

/// A counter follows the clock: after a restore, changes do not repeat earlier numbers.
async fn counters_follow_the_clock(db: TestDatabase) {
    let source = watched(&db).await;
    let table = if db.is_postgres() { "orgcache.orgcache_revision" } else { "orgcache_revision" };
    let count = format!("SELECT CAST(revision AS varchar(20)) FROM {table} WHERE client_id = '{FB}'");
    let now = || i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap();
    // SQLite's clock has milliseconds.
    let (mut before, tick) = (now() - 1_000, 1_000);
    for _ in 0..3 {
        db.execute("UPDATE ad_org SET isactive = 'N'").await;
        let counted: i64 = db.texts(&count).await[0].parse().unwrap();
        assert!(counted > before && counted <= now() + tick, "{counted}");
        before = counted;
    }
    assert!(revision(&source, FB).await.is_some());
}

/// Counters of an earlier version, which only increment.
async fn triggers_of_an_earlier_version_are_not_trusted(db: TestDatabase) {
    let source = watched(&db).await;
    let database = source.reader().database();
    assert!(!revisions::are_outdated(database).await.unwrap());
    if db.is_postgres() {
        db.execute(
            "ALTER TABLE orgcache.orgcache_revision DROP COLUMN mark; \
             CREATE OR REPLACE FUNCTION orgcache.orgcache_revision_ad_org_update() RETURNS trigger LANGUAGE plpgsql \
             SECURITY DEFINER AS $$ BEGIN \
               UPDATE orgcache.orgcache_revision SET revision = revision + 1; RETURN NULL; END $$",
        )
        .await;
    } else {
        db.execute(
            "DROP TRIGGER orgcache_revision_ad_org_update; \
             CREATE TRIGGER orgcache_revision_ad_org_update AFTER UPDATE ON ad_org BEGIN \
               UPDATE orgcache_revision SET revision = revision + 1; END; \
             ALTER TABLE orgcache_revision RENAME TO r; \
             CREATE TABLE orgcache_revision (client_id TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL); \
             INSERT INTO orgcache_revision SELECT client_id, revision FROM r; DROP TABLE r",
        )
        .await;
    }
    assert_eq!(revision(&source, FB).await, None);
    assert!(is_loaded_with_its_revision(&source).await);
    assert!(revisions::are_outdated(database).await.unwrap());
    revisions::install(database).await.unwrap();
    assert!(!revisions::are_outdated(database).await.unwrap());
    let before = revision(&source, FB).await;
    assert!(before.is_some());
    db.execute("UPDATE ad_org SET isactive = 'N'").await;
    let after = revision(&source, FB).await;
    assert!(after.is_some() && after != before);
    revisions::remove(database).await.unwrap();
    assert!(!revisions::are_outdated(database).await.unwrap());
}

async fn dropped_triggers_are_detected(db: TestDatabase) {
    let source = watched(&db).await;
    let before = revision(&source, FB).await;
    assert!(before.is_some());
    let on = if db.is_postgres() { " ON ad_org" } else { "" };
    db.execute(&format!("DROP TRIGGER orgcache_revision_ad_org_update{on}")).await;
    assert_eq!(revision(&source, FB).await, None);
    assert!(is_loaded_with_its_revision(&source).await);
    revisions::install(source.reader().database()).await.unwrap();
    let after = revision(&source, FB).await;
    assert!(after.is_some() && after != before);
}

async fn removing_removes_everything(db: TestDatabase) {
    let source = watched(&db).await;
    let database = source.reader().database();
    for _ in 0..2 {
        revisions::remove(database).await.unwrap();
        assert_eq!(revision(&source, FB).await, None);
        assert!(!revisions::are_kept(database).await.unwrap());
    }
    let left = if db.is_postgres() {
        "SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal UNION ALL \
         SELECT proname::text FROM pg_proc WHERE proname LIKE 'orgcache%'"
    } else {
        "SELECT name FROM sqlite_master WHERE name LIKE 'orgcache%'"
    };
    assert!(db.texts(left).await.is_empty());
    db.execute("UPDATE ad_org SET isactive = 'N'").await;
}

async fn reinstalling_changes_the_revision(db: TestDatabase) {
    let source = watched(&db).await;
    let database = source.reader().database();
    let mut seen = vec![revision(&source, FB).await.unwrap()];
    for remove_first in [false, true, false] {
        if remove_first {
            revisions::remove(database).await.unwrap();
            // This change is not counted.
            db.execute("UPDATE ad_org SET isactive = 'N'").await;
        }
        revisions::install(database).await.unwrap();
        let revision = revision(&source, FB).await.unwrap();
        assert!(!seen.contains(&revision));
        seen.push(revision);
    }
}

async fn the_erps_own_tables_are_not_changed(db: TestDatabase) {
    db.with_sample().await.database().close().await;
    let columns = if db.is_postgres() {
        "SELECT table_name || '.' || column_name || ' ' || data_type || coalesce(column_default, '') \
         FROM information_schema.columns WHERE table_name LIKE 'ad@_%' ESCAPE '@' ORDER BY 1"
    } else {
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name LIKE 'ad@_%' ESCAPE '@' ORDER BY name"
    };
    let before = db.texts(columns).await;
    assert!(before.len() >= 11);
    let store = db.store().await;
    let database = db.connect().await;
    revisions::install(&database).await.unwrap();
    assert_eq!(db.texts(columns).await, before);
    revisions::remove(&database).await.unwrap();
    store.close().await;
    assert_eq!(db.texts(columns).await, before);
}

async fn views_cannot_be_watched(db: TestDatabase) {
    let database = db.with_sample().await.database().clone();
    db.execute("ALTER TABLE ad_org RENAME TO real_org; CREATE VIEW ad_org AS SELECT * FROM real_org").await;
    let error = revisions::install(&database).await.unwrap_err();
    assert!(matches!(error, RevisionsError::NotATable { table: "ad_org", .. }), "{error}");
    assert!(!error.is_transient());
    assert!(!revisions::are_kept(&database).await.unwrap());
}

/// A node moves from one client's tree to another's, by any upsert statement of the database.
async fn upserts_count_for_both_clients(db: TestDatabase) {
    let source = watched(&db).await;
    let tree = |id| format!("SELECT ad_tree_org_id FROM ad_clientinfo WHERE ad_client_id = '{id}'");
    let (fb, qa) = (&db.texts(&tree(FB)).await[0], &db.texts(&tree(QA)).await[0]);
    db.execute(&format!(
        "INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id) VALUES ('N', '{fb}', 'N')"
    ))
    .await;
    let before = (revision(&source, FB).await, revision(&source, QA).await);
    let node = format!("INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id) VALUES ('N', '{qa}', 'N')");
    if db.is_postgres() {
        db.execute(&format!(
            "INSERT {node} ON CONFLICT (ad_treenode_id) DO UPDATE SET ad_tree_id = EXCLUDED.ad_tree_id"
        ))
        .await;
    } else {
        db.execute(&format!("INSERT OR REPLACE {node}")).await;
    }
    assert_ne!(revision(&source, FB).await, before.0);
    assert_ne!(revision(&source, QA).await, before.1);
}

#[tokio::test]
async fn disabled_triggers_and_missed_changes_are_detected() {
    let db = TestDatabase::postgres().await;
    let source = watched(&db).await;
    let before = revision(&source, FB).await;
    db.execute("ALTER TABLE ad_org DISABLE TRIGGER ALL").await;
    assert_eq!(revision(&source, FB).await, None);
    // This change is not counted.
    db.execute("UPDATE ad_org SET isactive = 'N'").await;
    db.execute("ALTER TABLE ad_org ENABLE TRIGGER ALL").await;
    assert_eq!(revision(&source, FB).await, None, "enabled, but not where rows are replicated");
    for name in ["insert", "update", "delete", "truncate"] {
        db.execute(&format!("ALTER TABLE ad_org ENABLE ALWAYS TRIGGER orgcache_revision_ad_org_{name}"))
            .await;
    }
    let after = revision(&source, FB).await;
    assert!(after.is_some() && after != before);
}

#[tokio::test]
async fn changes_as_a_replica_and_truncations_are_counted() {
    let db = TestDatabase::postgres().await;
    let source = watched(&db).await;
    let mut before = revision(&source, FB).await;
    for change in [
        "SET session_replication_role = replica; UPDATE ad_org SET isactive = 'N'",
        "TRUNCATE ad_orgtype",
        "TRUNCATE ad_treenode",
    ] {
        db.execute(change).await;
        let after = revision(&source, FB).await;
        assert!(after.is_some() && after != before, "{change}");
        before = after;
    }
}

#[tokio::test]
async fn tables_with_a_subscription_are_not_trusted() {
    let db = TestDatabase::postgres().await;
    let source = watched(&db).await;
    assert!(revision(&source, FB).await.is_some());
    // As a subscription would insert it.
    db.execute(
        "INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate) VALUES (1, 'ad_org'::regclass, 'r')",
    )
    .await;
    assert_eq!(revision(&source, FB).await, None);
    db.execute("DELETE FROM pg_subscription_rel").await;
    assert!(revision(&source, FB).await.is_some());
}

/// The ERP's user has no privilege on the counters, and the reader may not write them.
#[tokio::test]
async fn neither_the_erp_nor_the_reader_needs_privileges_on_the_counters() {
    let db = TestDatabase::postgres().await;
    watched(&db).await;
    let url = db.reader_url().await;
    let source = ErpSource::new(ErpReader::open(Database::connect(&url).await.unwrap()).await.unwrap());
    let before = revision(&source, FB).await;
    assert!(before.is_some());
    let reader =
        db.texts("SELECT rolname::text FROM pg_roles WHERE rolname LIKE current_database() || '%'").await;
    db.execute(&format!("GRANT UPDATE ON ad_org TO {}", reader[0])).await;
    crate::support::execute(&url, "UPDATE ad_org SET isactive = 'N'").await;
    assert_ne!(revision(&source, FB).await, before);
    db.execute("REVOKE ALL ON orgcache.orgcache_revision FROM PUBLIC").await;
    assert_eq!(revision(&source, FB).await, None, "what cannot be read decides nothing");
}
