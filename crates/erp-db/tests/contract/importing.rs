//! Importing rows: what is accepted, what is refused, and that a refusal leaves nothing behind.

use std::fs;
use std::path::Path;

use erp_db::{ErpReader, ImportError, MAX_FILE_BYTES, ValueProblem, import};
use tempfile::TempDir;

use crate::support::{FB, LATE_COLUMNS, QA, TestDatabase, on_both_databases, sample};

on_both_databases! {
    the_sample_is_imported_whole,
    a_client_may_come_alone_when_system_is_there,
    layout_and_order_do_not_matter,
    numbers_may_be_decimals,
    absent_columns_are_null,
    audit_columns_are_taken_along,
    audit_columns_without_a_value_are_left_to_the_table,
    broken_json_is_named_with_file_and_row,
    values_that_do_not_fit_are_named,
    unknown_columns_are_ignored_and_listed,
    a_plain_export_is_imported,
    a_table_without_rows_is_none,
    existing_keys_are_refused,
    other_unique_keys_are_refused,
    every_reference_is_checked,
    what_points_elsewhere_is_not_checked,
    late_columns_are_created_where_the_rows_have_them,
    tables_that_are_there_are_taken_as_they_are,
    a_refusal_leaves_nothing_behind,
    folders_without_a_file_are_refused,
    a_file_over_the_limit_is_refused,
}

/// A folder with the rows of a small client, to be changed by a test.
struct Rows(TempDir);

impl Rows {
    fn new() -> Self {
        let rows = Rows(tempfile::tempdir().unwrap());
        rows.put(
            "ad_client",
            r#"[{"ad_client_id": "C", "value": "c", "name": "c", "isactive": "Y", "ad_org_id": null}]"#,
        );
        rows.put("ad_orgtype", r#"[{"ad_orgtype_id": "G", "ad_client_id": "C", "isactive": "Y", "name": "Generic", "islegalentity": "N", "isbusinessunit": "N", "istransactionsallowed": "Y", "isacctlegalentity": "N"}]"#);
        rows.put("ad_tree", r#"[{"ad_tree_id": "T", "ad_client_id": "C", "isactive": "Y", "name": "t", "treetype": "OO", "ad_table_id": "155"}]"#);
        rows.put("ad_clientinfo", r#"[{"ad_client_id": "C", "isactive": "Y", "ad_tree_org_id": "T"}]"#);
        rows.put("ad_org", &format!("[{}]", org("A")));
        rows.put("ad_treenode", &format!("[{}]", node("TA", "A", "null")));
        rows
    }

    fn put(&self, table: &str, json: &str) {
        fs::write(self.0.path().join(format!("{table}.json")), json).unwrap();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

fn org(id: &str) -> String {
    format!(
        r#"{{"ad_org_id": "{id}", "ad_client_id": "C", "isactive": "Y", "value": "{id}", "name": "{id}", "issummary": "N", "ad_orgtype_id": "G", "isperiodcontrolallowed": "N", "isready": "Y"}}"#
    )
}

fn node(id: &str, node: &str, parent: &str) -> String {
    format!(
        r#"{{"ad_treenode_id": "{id}", "ad_tree_id": "T", "node_id": "{node}", "isactive": "Y", "parent_id": {parent}}}"#
    )
}

/// Imports what must be refused, with a message that names file and row (where one is to blame).
async fn refused(db: &TestDatabase, rows: &Rows, blamed: &str) -> ImportError {
    let error = import(&db.connect().await, rows.path()).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains(blamed), "{message} should name {blamed}");
    assert!(message.len() < 600 && !error.is_transient(), "{message}");
    error
}

async fn the_sample_is_imported_whole(db: TestDatabase) {
    let imported = import(&db.connect().await, &sample()).await.unwrap();
    let rows: Vec<_> = imported.rows.into_iter().collect();
    let expected = [
        ("ad_client", 3),
        ("ad_clientinfo", 3),
        ("ad_org", 11),
        ("ad_org_tree", 32),
        ("ad_orgtype", 4),
        ("ad_role", 29),
        ("ad_role_orgaccess", 66),
        ("ad_tree", 47),
        ("ad_treenode", 39),
        ("ad_user", 15),
        ("ad_user_roles", 32),
    ];
    assert_eq!(rows, expected);
    assert_eq!(imported.files, 28);
}

async fn a_client_may_come_alone_when_system_is_there(db: TestDatabase) {
    let database = db.connect().await;
    let error = import(&database, &sample().join("qa-testing")).await.unwrap_err();
    assert!(matches!(error, ImportError::Reference { .. }), "{error}");
    import(&database, &sample().join("system")).await.unwrap();
    import(&database, &sample().join("qa-testing")).await.unwrap();
    import(&database, &sample().join("fb-international-group")).await.unwrap();
    let erp = ErpReader::open(database).await.unwrap();
    assert_eq!(erp.load_tree(QA).await.unwrap().structure.len(), 4);
    assert_eq!(erp.load_tree(FB).await.unwrap().structure.len(), 8);
}

async fn layout_and_order_do_not_matter(db: TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    for (number, client) in ["system", "qa-testing", "fb-international-group"].iter().enumerate() {
        let target = folder.path().join(client);
        fs::create_dir(&target).unwrap();
        for file in fs::read_dir(sample().join(client)).unwrap() {
            let file = file.unwrap();
            let mut rows: Vec<serde_json::Value> =
                serde_json::from_slice(&fs::read(file.path()).unwrap()).unwrap();
            rows.reverse();
            let json = match number {
                0 => serde_json::to_string(&rows).unwrap(),
                1 => serde_json::to_string_pretty(&rows).unwrap(),
                _ => serde_json::to_string_pretty(&rows).unwrap().replace('\n', "\r\n\t") + "\n\n",
            };
            fs::write(target.join(file.file_name()), json).unwrap();
        }
    }
    // What is not named after a table is ignored, whatever it holds.
    fs::write(folder.path().join("README.md"), "# rows").unwrap();
    fs::write(folder.path().join("system/c_calendar.json"), "{").unwrap();
    fs::write(folder.path().join("system/ad_org.json.bak"), "{").unwrap();
    let database = db.connect().await;
    import(&database, folder.path()).await.unwrap();
    let erp = ErpReader::open(database).await.unwrap();
    let other = TestDatabase::sqlite();
    let plain = other.with_sample().await;
    for client in [FB, QA] {
        let fingerprint = erp.load_tree(client).await.unwrap().structure.fingerprint();
        assert_eq!(fingerprint, plain.load_tree(client).await.unwrap().structure.fingerprint());
        assert_eq!(erp.directory(client).await.unwrap(), plain.directory(client).await.unwrap());
    }
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
    let directory = erp.directory("C").await.unwrap();
    let read: Vec<_> = directory.iter().map(|(_, entry)| entry.sequence_number).collect();
    assert_eq!(read, [Some(10.5), Some(10.0), Some(-2.0), Some(0.1), Some(12_345_678_901.0), None]);
    assert_eq!(erp.org_tree_level("A", "A", "C").await.unwrap(), erp_db::OrgTreeLevel::Level(1));
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
    let role = erp.role("R").await.unwrap().unwrap();
    assert!(role.manual, "null, hence manual");
    assert_eq!(role.user_level, "  O");
    let tree = erp.load_tree("C").await.unwrap().structure;
    let a = tree.index_of("A").unwrap();
    assert_eq!((tree.time_zone(a), tree.calendar(a)), (None, None));
}

async fn audit_columns_are_taken_along(db: TestDatabase) {
    let rows = Rows::new();
    rows.put("ad_client", r#"[{"ad_client_id": "C", "value": "c", "name": "c", "isactive": "Y", "created": "2008-02-29T23:59:59.5", "createdby": "100", "updated": "2018-02-23", "updatedby": null}]"#);
    import(&db.connect().await, rows.path()).await.unwrap();
    // Read as a text on either database; what is missing would be an error of the statement.
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

async fn audit_columns_without_a_value_are_left_to_the_table(db: TestDatabase) {
    db.execute(
        "CREATE TABLE ad_client (ad_client_id varchar(32) PRIMARY KEY, ad_org_id varchar(32), isactive char(1), \
         value varchar(40), name varchar(60), createdby varchar(32) NOT NULL DEFAULT '7')",
    )
    .await;
    import(&db.connect().await, Rows::new().path()).await.unwrap();
    assert_eq!(db.texts("SELECT createdby FROM ad_client").await, ["7"]);
    let rows = Rows::new();
    rows.put(
        "ad_client",
        r#"[{"ad_client_id": "D", "value": "d", "name": "d", "isactive": "Y", "updatedby": "100"}]"#,
    );
    let error = refused(&db, &rows, "`updatedby`").await;
    assert!(matches!(error, ImportError::ColumnNotInDatabase { .. }), "{error}");
}

async fn broken_json_is_named_with_file_and_row(db: TestDatabase) {
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

async fn values_that_do_not_fit_are_named(db: TestDatabase) {
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

/// What `json_agg` makes of an ERP's tables as they are: with columns that nothing here asks for, with the
/// longest names, and of tables without rows.
async fn a_plain_export_is_imported(db: TestDatabase) {
    let erp = TestDatabase::postgres().await;
    import(&erp.connect().await, &sample()).await.unwrap();
    erp.execute(
        "ALTER TABLE ad_org ADD COLUMN description varchar(255), ADD COLUMN processing char(1) DEFAULT 'N';
         ALTER TABLE ad_user ADD COLUMN lastcontact timestamptz DEFAULT now(), ADD COLUMN birthday date;
         UPDATE ad_tree SET name = repeat('é', 250) || substr(ad_tree_id, 1, 5);
         UPDATE ad_org SET created = '2020-02-29 12:34:56.123456';
         UPDATE ad_treenode SET parent_id = '' WHERE node_id = '0';
         DELETE FROM ad_org_tree",
    )
    .await;
    let folder = tempfile::tempdir().unwrap();
    for table in imported_tables() {
        let rows = erp.texts(&format!("SELECT coalesce(json_agg(t)::text, '') FROM {table} t")).await;
        fs::write(folder.path().join(format!("{table}.json")), format!("{}\n", rows[0])).unwrap();
    }
    let imported = import(&db.connect().await, folder.path()).await.unwrap();
    let ignored: Vec<(&str, Vec<String>)> =
        imported.ignored.into_iter().map(|(table, columns)| (table, columns.into_iter().collect())).collect();
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        ignored,
        [("ad_org", texts(&["description", "processing"])), ("ad_user", texts(&["birthday", "lastcontact"]))]
    );
    assert_eq!(
        db.texts("SELECT CAST(count(*) AS varchar(9)) FROM ad_treenode WHERE parent_id = ''").await,
        ["0"]
    );
    let (there, here) =
        (ErpReader::open(erp.connect().await).await, ErpReader::open(db.connect().await).await);
    let (there, here) = (there.unwrap(), here.unwrap());
    erp.execute("UPDATE ad_treenode SET parent_id = NULL WHERE parent_id = ''").await;
    for client in [FB, QA] {
        let (there, here) = (there.load_tree(client).await.unwrap(), here.load_tree(client).await.unwrap());
        assert_eq!(here.structure.fingerprint(), there.structure.fingerprint());
        assert!(here.findings.is_empty(), "{:?}", here.findings);
    }
}

/// The tables of the sample rows.
fn imported_tables() -> std::collections::BTreeSet<String> {
    let folders = fs::read_dir(sample()).unwrap().map(|folder| folder.unwrap().path());
    let files = folders.filter(|path| path.is_dir()).flat_map(|folder| fs::read_dir(folder).unwrap());
    files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

async fn a_table_without_rows_is_none(db: TestDatabase) {
    for nothing in ["\n", "\r\n", " \n", "[]", "[]\n"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ad_role.json"), nothing).unwrap();
        let imported = import(&db.connect().await, folder.path()).await.unwrap();
        assert_eq!(imported.rows.get("ad_role"), Some(&0), "{nothing:?}");
    }
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
    // The key is looked for even where the table has no constraint.
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
    // (table, column) of every reference, with a row that is right but for that one.
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
    // With every reference right, all of them together are imported, those to each other included.
    let folder = tempfile::tempdir().unwrap();
    for (table, good, _) in cases {
        fs::write(folder.path().join(format!("{table}.json")), format!("[{good}]")).unwrap();
    }
    import(&database, folder.path()).await.unwrap();
}

async fn what_points_elsewhere_is_not_checked(db: TestDatabase) {
    let rows = Rows::new();
    let elsewhere = r#", "c_calendar_id": "gone", "c_currency_id": "gone", "c_acctschema_id": "gone", "ad_inheritedcalendar_id": "gone"}"#;
    rows.put("ad_org", &format!("[{}]", org("A").replace('}', elsewhere)));
    rows.put("ad_treenode", &format!("[{}, {}]", node("1", "A", "\"gone\""), node("2", "gone", "null")));
    import(&db.connect().await, rows.path()).await.unwrap();
}

async fn late_columns_are_created_where_the_rows_have_them(db: TestDatabase) {
    // Rows of an older ERP make an older database.
    let rows = Rows::new();
    import(&db.connect().await, rows.path()).await.unwrap();
    let older = ErpReader::open(db.connect().await).await.unwrap();
    assert!(!older.has_time_zones());
    let missing = older.stored_org_info("A").await.unwrap_err();
    assert!(matches!(missing, erp_db::ReadError::MissingColumn { table: "ad_org", .. }), "{missing}");
    for column in LATE_COLUMNS {
        db.execute(
            "DROP TABLE ad_client; DROP TABLE ad_org; DROP TABLE ad_orgtype; DROP TABLE ad_treenode; \
                    DROP TABLE ad_tree; DROP TABLE ad_clientinfo",
        )
        .await;
        // One row of several that names it is enough, with or without a value.
        let named = org("B").replace('}', &format!(r#", "{column}": null}}"#));
        rows.put("ad_org", &format!("[{}, {named}]", org("A")));
        import(&db.connect().await, rows.path()).await.unwrap();
        let there = ErpReader::open(db.connect().await).await.unwrap();
        assert_eq!(there.has_time_zones(), column == "timezone");
        db.texts(&format!("SELECT {column} FROM ad_org WHERE {column} IS NOT NULL")).await;
    }
}

async fn tables_that_are_there_are_taken_as_they_are(db: TestDatabase) {
    // An older database: no time zone; and with a column that this program knows nothing of.
    let erp = db.with_sample().await;
    db.execute(
        "ALTER TABLE ad_org DROP COLUMN timezone; ALTER TABLE ad_org ADD COLUMN em_module_flag char(1)",
    )
    .await;
    let rows = Rows::new();
    rows.put("ad_org", &format!("[{}]", org("A").replace('}', r#", "timezone": "Europe/Madrid"}"#)));
    let error = refused(&db, &rows, "ad_org.json`, row 1").await;
    assert!(matches!(error, ImportError::ColumnNotInDatabase { column: "timezone", .. }), "{error}");
    rows.put("ad_org", &format!("[{}]", org("A").replace('}', r#", "timezone": null}"#)));
    import(erp.database(), rows.path()).await.unwrap();
    let older = ErpReader::open(erp.database().clone()).await.unwrap();
    assert_eq!(older.load_tree("C").await.unwrap().structure.len(), 1);
}

async fn a_refusal_leaves_nothing_behind(db: TestDatabase) {
    let rows = Rows::new();
    rows.put("ad_user", r#"[{"ad_user_id": "U", "ad_client_id": "gone", "isactive": "Y"}]"#);
    refused(&db, &rows, "ad_user.json`, row 1").await;
    // Not even the tables.
    let error = ErpReader::open(db.connect().await).await.unwrap_err();
    assert!(matches!(error, erp_db::ReadError::MissingTable { table: "ad_client", .. }), "{error}");
    let erp = db.with_sample().await;
    refused(&db, &rows, "ad_user.json`, row 1").await;
    assert!(!erp.client_exists("C").await.unwrap());
    assert_eq!(erp.client_of_organization("A").await.unwrap(), None);
}

async fn folders_without_a_file_are_refused(db: TestDatabase) {
    let database = db.connect().await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "nothing").unwrap();
    fs::create_dir_all(folder.path().join("a/b")).unwrap();
    // Two levels down is neither a client's folder nor a folder of them.
    fs::write(folder.path().join("a/b/ad_org.json"), "[]").unwrap();
    let error = import(&database, folder.path()).await.unwrap_err();
    assert!(matches!(error, ImportError::NothingFound { .. }), "{error}");
    for wrong in [folder.path().join("gone"), folder.path().join("notes.txt")] {
        let error = import(&database, &wrong).await.unwrap_err();
        assert!(matches!(&error, ImportError::Unreadable { path, .. } if *path == wrong), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("ad_org.json")).unwrap();
    let error = import(&database, folder.path()).await.unwrap_err();
    assert!(matches!(error, ImportError::Unreadable { .. }), "{error}");
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("gone", folder.path().join("ad_org.json")).unwrap();
    let error = import(&database, folder.path()).await.unwrap_err();
    assert!(matches!(error, ImportError::Unreadable { .. }), "{error}");
}

async fn a_file_over_the_limit_is_refused(db: TestDatabase) {
    let rows = Rows::new();
    // Sparse: it has the length, and takes no room.
    fs::File::create(rows.path().join("ad_org.json")).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
    let error = refused(&db, &rows, "ad_org.json").await;
    assert!(matches!(error, ImportError::TooLarge { .. }), "{error}");
}
