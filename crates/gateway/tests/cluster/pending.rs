//! Revocations that are still pending when an instance is stopped.

use std::path::{Path, PathBuf};

use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::node::{Endpoint, Node};
use crate::server::Cluster;
use crate::waiting::until;
use crate::world::{ADMIN, SPAIN, SPAIN_ID, World};

/// Ends one session by logout and one as administrator. Both answers must report a pending revocation.
async fn end_two_sessions(endpoint: &Endpoint, admin: &str, own: &str) {
    let out = endpoint.post("/v1/logout", own, &json!(null)).await;
    assert_eq!((out.status, &out.body["elsewhere"]), (202, &json!("pending")), "{}", out.body);
    let ended = endpoint.post("/v1/admin/sessions/end", admin, &json!({"user": SPAIN_ID})).await;
    assert_eq!((ended.status, &ended.body["elsewhere"]), (202, &json!("pending")), "{}", ended.body);
    assert_eq!(endpoint.metric("orgcache_pending_ends").await, 2);
}

fn files_with_prefix(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pending_revocations_are_stored_within_the_grace_period() {
    let server = Cluster::new();
    server.start();
    let world = World::new().await;
    world.set_passwords(&server.url()).await;
    let (a, b) = (
        Node::start_with(&world, &["--store-url", &server.url()]).await,
        Node::start_with(&world, &["--store-url", &server.url()]).await,
    );
    let (admin, own, forced) =
        (a.endpoint.token(ADMIN).await, a.endpoint.token(SPAIN).await, a.endpoint.token(SPAIN).await);
    assert_eq!(b.endpoint.status(&forced).await, 200);
    tokio::task::block_in_place(|| server.stop());
    end_two_sessions(&a.endpoint, &admin, &own).await;
    let terminated = a.terminate();
    tokio::task::block_in_place(|| server.start());
    let (status, log) = terminated.wait().await;
    assert_eq!(status, Some(0), "{log}");
    assert_eq!(
        files_with_prefix(&world.home.path().join(".local/share/orgcache"), "store-"),
        Vec::<PathBuf>::new()
    );
    for token in [&own, &forced] {
        until("the session ends", async || b.endpoint.status(token).await == 401).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pending_revocations_are_kept_until_the_next_start() {
    let server = Cluster::new();
    server.start();
    let world = World::new().await;
    world.set_passwords(&server.url()).await;
    let options = ["--store-url", &server.url()];
    let a = Node::start_with(&world, &options).await;
    let (admin, own, forced) =
        (a.endpoint.token(ADMIN).await, a.endpoint.token(SPAIN).await, a.endpoint.token(SPAIN).await);
    tokio::task::block_in_place(|| server.stop());
    end_two_sessions(&a.endpoint, &admin, &own).await;
    let (status, log) = a.terminate().wait().await;
    assert_eq!(status, Some(0), "{log}");
    let folder = world.home.path().join(".local/share/orgcache");
    assert_eq!(files_with_prefix(&folder, "store-").len(), 1, "{log}");
    tokio::task::block_in_place(|| server.start());
    let next = Node::start_with(&world, &options).await;
    assert_eq!(next.endpoint.status(&admin).await, 200);
    for token in [&own, &forced] {
        assert_eq!(next.endpoint.status(token).await, 401);
    }
    assert_eq!(files_with_prefix(&folder, "store-"), Vec::<PathBuf>::new());
}

/// Another program holds the write lock of the file, so no revocation can be stored.
#[tokio::test(flavor = "multi_thread")]
async fn pending_revocations_are_kept_beside_an_sqlite_store() {
    let world = World::new().await;
    let file = world.home.path().join("sessions.db");
    let url = format!("sqlite:{}?mode=rwc", file.display());
    world.set_passwords(&url).await;
    let options = ["--store-url", &url];
    let a = Node::start_with(&world, &options).await;
    let (admin, own, forced) =
        (a.endpoint.token(ADMIN).await, a.endpoint.token(SPAIN).await, a.endpoint.token(SPAIN).await);
    let mut writer = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut writer).await.unwrap();
    end_two_sessions(&a.endpoint, &admin, &own).await;
    let (status, log) = a.terminate().wait().await;
    assert_eq!(status, Some(0), "{log}");
    let prefix = "sessions.db-orgcache-ends-";
    assert_eq!(files_with_prefix(world.home.path(), prefix).len(), 1, "{log}");
    sqlx::query("ROLLBACK").execute(&mut writer).await.unwrap();
    let next = Node::start_with(&world, &options).await;
    assert_eq!(next.endpoint.status(&admin).await, 200);
    for token in [&own, &forced] {
        assert_eq!(next.endpoint.status(token).await, 401);
    }
    assert_eq!(files_with_prefix(world.home.path(), prefix), Vec::<PathBuf>::new());
}
