//! `/v1/admin/organizations/{id}/roles`, and the rule for automatic roles.

use serde_json::{Value, json};

use super::{get, spain};
use crate::databases::{Databases, on_both_databases};
use crate::service::{ADMIN, FOOD, NORTE, QA, QA_ADMIN, SALES, Service, US, WAREHOUSE};

on_both_databases! {
    roles_of_an_organization_match_what_the_roles_may_access,
    roles_are_listed_page_by_page,
    a_damaged_role_is_reported_and_the_others_are_listed,
    the_rule_for_automatic_roles_follows_the_database_schema,
}

/// The names of the roles for which `access`, `readable` or `writable`, is true in an organization.
async fn roles(service: &Service, token: &str, org: &str, access: &str) -> Vec<String> {
    let answer = get(service, &format!("/v1/admin/organizations/{org}/roles"), token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let roles = answer.json()["roles"].as_array().unwrap().clone();
    let names = roles.iter().filter(|role| role[access] == true).map(|role| role["name"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

async fn roles_of_an_organization_match_what_the_roles_may_access(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    // A role is listed exactly if a session with that role has the access.
    for role in [SALES, WAREHOUSE] {
        let token = spain(&service, role).await;
        let name = get(&service, "/v1/session", &token).await.json()["role_name"].clone();
        let name = name.as_str().unwrap().to_owned();
        for org in [NORTE, US, "0"] {
            for (access, path) in [("readable", "/v1/session/readable"), ("writable", "/v1/session/writable")]
            {
                let may = get(&service, path, &token).await.json()["organizations"].clone();
                let may = may.as_array().unwrap().contains(&json!(org));
                let listed = roles(&service, &admin, org, access).await.contains(&name);
                assert_eq!(may, listed, "{name} {access} {org}");
            }
        }
    }
    assert!(roles(&service, &admin, NORTE, "writable").await.len() > 1);

    // The list follows the current rows.
    service.execute("UPDATE ad_role SET isactive = 'N' WHERE name LIKE '%Sales'").await;
    assert!(roles(&service, &admin, NORTE, "readable").await.iter().all(|name| !name.ends_with("Sales")));

    // Organizations of another client look unknown.
    service.execute("UPDATE ad_role SET is_client_admin = 'Y' WHERE name LIKE '%QA%'").await;
    let foreign = service.token(QA_ADMIN).await;
    for (token, org) in [(&foreign, NORTE), (&admin, "no such organization"), (&admin, "a%00b"), (&admin, QA)]
    {
        let path = format!("/v1/admin/organizations/{}/roles", org.replace(' ', "%20"));
        assert_eq!(get(&service, &path, token).await.assert_refused(404, "unknown_org")["field"], "id");
    }
    let theirs = roles(&service, &foreign, "0", "readable").await;
    let ours = roles(&service, &admin, "0", "readable").await;
    assert!(!theirs.is_empty() && theirs.iter().all(|name| !ours.contains(name)), "{theirs:?}");
}

async fn roles_are_listed_page_by_page(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    let base = format!("/v1/admin/organizations/{NORTE}/roles");
    let all = get(&service, &base, &admin).await.json();
    assert_eq!(all["next"], Value::Null);
    let (mut observe, mut path) = (Vec::new(), format!("{base}?limit=1"));
    loop {
        let page = get(&service, &path, &admin).await.json();
        observe.extend(page["roles"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{base}?limit=1&after={next}");
    }
    assert_eq!(json!(observe), all["roles"]);
    for (query, field) in [("limit=0", "limit"), ("limit=101", "limit"), ("after=", "after"), ("x=1", "x")] {
        let problem = get(&service, &format!("{base}?{query}"), &admin).await;
        assert_eq!(problem.assert_refused(422, "wrong_value")["field"], field, "{query}");
    }
}

async fn a_damaged_role_is_reported_and_the_others_are_listed(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    let base = format!("/v1/admin/organizations/{NORTE}/roles");
    let sound = get(&service, &base, &admin).await.json();
    assert_eq!(sound["damaged"], json!([]));
    assert!(sound["roles"].as_array().unwrap().len() > 1, "{sound}");
    let is_damaged = |role: &Value| role["id"] == SALES;
    let mut others = sound["roles"].as_array().unwrap().clone();
    others.retain(|role| !is_damaged(role));
    let damage = format!("UPDATE ad_role_orgaccess SET ad_client_id = '' WHERE ad_role_id = '{SALES}'");
    let mut damages = vec![(damage, "ad_client_id")];
    if !databases.is_postgres() {
        let level = "X".repeat(1_000);
        damages.push((
            format!(
                "UPDATE ad_role_orgaccess SET ad_client_id = '{FOOD}' WHERE ad_role_id = '{SALES}'; \
                 UPDATE ad_role SET userlevel = '{level}' WHERE ad_role_id = '{SALES}'"
            ),
            "userlevel",
        ));
    }
    for (damage, column) in damages {
        service.execute(&damage).await;
        for limit in [1, 2, 100] {
            let (mut roles, mut damaged, mut after) = (Vec::new(), Vec::new(), String::new());
            loop {
                let page = get(&service, &format!("{base}?limit={limit}{after}"), &admin).await;
                assert_eq!(page.status, 200, "{}", page.text);
                let page = page.json();
                roles.extend(page["roles"].as_array().unwrap().clone());
                damaged.extend(page["damaged"].as_array().unwrap().clone());
                let Some(next) = page["next"].as_str() else { break };
                after = format!("&after={next}");
            }
            assert_eq!(roles, others, "{damage}");
            assert!(damaged.len() == 1 && is_damaged(&damaged[0]), "{damaged:?}");
            assert!(damaged[0]["damage"].as_str().unwrap().contains(column), "{damaged:?}");
        }
    }
}

async fn the_rule_for_automatic_roles_follows_the_database_schema(databases: Databases) {
    let observe = async || {
        let service = Service::start_on(&databases, |_| {}).await;
        let token = service.token(ADMIN).await;
        let writable = get(&service, "/v1/session/writable", &token).await.json()["organizations"].clone();
        let question =
            get(&service, "/v1/questions?call=writable_orgs&role=42D0EEB1C66F497A90DD526DC597E6F0", &token);
        assert_eq!(question.await.json()["result"], writable);
        let rule = get(&service, "/v1/admin/statistics", &token).await.json()["automatic_roles"].clone();
        if let Some(store) = &service.stored {
            store.close().await;
        }
        (writable.as_array().unwrap().len(), rule["rule"].as_str().unwrap().to_owned())
    };
    assert_eq!(observe().await, (8, "all".to_owned()));
    databases.execute("ALTER TABLE ad_org DROP COLUMN timezone").await;
    assert_eq!(observe().await, (1, "by-rows".to_owned()));
}
