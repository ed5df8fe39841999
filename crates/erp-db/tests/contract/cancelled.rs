//! Calls that are dropped at any moment, and full disks: the next call finds a consistent database.

use std::fs::{self, File};
use std::future::{Future, poll_fn};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use erp_db::{
    ConnectionLimits, Database, ErpReader, ErpSource, PasswordTable, StoreOptions, revisions, store,
};
use session::{
    Facts, MemoryStore, Options, OrgSource, Principal, Scope, SessionManager, SessionStore, SystemClock,
    UserId,
};

use crate::sessions::Pinned;
use crate::support::{TestDatabase, client_with, id, on_both_databases};

on_both_databases! {
    dropped_logins_leave_no_old_snapshot,
    dropped_writes_leave_no_transaction,
}

const ROWS: &str = "\
    INSERT INTO ad_user (ad_user_id, ad_client_id, username, islocked, default_ad_role_id, default_ad_org_id) \
      VALUES ('U', 'C', 'u', 'N', 'R', 'B'), ('V', 'C', 'v', 'N', 'R', 'B'); \
    INSERT INTO ad_role (ad_role_id, ad_client_id, name, userlevel, ismanual) VALUES ('R', 'C', 'r', '  O', 'Y'); \
    INSERT INTO ad_user_roles (ad_user_roles_id, ad_user_id, ad_role_id, ad_client_id, isactive) \
      VALUES ('1', 'U', 'R', 'C', 'Y'), ('2', 'V', 'R', 'C', 'Y'); \
    INSERT INTO ad_role_orgaccess (ad_role_orgaccess_id, ad_role_id, ad_org_id, ad_client_id, isactive) \
      VALUES ('1', 'R', 'B', 'C', 'Y'); ";

fn user(id: &str) -> Principal {
    Principal::new(UserId::new(id).unwrap())
}

/// Polls a call until it has been pending a number of times, then drops it. Returns whether it completed
/// before.
async fn dropped_after<T>(waits: u32, call: impl Future<Output = T>) -> bool {
    let mut call = std::pin::pin!(call);
    let mut waited = 0;
    poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => {
            waited += 1;
            if waited > waits { Poll::Ready(false) } else { Poll::Pending }
        }
    })
    .await
}

async fn dropped_logins_leave_no_old_snapshot(db: TestDatabase) {
    let nodes = [("0", None), ("A", Some("0")), ("B", Some("0"))];
    db.with_rows(&(client_with(&nodes) + ROWS)).await.database().close().await;
    let limits = ConnectionLimits { connections: 4, ..ConnectionLimits::default() };
    let database = Database::connect_with(&db.url, limits).await.unwrap();
    revisions::install(&database).await.unwrap();
    let source = Arc::new(ErpSource::new(ErpReader::open(database).await.unwrap()));
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock::default())));
    let manager = SessionManager::new(Arc::clone(&source) as Arc<dyn OrgSource>, store, Options::default());
    for round in 0..6 {
        let calls = (0..80_u32).map(|call| {
            let manager = &manager;
            async move { dropped_after(call % 12, manager.login(user("V"))).await }
        });
        let done = futures_util::future::join_all(calls).await;
        assert!(done.iter().any(|done| !done), "none was dropped");
        let (active, parent) = if round % 2 == 0 { ("N", "A") } else { ("Y", "0") };
        db.execute(&format!(
            "UPDATE ad_user SET isactive = '{active}' WHERE ad_user_id = 'U'; \
             UPDATE ad_treenode SET parent_id = '{parent}' WHERE node_id = 'B'"
        ))
        .await;
        // More at a time than there are connections, so that every connection is used.
        let principal = user("U");
        let seen = futures_util::future::join_all((0..12).map(|_| source.facts(&principal))).await;
        for facts in seen {
            let Facts::Openbravo(facts) = facts.unwrap() else { panic!("other facts") };
            assert_eq!(facts.user.unwrap().active, active == "Y", "round {round}");
        }
        for login in futures_util::future::join_all((0..12).map(|_| manager.login(user("V")))).await {
            let login = login.unwrap();
            let tree = login.session.tree();
            assert_eq!(tree.parent(tree.index_of("B").unwrap()), tree.index_of(parent), "round {round}");
        }
        assert_eq!(manager.login(user("U")).await.is_ok(), active == "Y", "round {round}");
    }
}

async fn dropped_writes_leave_no_transaction(db: TestDatabase) {
    let store = db.store().await;
    let limits = ConnectionLimits { connections: 3, ..ConnectionLimits::default() };
    let database = Database::connect_with(&db.url, limits).await.unwrap();
    let table = PasswordTable::open(database).await.unwrap();
    for round in 0..20 {
        for steps in 0..10_u32 {
            dropped_after(steps, table.set(id("U"), Some(&format!("dropped {round}")))).await;
        }
        let hash = format!("kept {round}");
        table.set(id("U"), Some(&hash)).await.unwrap();
        let seen = futures_util::future::join_all((0..9).map(|_| table.get(id("U")))).await;
        for seen in seen {
            assert_eq!(seen.unwrap(), Some(hash.clone()));
        }
    }
    // No lock is left either.
    db.execute(if db.is_postgres() {
        "SET lock_timeout = '5s'; LOCK TABLE orgcache.orgcache_password IN ACCESS EXCLUSIVE MODE NOWAIT"
    } else {
        "BEGIN IMMEDIATE; COMMIT"
    })
    .await;
    store.close().await;
}

/// Connections that were given up during a lock do not pile up on the server.
#[tokio::test]
async fn requests_dropped_during_a_lock_stay_within_the_pools_limit() {
    use sqlx::Connection;

    let db = TestDatabase::postgres().await;
    let nodes = [("0", None), ("B", Some("0"))];
    db.with_rows(&(client_with(&nodes) + ROWS)).await.database().close().await;
    let limits = ConnectionLimits { connections: 4, ..ConnectionLimits::default() };
    let database = Database::connect_with(&db.url, limits).await.unwrap();
    let source = ErpSource::new(ErpReader::open(database).await.unwrap());
    let mut upgrade = sqlx::PgConnection::connect(&db.url).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE ad_user IN ACCESS EXCLUSIVE MODE").execute(&mut upgrade).await.unwrap();
    for _ in 0..40 {
        let call = tokio::time::timeout(Duration::from_millis(20), source.facts(&user("U"))).await;
        assert!(call.is_err(), "the table is locked");
    }
    let waiting = "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() \
         AND wait_event_type = 'Lock'";
    let waiting: u32 = db.texts(waiting).await[0].parse().unwrap();
    assert!((1..=4).contains(&waiting), "{waiting} wait");
    sqlx::raw_sql("ROLLBACK").execute(&mut upgrade).await.unwrap();
    upgrade.close().await.unwrap();
    assert!(matches!(source.facts(&user("U")).await.unwrap(), Facts::Openbravo(_)));
}

/// This test runs itself again in a mount namespace in which it may mount a small disk.
#[tokio::test]
async fn writes_resume_after_a_full_disk() {
    const DISK: &str = "ORGCACHE_TEST_SMALL_DISK";
    if let Some(disk) = std::env::var_os(DISK) {
        return fill_up_and_free(Path::new(&disk)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "cancelled::writes_resume_after_a_full_disk", "--nocapture"])
        .env(DISK, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
}

fn pinned(number: u64) -> Pinned {
    Pinned::new(u32::try_from(number % 7 + 1).unwrap())
}

async fn fill_up_and_free(disk: &Path) {
    let mount = ["-t", "tmpfs", "-o", "size=2m", "tmpfs"];
    assert!(Command::new("mount").args(mount).arg(disk).status().unwrap().success());
    let options = StoreOptions::new(format!("sqlite:{}?mode=rwc", disk.join("sessions.db").display()));
    store::migrate(&options).await.unwrap();
    let store = store::open(&options).await.unwrap();
    let mut number = 0;
    let (mut live, mut ended, mut failed) = (Vec::new(), Vec::new(), 0);
    for round in 0..4 {
        let ballast = disk.join("ballast");
        let mut file = File::create(&ballast).unwrap();
        while file.write_all(&[1; 512]).is_ok() {}
        // Use trees that are not stored yet, so that a login takes several statements, and several calls per
        // transaction.
        for step in 0..12 {
            let calls = (0..6).map(|call| {
                let (store, number) = (&store, number + call);
                async move { pinned(number).try_create(store, number).await }
            });
            let outcomes = futures_util::future::join_all(calls).await;
            for (call, outcome) in (0..).zip(outcomes) {
                let record = pinned(number + call).record(number + call);
                match outcome {
                    Ok(_) => live.push(record.id),
                    Err(error) => {
                        assert!(error.is_transient(), "{error}");
                        failed += 1;
                    }
                }
            }
            number += 6;
            if step % 3 == 0
                && let Some(id) = live.pop()
            {
                match store.end(&Scope::Session(id), Duration::ZERO).await {
                    Ok(count) => {
                        assert_eq!(count, 1, "it was there");
                        ended.push(id);
                    }
                    Err(error) => {
                        assert!(error.is_transient(), "{error}");
                        live.push(id);
                    }
                }
            }
        }
        drop(file);
        fs::remove_file(&ballast).unwrap();
        for _ in 0..10 {
            let record = Pinned::new(1).create(&store, number).await;
            live.push(record.id);
            number += 1;
        }
        // A failed revocation may be repeated, and an acknowledged one holds.
        assert_eq!(store.missing(&live).await.unwrap(), [], "round {round}");
        let mut missing = store.missing(&ended).await.unwrap();
        missing.sort_unstable();
        ended.sort_unstable();
        assert_eq!(missing, ended, "round {round}");
    }
    assert!(failed > 0, "the disk was never full");
    store.close().await;
    let store = store::open(&options).await.unwrap();
    assert_eq!(store.missing(&live).await.unwrap(), []);
    assert_eq!(store.missing(&ended).await.unwrap().len(), ended.len());
    store.close().await;
}
