//! Questions about users.

use std::collections::{BTreeMap, BTreeSet};

use org_structure::{ClientId, InvalidId, OrgId, RoleId, UserId};
use sqlx::AssertSqlSafe;

use super::{ErpReader, ReadError, User, UserRoleLink};
use crate::backend::{Row, Value};

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

/// The most ids per statement.
const MAX_IDS: usize = 1_000;

impl ErpReader {
    /// A user, or `None` if it does not exist.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn user(&self, user: UserId) -> Result<Option<User>, ReadError> {
        self.require_users()?;
        self.database.first(users_where!("ad_user_id = $1"), &[Value::Text(user.as_str())], read).await
    }

    /// The user with a login name, compared byte for byte, or `None`. If several users have the name, the one
    /// with the smallest id.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn user_named(&self, username: &str) -> Result<Option<User>, ReadError> {
        self.require_users()?;
        if username.is_empty() || username.len() > MAX_USERNAME_BYTES || username.contains('\0') {
            return Ok(None);
        }
        let users = self.database.list(users_where!("username = $1"), &[Value::Text(username)], read).await?;
        Ok(users.into_iter().min_by_key(|user| user.id))
    }

    /// The hash of a user's password as the ERP stores it (`ad_user.password`); `None` if the user does not
    /// exist or has none. No other method reads that column.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn password_hash(&self, user: UserId) -> Result<Option<String>, ReadError> {
        // An import does not have this column, and no other question needs it.
        self.schema.require(&self.database, "ad_user", "password")?;
        let statement = "SELECT password FROM ad_user WHERE ad_user_id = $1";
        let read = |row: Row<'_>| Ok::<_, ReadError>(row.text(0)?.map(str::to_owned));
        Ok(self.database.first(statement, &[Value::Text(user.as_str())], read).await?.flatten())
    }

    /// All users of all clients, ordered by id: for small databases.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn users(&self) -> Result<Vec<User>, ReadError> {
        self.require_users()?;
        let mut users = self.database.list(users_where!("1 = 1"), &[], read).await?;
        users.sort_unstable_by_key(|user| user.id);
        Ok(users)
    }

    /// The login names of those among `users` that exist and have one: one statement for up to a thousand.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn usernames(&self, users: &[UserId]) -> Result<BTreeMap<UserId, String>, ReadError> {
        self.named("SELECT ad_user_id, username FROM ad_user WHERE ad_user_id", users, UserId::new).await
    }

    /// The names of those among `roles` that exist: one statement for up to a thousand.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn role_names(&self, roles: &[RoleId]) -> Result<BTreeMap<RoleId, String>, ReadError> {
        self.named("SELECT ad_role_id, name FROM ad_role WHERE ad_role_id", roles, RoleId::new).await
    }

    /// Those among `users` that may not be logged in: locked, inactive or missing. One statement for up to a
    /// thousand.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer. In that case the state
    /// of every user is unknown.
    pub async fn barred_users(&self, users: &[UserId]) -> Result<BTreeSet<UserId>, ReadError> {
        let select = "SELECT ad_user_id, isactive, islocked FROM ad_user WHERE ad_user_id";
        self.require_for(select)?;
        let mut barred: BTreeSet<UserId> = users.iter().copied().collect();
        self.each_of(select, users, |row| {
            // A user with unreadable flags stays barred, without affecting the others.
            if let (Ok(true), Ok(false)) = (row.flag(1), row.denying_flag(2)) {
                barred.remove(&row.id(0, UserId::new)?);
            }
            Ok(())
        })
        .await?;
        Ok(barred)
    }

    /// Reads ids with names, by a statement to which the list of ids is appended.
    async fn named<Id: AsRef<str> + Ord + Send + Sync>(
        &self,
        select: &'static str,
        ids: &[Id],
        id: fn(&str) -> Result<Id, InvalidId>,
    ) -> Result<BTreeMap<Id, String>, ReadError> {
        self.require_for(select)?;
        let mut names = BTreeMap::new();
        self.each_of(select, ids, |row| {
            // Skip unreadable rows.
            if let (Ok(id), Ok(Some(name))) = (row.id(0, id), row.text(1)) {
                names.insert(id, name.to_owned());
            }
            Ok(())
        })
        .await?;
        Ok(names)
    }

    /// Sends a statement with the list of ids appended, for at most [`MAX_IDS`] ids at a time.
    async fn each_of<Id: AsRef<str> + Sync>(
        &self,
        select: &'static str,
        ids: &[Id],
        mut visit: impl FnMut(Row<'_>) -> Result<(), ReadError> + Send,
    ) -> Result<(), ReadError> {
        for ids in ids.chunks(MAX_IDS) {
            let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
            let statement = format!("{select} IN ({})", places.join(", "));
            let ids: Vec<Value<'_>> = ids.iter().map(|id| Value::Text(id.as_ref())).collect();
            self.database.each(AssertSqlSafe(statement), &ids, &mut visit).await?;
        }
        Ok(())
    }

    /// The roles that a user may take, by active and inactive rows, ordered by role; none for an unknown
    /// user.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn user_roles(&self, user: UserId) -> Result<Vec<UserRoleLink>, ReadError> {
        let statement = "SELECT ad_role_id, isactive FROM ad_user_roles WHERE ad_user_id = $1";
        self.require_for(statement)?;
        let mut roles = self
            .database
            .list(statement, &[Value::Text(user.as_str())], |row| {
                Ok::<_, ReadError>(UserRoleLink { role: row.id(0, RoleId::new)?, active: row.flag(1)? })
            })
            .await?;
        roles.sort_unstable_by_key(|row| row.role);
        Ok(roles)
    }

    fn require_users(&self) -> Result<(), ReadError> {
        self.require_for(users_where!("1 = 1"))
    }
}

fn read(row: Row<'_>) -> Result<User, ReadError> {
    Ok(User {
        id: row.id(0, UserId::new)?,
        client: row.id(1, ClientId::new)?,
        username: row.text(2)?.map(str::to_owned),
        active: row.flag(3)?,
        locked: row.denying_flag(4)?,
        // A default that is not a valid id is ignored, like one that does not exist.
        default_client: row.text(5)?.and_then(|id| ClientId::new(id).ok()),
        default_org: row.text(6)?.and_then(|id| OrgId::new(id).ok()),
        default_role: row.text(7)?.and_then(|id| RoleId::new(id).ok()),
    })
}
