//! `OdooServer`: one user of one database, served.

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

/// Serves one user of one database by the Model Context Protocol. Clones share everything.
#[derive(Clone)]
pub struct OdooServer {
    service: Arc<Service>,
    entries: Arc<[Entry]>,
}

impl OdooServer {
    /// A server for one user, with caches that it shares with the other servers of the process. Nothing is
    /// sent to Odoo yet.
    ///
    /// # Errors
    /// [`ConfigError`] if the URL or the trusted certificates cannot be used.
    pub fn new(config: OdooConfig, settings: McpSettings, caches: &Caches) -> Result<Self, ConfigError> {
        let records = Arc::clone(&caches.records);
        let client = OdooClient::with_parts(config, records, Arc::new(SystemClock::new()))?;
        let entries = tools::all(&settings).into();
        let service = Service::new(client, Arc::clone(&caches.metadata), settings);
        Ok(OdooServer { service: Arc::new(service), entries })
    }

    /// Answers by streamable HTTP. The caller must have authenticated the request.
    #[must_use]
    pub fn http(&self, options: &HttpOptions) -> HttpService {
        HttpService::new(Handler::new(Arc::clone(&self.service), Arc::clone(&self.entries)), options)
    }

    /// Serves standard input and output until the client is gone. The login to Odoo starts at once, in
    /// parallel to `initialize`; if it fails, the first call that needs it returns the error.
    ///
    /// # Errors
    /// [`ServeError`] if the client does not keep to the protocol.
    pub fn serve_stdio(&self, options: StreamOptions) -> BoxFuture<'static, Result<(), ServeError>> {
        let (reader, writer) = protocol::stdio();
        self.serve(reader, writer, options)
    }

    /// Serves one client that writes its messages to a stream, one a line, and reads the answers from
    /// another.
    ///
    /// # Errors
    /// [`ServeError`] if the client does not keep to the protocol.
    pub fn serve(
        &self,
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
        options: StreamOptions,
    ) -> BoxFuture<'static, Result<(), ServeError>> {
        // Boxed, the protocol is compiled here, and not in every crate that calls.
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
