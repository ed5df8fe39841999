//! `ErpReader`: the questions that an ERP's database answers.

use std::sync::Arc;
use std::time::Duration;

use org_structure::{ClientId, OrgId};

use super::{ReadError, Schema, schema};
use crate::backend::{Database, StatementError};
use crate::rights::{self, MissingRights, Purpose};

/// Reads an Openbravo or Etendo database as it stands. It needs no right but to select from the `ad_*`
/// tables, and works on a file opened with `?mode=ro`.
///
/// Ids are compared byte for byte and lists come in that order, independent of the database's collation.
///
/// Cloning gives another handle to the same database.
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
    /// Looks up once which tables and columns the database has, and makes sure that trees can be read.
    ///
    /// What an ERP got later may be missing: then only the call that needs it says so. A table or column that
    /// is added while the process runs is noticed by the next reader that is opened.
    ///
    /// # Errors
    /// [`ReadError::MissingTable`] or [`ReadError::MissingColumn`] for what every version has, and
    /// [`ReadError::Database`].
    pub async fn open(database: Database) -> Result<Self, ReadError> {
        let schema = Arc::new(Schema::probe(&database).await?);
        let database = database.reading(
            schema.reading_as_texts(database.dialect()),
            schema::bytes_as_they_are(&database).await?,
        );
        let reader = ErpReader { database, schema };
        reader.require_tree()?;
        Ok(reader)
    }

    /// The rights that the database's user lacks for a purpose, by one statement to the catalog. It also
    /// finds tables in schemas of the search path that the user may not use, where [`ErpReader::open`] could
    /// only report them as missing.
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

    /// A reader over the same connections whose statements may take at most `limit`, for optional data that
    /// is not worth a wait.
    #[must_use]
    pub fn with_statement_limit(&self, limit: Duration) -> Self {
        let database = self.database.with_statement_limit(limit);
        ErpReader { database, schema: Arc::clone(&self.schema) }
    }

    /// The database behind this reader.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Whether organizations have time zones in this database (`ad_org.timezone`, since 2023). If not, trees
    /// load without them.
    #[must_use]
    pub fn has_time_zones(&self) -> bool {
        self.schema.has("ad_org", "timezone")
    }

    /// Makes sure that the database has all that a statement reads.
    pub(crate) fn require_for(&self, statement: &str) -> Result<(), ReadError> {
        self.schema.require_for(&self.database, statement)
    }

    pub(super) fn unknown_client(&self, client: ClientId) -> ReadError {
        ReadError::UnknownClient { place: self.database.place().to_owned(), client }
    }

    /// A text of a column that must be an organization id.
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
