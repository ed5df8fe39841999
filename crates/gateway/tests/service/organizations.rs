//! The organizations that a session may read and write, its roles and its tree.

use serde_json::{Value, json};

use crate::service::{ADMIN, Answer, ESPANA, NORTE, PASSWORD, SALES, SPAIN, Service, US, WAREHOUSE};

async fn get(service: &Service, path: &str, token: &str) -> Value {
    let answer = Answer::with_token(service.get(path), token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn readable_organizations_are_the_natural_trees_of_writable_ones() {
    let service = Service::start().await;
    let token = service.token_as(json!({"user": SPAIN, "password": PASSWORD, "role": SALES})).await;
    let list = async |path| get(&service, path, &token).await["organizations"].as_array().unwrap().clone();
    let (readable, writable) = (list("/v1/session/readable").await, list("/v1/session/writable").await);
    for org in [json!("0"), json!(ESPANA), json!(NORTE)] {
        assert!(readable.contains(&org), "{org}");
    }
    assert!(!readable.contains(&json!(US)));
    assert!(writable.iter().all(|org| readable.contains(org)) && writable.contains(&json!(ESPANA)));

    let filter = get(&service, "/v1/session/sql-filter", &token).await;
    assert_eq!(filter["ids"], json!(readable));
    let quoted: Vec<String> = readable.iter().map(|org| format!("'{}'", org.as_str().unwrap())).collect();
    assert_eq!(filter["quoted"], quoted.join(","));

    let session = get(&service, "/v1/session", &token).await;
    assert_eq!(
        (&session["readable"], &session["writable"]),
        (&json!(readable.len()), &json!(writable.len()))
    );
}

#[tokio::test]
async fn only_roles_of_the_current_client_are_offered() {
    let service = Service::start().await;
    let token = service.token_as(json!({"user": SPAIN, "password": PASSWORD, "role": SALES})).await;
    let roles = get(&service, "/v1/session/roles", &token).await["roles"].as_array().unwrap().clone();
    let names: Vec<&str> = roles.iter().map(|role| role["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "F&B España, S.A - Admin",
            "F&B España, S.A - Finance",
            "F&B España, S.A - Sales",
            "F&B España, S.A - Warehouse"
        ]
    );
    assert_eq!(roles[3]["id"], WAREHOUSE);
    // The built-in administrator has roles of two clients, but is offered only those of the current one.
    let role = "42D0EEB1C66F497A90DD526DC597E6F0";
    let token = service.token_as(json!({"user": "Openbravo", "password": PASSWORD, "role": role})).await;
    let roles = get(&service, "/v1/session/roles", &token).await;
    assert!(
        roles["roles"].as_array().unwrap().len() > 5 && !roles.to_string().contains("QA Testing"),
        "{roles}"
    );
}

#[tokio::test]
async fn the_tree_is_listed_in_display_order_with_names() {
    let service = Service::start().await;
    let token = service.token_as(json!({"user": SPAIN, "password": PASSWORD, "role": SALES})).await;
    let tree = get(&service, "/v1/tree", &token).await["organizations"].as_array().unwrap().clone();
    assert_eq!(tree.len(), 8);
    let zero = json!({
        "id": "0", "parent": null, "name": "*", "search_key": "0", "type": "Organization",
        "flags": ["ready", "active"], "readable": true, "writable": tree[0]["writable"],
    });
    assert_eq!(tree[0], zero);
    let place = |id: &str| tree.iter().position(|org| org["id"] == id).unwrap();
    for (number, org) in tree.iter().enumerate().skip(1) {
        assert!(place(org["parent"].as_str().unwrap()) < number, "{org}");
    }
    let spain = &tree[place(ESPANA)];
    assert_eq!(
        (&spain["name"], &spain["type"]),
        (&json!("F&B España, S.A"), &json!("Legal with accounting"))
    );
    let flags =
        json!(["ready", "active", "legal_entity", "transactions_allowed", "period_control", "accounting"]);
    assert_eq!(spain["flags"], flags);
    assert_eq!(place(NORTE), place(ESPANA) + 1);
    assert_eq!(tree[place(US)]["readable"], false);

    service
        .execute(
            "UPDATE ad_treenode SET seqno = CASE node_id WHEN '2E60544D37534C0B89E765FE29BC0B43' THEN 1 ELSE 99 END;
             DELETE FROM ad_org WHERE ad_org_id = 'E443A31992CB4635AFCAEABE7183CE85'",
        )
        .await;
    service.clock.advance(std::time::Duration::from_secs(10));
    let tree = get(&service, "/v1/tree", &token).await["organizations"].as_array().unwrap().clone();
    let place = |id: &str| tree.iter().position(|org| org["id"] == id).unwrap();
    assert!(place(US) < place(ESPANA), "names and order are not pinned");
    assert_eq!((tree.len(), &tree[place(NORTE)]["name"]), (8, &json!(NORTE)), "the tree is pinned");
}

#[tokio::test]
async fn a_role_without_access_reads_only_organization_zero() {
    let service = Service::start().await;
    service.execute("UPDATE ad_role_orgaccess SET isactive = 'N'").await;
    let token = service.token("F&BESRNUser").await;
    let session = get(&service, "/v1/session", &token).await;
    assert_eq!((&session["read_only"], &session["writable"]), (&json!(true), &json!(0)));
    assert_eq!(get(&service, "/v1/session/readable", &token).await, json!({"organizations": ["0"]}));
    assert_eq!(get(&service, "/v1/session/writable", &token).await, json!({"organizations": []}));
}

#[tokio::test]
async fn answers_come_without_names_while_the_database_is_down() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    service.execute("ALTER TABLE ad_org RENAME TO gone; ALTER TABLE ad_user RENAME TO gone_too").await;
    service.clock.advance(std::time::Duration::from_secs(10));
    let session = get(&service, "/v1/session", &token).await;
    assert_eq!((&session["org_name"], &session["username"]), (&Value::Null, &Value::Null));
    let question = json!({"call": "parent_org", "args": {"org": NORTE}});
    let answer = Answer::with_token(service.post("/v1/questions", question), &token).await;
    assert_eq!(answer.json(), json!({"result": ESPANA}));
    Answer::with_token(service.get("/v1/session/freshness"), &token).await.assert_refused(503, "unavailable");
}
