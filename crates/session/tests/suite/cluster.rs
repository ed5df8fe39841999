//! Several nodes on one store.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use org_structure::DecodeError;
use session::{AccessDecodeError, AccessHash, Contents, Hint, Scope, SessionError, UnreadableCause};

use crate::erp::{World, as_user, client, role, user};

const BOUND: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(1);

#[tokio::test]
async fn any_node_opens_any_session_on_the_tree_it_was_pinned_to() {
    let world = World::shared();
    let a = world.node();
    let mut tokens = Vec::new();
    for _ in 0..50 {
        tokens.push(a.token().await);
    }
    world.erp.change(|tables| drop(tables.orgs.remove("Sevilla")));
    drop(a);
    let b = Arc::new(world.node());
    let opened = join_all(tokens.iter().map(|token| b.manager.session(token))).await;
    for session in opened {
        assert!(session.unwrap().can_read("Sevilla"));
    }
    let stats = b.manager.stats();
    assert_eq!((stats.sessions, stats.trees, stats.accesses, stats.loads), (50, 1, 1, 0));
    assert_eq!(stats.reopened, 50);
}

#[tokio::test]
async fn an_organization_outside_the_tree_is_the_same_on_every_node() {
    let world = World::shared();
    world.erp.change(|tables| drop(tables.orgs.remove("0")));
    let (a, b) = (world.node(), world.node());
    // One session works in an organization of the tree, the other in `0`, which the tree lacks.
    for role_id in ["seller", "reader"] {
        let login = a.login(as_user("u").with_role(role(role_id))).await.unwrap();
        let there = b.manager.session(&login.token).await.unwrap();
        assert_eq!(there.to_record(), login.session.to_record());
        let is_outside = there.tree().index_of(there.org().as_str()).is_none();
        assert_eq!((is_outside, there.org().is_zero()), (role_id == "reader", role_id == "reader"));
    }
    assert_eq!((a.manager.stats().trees, b.manager.stats().trees), (1, 1));
}

#[tokio::test]
async fn a_revocation_reaches_every_node_within_the_bound() {
    let world = World::shared();
    let (a, b) = (world.node(), world.node());
    let token = a.token().await;
    assert!(b.is_live(&token).await);
    let ended = a.manager.logout(&token).await.unwrap();
    assert_eq!((ended.sessions, ended.pending.is_none()), (1, true));
    assert!(!a.is_live(&token).await);
    world.pass(BOUND + MOMENT);
    assert!(!b.is_live(&token).await, "the next use revalidates it");
    assert_eq!(b.manager.stats().ended_elsewhere, 1);
}

#[tokio::test]
async fn revalidation_asks_for_used_sessions_in_one_call() {
    let world = World::shared();
    let (a, b) = (world.node(), world.node());
    let mut tokens = Vec::new();
    for _ in 0..20 {
        let token = a.token().await;
        assert!(b.is_live(&token).await);
        tokens.push(token);
    }
    world.pass(BOUND / 2);
    for token in &tokens[..10] {
        assert!(b.is_live(token).await);
    }
    a.manager.end(Scope::User(client("C"), user("u"))).await;
    let reads = b.way.reads.load(Ordering::SeqCst);
    b.manager.revalidate().await.unwrap();
    let stats = b.manager.stats();
    assert_eq!((stats.revalidated, stats.ended_elsewhere, stats.sessions), (10, 10, 10));
    assert_eq!(b.way.reads.load(Ordering::SeqCst), reads);
    assert_eq!(b.way.revalidations.load(Ordering::SeqCst), 1);
    // Unused sessions are revalidated at their next use.
    world.pass(BOUND);
    for token in &tokens {
        assert!(!b.is_live(token).await);
    }
}

#[tokio::test]
async fn a_validated_session_is_answered_from_memory() {
    let world = World::shared();
    let node = world.node();
    let token = node.token().await;
    for _ in 0..10 {
        world.pass(BOUND / 2);
        assert!(node.is_live(&token).await);
        node.manager.revalidate().await.unwrap();
    }
    assert_eq!(node.way.reads.load(Ordering::SeqCst), 0);
    assert_eq!(node.manager.stats().revalidated, 10);
}

#[tokio::test]
async fn a_row_of_another_session_opens_nothing() {
    let world = World::shared();
    let (a, b) = (world.node(), world.node());
    let token = a.token().await;
    let other = a.login(as_user("d")).await.unwrap().session.id();
    *b.way.answers_for.lock() = Some(other);
    assert!(!b.is_live(&token).await);
    assert_eq!(b.manager.stats().sessions, 0);
    *b.way.answers_for.lock() = None;
    assert!(b.is_live(&token).await);
}

#[test]
fn only_bytes_of_a_newer_node_are_worth_a_retry() {
    let tree = |error| UnreadableCause::Tree(error).is_transient();
    assert!(tree(DecodeError::NewerVersion { version: 3 }) && !tree(DecodeError::NotATree));
    let access = |error| UnreadableCause::Access(error).is_transient();
    assert!(access(AccessDecodeError::UnknownVersion { version: 2 }));
    assert!(!access(AccessDecodeError::NotAccess));
    assert!(UnreadableCause::Missing { what: "tree" }.is_transient());
}

#[tokio::test]
async fn hints_speed_up_revocations_but_prove_nothing() {
    let world = World::shared();
    let (a, b) = (world.node(), world.node());
    let (mine, other) = (a.token().await, a.login(as_user("d")).await.unwrap().token);
    for token in [&mine, &other] {
        assert!(b.is_live(token).await);
    }
    world.pass(MOMENT);
    let forged = [
        Hint::Ended(Scope::Client(client("C"))),
        Hint::Ended(Scope::Client(client("nobody"))),
        Hint::Anything,
    ];
    for hint in forged {
        b.manager.take_hint(&hint);
        for token in [&mine, &other] {
            assert!(b.is_live(token).await, "{hint:?}");
        }
    }
    world.pass(MOMENT);
    for token in [&mine, &other] {
        assert!(b.is_live(token).await);
    }
    for kind in 0..4 {
        let token = a.token().await;
        let id = b.manager.session(&token).await.unwrap().id();
        let scope = match kind {
            0 => Scope::Session(id),
            1 => Scope::User(client("C"), user("u")),
            2 => Scope::Role(client("C"), role("seller")),
            _ => Scope::Client(client("C")),
        };
        world.pass(MOMENT);
        a.manager.end(scope).await;
        assert!(b.is_live(&token).await, "no hint yet");
        world.pass(MOMENT);
        b.manager.take_hint(&Hint::Ended(scope));
        assert!(!b.is_live(&token).await, "{scope:?}");
        assert!(b.is_live(&other).await);
    }
}

#[tokio::test]
async fn a_token_is_replaced_once_in_the_cluster() {
    let world = World::shared();
    let nodes: Vec<_> = (0..4).map(|_| world.node()).collect();
    let token = nodes[0].token().await;
    for node in &nodes {
        assert!(node.is_live(&token).await);
    }
    let outcomes = join_all(nodes.iter().map(|node| node.manager.refresh(&token))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for (node, outcome) in nodes.iter().zip(&outcomes) {
        assert!(!node.is_live(&token).await, "every node knows it is gone");
        if let Ok(login) = outcome {
            assert!(node.is_live(&login.token).await);
        }
    }
}

#[tokio::test]
async fn tampered_bytes_end_the_session_and_never_give_another_tree() {
    let tampers: [(&str, crate::erp::Tamper); 3] = [
        ("tree", |contents| Contents {
            tree: contents.tree.map(|mut bytes| {
                *bytes.last_mut().unwrap() ^= 1;
                bytes
            }),
            ..contents
        }),
        ("access", |contents| Contents { access: Some(Vec::new()), ..contents }),
        ("access", |contents| Contents { access: contents.tree.clone(), ..contents }),
    ];
    for (expected, tamper) in tampers {
        let world = World::shared();
        let token = world.node().token().await;
        let node = world.node();
        *node.way.tampered.lock() = Some(tamper);
        match node.manager.session(&token).await {
            Err(error @ SessionError::Damaged { what, .. }) => {
                assert_eq!(what, expected);
                assert!(!error.is_transient());
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(node.manager.stats().damaged, 1);
        *node.way.tampered.lock() = None;
        assert!(!node.is_live(&token).await);
        assert!(!world.node().is_live(&token).await, "ended on every node");
    }
}

#[tokio::test]
async fn a_tree_of_an_older_version_ends_the_session_as_outdated() {
    let world = World::shared();
    let token = world.node().token().await;
    let node = world.node();
    *node.way.tampered.lock() =
        Some(|contents| Contents { tree: Some(b"orgtre\x01\0\0\0\0\0".to_vec()), ..contents });
    let error = node.manager.session(&token).await.unwrap_err();
    assert!(matches!(error, SessionError::Outdated { .. }) && !error.is_transient());
    assert!(error.to_string().ends_with("made by an older version: log in again"), "{error}");
    let stats = node.manager.stats();
    assert_eq!((stats.outdated, stats.damaged), (1, 0));
    *node.way.tampered.lock() = None;
    assert!(!node.is_live(&token).await);
    assert!(!world.node().is_live(&token).await, "ended on every node");
}

#[tokio::test]
async fn unreadable_contents_do_not_end_a_session() {
    let world = World::shared();
    let token = world.node().token().await;
    let node = world.node();
    let missing: [crate::erp::Tamper; 2] =
        [|contents| Contents { tree: None, ..contents }, |contents| Contents { access: None, ..contents }];
    for tamper in missing {
        *node.way.tampered.lock() = Some(tamper);
        let error = node.manager.session(&token).await.unwrap_err();
        assert!(matches!(error, SessionError::Unreadable { cause: UnreadableCause::Missing { .. }, .. }));
        assert!(error.is_transient());
    }
    *node.way.tampered.lock() = None;
    assert!(node.is_live(&token).await);
}

/// The hash of an access covers the tree, so a row cannot combine one session's access with another's tree.
#[tokio::test]
async fn access_and_tree_belong_together() {
    let world = World::shared();
    let node = world.node();
    let session = node.login(as_user("u")).await.unwrap().session;
    let other = node.login(as_user("d")).await.unwrap().session;
    let bytes = session.access().encode(session.tree().fingerprint());
    assert_eq!(AccessHash::from_canonical(&bytes), session.to_record().access);
    assert!(session::RoleAccess::decode(&bytes, other.tree(), other.tree().fingerprint()).is_err());
}
