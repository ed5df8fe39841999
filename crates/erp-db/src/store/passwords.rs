//! `PasswordTable`: hashes of passwords, in a table of our own.

use super::{StoreError, migration};
use crate::database::{Database, DatabaseKind, Row, StatementError};
use crate::text::can_be_id;

/// Keeps one password hash for each user, in the table `orgcache_password` (on PostgreSQL of the schema `orgcache`) of a
/// database that may be the ERP's or another. The ERP's own password hashes are neither read nor written.
///
/// The table is one of the session store's: [`SqlStore::migrate`](crate::SqlStore::migrate) makes it. What a hash looks like is
/// the caller's business.
#[derive(Clone, Debug)]
pub struct PasswordTable {
    database: Database,
    statements: &'static Statements,
}

#[derive(Debug)]
struct Statements {
    get: &'static str,
    set: &'static str,
    remove: &'static str,
}

macro_rules! statements {
    ($table:literal) => {
        Statements {
            get: concat!("SELECT password_hash FROM ", $table, " WHERE ad_user_id = $1"),
            set: concat!(
                "INSERT INTO ",
                $table,
                " (ad_user_id, password_hash) VALUES ($1, $2) \
                 ON CONFLICT (ad_user_id) DO UPDATE SET password_hash = excluded.password_hash"
            ),
            remove: concat!("DELETE FROM ", $table, " WHERE ad_user_id = $1"),
        }
    };
}
static SQLITE: Statements = statements!("orgcache_password");
static POSTGRES: Statements = statements!("orgcache.orgcache_password");

impl PasswordTable {
    /// Opens the table.
    ///
    /// # Errors
    /// [`StoreError::NotMigrated`] if it is not there; [`StoreError::Database`] if the database does not answer.
    pub async fn open(database: Database) -> Result<Self, StoreError> {
        migration::check(&database).await?;
        let statements = match database.kind() {
            DatabaseKind::Sqlite => &SQLITE,
            DatabaseKind::Postgres => &POSTGRES,
        };
        Ok(PasswordTable { database, statements })
    }

    /// The hash of a user's password; `None` if the user has none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn get(&self, user: &str) -> Result<Option<String>, StatementError> {
        if !can_be_id(user) {
            return Ok(None);
        }
        let read = |row: Row<'_>| Ok::<_, StatementError>(row.text_or_empty(0)?.to_owned());
        self.database.first(self.statements.get, &[Some(user)], read).await
    }

    /// Sets the hash of a user's password, or takes it away.
    ///
    /// # Errors
    /// The database does not answer, or refuses: an id that is too long is refused on PostgreSQL.
    pub async fn set(&self, user: &str, hash: Option<&str>) -> Result<(), StatementError> {
        let mut transaction = self.database.begin().await?;
        match hash {
            Some(_) => transaction.execute(self.statements.set, &[Some(user), hash]).await?,
            None => transaction.execute(self.statements.remove, &[Some(user)]).await?,
        };
        transaction.commit().await
    }
}
