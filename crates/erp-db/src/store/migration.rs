//! The store's own tables, and their migration steps.
//!
//! The steps of a product are the scripts of its dialect. A later step only adds: during a rolling upgrade
//! older programs work on newer tables.

use sqlx::AssertSqlSafe;

use super::StoreError;
use crate::backend::{Database, StatementError, Transaction, Value};

/// The names of the steps, one per script of a product.
const STEPS: [&str; 2] = ["sessions", "logins"];

/// The tables that the store writes to, with one column each.
const TABLES: [(&str, &str); 5] = [
    ("orgcache_tree", "bytes"),
    ("orgcache_access", "bytes"),
    ("orgcache_session", "seen"),
    ("orgcache_password", "password_hash"),
    ("orgcache_assertion", "expires"),
];

/// The version of the tables that this program needs.
fn needed() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Applies the missing steps, in one transaction under a lock.
pub(crate) async fn migrate(database: &Database) -> Result<(), StoreError> {
    let mut transaction = database.begin().await?;
    apply(&mut transaction, database).await?;
    transaction.commit().await?;
    Ok(())
}

/// Applies the missing steps and tests writes to every table, in a transaction that is rolled back. Returns
/// the number of missing steps.
pub(super) async fn rehearse(database: &Database) -> Result<usize, StoreError> {
    let mut transaction = database.begin().await?;
    let applied = apply(&mut transaction, database).await?;
    let schema = database.dialect().own_schema;
    for (table, column) in TABLES {
        for statement in [
            format!("INSERT INTO {schema}{table} SELECT * FROM {schema}{table} WHERE 1 = 0"),
            format!("UPDATE {schema}{table} SET {column} = {column} WHERE 1 = 0"),
            format!("DELETE FROM {schema}{table} WHERE 1 = 0"),
        ] {
            transaction.execute(AssertSqlSafe(statement), &[]).await?;
        }
    }
    Ok(applied)
}

async fn apply(transaction: &mut Transaction<'_>, database: &Database) -> Result<usize, StatementError> {
    let (schema, words) = (database.dialect().own_schema, &database.dialect().store);
    if let Some(lock) = words.lock {
        transaction.execute(lock, &[]).await?;
    }
    if let Some((is_missing, create)) = words.schema
        && transaction.finds(is_missing, &[]).await?
    {
        transaction.run_script(create).await?;
    }
    transaction.run_script(words.journal).await?;
    let version = AssertSqlSafe(version(database));
    let found = transaction.first(version, &[], |row| row.integer(0)).await?.flatten().unwrap_or_default();
    let mut applied = 0;
    for (version, (name, script)) in (1..).zip(STEPS.into_iter().zip(words.scripts)) {
        if version > found {
            transaction.run_script(script).await?;
            let note = format!("INSERT INTO {schema}orgcache_migration (version, name) VALUES ($1, $2)");
            let arguments = [Value::Integer(version), Value::Text(name)];
            transaction.execute(AssertSqlSafe(note), &arguments).await?;
            applied += 1;
        }
    }
    Ok(applied)
}

fn version(database: &Database) -> String {
    format!("SELECT MAX(version) FROM {}orgcache_migration", database.dialect().own_schema)
}

/// Checks that a database has all tables that this program needs.
pub(crate) async fn check(database: &Database) -> Result<(), StoreError> {
    let found = if database.has_row(database.dialect().store.has_journal).await? {
        let version = AssertSqlSafe(version(database));
        database.first(version, &[], |row| row.integer(0)).await?.flatten().unwrap_or_default()
    } else {
        0
    };
    if found < needed() {
        let place = database.place().to_owned();
        return Err(StoreError::NotMigrated { place, found, needed: needed() });
    }
    Ok(())
}

#[cfg(all(test, feature = "sqlite", feature = "postgres"))]
mod tests {
    use super::*;
    use crate::backend::{postgres, sqlite};

    #[test]
    fn both_products_have_every_step() {
        for dialect in [&sqlite::SQLITE, &postgres::POSTGRES] {
            assert_eq!(dialect.store.scripts.len(), STEPS.len());
        }
    }

    #[test]
    fn only_our_own_tables_are_named() {
        for dialect in [&sqlite::SQLITE, &postgres::POSTGRES] {
            for script in dialect.store.scripts {
                assert!(!script.replace("ad_user_id", "").contains("ad_"), "{script}");
                for line in script.lines().filter(|line| line.starts_with("CREATE TABLE")) {
                    let name = line.trim_start_matches("CREATE TABLE ").trim_start_matches("IF NOT EXISTS ");
                    assert!(name.starts_with(&format!("{}orgcache_", dialect.own_schema)), "{line}");
                }
            }
        }
    }
}
