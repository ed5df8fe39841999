//! `PasswordTable`: hashes of passwords, in a table of our own.

use crate::database::{Database, StatementError};
use crate::text::can_be_id;

/// The table. The ERP's own tables are never touched, and its own password hashes neither read nor written.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS orgcache_password (\
     ad_user_id VARCHAR(32) NOT NULL PRIMARY KEY, password_hash TEXT NOT NULL)";

/// Keeps one password hash for each user, in the table `orgcache_password` of a database that may be the ERP's or another.
///
/// What a hash looks like is the caller's business.
#[derive(Clone, Debug)]
pub struct PasswordTable {
    database: Database,
}

impl PasswordTable {
    /// Opens the table, and creates it where it is not there.
    ///
    /// # Errors
    /// The database does not answer, or does not let this user create a table that is not there.
    pub async fn open(database: Database) -> Result<Self, StatementError> {
        let is_there = database
            .first("SELECT COUNT(ad_user_id) FROM orgcache_password", &[], |_| Ok::<_, StatementError>(()))
            .await;
        match is_there {
            Ok(_) => return Ok(PasswordTable { database }),
            Err(error) if error.is_transient() => return Err(error),
            Err(_) => {}
        }
        let mut transaction = database.begin().await?;
        let created = transaction.execute(TABLE, &[]).await;
        match created {
            Ok(_) => transaction.commit().await?,
            // Two processes that start at once both see no table; the other one was faster.
            Err(StatementError::Conflict { .. }) => drop(transaction),
            Err(error) => return Err(error),
        }
        Ok(PasswordTable { database })
    }

    /// The hash of a user's password; `None` if the user has none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn get(&self, user: &str) -> Result<Option<String>, StatementError> {
        if !can_be_id(user) {
            return Ok(None);
        }
        let statement = "SELECT password_hash FROM orgcache_password WHERE ad_user_id = $1";
        let read = |row: crate::database::Row<'_>| Ok::<_, StatementError>(row.text_or_empty(0)?.to_owned());
        self.database.first(statement, &[Some(user)], read).await
    }

    /// Sets the hash of a user's password, or takes it away.
    ///
    /// # Errors
    /// The database does not answer, or refuses: an id that is too long is refused on PostgreSQL.
    pub async fn set(&self, user: &str, hash: Option<&str>) -> Result<(), StatementError> {
        let mut transaction = self.database.begin().await?;
        match hash {
            Some(hash) => {
                let statement = "INSERT INTO orgcache_password (ad_user_id, password_hash) VALUES ($1, $2) \
                     ON CONFLICT (ad_user_id) DO UPDATE SET password_hash = excluded.password_hash";
                transaction.execute(statement, &[Some(user), Some(hash)]).await?;
            }
            None => {
                transaction
                    .execute("DELETE FROM orgcache_password WHERE ad_user_id = $1", &[Some(user)])
                    .await?;
            }
        }
        transaction.commit().await
    }
}
