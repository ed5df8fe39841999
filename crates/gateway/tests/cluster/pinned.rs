//! A session gives the same answers on every instance, after changes in the ERP and after crashes.

use serde_json::{Value, json};

use crate::node::{Endpoint, Node};
use crate::world::{PASSWORD, SALES, SPAIN, World};

/// The organizations in the questions: those of the sample, one that is added later, and an unknown one.
const ORGANIZATIONS: &[&str] = &[
    "0",
    "19404EAD144C49A0AF37D54377CF452D",
    "B843C30461EA4501935CB1D125C9C25A",
    "E443A31992CB4635AFCAEABE7183CE85",
    "DC206C91AA6A4897B44DA897936E0EC3",
    "2E60544D37534C0B89E765FE29BC0B43",
    "NEW",
    "NEVER",
];

const CALLS: &[&str] =
    &["natural_tree", "parent_org", "child_tree", "legal_entity", "period_control_org", "calendar_owner"];

/// Moves Norte below the US, removes Sur, adds an organization; changes flags, types and the role's access.
const CHANGES: &str = "
    UPDATE ad_treenode SET parent_id = '2E60544D37534C0B89E765FE29BC0B43'
     WHERE node_id = 'E443A31992CB4635AFCAEABE7183CE85' AND ad_tree_id = '28449865CD75486CAE52ED581311027B';
    DELETE FROM ad_treenode WHERE node_id = 'DC206C91AA6A4897B44DA897936E0EC3';
    INSERT INTO ad_org (ad_org_id, ad_client_id, value, name, ad_orgtype_id, isready)
     VALUES ('NEW', '23C59575B9CF467C9620760EB255B389', 'new', 'New', '2', 'Y');
    INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id, parent_id)
     VALUES ('NEW', '28449865CD75486CAE52ED581311027B', 'NEW', 'B843C30461EA4501935CB1D125C9C25A');
    UPDATE ad_org SET ad_orgtype_id = '0', isready = 'N' WHERE ad_org_id = 'B843C30461EA4501935CB1D125C9C25A';
    UPDATE ad_org SET timezone = 'Europe/Madrid' WHERE ad_org_id = 'E443A31992CB4635AFCAEABE7183CE85';
    UPDATE ad_orgtype SET istransactionsallowed = 'N' WHERE ad_orgtype_id = '2';
    DELETE FROM ad_role_orgaccess
     WHERE ad_role_id = 'E03ED4A0056340678C3D6A3BA183F941' AND ad_org_id = 'DC206C91AA6A4897B44DA897936E0EC3';
    INSERT INTO ad_role_orgaccess (ad_role_orgaccess_id, ad_role_id, ad_org_id, ad_client_id)
     VALUES ('NEW', 'E03ED4A0056340678C3D6A3BA183F941', 'NEW', '23C59575B9CF467C9620760EB255B389');
    UPDATE ad_role SET userlevel = '  O' WHERE ad_role_id = 'E03ED4A0056340678C3D6A3BA183F941'";

/// All pinned data of a session, as a client sees it.
async fn pinned_data(endpoint: &Endpoint, token: &str) -> Value {
    let session = endpoint.get("/v1/session", token).await;
    assert_eq!(session.status, 200, "{}", session.body);
    let mut pinned_data = vec![];
    for field in ["id", "user", "role", "client", "org", "user_level", "read_only", "organizations", "tree"] {
        pinned_data.push(session.body[field].clone());
    }
    for path in ["/v1/session/readable", "/v1/session/writable", "/v1/session/sql-filter"] {
        let answer = endpoint.get(path, token).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        pinned_data.push(answer.body);
    }
    let mut questions = vec![];
    for org in ORGANIZATIONS {
        questions.extend(
            CALLS.iter().map(|call| json!({"call": call, "args": {"org": org, "include_org": true}})),
        );
        questions.push(json!({"call": "transaction_allowed_orgs", "args": {"orgs": format!("'{org}'")}}));
    }
    for question in &mut questions {
        if question["call"] != "child_tree" {
            question["args"].as_object_mut().unwrap().remove("include_org");
        }
    }
    let answers = endpoint.post("/v1/questions/batch", token, &json!({ "questions": questions })).await;
    assert_eq!(answers.status, 200, "{}", answers.body);
    for answer in answers.body["answers"].as_array().unwrap() {
        assert!(answer.get("result").is_some(), "{answer}");
    }
    pinned_data.push(answers.body);
    Value::Array(pinned_data)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_gives_the_answers_of_its_login_on_every_instance() {
    let world = World::new().await;
    let (a, b) = tokio::join!(Node::start(&world), Node::start(&world));
    let form = json!({"user": SPAIN, "password": PASSWORD, "role": SALES});
    let token = a.endpoint.log_in(form.clone()).await.token();
    let at_login = pinned_data(&a.endpoint, &token).await;

    world.execute(CHANGES).await;
    assert_eq!(
        pinned_data(&b.endpoint, &token).await,
        at_login,
        "the other instance has not cached this tree before"
    );
    assert_eq!(pinned_data(&a.endpoint, &token).await, at_login);

    // New logins on both instances see all changes, and agree.
    let (on_a, on_b) =
        (a.endpoint.log_in(form.clone()).await.token(), b.endpoint.log_in(form.clone()).await.token());
    let (new_on_a, new_on_b) = (pinned_data(&b.endpoint, &on_a).await, pinned_data(&a.endpoint, &on_b).await);
    let old_fields = at_login.as_array().unwrap();
    let (new_fields, others) = (new_on_a.as_array().unwrap(), new_on_b.as_array().unwrap());
    assert_eq!(new_fields[1..], others[1..], "the sessions differ only in their ids");
    for endpoint in [5, 8, 9, 10, 11, 12] {
        assert_ne!(new_fields[endpoint], old_fields[endpoint]);
    }
    let writable = new_fields[10]["organizations"].to_string();
    assert!(writable.contains("NEW") && !writable.contains("DC206C91AA6A4897B44DA897936E0EC3"), "{writable}");

    // A session continues although its user can no longer log in.
    world.execute("UPDATE ad_role SET isactive = 'N'; UPDATE ad_user SET isactive = 'N'").await;
    assert_eq!(a.endpoint.log_in(form).await.status, 403);
    assert_eq!(pinned_data(&b.endpoint, &on_a).await, new_on_a);

    // Sessions that the killed instance acknowledged are valid on the other instance and on a new one.
    a.kill().await;
    let c = Node::start(&world).await;
    for endpoint in [&b.endpoint, &c.endpoint] {
        assert_eq!(pinned_data(endpoint, &token).await, at_login);
        assert_eq!(pinned_data(endpoint, &on_a).await, new_on_a);
        assert_eq!(pinned_data(endpoint, &on_b).await, new_on_b);
    }
}
