//! `ErpSource`: what a login asks the ERP.

mod automatic_roles;
mod facts;
mod role;
mod roles;

use org_structure::OrgStructure;
use session::{ClientId, Facts, LoadedTree, OrgSource, PortError, Principal, Revision, async_trait};

use crate::erp::{ErpReader, ReadError};
use crate::revisions::Counters;

pub use automatic_roles::{AutomaticRolesPolicy, DetectedAutomaticRoles};
pub use roles::{ClientRoles, DamagedRole, NamedRole};

/// Answers the questions of [`session::SessionManager`] from an ERP's own tables. It only ever reads.
///
/// The database must be the primary one, not a replica: a login must see what was committed before it began.
///
/// Where [`revisions`](crate::revisions) are kept, a login on an unchanged tree costs one small read of them.
/// Where not, the tree is read by every login that cannot share somebody else's, and known by its
/// fingerprint.
///
/// Sessions follow the ERP's rule for automatic roles if the manager is told which one that is: pass
/// [`ErpReader::automatic_roles`] to [`session::Options`]. Without it, only access rows count.
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
pub struct ErpSource {
    reader: ErpReader,
    counters: Counters,
}

impl ErpSource {
    /// Answers from what a reader reads.
    #[must_use]
    pub fn new(reader: ErpReader) -> Self {
        let counters = Counters::new(reader.database().clone());
        ErpSource { reader, counters }
    }

    /// The reader.
    #[must_use]
    pub fn reader(&self) -> &ErpReader {
        &self.reader
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
        Ok(self.counters.revision(client.as_str()).await?.map(Revision::from_bits))
    }

    async fn load_tree(&self, client: &ClientId) -> Result<LoadedTree, PortError> {
        let before = self.revision(client).await?;
        let loaded = match self.reader.load_tree(client.as_str()).await {
            Ok(tree) => LoadedTree::new(tree.structure, None).with_findings(tree.findings),
            // Not there is no error here, and has no organizations.
            Err(ReadError::UnknownClient { .. }) => LoadedTree::new(OrgStructure::default(), None),
            Err(error) => return Err(error.into()),
        };
        // A change in between makes the tree newer than the revision. That one may come back, if the database
        // is set back to the moment before the change, and must not name this tree then.
        let revision = match before {
            Some(_) => self.revision(client).await?.filter(|after| before == Some(*after)),
            None => None,
        };
        Ok(loaded.with_revision(revision))
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        let facts = facts::read(&self.reader, principal).await?;
        Ok(Facts::Openbravo(Box::new(facts)))
    }
}
