//! Statements with many rows, which SQLite returns in one text.

use std::fmt::Write as _;

use erp_db::ErpSource;
use session::OrgSource;

use crate::support::{TestDatabase, client_with, id, on_both_databases, tree_node};

on_both_databases! {
    any_text_is_read_unchanged,
    more_rows_than_one_batch_are_read,
    different_rows_have_different_digests,
}

/// Texts that JSON escapes, and texts that look like JSON.
const ODD: [&str; 7] = ["a\"b\\", "c\nd\te", "f\u{1}g\u{7f}", "ñ€𝒳", "null", "[\"h\"]", "17"];

async fn any_text_is_read_unchanged(db: TestDatabase) {
    let nodes: Vec<_> = ODD.iter().map(|id| (*id, Some("0"))).collect();
    let rows = client_with(&[&[("0", None)], nodes.as_slice()].concat());
    let odd = "UPDATE ad_org SET timezone = ad_org_id WHERE ad_org_id <> '0'";
    let tree = db.with_rows(&(rows + odd)).await.load_tree(id("C")).await.unwrap().structure;
    assert_eq!(tree.len(), ODD.len() + 1);
    for id in ODD {
        let org = tree.index_of(id).unwrap();
        assert_eq!(tree.time_zone(org), Some(id));
        assert_eq!(tree.parent(org), tree.index_of("0"));
    }
}

async fn more_rows_than_one_batch_are_read(db: TestDatabase) {
    let mut rows = client_with(&[("0", None)]);
    for number in 1..=2_500 {
        let id = number.to_string();
        write!(
            rows,
            "INSERT INTO ad_org (ad_org_id, ad_client_id, value, name, ad_orgtype_id) \
             VALUES ('{id}', 'C', '{id}', '{id}', '2'); {}",
            tree_node("T", &id, Some(&(number / 2).to_string()))
        )
        .unwrap();
    }
    let erp = db.with_rows(&format!("BEGIN; {rows} COMMIT")).await;
    assert_eq!(erp.load_tree(id("C")).await.unwrap().structure.len(), 2_501);
}

/// However similar the rows are.
async fn different_rows_have_different_digests(db: TestDatabase) {
    let rows = client_with(&[("0", None), ("A", Some("0")), ("B", Some("0"))]);
    let source = ErpSource::new(db.with_rows(&rows).await);
    let mut values = vec![
        "NULL",
        "''",
        "' '",
        "'a'",
        "'A'",
        "'a '",
        "'a\n'",
        "'a\nb'",
        "'a\",\"b'",
        "'á'",
        "'a\u{301}'",
        "'null'",
        "'[]'",
        "'\"'",
        "'\\'",
        "'\\n'",
        "'\\u0061'",
        "'1'",
        "'1.0'",
    ];
    if !db.is_postgres() {
        values.extend(["'a' || char(0)", "'a' || char(0) || 'b'", "'a' || char(0) || 'c'"]);
    }
    let mut seen = Vec::new();
    for org in ["A", "B"] {
        for value in &values {
            for columns in [["timezone", "c_calendar_id"], ["c_calendar_id", "timezone"]] {
                let [one, other] = columns;
                db.execute(&format!(
                    "UPDATE ad_org SET timezone = 'x', c_calendar_id = 'x'; \
                     UPDATE ad_org SET {one} = {value}, {other} = 'y' WHERE ad_org_id = '{org}'"
                ))
                .await;
                let revision = source.revision(&id("C")).await.unwrap().unwrap();
                assert!(!seen.contains(&revision), "{one} of {org} is {value}");
                seen.push(revision);
            }
        }
    }
}

/// In this case the rows are read one by one, and the error names the value.
#[tokio::test]
async fn values_that_cannot_be_packed_are_reported_by_column() {
    for value in ["x'00'", "x'1741'", "x'ffff'", "CAST(x'ff' AS TEXT)", "5"] {
        let db = TestDatabase::sqlite();
        let rows = client_with(&[("0", None), ("A", Some("0"))]);
        // A column that stores a number unchanged.
        let other = "ALTER TABLE ad_org DROP COLUMN timezone; ALTER TABLE ad_org ADD COLUMN timezone BLOB; ";
        let change = format!("UPDATE ad_org SET timezone = {value} WHERE ad_org_id = 'A'");
        let erp = db.with_rows(&(rows + other + &change)).await;
        let error = erp.load_tree(id("C")).await.unwrap_err();
        assert!(!error.is_transient(), "{error}");
        assert!(error.to_string().contains("column `timezone`"), "{value}: {error}");
    }
}
