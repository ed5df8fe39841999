//! The files of a folder.

use std::fs;

use erp_import::{ImportError, MAX_FILE_BYTES, import};

use crate::rows::{Rows, refused};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    folders_without_a_file_are_refused,
    a_file_over_the_limit_is_refused,
}

async fn folders_without_a_file_are_refused(db: TestDatabase) {
    let database = db.connect().await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "nothing").unwrap();
    fs::create_dir_all(folder.path().join("a/b")).unwrap();
    // Two levels down is not searched.
    fs::write(folder.path().join("a/b/ad_org.json"), "[]").unwrap();
    let error = import(&database, folder.path()).await.unwrap_err();
    assert!(matches!(error, ImportError::NothingFound { .. }), "{error}");
    for wrong in [folder.path().join("gone"), folder.path().join("notes.txt")] {
        let error = import(&database, &wrong).await.unwrap_err();
        assert!(matches!(&error, ImportError::Unreadable { path, .. } if *path == wrong), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("ad_org.json")).unwrap();
    let error = import(&database, folder.path()).await.unwrap_err();
    assert!(matches!(error, ImportError::Unreadable { .. }), "{error}");
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("gone", folder.path().join("ad_org.json")).unwrap();
    let error = import(&database, folder.path()).await.unwrap_err();
    assert!(matches!(error, ImportError::Unreadable { .. }), "{error}");
}

async fn a_file_over_the_limit_is_refused(db: TestDatabase) {
    let rows = Rows::new();
    // A sparse file has the length but takes no disk space.
    fs::File::create(rows.path().join("ad_org.json")).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
    let error = refused(&db, &rows, "ad_org.json").await;
    assert!(matches!(error, ImportError::TooLarge { .. }), "{error}");
}
