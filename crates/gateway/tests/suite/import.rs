//! `orgcache import`: imports all rows or none, and names the row that failed.

use crate::databases::{empty_postgres, empty_sqlite, sample_rows};
use crate::program::run;

#[test]
fn an_import_counts_its_rows_and_a_second_one_changes_nothing() {
    for database in [empty_sqlite(), empty_postgres("")] {
        let rows = sample_rows();
        let arguments = ["import", "--database-url", &database.url, rows.to_str().unwrap()];
        let first = run(database.home(), &arguments, "");
        assert_eq!(first.status, 0, "{}", first.err);
        assert!(first.out.lines().any(|line| line == "       11  ad_org"), "{}", first.out);

        let before = run(database.home(), &["tree", "--database-url", &database.url], "").out;
        let second = run(database.home(), &arguments, "");
        assert_eq!((second.status, second.out.as_str()), (1, ""));
        assert!(
            second.err.contains("row 1") && second.err.contains("Nothing was imported."),
            "{}",
            second.err
        );
        assert_eq!(run(database.home(), &["tree", "--database-url", &database.url], "").out, before);
    }
}

#[test]
fn an_invalid_row_is_named_and_nothing_is_imported() {
    for database in [empty_sqlite(), empty_postgres("")] {
        let folder = database.home().join("rows");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(
            folder.join("ad_client.json"),
            r#"[{"ad_client_id": "0", "value": "0", "name": "System", "isactive": "Y"}]"#,
        )
        .unwrap();
        std::fs::write(folder.join("ad_org.json"), r#"[{"ad_org_id": "0"}, {"ad_org_id": 17}]"#).unwrap();
        let imported =
            run(database.home(), &["import", "--database-url", &database.url, folder.to_str().unwrap()], "");
        assert_eq!(imported.status, 1);
        assert!(imported.err.contains("ad_org.json`, row 1"), "{}", imported.err);
        let shown = run(database.home(), &["tree", "--database-url", &database.url], "");
        assert_eq!(shown.status, 2, "no table was created: {}", shown.err);
    }
}

#[test]
fn import_needs_a_database_and_a_folder() {
    let database = empty_sqlite();
    let nowhere = run(database.home(), &["import", "folder"], "");
    assert_eq!(nowhere.status, 2);
    assert!(nowhere.err.contains("--database-url"), "{}", nowhere.err);
    let missing = run(database.home(), &["import", "--database-url", &database.url, "no-such-folder"], "");
    assert_eq!(missing.status, 1);
    assert!(missing.err.contains("no-such-folder"), "{}", missing.err);
}
