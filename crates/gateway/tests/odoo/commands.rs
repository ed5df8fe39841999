//! `tree`, `overview`, `query` and `check` with Odoo, and the messages if Odoo cannot be used.

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
        // Several roots and no organization `0` are normal in Odoo, so they are not findings.
        for odd in ["several roots", "`0`"] {
            assert!(!shown.contains(odd), "{version}: {shown}");
        }
        let shop = company(version, "Lab North Shop 1").to_string();
        let shop_tree = Program::over(&double).print(&["tree", "--org", &shop]).await;
        assert!(shop_tree.contains("Lab North · Lab Holding"), "{shop_tree}");
        assert!(shop_tree.lines().any(|line| line.contains("legal entity") && line.contains("Lab Holding")));
    }
}

#[tokio::test]
async fn the_question_in_the_overview_can_be_asked() {
    let double = odoo(19).await;
    let program = Program::over(&double);
    let shown = program.print(&["overview"]).await;
    let (_, command) = shown.split_once("echo ").unwrap();
    let (quoted, _) = command.split_once(" | ").unwrap();
    let question: String = quoted.split("\\\n").map(|part| part.trim().trim_matches('\'')).collect();
    let output = program.run(&["query"], &format!("{question}\n")).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// Asks questions, and returns the answers.
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
async fn questions_use_the_tree_and_both_company_rules() {
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
async fn an_unusable_odoo_is_reported_with_advice() {
    for version in VERSIONS {
        let double = odoo(version).await;
        let key = OdooDouble::key_of("admin");
        let assert_fails_with = async |program: Program, expected: &[&str]| {
            for command in ["tree", "serve"] {
                let stderr = program.fail(&[command]).await;
                for expected in expected {
                    assert!(stderr.contains(expected), "{version}: {stderr}");
                }
                assert!(!stderr.contains("ODOO_DB") && !stderr.contains("ODOO_URL"), "{stderr}");
                assert!(!stderr.contains(&key) && !stderr.contains("secret"), "{stderr}");
            }
        };
        let bob = OdooDouble::key_of("bob");
        assert_fails_with(Program::loaded_by(&double, "admin", "a secret"), &["does not accept", "`admin`"])
            .await;
        let expired = "0123456789012345678901234567890123456789";
        assert_fails_with(Program::loaded_by(&double, "admin", expired), &["does not accept", "key valid"])
            .await;
        assert_fails_with(
            Program::loaded_by(&double, "bob", &bob),
            &["base.group_erp_manager", "Access Rights"],
        )
        .await;
        assert_fails_with(
            Program::over(&double).with("ORGCACHE_ODOO_DB", "nosuch"),
            &["`nosuch`", "--odoo-db"],
        )
        .await;
        assert_fails_with(
            Program::over(&double).with("ORGCACHE_ODOO_LOADER_USER", ""),
            &["--odoo-loader-user"],
        )
        .await;
        let no_key = &["--odoo-loader-key-file", "ORGCACHE_ODOO_LOADER_KEY"];
        assert_fails_with(Program::over(&double).with("ORGCACHE_ODOO_LOADER_KEY", ""), no_key).await;
        let web = format!("{}/web", double.url());
        assert_fails_with(Program::over(&double).with("ORGCACHE_ODOO_URL", &web), &["--odoo-url", "/web"])
            .await;
        double.with_model("res.company", |companies| companies.closed = true);
        assert_fails_with(
            Program::loaded_by(&double, "bob", &bob),
            &["may not read companies", "Access Rights"],
        )
        .await;
        let unreachable = Program::over(&double);
        drop(double);
        for command in ["tree", "serve"] {
            let stderr = unreachable.fail_as(75, &[command]).await;
            assert!(stderr.contains("cannot be reached") && stderr.contains("Is Odoo running"), "{stderr}");
        }
    }
}

#[tokio::test]
async fn the_loader_accepts_a_key_file_and_a_password() {
    let double = odoo(18).await;
    let program = Program::over(&double).with("ORGCACHE_ODOO_LOADER_KEY", "");
    let file = secret_file(program.home.path(), &format!("{}\n", OdooDouble::key_of("admin")));
    assert!(program.print(&["tree", "--odoo-loader-key-file", &file]).await.contains("Lab North"));
    let stderr = program.fail(&["tree", "--odoo-loader-key-file", "/nowhere/key"]).await;
    assert!(stderr.contains("/nowhere/key"), "{stderr}");
    let by_password = Program::loaded_by(&double, "admin", &password("admin"));
    assert!(by_password.print(&["tree"]).await.contains("Lab North"));
}

#[tokio::test]
async fn options_and_commands_for_databases_are_refused_with_odoo() {
    let double = odoo(19).await;
    let program = Program::over(&double);
    let stderr = program.fail(&["password", "bob", "--store-url", "sqlite:x.db?mode=rwc"]).await;
    assert!(stderr.contains("in Odoo"), "{stderr}");
    for arguments in [&["revisions", "status"][..], &["import", "."]] {
        let stderr = program.fail(arguments).await;
        assert!(stderr.contains("--database-url"), "{stderr}");
    }
    let stderr = program.fail(&["serve", "--erp-passwords", "--store-url", "sqlite:x.db?mode=rwc"]).await;
    assert!(stderr.contains("--erp-passwords"), "{stderr}");
    let store = ["--erp-passwords", "--store-url", "sqlite:x.db?mode=rwc"];
    let checked = program.run(&[&["check", "--listen", "127.0.0.1:0"], &store[..]].concat(), "").await;
    let found = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.code() == Some(1) && found.contains("PROBLEM  --erp-passwords"), "{found}");
    let stderr = program.fail(&["tree", "--database-url", "sqlite:x.db"]).await;
    assert!(stderr.contains("--odoo-url") && stderr.contains("--database-url"), "{stderr}");
}

#[tokio::test]
async fn check_tests_the_configured_odoo() {
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
