//! `orgcache query`: answers, errors, exit statuses.

use rstest::rstest;
use serde_json::{Value, json};

use crate::databases::{Scratch, empty_sqlite, samples};
use crate::program::{Run, run, run_over};
use crate::questions::{EAST, FOOD, QA, Question, US, every_call};

fn ask(database: &Scratch, lines: impl AsRef<[u8]>) -> Run {
    run_over(database, &["query"], lines)
}

fn line((client, call, args, _): &Question) -> String {
    let mut question = json!({"call": call, "args": args});
    if let Some(client) = client {
        question["client"] = json!(client);
    }
    question.to_string()
}

#[test]
fn every_call_answers_on_every_database() {
    let questions = every_call();
    let lines = questions.iter().map(line).collect::<Vec<_>>().join("\n");
    for database in samples() {
        let asked = ask(&database, &lines);
        let answers = asked.answers();
        assert_eq!(answers.len(), questions.len());
        for (question, answer) in questions.iter().zip(answers) {
            assert_eq!(answer, json!({"result": question.3}), "{} on {}", line(question), database.url);
        }
        assert_eq!((asked.status, asked.err.as_str()), (0, ""));
    }
}

/// Automatic roles get all organizations only if the schema shows that the ERP is of 2023 or later.
#[test]
fn the_rule_for_automatic_roles_follows_the_database_schema() {
    const AUTOMATIC: &str = "42D0EEB1C66F497A90DD526DC597E6F0";
    let ask = |database: &Scratch, options: &[&str], args: Value| {
        let question = json!({"client": FOOD, "call": "writable_orgs", "args": args}).to_string();
        let asked = run_over(database, &[&["query"], options].concat(), question);
        assert_eq!((asked.status, asked.err.as_str()), (0, ""));
        asked.answers()[0]["result"].as_array().unwrap().len()
    };
    let role = || json!({"role": AUTOMATIC});
    for database in samples() {
        assert_eq!(ask(&database, &[], role()), 8);
        assert_eq!(ask(&database, &["--automatic-roles", "by-rows"], role()), 1);
        database.execute("ALTER TABLE ad_org DROP COLUMN timezone");
        assert_eq!(ask(&database, &[], role()), 1);
        assert_eq!(ask(&database, &["--automatic-roles", "detect"], role()), 1);
        assert_eq!(ask(&database, &["--automatic-roles", "all"], role()), 8);
        // An argument of the question overrides the option.
        assert_eq!(ask(&database, &[], json!({"role": AUTOMATIC, "automatic_roles": true})), 8);
        let by_rows = json!({"role": AUTOMATIC, "automatic_roles": false});
        assert_eq!(ask(&database, &["--automatic-roles", "all"], by_rows), 1);
    }
}

/// If the ancestor table is empty or missing, walking up the tree gives the same levels.
#[test]
fn levels_are_the_same_with_and_without_the_ancestor_table() {
    let ids =
        ["0", "unknown", US, EAST, "19404EAD144C49A0AF37D54377CF452D", "357947E87C284935AD1D783CF6F099A1"];
    let mut lines = String::new();
    for org in ids {
        for parent in ids {
            for client in [FOOD, QA, "0"] {
                let args = json!({"org": org, "parent": parent, "client": client});
                lines.push_str(&json!({"call": "is_org_included", "args": args}).to_string());
                lines.push('\n');
            }
        }
    }
    for database in samples() {
        let stored = ask(&database, &lines).out;
        database.execute("DELETE FROM ad_org_tree");
        assert_eq!(ask(&database, &lines).out, stored);
        database.execute("DROP TABLE ad_org_tree");
        assert_eq!(ask(&database, &lines).out, stored);
    }
}

#[test]
fn stored_columns_may_differ_from_the_tree() {
    for database in samples() {
        database.execute(&format!(
            "UPDATE ad_org SET ad_businessunit_org_id = '{US}', ad_calendarowner_org_id = NULL WHERE ad_org_id = '{EAST}'"
        ));
        let question = |call| json!({"client": FOOD, "call": call, "args": {"org": EAST}}).to_string();
        let calls = [
            "sql_business_unit",
            "sql_legal_entity_or_business_unit",
            "sql_calendar_owner",
            "business_unit",
            "calendar_owner",
            "sql_calendar_owner_treenode",
        ];
        let asked = ask(&database, calls.map(question).join("\n"));
        let results: Vec<Value> =
            asked.answers().into_iter().map(|mut answer| answer["result"].take()).collect();
        assert_eq!(json!(results), json!([US, US, null, null, US, US]));
    }
}

#[test]
fn a_missing_column_fails_only_the_calls_that_need_it() {
    for database in samples() {
        database.execute("ALTER TABLE ad_org DROP COLUMN ad_legalentity_org_id");
        let asked = ask(
            &database,
            [
                json!({"client": FOOD, "call": "sql_legal_entity", "args": {"org": EAST}}).to_string(),
                json!({"client": FOOD, "call": "legal_entity", "args": {"org": EAST}}).to_string(),
            ]
            .join("\n"),
        );
        let answers = asked.answers();
        assert_eq!(answers[0]["error"]["code"], "not_in_database");
        assert!(answers[0]["error"]["message"].as_str().unwrap().contains("ad_legalentity_org_id"));
        assert_eq!(answers[1], json!({"result": US}));
        assert_eq!(asked.status, 1);
    }
}

#[rstest]
#[case::broken_json("{", "bad_json", "EOF")]
#[case::not_utf8("\u{fffd}", "bad_json", "expected value")]
#[case::not_an_object("[]", "bad_request", "object")]
#[case::too_deep(&"[".repeat(100_000), "bad_json", "recursion limit")]
#[case::no_call(r#"{"client": "0"}"#, "bad_request", "`call` is missing")]
#[case::call_of_wrong_type(r#"{"call": 7}"#, "bad_request", "`call` must be a string")]
#[case::client_of_wrong_type(r#"{"call": "child_org", "client": 0}"#, "bad_request", "`client`")]
#[case::args_of_wrong_type(r#"{"call": "child_org", "client": "0", "args": []}"#, "bad_request", "`args`")]
#[case::misspelt_part(r#"{"call": "child_org", "cleint": "0"}"#, "bad_request", "`cleint`")]
#[case::unknown_call(r#"{"call": "drop_table", "client": "0"}"#, "unknown_call", "`drop_table`")]
#[case::no_client(r#"{"call": "child_org", "args": {"org": "0"}}"#, "missing_argument", "`client`")]
#[case::null_client(
    r#"{"call": "child_org", "client": null, "args": {"org": "0"}}"#,
    "missing_argument",
    "`client`"
)]
#[case::unknown_client(
    r#"{"call": "child_org", "client": "x'y", "args": {"org": "0"}}"#,
    "unknown_client",
    "`x'y`"
)]
#[case::empty_client(r#"{"call": "child_org", "client": "", "args": {"org": "0"}}"#, "unknown_client", "``")]
#[case::no_argument(r#"{"call": "child_org", "client": "0"}"#, "missing_argument", "`org`")]
#[case::no_include_org(
    r#"{"call": "child_tree", "client": "0", "args": {"org": "0"}}"#,
    "missing_argument",
    "`include_org`"
)]
#[case::wrong_type(r#"{"call": "child_org", "client": "0", "args": {"org": 0}}"#, "wrong_argument", "`org`")]
#[case::wrong_flag(
    r#"{"call": "child_tree", "client": "0", "args": {"org": "0", "include_org": "Y"}}"#,
    "wrong_argument",
    "`include_org`"
)]
#[case::null_text(
    r#"{"call": "transaction_allowed_orgs", "client": "0", "args": {"orgs": null}}"#,
    "wrong_argument",
    "`orgs`"
)]
#[case::argument_too_many(
    r#"{"call": "child_org", "client": "0", "args": {"org": "0", "orgs": "0"}}"#,
    "wrong_argument",
    "`orgs`"
)]
#[case::record_without_id(
    r#"{"call": "closest", "client": "0", "args": {"org": "0", "records": [{"org": "0"}]}}"#,
    "missing_argument",
    "`id`"
)]
#[case::no_client_argument(
    r#"{"call": "is_org_included", "client": "0", "args": {"org": "0", "parent": "0"}}"#,
    "missing_argument",
    "`client`"
)]
#[case::unknown_role(
    r#"{"call": "readable_orgs", "client": "0", "args": {"role": "nobody"}}"#,
    "unknown_role",
    "`nobody`"
)]
#[case::null_role(
    r#"{"call": "readable_orgs", "client": "0", "args": {"role": null}}"#,
    "unknown_role",
    "null"
)]
#[case::wrong_ids(
    r#"{"call": "readable_orgs", "client": "0", "args": {"role": "0", "inactive_orgs": "0"}}"#,
    "wrong_argument",
    "`inactive_orgs`"
)]
#[case::what_if_too_many(
    r#"{"call": "user_org_context", "client": "0", "args": {"role": "0", "inactive_orgs": []}}"#,
    "wrong_argument",
    "`inactive_orgs`"
)]
fn an_invalid_line_gets_an_error(#[case] question: &str, #[case] code: &str, #[case] names: &str) {
    let home = tempfile::tempdir().unwrap();
    let lines =
        format!("{question}\n{}", json!({"id": 2, "client": "0", "call": "child_org", "args": {"org": "0"}}));
    let asked = run(home.path(), &["query"], lines);
    let answers = asked.answers();
    assert_eq!(answers[0]["error"]["code"], code, "{}", answers[0]);
    let message = answers[0]["error"]["message"].as_str().unwrap();
    assert!(message.contains(names), "{message}");
    assert!(message.len() < 300, "{message}");
    // The next line is still answered.
    assert_eq!(answers[1], json!({"id": 2, "result": []}));
    assert_eq!(asked.status, 1);
}

#[test]
fn ids_are_echoed_unchanged() {
    let home = tempfile::tempdir().unwrap();
    let ids = [json!(7), json!("seven"), json!(null), json!({"a": [1.5]}), json!(12345678901234567890_u64)];
    let question =
        |id: &Value| json!({"id": id, "client": "0", "call": "child_org", "args": {"org": "0"}}).to_string();
    let asked = run(home.path(), &["query"], ids.iter().map(question).collect::<Vec<_>>().join("\n\n"));
    let echoed: Vec<Value> = asked.answers().iter().map(|answer| answer["id"].clone()).collect();
    assert_eq!(echoed, ids);
    assert_eq!(asked.status, 0);

    let faulty = run(home.path(), &["query"], r#"{"id": "x", "call": "nothing"}"#).answers();
    assert_eq!(faulty[0]["id"], "x");
    let broken = run(home.path(), &["query"], r#"{"id": "x", "call"#).answers();
    assert_eq!(broken[0]["id"], Value::Null);
}

#[test]
fn lines_that_are_too_long_or_not_utf_8_get_errors() {
    let home = tempfile::tempdir().unwrap();
    let good = json!({"id": 1, "client": "0", "call": "child_org", "args": {"org": "0"}}).to_string();
    let mut lines = vec![b' '; 17 * 1024 * 1024];
    lines.extend(format!("\n{good}\n").bytes());
    lines.extend([0xff, 0xfe, b'\n']);
    lines.extend(good.bytes());
    let asked = run(home.path(), &["query"], lines);
    let answers = asked.answers();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0]["error"]["code"], "bad_request");
    assert_eq!(answers[2]["error"]["code"], "bad_json");
    assert_eq!((&answers[1]["id"], &answers[3]["id"]), (&json!(1), &json!(1)));
}

#[test]
fn a_damaged_tree_fails_only_questions_of_its_client() {
    for database in samples() {
        database.execute(&format!("UPDATE ad_treenode SET parent_id = '{EAST}' WHERE node_id = '{US}'"));
        let question =
            |client, org| json!({"client": client, "call": "parent_org", "args": {"org": org}}).to_string();
        let asked = ask(
            &database,
            [question(FOOD, EAST), question(QA, "357947E87C284935AD1D783CF6F099A1")].join("\n"),
        );
        let answers = asked.answers();
        assert_eq!(answers[0]["error"]["code"], "damaged_tree");
        let message = answers[0]["error"]["message"].as_str().unwrap();
        assert!(message.contains(US) && message.contains(EAST), "{message}");
        assert_eq!(answers[1], json!({"result": "43D590B4814049C6B85C6545E8264E37"}));
    }
}

/// Calls that the database answers need no tree, so they work although the client's tree is damaged.
#[test]
fn the_database_answers_for_a_client_whose_tree_is_damaged() {
    for database in samples() {
        let questions = [
            json!({"client": FOOD, "call": "sql_legal_entity", "args": {"org": EAST}}),
            json!({"client": FOOD, "call": "sql_business_unit", "args": {"org": EAST}}),
            json!({"client": FOOD, "call": "sql_legal_entity_or_business_unit", "args": {"org": EAST}}),
            json!({"client": FOOD, "call": "sql_period_control_org", "args": {"org": EAST}}),
            json!({"client": FOOD, "call": "sql_calendar_owner", "args": {"org": EAST}}),
            json!({"call": "sql_is_in_natural_tree", "args": {"org_a": EAST, "org_b": US, "client": FOOD}}),
            json!({"call": "is_org_included", "args": {"org": EAST, "parent": US, "client": FOOD}}),
            // This call uses the tree of the other client.
            json!({"client": FOOD, "call": "may_reference",
                   "args": {"org": "357947E87C284935AD1D783CF6F099A1", "referenced_org": "0"}}),
        ];
        let lines = questions.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let expected = ask(&database, lines.clone());
        assert_eq!(expected.status, 0, "{:?}", expected.answers());
        let entities = json!({"call": "legal_entities_of_client", "args": {"client": FOOD}}).to_string();
        let expected_entities = ask(&database, entities.clone()).answers();
        database.execute(&format!("UPDATE ad_treenode SET parent_id = '{EAST}' WHERE node_id = '{US}'"));
        let damaged = ask(&database, lines);
        assert_eq!(damaged.answers(), expected.answers());
        let sorted = |answers: &[serde_json::Value]| {
            let mut ids = answers[0]["result"].as_array().unwrap().clone();
            ids.sort_by_key(ToString::to_string);
            ids
        };
        assert_eq!(sorted(&ask(&database, entities).answers()), sorted(&expected_entities));
        let unknown =
            json!({"client": "nobody", "call": "sql_legal_entity", "args": {"org": EAST}}).to_string();
        assert_eq!(ask(&database, unknown).answers()[0]["error"]["code"], "unknown_client");
        let unnamed = json!({"call": "sql_legal_entity", "args": {"org": EAST}}).to_string();
        assert_eq!(ask(&database, unnamed).answers()[0]["error"]["code"], "missing_argument");
    }
}

/// Openbravo's bug 38761: with access to a parent and to one child, the other child must be readable too,
/// for any order of the rows.
#[test]
fn access_to_a_parent_and_a_child_reads_the_sibling() {
    for database in samples() {
        let role = "0939A3E7AB1545F3ABE6F02A1FF078C0";
        database.execute(&format!(
            "DELETE FROM ad_role_orgaccess WHERE ad_role_id = '{role}'
            AND ad_org_id = 'DC206C91AA6A4897B44DA897936E0EC3'"
        ));
        let asked = ask(
            &database,
            json!({"client": FOOD, "call": "readable_orgs", "args": {"role": role}}).to_string(),
        );
        let readable = asked.answers()[0]["result"].to_string();
        assert!(readable.contains("DC206C91AA6A4897B44DA897936E0EC3"), "{readable}");
        assert!(!readable.contains(US), "{readable}");
    }
}

#[test]
fn an_unusable_database_url_fails() {
    let database = empty_sqlite();
    let missing = database.url.replace("?mode=rwc", "");
    for (url, status) in [
        (missing.as_str(), 2),
        ("postgres://nobody@127.0.0.1:1/nothing", 75),
        ("mysql://localhost/x", 2),
        ("nonsense", 2),
        ("", 2),
    ] {
        let asked = run(database.home(), &["query", "--database-url", url], "{}");
        assert_eq!((asked.status, asked.out.as_str()), (status, ""), "{url}");
        assert!(asked.err.starts_with("error: "), "{}", asked.err);
    }
    // An SQLite file without an ERP's tables.
    let asked = run(database.home(), &["query", "--database-url", &database.url], "{}");
    assert_eq!(asked.status, 2);
    assert!(asked.err.contains("ad_"), "{}", asked.err);
    assert_eq!(run(database.home(), &["query", "--no-such-option"], "").status, 2);
}
