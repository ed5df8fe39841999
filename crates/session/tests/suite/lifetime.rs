//! When sessions expire.

use std::sync::atomic::Ordering;
use std::time::Duration;

use session::ClientId;

use crate::erp::{World, client};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn one_process_expires_idle_sessions_exactly() {
    let world = World::new();
    let node = world.node();
    let (used, left) = (node.token().await, node.token().await);
    for _ in 0..5 {
        world.pass(20 * MINUTE);
        assert!(node.is_live(&used).await);
    }
    assert!(!node.is_live(&left).await);
    world.pass(30 * MINUTE);
    assert!(node.is_live(&used).await, "at the limit");
    world.pass(30 * MINUTE + Duration::from_millis(1));
    assert!(!node.is_live(&used).await);
    assert_eq!(node.manager.stats().sessions, 0);
    assert_eq!(node.manager.stats().expired, 2);
    assert!(!node.is_live(&used).await, "and stays ended");
}

#[tokio::test]
async fn peeking_does_not_keep_a_session_alive() {
    for (world, allowance) in [(World::new(), Duration::ZERO), (World::shared(), 2 * MINUTE)] {
        let (node, other) = (world.node(), world.node());
        let (watched, used) = (node.token().await, node.token().await);
        let mut looks = 0;
        while node.manager.peek(&watched).await.is_ok() {
            assert!(node.is_live(&used).await);
            node.manager.maintain().await.unwrap();
            world.pass(MINUTE / 2);
            looks += 1;
        }
        assert!(MINUTE / 2 * looks > 30 * MINUTE && MINUTE / 2 * looks <= 31 * MINUTE + allowance, "{looks}");
        assert!(!node.is_live(&watched).await);
        assert!(other.manager.peek(&watched).await.is_err());
        assert!(node.is_live(&used).await);
    }
}

#[tokio::test]
async fn sessions_end_after_their_total_time_despite_use() {
    for world in [World::new(), World::shared()] {
        let node = world.node();
        let token = node.token().await;
        for _ in 0..12 * 4 {
            world.pass(15 * MINUTE);
            assert!(node.is_live(&token).await);
            node.manager.maintain().await.unwrap();
        }
        world.pass(Duration::from_millis(1));
        assert!(!node.is_live(&token).await);
        node.manager.maintain().await.unwrap();
        assert!(node.manager.list(session::Scope::Client(client("C")), None, 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn maintenance_removes_idle_sessions() {
    let world = World::new();
    let node = world.node();
    for _ in 0..10 {
        node.token().await;
    }
    world.pass(29 * MINUTE);
    node.manager.maintain().await.unwrap();
    assert_eq!(node.manager.stats().sessions, 10);
    world.pass(2 * MINUTE);
    node.manager.maintain().await.unwrap();
    let stats = node.manager.stats();
    assert_eq!((stats.sessions, stats.trees, stats.accesses, stats.expired), (0, 0, 0, 10));
}

#[tokio::test]
async fn use_on_one_node_keeps_a_session_alive_on_all() {
    let world = World::shared();
    let (a, b) = (world.node(), world.node());
    let token = a.token().await;
    assert!(b.is_live(&token).await);
    for _ in 0..10 {
        world.pass(25 * MINUTE);
        assert!(a.is_live(&token).await);
        a.manager.maintain().await.unwrap();
        b.manager.maintain().await.unwrap();
    }
    assert_eq!(b.manager.stats().sessions, 0, "dropped on b");
    assert!(b.is_live(&token).await, "and reopened");
}

#[tokio::test]
async fn expiry_allows_for_use_that_is_not_written_yet() {
    let world = World::shared();
    let (a, b) = (world.node(), world.node());
    let token = a.token().await;
    world.pass(MINUTE / 2);
    assert!(a.is_live(&token).await);
    // 30 minutes after the last use that the store knows of, `b` cannot decide.
    world.pass(30 * MINUTE);
    b.manager.maintain().await.unwrap();
    assert!(b.is_live(&token).await);
    let idle = a.manager.options().idle + 2 * a.manager.options().flush_interval;
    world.pass(idle + Duration::from_millis(1));
    assert!(!b.is_live(&token).await);
    b.manager.maintain().await.unwrap();
    let all = session::Scope::Client(ClientId::new("C").unwrap());
    assert!(b.manager.list(all, None, 10).await.unwrap().is_empty(), "swept");
}

/// A node reopens a session as long as the row allows, plus the allowance for use that is not in the store
/// yet.
#[tokio::test]
async fn a_session_can_be_reopened_until_it_expires() {
    const MOMENT: Duration = Duration::from_millis(1);
    let world = World::shared().with(|options| options.absolute = 10 * MINUTE);
    let token = world.node().token().await;
    world.pass(10 * MINUTE);
    assert!(world.node().is_live(&token).await, "at the maximum age");
    world.pass(MOMENT);
    assert!(!world.node().is_live(&token).await);

    let world = World::shared();
    let token = world.node().token().await;
    world.pass(31 * MINUTE);
    assert!(world.node().is_live(&token).await, "at the idle time and two flush intervals");
    world.pass(MOMENT);
    assert!(!world.node().is_live(&token).await);
}

#[tokio::test]
async fn a_store_in_memory_sweeps_without_allowance() {
    const MOMENT: Duration = Duration::from_millis(1);
    for (idle, absolute) in [(MINUTE, 10 * MINUTE), (10 * MINUTE, MINUTE)] {
        let world = World::new().with(|options| (options.idle, options.absolute) = (idle, absolute));
        world.node().token().await;
        world.pass(MINUTE);
        assert_eq!(world.store.sweep(Duration::ZERO, 10).await.unwrap(), 0);
        world.pass(MOMENT);
        assert_eq!(world.store.sweep(Duration::ZERO, 10).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn use_is_written_once_in_one_call() {
    let world = World::new();
    let node = world.node();
    let mut tokens = Vec::new();
    for _ in 0..20 {
        tokens.push(node.token().await);
    }
    let touches = || node.way.touches.load(Ordering::SeqCst);
    node.manager.flush().await.unwrap();
    assert_eq!(touches(), 0, "the login counts as use");
    world.pass(MINUTE);
    for token in &tokens {
        assert!(node.is_live(token).await);
    }
    for _ in 0..3 {
        node.manager.flush().await.unwrap();
        assert_eq!(touches(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_task_writes_use_once_per_flush_interval() {
    let world = World::shared();
    let node = world.node();
    let token = node.token().await;
    let _task = node.manager.start_maintenance();
    let touches = || node.way.touches.load(Ordering::SeqCst);
    for second in 1..=65 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.pass(Duration::from_secs(1));
        assert!(node.is_live(&token).await);
        assert!(touches() <= second / 30, "{} times in {second} seconds", touches());
    }
    assert_eq!(touches(), 2);
    // Twice within the bound for revocations on other nodes.
    assert!((24..=27).contains(&node.way.revalidations.load(Ordering::SeqCst)));
}

#[tokio::test(start_paused = true)]
async fn the_task_runs_by_the_clock() {
    let world = World::new();
    let node = world.node();
    let task = node.manager.start_maintenance();
    node.token().await;
    world.pass(31 * MINUTE);
    tokio::time::sleep(MINUTE).await;
    assert_eq!(node.manager.stats().sessions, 0);
    node.token().await;
    drop(task);
    tokio::time::sleep(MINUTE).await;
    world.pass(31 * MINUTE);
    tokio::time::sleep(MINUTE).await;
    assert_eq!(node.manager.stats().sessions, 1, "the task has ended");
}

#[tokio::test(start_paused = true)]
async fn a_pending_revocation_does_not_wait_for_the_next_flush() {
    let world = World::shared();
    let node = world.node();
    let _task = node.manager.start_maintenance();
    let token = node.token().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    node.way.go_down(true);
    assert!(node.manager.logout(&token).await.unwrap().pending.is_some());
    node.way.go_down(false);
    assert_eq!(node.manager.stats().pending_revocations, 1);
    tokio::time::sleep(node.manager.options().revalidate_within).await;
    assert_eq!(node.manager.stats().pending_revocations, 0);
}

#[tokio::test(start_paused = true)]
async fn endless_hints_do_not_starve_the_task() {
    let world = World::shared();
    let node = world.node();
    node.way.is_chatty.store(true, std::sync::atomic::Ordering::SeqCst);
    let _task = node.manager.start_maintenance();
    let token = node.token().await;
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(node.is_live(&token).await);
    world.pass(31 * MINUTE);
    tokio::time::advance(MINUTE).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(node.manager.stats().sessions, 0);
}

#[tokio::test]
async fn a_session_reports_when_it_expires() {
    let world = World::new().with(|options| {
        options.idle = Duration::from_secs(60);
        options.absolute = Duration::from_secs(100);
    });
    let node = world.node();
    let token = node.token().await;
    let session = node.manager.peek(&token).await.unwrap();
    let start = session.expires_at() - Duration::from_secs(60);
    world.pass(Duration::from_secs(30));
    assert_eq!(node.manager.expires_in(&session), Duration::from_secs(30), "peeking does not count as use");
    node.manager.session(&token).await.unwrap();
    assert_eq!(session.expires_at(), start + Duration::from_secs(90), "use extends it");
    world.pass(Duration::from_secs(30));
    node.manager.session(&token).await.unwrap();
    assert_eq!(session.expires_at(), start + Duration::from_secs(100), "never beyond the total time");
    world.pass(Duration::from_secs(40));
    assert!(node.is_live(&token).await, "to the last moment");
    assert_eq!(node.manager.expires_in(&session), Duration::ZERO);
    world.pass(Duration::from_millis(1));
    assert!(!node.is_live(&token).await);
}
