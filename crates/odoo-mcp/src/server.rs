//! `OdooServer`: the MCP server for one user of one database.

use core::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use model_metadata::SystemClock;
use odoo::{ConfigError, OdooClient, OdooConfig};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::protocol::{self, Handler, HttpOptions, HttpService, Reader, Writer};
use crate::service::Service;
use crate::tool::Entry;
use crate::{Caches, McpSettings, ServeError, StreamOptions, tools};

/// Serves one user of one database over the Model Context Protocol. Clones share their state.
#[derive(Clone)]
pub struct OdooServer {
    service: Arc<Service>,
    entries: Arc<[Entry]>,
}

impl OdooServer {
    /// A server for one user, with caches that all servers of the process share. Sends nothing to Odoo yet.
    ///
    /// # Errors
    /// [`ConfigError`] if the URL or the trusted certificates are invalid.
    pub fn new(config: OdooConfig, settings: McpSettings, caches: &Caches) -> Result<Self, ConfigError> {
        let records = Arc::clone(&caches.records);
        let client = OdooClient::with_parts(config, records, Arc::new(SystemClock::new()))?;
        let entries = tools::all(&settings).into();
        let service = Service::new(client, Arc::clone(&caches.metadata), settings);
        Ok(OdooServer { service: Arc::new(service), entries })
    }

    /// A service for streamable HTTP. The caller must authenticate requests.
    #[must_use]
    pub fn http(&self, options: &HttpOptions) -> HttpService {
        HttpService::new(Handler::new(Arc::clone(&self.service), Arc::clone(&self.entries)), options)
    }

    /// Serves standard input and output until the client disconnects. The login to Odoo starts at once, in
    /// parallel to `initialize`. If it fails, the first call that needs it returns the error.
    ///
    /// # Errors
    /// [`ServeError`] if the client violates the protocol.
    pub fn serve_stdio(&self, options: StreamOptions) -> BoxFuture<'static, Result<(), ServeError>> {
        let (reader, writer) = protocol::stdio();
        self.serve(reader, writer, options)
    }

    /// Serves one client over a pair of streams, with one message per line.
    ///
    /// # Errors
    /// [`ServeError`] if the client violates the protocol.
    pub fn serve(
        &self,
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
        options: StreamOptions,
    ) -> BoxFuture<'static, Result<(), ServeError>> {
        // Boxed, so that the protocol is compiled here and not in each crate that calls this.
        let (reader, writer): (Reader, Writer) = (Box::new(reader), Box::new(writer));
        let service = Arc::clone(&self.service);
        let handler = Handler::new(Arc::clone(&self.service), Arc::clone(&self.entries));
        async move {
            let login = tokio::spawn(async move { service.client.scope().await.is_ok() });
            let served = handler.serve_lines(reader, writer, &options).await;
            login.abort();
            served
        }
        .boxed()
    }
}

impl fmt::Debug for OdooServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OdooServer").field("settings", &self.service.settings).finish_non_exhaustive()
    }
}
