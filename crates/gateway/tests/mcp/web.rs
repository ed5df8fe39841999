//! `Web`: the service with `/mcp`, before a double of Odoo.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use erp_db::{Database, ErpReader, ErpSource};
use gateway::http::{Gateway, Mcp, MemoryCredentials, Parts, Server, Settings, hash_password};
use odoo_double::{Behaviour, OdooDouble};
use reqwest::{RequestBuilder, Response};
use rmcp::RoleClient;
use rmcp::model::{CallToolRequestParams, ProtocolVersion};
use rmcp::service::{ClientInitializeError, ClientLifecycleMode, ClientServiceExt, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::{Value, json};
use session::{MemoryStore, Options, SessionManager, SystemClock};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::support::double;

pub(crate) const ADMIN: &str = "the token of the administrator's agent";
pub(crate) const DEMO: &str = "the token of the demonstrator's agent 1";

pub(crate) struct Web {
    pub(crate) double: OdooDouble,
    pub(crate) address: SocketAddr,
    http: reqwest::Client,
    stop: oneshot::Sender<()>,
    server: tokio::task::JoinHandle<()>,
    _folder: TempDir,
}

/// An entry of the file of principals.
pub(crate) fn principal(name: &str, token: &str, settings: &Value) -> Value {
    let hash: String = Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"name": name, "token_sha256": hash, "settings": settings})
}

/// Settings with two principals, of which the first has the given mode. `more` is merged into the file.
pub(crate) fn settings(double: &OdooDouble, mode: &str, more: &Value) -> Settings {
    let admin = json!({"ODOO_USER": "admin", "ODOO_PASSWORD": "<password>", "ODOO_YOLO": mode,
                       "ODOO_MCP_ENABLE_STATS": "true"});
    let demo = json!({"ODOO_USER": "demo", "ODOO_API_KEY": "<key of demo>", "ODOO_YOLO": "read"});
    let mut file = json!({
        "settings": {"ODOO_URL": double.url(), "ODOO_DB": "odoo"},
        "principals": [principal("admin", ADMIN, &admin), principal("demo", DEMO, &demo)],
    });
    file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut settings = Settings::default();
    settings.mcp = Some(Mcp::from_json(&file.to_string()).unwrap());
    settings
}

impl Web {
    /// Starts a service with two principals: one with all rights, one that is read-only.
    pub(crate) async fn start() -> Self {
        Self::with(double(Behaviour::default()).await, json!({})).await
    }

    /// Starts the same service with more members in the file of principals.
    pub(crate) async fn with(double: OdooDouble, more: Value) -> Self {
        let settings = settings(&double, "true", &more);
        Self::serve(double, settings).await
    }

    /// Starts a service with the given settings.
    pub(crate) async fn serve(double: OdooDouble, settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("erp.db");
        erp_import::demo::create(&file).await.unwrap();
        let reader = ErpReader::open(Database::open_file(&file).await.unwrap()).await.unwrap();
        let clock = Arc::new(SystemClock::default());
        let source = Arc::new(ErpSource::new(reader.clone()));
        let store = Arc::new(MemoryStore::new(Arc::clone(&clock) as _));
        let credentials = MemoryCredentials::shared([], &hash_password("an unused password").unwrap());
        let gateway = Gateway::new(Parts {
            backend: reader.into(),
            manager: SessionManager::new(Arc::clone(&source), store, Options::default()),
            source,
            credentials: Box::new(credentials),
            assertions: None,
            settings,
            clock,
        });
        let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = server.address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(server.run(gateway, async {
            drop(stopped.await);
        }));
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Web { double, address, http, stop, server, _folder: folder }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// Stops the service, and waits for the shutdown to complete.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.server.await.unwrap();
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("http://{}{path}", self.address))
    }

    /// A request with an MCP message, without a token.
    pub(crate) fn post(&self, message: &Value) -> RequestBuilder {
        let request = self.http.post(self.url()).json(message);
        request.header("accept", "application/json, text/event-stream")
    }

    /// Creates an MCP session. Returns its id.
    pub(crate) async fn session(&self, token: &str) -> String {
        let answer = self.post(&initialize()).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let id = answer.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let request = self.post(&ready).bearer_auth(token).header("mcp-session-id", &id);
        assert_eq!(request.send().await.unwrap().status(), 202);
        id
    }

    /// Connects the Rust SDK's client, by discovery or by the older initialization.
    pub(crate) async fn client(
        &self,
        token: &str,
        discover: bool,
    ) -> Result<RunningService<RoleClient, ()>, ClientInitializeError> {
        let config = StreamableHttpClientTransportConfig::with_uri(self.url()).auth_header(token);
        let transport = StreamableHttpClientTransport::with_client(self.http.clone(), config);
        let lifecycle = if discover {
            ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
        } else {
            ClientLifecycleMode::Initialize
        };
        ().serve_with_lifecycle(transport, lifecycle).await
    }
}

pub(crate) fn initialize() -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
    })
}

pub(crate) fn call(tool: &str, arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

/// Calls a tool, which must succeed, and returns its structured content.
pub(crate) async fn ask(
    client: &RunningService<RoleClient, ()>,
    tool: &'static str,
    arguments: Value,
) -> Value {
    let arguments = arguments.as_object().unwrap().clone();
    let request = CallToolRequestParams::new(tool).with_arguments(arguments);
    let result = client.call_tool(request).await.unwrap();
    assert_eq!(result.is_error, Some(false), "{result:?}");
    result.structured_content.unwrap()
}

/// The encoding of an answer, and its body.
pub(crate) async fn body(response: Response) -> (String, Vec<u8>) {
    let encoding = response.headers().get("content-encoding");
    let encoding = encoding.map_or_else(String::new, |it| it.to_str().unwrap().to_owned());
    (encoding, response.bytes().await.unwrap().to_vec())
}
