//! An ERP whose tables are locked by an upgrade, or whose server is frozen: what is pinned is answered, and
//! names are left out.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::Connection;

use crate::node::Node;
use crate::server::Cluster;
use crate::waiting::until;
use crate::world::{ADMIN, SPAIN, World};

/// An answer without names comes within 2 s. A busy machine gets as much again; a statement's own limit is 30
/// s.
const SOON: Duration = Duration::from_secs(4);

/// Many ask at the same time, and again: all are answered soon, without names.
async fn names_are_left_out(node: &Node, tokens: &[String], name: &str) {
    for _ in 0..2 {
        let answers = (0..40).map(|number| {
            let token = &tokens[number % tokens.len()];
            async move {
                let began = Instant::now();
                assert_eq!(node.at.status(token).await, 200);
                let pinned = began.elapsed();
                let shown = node.at.get("/v1/session", token).await;
                assert_eq!(shown.status, 200, "{}", shown.body);
                let tree = node.at.get("/v1/tree", token).await;
                assert_eq!(tree.status, 200, "{}", tree.body);
                assert!(pinned < SOON && began.elapsed() < 2 * SOON, "{pinned:?} {:?}", began.elapsed());
                shown.body[name].clone()
            }
        });
        for shown in futures_util::future::join_all(answers).await {
            assert_eq!(shown, Value::Null, "{name}");
        }
    }
}

/// Whether a tree is still the current one is not known; what is held is shown to those whose rights can be
/// read.
async fn trees_are_not_compared(node: &Node, tokens: &[String]) {
    // What was found is taken for current for 2 s.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let answers = (0..20).map(async |number| {
        let began = Instant::now();
        let fresh = node.at.get("/v1/session/freshness", &tokens[number % tokens.len()]).await;
        assert_eq!((fresh.status, &fresh.body["current"]), (200, &Value::Null), "{}", fresh.body);
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    });
    futures_util::future::join_all(answers).await;
}

async fn held_trees(node: &Node, token: &str) -> Value {
    let began = Instant::now();
    let trees = node.at.get("/v1/admin/trees", token).await;
    assert_eq!(trees.status, 200, "{}", trees.body);
    assert!(began.elapsed() < 2 * SOON, "{:?}", began.elapsed());
    trees.body["trees"][0].clone()
}

async fn tokens(node: &Node) -> Vec<String> {
    vec![node.at.token(ADMIN).await, node.at.token(SPAIN).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_table_holds_up_nothing_but_names() {
    let world = World::new().await;
    let node = Node::start(&world).await;
    let tokens = tokens(&node).await;
    for (table, name) in [("ad_org", "org_name"), ("ad_user", "username")] {
        // Names that are known are shown for 2 s.
        tokio::time::sleep(Duration::from_millis(2_100)).await;
        let mut upgrade = sqlx::PgConnection::connect(&world.url).await.unwrap();
        let lock = sqlx::AssertSqlSafe(format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"));
        sqlx::raw_sql(lock).execute(&mut upgrade).await.unwrap();
        names_are_left_out(&node, &tokens, name).await;
        if table == "ad_org" {
            trees_are_not_compared(&node, &tokens).await;
            let held = held_trees(&node, &tokens[0]).await;
            assert_eq!((&held["current"], &held["damage"]), (&Value::Null, &Value::Null), "{held}");
            assert!(held["sessions"].as_u64().unwrap() > 0, "{held}");
        }
        upgrade.close().await.unwrap();
        until("the names are back", async || {
            node.at.get("/v1/session", &tokens[1]).await.body[name].is_string()
        })
        .await;
        until("the tree is known to be current", async || {
            node.at.get("/v1/session/freshness", &tokens[1]).await.body["current"] == true
        })
        .await;
        assert_eq!(held_trees(&node, &tokens[0]).await["current"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_holds_up_nothing_but_names() {
    let cluster = Cluster::new();
    cluster.start();
    let world = World::within(cluster.url()).await;
    let node = Node::start(&world).await;
    let tokens = tokens(&node).await;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let frozen = Frozen::new(&cluster);
    names_are_left_out(&node, &tokens, "org_name").await;
    trees_are_not_compared(&node, &tokens).await;
    // Who may administer is not known, so nothing is shown.
    let began = Instant::now();
    assert_eq!(node.at.get("/v1/admin/trees", &tokens[0]).await.status, 503);
    assert!(began.elapsed() < 2 * SOON, "{:?}", began.elapsed());
    drop(frozen);
    until("the names are back", async || {
        node.at.get("/v1/session", &tokens[0]).await.body["org_name"].is_string()
    })
    .await;
    until("logins work again", async || node.at.try_log_in(ADMIN).await.is_ok_and(|it| it.status == 200))
        .await;
}

/// All processes of a cluster, which do nothing while this is there.
struct Frozen(Vec<String>);

impl Frozen {
    fn new(cluster: &Cluster) -> Self {
        let pid_file = std::fs::read_to_string(format!("{}/postmaster.pid", cluster.data())).unwrap();
        let first = pid_file.lines().next().unwrap().to_owned();
        signal("-STOP", std::slice::from_ref(&first));
        let children = Command::new("pgrep").args(["-P", &first]).output().unwrap().stdout;
        let mut all: Vec<String> = String::from_utf8(children).unwrap().lines().map(str::to_owned).collect();
        signal("-STOP", &all);
        all.push(first);
        Frozen(all)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

fn signal(name: &str, processes: &[String]) {
    assert!(Command::new("kill").arg(name).args(processes).status().unwrap().success());
}
