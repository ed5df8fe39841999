//! What administrators and other layers ask about the sessions on a node.

use std::time::Duration;

use session::{Principal, Scope, SessionId, Token};

use crate::erp::{World, as_user, client, role, user};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn listing_held_sessions_is_not_use() {
    let world = World::new();
    let node = world.node();
    let manager = &node.manager;
    let mut ids = Vec::new();
    for role_id in ["seller", "boss", "reader"] {
        world.pass(SECOND);
        ids.push(node.login(as_user("u").with_role(role(role_id))).await.unwrap().session.id());
    }
    let d = node.login(as_user("d")).await.unwrap().session;
    let admin = node.login(as_user("100").with_role(role("boss"))).await.unwrap().session;

    let held: Vec<SessionId> =
        manager.held_sessions(client("C"), user("u")).iter().map(session::Session::id).collect();
    assert_eq!(held, ids, "the oldest first");
    assert!(manager.held_sessions(client("D"), user("u")).is_empty());
    let users = [("100", "C"), ("d", "D"), ("u", "C")].map(|(id, of)| (user(id), client(of)));
    assert_eq!(manager.held_users(), users.into());
    for (scope, count) in [
        (Scope::Client(client("C")), 4),
        (Scope::User(client("C"), user("u")), 3),
        (Scope::Role(client("C"), role("boss")), 2),
        (Scope::Session(d.id()), 1),
        (Scope::Client(client("nobody")), 0),
    ] {
        assert_eq!(manager.count_held(scope), count, "{scope:?}");
    }
    assert_eq!(manager.held_record(d.id()), Some(d.to_record()));
    assert_eq!(manager.held_record(SessionId::from_bytes([7; 32])), None);
    assert_eq!(manager.footprint_of(SessionId::from_bytes([7; 32])), None);

    world.pass(5 * SECOND);
    assert_eq!(manager.age_of(&admin), 5 * SECOND);
    assert_eq!(manager.age_of(&manager.held_sessions(client("C"), user("u"))[0]), 7 * SECOND);
    assert_eq!(
        manager.expires_in(&admin),
        manager.options().idle - 5 * SECOND,
        "listing does not count as use"
    );
}

/// Enough users that the few hash bits that a table compares first collide.
#[tokio::test]
async fn sessions_of_one_user_are_not_those_of_another() {
    let world = World::new();
    let ids: Vec<String> = (0..256).map(|number| format!("user {number}")).collect();
    world.erp.change_roles(|tables| ids.iter().for_each(|id| tables.user("C", id, &["seller"])));
    let node = world.node();
    for id in ids.iter().chain(&ids) {
        node.login(as_user(id)).await.unwrap();
    }
    for id in &ids {
        let held = node.manager.held_sessions(client("C"), user(id));
        assert_eq!((held.len(), held.iter().all(|session| session.user() == user(id))), (2, true));
    }
    for number in 256..2_256 {
        assert!(node.manager.held_sessions(client("C"), user(&format!("user {number}"))).is_empty());
    }
}

#[tokio::test]
async fn handles_share_state_while_the_session_is_cached() {
    let world = World::shared();
    let (a, b) = (world.node(), world.node());
    let login = a.login(as_user("u")).await.unwrap();
    let again = a.manager.session(&login.token).await.unwrap();
    assert!(login.session.shares_state_with(&again));
    let there = b.manager.session(&login.token).await.unwrap();
    assert_eq!(there.id(), again.id());
    assert!(!there.shares_state_with(&again));
}

#[tokio::test]
async fn fresh_cached_sessions_are_answered_from_memory() {
    let world = World::shared();
    let (a, b) = (world.node(), world.node());
    let token = a.token().await;
    assert!(b.manager.session_in_memory(&token).is_none(), "not cached");
    assert!(a.manager.session_in_memory(&Token::from_bytes([7; 32])).is_none());
    world.pass(a.manager.options().revalidate_within);
    let session = a.manager.session_in_memory(&token).unwrap();
    assert_eq!(a.manager.expires_in(&session), a.manager.options().idle, "it counts as use");
    assert_eq!(a.manager.stats().hits, 1);
    world.pass(Duration::from_millis(1));
    assert!(a.manager.session_in_memory(&token).is_none(), "not validated for too long");
    assert!(a.is_live(&token).await);
    assert!(a.manager.session_in_memory(&token).is_some());
}

#[tokio::test]
async fn a_principal_may_name_the_client_alone() {
    let node = World::new().node();
    let admin = Principal::new(user("100"));
    for (of, taken) in [("0", "0"), ("C", "boss"), ("D", "other")] {
        let session = node.login(admin.in_client(client(of))).await.unwrap().session;
        assert_eq!((session.client(), session.role()), (client(of), role(taken)));
    }
}
