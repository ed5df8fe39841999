//! An end that the session store was not told when the instance was asked to stop.

use std::path::{Path, PathBuf};

use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::node::{Node, Place};
use crate::server::Cluster;
use crate::waiting::until;
use crate::world::{ADMIN, SPAIN, SPAIN_ID, World};

/// Ends one session of its own accord and one by administration, and checks that both answers say what does
/// not hold yet.
async fn end_two(at: &Place, admin: &str, mine: &str) {
    let out = at.post("/v1/logout", mine, &json!(null)).await;
    assert_eq!((out.status, &out.body["elsewhere"]), (202, &json!("pending")), "{}", out.body);
    let ended = at.post("/v1/admin/sessions/end", admin, &json!({"user": SPAIN_ID})).await;
    assert_eq!((ended.status, &ended.body["elsewhere"]), (202, &json!("pending")), "{}", ended.body);
    assert_eq!(at.metric("orgcache_pending_ends").await, 2);
}

fn kept(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_end_is_told_within_the_grace_time() {
    let server = Cluster::new();
    server.start();
    let world = World::new().await;
    world.set_passwords(&server.url()).await;
    let (a, b) = (
        Node::start_with(&world, &["--store-url", &server.url()]).await,
        Node::start_with(&world, &["--store-url", &server.url()]).await,
    );
    let (admin, mine, forced) = (a.at.token(ADMIN).await, a.at.token(SPAIN).await, a.at.token(SPAIN).await);
    assert_eq!(b.at.status(&forced).await, 200);
    tokio::task::block_in_place(|| server.stop());
    end_two(&a.at, &admin, &mine).await;
    let terminated = a.terminate();
    tokio::task::block_in_place(|| server.start());
    let (status, log) = terminated.end().await;
    assert_eq!(status, Some(0), "{log}");
    assert_eq!(kept(&world.home.path().join(".local/share/orgcache"), "store-"), Vec::<PathBuf>::new());
    for token in [&mine, &forced] {
        until("the end arrives", async || b.at.status(token).await == 401).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_end_is_kept_until_the_next_start() {
    let server = Cluster::new();
    server.start();
    let world = World::new().await;
    world.set_passwords(&server.url()).await;
    let options = ["--store-url", &server.url()];
    let a = Node::start_with(&world, &options).await;
    let (admin, mine, forced) = (a.at.token(ADMIN).await, a.at.token(SPAIN).await, a.at.token(SPAIN).await);
    tokio::task::block_in_place(|| server.stop());
    end_two(&a.at, &admin, &mine).await;
    let (status, log) = a.terminate().end().await;
    assert_eq!(status, Some(0), "{log}");
    let folder = world.home.path().join(".local/share/orgcache");
    assert_eq!(kept(&folder, "store-").len(), 1, "{log}");
    tokio::task::block_in_place(|| server.start());
    let next = Node::start_with(&world, &options).await;
    assert_eq!(next.at.status(&admin).await, 200);
    for token in [&mine, &forced] {
        assert_eq!(next.at.status(token).await, 401);
    }
    assert_eq!(kept(&folder, "store-"), Vec::<PathBuf>::new());
}

/// Another program writes to the file all the time, so that no end gets into it.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_kept_beside_an_sqlite_store() {
    let world = World::new().await;
    let file = world.home.path().join("sessions.db");
    let url = format!("sqlite:{}?mode=rwc", file.display());
    world.set_passwords(&url).await;
    let options = ["--store-url", &url];
    let a = Node::start_with(&world, &options).await;
    let (admin, mine, forced) = (a.at.token(ADMIN).await, a.at.token(SPAIN).await, a.at.token(SPAIN).await);
    let mut writer = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut writer).await.unwrap();
    end_two(&a.at, &admin, &mine).await;
    let (status, log) = a.terminate().end().await;
    assert_eq!(status, Some(0), "{log}");
    let prefix = "sessions.db-orgcache-ends-";
    assert_eq!(kept(world.home.path(), prefix).len(), 1, "{log}");
    sqlx::query("ROLLBACK").execute(&mut writer).await.unwrap();
    let next = Node::start_with(&world, &options).await;
    assert_eq!(next.at.status(&admin).await, 200);
    for token in [&mine, &forced] {
        assert_eq!(next.at.status(token).await, 401);
    }
    assert_eq!(kept(world.home.path(), prefix), Vec::<PathBuf>::new());
}
