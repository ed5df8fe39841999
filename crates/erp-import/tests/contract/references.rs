//! Keys and foreign keys.

use std::fs;

use erp_import::{ImportError, import};

use crate::rows::{Rows, node, org, refused};
use crate::support::{TestDatabase, on_both_databases, sample};

on_both_databases! {
    existing_keys_are_refused,
    other_unique_keys_are_refused,
    every_reference_is_checked,
    references_to_other_tables_are_not_checked,
}

async fn existing_keys_are_refused(db: TestDatabase) {
    let rows = Rows::new();
    let (once, twice) = (format!("[{}]", org("A")), format!("[{}, {}, {}]", org("B"), org("A"), org("B")));
    rows.put("ad_org", &twice);
    let error = refused(&db, &rows, "ad_org.json`, row 3").await;
    assert!(matches!(&error, ImportError::KeyExists { table: "ad_org", key, .. } if key == "B"), "{error}");
    rows.put("ad_org", &once);
    let database = db.connect().await;
    import(&database, rows.path()).await.unwrap();
    let error = refused(&db, &rows, "ad_client.json`, row 1").await;
    assert!(
        matches!(&error, ImportError::KeyExists { table: "ad_client", key, .. } if key == "C"),
        "{error}"
    );
    let more = tempfile::tempdir().unwrap();
    fs::write(more.path().join("ad_org.json"), &twice).unwrap();
    let error = import(&database, more.path()).await.unwrap_err();
    assert!(matches!(&error, ImportError::KeyExists { place, .. } if place.row == 2), "{error}");
    // The key is checked even if the table lacks the constraint.
    db.execute("ALTER TABLE ad_org RENAME TO gone; CREATE TABLE ad_org AS SELECT * FROM gone").await;
    let error = import(&database, more.path()).await.unwrap_err();
    assert!(matches!(&error, ImportError::KeyExists { place, .. } if place.row == 2), "{error}");
}

async fn other_unique_keys_are_refused(db: TestDatabase) {
    let rows = Rows::new();
    rows.put("ad_treenode", &format!("[{}, {}]", node("T1", "A", "null"), node("T2", "A", "null")));
    let error = refused(&db, &rows, "ad_treenode.json`, row 2").await;
    assert!(matches!(error, ImportError::Row { .. }), "{error}");
}

async fn every_reference_is_checked(db: TestDatabase) {
    let database = db.connect().await;
    import(&database, &sample()).await.unwrap();
    db.execute("INSERT INTO ad_client (ad_client_id, value, name) VALUES ('Y', 'y', 'y')").await;
    // (table, column) of every reference, with a row in which everything else is right.
    let access = r#"{"ad_role_orgaccess_id": "X", "ad_role_id": "0", "ad_org_id": "0", "ad_client_id": "0", "isactive": "Y", "inherited_from": "0"}"#;
    let user_role = r#"{"ad_user_roles_id": "X", "ad_user_id": "0", "ad_role_id": "0", "ad_client_id": "0", "ad_org_id": "0", "isactive": "Y"}"#;
    let user = r#"{"ad_user_id": "X", "ad_client_id": "0", "ad_org_id": "0", "isactive": "Y", "default_ad_client_id": "0", "default_ad_org_id": "0", "default_ad_role_id": "0"}"#;
    let role = r#"{"ad_role_id": "X", "ad_client_id": "0", "ad_org_id": "0", "isactive": "Y", "name": "x", "userlevel": "S"}"#;
    let tree = r#"{"ad_tree_id": "X", "ad_client_id": "0", "ad_org_id": "0", "isactive": "Y", "name": "x"}"#;
    let node = r#"{"ad_treenode_id": "X", "ad_tree_id": "50", "node_id": "X", "ad_client_id": "0", "ad_org_id": "0", "isactive": "Y"}"#;
    let client = r#"{"ad_client_id": "X", "value": "x", "name": "x", "isactive": "Y", "ad_org_id": "0"}"#;
    let info = r#"{"ad_client_id": "Y", "isactive": "Y", "ad_tree_org_id": "50"}"#;
    let org_type = r#"{"ad_orgtype_id": "X", "ad_client_id": "0", "ad_org_id": "0", "isactive": "Y", "name": "x", "islegalentity": "N", "isbusinessunit": "N", "istransactionsallowed": "N", "isacctlegalentity": "N"}"#;
    let path = r#"{"ad_org_tree_id": "X", "ad_client_id": "0", "isactive": "Y", "ad_org_id": "0", "ad_parent_org_id": "0", "levelno": 1}"#;
    let org = r#"{"ad_org_id": "X", "ad_client_id": "0", "isactive": "Y", "value": "x", "name": "x", "issummary": "N", "ad_orgtype_id": "0", "isperiodcontrolallowed": "N", "isready": "N", "ad_periodcontrolallowed_org_id": "0", "ad_calendarowner_org_id": "0", "ad_legalentity_org_id": "0", "ad_businessunit_org_id": "0", "ad_groupbusinessunit_org_id": "0"}"#;
    let cases: &[(&str, &str, &[&str])] = &[
        ("ad_client", client, &["ad_org_id"]),
        ("ad_clientinfo", info, &["ad_client_id", "ad_tree_org_id"]),
        ("ad_orgtype", org_type, &["ad_client_id", "ad_org_id"]),
        ("ad_tree", tree, &["ad_client_id", "ad_org_id"]),
        ("ad_treenode", node, &["ad_tree_id", "ad_client_id", "ad_org_id"]),
        ("ad_org_tree", path, &["ad_client_id", "ad_org_id", "ad_parent_org_id"]),
        ("ad_role", role, &["ad_client_id", "ad_org_id"]),
        ("ad_role_orgaccess", access, &["ad_role_id", "ad_org_id", "ad_client_id", "inherited_from"]),
        ("ad_user_roles", user_role, &["ad_user_id", "ad_role_id", "ad_client_id", "ad_org_id"]),
        (
            "ad_user",
            user,
            &["ad_client_id", "ad_org_id", "default_ad_client_id", "default_ad_org_id", "default_ad_role_id"],
        ),
        (
            "ad_org",
            org,
            &[
                "ad_client_id",
                "ad_orgtype_id",
                "ad_periodcontrolallowed_org_id",
                "ad_calendarowner_org_id",
                "ad_legalentity_org_id",
                "ad_businessunit_org_id",
                "ad_groupbusinessunit_org_id",
            ],
        ),
    ];
    for (table, good, columns) in cases {
        for column in *columns {
            let folder = tempfile::tempdir().unwrap();
            let mut row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(good).unwrap();
            row.insert((*column).to_owned(), "gone".into());
            let json = serde_json::to_string(&[row]).unwrap();
            fs::write(folder.path().join(format!("{table}.json")), json).unwrap();
            let error = import(&database, folder.path()).await.unwrap_err();
            let ImportError::Reference { place, column: named, value, .. } = &error else {
                panic!("{error}")
            };
            assert_eq!((*named, value.as_str(), place.row), (*column, "gone", 1));
            assert!(place.file.ends_with(&format!("{table}.json")));
        }
    }
    // With every reference right, the rows are imported together, including references to each other.
    let folder = tempfile::tempdir().unwrap();
    for (table, good, _) in cases {
        fs::write(folder.path().join(format!("{table}.json")), format!("[{good}]")).unwrap();
    }
    import(&database, folder.path()).await.unwrap();
}

async fn references_to_other_tables_are_not_checked(db: TestDatabase) {
    let rows = Rows::new();
    let elsewhere = r#", "c_calendar_id": "gone", "c_currency_id": "gone", "c_acctschema_id": "gone", "ad_inheritedcalendar_id": "gone"}"#;
    rows.put("ad_org", &format!("[{}]", org("A").replace('}', elsewhere)));
    rows.put("ad_treenode", &format!("[{}, {}]", node("1", "A", "\"gone\""), node("2", "gone", "null")));
    import(&db.connect().await, rows.path()).await.unwrap();
}
