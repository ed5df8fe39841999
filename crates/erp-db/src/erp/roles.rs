//! Questions about roles.

use sqlx::AssertSqlSafe;

use super::{ErpReader, ReadError, Role};
use crate::backend::Value;
use crate::text::can_be_id;

impl ErpReader {
    /// A role of any client, or `None` if there is none of that id.
    ///
    /// # Errors
    /// [`ReadError`] if a table or column is missing or the database does not answer.
    pub async fn role(&self, role: &str) -> Result<Option<Role>, ReadError> {
        // Both columns came late. Nothing but these fixed words gets into the statement.
        let column = |name| if self.schema.has("ad_role", name) { name } else { "NULL" };
        let statement = format!(
            "SELECT ad_role_id, ad_client_id, name, userlevel, isactive, {}, {} FROM ad_role WHERE ad_role_id = $1",
            column("ismanual"),
            column("is_client_admin"),
        );
        self.require_for(&statement)?;
        if !can_be_id(role) {
            return Ok(None);
        }
        self.database
            .first(AssertSqlSafe(statement), &[Value::Text(role)], |row| {
                Ok(Role {
                    id: row.text_or_empty(0)?.to_owned(),
                    client: row.text_or_empty(1)?.to_owned(),
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
