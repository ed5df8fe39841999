//! Overlapping calls: what happens between two steps of a call that waits for the store.

use std::sync::Arc;
use std::time::Duration;

use session::{LoginError, Scope, SessionError};
use tokio::task::JoinHandle;

use crate::erp::{Node, World, as_user, client, settle, user};

const SECOND: Duration = Duration::from_secs(1);

fn of_user() -> Scope {
    Scope::User(client("C"), user("u"))
}

fn start_login(node: &Arc<Node>) -> JoinHandle<Result<session::Login, LoginError>> {
    let node = node.clone();
    tokio::spawn(async move { node.login(as_user("u")).await })
}

fn start_end(node: &Arc<Node>) -> JoinHandle<session::Revocation> {
    let node = node.clone();
    tokio::spawn(async move { node.manager.end(of_user()).await })
}

/// A revocation that cannot reach the store.
async fn end_while_the_store_is_down(node: &Node, scope: Scope) {
    node.way.go_down(true);
    assert!(node.manager.end(scope).await.pending.is_some());
    node.way.go_down(false);
}

#[tokio::test]
async fn a_lookup_does_not_restore_a_session_revoked_meanwhile() {
    for by_scope in [false, true] {
        let world = World::shared();
        let token = world.node().token().await;
        let node = Arc::new(world.node());
        node.way.opening.close();
        let looking = tokio::spawn({
            let (node, token) = (node.clone(), token.clone());
            async move { node.manager.session(&token).await }
        });
        settle().await;
        let ended = if by_scope {
            node.manager.end(of_user()).await
        } else {
            node.manager.logout(&token).await.unwrap()
        };
        assert_eq!(ended.sessions, 1);
        node.way.opening.open();
        assert!(matches!(looking.await.unwrap(), Err(SessionError::NotLive)), "by scope: {by_scope}");
        assert_eq!(node.manager.stats().sessions, 0);
    }
}

/// The lookup has read the row before the store deleted it, and continues after the revocation is done.
#[tokio::test]
async fn a_lookup_during_a_revocation_does_not_restore_the_session() {
    let world = World::shared();
    let token = world.node().token().await;
    let node = Arc::new(world.node());
    node.way.ending.close();
    let ending = start_end(&node);
    settle().await;
    node.way.opening.close();
    let looking = tokio::spawn({
        let (node, token) = (node.clone(), token.clone());
        async move { node.manager.session(&token).await }
    });
    settle().await;
    node.way.ending.open();
    assert_eq!(ending.await.unwrap().sessions, 1);
    node.way.opening.open();
    assert!(matches!(looking.await.unwrap(), Err(SessionError::NotLive)));
    assert_eq!(node.manager.stats().sessions, 0);
}

#[tokio::test]
async fn a_login_fails_if_a_revocation_overtakes_it() {
    let world = World::shared();
    let node = Arc::new(world.node());
    node.way.creating.close();
    let login = start_login(&node);
    settle().await;
    end_while_the_store_is_down(&node, of_user()).await;
    node.way.go_down(true);
    node.way.creating.open();
    assert!(matches!(login.await.unwrap(), Err(LoginError::EndedMeanwhile)));
    node.way.go_down(false);
    node.manager.maintain().await.unwrap();
    assert_eq!(node.manager.stats().sessions, 0);

    // One that the store itself has ended.
    node.way.creating.close();
    let login = start_login(&node);
    settle().await;
    assert_eq!(node.manager.end(of_user()).await.sessions, 1);
    node.way.creating.open();
    assert!(matches!(login.await.unwrap(), Err(LoginError::EndedMeanwhile)));
}

#[tokio::test]
async fn revocations_spare_logins_outside_their_scope() {
    let world = World::shared();
    let node = Arc::new(world.node());
    // A revocation of the same user, requested before the login began.
    end_while_the_store_is_down(&node, of_user()).await;
    world.pass(SECOND);
    node.way.creating.close();
    let login = start_login(&node);
    settle().await;
    // A revocation of another user, requested during the login.
    end_while_the_store_is_down(&node, Scope::User(client("D"), user("d"))).await;
    node.way.creating.open();
    let token = login.await.unwrap().unwrap().token;
    node.manager.maintain().await.unwrap();
    assert!(node.is_live(&token).await);
}

/// The store ends every session of the scope, also one that began during the call.
#[tokio::test]
async fn a_session_created_during_a_revocation_is_revalidated() {
    for world in [World::new(), World::shared()] {
        let node = Arc::new(world.node());
        node.way.ending.close();
        let ending = start_end(&node);
        settle().await;
        let token = node.token().await;
        node.way.ending.open();
        assert_eq!(ending.await.unwrap().sessions, 1);
        assert!(!node.is_live(&token).await);
    }
}

#[tokio::test]
async fn a_repeated_revocation_stays_pending_when_the_first_is_stored() {
    let world = World::shared();
    let node = Arc::new(world.node());
    node.token().await;
    node.way.ending.close();
    let first = start_end(&node);
    settle().await;
    world.pass(SECOND);
    end_while_the_store_is_down(&node, of_user()).await;
    node.way.ending.open();
    assert!(first.await.unwrap().pending.is_none());
    assert_eq!(node.manager.pending_revocations(), [of_user()]);
    node.manager.maintain().await.unwrap();
    assert_eq!(node.manager.pending_revocations(), []);
}

#[tokio::test]
async fn pending_revocations_are_kept_per_scope() {
    let world = World::shared();
    let node = world.node();
    let other = Scope::Client(client("D"));
    for scope in [of_user(), other, of_user()] {
        end_while_the_store_is_down(&node, scope).await;
    }
    assert_eq!(node.manager.pending_revocations(), [other, of_user()]);
    assert!(node.manager.end(of_user()).await.pending.is_none());
    assert_eq!(node.manager.pending_revocations(), [other]);
}

/// If only this node creates sessions, a pending revocation spares those that began since.
#[tokio::test]
async fn a_pending_revocation_spares_newer_sessions() {
    for world in [World::new(), World::shared()] {
        let node = world.node();
        let before = node.token().await;
        world.pass(SECOND);
        end_while_the_store_is_down(&node, of_user()).await;
        world.pass(2 * SECOND);
        let since = node.token().await;
        node.manager.maintain().await.unwrap();
        assert!(!node.is_live(&before).await && node.is_live(&since).await);
    }
}

#[tokio::test]
async fn logins_in_progress_count_towards_a_users_limit() {
    let world = World::new().with(|options| options.max_sessions_per_user = Some(3));
    let node = Arc::new(world.node());
    node.way.creating.close();
    let logins: Vec<_> = (0..10).map(|_| start_login(&node)).collect();
    settle().await;
    let finished = || logins.iter().filter(|login| login.is_finished()).count();
    assert_eq!((finished(), node.manager.stats().sessions), (7, 0), "three have a reservation");
    for done in 1..=2 {
        node.way.creating.let_through(1);
        settle().await;
        assert_eq!((finished(), node.manager.stats().sessions), (7 + done, done));
        let refused = node.login(as_user("u")).await.unwrap_err();
        assert!(matches!(refused, LoginError::TooManySessionsOfUser { limit: 3, .. }), "{refused}");
    }
    node.way.creating.open();
    settle().await;
    assert_eq!((finished(), node.manager.stats().sessions), (10, 3));
    let login = logins.into_iter().next().unwrap().await.unwrap().unwrap();
    // A replacement session needs no new place.
    let token = node.manager.refresh(&login.token).await.unwrap().token;
    assert!(node.login(as_user("u")).await.is_err());
    node.manager.logout(&token).await.unwrap();
    node.token().await;
}
