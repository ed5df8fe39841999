//! `PasswordTable`: password hashes, in a table of our own.

use std::collections::BTreeSet;

use session::{ClientId, Scope, UserId};
use sqlx::AssertSqlSafe;

use super::{StoreError, migration};
use crate::backend::{Database, DatabaseKind, Row, StatementError, Transaction, Value};

/// Stores one password hash per user, in the table `orgcache_password` (on PostgreSQL in the schema
/// `orgcache`) of the ERP's or another database. It neither reads nor writes the ERP's own password hashes.
///
/// The table belongs to the session store: [`migrate`](super::migrate) creates it. The caller chooses the
/// format of the hash.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use erp_db::{Database, PasswordTable, StoreOptions, store};
///
/// let options = StoreOptions::new("sqlite:sessions.db?mode=rwc");
/// store::migrate(&options).await?;
/// let passwords = PasswordTable::open(Database::connect(&options.url).await?).await?;
/// let ended = passwords.set("100".parse()?, Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA")).await?;
/// println!("{ended} sessions of user 100 ended");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PasswordTable {
    database: Database,
}

impl PasswordTable {
    /// Opens the table.
    ///
    /// # Errors
    /// [`StoreError::NotMigrated`] if the table does not exist; [`StoreError::Database`] if the database does
    /// not answer.
    pub async fn open(database: Database) -> Result<Self, StoreError> {
        migration::check(&database).await?;
        Ok(PasswordTable { database })
    }

    /// A statement in which `{}` stands for the schema of our own tables.
    fn statement(&self, text: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(text.replace("{}", self.database.dialect().own_schema))
    }

    /// The product of the database.
    #[must_use]
    pub fn kind(&self) -> DatabaseKind {
        self.database.kind()
    }

    /// The hash of a user's password; `None` if the user has none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn get(&self, user: UserId) -> Result<Option<String>, StatementError> {
        let read = |row: Row<'_>| Ok::<_, StatementError>(row.text_or_empty(0)?.to_owned());
        let get = self.statement("SELECT password_hash FROM {}orgcache_password WHERE ad_user_id = $1");
        self.database.first(get, &[Value::Text(user.as_str())], read).await
    }

    /// Sets or deletes the hash of a user's password, and ends the user's sessions in the store, in one
    /// transaction. Returns the number of ended sessions.
    ///
    /// PostgreSQL notifies the other nodes, which revalidate within
    /// [`revalidate_within`](session::Options::revalidate_within) in any case. A process that has an SQLite
    /// file open as its session store does not notice: its cached sessions stay valid until it reads the
    /// store, for example after a [`session::Hint::Anything`].
    ///
    /// # Errors
    /// The database does not answer, or refuses. In that case nothing was changed.
    pub async fn set(&self, user: UserId, hash: Option<&str>) -> Result<u64, StatementError> {
        let mut transaction = self.database.begin().await?;
        let ended = self.set_within(&mut transaction, user, hash).await?;
        transaction.commit().await?;
        Ok(ended)
    }

    /// Sets the hashes of several users' passwords like [`set`](Self::set): all of them, or none.
    ///
    /// # Errors
    /// As for [`set`](Self::set).
    pub async fn set_all(&self, hashes: &[(UserId, String)]) -> Result<u64, StatementError> {
        let mut transaction = self.database.begin().await?;
        let mut ended = 0;
        for (user, hash) in hashes {
            ended += self.set_within(&mut transaction, *user, Some(hash)).await?;
        }
        transaction.commit().await?;
        Ok(ended)
    }

    async fn set_within(
        &self,
        transaction: &mut Transaction<'_>,
        user: UserId,
        hash: Option<&str>,
    ) -> Result<u64, StatementError> {
        let statement = match hash {
            Some(_) => {
                "INSERT INTO {}orgcache_password (ad_user_id, password_hash) VALUES ($1, $2) \
                 ON CONFLICT (ad_user_id) DO UPDATE SET password_hash = excluded.password_hash"
            }
            None => "DELETE FROM {}orgcache_password WHERE ad_user_id = $1",
        };
        let arguments = [Value::Text(user.as_str()), hash.into()];
        let arguments = arguments.get(..1 + usize::from(hash.is_some())).unwrap_or(&arguments);
        transaction.execute(self.statement(statement), arguments).await?;
        let end = self.statement("DELETE FROM {}orgcache_session WHERE user_id = $1 RETURNING client_id");
        let (mut ended, mut clients) = (0, BTreeSet::new());
        transaction
            .each(end, &[Value::Text(user.as_str())], |row| {
                ended += 1;
                clients.extend(row.text(0)?.and_then(|client| ClientId::new(client).ok()));
                Ok::<_, StatementError>(())
            })
            .await?;
        self.notify(transaction, user, clients).await?;
        Ok(ended)
    }

    /// Notifies the other nodes when the transaction is committed.
    async fn notify(
        &self,
        transaction: &mut Transaction<'_>,
        user: UserId,
        clients: BTreeSet<ClientId>,
    ) -> Result<(), StatementError> {
        if let Some((notify, text)) = self.database.dialect().store.notify {
            for client in clients {
                let text = text(&Scope::User(client, user));
                transaction.each(notify, &[Value::Text(&text)], |_| Ok::<_, StatementError>(())).await?;
            }
        }
        Ok(())
    }

    /// The ids of the users that have a password, in order.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn users(&self) -> Result<Vec<UserId>, StatementError> {
        let users = self.statement("SELECT ad_user_id FROM {}orgcache_password ORDER BY ad_user_id");
        self.database.list(users, &[], |row| row.id(0, UserId::new)).await
    }
}
