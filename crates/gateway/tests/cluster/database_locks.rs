//! The ERP is locked by an upgrade, or its server is frozen: pinned answers still come, without
//! names.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::Connection;

use crate::node::Node;
use crate::server::Cluster;
use crate::waiting::until;
use crate::world::{ADMIN, SPAIN, World};

/// The service waits up to 2 s for names. Twice that, for busy machines, is still far below the limit of 30 s
/// for a statement.
const SOON: Duration = Duration::from_secs(4);

/// Sends concurrent requests twice. All must be answered soon, without names.
async fn assert_answers_without_names(node: &Node, tokens: &[String], name: &str) {
    for _ in 0..2 {
        let answers = (0..40).map(|number| {
            let token = &tokens[number % tokens.len()];
            async move {
                let began = Instant::now();
                assert_eq!(node.endpoint.status(token).await, 200);
                let pinned = began.elapsed();
                let shown = node.endpoint.get("/v1/session", token).await;
                assert_eq!(shown.status, 200, "{}", shown.body);
                let tree = node.endpoint.get("/v1/tree", token).await;
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

/// The freshness of a tree must be reported as unknown.
async fn assert_unknown_freshness(node: &Node, tokens: &[String]) {
    // The service caches the freshness for 2 s.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let answers = (0..20).map(async |number| {
        let began = Instant::now();
        let fresh = node.endpoint.get("/v1/session/freshness", &tokens[number % tokens.len()]).await;
        assert_eq!((fresh.status, &fresh.body["current"]), (200, &Value::Null), "{}", fresh.body);
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    });
    futures_util::future::join_all(answers).await;
}

async fn cached_tree(node: &Node, token: &str) -> Value {
    let began = Instant::now();
    let trees = node.endpoint.get("/v1/admin/trees", token).await;
    assert_eq!(trees.status, 200, "{}", trees.body);
    assert!(began.elapsed() < 2 * SOON, "{:?}", began.elapsed());
    trees.body["trees"][0].clone()
}

async fn tokens(node: &Node) -> Vec<String> {
    vec![node.endpoint.token(ADMIN).await, node.endpoint.token(SPAIN).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_table_delays_only_names() {
    let world = World::new().await;
    let node = Node::start(&world).await;
    let tokens = tokens(&node).await;
    for (table, name) in [("ad_org", "org_name"), ("ad_user", "username")] {
        // The service caches names for 2 s.
        tokio::time::sleep(Duration::from_millis(2_100)).await;
        let mut upgrade = sqlx::PgConnection::connect(&world.url).await.unwrap();
        let lock = sqlx::AssertSqlSafe(format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"));
        sqlx::raw_sql(lock).execute(&mut upgrade).await.unwrap();
        assert_answers_without_names(&node, &tokens, name).await;
        if table == "ad_org" {
            assert_unknown_freshness(&node, &tokens).await;
            let cached = cached_tree(&node, &tokens[0]).await;
            assert_eq!((&cached["current"], &cached["damage"]), (&Value::Null, &Value::Null), "{cached}");
            assert!(cached["sessions"].as_u64().unwrap() > 0, "{cached}");
        }
        upgrade.close().await.unwrap();
        until("the names are back", async || {
            node.endpoint.get("/v1/session", &tokens[1]).await.body[name].is_string()
        })
        .await;
        until("the tree is known to be current", async || {
            node.endpoint.get("/v1/session/freshness", &tokens[1]).await.body["current"] == true
        })
        .await;
        assert_eq!(cached_tree(&node, &tokens[0]).await["current"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_delays_only_names() {
    let cluster = Cluster::new();
    cluster.start();
    let world = World::within(cluster.url()).await;
    let node = Node::start(&world).await;
    let tokens = tokens(&node).await;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let frozen = FrozenCluster::new(&cluster);
    assert_answers_without_names(&node, &tokens, "org_name").await;
    assert_unknown_freshness(&node, &tokens).await;
    // Administrator rights cannot be verified, so the request fails.
    let began = Instant::now();
    assert_eq!(node.endpoint.get("/v1/admin/trees", &tokens[0]).await.status, 503);
    assert!(began.elapsed() < 2 * SOON, "{:?}", began.elapsed());
    drop(frozen);
    until("the names are back", async || {
        node.endpoint.get("/v1/session", &tokens[0]).await.body["org_name"].is_string()
    })
    .await;
    until("logins work again", async || {
        node.endpoint.try_log_in(ADMIN).await.is_ok_and(|it| it.status == 200)
    })
    .await;
}

/// Stops all processes of a cluster until it is dropped.
struct FrozenCluster(Vec<String>);

impl FrozenCluster {
    fn new(cluster: &Cluster) -> Self {
        let pid_file = std::fs::read_to_string(format!("{}/postmaster.pid", cluster.data())).unwrap();
        let first = pid_file.lines().next().unwrap().to_owned();
        signal("-STOP", std::slice::from_ref(&first));
        let children = Command::new("pgrep").args(["-P", &first]).output().unwrap().stdout;
        let mut all: Vec<String> = String::from_utf8(children).unwrap().lines().map(str::to_owned).collect();
        signal("-STOP", &all);
        all.push(first);
        FrozenCluster(all)
    }
}

impl Drop for FrozenCluster {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

fn signal(name: &str, processes: &[String]) {
    assert!(Command::new("kill").arg(name).args(processes).status().unwrap().success());
}
