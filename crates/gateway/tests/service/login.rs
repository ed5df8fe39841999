//! `POST /v1/login`: correct and wrong credentials, roles and organizations, limits on failures.

use std::time::Duration;

use futures_util::future::join_all;
use gateway::http::Allowance;
use serde_json::{Value, json};

use crate::databases::{Databases, on_both_databases};
use crate::service::{ADMIN, Answer, ESPANA, FOOD, NORTE, PASSWORD, QA, SALES, SPAIN, SPAIN_ID, Service, US};

on_both_databases! {
    the_correct_password_creates_a_session,
    a_login_may_choose_the_organization,
    every_wrong_credential_gets_the_same_answer,
    an_authenticated_user_learns_why_the_login_is_refused,
    an_inactive_default_role_does_not_block_the_login,
    wrong_passwords_are_limited_by_network,
    failures_from_one_network_do_not_lock_the_user_out_elsewhere,
}

async fn log_in(service: &Service, form: Value) -> Answer {
    Answer::fetch(service.post("/v1/login", form)).await
}

async fn the_correct_password_creates_a_session(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let answer = log_in(&service, json!({"user": SPAIN, "password": PASSWORD, "role": SALES})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("set-cookie"), "");
    let (login, session) = (answer.json(), answer.json()["session"].clone());
    assert_eq!(login["token"].as_str().unwrap().len(), 64);
    assert_eq!(login["csrf"], Value::Null);
    assert_eq!(session["user"], SPAIN_ID);
    assert_eq!(session["username"], SPAIN);
    assert_eq!((&session["role"], &session["role_name"]), (&json!(SALES), &json!("F&B España, S.A - Sales")));
    assert_eq!(
        (&session["client"], &session["client_name"]),
        (&json!(FOOD), &json!("F&B International Group"))
    );
    assert_eq!(session["user_level"], " CO");
    assert_eq!((&session["client_admin"], &session["instance_admin"]), (&json!(false), &json!(false)));
    assert_eq!(session["organizations"], 8);
    assert_ne!(login["token"], session["id"], "the session's id must not be its token");
}

async fn a_login_may_choose_the_organization(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let form = |org: &str| json!({"user": ADMIN, "password": PASSWORD, "org": org});
    assert_eq!(log_in(&service, form(US)).await.json()["session"]["org"], US);
    assert_eq!(log_in(&service, form(ESPANA)).await.json()["session"]["org_name"], "F&B España, S.A");
}

async fn every_wrong_credential_gets_the_same_answer(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let wrong = [
        json!({"user": ADMIN, "password": "wrong"}),
        json!({"user": ADMIN, "password": ""}),
        json!({"user": ADMIN, "password": format!("{PASSWORD}\u{0}")}),
        json!({"user": "nobody", "password": PASSWORD}),
        json!({"user": "", "password": PASSWORD}),
        json!({"user": "f&badmin", "password": PASSWORD}),
        json!({"user": "x".repeat(10_000), "password": PASSWORD}),
        json!({"user": "a\u{0}b", "password": PASSWORD}),
        json!({"user": "' OR '1'='1", "password": PASSWORD}),
        // This user exists, but has no password.
        json!({"user": "System", "password": PASSWORD}),
        // The role is checked only after the password.
        json!({"user": ADMIN, "password": "wrong", "role": "0"}),
    ];
    let mut answers = Vec::new();
    for form in wrong {
        let answer = log_in(&service, form).await;
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
}

async fn an_authenticated_user_learns_why_the_login_is_refused(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let form = |role: &str, org: Option<&str>| json!({"user": SPAIN, "password": PASSWORD, "role": role, "org": org});
    let foreign = log_in(&service, form("42D0EEB1C66F497A90DD526DC597E6F0", None)).await;
    assert_eq!(foreign.assert_refused(403, "role_not_given")["field"], "role");
    let unknown = log_in(&service, form("no such role", None)).await;
    assert_eq!(unknown.assert_refused(403, "role_not_given")["detail"], foreign.json()["detail"]);
    let org = log_in(&service, form(SALES, Some(US))).await;
    assert_eq!(org.assert_refused(403, "org_not_given")["field"], "org");
    let org = log_in(&service, form(SALES, Some("nowhere"))).await;
    org.assert_refused(403, "org_not_given");
    assert!(!foreign.text.contains(FOOD) && !foreign.text.contains(QA));

    service.execute("UPDATE ad_user SET islocked = 'Y' WHERE username = 'F&BESUser'").await;
    log_in(&service, form(SALES, None)).await.assert_refused(403, "user_locked");
    service.execute("UPDATE ad_user SET isactive = 'N' WHERE username = 'F&BESUser'").await;
    log_in(&service, form(SALES, None)).await.assert_refused(403, "user_inactive");
}

async fn an_inactive_default_role_does_not_block_the_login(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let log_in_both_ways = async |role: Option<&str>| {
        let form = json!({"user": SPAIN, "password": PASSWORD, "role": role});
        let password = log_in(&service, form).await;
        let form = json!({"assertion": service.front_end.assertion(SPAIN), "role": role});
        let assertion = Answer::fetch(service.post("/v1/login/assertion", form)).await;
        assert_eq!(password.status, assertion.status, "{} {}", password.text, assertion.text);
        assert_eq!(password.json()["session"]["role"], assertion.json()["session"]["role"]);
        password
    };
    service
        .execute(&format!(
            "UPDATE ad_user SET default_ad_role_id = '{SALES}' WHERE ad_user_id = '{SPAIN_ID}'"
        ))
        .await;
    assert_eq!(log_in_both_ways(None).await.json()["session"]["role"], SALES);
    for (inactive, active, code) in [
        (
            format!("UPDATE ad_role SET isactive = 'N' WHERE ad_role_id = '{SALES}'"),
            format!("UPDATE ad_role SET isactive = 'Y' WHERE ad_role_id = '{SALES}'"),
            "role_inactive",
        ),
        (
            format!("UPDATE ad_user_roles SET isactive = 'N' WHERE ad_role_id = '{SALES}'"),
            format!("UPDATE ad_user_roles SET isactive = 'Y' WHERE ad_role_id = '{SALES}'"),
            "role_not_given",
        ),
    ] {
        service.execute(&inactive).await;
        let other = log_in_both_ways(None).await.json()["session"]["role"].clone();
        assert!(other.is_string() && other != SALES, "{other}");
        log_in_both_ways(Some(SALES)).await.assert_refused(403, code);
        service.execute(&active).await;
        assert_eq!(log_in_both_ways(None).await.json()["session"]["role"], SALES);
    }
}

#[tokio::test]
async fn a_damaged_tree_is_not_reported_as_a_database_outage() {
    let service = Service::start().await;
    let form = json!({"user": SPAIN, "password": PASSWORD, "role": SALES});
    assert_eq!(log_in(&service, form.clone()).await.status, 200);
    let cycle = format!("UPDATE ad_treenode SET parent_id = '{NORTE}' WHERE node_id = '{ESPANA}'");
    service.execute(&cycle).await;
    let problem = log_in(&service, form).await.assert_refused(503, "unavailable");
    assert_eq!(problem["detail"], "the rows of the ERP are not usable: see the log of the service");
}

#[tokio::test]
async fn invalid_fields_are_named() {
    let service = Service::start().await;
    let long = "x".repeat(33);
    for (form, field) in [
        (json!({"user": ADMIN}), None),
        (json!({"user": ADMIN, "password": 1}), Some("password")),
        (json!({"user": [], "password": PASSWORD}), Some("user")),
        (json!({"user": ADMIN, "password": PASSWORD, "role": ""}), Some("role")),
        (json!({"user": ADMIN, "password": PASSWORD, "role": long}), Some("role")),
        (json!({"user": ADMIN, "password": PASSWORD, "org": long}), Some("org")),
        (json!({"user": ADMIN, "password": PASSWORD, "org": "a\u{0}"}), Some("org")),
        (json!({"user": ADMIN, "password": PASSWORD, "cookie": "yes"}), Some("cookie")),
        (json!({"user": ADMIN, "password": PASSWORD, "admin": true}), Some("admin")),
        (json!({"user": ADMIN, "password": "x".repeat(1_025)}), Some("password")),
        (json!([ADMIN, PASSWORD]), None),
        (json!("text"), None),
    ] {
        let answer = log_in(&service, form.clone()).await;
        let problem = answer.assert_refused(422, "wrong_value");
        assert_eq!(problem["field"], json!(field), "{form}: {problem}");
        assert!(!answer.text.contains("LoginForm"), "no type names: {}", answer.text);
    }
}

async fn wrong_passwords_are_limited_by_network(databases: Databases) {
    let service = Service::start_on(&databases, |settings| {
        settings.failures_by_network = Allowance::new(4, Duration::from_secs(3));
    })
    .await;
    let right = |user: &str| json!({"user": user, "password": PASSWORD});
    for _ in 0..12 {
        assert_eq!(log_in(&service, right(ADMIN)).await.status, 200);
    }
    for _ in 0..4 {
        log_in(&service, json!({"user": "nobody", "password": "guess"}))
            .await
            .assert_refused(401, "unauthorized");
    }
    let limited = log_in(&service, json!({"user": "nobody", "password": "guess"})).await;
    limited.assert_refused(429, "too_many_attempts");
    let wait: u64 = limited.header("retry-after").parse().unwrap();
    assert!((1..=4).contains(&wait), "{wait}");
    // While the network is limited, a correct password is refused too: otherwise the answer would reveal it.
    log_in(&service, right(SPAIN)).await.assert_refused(429, "too_many_attempts");
    assert_eq!(
        log_in(&service, right(ADMIN)).await.status,
        200,
        "a user who has logged in from this network is exempt"
    );
    service.clock.advance(Duration::from_secs(wait));
    assert_eq!(log_in(&service, right(SPAIN)).await.status, 200);
}

async fn failures_from_one_network_do_not_lock_the_user_out_elsewhere(databases: Databases) {
    let service = Service::start_on(&databases, |settings| {
        settings.failures_by_user_and_network = Allowance::new(3, Duration::from_secs(60));
        settings.failures_by_user = Allowance::new(3, Duration::from_millis(50));
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let from = |address: &str, user: &str, password: &str| {
        let form = json!({"user": user, "password": password});
        Answer::fetch(service.post("/v1/login", form).header("x-forwarded-for", address))
    };
    for _ in 0..10 {
        for _ in 0..3 {
            from("2001:db8::1", ADMIN, "guess").await.assert_refused(401, "unauthorized");
        }
        from("2001:db8::2", ADMIN, PASSWORD).await.assert_refused(429, "too_many_attempts");
        assert_eq!(from("192.0.2.7", ADMIN, PASSWORD).await.status, 200);
        service.clock.advance(Duration::from_secs(180));
    }
    from("2001:db8::1", SPAIN, "guess").await.assert_refused(401, "unauthorized");
    // Failures from many networks only slow the user down. They never lock the user out.
    for network in 10..40 {
        from(&format!("192.0.2.{network}"), ADMIN, "guess").await.assert_refused(401, "unauthorized");
    }
    assert_eq!(from("192.0.2.99", ADMIN, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn all_spellings_of_a_networks_addresses_count_as_one_network() {
    let service = Service::start_with(|settings| {
        settings.failures_by_user_and_network = Allowance::new(4, Duration::from_secs(60));
        // A dual-stack socket reports the proxy's IPv4 address in this mapped form.
        settings.trusted_proxies = vec!["::ffff:127.0.0.0/104".parse().unwrap()];
    })
    .await;
    let guess = |address: &str| {
        let form = json!({"user": ADMIN, "password": "guess"});
        Answer::fetch(service.post("/v1/login", form).header("x-forwarded-for", address))
    };
    for network in [
        [
            "203.0.113.7",
            "203.0.113.7:4000",
            "::ffff:203.0.113.7",
            "[::ffff:203.0.113.7]:1",
            "::ffff:cb00:7107",
        ],
        [
            "2001:db8::1",
            "[2001:db8:0:0:ffff::9]:443",
            "2001:DB8::",
            "2001:0db8:0000:0000:1::",
            "[2001:db8::2]",
        ],
        // Only the last entry, which the trusted proxy appended, counts. The client may forge the others.
        [
            "192.0.2.1",
            "198.51.100.1, 192.0.2.1",
            "2001:db8::1,192.0.2.1",
            "unknown, 192.0.2.1",
            " ,192.0.2.1 ",
        ],
    ] {
        // Concurrent, because attempts that are still being verified count too.
        let statuses: Vec<u16> =
            join_all(network.map(guess)).await.iter().map(|answer| answer.status).collect();
        let count = |status| statuses.iter().filter(|one| **one == status).count();
        assert_eq!((count(401), count(429)), (4, 1), "{network:?}: {statuses:?}");
    }
    guess("2001:db8:0:1::1").await.assert_refused(401, "unauthorized");
}

#[tokio::test]
async fn concurrent_correct_logins_are_never_limited() {
    let service = Service::start_with(|settings| {
        settings.failures_by_network = Allowance::new(2, Duration::from_secs(60));
        settings.failures_by_user_and_network = Allowance::new(1, Duration::from_secs(60));
    })
    .await;
    let logins = (0..200).map(|number| {
        let user = if number % 2 == 0 { ADMIN } else { SPAIN };
        tokio::spawn(Answer::fetch(service.post("/v1/login", json!({"user": user, "password": PASSWORD}))))
    });
    for login in logins.collect::<Vec<_>>() {
        let answer = login.await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

#[tokio::test]
async fn forwarding_headers_of_untrusted_peers_are_ignored() {
    let service = Service::start_with(|settings| {
        settings.failures_by_network = Allowance::new(2, Duration::from_secs(60));
    })
    .await;
    let from = |address: &str| {
        let form = json!({"user": "nobody", "password": "guess"});
        Answer::fetch(service.post("/v1/login", form).header("x-forwarded-for", address))
    };
    from("192.0.2.1").await.assert_refused(401, "unauthorized");
    from("192.0.2.2").await.assert_refused(401, "unauthorized");
    from("192.0.2.3").await.assert_refused(429, "too_many_attempts");
}

#[tokio::test]
async fn all_concurrent_logins_are_answered() {
    let service = Service::start_with(|settings| {
        settings.failures_by_network = Allowance::new(1_000, Duration::from_secs(1));
        settings.failures_by_user_and_network = Allowance::new(1_000, Duration::from_secs(1));
    })
    .await;
    let attempts = (0..100).map(|number| {
        let password = if number % 2 == 0 { PASSWORD } else { "guess" };
        let request = service.post("/v1/login", json!({"user": ADMIN, "password": password, "org": NORTE}));
        tokio::spawn(Answer::fetch(request))
    });
    for (number, attempt) in attempts.collect::<Vec<_>>().into_iter().enumerate() {
        let answer = attempt.await.unwrap();
        let expected = if number % 2 == 0 { 200 } else { 401 };
        assert!([expected, 503].contains(&answer.status), "{}", answer.text);
    }
    assert_eq!(Answer::fetch(service.get("/healthz")).await.status, 200);
}
