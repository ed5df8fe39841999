//! The life of a session: use, refresh, switch, logout, expiry; cookies and CSRF protection.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::databases::{Databases, on_both_databases};
use crate::service::{ADMIN, Answer, ESPANA, NORTE, PASSWORD, SALES, SPAIN, Service, US, WAREHOUSE};

on_both_databases! {
    a_token_opens_its_session,
    without_a_session_every_guarded_route_gives_the_same_401,
    a_session_keeps_its_tree_until_it_is_refreshed,
    switching_role_or_organization_issues_a_new_token,
    logout_ends_a_session_at_once,
    cookies_are_protected_from_scripts_and_other_sites,
}

/// Every route that needs a session, with a valid body.
pub(crate) const GUARDED: &[(Method, &str, &str)] = &[
    (Method::GET, "/v1/session", ""),
    (Method::GET, "/v1/session/footprint", ""),
    (Method::GET, "/v1/session/freshness", ""),
    (Method::GET, "/v1/session/changes", ""),
    (Method::GET, "/v1/session/readable", ""),
    (Method::GET, "/v1/session/writable", ""),
    (Method::GET, "/v1/session/sql-filter", ""),
    (Method::GET, "/v1/session/companies", ""),
    (Method::GET, "/v1/session/roles", ""),
    (Method::GET, "/v1/tree", ""),
    (Method::GET, "/v1/admin/clients", ""),
    (Method::GET, "/v1/admin/sessions", ""),
    (Method::GET, "/v1/admin/trees", ""),
    (Method::GET, "/v1/admin/statistics", ""),
    (Method::GET, "/v1/questions", ""),
    (Method::POST, "/v1/questions", r#"{"call": "natural_tree", "args": {"org": "0"}}"#),
    (Method::POST, "/v1/questions/batch", r#"{"questions": []}"#),
    (Method::POST, "/v1/admin/sessions/end", r#"{"user": "nobody"}"#),
    (Method::DELETE, "/v1/admin/sessions/x", ""),
    (Method::GET, "/v1/admin/organizations/x/roles", ""),
    (Method::POST, "/v1/session/refresh", ""),
    (Method::POST, "/v1/session/role", r#"{"role": "0"}"#),
    (Method::POST, "/v1/session/org", r#"{"org": "0"}"#),
    (Method::POST, "/v1/logout", ""),
];

async fn get_session(service: &Service, token: &str) -> Answer {
    Answer::with_token(service.get("/v1/session"), token).await
}

async fn a_token_opens_its_session(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let login =
        Answer::fetch(service.post("/v1/login", json!({"user": ADMIN, "password": PASSWORD}))).await.json();
    let session = get_session(&service, login["token"].as_str().unwrap()).await;
    assert_eq!(session.json(), login["session"]);
    let footprint =
        Answer::with_token(service.get("/v1/session/footprint"), login["token"].as_str().unwrap()).await;
    assert_eq!(footprint.json(), session.json()["footprint"]);
    assert!(footprint.json()["own"].as_u64().unwrap() > 0);
}

async fn without_a_session_every_guarded_route_gives_the_same_401(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let forged = "0".repeat(64);
    let session = get_session(&service, &service.token(ADMIN).await).await.json();
    let session_id = session["id"].as_str().unwrap();
    let credentials = [
        None,
        Some(format!("Bearer {forged}")),
        Some("Bearer x".to_owned()),
        Some(format!("Bearer {}", "a".repeat(10_000))),
        Some("Basic RiZCQWRtaW46b3JnY2FjaGU=".to_owned()),
        Some("Bearer".to_owned()),
        Some(format!("Bearer {session_id}")),
    ];
    for (method, path, body) in GUARDED {
        for credential in &credentials {
            let mut request =
                service.request(method.clone(), path).body(*body).header("content-type", "application/json");
            if let Some(credential) = credential {
                request = request.header("authorization", credential);
            }
            let answer = Answer::fetch(request).await;
            let problem = answer.assert_refused(401, "unauthorized");
            assert_eq!(problem["detail"], "no valid session: log in", "{method} {path} {credential:?}");
        }
    }
}

async fn a_session_keeps_its_tree_until_it_is_refreshed(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let token = service.token(ADMIN).await;
    let current = async |token: &str| {
        Answer::with_token(service.get("/v1/session/freshness"), token).await.json()["current"].clone()
    };
    let parent = async |token: &str| {
        let question = json!({"call": "parent_org", "args": {"org": NORTE}});
        Answer::with_token(service.post("/v1/questions", question), token).await.json()["result"].clone()
    };
    assert_eq!(current(&token).await, true);
    service
        .execute(
            "UPDATE ad_treenode SET parent_id = '2E60544D37534C0B89E765FE29BC0B43'
             WHERE node_id = 'E443A31992CB4635AFCAEABE7183CE85'",
        )
        .await;
    service.clock.advance(Duration::from_secs(2));
    assert_eq!(current(&token).await, false);
    assert_eq!(parent(&token).await, ESPANA, "the pinned tree does not change");

    let refreshed = Answer::with_token(service.request(Method::POST, "/v1/session/refresh"), &token).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.text);
    let fresh = refreshed.json()["token"].as_str().unwrap().to_owned();
    assert_eq!((current(&fresh).await, parent(&fresh).await), (json!(true), json!(US)));
    get_session(&service, &token).await.assert_refused(401, "unauthorized");
}

async fn switching_role_or_organization_issues_a_new_token(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let first = service.token_as(json!({"user": SPAIN, "password": PASSWORD, "role": SALES})).await;
    let switched =
        Answer::with_token(service.post("/v1/session/role", json!({"role": WAREHOUSE})), &first).await;
    assert_eq!(switched.json()["session"]["role"], WAREHOUSE);
    get_session(&service, &first).await.assert_refused(401, "unauthorized");

    let second = switched.json()["token"].as_str().unwrap().to_owned();
    let refused = Answer::with_token(service.post("/v1/session/org", json!({"org": US})), &second).await;
    assert_eq!(refused.assert_refused(403, "org_not_given")["field"], "org");
    let refused = Answer::with_token(service.post("/v1/session/role", json!({"role": "0"})), &second).await;
    assert_eq!(refused.assert_refused(403, "role_not_given")["field"], "role");
    assert_eq!(get_session(&service, &second).await.status, 200, "a refused switch changes nothing");

    let third = service.token(ADMIN).await;
    let moved = Answer::with_token(service.post("/v1/session/org", json!({"org": US})), &third).await.json();
    assert_eq!(moved["session"]["org"], US);
    for body in [json!({}), json!({"org": 1}), json!({"org": ""}), json!({"org": US, "role": SALES})] {
        let token = moved["token"].as_str().unwrap();
        Answer::with_token(service.post("/v1/session/org", body), token)
            .await
            .assert_refused(422, "wrong_value");
    }
}

async fn logout_ends_a_session_at_once(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let (first, other) = (service.token(ADMIN).await, service.token(ADMIN).await);
    let logout = Answer::with_token(service.request(Method::POST, "/v1/logout"), &first).await;
    assert_eq!((logout.status, logout.text.as_str()), (204, ""));
    get_session(&service, &first).await.assert_refused(401, "unauthorized");
    assert_eq!(get_session(&service, &other).await.status, 200);
}

#[tokio::test]
async fn background_requests_do_not_extend_a_session() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let get_in_background = async |path: &str| {
        let request = service.get(path).header("x-orgcache-background", "1");
        Answer::with_token(request, &token).await.status
    };
    for _ in 0..6 {
        service.clock.advance(Duration::from_secs(5 * 60));
        assert_eq!(get_in_background("/v1/session/freshness").await, 200);
        assert_eq!(get_in_background("/v1/admin/sessions").await, 200);
    }
    // A request that changes state is never a background request, so its header is ignored.
    let question = service.post("/v1/questions", json!({"call": "child_org", "args": {"org": "0"}}));
    let asked = Answer::with_token(question.header("x-orgcache-background", "1"), &token).await;
    assert_eq!(asked.status, 200);
    service.clock.advance(Duration::from_secs(29 * 60));
    assert_eq!(get_in_background("/v1/session/freshness").await, 200);
    service.clock.advance(Duration::from_secs(2 * 60));
    assert_eq!(get_in_background("/v1/session/freshness").await, 401);
}

#[tokio::test]
async fn sessions_expire_when_idle_and_at_their_maximum_age() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    service.clock.advance(Duration::from_secs(29 * 60));
    assert_eq!(get_session(&service, &token).await.status, 200);
    service.clock.advance(Duration::from_secs(31 * 60));
    get_session(&service, &token).await.assert_refused(401, "unauthorized");

    let busy = service.token(ADMIN).await;
    for _ in 0..36 {
        assert_eq!(get_session(&service, &busy).await.status, 200);
        service.clock.advance(Duration::from_secs(20 * 60 + 1));
    }
    get_session(&service, &busy).await.assert_refused(401, "unauthorized");
}

/// Logs in as a browser does. Returns the cookie, the CSRF value and the answer.
async fn log_in_with_cookie(service: &Service) -> (String, String, Answer) {
    let form = json!({"user": ADMIN, "password": PASSWORD, "cookie": true});
    let answer = Answer::fetch(service.post("/v1/login", form)).await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let csrf = answer.json()["csrf"].as_str().unwrap().to_owned();
    (cookie, csrf, answer)
}

async fn cookies_are_protected_from_scripts_and_other_sites(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let (cookie, csrf, answer) = log_in_with_cookie(&service).await;
    assert_eq!(
        answer.json()["token"],
        Value::Null,
        "scripts can read the body, so it must not hold the token"
    );
    assert!(cookie.starts_with("orgcache_session="));
    let attributes: Vec<&str> = answer.header("set-cookie").split("; ").skip(1).collect();
    assert_eq!(attributes, ["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=43200"]);
    let session = Answer::fetch(service.get("/v1/session").header("cookie", &cookie)).await.json();
    assert_eq!(session["csrf"], csrf, "a reloaded page needs the CSRF value");

    let secure = Service::start_with(|settings| settings.secure = true).await;
    let (cookie, _, answer) = log_in_with_cookie(&secure).await;
    assert!(answer.header("set-cookie").ends_with("; Secure"));
    let value = cookie.strip_prefix("__Host-orgcache_session=").unwrap();
    assert_eq!(Answer::fetch(secure.get("/v1/session").header("cookie", &cookie)).await.status, 200);
    // Without the `__Host-` prefix, a page on another subdomain may have set the cookie.
    let planted = format!("orgcache_session={value}");
    Answer::fetch(secure.get("/v1/session").header("cookie", &planted))
        .await
        .assert_refused(401, "unauthorized");
    let both = format!("orgcache_session=x; {cookie}");
    assert_eq!(Answer::fetch(secure.get("/v1/session").header("cookie", both)).await.status, 200);
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn unsafe_methods_with_a_cookie_need_the_csrf_value() {
    let service = Service::start().await;
    let (cookie, csrf, _) = log_in_with_cookie(&service).await;
    let (_, another, _) = log_in_with_cookie(&service).await;
    let unsafe_routes = GUARDED.iter().filter(|(method, ..)| *method != Method::GET);
    for (method, path, body) in unsafe_routes {
        for value in [None, Some(""), Some("x"), Some(another.as_str())] {
            let mut request = service.request(method.clone(), path).body(*body);
            request = request.header("cookie", &cookie).header("content-type", "application/json");
            if let Some(value) = value {
                request = request.header("x-orgcache-csrf", value);
            }
            Answer::fetch(request).await.assert_refused(403, "csrf");
        }
    }
    let refresh = service.request(Method::POST, "/v1/session/refresh");
    let refreshed = Answer::fetch(refresh.header("cookie", &cookie).header("x-orgcache-csrf", &csrf)).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.text);
    let fresh = refreshed.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_ne!(refreshed.json()["csrf"], csrf);
    let csrf = refreshed.json()["csrf"].as_str().unwrap().to_owned();

    let logout = service.request(Method::POST, "/v1/logout");
    let logout = Answer::fetch(logout.header("cookie", &fresh).header("x-orgcache-csrf", csrf)).await;
    assert_eq!(logout.status, 204);
    assert!(
        logout.header("set-cookie").starts_with("orgcache_session=; ")
            && logout.header("set-cookie").contains("Max-Age=0")
    );
    Answer::fetch(service.get("/v1/session").header("cookie", fresh))
        .await
        .assert_refused(401, "unauthorized");
}
