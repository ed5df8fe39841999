//! A double of Odoo with contacts, and a server for it that is called by the official SDK's client.

use core::ops::Deref;

use odoo::OdooConfig;
pub(crate) use odoo_double::PARTNERS;
use odoo_double::{Behaviour, OdooDouble};
use odoo_mcp::{Caches, McpSettings, OdooServer, StreamOptions};
use rmcp::model::{ReadResourceRequestParams, ResourceContents};
use rmcp::{ServiceError, ServiceExt};
use tokio::io::DuplexStream;

pub(crate) use crate::client::{ToolClient, text};

/// A client of a server in this process, and the double of Odoo.
pub(crate) struct Agent {
    pub(crate) double: OdooDouble,
    pub(crate) client: ToolClient,
}

impl Deref for Agent {
    type Target = ToolClient;

    fn deref(&self) -> &ToolClient {
        &self.client
    }
}

/// A double with the models that the tests use.
pub(crate) async fn double(behaviour: Behaviour) -> OdooDouble {
    OdooDouble::with_contacts(behaviour).await.unwrap()
}

/// Starts a server for the double; returns the client's end of the stream.
pub(crate) fn begin(double: &OdooDouble, settings: &[(&str, &str)]) -> DuplexStream {
    begin_with(double, settings, StreamOptions::default())
}

/// The same with stream options.
pub(crate) fn begin_with(
    double: &OdooDouble,
    settings: &[(&str, &str)],
    options: StreamOptions,
) -> DuplexStream {
    let server = server(double, settings);
    let (client, stream) = tokio::io::duplex(1 << 16);
    let (reader, writer) = tokio::io::split(stream);
    tokio::spawn(async move { server.serve(reader, writer, options).await });
    client
}

/// A server for the double's administrator; `settings` override the defaults.
pub(crate) fn server(double: &OdooDouble, settings: &[(&str, &str)]) -> OdooServer {
    let url = double.url();
    let defaults =
        [("ODOO_URL", &*url), ("ODOO_DB", "odoo"), ("ODOO_USER", "admin"), ("ODOO_PASSWORD", "<password>")];
    let setting = |name: &str| {
        let setting = settings.iter().chain(&defaults).find(|(known, _)| *known == name);
        setting.map(|(_, value)| (*value).to_owned())
    };
    let config = OdooConfig::from_settings(setting).unwrap();
    let caches = Caches::from_settings(setting).unwrap();
    OdooServer::new(config, McpSettings::from_settings(setting).unwrap(), &caches).unwrap()
}

impl Agent {
    /// An agent with the administrator's password.
    pub(crate) async fn new(settings: &[(&str, &str)]) -> Self {
        Self::with(double(Behaviour::default()).await, settings).await
    }

    /// The same with a given double.
    pub(crate) async fn with(double: OdooDouble, settings: &[(&str, &str)]) -> Self {
        let client = ToolClient::new(().serve(begin(&double, settings)).await.unwrap()).await;
        Agent { double, client }
    }

    /// Reads a resource.
    pub(crate) async fn resource(&self, uri: &str) -> Result<ResourceContents, ServiceError> {
        let mut result = self.client.read_resource(ReadResourceRequestParams::new(uri)).await?;
        assert_eq!(result.contents.len(), 1);
        Ok(result.contents.remove(0))
    }

    /// The number of requests that Odoo has received.
    pub(crate) fn seen(&self) -> usize {
        self.double.seen().len()
    }

    /// The methods that were called on a model, in order.
    pub(crate) fn methods(&self, model: &str) -> Vec<String> {
        let calls = self.double.calls().into_iter().filter(|call| call.model == model);
        calls.map(|call| call.method).collect()
    }
}
