//! A session answers on every instance as at login, after changes of the ERP and after instances died.

use serde_json::{Value, json};

use crate::node::{Node, Place};
use crate::world::{PASSWORD, SALES, SPAIN, World};

/// The organizations that are asked about: those of the sample, one that is added, and one that never is.
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

/// Norte moves under the US, Sur goes, a new organization comes; flags, types and the role's organizations
/// change.
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

/// Everything that is pinned, as a client sees it.
async fn everything(place: &Place, token: &str) -> Value {
    let session = place.get("/v1/session", token).await;
    assert_eq!(session.status, 200, "{}", session.body);
    let mut everything = vec![];
    for field in ["id", "user", "role", "client", "org", "user_level", "read_only", "organizations", "tree"] {
        everything.push(session.body[field].clone());
    }
    for path in ["/v1/session/readable", "/v1/session/writable", "/v1/session/sql-filter"] {
        let answer = place.get(path, token).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        everything.push(answer.body);
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
    let answers = place.post("/v1/questions/batch", token, &json!({ "questions": questions })).await;
    assert_eq!(answers.status, 200, "{}", answers.body);
    for answer in answers.body["answers"].as_array().unwrap() {
        assert!(answer.get("result").is_some(), "{answer}");
    }
    everything.push(answers.body);
    Value::Array(everything)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_answers_on_every_instance_as_at_login() {
    let world = World::new().await;
    let (a, b) = tokio::join!(Node::start(&world), Node::start(&world));
    let form = json!({"user": SPAIN, "password": PASSWORD, "role": SALES});
    let token = a.at.log_in(form.clone()).await.token();
    let at_login = everything(&a.at, &token).await;

    world.execute(CHANGES).await;
    assert_eq!(everything(&b.at, &token).await, at_login, "the other instance, which never held that tree");
    assert_eq!(everything(&a.at, &token).await, at_login);

    // A new login on either sees all of it, and they agree.
    let (on_a, on_b) = (a.at.log_in(form.clone()).await.token(), b.at.log_in(form.clone()).await.token());
    let (new_on_a, new_on_b) = (everything(&b.at, &on_a).await, everything(&a.at, &on_b).await);
    let old_fields = at_login.as_array().unwrap();
    let (new_fields, others) = (new_on_a.as_array().unwrap(), new_on_b.as_array().unwrap());
    assert_eq!(new_fields[1..], others[1..], "but for its name, one session is as the other");
    for place in [5, 8, 9, 10, 11, 12] {
        assert_ne!(new_fields[place], old_fields[place]);
    }
    let writable = new_fields[10]["organizations"].to_string();
    assert!(writable.contains("NEW") && !writable.contains("DC206C91AA6A4897B44DA897936E0EC3"), "{writable}");

    // What may not log in any more goes on as it was.
    world.execute("UPDATE ad_role SET isactive = 'N'; UPDATE ad_user SET isactive = 'N'").await;
    assert_eq!(a.at.log_in(form).await.status, 403);
    assert_eq!(everything(&b.at, &on_a).await, new_on_a);

    // Whatever one acknowledged is there after it was killed: here, and on one that never met it.
    a.kill().await;
    let c = Node::start(&world).await;
    for place in [&b.at, &c.at] {
        assert_eq!(everything(place, &token).await, at_login);
        assert_eq!(everything(place, &on_a).await, new_on_a);
        assert_eq!(everything(place, &on_b).await, new_on_b);
    }
}
