//! `/v1/admin`: which administrators may see and end which sessions.

mod roles;
mod sessions;
mod trees;

use reqwest::Method;
use serde_json::{Value, json};

use crate::databases::{Databases, on_both_databases};
use crate::service::{
    ADMIN, Answer, FOOD, NORTE, OPENBRAVO, PASSWORD, QA, QA_ADMIN, SALES, SPAIN, SPAIN_ID, Service, WAREHOUSE,
};

on_both_databases! {
    only_administrators_may_use_the_routes,
    withdrawn_rights_are_lost_at_once,
    the_user_check_ends_only_sessions_of_refused_users,
    client_administrators_see_only_their_client,
    instance_administrators_see_all_clients,
    administrators_list_only_the_clients_that_they_administer,
    an_unreadable_client_name_does_not_block_logins,
}

pub(super) async fn get(service: &Service, path: &str, token: &str) -> Answer {
    Answer::with_token(service.get(path), token).await
}

/// The id of the session that the token opens.
pub(super) async fn session_id(service: &Service, token: &str) -> String {
    get(service, "/v1/session", token).await.json()["id"].as_str().unwrap().to_owned()
}

pub(super) async fn end_sessions(service: &Service, token: &str, form: Value) -> Answer {
    Answer::with_token(service.post("/v1/admin/sessions/end", form), token).await
}

pub(super) async fn is_live(service: &Service, token: &str) -> bool {
    get(service, "/v1/session", token).await.status == 200
}

pub(super) async fn spain(service: &Service, role: &str) -> String {
    service.token_as(json!({"user": SPAIN, "password": PASSWORD, "role": role})).await
}

async fn only_administrators_may_use_the_routes(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let token = spain(&service, SALES).await;
    let own = session_id(&service, &token).await;
    let roles = format!("/v1/admin/organizations/{NORTE}/roles");
    for path in ["/v1/admin/clients", "/v1/admin/sessions", "/v1/admin/trees", "/v1/admin/statistics", &roles]
    {
        get(&service, path, &token).await.assert_refused(403, "not_an_administrator");
    }
    end_sessions(&service, &token, json!({"user": SPAIN_ID}))
        .await
        .assert_refused(403, "not_an_administrator");
    let delete = service.request(Method::DELETE, &format!("/v1/admin/sessions/{own}"));
    Answer::with_token(delete, &token).await.assert_refused(403, "not_an_administrator");
    assert!(is_live(&service, &token).await);
}

async fn withdrawn_rights_are_lost_at_once(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let (token, instance) = (service.token(ADMIN).await, service.token(OPENBRAVO).await);
    let target = session_id(&service, &spain(&service, SALES).await).await;
    // Calls every route, and asserts what an administrator gets, or else a refusal.
    let assert_all_routes = async |token: &str, allowed: bool| {
        let roles = format!("/v1/admin/organizations/{NORTE}/roles");
        for path in
            ["/v1/admin/clients", "/v1/admin/sessions", "/v1/admin/trees", "/v1/admin/statistics", &roles]
        {
            let answer = get(&service, path, token).await;
            match allowed {
                // The instance administrator works in another client, to which this organization is unknown.
                true => assert!([200, 404].contains(&answer.status), "{path}: {}", answer.text),
                false => drop(answer.assert_refused(403, "not_an_administrator")),
            }
        }
        let unknown_user = end_sessions(&service, token, json!({"user": "nobody"})).await;
        let delete = service.request(Method::DELETE, &format!("/v1/admin/sessions/{}", "0".repeat(64)));
        let gone = Answer::with_token(delete, token).await;
        if allowed {
            assert_eq!((unknown_user.status, gone.status), (200, 404), "{} {}", unknown_user.text, gone.text);
            return;
        }
        unknown_user.assert_refused(403, "not_an_administrator");
        gone.assert_refused(403, "not_an_administrator");
        let delete = service.request(Method::DELETE, &format!("/v1/admin/sessions/{target}"));
        Answer::with_token(delete, token).await.assert_refused(403, "not_an_administrator");
    };
    // (affects the client administrator, the instance administrator; table, column, row; value that
    // withdraws the right, value that restores it)
    let (user, role) = ("username = 'F&BAdmin'", "ad_role_id = '42D0EEB1C66F497A90DD526DC597E6F0'");
    let link = format!("ad_user_id = 'A530AAE22C864702B7E1C22D58E7B17B' AND {role}");
    let cases = [
        (true, false, "ad_role", "is_client_admin", role, "'N'", "'Y'"),
        (true, false, "ad_role", "is_client_admin", role, "NULL", "'Y'"),
        (true, false, "ad_role", "isactive", role, "'N'", "'Y'"),
        (
            true,
            false,
            "ad_role",
            "ad_client_id",
            role,
            "'4028E6C72959682B01295A070852010D'",
            &format!("'{FOOD}'"),
        ),
        (true, false, "ad_user_roles", "isactive", &link, "'N'", "'Y'"),
        (true, false, "ad_client", "isactive", &format!("ad_client_id = '{FOOD}'"), "'N'", "'Y'"),
        (true, false, "ad_user", "isactive", user, "'N'", "'Y'"),
        (true, false, "ad_user", "islocked", user, "'Y'", "'N'"),
        (true, false, "ad_user", "islocked", user, "'y'", "NULL"),
        (
            true,
            false,
            "ad_user",
            "ad_client_id",
            user,
            "'4028E6C72959682B01295A070852010D'",
            &format!("'{FOOD}'"),
        ),
        (false, true, "ad_user", "isactive", "ad_user_id = '100'", "'N'", "'Y'"),
        (false, true, "ad_user", "islocked", "ad_user_id = '100'", "'Y'", "'N'"),
        (true, false, "ad_user_roles", "ad_role_id", &link, "'gone'", ""),
        (true, true, "ad_user", "ad_user_id", "ad_user_id = '100'", "'gone'", ""),
    ];
    for (affects_client, affects_instance, table, column, which, withdrawn, restored) in cases {
        service.execute(&format!("UPDATE {table} SET {column} = {withdrawn} WHERE {which}")).await;
        assert_all_routes(&token, !affects_client).await;
        assert_all_routes(&instance, !affects_instance).await;
        if !restored.is_empty() {
            service.execute(&format!("UPDATE {table} SET {column} = {restored} WHERE {which}")).await;
            assert_all_routes(&token, true).await;
            assert_all_routes(&instance, true).await;
        }
    }
}

async fn the_user_check_ends_only_sessions_of_refused_users(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let changes = [
        "UPDATE ad_user SET islocked = 'Y' WHERE username = 'F&BESUser'",
        "UPDATE ad_user SET islocked = 'N', isactive = 'N' WHERE username = 'F&BESUser'",
        "UPDATE ad_user SET isactive = 'Y' WHERE username = 'F&BESUser'",
        "DELETE FROM ad_user WHERE username = 'F&BESUser'",
    ];
    let (admin, foreign) = (service.token(ADMIN).await, service.token(QA_ADMIN).await);
    for (number, change) in changes.iter().enumerate() {
        // The user can log in only before the first change and after the third.
        let tokens = match number {
            0 | 3 => vec![spain(&service, SALES).await, spain(&service, WAREHOUSE).await],
            _ => Vec::new(),
        };
        assert_eq!(service.gateway.recheck_users().await.unwrap(), 0);
        let old = service.gateway.manager().stats().sessions;
        service.execute(change).await;
        for token in &tokens {
            assert!(is_live(&service, token).await, "the session stays valid until the check");
        }
        let ended = u64::try_from(tokens.len()).unwrap();
        assert_eq!(service.gateway.recheck_users().await.unwrap(), ended, "{change}");
        assert_eq!(service.gateway.manager().stats().sessions, old - tokens.len());
        for token in &tokens {
            assert!(!is_live(&service, token).await, "{change}");
        }
        assert!(is_live(&service, &admin).await && is_live(&service, &foreign).await);
    }
    // If the ERP does not answer, the check ends no session.
    service.execute("ALTER TABLE ad_user RENAME TO gone").await;
    assert!(service.gateway.recheck_users().await.is_err());
    assert!(is_live(&service, &admin).await && is_live(&service, &foreign).await);
}

async fn client_administrators_see_only_their_client(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let (admin, user, foreign) =
        (service.token(ADMIN).await, spain(&service, SALES).await, service.token(QA_ADMIN).await);
    let listed = get(&service, "/v1/admin/sessions", &admin).await.json();
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!((sessions.len(), &listed["next"]), (2, &Value::Null));
    assert!(sessions.iter().all(|session| session["client"] == FOOD));
    get(&service, &format!("/v1/admin/sessions?client={QA}"), &admin)
        .await
        .assert_refused(403, "client_not_given");
    end_sessions(&service, &admin, json!({"client": QA})).await.assert_refused(403, "client_not_given");
    end_sessions(&service, &admin, json!({"user": "4028E6C72959682B01295A0735CB0120", "client": QA}))
        .await
        .assert_refused(403, "client_not_given");

    let foreign_id = session_id(&service, &foreign).await;
    let unknown = "0".repeat(64);
    for id in [&foreign_id, &unknown] {
        let delete = service.request(Method::DELETE, &format!("/v1/admin/sessions/{id}"));
        Answer::with_token(delete, &admin).await.assert_refused(404, "unknown_session");
    }
    // The administrator's client has no such user.
    let ended = end_sessions(&service, &admin, json!({"user": "4028E6C72959682B01295A0735CB0120"})).await;
    assert_eq!(ended.json(), json!({"ended": 0, "elsewhere": "done"}));
    assert!(is_live(&service, &foreign).await);

    let trees = get(&service, "/v1/admin/trees", &admin).await.json();
    assert!(trees["trees"].as_array().unwrap().iter().all(|tree| tree["client"] == FOOD));
    assert_eq!(get(&service, "/v1/admin/statistics", &admin).await.json()["sessions"], 2);
    assert!(is_live(&service, &user).await);
}

async fn instance_administrators_see_all_clients(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let (user, foreign) = (service.token(ADMIN).await, service.token(QA_ADMIN).await);
    let admin = service.token(OPENBRAVO).await;
    let session = get(&service, "/v1/session", &admin).await.json();
    assert_eq!(session["instance_admin"], true);
    let listed = get(&service, &format!("/v1/admin/sessions?client={QA}"), &admin).await.json();
    assert!(
        listed["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|session| session["user"] == "4028E6C72959682B01295A0735CB0120")
    );
    let delete = service
        .request(Method::DELETE, &format!("/v1/admin/sessions/{}", session_id(&service, &foreign).await));
    assert_eq!(Answer::with_token(delete, &admin).await.json(), json!({"ended": 1, "elsewhere": "done"}));
    assert!(!is_live(&service, &foreign).await && is_live(&service, &user).await);
    let statistics = get(&service, "/v1/admin/statistics", &admin).await.json();
    assert_eq!(statistics["sessions"], 2);
    assert!(statistics["footprint"]["accesses"].as_u64().unwrap() > 0);
    assert!(statistics["footprint"]["tables"].as_u64().unwrap() > 0);
    // Filtered by client, the instance administrator sees the same figures as that client's administrator.
    let path = format!("/v1/admin/statistics?client={FOOD}");
    let (whole, part) = (get(&service, &path, &admin).await.json(), get(&service, &path, &user).await.json());
    for figure in ["sessions", "trees", "footprint", "logins_by_minute", "openbravo_would_take"] {
        assert_eq!(whole[figure], part[figure], "{figure}");
    }
    let trees = get(&service, &format!("/v1/admin/trees?client={QA}"), &admin).await.json();
    assert_eq!(trees["trees"], json!([]));
    for path in ["/v1/admin/statistics", "/v1/admin/trees"] {
        get(&service, &format!("{path}?client={QA}"), &user).await.assert_refused(403, "client_not_given");
    }
}

async fn administrators_list_only_the_clients_that_they_administer(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let (own, all) = (service.token(ADMIN).await, service.token(OPENBRAVO).await);
    let clients =
        async |token: &str| get(&service, "/v1/admin/clients", token).await.json()["clients"].clone();
    let food = json!({"id": FOOD, "name": "F&B International Group", "sessions": 2});
    assert_eq!(clients(&own).await, json!([food]));
    let qa = json!({"id": QA, "name": "QA Testing", "sessions": 0});
    let system = json!({"id": "0", "name": "System", "sessions": 0});
    assert_eq!(clients(&all).await, json!([food, qa, system]));
}

async fn an_unreadable_client_name_does_not_block_logins(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    // A UTF-8 database in PostgreSQL refuses such bytes.
    let broken = if databases.is_postgres() { "''" } else { "CAST(x'ff' AS TEXT)" };
    service.execute(&format!("UPDATE ad_client SET name = {broken} WHERE ad_client_id = '{FOOD}'")).await;
    for (user, client_name) in [(ADMIN, json!(null)), (QA_ADMIN, json!("QA Testing"))] {
        let token = service.token(user).await;
        assert_eq!(get(&service, "/v1/session", &token).await.json()["client_name"], client_name);
    }
    let trees = get(&service, "/v1/admin/trees", &service.token(OPENBRAVO).await).await.json();
    let of = |client: &str| trees["trees"].as_array().unwrap().iter().find(|tree| tree["client"] == client);
    assert_eq!(of(QA).unwrap()["client_name"], "QA Testing");
    assert_eq!(of(FOOD).unwrap()["client_name"], json!(null));
}

#[tokio::test]
async fn an_id_that_is_not_utf_8_is_refused() {
    let service = Service::start().await;
    let admin = service.token(ADMIN).await;
    for (method, path) in
        [(Method::DELETE, "/v1/admin/sessions/%ff"), (Method::GET, "/v1/admin/organizations/%ff/roles")]
    {
        let problem = Answer::with_token(service.request(method, path), &admin).await;
        assert_eq!(problem.assert_refused(422, "wrong_value")["field"], "id");
    }
}
