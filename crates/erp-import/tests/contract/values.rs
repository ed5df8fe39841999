//! The values that a column accepts.

use std::fs;

use erp_db::ErpReader;
use erp_import::{ImportError, ValueProblem, import};

use crate::rows::{Rows, node, org, refused};
use crate::support::{TestDatabase, id, on_both_databases};

on_both_databases! {
    numbers_may_be_decimals,
    absent_columns_are_null,
    audit_columns_are_imported,
    broken_json_is_reported_with_file_and_row,
    unsuitable_values_are_named,
    unknown_columns_are_ignored_and_listed,
}

async fn numbers_may_be_decimals(db: TestDatabase) {
    let rows = Rows::new();
    let mut nodes = Vec::new();
    let mut orgs = Vec::new();
    let numbers = ["10.5", "1e1", "-2", "0.1", "12345678901", "null"];
    for (id, number) in ["A", "B", "D", "E", "F", "G"].iter().zip(numbers) {
        orgs.push(org(id));
        nodes.push(node(&format!("T{id}"), id, "null").replace('}', &format!(r#", "seqno": {number}}}"#)));
    }
    rows.put("ad_org", &format!("[{}]", orgs.join(",")));
    rows.put("ad_treenode", &format!("[{}]", nodes.join(",")));
    rows.put("ad_org_tree", r#"[{"ad_org_tree_id": "1", "ad_client_id": "C", "isactive": "Y", "ad_org_id": "A", "ad_parent_org_id": "A", "levelno": 1.0}]"#);
    let database = db.connect().await;
    import(&database, rows.path()).await.unwrap();
    let erp = ErpReader::open(database).await.unwrap();
    let directory = erp.directory(id("C")).await.unwrap();
    let read: Vec<_> = directory.iter().map(|(_, entry)| entry.sequence_number).collect();
    assert_eq!(read, [Some(10.5), Some(10.0), Some(-2.0), Some(0.1), Some(12_345_678_901.0), None]);
    assert_eq!(erp.org_tree_level(id("A"), id("A"), id("C")).await.unwrap(), erp_db::OrgTreeLevel::Level(1));
}

async fn absent_columns_are_null(db: TestDatabase) {
    let rows = Rows::new();
    rows.put(
        "ad_role",
        r#"[{"ad_role_id": "R", "ad_client_id": "C", "isactive": "Y", "name": "r", "userlevel": "  O"}]"#,
    );
    let database = db.connect().await;
    import(&database, rows.path()).await.unwrap();
    let erp = ErpReader::open(database).await.unwrap();
    let role = erp.role(id("R")).await.unwrap().unwrap();
    assert!(role.manual, "null, hence manual");
    assert_eq!(role.user_level, "  O");
    let tree = erp.load_tree(id("C")).await.unwrap().structure;
    let a = tree.index_of("A").unwrap();
    assert_eq!((tree.time_zone(a), tree.calendar(a)), (None, None));
}

async fn audit_columns_are_imported(db: TestDatabase) {
    let rows = Rows::new();
    rows.put("ad_client", r#"[{"ad_client_id": "C", "value": "c", "name": "c", "isactive": "Y", "created": "2008-02-29T23:59:59.5", "createdby": "100", "updated": "2018-02-23", "updatedby": null}]"#);
    import(&db.connect().await, rows.path()).await.unwrap();
    // Read as text on both databases. A missing column would be an error of the statement.
    let found = db
        .texts(
            "SELECT CAST(created AS varchar(40)) || '|' || createdby || '|' || CAST(updated AS varchar(40)) FROM ad_client \
             WHERE updatedby IS NULL",
        )
        .await;
    let expected = if db.is_postgres() {
        "2008-02-29 23:59:59.5|100|2018-02-23 00:00:00"
    } else {
        "2008-02-29T23:59:59.5|100|2018-02-23"
    };
    assert_eq!(found, [expected]);
}

async fn broken_json_is_reported_with_file_and_row(db: TestDatabase) {
    let one = org("A");
    let broken = [
        ("", None),
        ("{}", None),
        ("null", None),
        ("\"text\"", None),
        (&*format!("\"{}\"", "long".repeat(1000)), None),
        (&*format!("[\"{}\"]", "long".repeat(1000)), Some(1)),
        (&*one, None),
        ("[", Some(1)),
        ("[1]", Some(1)),
        ("[null]", Some(1)),
        ("[[]]", Some(1)),
        (&*format!("[{one}, 7]"), Some(2)),
        (&*format!("[{one}, {one}"), Some(3)),
        (&*format!("[{one} {one}]"), Some(2)),
        (&*format!("[{one},]"), Some(2)),
        (&*format!("[{one}] x"), None),
        (r#"[{"ad_org_id": "A"#, Some(1)),
        (r#"[{"ad_org_id": "\ud800"}]"#, Some(1)),
        (r#"[{"name": 1e999}]"#, Some(1)),
        (&*format!(r#"[{{"name": {}"#, "[".repeat(100_000)), Some(1)),
    ];
    for (json, expected) in broken {
        let rows = Rows::new();
        rows.put("ad_org", json);
        let error = refused(&db, &rows, "ad_org.json`").await;
        let ImportError::Json { row, .. } = error else { panic!("{json:.60}: {error}") };
        assert_eq!(row, expected, "{json:.60}");
    }
    let rows = Rows::new();
    fs::write(rows.path().join("ad_org.json"), b"[{\"name\": \"\xff\"}]").unwrap();
    let error = refused(&db, &rows, "ad_org.json`, row 1").await;
    assert!(matches!(error, ImportError::Json { row: Some(1), .. }), "{error}");
}

async fn unsuitable_values_are_named(db: TestDatabase) {
    let long = "x".repeat(33);
    let wide = "ä".repeat(61);
    let cases = [
        ("ad_org_id", "7", ValueProblem::NotText { found: "a number" }),
        ("ad_org_id", "null", ValueProblem::Missing),
        ("ad_org_id", "\"\"", ValueProblem::Empty),
        ("ad_org_id", &*format!("\"{long}\""), ValueProblem::IdTooLong { bytes: 33 }),
        ("ad_org_id", "\"A\\u0000\"", ValueProblem::Nul),
        ("name", "true", ValueProblem::NotText { found: "true or false" }),
        ("name", "[]", ValueProblem::NotText { found: "an array" }),
        ("name", "{}", ValueProblem::NotText { found: "an object" }),
        ("name", "null", ValueProblem::Missing),
        ("name", "\"\\u0000\"", ValueProblem::Nul),
        ("name", &*format!("\"{wide}\""), ValueProblem::TooLong { characters: 61, limit: 60 }),
        ("isready", "\"X\"", ValueProblem::NotFlag { found: "`X`".to_owned() }),
        ("isready", "\"y\"", ValueProblem::NotFlag { found: "`y`".to_owned() }),
        ("isready", "\"\"", ValueProblem::NotFlag { found: "``".to_owned() }),
        ("isready", "true", ValueProblem::NotFlag { found: "true or false".to_owned() }),
        ("isready", "null", ValueProblem::Missing),
        ("c_calendar_id", "1", ValueProblem::NotText { found: "a number" }),
    ];
    for (column, value, expected) in cases {
        let rows = Rows::new();
        let mut second: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&org("B")).unwrap();
        second.insert(column.to_owned(), serde_json::from_str(value).unwrap());
        let second = serde_json::to_string(&second).unwrap();
        rows.put("ad_org", &format!("[{}, {second}]", org("A")));
        let error = refused(&db, &rows, &format!("ad_org.json`, row 2: column `{column}`")).await;
        let ImportError::Value { problem, .. } = error else { panic!("{error}") };
        assert_eq!(problem, expected);
    }
    let rows = Rows::new();
    rows.put("ad_treenode", &format!("[{}]", node("TA", "A", "null").replace('}', r#", "seqno": "10"}"#)));
    let error = refused(&db, &rows, "ad_treenode.json`, row 1: column `seqno`").await;
    assert!(matches!(error, ImportError::Value { problem: ValueProblem::NotNumber { found: "a text" }, .. }));
    let rows = Rows::new();
    rows.put("ad_org", &format!("[{}]", org("A").replace('}', r#", "name": "again"}"#)));
    let error = refused(&db, &rows, "ad_org.json`, row 1: column `name`").await;
    assert!(matches!(error, ImportError::Value { problem: ValueProblem::Repeated, .. }));
    let rows = Rows::new();
    rows.put("ad_org", "[{}]");
    let error = refused(&db, &rows, "ad_org.json`, row 1: column `ad_org_id`").await;
    assert!(matches!(error, ImportError::Value { problem: ValueProblem::Missing, .. }));
}

async fn unknown_columns_are_ignored_and_listed(db: TestDatabase) {
    let rows = Rows::new();
    let long = "x".repeat(100_000);
    let more = format!(r#", "processing": "N", "social name": {{"a": [1]}}, "{long}": null}}"#);
    rows.put("ad_org", &format!("[{}, {}]", org("A").replace('}', &more), org("B").replace('}', &more)));
    let imported = import(&db.connect().await, rows.path()).await.unwrap();
    let ignored: Vec<_> = imported.ignored.into_iter().collect();
    let [("ad_org", columns)] = ignored.as_slice() else { panic!("{ignored:?}") };
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    assert_eq!(columns[..2], ["processing", "social name"]);
    assert!(columns.len() == 3 && columns[2].len() < 100, "{}", columns[2].len());
    assert_eq!(db.texts("SELECT ad_org_id FROM ad_org ORDER BY 1").await, ["A", "B"]);
}
