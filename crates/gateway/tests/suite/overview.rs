//! `orgcache overview` and `orgcache tree`: text, JSON and Graphviz output.

use std::process::Command;

use serde_json::{Value, json};

use crate::databases::{Scratch, samples};
use crate::program::run;
use crate::questions::{EAST, FOOD, US};

/// Asserts that no line is wider than a terminal.
fn assert_fits_80_columns(shown: &str) {
    for line in shown.lines() {
        assert!(line.chars().count() <= 80 || line.ends_with(" query"), "{line}\nin {shown}");
    }
}

/// Undoes the wrapping of lines to the terminal's width.
fn unwrap_lines(shown: &str) -> String {
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_overview_shows_the_sample_clients() {
    let home = tempfile::tempdir().unwrap();
    let first = run(home.path(), &["overview"], "");
    assert_eq!(first.status, 0, "{}", first.err);
    assert!(first.err.starts_with("created the demonstration database"), "{}", first.err);
    for line in [
        "F&B International Group                              8            4          397",
        "F&B International Group  client 23C59575B9CF467C9620760EB255B389",
        "*                                                    Organization           R",
        "   ├─ F&B España, S.A                                Legal with accounting  RTP",
        "   │  ├─ F&B España - Región Norte                   Generic                RT",
        "      └─ F&B US West Coast                           Generic                RT",
        "R ready · T transactions allowed · P period control · I inactive",
        "  natural tree    * · F&B International Group · F&B España, S.A ·",
        "                  F&B España - Región Norte",
        "  legal entity    F&B España, S.A",
    ] {
        assert!(first.out.lines().any(|shown| shown == line), "no line `{line}` in\n{}", first.out);
    }
    assert!(first.out.starts_with("Memory\n"), "memory comes before trees: {}", first.out);
    assert_fits_80_columns(&first.out);
    // The suggested command can be pasted.
    let next = first.out.split("or a question:\n\n").nth(1).unwrap();
    let words: String = next.replace("' \\\n'", "");
    let question = words.split('\'').nth(1).unwrap();
    let asked = run(home.path(), &["query"], format!("{question}\n"));
    assert_eq!(asked.status, 0, "{question}: {}", asked.out);
    assert!(!first.out.contains('\u{1b}'), "colours only on a terminal");

    let second = run(home.path(), &["overview"], "");
    assert_eq!((second.status, second.err.as_str()), (0, ""));
    assert_eq!(second.out, first.out);
}

/// If the database is given by an option, the suggested command repeats the option.
#[test]
fn the_suggested_command_can_be_pasted() {
    let database = crate::databases::empty_sqlite().fill();
    let url = format!("sqlite:{}", database.home().join("erp.db").display());
    let shown = run(database.home(), &["overview", "--database-url", &url], "");
    let next = shown.out.split("or a question:\n\n").nth(1).unwrap();
    let pasted = Command::new("/bin/sh").args(["-c", next]).env("HOME", database.home()).output().unwrap();
    let answer = String::from_utf8(pasted.stdout).unwrap();
    assert!(pasted.status.success() && answer.starts_with("{\"result\""), "{next}: {answer}");
}

#[test]
fn the_home_folder_may_have_special_characters() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a b", "a?b", "a%41#b", "it's"] {
        let home = folder.path().join(name);
        std::fs::create_dir(&home).unwrap();
        let shown = run(&home, &["tree", "--depth", "0"], "");
        assert_eq!(shown.status, 0, "{name}: {}", shown.err);
    }
}

#[test]
fn the_output_is_limited_to_a_client_and_an_organization() {
    for database in samples() {
        let shown = run(
            database.home(),
            &["tree", "--database-url", &database.url, "--client", FOOD, "--org", US],
            "",
        );
        assert_eq!(shown.status, 0, "{}", shown.err);
        assert!(
            shown.out.contains("  children        F&B US East Coast · F&B US West Coast\n"),
            "{}",
            shown.out
        );
        assert!(!shown.out.contains("QA Testing"));
        assert_fits_80_columns(&shown.out);
        // Clients and organizations may be named, in any letter case.
        let url = ["--database-url", &database.url];
        let names = ["tree", "--client", "f&b international group", "--org", "f&b us, INC."];
        assert_eq!(run(database.home(), &[&names, &url[..]].concat(), "").out, shown.out);
        let overview = run(
            database.home(),
            &[&["overview", "--client", "F&B International Group"], &url[..]].concat(),
            "",
        );
        assert!(overview.status == 0 && !overview.out.contains("QA Testing"), "{}", overview.out);

        let all = run(database.home(), &["tree", "--database-url", &database.url], "");
        assert!(all.out.contains("QA Testing") && all.out.contains("System"));
    }
}

#[test]
fn findings_are_noted_and_control_characters_are_replaced() {
    for database in samples() {
        database.execute(&format!(
            "UPDATE ad_treenode SET parent_id = 'gone' WHERE node_id = '{EAST}';
             UPDATE ad_org SET name = 'red \u{1b}[31m' WHERE ad_org_id = '{EAST}'"
        ));
        let shown = run(database.home(), &["tree", "--database-url", &database.url, "--client", FOOD], "");
        let note = "parent `gone` of organization `7BABA5FF80494CAFA54DEBD22EC46F01` is not in the tree";
        assert!(unwrap_lines(&shown.out).contains(note), "{}", shown.out);
        assert_fits_80_columns(&shown.out);
        assert!(shown.out.contains("red \u{fffd}[31m") && !shown.out.contains('\u{1b}'));
    }
}

/// An organization of the client `QA Testing`.
const QA_ORG: &str = "357947E87C284935AD1D783CF6F099A1";

/// Statements that damage the rows of one client, each with a part of the message shown instead of its tree.
fn damages() -> Vec<(String, &'static str)> {
    let long = "é".repeat(32);
    vec![
        (format!("UPDATE ad_treenode SET parent_id = '{EAST}' WHERE node_id = '{US}'"), EAST),
        (format!("UPDATE ad_treenode SET parent_id = '{EAST}' WHERE node_id = '{EAST}'"), EAST),
        (
            format!(
                "UPDATE ad_org SET ad_org_id = '' WHERE ad_org_id = '{EAST}';
                 UPDATE ad_treenode SET node_id = '' WHERE node_id = '{EAST}'"
            ),
            "empty",
        ),
        (
            format!(
                "UPDATE ad_org SET ad_org_id = '{long}' WHERE ad_org_id = '{EAST}';
                 UPDATE ad_treenode SET node_id = '{long}' WHERE node_id = '{EAST}'"
            ),
            "64 bytes",
        ),
        // Recreated without its unique constraint, the table may contain an organization twice.
        (
            format!(
                "CREATE TABLE nodes AS SELECT * FROM ad_treenode;
                 DROP TABLE ad_treenode;
                 ALTER TABLE nodes RENAME TO ad_treenode;
                 INSERT INTO ad_treenode SELECT * FROM ad_treenode WHERE node_id = '{EAST}'"
            ),
            EAST,
        ),
    ]
}

#[test]
fn a_damaged_tree_does_not_hide_other_clients() {
    for (damage, words) in damages() {
        for database in samples() {
            database.execute(&damage);
            for command in ["tree", "overview"] {
                let shown = run(database.home(), &[command, "--database-url", &database.url], "");
                assert_eq!(shown.status, 1, "{damage}: {}", shown.err);
                assert!(
                    shown.out.contains("QA Testing") && shown.out.contains("fingerprint"),
                    "{}",
                    shown.out
                );
                let after = shown.out.split(&format!("client {FOOD}\n")).nth(1).unwrap();
                let message = unwrap_lines(after.split("\n\n").next().unwrap());
                assert!(message.starts_with("damaged: ") && message.contains(words), "{damage}: {message}");
            }
            let arguments = ["tree", "--database-url", &database.url, "--org", QA_ORG];
            let shown = run(database.home(), &arguments, "");
            assert_eq!(shown.status, 0, "{damage}: {}", shown.err);
            assert!(shown.out.contains("QA Testing"), "{}", shown.out);
            let nowhere = run(database.home(), &["tree", "--database-url", &database.url, "--org", US], "");
            assert_eq!(nowhere.status, 2);
            assert!(nowhere.err.contains(FOOD) && nowhere.err.contains("damaged"), "{}", nowhere.err);
            let alone =
                run(database.home(), &["tree", "--database-url", &database.url, "--client", FOOD], "");
            assert_eq!(alone.status, 1);
            assert!(alone.err.contains(words) && alone.out.is_empty(), "{}", alone.err);
        }
    }
}

#[test]
fn invalid_text_damages_only_its_client() {
    let [database, ..] = samples();
    database
        .execute(&format!("UPDATE ad_org SET c_calendar_id = CAST(x'ff' AS TEXT) WHERE ad_org_id = '{US}'"));
    let shown = run(database.home(), &["tree", "--database-url", &database.url], "");
    assert_eq!(shown.status, 1, "{}", shown.err);
    assert!(shown.out.contains("QA Testing") && shown.out.contains("damaged: "), "{}", shown.out);
}

/// If a client's name or id is not valid text, that client is reported as damaged and the others are shown.
#[test]
fn an_unreadable_client_does_not_hide_others() {
    for (column, its_tree_is_shown) in [("name", true), ("value", true), ("ad_client_id", false)] {
        let [database, ..] = samples();
        database.execute(&format!(
            "PRAGMA foreign_keys = OFF; UPDATE ad_client SET {column} = CAST(x'ff' AS TEXT) WHERE ad_client_id = '{FOOD}'"
        ));
        for command in ["tree", "overview"] {
            let shown = run(database.home(), &[command, "--database-url", &database.url], "");
            assert_eq!(shown.status, i32::from(!its_tree_is_shown), "{column}: {}", shown.err);
            assert!(shown.out.contains("QA Testing"), "{column}: {}", shown.out);
            let damage = format!("column `{column}` of table `ad_client`");
            assert!(unwrap_lines(&shown.out).contains(&damage), "{column}: {}", shown.out);
            assert_eq!(shown.out.contains("F&B US, Inc."), its_tree_is_shown, "{column}: {}", shown.out);
        }
    }
}

#[test]
fn findings_in_the_rows_are_noted() {
    for database in samples() {
        database.execute(&format!(
            "UPDATE ad_org SET isready = 'X', ad_orgtype_id = 'gone' WHERE ad_org_id = '{EAST}';
             INSERT INTO ad_tree (ad_tree_id, ad_client_id, name, treetype, ad_table_id)
             VALUES ('more', '{FOOD}', 'more', 'OO', '155')"
        ));
        let shown = run(database.home(), &["tree", "--database-url", &database.url], "");
        assert_eq!(shown.status, 0, "{}", shown.err);
        for note in [
            "its type `gone` has no row in ad_orgtype",
            "tree `more` is another organization tree of this client",
        ] {
            assert!(unwrap_lines(&shown.out).contains(note), "no `{note}` in {}", shown.out);
        }
    }
}

/// A database with many more organizations below one, as a chain or as its children.
fn database_with_many(count: usize, is_chain: bool) -> Scratch {
    let database = crate::databases::empty_sqlite().fill();
    let nodes = (0..count).map(|number| {
        let parent = if is_chain && number > 0 { format!("many{}", number - 1) } else { EAST.to_owned() };
        format!(
            "INSERT INTO ad_org (ad_org_id, ad_client_id, value, name, ad_orgtype_id)
                 VALUES ('many{number}', '{FOOD}', 'many{number}', 'Many {number}', '2');
             INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id, parent_id, ad_client_id, ad_org_id)
                 VALUES ('many{number}', '28449865CD75486CAE52ED581311027B', 'many{number}', '{parent}', '{FOOD}', '0');"
        )
    });
    database.execute(&format!("BEGIN; {} COMMIT", nodes.collect::<String>()));
    database
}

#[test]
fn large_trees_are_summarized() {
    for is_chain in [true, false] {
        let database = database_with_many(5_000, is_chain);
        let show = |arguments: &[&str]| {
            let shown = run(database.home(), &[arguments, &["--database-url", &database.url]].concat(), "");
            assert_eq!(shown.status, 0, "{}", shown.err);
            shown.out
        };
        for (command, most) in [("tree", 150), ("overview", 80)] {
            let shown = show(&[command]);
            assert_fits_80_columns(&shown);
            assert!(shown.contains("5,008 organizations"), "{shown}");
            assert!(shown.lines().count() < most, "{shown}");
            let rest = if is_chain { "below  " } else { "… 4,990 more" };
            assert!(shown.lines().any(|line| line.contains(rest)), "{shown}");
        }
        let above = show(&["tree", "--client", FOOD, "--depth", "2"]);
        assert!(above.contains("F&B US, Inc.  +5,002 below") && !above.contains("Coast"), "{above}");
        assert_fits_80_columns(&above);
        let whole = show(&["tree", "--client", FOOD, "--depth", "9999"]);
        assert_eq!(whole.lines().filter(|line| line.contains("Many ")).count(), 5_000);
        let last = whole.lines().find(|line| line.contains("Many 4999")).unwrap();
        assert_eq!(last.contains("…4994 "), is_chain, "{last}");
        assert_fits_80_columns(&whole);
    }
}

#[test]
fn trees_are_printed_as_json_and_as_dot() {
    for database in samples() {
        let url = ["--database-url", &database.url];
        let show = |arguments: &[&str]| {
            let shown = run(database.home(), &[arguments, &url[..]].concat(), "");
            assert_eq!(shown.status, 0, "{}", shown.err);
            shown.out
        };
        let clients: Value = serde_json::from_str(&show(&["tree", "--json"])).unwrap();
        let clients = clients.as_array().unwrap();
        let food = clients.iter().find(|client| client["id"] == FOOD).unwrap();
        let orgs = food["tree"].as_array().unwrap();
        assert_eq!((&food["organizations"], orgs.len(), &food["levels"]), (&json!(8), 8, &json!(4)));
        assert_eq!(food["fingerprint"].as_str().unwrap().len(), 64);
        let us = orgs.iter().find(|org| org["id"] == US).unwrap();
        assert_eq!(
            us,
            &json!({
                "id": US, "parent": "19404EAD144C49A0AF37D54377CF452D", "name": "F&B US, Inc.",
                "search_key": "F&B US, Inc.", "type": "Legal with accounting", "depth": 2, "below": 2,
                "flags": ["ready", "active", "legal_entity", "transactions_allowed", "period_control", "accounting"]
            })
        );
        let above: Value =
            serde_json::from_str(&show(&["tree", "--client", FOOD, "--json", "--depth", "1"])).unwrap();
        assert_eq!(above[0]["tree"].as_array().unwrap().len(), 2);
        let sizes: Value = serde_json::from_str(&show(&["overview", "--json"])).unwrap();
        assert_eq!(sizes[0]["organizations"], 8);
        assert_eq!(sizes[0].get("tree"), None);

        let graph = show(&["tree", "--client", FOOD, "--dot"]);
        assert!(graph.starts_with("digraph organizations {\n") && graph.ends_with("}\n"), "{graph}");
        assert_eq!(graph.matches(" -> ").count(), 7, "{graph}");
        assert!(graph.contains("[label=\"F&B US, Inc.\", style=bold];"), "{graph}");

        // A name with quotation marks is escaped. A damaged client has no tree.
        database.execute(&format!("UPDATE ad_org SET name = 'a\"\\' WHERE ad_org_id = '{EAST}'"));
        let graph = show(&["tree", "--client", FOOD, "--dot"]);
        assert!(graph.contains(r#"[label="a\"\\"];"#), "{graph}");
        database.execute(&format!("UPDATE ad_treenode SET parent_id = '{EAST}' WHERE node_id = '{US}'"));
        let damaged = run(database.home(), &[&["tree", "--json"], &url[..]].concat(), "");
        let clients: Value = serde_json::from_str(&damaged.out).unwrap();
        let food = clients.as_array().unwrap().iter().find(|client| client["id"] == FOOD).unwrap();
        assert_eq!((damaged.status, food.get("tree")), (1, None));
        assert!(food["damage"].as_str().unwrap().contains(EAST), "{food}");
    }
}

#[test]
fn unknown_clients_and_organizations_are_named() {
    let home = tempfile::tempdir().unwrap();
    let unknown = run(home.path(), &["tree", "--client", "nobody"], "");
    assert_eq!(unknown.status, 2);
    assert!(unknown.err.contains("there is no client `nobody`"), "{}", unknown.err);
    let unknown = run(home.path(), &["tree", "--org", "nowhere"], "");
    assert_eq!(unknown.status, 2);
    assert!(unknown.err.contains("organization `nowhere`"), "{}", unknown.err);
    for client in ["", "an id of more than thirty-two bytes"] {
        assert_eq!(run(home.path(), &["tree", "--client", client], "").status, 2, "{client}");
    }
    let ambiguous = run(home.path(), &["tree", "--org", "*"], "");
    assert!(
        ambiguous.err.contains("3 organizations are called `*`") && ambiguous.err.contains(FOOD),
        "{}",
        ambiguous.err
    );
}

#[test]
fn help_texts_fit_80_columns_and_their_examples_work() {
    let home = tempfile::tempdir().unwrap();
    let commands = ["overview", "tree", "query", "password", "check", "serve", "import", "revisions", "mcp"];
    for command in commands {
        let help = run(home.path(), &[command, "--help"], "");
        assert_eq!(help.status, 0);
        // Text before the usage is wrapped by hand, so it must fit. clap wraps the rest.
        let hand_wrapped = help.out.split("Usage:").next().unwrap();
        assert!(hand_wrapped.lines().all(|line| line.chars().count() <= 80), "{hand_wrapped}");
        assert!(command == "mcp" || help.out.contains("--database-url"), "{}", help.out);
        if ["import", "revisions", "password"].contains(&command) {
            assert!(hand_wrapped.contains("Needs --database-url"), "{hand_wrapped}");
        }
    }
    let help = run(home.path(), &["--help"], "").out;
    let after = help.split("Databases:").nth(1).unwrap();
    assert!(
        after.contains("Exit status:") && after.lines().all(|line| line.chars().count() <= 80),
        "{after}"
    );

    // Without a database these commands fail and name the option.
    let password = ["password", "x", "--store-url", "sqlite:store.db?mode=rwc"];
    for arguments in [&["import", "rows"][..], &["revisions", "status"], &password] {
        let refused = run(home.path(), arguments, "");
        assert!(refused.status == 2 && refused.err.contains("--database-url"), "{}", refused.err);
    }

    let refused = run(home.path(), &["password", "x", "--database-url", "sqlite:erp.db"], "");
    assert!(refused.status == 2 && refused.err.contains("ORGCACHE_STORE_URL"), "{}", refused.err);

    // The examples of `tree --help` can be pasted, without other programs in a pipeline.
    let bin = home.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_orgcache"), bin.join("orgcache")).unwrap();
    let help = run(home.path(), &["tree", "--help"], "").out;
    let examples: Vec<&str> = help.lines().filter(|line| line.starts_with("  orgcache tree")).collect();
    assert!(examples.len() > 3, "{help}");
    for example in examples {
        let command = example.split(" | ").next().unwrap();
        let pasted = Command::new("/bin/sh")
            .args(["-c", command])
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", &bin)
            .output()
            .unwrap();
        assert!(pasted.status.success(), "{example}: {}", String::from_utf8_lossy(&pasted.stderr));
    }

    // The example of `query --help` can be pasted.
    let help = run(home.path(), &["query", "--help"], "").out;
    let example = help.split("echo ").nth(1).unwrap().split(" | ").next().unwrap();
    let question: String = example.split('\'').skip(1).step_by(2).collect();
    let answer = run(home.path(), &["query"], format!("{question}\n"));
    assert!(answer.status == 0 && answer.out.contains("\"result\""), "{question}: {}", answer.out);
}
