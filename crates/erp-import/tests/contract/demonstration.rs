//! The demonstration database.

use erp_db::{Database, ErpReader};
use erp_import::demo::{DemoError, DemoOutcome, create};

use crate::support::{FB, QA, TestDatabase, id};

async fn open(file: &std::path::Path) -> ErpReader {
    ErpReader::open(Database::open_file(file).await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn the_database_has_the_sample_with_active_users() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo 100%?.db");
    assert_eq!(create(&file).await.unwrap(), DemoOutcome::Now);
    let (demo, other) = (open(&file).await, TestDatabase::sqlite());
    let imported = other.with_sample().await;
    for client in ["0", FB, QA] {
        let fingerprint = demo.load_tree(id(client)).await.unwrap().structure.fingerprint();
        assert_eq!(fingerprint, imported.load_tree(id(client)).await.unwrap().structure.fingerprint());
        assert_eq!(demo.directory(id(client)).await.unwrap(), imported.directory(id(client)).await.unwrap());
    }
    for name in ["QAAdmin", "SpainUser", "F&BESUser", "Openbravo"] {
        assert!(demo.user_named(name).await.unwrap().unwrap().active, "{name}");
    }
    assert!(!imported.user_named("QAAdmin").await.unwrap().unwrap().active);
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [file.file_name().unwrap()]);
}

#[tokio::test]
async fn an_existing_file_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo.db");
    std::fs::write(&file, "mine").unwrap();
    assert_eq!(create(&file).await.unwrap(), DemoOutcome::Before);
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_first_starts_create_one_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo.db");
    let starts = (0..8).map(|_| {
        let file = file.clone();
        tokio::spawn(async move {
            let created = create(&file).await.unwrap();
            assert_eq!(open(&file).await.load_tree(id(FB)).await.unwrap().structure.len(), 8);
            created
        })
    });
    let mut makers = 0;
    for start in starts.collect::<Vec<_>>() {
        makers += usize::from(start.await.unwrap() == DemoOutcome::Now);
    }
    assert_eq!(makers, 1);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gone/demo.db");
    let error = create(&file).await.unwrap_err();
    assert!(matches!(error, DemoError::File { .. }) && error.to_string().contains("gone"), "{error}");
}
