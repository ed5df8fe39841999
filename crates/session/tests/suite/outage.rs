//! Outages of the store.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use org_structure::OrgId;
use session::openbravo::Refusal;
use session::{
    LoginError, ManualClock, MemoryStore, NoEntropy, PortError, Scope, SessionError, SessionId, Token,
};

use crate::erp::{Node, World, as_user, client, role, user};

const SECOND: Duration = Duration::from_secs(1);

async fn is_refused_for_now(node: &Node, token: &Token) -> bool {
    matches!(node.manager.session(token).await, Err(error @ SessionError::Unavailable(_)) if error.is_transient())
}

#[tokio::test]
async fn cached_sessions_survive_an_outage_for_their_idle_time() {
    let world = World::shared();
    let (a, b) = (world.node(), world.node());
    let token = a.token().await;
    let idle = a.manager.options().idle;
    for node in [&a, &b] {
        node.way.go_down(true);
    }
    assert!(is_refused_for_now(&b, &token).await, "not cached there");
    for _ in 0..29 {
        world.pass(60 * SECOND);
        assert!(a.is_live(&token).await);
        assert!(a.manager.maintain().await.is_err());
    }
    assert!(a.manager.stats().failed_open >= 29);
    world.pass(idle);
    assert!(a.manager.session(&token).await.is_err(), "the fail-open time is over");
    for node in [&a, &b] {
        node.way.go_down(false);
    }
}

#[tokio::test]
async fn the_time_to_fail_open_is_an_option() {
    let world = World::shared().with(|options| options.fail_open = Some(60 * SECOND));
    let node = world.node();
    let token = node.token().await;
    node.way.go_down(true);
    world.pass(60 * SECOND);
    assert!(node.is_live(&token).await);
    world.pass(SECOND);
    assert!(is_refused_for_now(&node, &token).await);
    node.way.go_down(false);
    assert!(node.is_live(&token).await, "recovers without a call");
}

#[tokio::test]
async fn an_unavailable_store_is_not_asked_by_every_request() {
    let world = World::shared();
    let node = world.node();
    let token = node.token().await;
    node.way.go_down(true);
    world.pass(6 * SECOND);
    for _ in 0..100 {
        assert!(node.is_live(&token).await);
    }
    assert_eq!(node.way.reads.load(std::sync::atomic::Ordering::SeqCst), 1);
    world.pass(SECOND);
    node.way.go_down(false);
    assert!(node.is_live(&token).await);
    assert_eq!(node.way.reads.load(std::sync::atomic::Ordering::SeqCst), 2);
}

#[tokio::test]
async fn logins_fail_fast_and_change_nothing() {
    for world in [World::new(), World::shared()] {
        let node = world.node();
        let token = node.token().await;
        node.way.go_down(true);
        let error = node.login(as_user("u")).await.unwrap_err();
        assert!(matches!(error, LoginError::Store(_)) && error.is_transient(), "{error}");
        assert!(node.manager.refresh(&token).await.is_err());
        assert!(node.is_live(&token).await);
        assert_eq!(node.manager.stats().sessions, 1);
        node.way.go_down(false);
        world.pass(2 * SECOND);
        assert!(node.is_live(&token).await);
        node.manager.refresh(&token).await.unwrap();
    }
}

#[tokio::test]
async fn a_revocation_holds_here_at_once_and_elsewhere_after_the_outage() {
    for shared in [true, false] {
        let world = if shared { World::shared() } else { World::new() };
        let (a, b) = (world.node(), world.node());
        let (one, of_role, stays) = (
            a.token().await,
            a.login(as_user("u").with_role(role("boss"))).await.unwrap().token,
            a.login(as_user("d")).await.unwrap().token,
        );
        a.way.go_down(true);
        let ended = a.manager.logout(&one).await.unwrap();
        assert!(ended.sessions == 1 && ended.pending.unwrap().is_transient());
        let ended = a.manager.end(Scope::Role(client("C"), role("boss"))).await;
        assert!(ended.sessions == 1 && ended.pending.is_some());
        assert_eq!(a.manager.stats().pending_revocations, 2);
        for token in [&one, &of_role] {
            assert!(a.manager.session(token).await.is_err());
        }
        assert!(a.manager.maintain().await.is_err());
        assert!(a.manager.logout(&one).await.is_err(), "a second logout fails too");
        a.way.go_down(false);
        for token in [&one, &of_role] {
            assert!(!a.is_live(token).await, "still in the store, but not answered");
        }
        world.pass(2 * SECOND);
        // A session created after the revocation stays.
        let later = b.login(as_user("u").with_role(role("boss"))).await.unwrap().token;
        a.manager.maintain().await.unwrap();
        assert_eq!(a.manager.stats().pending_revocations, 0);
        for (token, lives) in [(&one, false), (&of_role, false), (&stays, true), (&later, true)] {
            assert_eq!(a.is_live(token).await, lives);
            assert_eq!(b.is_live(token).await, lives);
        }
    }
}

/// A store with its own clock, which starts at one day.
fn with_own_clock(shared: bool) -> (World, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    clock.advance(86_400 * SECOND);
    let store = if shared { MemoryStore::shared(clock.clone()) } else { MemoryStore::new(clock.clone()) };
    (World { store: Arc::new(store), ..World::new() }, clock)
}

/// How far the store's clock is off after the outage: behind, then ahead.
const WRONG: [(u32, u32); 4] = [(10, 0), (600, 0), (3_600, 0), (0, 13 * 3_600)];

#[tokio::test]
async fn revocations_do_not_depend_on_the_stores_clock() {
    for (behind, ahead) in WRONG {
        for by_scope in [false, true] {
            let (world, clock) = with_own_clock(true);
            let (a, b) = (world.node(), world.node());
            let token = a.token().await;
            world.pass(SECOND);
            clock.advance(SECOND);
            clock.set_back(behind * SECOND);
            clock.advance(ahead * SECOND);
            let sessions = if by_scope {
                b.manager.end(Scope::User(client("C"), user("u"))).await.sessions
            } else {
                b.manager.logout(&token).await.unwrap().sessions
            };
            assert_eq!(sessions, 1, "{behind} behind, {ahead} ahead");
            clock.advance(behind * SECOND);
            clock.set_back(ahead * SECOND);
            assert!(!world.node().is_live(&token).await, "still live: {behind} behind, {ahead} ahead");
        }
    }
}

/// The database comes back with another clock while a bulk revocation is pending.
#[tokio::test]
async fn a_pending_revocation_does_not_depend_on_the_stores_clock() {
    for shared in [true, false] {
        for (behind, ahead) in WRONG {
            let (world, clock) = with_own_clock(shared);
            // One session that the restarted node does not have in memory, and one that it has.
            let before = world.node().token().await;
            let a = world.node();
            let held = a.token().await;
            let pass = |time| {
                world.pass(time);
                clock.advance(time);
            };
            pass(SECOND);
            a.way.go_down(true);
            let scope = Scope::User(client("C"), user("u"));
            assert!(a.manager.end(scope).await.pending.is_some());
            assert_eq!(a.manager.pending_revocations(), [scope]);
            // If the store is shared, the store decides how old the revocation is.
            let waits = if shared { SECOND } else { 20 * SECOND };
            pass(waits);
            clock.set_back(behind * SECOND);
            clock.advance(ahead * SECOND);
            a.way.go_down(false);
            if !shared {
                // A newer session of a user outside the scope.
                a.login(as_user("d")).await.unwrap();
            }
            for token in [&before, &held] {
                assert!(!a.is_live(token).await, "{behind} behind, {ahead} ahead, shared: {shared}");
            }
            a.manager.maintain().await.unwrap();
            assert_eq!(a.manager.pending_revocations(), []);
            clock.advance(behind * SECOND);
            clock.set_back(ahead * SECOND);
            let next = world.node();
            for token in [&before, &held] {
                assert!(!next.is_live(token).await, "{behind} behind, {ahead} ahead, shared: {shared}");
            }
        }
    }
}

#[tokio::test]
async fn revocations_of_unknown_sessions_are_not_kept() {
    let world = World::shared();
    let token = world.node().token().await;
    let node = world.node();
    node.way.go_down(true);
    assert!(matches!(node.manager.logout(&token).await, Err(SessionError::Unavailable(_))));
    assert_eq!(node.manager.stats().pending_revocations, 0, "guessed tokens take no memory");
    node.way.go_down(false);
    assert_eq!(node.manager.logout(&token).await.unwrap().sessions, 1);
}

#[tokio::test]
async fn no_sweep_after_an_outage_until_all_nodes_reported_use() {
    let world = World::shared().with(|options| options.fail_open = Some(7_200 * SECOND));
    let (a, b) = (world.node(), world.node());
    let token = a.token().await;
    for node in [&a, &b] {
        node.way.go_down(true);
    }
    let all = Scope::User(client("C"), user("u"));
    // In use all the time, but the use cannot be written to the store.
    for _ in 0..25 {
        world.pass(120 * SECOND);
        assert!(a.is_live(&token).await);
        assert!(a.manager.maintain().await.is_err() && b.manager.maintain().await.is_err());
    }
    for node in [&a, &b] {
        node.way.go_down(false);
    }
    b.manager.maintain().await.unwrap();
    assert_eq!(b.manager.list(all, None, 10).await.unwrap().len(), 1, "b waits");
    a.manager.maintain().await.unwrap();
    world.pass(61 * SECOND);
    b.manager.maintain().await.unwrap();
    assert_eq!(b.manager.list(all, None, 10).await.unwrap().len(), 1, "the use is in the store now");
}

#[tokio::test]
async fn no_sweep_until_all_nodes_had_time_to_report_use() {
    let world = World::shared();
    let node = world.node();
    node.token().await;
    node.way.go_down(true);
    assert!(node.manager.maintain().await.is_err());
    world.pass(7_200 * SECOND);
    node.way.go_down(false);
    let stored = async || node.manager.list(Scope::Client(client("C")), None, 10).await.unwrap().len();
    node.manager.maintain().await.unwrap();
    assert_eq!(stored().await, 1);
    world.pass(2 * node.manager.options().flush_interval - Duration::from_millis(1));
    node.manager.maintain().await.unwrap();
    assert_eq!(stored().await, 1);
    world.pass(Duration::from_millis(1));
    node.manager.maintain().await.unwrap();
    assert_eq!(stored().await, 0);
    assert_eq!(node.manager.stats().swept, 1);
}

#[test]
fn errors_say_whether_a_retry_can_help() {
    let away = || PortError::transient("away");
    let broken = || PortError::permanent("broken");
    let id = SessionId::from_bytes([0; 32]);
    for error in [
        LoginError::Source(away()),
        LoginError::Store(away()),
        LoginError::Session(SessionError::Unavailable(away())),
        LoginError::TooManySessions { limit: 1 },
        LoginError::TooManySessionsOfUser { user: user("u"), limit: 1 },
        LoginError::EndedMeanwhile,
        LoginError::NoEntropy(NoEntropy),
        LoginError::ShuttingDown,
    ] {
        assert!(error.is_transient(), "{error}");
    }
    for error in [
        LoginError::Source(broken()),
        LoginError::Store(broken()),
        LoginError::Session(SessionError::NotLive),
        LoginError::Session(SessionError::Damaged { id, what: "tree" }),
        LoginError::Session(SessionError::Outdated { id }),
        LoginError::Refused(Refusal::NoRole { user: user("u") }),
        LoginError::NotAllowed { user: user("u") },
        LoginError::UnknownOrg { org: OrgId::ZERO, client: client("C") },
    ] {
        assert!(!error.is_transient(), "{error}");
    }
    let error = PortError::permanent(SessionError::Unavailable(away()));
    assert_eq!(error.cause().to_string(), error.to_string());
    assert!(error.source().is_some_and(<dyn std::error::Error>::is::<PortError>));
    assert!(format!("{:?}", away()).starts_with("PortError { transient: true, cause: "));
}

#[tokio::test]
async fn use_is_written_after_an_outage() {
    let world = World::shared();
    let node = world.node();
    let token = node.token().await;
    let id = node.manager.session(&token).await.unwrap().id();
    world.pass(600 * SECOND);
    assert!(node.is_live(&token).await);
    node.way.go_down(true);
    assert!(node.manager.flush().await.is_err());
    world.pass(60 * SECOND);
    node.way.go_down(false);
    node.manager.flush().await.unwrap();
    let stored = node.manager.list(Scope::Session(id), None, 1).await.unwrap();
    assert_eq!(stored[0].idle, 60 * SECOND);
    assert_eq!(stored[0].age, 660 * SECOND);
}
