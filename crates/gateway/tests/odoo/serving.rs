//! Sessions with Odoo: company rules, administration, pinning, calls that the ERP does not have.

use odoo_double::OdooDouble;
use serde_json::{Value, json};

use crate::program::Program;
use crate::world::{VERSIONS, company, odoo, password, user};

#[tokio::test]
async fn both_company_rules_are_returned_as_sql_and_as_domains() {
    for version in VERSIONS {
        let double = odoo(version).await;
        let service = Program::over(&double).serve(&[]).await;
        let (north, holding) = (company(version, "Lab North"), company(version, "Lab Holding"));
        let token = service.token("bob", &password("bob")).await;
        let (status, answer) = service.get("/v1/session/companies", &token).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(
            answer,
            json!({
                "allowed_company_ids": [north],
                "own": {
                    "ids": [north],
                    "sql": format!("company_id IN ({north})"),
                    "domain": [["company_id", "in", [north]]],
                },
                "shared": {
                    "ids": [holding, north],
                    "sql": format!("company_id IN ({holding}, {north})"),
                    "domain": [["company_id", "in", [holding, north]]],
                },
            })
        );
        let path = "/v1/session/companies?field=order_id.company_id&or_none=true";
        let (_, answer) = service.get(path, &token).await;
        let sql = format!("(order_id.company_id IN ({north}) OR order_id.company_id IS NULL)");
        assert_eq!(answer["own"]["sql"], json!(sql));
        let domain = &answer["shared"]["domain"];
        assert_eq!(domain[1], json!(["order_id.company_id", "=", false]), "{domain}");
        for (wrong, field) in
            [("?field=a%3B--", "field"), ("?field=", "field"), ("?or_none=yes", "or_none"), ("?x=1", "x")]
        {
            let (status, answer) = service.get(&format!("/v1/session/companies{wrong}"), &token).await;
            assert_eq!((status, &answer["field"]), (422, &json!(field)), "{answer}");
        }
    }
}

#[tokio::test]
async fn the_returned_domain_finds_the_right_records_in_odoo() {
    use odoo::{Call, OdooClient, OdooConfig, OdooCredential};
    use odoo_double::Model;

    for version in VERSIONS {
        let double = odoo(version).await;
        let (north, holding) = (company(version, "Lab North"), company(version, "Lab Holding"));
        let mut products = Model::with_fields(&[("name", "char"), ("company_id", "many2one")]);
        products.insert(1, &json!({"name": "of Lab North", "company_id": [north, "Lab North"]}));
        products.insert(2, &json!({"name": "of Lab Holding", "company_id": [holding, "Lab Holding"]}));
        let alone = company(version, "Lab Alone");
        products.insert(3, &json!({"name": "of Lab Alone", "company_id": [alone, "Lab Alone"]}));
        products.insert(4, &json!({"name": "of no company"}));
        double.put_model("product.template", products);
        let service = Program::over(&double).serve(&[]).await;
        let token = service.token("bob", &password("bob")).await;
        let key = OdooCredential::from_secret(OdooDouble::key_of("bob").into());
        let client = OdooClient::new(OdooConfig::new(&double.url(), "odoo", "bob", key).unwrap()).unwrap();
        let find = async |path: &str, rule: &str| {
            let (_, answer) = service.get(path, &token).await;
            let context = json!({"allowed_company_ids": answer["allowed_company_ids"]});
            let call = Call::search("product.template", answer[rule]["domain"].clone());
            let found: Vec<i64> = client.call(call.context(context.as_object().unwrap())).await.unwrap();
            found
        };
        assert_eq!(find("/v1/session/companies", "own").await, [1]);
        assert_eq!(find("/v1/session/companies", "shared").await, [1, 2]);
        assert_eq!(find("/v1/session/companies?or_none=true", "shared").await, [1, 2, 4]);
    }
}

#[tokio::test]
async fn only_current_administrators_of_odoo_may_administer() {
    for version in VERSIONS {
        let double = odoo(version).await;
        let service = Program::over(&double).serve(&[]).await;
        let bob = service.token("bob", &password("bob")).await;
        let admin = service.token("admin", &OdooDouble::key_of("admin")).await;
        let may = async |token: &str| service.get("/v1/admin/sessions", token).await.0;
        assert_eq!((may(&bob).await, may(&admin).await), (403, 200), "{version}");
        let (_, session) = service.get("/v1/session", &admin).await;
        assert_eq!(session["client_admin"], json!(true));
        let (_, sessions) = service.get("/v1/admin/sessions", &admin).await;
        let names: Vec<&Value> =
            sessions["sessions"].as_array().unwrap().iter().map(|session| &session["username"]).collect();
        assert!(names.contains(&&json!("bob")) && names.contains(&&json!("admin")), "{sessions}");
        // Administrator rights are read per request, not at login.
        double.set_groups(user(version, "bob"), &["base.group_user", "base.group_erp_manager"]);
        assert_eq!(may(&bob).await, 200, "{version}");
        double.set_groups(user(version, "bob"), &["base.group_user"]);
        assert_eq!(may(&bob).await, 403, "{version}");
        // Only administrators may ask about the companies of other users.
        let ask = async |token: &str, of: &str| {
            let of = user(version, of).to_string();
            let question = json!({"call": "shared_companies", "args": {"user": of}});
            service.post("/v1/questions", token, question).await
        };
        let north = company(version, "Lab North").to_string();
        let holding = company(version, "Lab Holding").to_string();
        assert_eq!(ask(&bob, "bob").await, (200, json!({"result": [holding, north]})));
        assert_eq!(ask(&bob, "admin").await.0, 403);
        assert_eq!(ask(&admin, "bob").await, (200, json!({"result": [holding, north]})));
        // Administrators may end sessions of other users.
        let of_bob = user(version, "bob").to_string();
        let (status, _) = service.post("/v1/admin/sessions/end", &admin, json!({"user": of_bob})).await;
        assert_eq!(status, 200);
        assert_eq!(service.get("/v1/session", &bob).await.0, 401);
        // If Odoo does not answer, no user counts as an administrator.
        double.set_down(true);
        assert_eq!(may(&admin).await, 503);
    }
}

#[tokio::test]
async fn a_session_is_pinned_until_it_is_refreshed() {
    let double = odoo(19).await;
    let service = Program::over(&double).serve(&["--recheck-users", "0"]).await;
    let token = service.token("dan", &password("dan")).await;
    let (alone, own) = (company(19, "Lab Alone"), company(19, "YourCompany"));
    let moved = format!("{}/{alone}/", company(19, "Lab South"));
    double.with_model("res.company", |companies| {
        let record = companies.records.get_mut(&alone).unwrap();
        record.insert("parent_path".into(), json!(moved));
    });
    let dan = user(19, "dan");
    double.change_user(dan, |record| drop(record.insert("company_ids".into(), json!([own]))));
    let (_, readable) = service.get("/v1/session/readable", &token).await;
    assert_eq!(readable["organizations"].as_array().unwrap().len(), 2);
    assert_eq!(service.get("/v1/session/freshness", &token).await.1, json!({"current": false}));
    let (status, renewed) = service.post("/v1/session/refresh", &token, json!({})).await;
    assert_eq!(status, 200, "{renewed}");
    let renewed = renewed["token"].as_str().unwrap();
    let (_, readable) = service.get("/v1/session/readable", renewed).await;
    assert_eq!(readable, json!({"organizations": [own.to_string()]}));
    assert_eq!(service.get("/v1/session/readable", &token).await.0, 401, "the old token is invalid");
    let elsewhere = json!({"org": alone.to_string()});
    assert_eq!(service.post("/v1/session/org", renewed, elsewhere).await.0, 403);
}

#[tokio::test]
async fn a_service_on_a_database_has_no_companies() {
    let program = Program::alone();
    let service = program.serve(&[]).await;
    let token = service.token("F&BAdmin", "orgcache").await;
    let (status, answer) = service.get("/v1/session/companies", &token).await;
    assert_eq!((status, &answer["type"]), (404, &json!("urn:orgcache:problem:no_companies")));
    let question = json!({"call": "own_companies", "args": {"user": "100"}});
    let (status, answer) = service.post("/v1/questions", &token, question).await;
    assert_eq!((status, &answer["type"]), (501, &json!("urn:orgcache:problem:not_in_erp")));
}

#[tokio::test]
async fn a_service_on_odoo_has_no_stored_columns() {
    let double = odoo(19).await;
    let service = Program::over(&double).serve(&[]).await;
    let token = service.token("dan", &password("dan")).await;
    let question =
        json!({"call": "sql_legal_entity", "args": {"org": company(19, "YourCompany").to_string()}});
    let (status, answer) = service.post("/v1/questions", &token, question).await;
    assert_eq!((status, &answer["type"]), (501, &json!("urn:orgcache:problem:not_in_erp")));
    assert_eq!(answer["detail"], "odoo has no such stored column");
}
