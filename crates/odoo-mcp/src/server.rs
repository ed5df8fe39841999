//! `OdooServer`: one user of one database, served.

use core::fmt;
use std::sync::Arc;

use odoo::OdooClient;

use crate::protocol::Handler;
use crate::service::Service;
use crate::tool::Entry;
use crate::{ServeError, Settings, tools};

/// Serves one user of one database by the Model Context Protocol. Clones share everything.
#[derive(Clone)]
pub struct OdooServer {
    service: Arc<Service>,
    entries: Arc<[Entry]>,
}

impl OdooServer {
    /// A server for the user of a client. Nothing is sent to Odoo yet.
    #[must_use]
    pub fn new(client: OdooClient, settings: Settings) -> Self {
        let entries = tools::all(&settings).into();
        OdooServer { service: Arc::new(Service::new(client, settings)), entries }
    }

    /// Serves standard input and output until the client is gone. The login to Odoo begins at once, beside the
    /// protocol's own beginning; if it fails, the first call that needs it tells so.
    ///
    /// # Errors
    /// [`ServeError`] if the client does not keep to the protocol.
    pub async fn serve_stdio(&self) -> Result<(), ServeError> {
        let service = Arc::clone(&self.service);
        let login = tokio::spawn(async move { service.client.scope().await.is_ok() });
        let served = Handler::new(Arc::clone(&self.service), Arc::clone(&self.entries)).serve_stdio().await;
        login.abort();
        served
    }
}

impl fmt::Debug for OdooServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OdooServer").field("settings", &self.service.settings).finish_non_exhaustive()
    }
}
