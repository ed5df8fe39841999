//! `/v1/admin/trees`, `/v1/admin/statistics` and `/v1/session/changes`.

use reqwest::Method;
use serde_json::{Value, json};

use super::{get, spain};
use crate::databases::{Databases, on_both_databases};
use crate::service::{ADMIN, Answer, FOOD, NORTE, OPENBRAVO, QA, QA_ADMIN, SALES, Service, US};

on_both_databases! {
    trees_list_stale_versions_with_their_sessions,
    trees_list_findings_and_damage,
    changes_since_login_are_listed,
}

async fn trees_list_stale_versions_with_their_sessions(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let (admin, user) = (service.token(ADMIN).await, spain(&service, SALES).await);
    service
        .execute("UPDATE ad_org SET isready = 'N' WHERE ad_org_id = 'E443A31992CB4635AFCAEABE7183CE85'")
        .await;
    service.clock.advance(std::time::Duration::from_secs(2));
    let refreshed =
        Answer::with_token(service.request(Method::POST, "/v1/session/refresh"), &user).await.json();
    let trees = get(&service, "/v1/admin/trees", &admin).await.json()["trees"].as_array().unwrap().clone();
    assert_eq!(trees.len(), 2);
    let is_current = |current: bool| trees.iter().find(|tree| tree["current"] == current).unwrap();
    assert_eq!(is_current(true)["fingerprint"], refreshed["session"]["tree"]);
    for tree in &trees {
        assert_eq!((&tree["sessions"], &tree["organizations"]), (&json!(1), &json!(8)));
        assert!(tree["bytes"].as_u64().unwrap() > 0);
    }
    let question = json!({"call": "transaction_allowed_orgs", "args": {"orgs": format!("'{NORTE}'")}});
    let old = Answer::with_token(service.post("/v1/questions", question), &admin).await.json();
    assert_eq!(old["result"], format!("'{NORTE}'"), "the pinned tree must not change");
}

async fn trees_list_findings_and_damage(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    service.execute(&format!("UPDATE ad_treenode SET parent_id = 'gone' WHERE node_id = '{NORTE}'")).await;
    let (food, all) = (service.token(ADMIN).await, service.token(OPENBRAVO).await);
    service.token(QA_ADMIN).await;
    let trees = async |token: &str| {
        let answer = get(&service, "/v1/admin/trees", token).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["trees"].as_array().unwrap().clone()
    };
    let shown = trees(&food).await;
    assert_eq!((shown.len(), &shown[0]["findings"]["total"]), (1, &json!(2)), "{shown:?}");
    let first = shown[0]["findings"]["first"].to_string();
    assert!(first.contains("`gone`") && first.contains(NORTE), "{first}");
    let shown = trees(&all).await;
    let of_qa = shown.iter().find(|tree| tree["client"] == QA).unwrap();
    assert_eq!(of_qa["findings"], json!({"total": 0, "first": []}));
    let metrics = Answer::fetch(service.get("/metrics")).await.text;
    for line in ["orgcache_tree_findings 2", "orgcache_trees_with_findings_total 1"] {
        assert!(metrics.lines().any(|metric| metric == line), "no {line} in {metrics}");
    }

    service.execute(&format!("UPDATE ad_treenode SET parent_id = '{NORTE}' WHERE node_id = '{NORTE}'")).await;
    service.clock.advance(std::time::Duration::from_secs(2));
    let shown = trees(&all).await;
    let of = |client: &str| shown.iter().find(|tree| tree["client"] == client).unwrap();
    assert!(of(FOOD)["damage"].as_str().unwrap().contains(NORTE), "{shown:?}");
    assert_eq!(of(FOOD)["current"], json!(null));
    assert_eq!((&of(QA)["damage"], &of(QA)["current"]), (&json!(null), &json!(true)));
}

async fn changes_since_login_are_listed(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let token = service.token(ADMIN).await;
    let changes = async || get(&service, "/v1/session/changes", &token).await.json();
    let none = json!({"added": 0, "removed": 0, "moved": 0, "flags": 0, "other": 0});
    assert_eq!(changes().await, json!({"current": true, "counts": none, "changes": []}));
    service
        .execute(&format!(
            "UPDATE ad_org SET isready = 'N' WHERE ad_org_id = '{NORTE}';
             UPDATE ad_treenode SET parent_id = '0' WHERE node_id = '{US}'"
        ))
        .await;
    let found = changes().await;
    assert_eq!(
        (&found["current"], &found["counts"]["moved"], &found["counts"]["flags"]),
        (&json!(false), &json!(1), &json!(1))
    );
    let of = |change: &str| {
        found["changes"].as_array().unwrap().iter().find(|one| one["change"] == change).unwrap().clone()
    };
    let moved = json!({"change": "moved", "org": US, "name": "F&B US, Inc.", "from": "F&B International Group", "to": "*"});
    assert_eq!(of("moved"), moved);
    assert_eq!((&of("flags")["org"], &of("flags")["lost"][0]), (&json!(NORTE), &json!("ready")));
}

#[tokio::test]
async fn statistics_report_footprint_and_logins() {
    let service = Service::start().await;
    let admin = service.token(ADMIN).await;
    spain(&service, SALES).await;
    let statistics = get(&service, "/v1/admin/statistics", &admin).await.json();
    let footprint = &statistics["footprint"];
    let own = get(&service, "/v1/session/footprint", &admin).await.json()["own"].as_u64().unwrap();
    let part = |part: &str| footprint[part].as_u64().unwrap();
    assert_eq!(part("organizations") + part("sessions"), 2 * own);
    assert_eq!(part("total"), part("organizations") + part("trees") + part("accesses"));
    assert_eq!(footprint["tables"], Value::Null, "only instance administrators see the tables");
    assert_eq!(statistics["trees"], 1);
    let logins: Vec<u64> = (0..15).map(|minute| u64::from(minute == 14) * 2).collect();
    assert_eq!(statistics["logins_by_minute"], json!(logins));
    assert_eq!(statistics["pool"]["loads"], 1);
    assert_eq!(statistics["pool"]["hits"], 1);
    let would = &statistics["openbravo_would_take"];
    assert!(
        would["pre"].as_u64() > would["post"].as_u64() && would["post"].as_u64() > would["head"].as_u64()
    );
    assert_eq!(statistics["compression"]["ratio"], Value::Null);
}
