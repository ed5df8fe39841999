//! Questions about clients.

use org_structure::ClientId;

use super::{Client, ErpReader, OrganizationStatus, ReadError};
use crate::backend::{StatementError, Value};

impl ErpReader {
    /// All clients, ordered by id. If a column of a client cannot be read, its [`damage`](Client::damage)
    /// says so, and the other clients are still listed.
    ///
    /// # Errors
    /// [`ReadError`] if a column is missing or the database does not answer.
    pub async fn clients(&self) -> Result<Vec<Client>, ReadError> {
        let statement = "SELECT ad_client_id, name, value, isactive FROM ad_client";
        self.require_for(statement)?;
        let mut clients = self
            .database
            .list(statement, &[], |row| {
                let mut damage = None;
                let mut text = |column| {
                    row.text_or_empty(column).unwrap_or_else(|error: StatementError| {
                        damage.get_or_insert(error.to_string());
                        ""
                    })
                };
                let [id, name, search_key] = [0, 1, 2].map(|column| text(column).to_owned());
                let active = text(3) == "Y";
                Ok::<_, ReadError>(Client { id, name, search_key, active, damage })
            })
            .await?;
        clients.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(clients)
    }

    /// Does a client with this id exist?
    ///
    /// # Errors
    /// [`ReadError`] if the database does not answer.
    pub async fn client_exists(&self, client: ClientId) -> Result<bool, ReadError> {
        let statement = "SELECT ad_client_id FROM ad_client WHERE ad_client_id = $1";
        let found = self
            .database
            .first(statement, &[Value::Text(client.as_str())], |_| Ok::<_, ReadError>(()))
            .await?;
        Ok(found.is_some())
    }

    /// Checks that a client with this id exists.
    ///
    /// # Errors
    /// [`ReadError::UnknownClient`] if there is none; [`ReadError`] if the database does not answer.
    pub async fn require_client(&self, client: ClientId) -> Result<(), ReadError> {
        if self.client_exists(client).await? { Ok(()) } else { Err(self.unknown_client(client)) }
    }

    /// All organizations that belong to a client, in its tree or not, active or not, ordered by id; none for
    /// an unknown client.
    ///
    /// # Errors
    /// [`ReadError`] if an id is over-long or the database does not answer.
    pub async fn organizations_of_client(
        &self,
        client: ClientId,
    ) -> Result<Vec<OrganizationStatus>, ReadError> {
        let statement = "SELECT ad_org_id, isactive FROM ad_org WHERE ad_client_id = $1";
        let mut organizations = self
            .database
            .list(statement, &[Value::Text(client.as_str())], |row| {
                let id = self.org_id("ad_org", "ad_org_id", row.text_or_empty(0)?)?;
                Ok::<_, ReadError>(OrganizationStatus { id, active: row.flag(1)? })
            })
            .await?;
        organizations.sort_unstable_by_key(|organization| organization.id);
        Ok(organizations)
    }
}
