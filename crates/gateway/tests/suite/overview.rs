//! `orgcache overview` and `orgcache tree`: what a person sees.

use crate::databases::samples;
use crate::program::run;
use crate::questions::{EAST, FOOD, US};

#[test]
fn the_overview_shows_the_sample_clients() {
    let home = tempfile::tempdir().unwrap();
    let first = run(home.path(), &["overview"], "");
    assert_eq!(first.status, 0, "{}", first.err);
    assert!(first.err.starts_with("created the demonstration database"), "{}", first.err);
    for line in [
        "F&B International Group  client 23C59575B9CF467C9620760EB255B389",
        " *                                   Organization           ready                                0",
        "    ├─ F&B España, S.A               Legal with accounting  ready, transactions, period control  B843C30461EA4501935CB1D125C9C25A",
        "    │  ├─ F&B España - Región Norte  Generic                ready, transactions                  E443A31992CB4635AFCAEABE7183CE85",
        "       └─ F&B US West Coast          Generic                ready, transactions                  BAE22373FEBE4CCCA24517E23F0C8A48",
        "  natural tree              * · F&B International Group · F&B España, S.A · F&B España - Región Norte",
        "  legal entity              F&B España, S.A",
    ] {
        assert!(first.out.lines().any(|shown| shown == line), "no line `{line}` in\n{}", first.out);
    }
    assert!(!first.out.contains('\u{1b}'), "no colours where nobody sees them");

    let second = run(home.path(), &["overview"], "");
    assert_eq!((second.status, second.err.as_str()), (0, ""));
    assert_eq!(second.out, first.out);
}

#[test]
fn one_client_and_one_organization() {
    for database in samples() {
        let shown = run(
            database.home(),
            &["tree", "--database-url", &database.url, "--client", FOOD, "--org", US],
            "",
        );
        assert_eq!(shown.status, 0, "{}", shown.err);
        assert!(
            shown.out.contains("  children                  F&B US East Coast · F&B US West Coast\n"),
            "{}",
            shown.out
        );
        assert!(!shown.out.contains("QA Testing"));

        let all = run(database.home(), &["tree", "--database-url", &database.url], "");
        assert!(all.out.contains("QA Testing") && all.out.contains("System"));
    }
}

#[test]
fn odd_trees_are_shown_with_a_note_and_names_cannot_steer_the_terminal() {
    for database in samples() {
        database.execute(&format!(
            "UPDATE ad_treenode SET parent_id = 'gone' WHERE node_id = '{EAST}';
             UPDATE ad_org SET name = 'red \u{1b}[31m' WHERE ad_org_id = '{EAST}'"
        ));
        let shown = run(database.home(), &["tree", "--database-url", &database.url, "--client", FOOD], "");
        assert!(
            shown.out.contains(
                "parent `gone` of organization `7BABA5FF80494CAFA54DEBD22EC46F01` is not in the tree"
            )
        );
        assert!(shown.out.contains("red \u{fffd}[31m") && !shown.out.contains('\u{1b}'));
    }
}

/// An organization of the other sample client.
const QA_ORG: &str = "357947E87C284935AD1D783CF6F099A1";

/// What spoils the rows of one client, with what is said in the place of its tree.
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
        // Without the constraint that the ERP's own table has, an organization may be in a tree twice.
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
fn a_damaged_client_hides_no_other() {
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
                let line = after.lines().next().unwrap();
                assert!(line.starts_with("damaged: ") && line.contains(words), "{damage}: {line}");
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
fn bytes_that_are_no_text_are_the_damage_of_one_client() {
    let [database, ..] = samples();
    database
        .execute(&format!("UPDATE ad_org SET c_calendar_id = CAST(x'ff' AS TEXT) WHERE ad_org_id = '{US}'"));
    let shown = run(database.home(), &["tree", "--database-url", &database.url], "");
    assert_eq!(shown.status, 1, "{}", shown.err);
    assert!(shown.out.contains("QA Testing") && shown.out.contains("damaged: "), "{}", shown.out);
}

/// A name or an id of a client that is no text is that client's damage, and the trees of all others are
/// shown.
#[test]
fn a_client_that_cannot_be_read_hides_no_other() {
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
            assert!(shown.out.contains(&damage), "{column}: {}", shown.out);
            assert_eq!(shown.out.contains(US), its_tree_is_shown, "{column}: {}", shown.out);
        }
    }
}

#[test]
fn rows_that_are_odd_leave_a_tree_with_a_note() {
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
            "tree `more` is an organization tree of this client too",
        ] {
            assert!(shown.out.contains(note), "no `{note}` in {}", shown.out);
        }
    }
}

#[test]
fn a_deep_tree_is_shown_without_drawing_all_of_it() {
    let database = crate::databases::empty_sqlite().fill();
    let nodes = (0..5_000).map(|depth| {
        let parent = if depth == 0 { EAST.to_owned() } else { format!("deep{}", depth - 1) };
        format!(
            "INSERT INTO ad_org (ad_org_id, ad_client_id, value, name, ad_orgtype_id)
                 VALUES ('deep{depth}', '{FOOD}', 'deep{depth}', 'Deep {depth}', '2');
             INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id, parent_id, ad_client_id, ad_org_id)
                 VALUES ('deep{depth}', '28449865CD75486CAE52ED581311027B', 'deep{depth}', '{parent}', '{FOOD}', '0');"
        )
    });
    database.execute(&format!("BEGIN; {} COMMIT", nodes.collect::<String>()));
    let shown = run(database.home(), &["tree", "--database-url", &database.url, "--client", FOOD], "");
    assert_eq!(shown.status, 0, "{}", shown.err);
    let deepest = shown.out.lines().find(|line| line.contains("Deep 4999")).unwrap();
    assert!(deepest.contains("└─ Deep 4999") && deepest.contains("… 4972 more …"), "{deepest}");
    assert!(deepest.chars().count() < 300, "{deepest}");
}

#[test]
fn unknown_clients_and_organizations_are_named() {
    let home = tempfile::tempdir().unwrap();
    let unknown = run(home.path(), &["tree", "--client", "nobody"], "");
    assert_eq!(unknown.status, 1);
    assert!(unknown.err.contains("there is no client `nobody`"), "{}", unknown.err);
    let unknown = run(home.path(), &["tree", "--org", "nowhere"], "");
    assert_eq!(unknown.status, 2);
    assert!(unknown.err.contains("organization `nowhere`"), "{}", unknown.err);
    let ambiguous = run(home.path(), &["tree", "--org", "0"], "");
    assert!(
        ambiguous.err.contains("is in 2 trees") && ambiguous.err.contains("--client"),
        "{}",
        ambiguous.err
    );
}

#[test]
fn the_help_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [&["--help"][..], &["tree", "--help"], &["query", "--help"], &["import", "--help"]] {
        let help = run(home.path(), arguments, "");
        assert_eq!(help.status, 0);
        assert!(help.out.contains("--database-url"), "{}", help.out);
    }
    assert!(run(home.path(), &["--help"], "").out.contains("Exit status:"));
}
