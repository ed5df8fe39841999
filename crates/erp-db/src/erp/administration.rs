//! `Administration`: what a user may administer, by the ERP's current rows.

use org_structure::{ClientId, RoleId, UserId};
use sqlx::AssertSqlSafe;

use super::{ErpReader, ReadError};
use crate::backend::Value;

/// The administrative rights of a user at the time of the query. The default is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Administration {
    /// The user exists, is active and not locked.
    pub user_is_admitted: bool,
    /// The user is admitted and has an active link to an active role of a client administrator
    /// (`is_client_admin`), and the role's client is the requested one and active.
    pub of_client: bool,
}

impl ErpReader {
    /// The administrative rights of a user in a role of a client, by one statement.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn administration(
        &self,
        user: UserId,
        role: RoleId,
        client: ClientId,
    ) -> Result<Administration, ReadError> {
        // Older versions lack the column. Only these fixed words get into the statement.
        let admin = if self.schema.has("ad_role", "is_client_admin") { "r.is_client_admin" } else { "NULL" };
        let statement = format!(
            "SELECT u.ad_user_id, u.ad_client_id, u.isactive, u.islocked, l.isactive, \
             r.ad_role_id, r.ad_client_id, r.isactive, {admin}, c.isactive \
             FROM ad_user u \
             LEFT JOIN ad_user_roles l ON l.ad_user_id = u.ad_user_id AND l.ad_role_id = $2 \
             LEFT JOIN ad_role r ON r.ad_role_id = l.ad_role_id \
             LEFT JOIN ad_client c ON c.ad_client_id = r.ad_client_id WHERE u.ad_user_id = $1"
        );
        self.require_for(&statement)?;
        let (user, role, client) = (user.as_str(), role.as_str(), client.as_str());
        let mut found = Administration::default();
        self.database
            .each(AssertSqlSafe(statement), &[Value::Text(user), Value::Text(role)], |row| {
                let is_user = row.text(0)? == Some(user) && row.flag(2)? && !row.denying_flag(3)?;
                // As at login: a role of the user's own client, except for the built-in administrator.
                let works_there = row.text(1)? == Some(client) || user == "100" && row.text(1)? == Some("0");
                let is_role = row.flag(4)?
                    && row.text(5)? == Some(role)
                    && row.text(6)? == Some(client)
                    && row.flag(7)?
                    && row.flag(8)?
                    && row.flag(9)?;
                found.user_is_admitted |= is_user;
                found.of_client |= is_user && works_there && is_role;
                Ok::<_, ReadError>(())
            })
            .await?;
        Ok(found)
    }
}
