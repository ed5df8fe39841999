//! `ErpReader`: questions to an ERP's database.

use std::sync::Arc;
use std::time::Duration;

use org_structure::{ClientId, OrgId};

use super::{ReadError, Schema, schema};
use crate::backend::{Database, StatementError};
use crate::rights::{self, MissingRights, Purpose};

/// Reads an Openbravo or Etendo database without changes to it. It needs only the privilege to select from
/// the `ad_*` tables, and works on a file opened with `?mode=ro`.
///
/// Ids are compared byte for byte and lists are in that order, regardless of the database's collation.
///
/// Clones share the database.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use erp_db::{Database, ErpReader};
///
/// let erp = ErpReader::open(Database::connect("sqlite:demo.db?mode=ro").await?).await?;
/// for client in erp.clients().await? {
///     let tree = erp.load_tree(client.id.parse()?).await?;
///     println!("{}: {} organizations", client.name, tree.structure.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ErpReader {
    pub(super) database: Database,
    pub(crate) schema: Arc<Schema>,
}

impl ErpReader {
    /// Looks up once which tables and columns the database has, and checks that trees can be read.
    ///
    /// Tables and columns of later ERP versions may be missing: only calls that need them fail. A reader does
    /// not notice a table or column that is added after it was opened.
    ///
    /// # Errors
    /// [`ReadError::MissingTable`] or [`ReadError::MissingColumn`] for what every version has, and
    /// [`ReadError::Database`].
    pub async fn open(database: Database) -> Result<Self, ReadError> {
        let schema = Arc::new(Schema::probe(&database).await?);
        let database = database.reading(
            schema.reading_as_texts(database.dialect()),
            schema::raw_bytes_setting(&database).await?,
        );
        let reader = ErpReader { database, schema };
        reader.require_tree()?;
        Ok(reader)
    }

    /// The privileges that the database user lacks for a purpose, by one query of the catalog. It also finds
    /// tables in schemas of the search path that the user may not use, which [`ErpReader::open`] could only
    /// report as missing.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(database: erp_db::Database) -> Result<(), erp_db::StatementError> {
    /// use erp_db::{ErpReader, Purpose};
    ///
    /// let missing = ErpReader::missing_rights(&database, Purpose::Service { erp_passwords: false }).await?;
    /// for grant in missing.grants() {
    ///     println!("{grant}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StatementError`] if the database does not answer.
    pub async fn missing_rights(
        database: &Database,
        purpose: Purpose,
    ) -> Result<MissingRights, StatementError> {
        rights::missing_from_erp(database, purpose).await
    }

    /// A reader over the same connections with a statement limit of `limit`, for optional data that is not
    /// worth a wait.
    #[must_use]
    pub fn with_statement_limit(&self, limit: Duration) -> Self {
        let database = self.database.with_statement_limit(limit);
        ErpReader { database, schema: Arc::clone(&self.schema) }
    }

    /// The database of this reader.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Do organizations have time zones in this database (`ad_org.timezone`, since 2023)? If not, trees load
    /// without them.
    #[must_use]
    pub fn has_time_zones(&self) -> bool {
        self.schema.has("ad_org", "timezone")
    }

    /// Checks that the database has all tables and columns that a statement reads.
    pub(crate) fn require_for(&self, statement: &str) -> Result<(), ReadError> {
        self.schema.require_for(&self.database, statement)
    }

    pub(super) fn unknown_client(&self, client: ClientId) -> ReadError {
        ReadError::UnknownClient { place: self.database.place().to_owned(), client }
    }

    /// A text column that must contain an organization id.
    pub(super) fn org_id(
        &self,
        table: &'static str,
        column: &'static str,
        text: &str,
    ) -> Result<OrgId, ReadError> {
        OrgId::new(text).map_err(|cause| ReadError::InvalidId {
            place: self.database.place().to_owned(),
            table,
            column,
            cause,
        })
    }
}
