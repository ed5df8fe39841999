//! Tables that an import creates, and tables that exist.

use erp_db::ErpReader;
use erp_import::{ImportError, import};

use crate::rows::{Rows, org, refused};
use crate::support::{LATE_COLUMNS, TestDatabase, id, on_both_databases};

on_both_databases! {
    audit_columns_without_a_value_get_the_default,
    late_columns_are_created_if_rows_name_them,
    existing_tables_are_not_changed,
    a_refused_import_changes_nothing,
}

async fn audit_columns_without_a_value_get_the_default(db: TestDatabase) {
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

async fn late_columns_are_created_if_rows_name_them(db: TestDatabase) {
    // Rows of an older ERP create an older database.
    let rows = Rows::new();
    import(&db.connect().await, rows.path()).await.unwrap();
    let older = ErpReader::open(db.connect().await).await.unwrap();
    assert!(!older.has_time_zones());
    let missing = older.stored_org_info(id("A")).await.unwrap_err();
    assert!(matches!(missing, erp_db::ReadError::MissingColumn { table: "ad_org", .. }), "{missing}");
    for column in LATE_COLUMNS {
        db.execute(
            "DROP TABLE ad_client; DROP TABLE ad_org; DROP TABLE ad_orgtype; DROP TABLE ad_treenode; \
                    DROP TABLE ad_tree; DROP TABLE ad_clientinfo",
        )
        .await;
        // One row that names the column is enough, with or without a value.
        let named = org("B").replace('}', &format!(r#", "{column}": null}}"#));
        rows.put("ad_org", &format!("[{}, {named}]", org("A")));
        import(&db.connect().await, rows.path()).await.unwrap();
        let there = ErpReader::open(db.connect().await).await.unwrap();
        assert_eq!(there.has_time_zones(), column == "timezone");
        db.texts(&format!("SELECT {column} FROM ad_org WHERE {column} IS NOT NULL")).await;
    }
}

async fn existing_tables_are_not_changed(db: TestDatabase) {
    // An older database without the time zone, and with a column that the import does not know.
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
    assert_eq!(older.load_tree(id("C")).await.unwrap().structure.len(), 1);
}

async fn a_refused_import_changes_nothing(db: TestDatabase) {
    let rows = Rows::new();
    rows.put("ad_user", r#"[{"ad_user_id": "U", "ad_client_id": "gone", "isactive": "Y"}]"#);
    refused(&db, &rows, "ad_user.json`, row 1").await;
    // Not even the tables were created.
    let error = ErpReader::open(db.connect().await).await.unwrap_err();
    assert!(matches!(error, erp_db::ReadError::MissingTable { table: "ad_client", .. }), "{error}");
    let erp = db.with_sample().await;
    refused(&db, &rows, "ad_user.json`, row 1").await;
    assert!(!erp.client_exists(id("C")).await.unwrap());
    assert_eq!(erp.client_of_organization(id("A")).await.unwrap(), None);
}
