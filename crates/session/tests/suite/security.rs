//! Attacks on tokens and clients.

use std::sync::Arc;

use session::{ClientId, NewSession, OrgSelection, Principal, Scope, SessionError, Token, UserId};

use crate::erp::{World, as_user, client, org, role};

#[tokio::test]
async fn a_guessed_token_opens_nothing() {
    let world = World::shared();
    let node = world.node();
    let live = node.token().await;
    let id = node.manager.session(&live).await.unwrap().id();
    let token = live.expose();
    let mut near = token.clone();
    let last = if near.pop() == Some('0') { '1' } else { '0' };
    near.push(last);
    let guesses = [
        String::new(),
        near,
        id.to_string(),
        token.to_uppercase(),
        format!("{token} "),
        format!("{token}\0"),
        token[..63].to_owned(),
        "0".repeat(64),
        "x".repeat(1 << 20),
        "'; DROP TABLE x; --".to_owned(),
    ];
    let guesses = guesses.iter().filter(|guess| **guess != token);
    let mut tokens = Vec::new();
    for guess in guesses {
        tokens.extend(Token::parse(guess));
    }
    assert_eq!(tokens.len(), 3, "the others are not well-formed");
    for guess in tokens {
        let error = node.manager.session(&guess).await.unwrap_err();
        assert!(matches!(error, SessionError::NotLive) && !error.to_string().contains(&guess.expose()));
        assert!(node.manager.refresh(&guess).await.is_err());
        assert_eq!(node.manager.logout(&guess).await.unwrap().sessions, 0);
    }
    assert!(node.is_live(&live).await);
}

#[tokio::test]
async fn an_ended_token_stays_ended_on_every_node() {
    for shared in [true, false] {
        let world = if shared { World::shared() } else { World::new() };
        let node = world.node();
        let manager = &node.manager;
        let (out, refreshed, switched, forced) =
            (node.token().await, node.token().await, node.token().await, node.token().await);
        manager.logout(&out).await.unwrap();
        manager.refresh(&refreshed).await.unwrap();
        manager.switch_role(&switched, role("boss"), None).await.unwrap();
        let id = manager.session(&forced).await.unwrap().id();
        let held = manager.session(&forced).await.unwrap();
        assert!(!held.is_ended());
        assert_eq!(manager.end(Scope::Session(id)).await.sessions, 1);
        assert!(held.is_ended());
        for token in [&out, &refreshed, &switched, &forced] {
            for node in [&node, &world.node()] {
                assert!(!node.is_live(token).await);
                assert!(node.manager.refresh(token).await.is_err());
                assert!(node.manager.switch_org(token, org("Madrid")).await.is_err());
                assert_eq!(node.manager.logout(token).await.unwrap().sessions, 0);
            }
        }
    }
}

#[tokio::test]
async fn ids_of_other_clients_and_unknown_ids_get_nothing() {
    let node = World::new().node();
    let session = node.login(as_user("u")).await.unwrap().session;
    let long = "x".repeat(1 << 20);
    for id in ["Other", "", "spain", "SPAIN", "Spain ", "'Spain'", "*", "%", "\0", &long] {
        assert!(!session.can_read(id) && !session.can_write(id), "{id:.20}");
        assert!(!session.allows_transactions(id));
        assert_eq!(session.legal_entity(id), None);
        assert!(!session.may_reference("Spain", id) && !session.may_reference(id, "Spain"));
    }
    assert!(OrgSelection::default().is_empty());
    for text in ["", &long] {
        assert!(UserId::new(text).is_err() && ClientId::new(text).is_err());
    }
}

#[tokio::test]
async fn revocations_in_one_client_do_not_reach_another() {
    let world = World::new();
    let node = world.node();
    let (c, d) = (node.token().await, node.login(as_user("d")).await.unwrap().token);
    // The same user id in the other client, and the administrator in both.
    let admin = |taken: &str| Principal::new(UserId::new("100").unwrap()).with_role(role(taken));
    let (admin_c, admin_d) =
        (node.login(admin("boss")).await.unwrap().token, node.login(admin("other")).await.unwrap().token);
    assert_eq!(node.manager.end(Scope::User(client("D"), "u".parse().unwrap())).await.sessions, 0);
    assert_eq!(node.manager.end(Scope::User(client("C"), "100".parse().unwrap())).await.sessions, 1);
    assert!(!node.is_live(&admin_c).await && node.is_live(&admin_d).await);
    assert_eq!(node.manager.end(Scope::Client(client("D"))).await.sessions, 2);
    assert!(node.is_live(&c).await && !node.is_live(&d).await);
}

#[test]
fn debug_output_of_a_token_does_not_show_it() {
    let text = "0123456789abcdef".repeat(4);
    let token = Token::parse(&text).unwrap();
    assert_eq!(token.expose(), text);
    assert!(!format!("{token:?}").contains("0123"));
    assert!(!token.id().to_string().contains("0123456789abcdef"));
}

/// A store may log the sessions that it is asked to keep.
#[tokio::test]
async fn debug_output_of_a_session_to_be_stored_names_it_and_stays_small() {
    let login = World::new().node().login(as_user("u")).await.unwrap();
    let session = &login.session;
    let record = Arc::new(session.to_record());
    let shown = format!("{:?}", NewSession::new(&record, session.tree(), session.access()));
    assert_eq!(shown, format!("NewSession {{ record: {record:?}, .. }}"));
    assert!(shown.contains(&session.id().to_string()) && !shown.contains(&login.token.expose()));
}
