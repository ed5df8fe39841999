//! `ServedErp`: the ERP of the service: a database, the demonstration, Odoo, or none.

use std::sync::Arc;
use std::time::Duration;

use erp_db::{ConnectionLimits, ErpReader, ErpSource, Purpose, StoreOptions};
use org_structure::OrgStructure;
use session::openbravo::AutomaticRoles;
use session::{ClientId, Facts, LoadedTree, OrgSource, PortError, Principal, Revision, UserId, async_trait};

use super::Subject;
use crate::backend::Backend;
use crate::cli::{ErpArguments, ServeArguments};
use crate::commands::rights;
use crate::demo;
use crate::failure::Failure;

/// The ERP of the service.
pub(super) struct ServedErp {
    pub(super) backend: Backend,
    pub(super) source: Arc<dyn OrgSource>,
    /// The rule for automatic roles, and the reason for it.
    pub(super) rule: AutomaticRoles,
    pub(super) reason: &'static str,
}

impl ServedErp {
    /// Checks the grants in both databases, then opens the ERP.
    pub(super) async fn open(
        erp: &ErpArguments,
        store: Option<&StoreOptions>,
        arguments: &ServeArguments,
    ) -> Result<Self, Failure> {
        let (backend, source): (_, Arc<dyn OrgSource>) = match Subject::from_arguments(erp, arguments) {
            Subject::Database | Subject::Demonstration => {
                let reader = open_erp(erp, store, arguments).await?;
                let automatic_roles = reader.automatic_roles(arguments.rights.automatic_roles.into());
                return Ok(ServedErp {
                    source: Arc::new(ErpSource::new(reader.clone())),
                    backend: reader.into(),
                    rule: automatic_roles.rule,
                    reason: automatic_roles.reason,
                });
            }
            Subject::Odoo(url) => {
                rights::check(None, store, purpose(arguments)).await?;
                let companies = erp.odoo.connect(url).await?;
                (Backend::Odoo(Arc::clone(&companies)), companies)
            }
            Subject::McpAlone => (Backend::Absent, Arc::new(NoOrganizations)),
        };
        Ok(ServedErp { backend, source, rule: AutomaticRoles::default(), reason: "there are no roles" })
    }
}

/// A source without organizations, for a service without an ERP and so without sessions.
#[derive(Debug)]
struct NoOrganizations;

#[async_trait]
impl OrgSource for NoOrganizations {
    async fn revision(&self, _: &ClientId) -> Result<Option<Revision>, PortError> {
        Ok(None)
    }

    async fn load_tree(&self, _: &ClientId) -> Result<LoadedTree, PortError> {
        Ok(LoadedTree::new(OrgStructure::default(), None))
    }

    async fn facts(&self, _: &Principal) -> Result<Facts, PortError> {
        Ok(Facts::Companies(None))
    }
}

/// What the service needs from the databases, to check its grants.
pub(crate) fn purpose(arguments: &ServeArguments) -> Purpose {
    Purpose::Service { erp_passwords: arguments.erp_passwords }
}

/// Limits that make a login fail instead of hang while the ERP's database does not answer.
pub(crate) fn limits() -> ConnectionLimits {
    ConnectionLimits { acquire: Duration::from_secs(2), ..ConnectionLimits::default() }
}

/// Checks the grants in both databases, then opens the ERP's database.
pub(crate) async fn open_erp(
    erp: &ErpArguments,
    store: Option<&StoreOptions>,
    arguments: &ServeArguments,
) -> Result<ErpReader, Failure> {
    let database = demo::connect(erp.database_url.as_deref(), limits()).await?;
    rights::check(Some(&database), store, purpose(arguments)).await?;
    let reader = ErpReader::open(database).await?;
    if arguments.erp_passwords {
        // Detect a missing column now, not at the first login.
        reader.password_hash(UserId::ZERO).await?;
    }
    Ok(reader)
}
