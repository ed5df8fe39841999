//! The limits on sessions.

use std::sync::Arc;

use futures_util::future::join_all;
use session::{AtLimit, LoginError, Notice};

use crate::erp::{World, as_user, role};

#[tokio::test]
async fn logins_beyond_the_limit_are_refused() {
    let world = World::new().with(|options| options.max_sessions = 10);
    let node = Arc::new(world.node());
    let login = |node: Arc<crate::erp::Node>| async move { node.login(as_user("u")).await };
    let outcomes = join_all((0..30).map(|_| tokio::spawn(login(node.clone())))).await;
    let (given, refused): (Vec<_>, Vec<_>) =
        outcomes.into_iter().map(Result::unwrap).partition(Result::is_ok);
    assert_eq!((given.len(), refused.len()), (10, 20));
    let error = refused.into_iter().next().unwrap().unwrap_err();
    assert!(matches!(error, LoginError::TooManySessions { limit: 10 }) && error.is_transient());

    // A replacement session needs no new place, and an ended session releases its place.
    let token = given.into_iter().next().unwrap().unwrap().token;
    let token = node.manager.refresh(&token).await.unwrap().token;
    assert!(node.login(as_user("u")).await.is_err());
    node.manager.logout(&token).await.unwrap();
    node.token().await;
    assert!(node.login(as_user("u")).await.is_err());
    // Every refused login releases its place.
    node.manager.end(session::Scope::Client(crate::erp::client("C"))).await;
    for _ in 0..20 {
        assert!(node.login(as_user("nobody")).await.is_err());
    }
    for _ in 0..10 {
        node.token().await;
    }
}

#[tokio::test]
async fn a_users_logins_beyond_the_limit_are_refused() {
    let world = World::new().with(|options| options.max_sessions_per_user = Some(3));
    let node = world.node();
    let outcomes = join_all((0..10).map(|_| node.login(as_user("u")))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    assert!(matches!(
        outcomes.into_iter().find_map(Result::err).unwrap(),
        LoginError::TooManySessionsOfUser { limit: 3, .. }
    ));
    node.login(as_user("d")).await.unwrap();
    node.login(as_user("100").with_role(role("boss"))).await.unwrap();
}

#[tokio::test]
async fn a_failed_login_releases_the_place_of_its_user() {
    let world = World::new().with(|options| options.max_sessions_per_user = Some(1));
    let node = world.node();
    assert_eq!(node.manager.options().max_sessions_per_user, Some(1));
    node.way.go_down(true);
    for _ in 0..3 {
        assert!(matches!(node.login(as_user("u")).await, Err(LoginError::Store(_))));
    }
    node.way.go_down(false);
    node.token().await;
    assert!(matches!(node.login(as_user("u")).await, Err(LoginError::TooManySessionsOfUser { .. })));
}

#[tokio::test]
async fn or_the_oldest_session_of_the_user_ends() {
    let world = World::new().with(|options| {
        options.max_sessions_per_user = Some(3);
        options.at_limit = AtLimit::EndOldest;
    });
    let node = world.node();
    let other = node.login(as_user("d")).await.unwrap().token;
    let mut tokens = Vec::new();
    for number in 0..6 {
        world.pass(std::time::Duration::from_secs(1));
        let login = node.login(as_user("u")).await.unwrap();
        assert_eq!(login.notices.len(), usize::from(number >= 3), "{:?}", login.notices);
        tokens.push((login.session.id(), login.token));
        if number >= 3 {
            assert_eq!(login.notices, [Notice::OldestEnded(tokens[number - 3].0)]);
        }
    }
    for (number, (_, token)) in tokens.iter().enumerate() {
        assert_eq!(node.is_live(token).await, number >= 3);
    }
    assert!(node.is_live(&other).await);
}

#[tokio::test]
async fn or_the_oldest_session_of_the_node_ends() {
    let world = World::new().with(|options| {
        options.max_sessions = 5;
        options.at_limit = AtLimit::EndOldest;
    });
    let node = world.node();
    let mut tokens = Vec::new();
    for _ in 0..12 {
        world.pass(std::time::Duration::from_secs(1));
        tokens.push(node.token().await);
        assert!(node.manager.stats().sessions <= 5);
    }
    for (number, token) in tokens.iter().enumerate() {
        assert_eq!(node.is_live(token).await, number >= 7, "{number}");
    }
    // One session of the batch of oldest ones ends on its own. No other session ends in its stead.
    let oldest = node.manager.session(&tokens[8]).await.unwrap().id();
    node.manager.logout(&tokens[7]).await.unwrap();
    assert_eq!(node.login(as_user("u")).await.unwrap().notices, []);
    assert_eq!(node.login(as_user("u")).await.unwrap().notices, [Notice::OldestEnded(oldest)]);
}

/// The newest session never ends for itself, even if all sessions have the same age.
#[tokio::test]
async fn sessions_of_the_same_age_end_one_by_one() {
    let world = World::new().with(|options| {
        options.max_sessions = 2;
        options.at_limit = AtLimit::EndOldest;
    });
    let node = world.node();
    for number in 1..50 {
        let login = node.login(as_user("u")).await.unwrap();
        assert!(node.is_live(&login.token).await);
        assert_eq!(node.manager.stats().sessions, number.min(2));
        assert_eq!(login.notices.len(), usize::from(number > 2));
    }
}
