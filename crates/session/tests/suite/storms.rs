//! Many concurrent logins: how often the tree is loaded, and that no login gets a stale one.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use org_structure::OrgFlags;
use session::LoginError;

use crate::erp::{Node, World, as_user, settle};

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// Starts logins and runs them until they wait for the gate.
fn start(node: &Arc<Node>, logins: usize) -> Vec<tokio::task::JoinHandle<Result<bool, LoginError>>> {
    let login = |node: Arc<Node>| async move {
        node.login(as_user("u")).await.map(|login| login.session.tree().index_of("Toledo").is_some())
    };
    (0..logins).map(|_| tokio::spawn(login(node.clone()))).collect()
}

#[tokio::test]
async fn one_load_for_a_storm_with_revisions() {
    let world = World::new();
    let node = Arc::new(world.node());
    node.token().await;
    assert_eq!(world.erp.loads(), 1);
    for _ in 0..3 {
        node.token().await;
        node.manager.expire().await;
    }
    assert_eq!(world.erp.loads(), 1, "nothing has changed");

    world.erp.change(|tables| tables.org("C", "Toledo", "Spain", OrgFlags::ACTIVE));
    let outcomes = join_all(start(&node, 1_000)).await;
    assert!(outcomes.into_iter().all(|outcome| outcome.unwrap().unwrap()));
    assert_eq!(world.erp.loads(), 2);
    let stats = node.manager.stats();
    assert_eq!((stats.sessions, stats.trees, stats.accesses), (1_004, 2, 2));
}

#[tokio::test]
async fn without_revisions_one_load_runs_and_one_is_queued() {
    let world = World::new();
    world.erp.keeps_revisions.store(false, Ordering::SeqCst);
    let node = Arc::new(world.node());
    world.erp.gate.close();
    let early = start(&node, 500);
    settle().await;
    assert_eq!(world.erp.loads(), 1, "all began before the first load did, or at the same time");
    world.erp.change(|tables| tables.org("C", "Toledo", "Spain", OrgFlags::ACTIVE));
    let late = start(&node, 500);
    settle().await;
    assert_eq!(world.erp.loads(), 1, "one is queued");
    world.erp.gate.open();
    for outcome in join_all(late).await {
        assert!(outcome.unwrap().unwrap(), "a login never gets a tree older than itself");
    }
    join_all(early).await;
    assert_eq!((world.erp.loads(), world.erp.most_running.load(Ordering::SeqCst)), (2, 1));
    let again = node.token().await;
    assert_eq!(world.erp.loads(), 3, "without revisions every later login asks again");
    assert_eq!(node.manager.stats().trees, 2, "but equal trees are shared");
    assert!(node.is_live(&again).await);
}

#[tokio::test]
async fn a_login_does_not_join_a_load_of_a_revision_it_has_not_seen() {
    let world = World::new();
    let node = Arc::new(world.node());
    world.erp.gate.close();
    let early = start(&node, 10);
    until(|| world.erp.loads() == 1).await;
    settle().await;
    world.erp.change(|tables| tables.org("C", "Toledo", "Spain", OrgFlags::ACTIVE));
    let late = start(&node, 10);
    settle().await;
    world.erp.gate.open();
    assert!(join_all(late).await.into_iter().all(|outcome| outcome.unwrap().unwrap()));
    assert!(join_all(early).await.into_iter().all(|outcome| !outcome.unwrap().unwrap()));
    assert_eq!(world.erp.loads(), 2);
}

#[tokio::test]
async fn a_login_that_joins_a_load_reads_the_revision_once() {
    let world = World::new();
    let node = Arc::new(world.node());
    world.erp.gate.close();
    let first = start(&node, 1);
    until(|| world.erp.loads() == 1).await;
    // Maintenance does not drop a load in progress.
    node.manager.expire().await;
    let later = start(&node, 9);
    settle().await;
    world.erp.gate.open();
    assert!(
        join_all(first.into_iter().chain(later)).await.into_iter().all(|outcome| outcome.unwrap().is_ok())
    );
    assert_eq!((world.erp.loads(), world.erp.revisions.load(Ordering::SeqCst)), (1, 10));
    let stats = node.manager.stats();
    assert_eq!((stats.joined_loads, stats.trees_by_revision), (9, 0));
}

#[tokio::test]
async fn a_login_joins_a_load_that_began_after_it() {
    let world = World::new();
    world.erp.keeps_revisions.store(false, Ordering::SeqCst);
    let node = Arc::new(world.node());
    world.erp.gate.close();
    world.erp.deciding.close();
    // Both logins begin before the first one starts its load.
    let logins = start(&node, 2);
    settle().await;
    world.erp.deciding.let_through(1);
    until(|| world.erp.loads() == 1).await;
    world.erp.deciding.open();
    settle().await;
    world.erp.gate.open();
    assert!(join_all(logins).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    assert_eq!(world.erp.loads(), 1);
}

#[tokio::test]
async fn revisions_that_stop_are_noticed() {
    let world = World::new();
    let node = world.node();
    node.token().await;
    world.erp.keeps_revisions.store(false, Ordering::SeqCst);
    world.erp.change(|tables| tables.org("C", "Toledo", "Spain", OrgFlags::ACTIVE));
    let session = node.login(as_user("u")).await.unwrap().session;
    assert!(session.tree().index_of("Toledo").is_some());
}

#[tokio::test]
async fn a_failed_load_fails_the_logins_that_wait_for_it_and_no_others() {
    let world = World::new();
    let node = Arc::new(world.node());
    world.erp.gate.close();
    let waiting = start(&node, 20);
    until(|| world.erp.loads() == 1).await;
    settle().await;
    world.erp.is_down.store(true, Ordering::SeqCst);
    world.erp.gate.open();
    for outcome in join_all(waiting).await {
        let error = outcome.unwrap().unwrap_err();
        assert!(matches!(error, LoginError::Source(_)) && error.is_transient(), "{error}");
        assert!(error.to_string().contains("the ERP is unavailable"), "{error}");
    }
    world.erp.is_down.store(false, Ordering::SeqCst);
    node.token().await;
    assert_eq!(world.erp.loads(), 2);
    let stats = node.manager.stats();
    assert_eq!((stats.failed_loads, stats.refused, stats.sessions), (1, 20, 1));
}

#[tokio::test]
async fn a_load_continues_when_the_login_that_started_it_is_dropped() {
    let world = World::new();
    let node = Arc::new(world.node());
    world.erp.gate.close();
    let first = start(&node, 1);
    until(|| world.erp.loads() == 1).await;
    let others = start(&node, 10);
    settle().await;
    first.iter().for_each(tokio::task::JoinHandle::abort);
    settle().await;
    world.erp.gate.open();
    assert!(join_all(others).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    assert_eq!(world.erp.loads(), 1);

    // A load whose logins are all dropped is dropped too.
    world.erp.change(|_| ());
    world.erp.gate.close();
    let all = start(&node, 5);
    until(|| world.erp.loads() == 2).await;
    settle().await;
    all.iter().for_each(tokio::task::JoinHandle::abort);
    settle().await;
    world.erp.gate.open();
    node.token().await;
    assert_eq!(world.erp.loads(), 3);
}

#[tokio::test]
async fn old_trees_die_with_their_last_session() {
    let world = World::new();
    let node = world.node();
    let old = node.token().await;
    world.erp.change(|tables| tables.org("C", "Toledo", "Spain", OrgFlags::ACTIVE));
    let _new = node.token().await;
    assert_eq!(node.manager.stats().trees, 2);
    node.manager.logout(&old).await.unwrap();
    assert_eq!(node.manager.stats().trees, 1);
    assert_eq!(node.manager.stats().accesses, 1);
    // The earlier tree again: found by its content.
    world.erp.change(|tables| drop(tables.orgs.remove("Toledo")));
    let (a, b) = (node.token().await, node.token().await);
    let [a, b] = [node.manager.session(&a).await.unwrap(), node.manager.session(&b).await.unwrap()];
    assert!(Arc::ptr_eq(a.tree(), b.tree()));
}
