//! Questions about users.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;

use super::{ErpReader, ReadError, User, UserRole};
use crate::backend::{Row, Value};
use crate::text::can_be_id;

/// The columns of a user, in the order in which [`read`] takes them.
macro_rules! users_where {
    ($condition:literal) => {
        concat!(
            "SELECT ad_user_id, ad_client_id, username, isactive, islocked, default_ad_client_id, default_ad_org_id, \
             default_ad_role_id FROM ad_user WHERE ",
            $condition
        )
    };
}

/// The longest name that is looked up, in bytes. The column holds 60 characters.
const MAX_USERNAME_BYTES: usize = 240;

/// The most ids of one statement.
const MAX_IDS: usize = 1_000;

impl ErpReader {
    /// A user, or `None` if there is none of that id.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn user(&self, user: &str) -> Result<Option<User>, ReadError> {
        self.require_users()?;
        if !can_be_id(user) {
            return Ok(None);
        }
        self.database.first(users_where!("ad_user_id = $1"), &[Value::Text(user)], read).await
    }

    /// The user who logs in with a name, compared byte for byte, or `None`. Should several have that name, it
    /// is the one of the smallest id.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn user_named(&self, username: &str) -> Result<Option<User>, ReadError> {
        self.require_users()?;
        if username.is_empty() || username.len() > MAX_USERNAME_BYTES || username.contains('\0') {
            return Ok(None);
        }
        let users = self.database.list(users_where!("username = $1"), &[Value::Text(username)], read).await?;
        Ok(users.into_iter().min_by(|a, b| a.id.cmp(&b.id)))
    }

    /// The hash of a user's password as the ERP stores it (`ad_user.password`); `None` if the user is not
    /// there or has none. No other method reads that column.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn password_hash(&self, user: &str) -> Result<Option<String>, ReadError> {
        // No column of an import, nor of any other question.
        self.schema.require(&self.database, "ad_user", "password")?;
        if !can_be_id(user) {
            return Ok(None);
        }
        let statement = "SELECT password FROM ad_user WHERE ad_user_id = $1";
        let read = |row: Row<'_>| Ok::<_, ReadError>(row.text(0)?.map(str::to_owned));
        Ok(self.database.first(statement, &[Value::Text(user)], read).await?.flatten())
    }

    /// All users of all clients, ordered by id: for small databases.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn users(&self) -> Result<Vec<User>, ReadError> {
        self.require_users()?;
        let mut users = self.database.list(users_where!("1 = 1"), &[], read).await?;
        users.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(users)
    }

    /// The names by which users log in, of those among `users` that are there and have one: one statement for
    /// up to a thousand.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn usernames(&self, users: &[&str]) -> Result<BTreeMap<String, String>, ReadError> {
        self.named("SELECT ad_user_id, username FROM ad_user WHERE ad_user_id", users).await
    }

    /// The names of those among `roles` that are there: one statement for up to a thousand.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn role_names(&self, roles: &[&str]) -> Result<BTreeMap<String, String>, ReadError> {
        self.named("SELECT ad_role_id, name FROM ad_role WHERE ad_role_id", roles).await
    }

    /// Those among `users` who may not be logged in: locked, inactive, or not there. One statement for up to
    /// a thousand.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer. Then nothing is known
    /// of any user.
    pub async fn barred_users<'a>(&self, users: &[&'a str]) -> Result<BTreeSet<&'a str>, ReadError> {
        let select = "SELECT ad_user_id, isactive, islocked FROM ad_user WHERE ad_user_id";
        self.require_for(select)?;
        let mut barred: BTreeSet<&str> = users.iter().copied().collect();
        let ids: Vec<Value<'_>> =
            barred.iter().copied().filter(|id| can_be_id(id)).map(Value::Text).collect();
        for ids in ids.chunks(MAX_IDS) {
            let statement = in_ids(select, ids);
            self.database
                .each(AssertSqlSafe(statement), ids, |row| {
                    // A user whose flags cannot be read stays barred, without hiding the others.
                    if let (Ok(true), Ok(false)) = (row.flag(1), row.denying_flag(2)) {
                        barred.remove(row.text_or_empty(0)?);
                    }
                    Ok::<_, ReadError>(())
                })
                .await?;
        }
        Ok(barred)
    }

    /// Ids with names, by a statement that lacks but the list of ids.
    async fn named(&self, select: &'static str, ids: &[&str]) -> Result<BTreeMap<String, String>, ReadError> {
        self.require_for(select)?;
        let ids: Vec<Value<'_>> = ids.iter().copied().filter(|id| can_be_id(id)).map(Value::Text).collect();
        let mut names = BTreeMap::new();
        for ids in ids.chunks(MAX_IDS) {
            let statement = in_ids(select, ids);
            self.database
                .each(AssertSqlSafe(statement), ids, |row| {
                    // One that cannot be read hides no other.
                    if let (Ok(Some(id)), Ok(Some(name))) = (row.text(0), row.text(1)) {
                        names.insert(id.to_owned(), name.to_owned());
                    }
                    Ok::<_, ReadError>(())
                })
                .await?;
        }
        Ok(names)
    }

    /// The roles that a user may take, whether the rows are active or not, ordered by role; none for an
    /// unknown user.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn user_roles(&self, user: &str) -> Result<Vec<UserRole>, ReadError> {
        let statement = "SELECT ad_role_id, isactive FROM ad_user_roles WHERE ad_user_id = $1";
        self.require_for(statement)?;
        if !can_be_id(user) {
            return Ok(Vec::new());
        }
        let mut roles = self
            .database
            .list(statement, &[Value::Text(user)], |row| {
                let role = row.text_or_empty(0)?.to_owned();
                Ok::<_, ReadError>(UserRole { role, active: row.flag(1)? })
            })
            .await?;
        roles.sort_unstable_by(|a, b| a.role.cmp(&b.role));
        Ok(roles)
    }

    fn require_users(&self) -> Result<(), ReadError> {
        self.require_for(users_where!("1 = 1"))
    }
}

/// A statement that lacks but the list of ids, with a place for each of them.
fn in_ids(select: &str, ids: &[Value<'_>]) -> String {
    let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    format!("{select} IN ({})", places.join(", "))
}

fn read(row: Row<'_>) -> Result<User, ReadError> {
    let owned = |column| Ok::<_, ReadError>(row.text(column)?.map(str::to_owned));
    Ok(User {
        id: row.text_or_empty(0)?.to_owned(),
        client: row.text_or_empty(1)?.to_owned(),
        username: owned(2)?,
        active: row.flag(3)?,
        locked: row.denying_flag(4)?,
        default_client: owned(5)?,
        default_org: owned(6)?,
        default_role: owned(7)?,
    })
}
