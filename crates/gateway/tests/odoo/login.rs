//! Users log in with their Odoo password or API key.

use odoo_double::OdooDouble;
use reqwest::Method;
use serde_json::json;

use crate::program::Program;
use crate::world::{VERSIONS, company, odoo, password, user};

#[tokio::test]
async fn users_log_in_by_password_or_key_and_see_their_companies() {
    for version in VERSIONS {
        let double = odoo(version).await;
        let service = Program::over(&double).serve(&[]).await;
        assert!(service.greeting.contains("users of Odoo sign in: database `odoo`"), "{}", service.greeting);
        assert!(!service.greeting.contains("password"), "{}", service.greeting);
        let (north, holding) = (company(version, "Lab North"), company(version, "Lab Holding"));
        for secret in [password("bob"), OdooDouble::key_of("bob")] {
            let token = service.token("bob", &secret).await;
            let (_, session) = service.get("/v1/session", &token).await;
            assert_eq!(session["user"], json!(user(version, "bob").to_string()));
            assert_eq!(session["username"], json!("bob"));
            assert_eq!((&session["role"], &session["role_name"]), (&json!("0"), &json!("Odoo has no roles")));
            assert_eq!((&session["client"], &session["client_name"]), (&json!("odoo"), &json!("odoo")));
            assert_eq!(
                (&session["org"], &session["org_name"]),
                (&json!(north.to_string()), &json!("Lab North"))
            );
            assert_eq!((&session["readable"], &session["writable"]), (&json!(1), &json!(1)));
            assert_eq!(
                (&session["client_admin"], &session["instance_admin"]),
                (&json!(false), &json!(false))
            );
            let (_, tree) = service.get("/v1/tree", &token).await;
            let shown = tree["organizations"].as_array().unwrap();
            let readable: Vec<_> = shown.iter().filter(|org| org["readable"] == true).collect();
            assert_eq!(readable.len(), 1);
            assert_eq!(readable[0]["name"], "Lab North");
            assert_eq!(readable[0]["parent"], json!(holding.to_string()));
            let (_, roles) = service.get("/v1/session/roles", &token).await;
            assert_eq!(roles, json!({"roles": []}));
        }
        assert_eq!(double.open_sessions(), 0, "no session may be left in Odoo");
    }
}

#[tokio::test]
async fn every_wrong_credential_gets_the_same_answer() {
    for version in VERSIONS {
        let double = odoo(version).await;
        let service = Program::over(&double).serve(&["--log", "info"]).await;
        double.change_user(user(version, "dan"), |record| drop(record.insert("active".into(), json!(false))));
        double.change_user(user(version, "eve"), |record| drop(record.insert("share".into(), json!(true))));
        let expected = json!({"type": "urn:orgcache:problem:unauthorized", "title": "Unauthorized", "status": 401,
            "detail": "wrong user name or password"});
        for (login, secret) in [
            ("bob", "wrong"),
            ("bob", ""),
            ("bob", &password("ana")),
            ("bob", &OdooDouble::key_of("ana")),
            ("bob", "0123456789012345678901234567890123456789"),
            ("nobody", &password("bob")),
            ("dan", "wrong"),
            ("eve", "wrong"),
        ] {
            let (status, answer) = service.log_in(login, secret).await;
            assert_eq!(status, 401, "{version} {login}: {answer}");
            for (name, value) in expected.as_object().unwrap() {
                assert_eq!(&answer[name], value, "{version} {login}: {answer}");
            }
        }
        // With the right secret, the answer says that the user may not log in.
        for (login, secret) in
            [("dan", password("dan")), ("eve", password("eve")), ("eve", OdooDouble::key_of("eve"))]
        {
            let (status, answer) = service.log_in(login, &secret).await;
            assert_eq!(
                (status, &answer["type"]),
                (403, &json!("urn:orgcache:problem:not_allowed")),
                "{version}"
            );
            assert_eq!(answer["detail"], "the user may not log in");
        }
        let log = service.log();
        assert!(log.contains("a user of the portal") && log.contains("no such user"), "{log}");
        assert!(!log.contains("<password of") && !log.contains(&OdooDouble::key_of("eve")), "{log}");
    }
}

#[tokio::test]
async fn failures_are_limited_and_odoos_limit_is_passed_on() {
    let double = odoo(18).await;
    let service = Program::over(&double).serve(&[]).await;
    for _ in 0..10 {
        assert_eq!(service.log_in("bob", "wrong").await.0, 401);
    }
    // The service's limit for this user and network. Odoo is not called.
    let logins_before = double.logins();
    let (status, answer) = service.log_in("bob", &password("bob")).await;
    assert_eq!((status, &answer["type"]), (429, &json!("urn:orgcache:problem:too_many_attempts")));
    assert_eq!(double.logins(), logins_before);
    // Odoo's own limit for an address.
    let form = json!({"user": "ana", "password": password("ana")});
    let response = service.request(Method::POST, "/v1/login").json(&form).send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "60");
    let answer: serde_json::Value = response.json().await.unwrap();
    let detail = answer["detail"].as_str().unwrap();
    assert!(detail.contains("Too many login failures, please wait a bit"), "{detail}");
    // Odoo does not limit keys, and a refusal by Odoo's limit does not count as a failure of the user.
    service.token("ana", &OdooDouble::key_of("ana")).await;
}

#[tokio::test]
async fn a_user_with_a_second_factor_is_asked_for_a_key() {
    let double = odoo(19).await;
    double.behave(|behaviour| behaviour.second_factor = true);
    let service = Program::over(&double).serve(&[]).await;
    let (status, answer) = service.log_in("bob", &password("bob")).await;
    assert_eq!((status, &answer["type"]), (403, &json!("urn:orgcache:problem:second_factor")));
    assert!(answer["detail"].as_str().unwrap().contains("API key"));
    assert_eq!(service.log_in("bob", "wrong").await.0, 401);
    service.token("bob", &OdooDouble::key_of("bob")).await;
}

#[tokio::test]
async fn an_odoo_outage_ends_no_session() {
    let double = odoo(17).await;
    let service = Program::over(&double).serve(&["--recheck-users", "1"]).await;
    let token = service.token("bob", &password("bob")).await;
    let (_, before) = service.get("/v1/session/readable", &token).await;
    double.set_down(true);
    assert_eq!(service.get("/v1/session/readable", &token).await, (200, before.clone()));
    let (status, answer) = service.log_in("bob", &password("bob")).await;
    assert_eq!(status, 503, "{answer}");
    let (status, _) = service.get("/v1/session/freshness", &token).await;
    assert!(status == 503 || status == 200, "{status}");
    assert_eq!(service.get("/readyz", "").await.0, 503);
    assert_eq!(service.get("/healthz", "").await.0, 200);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(
        service.get("/v1/session/readable", &token).await,
        (200, before),
        "a failed user check must not end the session"
    );
    double.set_down(false);
    let started = std::time::Instant::now();
    while service.log_in("bob", &password("bob")).await.0 != 200 {
        assert!(started.elapsed().as_secs() < 30, "logins must work again");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert_eq!(service.get("/readyz", "").await.0, 200);
}
