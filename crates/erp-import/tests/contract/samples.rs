//! The sample rows, and exports of whole databases.

use std::fs;

use erp_db::ErpReader;
use erp_import::{ImportError, import};

use crate::support::{FB, QA, TestDatabase, id, on_both_databases, sample};

on_both_databases! {
    the_whole_sample_is_imported,
    a_client_can_be_imported_alone_if_the_system_exists,
    layout_and_order_do_not_matter,
    a_plain_export_is_imported,
    a_file_without_rows_is_an_empty_table,
}

async fn the_whole_sample_is_imported(db: TestDatabase) {
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

async fn a_client_can_be_imported_alone_if_the_system_exists(db: TestDatabase) {
    let database = db.connect().await;
    let error = import(&database, &sample().join("qa-testing")).await.unwrap_err();
    assert!(matches!(error, ImportError::Reference { .. }), "{error}");
    import(&database, &sample().join("system")).await.unwrap();
    import(&database, &sample().join("qa-testing")).await.unwrap();
    import(&database, &sample().join("fb-international-group")).await.unwrap();
    let erp = ErpReader::open(database).await.unwrap();
    assert_eq!(erp.load_tree(id(QA)).await.unwrap().structure.len(), 4);
    assert_eq!(erp.load_tree(id(FB)).await.unwrap().structure.len(), 8);
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
    // A file that is not named after a table is ignored.
    fs::write(folder.path().join("README.md"), "# rows").unwrap();
    fs::write(folder.path().join("system/c_calendar.json"), "{").unwrap();
    fs::write(folder.path().join("system/ad_org.json.bak"), "{").unwrap();
    let database = db.connect().await;
    import(&database, folder.path()).await.unwrap();
    let erp = ErpReader::open(database).await.unwrap();
    let other = TestDatabase::sqlite();
    let plain = other.with_sample().await;
    for client in [FB, QA] {
        let fingerprint = erp.load_tree(id(client)).await.unwrap().structure.fingerprint();
        assert_eq!(fingerprint, plain.load_tree(id(client)).await.unwrap().structure.fingerprint());
        assert_eq!(erp.directory(id(client)).await.unwrap(), plain.directory(id(client)).await.unwrap());
    }
}

/// The output of `json_agg` for the tables of an unchanged ERP: with unknown columns, with the longest names,
/// and for tables without rows.
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
        let (there, here) =
            (there.load_tree(id(client)).await.unwrap(), here.load_tree(id(client)).await.unwrap());
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

async fn a_file_without_rows_is_an_empty_table(db: TestDatabase) {
    for nothing in ["\n", "\r\n", " \n", "[]", "[]\n"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ad_role.json"), nothing).unwrap();
        let imported = import(&db.connect().await, folder.path()).await.unwrap();
        assert_eq!(imported.rows.get("ad_role"), Some(&0), "{nothing:?}");
    }
}
