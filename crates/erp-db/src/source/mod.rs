//! `ErpSource`: reads what a login needs from the ERP.

mod automatic_roles;
mod facts;
mod role;
mod roles;
mod statements;
mod tree;

use session::{ClientId, Facts, LoadedTree, OrgSource, PortError, Principal, Revision, async_trait};

use self::tree::TreeReads;
use crate::erp::{ErpReader, ReadError};

pub use automatic_roles::{AutomaticRolesPolicy, DetectedAutomaticRoles};
pub use roles::{ClientRoles, DamagedRole, NamedRole};

/// Answers the questions of [`session::SessionManager`] from an ERP's own tables. It never writes.
///
/// The database must be the primary one, not a replica: a login must see what was committed before it began.
///
/// A login queries the database twice if the tree is unchanged, and three times if it has changed: for the
/// facts, for the tree's revision, and for its rows. If [`revisions`](crate::revisions) are kept, the
/// revision costs one small read. If not, the database computes a digest of the tree's rows, once for all
/// logins that wait at the same time, and sends only the digest.
///
/// To follow the ERP's rule for automatic roles, pass [`ErpReader::automatic_roles`] to [`session::Options`].
/// By default only access rows count.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use erp_db::{Database, ErpReader, ErpSource};
///
/// let database = Database::connect("postgres://reader:secret@db.example.org/openbravo").await?;
/// let source = ErpSource::new(ErpReader::open(database).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ErpSource(TreeReads);

impl ErpSource {
    /// A source over a reader.
    #[must_use]
    pub fn new(reader: ErpReader) -> Self {
        ErpSource(TreeReads::new(reader))
    }

    /// The reader.
    #[must_use]
    pub fn reader(&self) -> &ErpReader {
        self.0.reader()
    }
}

impl From<ReadError> for PortError {
    fn from(error: ReadError) -> Self {
        if error.is_transient() { Self::transient(error) } else { Self::permanent(error) }
    }
}

#[async_trait]
impl OrgSource for ErpSource {
    async fn revision(&self, client: &ClientId) -> Result<Option<Revision>, PortError> {
        Ok(self.0.revision(*client).await?)
    }

    async fn load_tree(&self, client: &ClientId) -> Result<LoadedTree, PortError> {
        Ok(self.0.load(*client).await?)
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        let facts = facts::read(self.reader(), principal).await?;
        Ok(Facts::Openbravo(Box::new(facts)))
    }
}
