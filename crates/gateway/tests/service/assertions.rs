//! `POST /v1/login/assertion`: valid, replayed, forged and expired assertions of a trusted front end.

use std::time::Duration;

use gateway::http::Allowance;
use ring::{hmac, signature::Ed25519KeyPair, signature::KeyPair};
use serde_json::{Value, json};

use crate::databases::{Databases, on_both_databases};
use crate::front_end::{AUDIENCE, assemble, sign, sign_with};
use crate::service::{ADMIN, Answer, QA, SALES, SPAIN, SPAIN_ID, Service, US};

on_both_databases! {
    a_valid_assertion_creates_a_session,
    an_assertion_works_once,
    every_invalid_assertion_gets_the_same_answer,
    assertions_are_valid_for_a_minute_at_most,
    logins_fail_while_the_store_is_down,
}

async fn log_in(service: &Service, form: Value) -> Answer {
    Answer::fetch(service.post("/v1/login/assertion", form)).await
}

async fn log_in_with(service: &Service, assertion: &str) -> Answer {
    log_in(service, json!({"assertion": assertion})).await
}

fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "JWT"})
}

async fn a_valid_assertion_creates_a_session(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let assertion = service.front_end.assertion(SPAIN);
    let answer = log_in(&service, json!({"assertion": assertion, "role": SALES})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    let login = answer.json();
    assert_eq!((&login["session"]["user"], &login["session"]["role"]), (&json!(SPAIN_ID), &json!(SALES)));
    let token = login["token"].as_str().unwrap();
    assert_eq!(Answer::with_token(service.get("/v1/session"), token).await.json(), login["session"]);

    // A user without a password may log in by assertion. This one fails later, for lack of a role.
    log_in_with(&service, &service.front_end.assertion("System")).await.assert_refused(403, "no_role");
    let by_cookie = json!({"assertion": service.front_end.assertion(ADMIN), "cookie": true});
    let by_cookie = log_in(&service, by_cookie).await;
    assert!(by_cookie.header("set-cookie").starts_with("orgcache_session="));
    assert_eq!(by_cookie.json()["token"], Value::Null);
    let mut claims = service.front_end.claims(ADMIN);
    claims["aud"] = json!(["https://other.example.org", AUDIENCE]);
    claims["nbf"] = json!(service.front_end.now());
    claims["department"] = json!({"ignored": ["extra", "claim"]});
    assert_eq!(log_in_with(&service, &sign(&json!({"alg": "EdDSA", "kid": "1"}), &claims)).await.status, 200);

    // An assertion grants no role or organization that the user does not have.
    let form = |role: &str, org: Option<&str>| json!({"assertion": service.front_end.assertion(SPAIN), "role": role, "org": org});
    let foreign = log_in(&service, form("42D0EEB1C66F497A90DD526DC597E6F0", None)).await;
    assert_eq!(foreign.assert_refused(403, "role_not_given")["field"], "role");
    assert!(!foreign.text.contains(QA));
    log_in(&service, form(SALES, Some(US))).await.assert_refused(403, "org_not_given");
    service.execute("UPDATE ad_user SET islocked = 'Y' WHERE username = 'F&BESUser'").await;
    log_in(&service, form(SALES, None)).await.assert_refused(403, "user_locked");
}

async fn an_assertion_works_once(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let assertion = service.front_end.assertion(ADMIN);
    assert_eq!(log_in_with(&service, &assertion).await.status, 200);
    log_in_with(&service, &assertion).await.assert_refused(401, "unauthorized");
    // Another assertion with the same `jti` counts as a replay.
    let mut claims = service.front_end.claims(ADMIN);
    claims["jti"] = json!("the same");
    assert_eq!(log_in_with(&service, &sign(&header(), &claims)).await.status, 200);
    claims["sub"] = json!(SPAIN);
    log_in_with(&service, &sign(&header(), &claims)).await.assert_refused(401, "unauthorized");

    let contested = service.front_end.assertion(ADMIN);
    let attempts = (0..8).map(|_| log_in_with(&service, &contested));
    let answers = futures_util::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 7);
}

#[tokio::test]
async fn an_assertion_works_once_in_a_cluster() {
    let databases = Databases::postgres().await;
    let (one, other) =
        (Service::start_on(&databases, |_| {}).await, Service::start_on(&databases, |_| {}).await);
    let assertion = one.front_end.assertion(ADMIN);
    let login = log_in_with(&one, &assertion).await;
    log_in_with(&other, &assertion).await.assert_refused(401, "unauthorized");
    let token = login.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(Answer::with_token(other.get("/v1/session"), &token).await.status, 200);

    let contested = one.front_end.assertion(ADMIN);
    let attempts = (0..8).map(|number| log_in_with(if number % 2 == 0 { &one } else { &other }, &contested));
    let answers = futures_util::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

async fn every_invalid_assertion_gets_the_same_answer(databases: Databases) {
    let service = Service::start_on(&databases, |settings| {
        settings.failures_by_network = Allowance::new(1_000, Duration::from_secs(3));
    })
    .await;
    let front_end = &service.front_end;
    let with = |claim: &str, value: Value| {
        let mut claims = front_end.claims(ADMIN);
        claims[claim] = value;
        sign(&header(), &claims)
    };
    let without = |claim: &str| {
        let mut claims = front_end.claims(ADMIN);
        claims.as_object_mut().unwrap().remove(claim);
        sign(&header(), &claims)
    };
    let public = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let public = hmac::Key::new(hmac::HMAC_SHA256, public.public_key().as_ref());
    let none = assemble(&json!({"alg": "none"}), &front_end.claims(ADMIN), |_| Vec::new());
    let right = front_end.assertion(ADMIN);
    let (message, _) = right.rsplit_once('.').unwrap();
    let used = front_end.assertion(ADMIN);
    assert_eq!(log_in_with(&service, &used).await.status, 200);
    let wrong = vec![
        sign_with(&[8; 32], &header(), &front_end.claims(ADMIN)),
        none.clone(),
        none.replace("eyJhbGciOiJub25lIn0", "eyJhbGciOiJOb25lIn0"),
        // Algorithm confusion: the public key as an HMAC secret.
        assemble(&json!({"alg": "HS256"}), &front_end.claims(ADMIN), |message| {
            hmac::sign(&public, message).as_ref().to_vec()
        }),
        assemble(&json!({"alg": "EdDSA"}), &front_end.claims(ADMIN), |_| vec![0; 64]),
        sign(&json!({"alg": "ES256"}), &front_end.claims(ADMIN)),
        sign(&json!({"typ": "JWT"}), &front_end.claims(ADMIN)),
        sign(&json!({"alg": "EdDSA", "crit": ["b64"], "b64": false}), &front_end.claims(ADMIN)),
        format!("{message}."),
        format!("{right}."),
        format!("{message}.{}", "A".repeat(86)),
        message.to_owned(),
        right.replace('.', ""),
        String::new(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "é.é.é".to_owned(),
        "\u{0}".to_owned(),
        ".".repeat(8_000),
        "A".repeat(8 << 10),
        with("iss", json!("https://evil.example.org")),
        with("iss", json!(["https://portal.example.org"])),
        with("aud", json!("orgcache.example.org")),
        with("aud", json!([])),
        with("aud", json!(["other"])),
        with("sub", json!("nobody")),
        with("sub", json!("")),
        with("sub", json!("a\u{0}b")),
        with("sub", json!("x".repeat(3_000))),
        with("sub", json!(100)),
        with("jti", json!("")),
        with("jti", json!(1)),
        with("jti", json!("x".repeat(300))),
        with("iat", json!("now")),
        with("exp", Value::Null),
        with("nbf", json!(front_end.now() + 30)),
        without("iss"),
        without("aud"),
        without("sub"),
        without("exp"),
        without("iat"),
        without("jti"),
        used,
    ];
    let mut answers = Vec::new();
    for assertion in &wrong {
        let answer = log_in_with(&service, assertion).await;
        assert_eq!(answer.status, 401, "{assertion}: {}", answer.text);
        let mut problem = answer.assert_refused(401, "unauthorized");
        problem["request_id"] = Value::Null;
        let mut headers = answer.headers.clone();
        for varying in ["x-request-id", "date", "content-length"] {
            headers.remove(varying);
        }
        answers.push((problem, headers));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
    assert_eq!(answers[0].1["www-authenticate"], "Bearer");
    assert_eq!(
        log_in_with(&service, &right).await.status,
        200,
        "failed attempts with parts of it must not use it up"
    );
}

async fn assertions_are_valid_for_a_minute_at_most(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let front_end = &service.front_end;
    let lasting = |from: u64, to: u64| {
        let mut claims = front_end.claims(ADMIN);
        (claims["iat"], claims["exp"]) = (json!(from), json!(to));
        sign(&header(), &claims)
    };
    let now = front_end.now();
    let early = lasting(now + 6, now + 30);
    for assertion in [&lasting(now, now + 61), &lasting(now - 60, now), &early, &lasting(0, now + 60)] {
        log_in_with(&service, assertion).await.assert_refused(401, "unauthorized");
    }
    let (used_in_time, used_too_late) = (lasting(now, now + 60), lasting(now, now + 60));
    front_end.advance(59);
    assert_eq!(log_in_with(&service, &used_in_time).await.status, 200);
    front_end.advance(1);
    log_in_with(&service, &used_too_late).await.assert_refused(401, "unauthorized");
    log_in_with(&service, &early).await.assert_refused(401, "unauthorized");
}

async fn logins_fail_while_the_store_is_down(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    service.stored.as_ref().unwrap().close().await;
    let answer = log_in_with(&service, &service.front_end.assertion(ADMIN)).await;
    answer.assert_refused(503, "unavailable");
    assert_ne!(answer.header("retry-after"), "");
}

#[tokio::test]
async fn forgeries_are_limited_and_valid_assertions_are_not() {
    let databases = Databases::sqlite().await;
    let service = Service::start_on(&databases, |settings| {
        settings.failures_by_network = Allowance::new(4, Duration::from_secs(3));
    })
    .await;
    let front_end = &service.front_end;
    let logins = (0..12).map(|_| async { log_in_with(&service, &front_end.assertion(ADMIN)).await });
    for answer in futures_util::future::join_all(logins).await {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    // A valid assertion for a user that the ERP does not have is not a forgery.
    for _ in 0..6 {
        log_in_with(&service, &front_end.assertion("nobody")).await.assert_refused(401, "unauthorized");
    }
    let used = front_end.assertion(ADMIN);
    assert_eq!(log_in_with(&service, &used).await.status, 200);
    for guess in ["a.b.c", &sign_with(&[9; 32], &header(), &front_end.claims(ADMIN)), &used, &used] {
        log_in_with(&service, guess).await.assert_refused(401, "unauthorized");
    }
    log_in_with(&service, "a.b.c").await.assert_refused(429, "too_many_attempts");
    for _ in 0..6 {
        assert_eq!(
            log_in_with(&service, &front_end.assertion(ADMIN)).await.status,
            200,
            "forgeries must not limit valid assertions"
        );
    }
}

#[tokio::test]
async fn invalid_fields_are_named() {
    let databases = Databases::sqlite().await;
    let service = Service::start_on(&databases, |_| {}).await;
    for (form, field) in [
        (json!({}), None),
        (json!({"assertion": 1}), Some("assertion")),
        (json!({"assertion": "x".repeat((8 << 10) + 1)}), Some("assertion")),
        (json!({"assertion": "a.b.c", "role": ""}), Some("role")),
        (json!({"assertion": "a.b.c", "org": "x".repeat(33)}), Some("org")),
        (json!({"assertion": "a.b.c", "user": ADMIN}), Some("user")),
        (json!({"assertion": "a.b.c", "cookie": 1}), Some("cookie")),
    ] {
        assert_eq!(log_in(&service, form).await.assert_refused(422, "wrong_value")["field"], json!(field));
    }
    let huge = json!({"assertion": "x".repeat(2 << 20)});
    log_in(&service, huge).await.assert_refused(413, "too_large");
}

#[tokio::test]
async fn without_a_trusted_front_end_the_route_answers_404() {
    let service = Service::start().await;
    log_in_with(&service, &service.front_end.assertion(ADMIN)).await.assert_refused(404, "no_assertions");
}
