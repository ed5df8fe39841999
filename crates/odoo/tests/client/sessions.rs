//! Sessions: concurrent callers share one login, also after a session has expired.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use model_metadata::ManualClock;
use odoo::{Call, OdooClient, OdooConfig, OdooError};
use odoo_double::{Behaviour, Fault};
use serde_json::Value;

use crate::support::{THINGS, client, client_on, config, double, name_of, password};

#[tokio::test]
async fn one_login_serves_all_callers() {
    let double = double(Behaviour::default()).await;
    let client = client(&double);
    let names = join_all((1..=12).map(|id| name_of(&client, id))).await;
    assert!(names.iter().zip(1..).all(|(name, id)| *name.as_ref().unwrap() == format!("Thing {id}")));
    assert_eq!(double.logins(), 1);
}

#[tokio::test]
async fn concurrent_calls_with_an_expired_session_share_one_login() {
    let double = double(Behaviour::default()).await;
    let client = client(&double);
    for logins in 2..5 {
        name_of(&client, 1).await.unwrap();
        double.expire_sessions();
        for name in join_all((1..=12).map(|id| name_of(&client, id))).await {
            name.unwrap();
        }
        assert_eq!(double.logins(), logins);
    }
}

#[tokio::test]
async fn a_write_with_an_expired_session_is_carried_out_once() {
    let double = double(Behaviour::default()).await;
    let client = client(&double);
    name_of(&client, 1).await.unwrap();
    double.inject(Fault::ExpireSessions);
    client.call::<[i64; 1]>(Call::create(THINGS, [serde_json::Map::new()])).await.unwrap();
    assert_eq!(double.with_model(THINGS, |model| model.records.len()), Some(51));
}

#[tokio::test]
async fn a_failed_login_is_shared_and_cached() {
    let double = double(Behaviour::default()).await;
    let clock = Arc::new(ManualClock::default());
    let client = client_on(config(&double, password()), &clock);
    name_of(&client, 1).await.unwrap();
    double.expire_sessions();
    double.set_password("admin", "another");
    double.behave(|behaviour| behaviour.delays = [("login", Duration::from_millis(50))].into());
    for name in join_all((1..=5).map(|id| name_of(&client, id))).await {
        assert!(matches!(name.unwrap_err(), OdooError::Credentials { .. }));
    }
    assert_eq!(double.logins(), 2);
    // The refusal is cached for a minute, in which nothing is sent.
    double.set_password("admin", "<password>");
    clock.advance(Duration::from_secs(59));
    assert!(name_of(&client, 1).await.is_err());
    assert_eq!(double.logins(), 2);
    clock.advance(Duration::from_secs(1));
    name_of(&client, 1).await.unwrap();
}

#[tokio::test]
async fn too_many_failed_logins_are_reported_with_odoos_message() {
    for version in [17, 18, 19] {
        let double = double(Behaviour { version, ..Behaviour::default() }).await;
        let clock = Arc::new(ManualClock::default());
        let wrong = odoo::OdooCredential::Password("<wrong>".to_owned().into());
        let client = client_on(config(&double, wrong), &clock);
        for _ in 0..10 {
            let error = name_of(&client, 1).await.unwrap_err();
            assert!(matches!(error, OdooError::Credentials { .. }), "{error}");
            clock.advance(Duration::from_secs(60));
        }
        let error = name_of(&client, 1).await.unwrap_err();
        let message = "Too many login failures, please wait a bit before trying again.";
        assert_eq!(error, OdooError::LoginRefused { message: message.into() }, "{version}");
        assert!(
            double.seen().iter().all(|seen| seen.path == "/web/session/authenticate"),
            "another route was tried"
        );
    }
}

#[tokio::test]
async fn renewed_cookies_are_used() {
    let double = double(Behaviour { rotate_cookie: true, ..Behaviour::default() }).await;
    let client = client(&double);
    for id in 20..50 {
        name_of(&client, id).await.unwrap();
    }
    assert_eq!(double.logins(), 1);
}

#[tokio::test]
async fn another_caller_takes_over_an_abandoned_login() {
    let double = double(Behaviour::default()).await;
    double.behave(|behaviour| behaviour.delays = [("login", Duration::from_millis(30))].into());
    let client = client(&double);
    let leader = tokio::spawn({
        let client = client.clone();
        async move { name_of(&client, 1).await }
    });
    while double.logins() == 0 && double.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    let follower = tokio::spawn({
        let client = client.clone();
        async move { name_of(&client, 2).await }
    });
    tokio::task::yield_now().await;
    leader.abort();
    assert_eq!(follower.await.unwrap().unwrap(), "Thing 2");
}

#[tokio::test]
async fn a_session_that_always_expires_is_an_error() {
    let double = double(Behaviour::default()).await;
    for _ in 0..10 {
        double.inject(Fault::ExpireSessions);
    }
    let error = name_of(&client(&double), 1).await.unwrap_err();
    assert_eq!((&error, error.is_transient()), (&OdooError::Session, true));
}

#[tokio::test]
async fn a_pool_of_one_can_log_in_again() {
    let double = double(Behaviour::default()).await;
    let client = OdooClient::new(OdooConfig { pool_size: 1, ..config(&double, password()) }).unwrap();
    for _ in 0..2 {
        client.call::<Value>(Call::read(THINGS, &[1], &["name"])).await.unwrap();
        double.expire_sessions();
    }
    assert_eq!(double.logins(), 2);
}
