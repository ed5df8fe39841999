//! `POST /v1/login/assertion`: a trusted front end's word, and what only looks like it.

use std::time::Duration;

use gateway::http::Allowance;
use ring::{hmac, signature::Ed25519KeyPair, signature::KeyPair};
use serde_json::{Value, json};

use crate::databases::{Databases, on_both_databases};
use crate::front_end::{AUDIENCE, signed, signed_by, token};
use crate::service::{ADMIN, Answer, QA, SALES, SPAIN, SPAIN_ID, Service, US};

on_both_databases! {
    an_assertion_gives_a_session,
    an_assertion_is_used_once,
    what_is_not_accepted_gets_the_same_answer,
    time_is_short,
    a_store_that_is_away_lets_nobody_in,
}

async fn log_in(service: &Service, form: Value) -> Answer {
    Answer::of(service.post("/v1/login/assertion", form)).await
}

async fn show(service: &Service, assertion: &str) -> Answer {
    log_in(service, json!({"assertion": assertion})).await
}

fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "JWT"})
}

async fn an_assertion_gives_a_session(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let assertion = service.front_end.assertion(SPAIN);
    let answer = log_in(&service, json!({"assertion": assertion, "role": SALES})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    let login = answer.json();
    assert_eq!((&login["session"]["user"], &login["session"]["role"]), (&json!(SPAIN_ID), &json!(SALES)));
    let token = login["token"].as_str().unwrap();
    assert_eq!(Answer::with_token(service.get("/v1/session"), token).await.json(), login["session"]);

    // A user without a password may sign in by assertion; this one has no role either.
    show(&service, &service.front_end.assertion("System")).await.refused(403, "no_role");
    let by_cookie = json!({"assertion": service.front_end.assertion(ADMIN), "cookie": true});
    let by_cookie = log_in(&service, by_cookie).await;
    assert!(by_cookie.header("set-cookie").starts_with("orgcache_session="));
    assert_eq!(by_cookie.json()["token"], Value::Null);
    let mut claims = service.front_end.claims(ADMIN);
    claims["aud"] = json!(["https://other.example.org", AUDIENCE]);
    claims["nbf"] = json!(service.front_end.now());
    claims["department"] = json!({"what": ["else", "it", "says"]});
    assert_eq!(show(&service, &signed(&json!({"alg": "EdDSA", "kid": "1"}), &claims)).await.status, 200);

    // What the user may not do, the front end cannot give.
    let form = |role: &str, org: Option<&str>| json!({"assertion": service.front_end.assertion(SPAIN), "role": role, "org": org});
    let foreign = log_in(&service, form("42D0EEB1C66F497A90DD526DC597E6F0", None)).await;
    assert_eq!(foreign.refused(403, "role_not_given")["field"], "role");
    assert!(!foreign.text.contains(QA));
    log_in(&service, form(SALES, Some(US))).await.refused(403, "org_not_given");
    service.execute("UPDATE ad_user SET islocked = 'Y' WHERE username = 'F&BESUser'").await;
    log_in(&service, form(SALES, None)).await.refused(403, "user_locked");
}

async fn an_assertion_is_used_once(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let assertion = service.front_end.assertion(ADMIN);
    assert_eq!(show(&service, &assertion).await.status, 200);
    show(&service, &assertion).await.refused(401, "unauthorized");
    // Signed anew it is still the one of that name.
    let mut claims = service.front_end.claims(ADMIN);
    claims["jti"] = json!("the same");
    assert_eq!(show(&service, &signed(&header(), &claims)).await.status, 200);
    claims["sub"] = json!(SPAIN);
    show(&service, &signed(&header(), &claims)).await.refused(401, "unauthorized");

    let contested = service.front_end.assertion(ADMIN);
    let attempts = (0..8).map(|_| show(&service, &contested));
    let answers = futures_util::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 7);
}

#[tokio::test]
async fn an_assertion_is_used_once_in_a_cluster() {
    let databases = Databases::postgres().await;
    let (one, other) =
        (Service::start_on(&databases, |_| {}).await, Service::start_on(&databases, |_| {}).await);
    let assertion = one.front_end.assertion(ADMIN);
    let login = show(&one, &assertion).await;
    show(&other, &assertion).await.refused(401, "unauthorized");
    let token = login.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(Answer::with_token(other.get("/v1/session"), &token).await.status, 200);

    let contested = one.front_end.assertion(ADMIN);
    let attempts = (0..8).map(|number| show(if number % 2 == 0 { &one } else { &other }, &contested));
    let answers = futures_util::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

async fn what_is_not_accepted_gets_the_same_answer(databases: Databases) {
    let service = Service::start_on(&databases, |settings| {
        settings.failures_by_network = Allowance::new(1_000, Duration::from_secs(3));
    })
    .await;
    let front_end = &service.front_end;
    let with = |claim: &str, value: Value| {
        let mut claims = front_end.claims(ADMIN);
        claims[claim] = value;
        signed(&header(), &claims)
    };
    let without = |claim: &str| {
        let mut claims = front_end.claims(ADMIN);
        claims.as_object_mut().unwrap().remove(claim);
        signed(&header(), &claims)
    };
    let public = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let public = hmac::Key::new(hmac::HMAC_SHA256, public.public_key().as_ref());
    let none = token(&json!({"alg": "none"}), &front_end.claims(ADMIN), |_| Vec::new());
    let right = front_end.assertion(ADMIN);
    let (message, _) = right.rsplit_once('.').unwrap();
    let used = front_end.assertion(ADMIN);
    assert_eq!(show(&service, &used).await.status, 200);
    let wrong = vec![
        signed_by(&[8; 32], &header(), &front_end.claims(ADMIN)),
        none.clone(),
        none.replace("eyJhbGciOiJub25lIn0", "eyJhbGciOiJOb25lIn0"),
        // Signed by the public key as if it were a secret.
        token(&json!({"alg": "HS256"}), &front_end.claims(ADMIN), |message| {
            hmac::sign(&public, message).as_ref().to_vec()
        }),
        token(&json!({"alg": "EdDSA"}), &front_end.claims(ADMIN), |_| vec![0; 64]),
        signed(&json!({"alg": "ES256"}), &front_end.claims(ADMIN)),
        signed(&json!({"typ": "JWT"}), &front_end.claims(ADMIN)),
        signed(&json!({"alg": "EdDSA", "crit": ["b64"], "b64": false}), &front_end.claims(ADMIN)),
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
        let answer = show(&service, assertion).await;
        assert_eq!(answer.status, 401, "{assertion}: {}", answer.text);
        let mut problem = answer.refused(401, "unauthorized");
        problem["request_id"] = Value::Null;
        let mut headers = answer.headers.clone();
        for of_this_answer in ["x-request-id", "date", "content-length"] {
            headers.remove(of_this_answer);
        }
        answers.push((problem, headers));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
    assert_eq!(answers[0].1["www-authenticate"], "Bearer");
    assert_eq!(show(&service, &right).await.status, 200, "what was tried with it did not use it up");
}

async fn time_is_short(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let front_end = &service.front_end;
    let lasting = |from: u64, to: u64| {
        let mut claims = front_end.claims(ADMIN);
        (claims["iat"], claims["exp"]) = (json!(from), json!(to));
        signed(&header(), &claims)
    };
    let now = front_end.now();
    let early = lasting(now + 6, now + 30);
    for assertion in [&lasting(now, now + 61), &lasting(now - 60, now), &early, &lasting(0, now + 60)] {
        show(&service, assertion).await.refused(401, "unauthorized");
    }
    let (kept, waiting) = (lasting(now, now + 60), lasting(now, now + 60));
    front_end.advance(59);
    assert_eq!(show(&service, &kept).await.status, 200);
    front_end.advance(1);
    show(&service, &waiting).await.refused(401, "unauthorized");
    show(&service, &early).await.refused(401, "unauthorized");
}

async fn a_store_that_is_away_lets_nobody_in(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    service.stored.as_ref().unwrap().close().await;
    let answer = show(&service, &service.front_end.assertion(ADMIN)).await;
    answer.refused(503, "unavailable");
    assert_ne!(answer.header("retry-after"), "");
}

#[tokio::test]
async fn a_flood_of_forgeries_is_slowed_down_and_a_front_end_is_not() {
    let databases = Databases::sqlite().await;
    let service = Service::start_on(&databases, |settings| {
        settings.failures_by_network = Allowance::new(4, Duration::from_secs(3));
    })
    .await;
    let front_end = &service.front_end;
    let logins = (0..12).map(|_| async { show(&service, &front_end.assertion(ADMIN)).await });
    for answer in futures_util::future::join_all(logins).await {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    // Users of the front end that the ERP does not know are no forgeries.
    for _ in 0..6 {
        show(&service, &front_end.assertion("nobody")).await.refused(401, "unauthorized");
    }
    let used = front_end.assertion(ADMIN);
    assert_eq!(show(&service, &used).await.status, 200);
    for guess in ["a.b.c", &signed_by(&[9; 32], &header(), &front_end.claims(ADMIN)), &used, &used] {
        show(&service, guess).await.refused(401, "unauthorized");
    }
    show(&service, "a.b.c").await.refused(429, "too_many_attempts");
    for _ in 0..6 {
        assert_eq!(
            show(&service, &front_end.assertion(ADMIN)).await.status,
            200,
            "others' forgeries slow nobody"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_is_named() {
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
        assert_eq!(log_in(&service, form).await.refused(422, "wrong_value")["field"], json!(field));
    }
    let huge = json!({"assertion": "x".repeat(2 << 20)});
    log_in(&service, huge).await.refused(413, "too_large");
}

#[tokio::test]
async fn without_a_trusted_front_end_there_is_no_such_login() {
    let service = Service::start().await;
    show(&service, &service.front_end.assertion(ADMIN)).await.refused(404, "no_assertions");
}
