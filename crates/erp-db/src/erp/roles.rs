//! Questions about roles.

use org_structure::{ClientId, RoleId};
use sqlx::AssertSqlSafe;

use super::{ErpReader, ReadError, Role};
use crate::backend::Value;

impl ErpReader {
    /// A role of any client, or `None` if it does not exist.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn role(&self, role: RoleId) -> Result<Option<Role>, ReadError> {
        // Older versions lack both columns. Only these fixed words get into the statement.
        let column = |name| if self.schema.has("ad_role", name) { name } else { "NULL" };
        let statement = format!(
            "SELECT ad_role_id, ad_client_id, name, userlevel, isactive, {}, {} FROM ad_role WHERE ad_role_id = $1",
            column("ismanual"),
            column("is_client_admin"),
        );
        self.require_for(&statement)?;
        self.database
            .first(AssertSqlSafe(statement), &[Value::Text(role.as_str())], |row| {
                Ok(Role {
                    id: row.id(0, RoleId::new)?,
                    client: row.id(1, ClientId::new)?,
                    name: row.text_or_empty(2)?.to_owned(),
                    user_level: row.text_or_empty(3)?.to_owned(),
                    active: row.flag(4)?,
                    manual: row.text(5)? != Some("N"),
                    client_admin: row.flag(6)?,
                })
            })
            .await
    }
}
