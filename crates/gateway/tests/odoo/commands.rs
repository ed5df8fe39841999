//! `tree`, `overview` and `query` over Odoo, and what is said of an Odoo that cannot be used.

use serde_json::{Value, json};

use crate::program::{Program, secret_file};
use crate::world::{VERSIONS, company, odoo, password, user};
use odoo_double::OdooDouble;

#[tokio::test]
async fn the_tree_of_companies_is_shown_in_odoos_order() {
    for version in VERSIONS {
        let double = odoo(version).await;
        let shown = Program::over(&double).print(&["tree"]).await;
        let names: Vec<&str> =
            ["Lab Alone", "Lab Holding", "Lab North", "Lab North Shop 1", "YourCompany"].into();
        let places: Vec<usize> =
            names.iter().map(|name| shown.find(name).unwrap_or_else(|| panic!("{shown}"))).collect();
        assert!(places.is_sorted(), "{shown}");
        // Several companies at the top, and none that stands for all, is what Odoo has.
        for odd in ["several roots", "`0`"] {
            assert!(!shown.contains(odd), "{version}: {shown}");
        }
        let shop = company(version, "Lab North Shop 1").to_string();
        let closely = Program::over(&double).print(&["tree", "--org", &shop]).await;
        assert!(closely.contains("Lab North · Lab Holding"), "{closely}");
        assert!(closely.lines().any(|line| line.contains("legal entity") && line.contains("Lab Holding")));
    }
}

#[tokio::test]
async fn the_overview_names_a_question_that_is_answered() {
    let double = odoo(19).await;
    let program = Program::over(&double);
    let shown = program.print(&["overview"]).await;
    let (_, command) = shown.split_once("echo ").unwrap();
    let (quoted, _) = command.split_once(" | ").unwrap();
    let question: String = quoted.split("\\\n").map(|part| part.trim().trim_matches('\'')).collect();
    let output = program.run(&["query"], &format!("{question}\n")).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// The answers to questions, one a line.
async fn ask(program: &Program, questions: &[Value]) -> Vec<Value> {
    let input: String = questions.iter().map(|question| format!("{question}\n")).collect();
    let output = program.run(&["query"], &input).await;
    let out = String::from_utf8(output.stdout).unwrap();
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn numbers(ids: &Value) -> Vec<i64> {
    let mut ids: Vec<i64> =
        ids.as_array().unwrap().iter().map(|id| id.as_str().unwrap().parse().unwrap()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn questions_are_answered_by_the_tree_and_by_both_rules() {
    for version in VERSIONS {
        let double = odoo(version).await;
        let program = Program::over(&double);
        let id = |name| company(version, name).to_string();
        let (holding, north, shop) = (id("Lab Holding"), id("Lab North"), id("Lab North Shop 1"));
        let bob = user(version, "bob").to_string();
        let answers = ask(
            &program,
            &[
                json!({"call": "parent_list", "args": {"org": shop, "include_org": false}}),
                json!({"client": "odoo", "call": "legal_entity", "args": {"org": shop}}),
                json!({"call": "may_reference", "args": {"org": shop, "referenced_org": holding}}),
                json!({"call": "legal_entities_of_client", "args": {"client": "odoo"}}),
                json!({"call": "own_companies", "args": {"user": bob}}),
                json!({"call": "shared_companies", "args": {"user": bob}}),
                json!({"call": "own_companies", "args": {"user": "99"}}),
                json!({"call": "sql_legal_entity", "args": {"org": shop}}),
                json!({"call": "readable_orgs", "args": {"role": "0"}}),
                json!({"client": "other", "call": "legal_entity", "args": {"org": shop}}),
            ],
        )
        .await;
        let results: Vec<&Value> = answers.iter().map(|answer| &answer["result"]).collect();
        assert_eq!(results[0], &json!([north, holding]), "{answers:?}");
        assert_eq!(results[1], &json!(holding));
        assert_eq!(results[2], &json!(true));
        let mut roots = vec![company(version, "YourCompany"), company(version, "Lab Alone")];
        roots.push(company(version, "Lab Holding"));
        if version == 19 {
            roots.push(company(version, "My US Company"));
        }
        roots.sort_unstable();
        assert_eq!(numbers(results[3]), roots);
        assert_eq!(results[4], &json!([north]));
        assert_eq!(results[5], &json!([holding, north]));
        let codes: Vec<&Value> = answers[6..].iter().map(|answer| &answer["error"]["code"]).collect();
        assert_eq!(codes, ["unknown_user", "not_in_erp", "unknown_role", "unknown_client"]);
    }
}

#[tokio::test]
async fn an_odoo_that_cannot_be_used_is_told_with_what_to_do() {
    for version in VERSIONS {
        let double = odoo(version).await;
        let key = OdooDouble::key_of("admin");
        let says = async |program: Program, expected: &[&str]| {
            for command in ["tree", "serve"] {
                let said = program.fail(&[command]).await;
                for expected in expected {
                    assert!(said.contains(expected), "{version}: {said}");
                }
                assert!(!said.contains("ODOO_DB") && !said.contains("ODOO_URL"), "{said}");
                assert!(!said.contains(&key) && !said.contains("secret"), "{said}");
            }
        };
        let bob = OdooDouble::key_of("bob");
        says(Program::loaded_by(&double, "admin", "a secret"), &["does not accept", "`admin`"]).await;
        let expired = "0123456789012345678901234567890123456789";
        says(Program::loaded_by(&double, "admin", expired), &["does not accept", "key valid"]).await;
        says(Program::loaded_by(&double, "bob", &bob), &["base.group_erp_manager", "Access Rights"]).await;
        says(Program::over(&double).with("ORGCACHE_ODOO_DB", "nosuch"), &["`nosuch`", "--odoo-db"]).await;
        says(Program::over(&double).with("ORGCACHE_ODOO_LOADER_USER", ""), &["--odoo-loader-user"]).await;
        let no_key = &["--odoo-loader-key-file", "ORGCACHE_ODOO_LOADER_KEY"];
        says(Program::over(&double).with("ORGCACHE_ODOO_LOADER_KEY", ""), no_key).await;
        let web = format!("{}/web", double.url());
        says(Program::over(&double).with("ORGCACHE_ODOO_URL", &web), &["--odoo-url", "/web"]).await;
        double.with_model("res.company", |companies| companies.closed = true);
        says(Program::loaded_by(&double, "bob", &bob), &["may not read companies", "Access Rights"]).await;
        let away = Program::over(&double);
        drop(double);
        for command in ["tree", "serve"] {
            let said = away.fail_as(75, &[command]).await;
            assert!(said.contains("cannot be reached") && said.contains("Is Odoo running"), "{said}");
        }
    }
}

#[tokio::test]
async fn the_key_may_be_in_a_file_and_a_password_does_as_well() {
    let double = odoo(18).await;
    let program = Program::over(&double).with("ORGCACHE_ODOO_LOADER_KEY", "");
    let file = secret_file(program.home.path(), &format!("{}\n", OdooDouble::key_of("admin")));
    assert!(program.print(&["tree", "--odoo-loader-key-file", &file]).await.contains("Lab North"));
    let said = program.fail(&["tree", "--odoo-loader-key-file", "/nowhere/key"]).await;
    assert!(said.contains("/nowhere/key"), "{said}");
    let by_password = Program::loaded_by(&double, "admin", &password("admin"));
    assert!(by_password.print(&["tree"]).await.contains("Lab North"));
}

#[tokio::test]
async fn what_is_about_a_database_says_so() {
    let double = odoo(19).await;
    let program = Program::over(&double);
    let said = program.fail(&["password", "bob", "--store-url", "sqlite:x.db?mode=rwc"]).await;
    assert!(said.contains("in Odoo"), "{said}");
    for arguments in [&["revisions", "status"][..], &["import", "."]] {
        let said = program.fail(arguments).await;
        assert!(said.contains("--database-url"), "{said}");
    }
    let said = program.fail(&["serve", "--erp-passwords", "--store-url", "sqlite:x.db?mode=rwc"]).await;
    assert!(said.contains("--erp-passwords"), "{said}");
    let store = ["--erp-passwords", "--store-url", "sqlite:x.db?mode=rwc"];
    let checked = program.run(&[&["check", "--listen", "127.0.0.1:0"], &store[..]].concat(), "").await;
    let found = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.code() == Some(1) && found.contains("PROBLEM  --erp-passwords"), "{found}");
    let said = program.fail(&["tree", "--database-url", "sqlite:x.db"]).await;
    assert!(said.contains("--odoo-url") && said.contains("--database-url"), "{said}");
}

#[tokio::test]
async fn a_check_tries_the_odoo_that_serve_would_take() {
    for version in VERSIONS {
        let double = odoo(version).await;
        let checked = Program::over(&double).print(&["check"]).await;
        let companies = if version == 19 { 9 } else { 7 };
        assert!(checked.contains(&format!("{companies} companies make a tree")), "{checked}");
        assert!(checked.contains("`serve` can start"), "{checked}");
        let wrong = Program::loaded_by(&double, "admin", "wrong").run(&["check"], "").await;
        let out = String::from_utf8(wrong.stdout).unwrap();
        assert_eq!(wrong.status.code(), Some(1), "{out}");
        assert!(out.contains("PROBLEM") && out.contains("does not accept"), "{out}");
    }
}
