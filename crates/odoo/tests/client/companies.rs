//! Odoo's companies as the organization tree of sessions, with companies and users recorded from a real
//! server.

use std::sync::Arc;

use odoo::{CompanySource, OdooClient, company_context};
use odoo_double::{Behaviour, Model, OdooDouble, stateless_exchanges};
use org_structure::{OrgFlags, OrgSet};
use serde_json::{Value, json};
use session::{ClientId, LoginError, MemoryStore, Options, Principal, Session, SessionManager, UserId};

use crate::support::{client, config, password};

const COMPANY_FIELDS: [(&str, &str); 3] =
    [("active", "boolean"), ("parent_id", "many2one"), ("parent_path", "char")];

const USER_FIELDS: [(&str, &str); 4] =
    [("active", "boolean"), ("share", "boolean"), ("company_id", "many2one"), ("company_ids", "many2many")];

fn recorded(name: &str) -> Value {
    let exchange = stateless_exchanges().into_iter().find(|exchange| exchange.name == name).unwrap();
    exchange.response["result"].clone()
}

/// A double with the recorded companies and users.
async fn double(company_fields: &[(&str, &str)]) -> OdooDouble {
    let double = OdooDouble::start(Behaviour::default()).await.unwrap();
    let mut companies = Model::with_fields(company_fields);
    for company in recorded("companies: tree with parent_path").as_array().unwrap() {
        companies.insert(company["id"].as_i64().unwrap(), company);
    }
    let mut users = Model::with_fields(&USER_FIELDS);
    for user in recorded("user: allowed companies").as_array().unwrap() {
        let mut user = user.clone();
        user["active"] = json!(true);
        users.insert(user["id"].as_i64().unwrap(), &user);
    }
    double.put_model("res.company", companies);
    double.put_model("res.users", users);
    double
}

fn manager(odoo: OdooClient) -> SessionManager {
    let source = CompanySource::new(odoo, ClientId::new("odoo").unwrap());
    SessionManager::new(source, Arc::new(MemoryStore::default()), Options::default())
}

async fn login(manager: &SessionManager, user: &str) -> Result<Session, LoginError> {
    manager.login(Principal::new(UserId::new(user).unwrap())).await.map(|logged_in| logged_in.session)
}

fn sorted(ids: &Value) -> Vec<String> {
    let mut ids: Vec<String> = ids.as_array().unwrap().iter().map(Value::to_string).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn the_tree_answers_like_child_of_and_parent_of() {
    for fields in [&COMPANY_FIELDS[..], &COMPANY_FIELDS[..2]] {
        let double = double(fields).await;
        let session = login(&manager(client(&double)), "2").await.unwrap();
        let tree = session.tree();
        let ids = |set: OrgSet| {
            let mut ids = tree.sql_ids(&set);
            ids.sort();
            ids
        };
        let [holding, shop] = ["3", "6"].map(|id| tree.index_of(id).unwrap());
        assert_eq!(ids(tree.descendants(holding, true).to_set()), sorted(&recorded("companies child_of")));
        assert_eq!(ids(tree.ancestors(shop, true).to_set()), sorted(&recorded("companies parent_of")));
        assert_eq!(tree.nearest(shop, OrgFlags::LEGAL_ENTITY), Some(holding));
        assert!(tree.index_of("0").is_none());
    }
}

#[tokio::test]
async fn a_user_has_access_to_the_assigned_companies_only() {
    let double = double(&COMPANY_FIELDS).await;
    let manager = manager(client(&double));
    let demo = login(&manager, "6").await.unwrap();
    assert_eq!(demo.org(), "1");
    assert!(demo.can_read("1") && demo.can_write("2"));
    for other in ["3", "4", "0", "unknown", ""] {
        assert!(!demo.can_read(other) && !demo.can_write(other), "{other}");
    }
    // Access is inherited neither by branches nor by the parent.
    let mut users = Model::with_fields(&USER_FIELDS);
    users.insert(6, &json!({"active": true, "company_id": [4, "North"], "company_ids": [4]}));
    double.put_model("res.users", users);
    let north = login(&manager, "6").await.unwrap();
    assert!(north.can_write("4") && !north.can_read("6") && !north.can_read("3"));
    // The access that was pinned at login remains.
    assert!(demo.can_read("2") && !demo.can_read("4"));
}

#[tokio::test]
async fn the_selected_company_comes_first_in_the_context() {
    let double = double(&COMPANY_FIELDS).await;
    let manager = manager(client(&double));
    let login = manager.login(Principal::new(UserId::new("2").unwrap())).await.unwrap();
    assert_eq!(
        Value::Object(company_context(&login.session)),
        json!({"allowed_company_ids": [1, 2, 3, 4, 5, 6, 7]})
    );
    let token = login.token;
    let switched = manager.switch_org(&token, "6".parse().unwrap()).await.unwrap();
    assert_eq!(
        Value::Object(company_context(&switched.session)),
        json!({"allowed_company_ids": [6, 1, 2, 3, 4, 5, 7]})
    );
    assert!(manager.session(&token).await.is_err(), "the old token is still valid");
    let foreign = manager.switch_org(&switched.token, "99".parse().unwrap()).await;
    assert!(foreign.is_err(), "the user has no access to the company");
}

#[tokio::test]
async fn unknown_inactive_and_portal_users_cannot_log_in() {
    let double = double(&COMPANY_FIELDS).await;
    let manager = manager(client(&double));
    for user in ["99", "nobody", "-1", "6 or 1=1"] {
        assert!(matches!(login(&manager, user).await, Err(LoginError::NotAllowed { .. })), "{user}");
    }
    let mut users = Model::with_fields(&USER_FIELDS);
    users.insert(6, &json!({"active": false, "company_id": [1, "One"], "company_ids": [1]}));
    let portal_user = json!({"active": true, "share": true, "company_id": [1, "One"], "company_ids": [1]});
    users.insert(8, &portal_user);
    double.put_model("res.users", users);
    for user in ["6", "8"] {
        assert!(matches!(login(&manager, user).await, Err(LoginError::NotAllowed { .. })), "{user}");
    }
}

#[tokio::test]
async fn an_unreachable_server_is_a_transient_error() {
    let double = double(&COMPANY_FIELDS).await;
    let odoo = OdooClient::new(config(&double, password())).unwrap();
    drop(double);
    let error = login(&manager(odoo), "6").await.unwrap_err();
    assert!(error.is_transient(), "{error}");
}
