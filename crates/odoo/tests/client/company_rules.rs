//! The two kinds of company rules, compared with recordings of real servers of versions 17, 18 and 19.

use std::collections::BTreeSet;
use std::sync::Arc;

use odoo::{CompanyFilter, CompanySource, OdooClient, OdooConfig, can_read_shared, company_context};
use odoo_double::{Behaviour, OdooDouble, company_answer, company_exchanges};
use serde_json::{Value, json};
use session::{ClientId, MemoryStore, Options, Principal, Session, SessionManager, UserId};

use crate::support::limits;

const VERSIONS: [u32; 3] = [17, 18, 19];

/// A session of a user in a double with the recorded companies of a version.
async fn session_of(version: u32, login: &str) -> Session {
    let double = OdooDouble::start(Behaviour { version, ..Behaviour::default() }).await.unwrap();
    double.put_companies();
    let source = CompanySource::new(loader(&double), ClientId::new("odoo").unwrap());
    let user = source.user_named(login).await.unwrap().unwrap().id;
    let manager = SessionManager::new(source, Arc::new(MemoryStore::default()), Options::default());
    manager.login(Principal::new(UserId::new(user.as_str()).unwrap())).await.unwrap().session
}

pub(crate) fn loader(double: &OdooDouble) -> OdooClient {
    let key = odoo::OdooCredential::from_secret(OdooDouble::key_of("admin").into());
    let config = OdooConfig::new(&double.url(), "odoo", "admin", key).unwrap();
    OdooClient::new(OdooConfig { limits: limits(), ..config }).unwrap()
}

/// The id of a company in a version, by its name.
fn company(version: u32, name: &str) -> String {
    let tree = company_answer(version, "companies: the tree").unwrap();
    let named = tree.as_array().unwrap().iter().find(|company| company["name"] == name);
    named.unwrap_or_else(|| panic!("{name}"))["id"].to_string()
}

#[tokio::test]
async fn each_rule_decides_like_the_recorded_server() {
    // The rule of products uses `parent_of`. The contact belongs to no internal user (`partner_share` is
    // true).
    let exchanges = [
        ("companies: bob (Lab North) reads a product of Lab Holding", "bob", "Lab Holding"),
        ("companies: eve (Lab Holding) reads a product of Lab Holding", "eve", "Lab Holding"),
        ("companies: bob reads a product of Lab Alone", "bob", "Lab Alone"),
        ("companies: bob reads a contact of Lab Alone", "bob", "Lab Alone"),
        ("companies: admin without a context reads it", "admin", "Lab Alone"),
        ("companies: bob (Lab North) reads a product of Shop 1, a company below", "bob", "Lab North Shop 1"),
    ];
    let recorded: Vec<Value> = company_exchanges();
    let mut compared = 0;
    for version in VERSIONS {
        for (name, user, owner) in exchanges {
            let is_recorded = |exchange: &&Value| exchange["version"] == version && exchange["name"] == name;
            if !recorded.iter().any(|exchange| is_recorded(&exchange)) {
                continue;
            }
            let session = session_of(version, user).await;
            let allowed = company_answer(version, name).is_ok();
            assert_eq!(can_read_shared(&session, &company(version, owner)), allowed, "{version}: {name}");
            compared += 1;
        }
        // Rules with `in` do not include the parent company: compare with the companies that bob can read.
        let bob = session_of(version, "bob").await;
        let readable = company_answer(version, "companies: as bob").unwrap();
        let readable: Vec<i64> =
            readable.as_array().unwrap().iter().map(|company| company["id"].as_i64().unwrap()).collect();
        assert_eq!(CompanyFilter::own(&bob).ids(), readable);
        assert!(!bob.can_read(&company(version, "Lab Holding")));
        assert!(bob.can_read(&company(version, "Lab North")));
    }
    // Version 17 has no recording for the branch.
    assert_eq!(compared, 17);
}

#[tokio::test]
async fn shared_companies_match_parent_of() {
    for version in VERSIONS {
        // Recorded only for the shop, which is one of the administrator's companies.
        let shop = company(version, "Lab North Shop 1");
        let above = company_answer(version, "companies: parent_of").unwrap();
        let above: BTreeSet<String> = above.as_array().unwrap().iter().map(Value::to_string).collect();
        let admin = session_of(version, "admin").await;
        let tree = admin.tree();
        let index = tree.index_of(&shop).unwrap();
        let path = tree.path_to_root(index).chain([index]);
        assert_eq!(path.map(|org| tree.id(org).unwrap().to_string()).collect::<BTreeSet<_>>(), above);

        let bob = session_of(version, "bob").await;
        let shared = [company(version, "Lab Holding"), company(version, "Lab North")];
        assert_eq!(CompanyFilter::shared(&bob).ids().iter().map(i64::to_string).collect::<Vec<_>>(), shared);
        for company in tree.indices().filter_map(|org| tree.id(org)) {
            let is_shared = shared.iter().any(|shared| *shared == company.as_str());
            assert_eq!(can_read_shared(&bob, company.as_str()), is_shared, "{version}: {company}");
        }
        for other in ["", "0", "99", "no company"] {
            assert!(!can_read_shared(&bob, other), "{other}");
        }
    }
}

#[tokio::test]
async fn filters_are_the_same_for_sql_and_for_searches() {
    let bob = session_of(19, "bob").await;
    let (own, shared) = (CompanyFilter::own(&bob), CompanyFilter::shared(&bob));
    assert_eq!(own.sql("company_id"), "company_id IN (4)");
    assert_eq!(own.domain("company_id"), json!([["company_id", "in", [4]]]));
    assert_eq!(shared.sql("p.company_id"), "p.company_id IN (3, 4)");
    assert_eq!(shared.domain("company_ids"), json!([["company_ids", "in", [3, 4]]]));
    let shared = shared.or_without_company();
    assert_eq!(shared.sql("company_id"), "(company_id IN (3, 4) OR company_id IS NULL)");
    assert_eq!(
        shared.domain("company_id"),
        json!(["|", ["company_id", "=", false], ["company_id", "in", [3, 4]]])
    );
    assert_eq!(Value::Object(company_context(&bob)), json!({"allowed_company_ids": [4]}));
}

#[tokio::test]
async fn all_recorded_rules_have_one_of_the_two_forms() {
    for (version, rules) in [(17, 24), (18, 26), (19, 25)] {
        let recorded = company_answer(version, "companies: record rules with parent_of").unwrap();
        let recorded = recorded.as_array().unwrap();
        assert_eq!(recorded.len(), rules, "{version}");
        for rule in recorded {
            let domain = rule["domain_force"].as_str().unwrap();
            let forms =
                ["('company_id', 'parent_of', company_ids)", "('company_ids', 'parent_of', company_ids)"];
            assert!(forms.iter().any(|form| domain.contains(form)), "{version}: {domain}");
            assert_eq!((&rule["global"], &rule["perm_read"]), (&json!(true), &json!(true)), "{domain}");
        }
    }
}

#[tokio::test]
async fn an_archived_company_stays_in_the_tree_without_access() {
    let session = session_of(19, "admin").await;
    let archived = company(19, "Lab Archived");
    let tree = session.tree();
    let index = tree.index_of(&archived).unwrap();
    assert!(!tree.flags(index).unwrap().contains(org_structure::OrgFlags::ACTIVE));
    assert_eq!(tree.id(tree.parent(index).unwrap()).unwrap(), company(19, "Lab South").as_str());
    assert!(!session.can_read(&archived) && !session.can_write(&archived));
    assert!(!can_read_shared(&session, &archived));
}
