//! `/v1/admin/sessions`: listing, finding and ending sessions.

use reqwest::Method;
use serde_json::{Value, json};

use super::{end_sessions, get, is_live, session_id, spain};
use crate::databases::{Databases, on_both_databases};
use crate::service::{ADMIN, Answer, FOOD, PASSWORD, SALES, SPAIN, SPAIN_ID, Service, WAREHOUSE};

on_both_databases! {
    sessions_are_listed_with_names_and_bytes,
    sessions_are_listed_page_by_page,
    sessions_are_found_by_text,
    sessions_show_their_client_address_and_expiry,
    sessions_are_ended_by_user_by_role_and_by_client,
    a_damaged_session_is_skipped,
}

async fn sessions_are_listed_with_names_and_bytes(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    let listed = get(&service, "/v1/admin/sessions", &admin).await.json();
    let shown = get(&service, "/v1/session", &admin).await.json();
    for part in
        ["id", "user", "username", "role", "role_name", "client", "org", "org_name", "tree", "footprint"]
    {
        assert_eq!(listed["sessions"][0][part], shown[part], "{part}");
        assert_ne!(shown[part], Value::Null, "{part}");
    }
    let trees = get(&service, "/v1/admin/trees", &admin).await.json();
    assert_eq!(trees["trees"][0]["client_name"], shown["client_name"]);
    assert_eq!(trees["trees"][0]["bytes"], shown["footprint"]["tree"]);
}

async fn sessions_are_listed_page_by_page(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    for _ in 0..4 {
        spain(&service, SALES).await;
    }
    spain(&service, WAREHOUSE).await;
    let mut seen = Vec::new();
    let mut path = format!("/v1/admin/sessions?limit=2&user={SPAIN_ID}");
    loop {
        let page = get(&service, &path, &admin).await.json();
        seen.extend(page["sessions"].as_array().unwrap().iter().map(|session| session["id"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/admin/sessions?limit=2&user={SPAIN_ID}&after={next}");
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((seen.len(), &sorted), (5, &seen));
    let both =
        get(&service, &format!("/v1/admin/sessions?user={SPAIN_ID}&role={WAREHOUSE}"), &admin).await.json();
    assert_eq!(both["sessions"].as_array().unwrap().len(), 1);
    let role = get(&service, &format!("/v1/admin/sessions?role={SALES}"), &admin).await.json();
    assert_eq!(role["sessions"].as_array().unwrap().len(), 4);

    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=x", "after"),
        ("user=", "user"),
        ("role=%00", "role"),
        ("roles=x", "roles"),
    ] {
        let problem = get(&service, &format!("/v1/admin/sessions?{query}"), &admin).await;
        assert_eq!(problem.assert_refused(422, "wrong_value")["field"], field, "{query}");
    }
    let delete = service.request(Method::DELETE, "/v1/admin/sessions/x");
    assert_eq!(Answer::with_token(delete, &admin).await.assert_refused(422, "wrong_value")["field"], "id");
}

async fn sessions_are_found_by_text(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    let (sales, warehouse) = (spain(&service, SALES).await, spain(&service, WAREHOUSE).await);
    let found = async |query: &str| {
        let page = get(&service, &format!("/v1/admin/sessions?{query}"), &admin).await.json();
        let sessions = page["sessions"].as_array().unwrap().clone();
        (sessions.iter().map(|session| session["id"].clone()).collect::<Vec<_>>(), page["next"].clone())
    };
    let sales = json!(session_id(&service, &sales).await);
    assert_eq!(found("text=-%20SALES").await, (vec![sales.clone()], Value::Null));
    assert_eq!(found(&format!("text={SPAIN_ID}&role={SALES}")).await, (vec![sales.clone()], Value::Null));
    assert_eq!(found("text=127.0.0.1").await.0.len(), 3);
    assert_eq!(found("text=nowhere").await, (vec![], Value::Null));
    assert_eq!(found("text=%20").await.0.len(), 3, "a blank text must not filter");
    // Paging returns each session once.
    let (mut all, next) = found("text=fbesuser&limit=1".replace("fbes", "F%26BES").as_str()).await;
    let (rest, next) = found(&format!("text=f%26besuser&limit=5&after={}", next.as_str().unwrap())).await;
    all.extend(rest);
    let mut expected = vec![sales, json!(session_id(&service, &warehouse).await)];
    expected.sort_by_key(Value::to_string);
    assert_eq!((all, next), (expected, Value::Null));
}

async fn sessions_show_their_client_address_and_expiry(databases: Databases) {
    let service = Service::start_on(&databases, |settings| {
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let admin = service.token(ADMIN).await;
    let login = service.post("/v1/login", json!({"user": SPAIN, "password": PASSWORD, "role": SALES}));
    let user = Answer::fetch(login.header("x-forwarded-for", "203.0.113.7")).await.json();
    service.clock.advance(std::time::Duration::from_secs(60));
    let listed = async || {
        let path = format!("/v1/admin/sessions?user={SPAIN_ID}");
        get(&service, &path, &admin).await.json()["sessions"][0].clone()
    };
    let session = listed().await;
    assert_eq!(session["address"], "203.0.113.7");
    assert_eq!(session["client_name"], "F&B International Group");
    let idle = session["idle_seconds"].as_u64().unwrap();
    // Both are rounded down to seconds, so the sum may be one less.
    let left = session["expires_in_seconds"].as_u64().unwrap() + idle;
    assert!((30 * 60 - 1..=30 * 60).contains(&left), "{session}");
    // The refreshed session has the address of the refresh request.
    let refresh =
        service.request(Method::POST, "/v1/session/refresh").header("x-forwarded-for", "203.0.113.8");
    assert_eq!(Answer::with_token(refresh, user["token"].as_str().unwrap()).await.status, 200);
    assert_eq!(listed().await["address"], "203.0.113.8");
}

async fn sessions_are_ended_by_user_by_role_and_by_client(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    let (sales, warehouse) = (spain(&service, SALES).await, spain(&service, WAREHOUSE).await);
    let ended = end_sessions(&service, &admin, json!({"role": SALES})).await.json();
    assert_eq!(ended, json!({"ended": 1, "elsewhere": "done"}));
    assert!(!is_live(&service, &sales).await && is_live(&service, &warehouse).await);
    assert_eq!(end_sessions(&service, &admin, json!({"user": SPAIN_ID})).await.json()["ended"], 1);
    assert!(!is_live(&service, &warehouse).await);
    for wrong in
        [json!({}), json!({"user": SPAIN_ID, "role": SALES}), json!({"user": ""}), json!({"all": true})]
    {
        end_sessions(&service, &admin, wrong).await.assert_refused(422, "wrong_value");
    }
    assert_eq!(end_sessions(&service, &admin, json!({"client": FOOD})).await.json()["ended"], 1);
    assert!(!is_live(&service, &admin).await, "the administrator's own session ends too");
}

async fn a_damaged_session_is_skipped(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    if service.stored.is_none() {
        return;
    }
    let admin = service.token(ADMIN).await;
    for _ in 0..4 {
        spain(&service, SALES).await;
    }
    spain(&service, WAREHOUSE).await;
    let table = if databases.is_postgres() { "orgcache.orgcache_session" } else { "orgcache_session" };
    databases.execute_on_store(&format!("UPDATE {table} SET org_id = '' WHERE role_id = '{SALES}'")).await;
    for limit in [1, 2, 100] {
        let (mut roles, mut after) = (Vec::new(), String::new());
        loop {
            let page = get(&service, &format!("/v1/admin/sessions?limit={limit}{after}"), &admin).await;
            assert_eq!(page.status, 200, "{}", page.text);
            let page = page.json();
            roles.extend(page["sessions"].as_array().unwrap().iter().map(|session| session["role"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert!(roles.len() == 2 && roles.contains(&json!(WAREHOUSE)), "{limit}: {roles:?}");
    }
}
