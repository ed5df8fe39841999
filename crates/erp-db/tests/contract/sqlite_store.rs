//! Sessions in an SQLite file: one process at a time, and acknowledged writes are durable.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use erp_db::{StoreError, StoreOptions, store};
use session::SessionStore;

use crate::sessions::Pinned;
use crate::support::TestDatabase;

#[tokio::test]
async fn a_second_store_is_refused_until_the_first_is_closed() {
    let db = TestDatabase::sqlite();
    let store = db.store().await;
    let record = Pinned::new(1).create(&store, 1).await;
    let error = store::open(&StoreOptions::new(&db.url)).await.unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("an SQLite file serves one process"), "{error}");
    store.close().await;
    assert!(store.open(&record.id).await.unwrap_err().is_transient());
    assert!(Pinned::new(1).try_create(&store, 2).await.unwrap_err().is_transient());
    let again = db.store().await;
    assert_eq!(again.open(&record.id).await.unwrap().unwrap().record, *record);
    again.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn another_name_of_the_file_is_the_same_file() {
    let db = TestDatabase::sqlite();
    let store = db.store().await;
    let file = db.url.trim_start_matches("sqlite:").trim_end_matches("?mode=rwc");
    let link = format!("{file}-link");
    std::os::unix::fs::symlink(file, &link).unwrap();
    let error = store::open(&StoreOptions::new(format!("sqlite:{link}"))).await.unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    store.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn created_files_are_private() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let options = StoreOptions::new(format!("sqlite:{}?mode=rwc", folder.path().join("store.db").display()));
    store::migrate(&options).await.unwrap();
    let store = store::open(&options).await.unwrap();
    Pinned::new(1).create(&store, 1).await;
    let mut files = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        files += 1;
    }
    assert!(files >= 4, "the file, its log, its index and its lock: {files}");
    store.close().await;
}

#[tokio::test]
async fn a_read_only_file_cannot_store_sessions() {
    let db = TestDatabase::sqlite();
    db.store().await.close().await;
    let file = db.url.trim_end_matches("?mode=rwc");
    for parameters in
        ["mode=ro", "mode=ro&cache=private", "mode=rw&immutable=1", "mode=rwc&mode=ro", "immutable=true"]
    {
        let options = StoreOptions::new(format!("{file}?{parameters}"));
        let error = store::open(&options).await.unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{parameters}: {error}");
        let error = store::migrate(&options).await.unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{parameters}: {error}");
    }
    // Spellings that only the driver understands are refused too.
    for parameters in ["mode=%72o", "%6dode=ro", "mode=rw&mode=r%6f", "MODE=ro", "mode=RO", "mode=ro+"] {
        let options = StoreOptions::new(format!("{file}?{parameters}"));
        let error = store::migrate(&options).await.unwrap_err();
        assert!(matches!(error, StoreError::Connect(_)), "{parameters}: {error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_created_through_a_link_is_private() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("store.db"), folder.path().join("link.db"));
    symlink(&file, &link).unwrap();
    store::migrate(&StoreOptions::new(format!("sqlite:{}?mode=rwc", link.display()))).await.unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    // A name that SQLite treats as a URL could refer to another file than the created one.
    for name in ["file:", "fil%65:", "file://"] {
        let other = folder.path().join("other.db");
        let url = format!("sqlite:{name}{}?mode=rwc", other.display());
        let error = store::migrate(&StoreOptions::new(url)).await.unwrap_err();
        assert!(error.to_string().contains("without `file:`"), "{name}: {error}");
        assert!(!other.exists());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_with_hard_links_is_refused() {
    let db = TestDatabase::sqlite();
    db.store().await.close().await;
    let file = db.url.trim_start_matches("sqlite:").trim_end_matches("?mode=rwc");
    let link = format!("{file}-hard");
    std::fs::hard_link(file, &link).unwrap();
    for name in [file, &link] {
        let error = store::open(&StoreOptions::new(format!("sqlite:{name}"))).await.unwrap_err();
        assert!(matches!(error, StoreError::HardLinks { .. }), "{error}");
    }
    std::fs::remove_file(link).unwrap();
    db.store().await.close().await;
}

/// This test runs itself as another process, which stores a session, reports it, and waits to be killed.
#[tokio::test]
async fn a_second_process_is_refused_and_a_killed_one_loses_nothing() {
    const URL: &str = "ORGCACHE_TEST_STORE_OF_ANOTHER_PROCESS";
    let pinned = Pinned::new(1);
    if let Ok(url) = std::env::var(URL) {
        let store = store::open(&StoreOptions::new(url)).await.unwrap();
        pinned.create(&store, 7).await;
        println!("\nstored");
        std::io::stdout().flush().unwrap();
        // Until the other end is closed, or this process is killed.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return;
    }
    let db = TestDatabase::sqlite();
    let options = StoreOptions::new(&db.url);
    store::migrate(&options).await.unwrap();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "sqlite_store::a_second_process_is_refused_and_a_killed_one_loses_nothing",
            "--nocapture",
        ])
        .env(URL, &db.url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(other.stdout.take().unwrap()).lines();
    let stored = lines.map_while(Result::ok).any(|line| line == "stored");
    let refused = store::open(&options).await;
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(stored, "the other process did not store its session");
    assert!(matches!(refused, Err(StoreError::InUse { .. })), "{refused:?}");
    let store = store::open(&options).await.unwrap();
    let record = pinned.record(7);
    assert_eq!(store.open(&record.id).await.unwrap().unwrap().record, *record);
    store.close().await;
}

#[tokio::test]
async fn logins_that_wait_for_a_lock_time_out() {
    use sqlx::Connection;

    let db = TestDatabase::sqlite();
    db.store().await.close().await;
    let limits = erp_db::ConnectionLimits {
        acquire: std::time::Duration::from_secs(1),
        statement: std::time::Duration::from_secs(2),
        ..StoreOptions::new("").limits
    };
    let store = store::open(&StoreOptions::new(&db.url).with_limits(limits)).await.unwrap();
    let pinned = Pinned::new(1);
    let mut other = sqlx::SqliteConnection::connect(&db.url).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let error = pinned.try_create(&store, 1).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    other.close().await.unwrap();
    pinned.create(&store, 1).await;
    store.close().await;
}
