//! The store's own tables.

use sqlx::AssertSqlSafe;

use super::StoreError;
use crate::database::{Database, DatabaseKind, StatementError, Transaction};

/// A step from one version of the tables to the next. A later step only ever adds: during a rolling upgrade
/// older programs work on the newer tables.
struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

static MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "sessions",
        sqlite: include_str!("../../migrations/session-store/sqlite/0001_sessions.sql"),
        postgres: include_str!("../../migrations/session-store/postgres/0001_sessions.sql"),
    },
    Migration {
        version: 2,
        name: "logins",
        sqlite: include_str!("../../migrations/session-store/sqlite/0002_logins.sql"),
        postgres: include_str!("../../migrations/session-store/postgres/0002_logins.sql"),
    },
];

/// The version of the tables that this program needs.
pub(super) const NEEDED: i64 = 2;

/// A number that nobody else is likely to lock.
const LOCK: &str = "SELECT pg_catalog.pg_advisory_xact_lock(7741096482901337)";

const JOURNAL_SQLITE: &str = "CREATE TABLE IF NOT EXISTS orgcache_migration (
    version INTEGER NOT NULL PRIMARY KEY,
    name    TEXT NOT NULL,
    applied TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)";

const JOURNAL_POSTGRES: &str = "CREATE TABLE IF NOT EXISTS orgcache.orgcache_migration (
    version bigint PRIMARY KEY,
    name    text NOT NULL,
    applied timestamptz NOT NULL DEFAULT now()
)";

/// Applies what is missing, in one transaction that only one node at a time can be in.
pub(super) async fn migrate(database: &Database) -> Result<(), StoreError> {
    let mut transaction = database.begin().await?;
    apply(&mut transaction, database.kind()).await?;
    transaction.commit().await?;
    Ok(())
}

/// Applies what is missing and tries to write to every table, in a transaction that is rolled back. Says how
/// much was missing.
pub(super) async fn rehearse(database: &Database) -> Result<usize, StoreError> {
    let mut transaction = database.begin().await?;
    let applied = apply(&mut transaction, database.kind()).await?;
    let schema = if database.kind() == DatabaseKind::Postgres { "orgcache." } else { "" };
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

/// The tables that are written to, with a column of each.
const TABLES: [(&str, &str); 5] = [
    ("orgcache_tree", "bytes"),
    ("orgcache_access", "bytes"),
    ("orgcache_session", "seen"),
    ("orgcache_password", "password_hash"),
    ("orgcache_assertion", "expires"),
];

async fn apply(transaction: &mut Transaction<'_>, kind: DatabaseKind) -> Result<usize, StatementError> {
    if kind == DatabaseKind::Postgres {
        transaction.execute(LOCK, &[]).await?;
        // Asked for first: who may not create schemas may still have been given this one.
        let missing = "SELECT 1 WHERE pg_catalog.to_regnamespace('orgcache') IS NULL";
        if transaction.first(missing, &[], |_| Ok::<_, StatementError>(())).await?.is_some() {
            transaction.run_script("CREATE SCHEMA orgcache").await?;
        }
        transaction.run_script(JOURNAL_POSTGRES).await?;
    } else {
        transaction.run_script(JOURNAL_SQLITE).await?;
    }
    let found = version(transaction, kind).await?;
    let mut applied = 0;
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > found) {
        let (script, note) = match kind {
            DatabaseKind::Sqlite => (
                migration.sqlite,
                "INSERT INTO orgcache_migration (version, name) VALUES (CAST($1 AS INTEGER), $2)",
            ),
            DatabaseKind::Postgres => (
                migration.postgres,
                "INSERT INTO orgcache.orgcache_migration (version, name) VALUES (CAST($1 AS bigint), $2)",
            ),
        };
        transaction.run_script(script).await?;
        transaction.execute(note, &[Some(&migration.version.to_string()), Some(migration.name)]).await?;
        applied += 1;
    }
    Ok(applied)
}

async fn version(transaction: &mut Transaction<'_>, kind: DatabaseKind) -> Result<i64, StatementError> {
    let statement = match kind {
        DatabaseKind::Sqlite => SQLITE_VERSION,
        DatabaseKind::Postgres => POSTGRES_VERSION,
    };
    Ok(transaction.first(statement, &[], |row| row.integer(0)).await?.flatten().unwrap_or_default())
}

const SQLITE_HAS_JOURNAL: &str =
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'orgcache_migration'";
const SQLITE_VERSION: &str = "SELECT MAX(version) FROM orgcache_migration";
pub(super) const POSTGRES_HAS_JOURNAL: &str =
    "SELECT 1::bigint WHERE pg_catalog.to_regclass('orgcache.orgcache_migration') IS NOT NULL";
pub(super) const POSTGRES_VERSION: &str = "SELECT MAX(version) FROM orgcache.orgcache_migration";

/// Makes sure that a database has all tables that this program needs.
pub(super) async fn check(database: &Database) -> Result<(), StoreError> {
    let (has_journal, version) = match database.kind() {
        DatabaseKind::Sqlite => (SQLITE_HAS_JOURNAL, SQLITE_VERSION),
        DatabaseKind::Postgres => (POSTGRES_HAS_JOURNAL, POSTGRES_VERSION),
    };
    let is_there = database.first(has_journal, &[], |_| Ok::<_, StatementError>(())).await?.is_some();
    let found: Option<Option<i64>> =
        if is_there { database.first(version, &[], |row| row.integer(0)).await? } else { None };
    require(database.place(), found.flatten().unwrap_or_default())
}

/// Makes sure that a version is enough.
pub(super) fn require(place: &str, found: i64) -> Result<(), StoreError> {
    if found < NEEDED {
        return Err(StoreError::NotMigrated { place: place.to_owned(), found, needed: NEEDED });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_ascend_to_the_one_that_is_needed() {
        let versions: Vec<_> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=NEEDED).collect::<Vec<_>>());
    }

    #[test]
    fn only_our_own_tables_are_named() {
        for migration in MIGRATIONS {
            for script in [migration.sqlite, migration.postgres] {
                assert!(!script.replace("ad_user_id", "").contains("ad_"), "{}", migration.name);
            }
            for line in migration.postgres.lines().filter(|line| line.starts_with("CREATE TABLE")) {
                let name = line.trim_start_matches("CREATE TABLE ").trim_start_matches("IF NOT EXISTS ");
                assert!(name.starts_with("orgcache.orgcache_"), "{line}");
            }
            for line in migration.sqlite.lines().filter(|line| line.starts_with("CREATE TABLE")) {
                let name = line.trim_start_matches("CREATE TABLE ").trim_start_matches("IF NOT EXISTS ");
                assert!(name.starts_with("orgcache_"), "{line}");
            }
        }
    }
}
