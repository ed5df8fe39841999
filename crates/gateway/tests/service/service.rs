//! `Service`, a running service for one test, and `Answer`, one of its responses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use erp_db::{AutomaticRolesPolicy, ErpSource, SqlStore};
use gateway::http::{Gateway, Parts, Server, Settings, hash_password};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use session::{Clock, ManualClock, Options, OsEntropy, SessionManager, UserId};
use tokio::sync::oneshot;

use crate::databases::Databases;
use crate::front_end::FrontEnd;
use crate::openapi_schema::assert_described;

/// The client with a tree of eight organizations, and its users.
pub(crate) const FOOD: &str = "23C59575B9CF467C9620760EB255B389";
/// Its administrator.
pub(crate) const ADMIN: &str = "F&BAdmin";
/// A user with several roles.
pub(crate) const SPAIN: &str = "F&BESUser";
pub(crate) const SPAIN_ID: &str = "167450A5BB284AB29C4FEF039E98C963";
/// Two of that user's roles.
pub(crate) const SALES: &str = "E03ED4A0056340678C3D6A3BA183F941";
pub(crate) const WAREHOUSE: &str = "5D9DF947C6904FF0AA78AEB1D8E59375";
/// Spain's organization, a child of it, and the organization of the United States.
pub(crate) const ESPANA: &str = "B843C30461EA4501935CB1D125C9C25A";
pub(crate) const NORTE: &str = "E443A31992CB4635AFCAEABE7183CE85";
pub(crate) const US: &str = "2E60544D37534C0B89E765FE29BC0B43";
/// Another client, and its administrator.
pub(crate) const QA: &str = "4028E6C72959682B01295A070852010D";
pub(crate) const QA_ADMIN: &str = "QAAdmin";
/// The instance administrator.
pub(crate) const OPENBRAVO: &str = "Openbravo";

pub(crate) const PASSWORD: &str = "a password of the tests";

pub(crate) struct Service {
    databases: Databases,
    address: SocketAddr,
    pub(crate) gateway: Gateway,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) front_end: FrontEnd,
    /// The session store, if it is a database.
    pub(crate) stored: Option<Arc<dyn SqlStore>>,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<()>>,
}

impl Service {
    /// Starts on sample rows in SQLite, with sessions in memory.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_on(&Databases::memory().await, change).await
    }

    /// Starts on the given databases. Several services may share them, as the nodes of a cluster do.
    pub(crate) async fn start_on(databases: &Databases, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_trusting(FrontEnd::default(), databases, change).await
    }

    pub(crate) async fn start_trusting(
        front_end: FrontEnd,
        databases: &Databases,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let reader = databases.reader().await;
        let stored = databases.store().await;
        let users: Vec<UserId> = reader.users().await.unwrap().iter().map(|user| user.id).collect();
        // The user named System has no password.
        let users = users.into_iter().filter(|user| *user != UserId::ZERO).collect();
        let credentials = databases.credentials(users, &hash_password(PASSWORD).unwrap()).await;

        let mut settings = Settings::default();
        settings.instance_admins = vec![UserId::new("100").unwrap()];
        change(&mut settings);
        let clock = Arc::new(ManualClock::default());
        let source = Arc::new(ErpSource::new(reader.clone()));
        let manager = SessionManager::with_seams(
            Arc::clone(&source),
            Databases::or_memory(stored.clone(), &(Arc::clone(&clock) as Arc<dyn Clock>)),
            Options::default().with(|options| {
                options.automatic_roles = reader.automatic_roles(AutomaticRolesPolicy::Detect).rule;
            }),
            Arc::clone(&clock) as _,
            Arc::new(OsEntropy),
        );
        let gateway = Gateway::new(Parts {
            backend: reader.into(),
            source,
            manager,
            credentials,
            assertions: stored.clone().map(|store| front_end.assertions(store)),
            settings,
            clock: Arc::clone(&clock) as _,
        });
        let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = server.address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = server.run(gateway.clone(), async {
            drop(stopped.await);
        });
        let served = Some(tokio::spawn(serving));
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        let databases = databases.clone();
        Service { databases, address, gateway, clock, front_end, stored, client, stop: Some(stop), served }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the ERP's rows without telling the service.
    pub(crate) async fn execute(&self, statements: &str) {
        self.databases.execute(statements).await;
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> RequestBuilder {
        self.request(Method::POST, path).json(&body)
    }

    /// Logs in, which must succeed, and returns the token.
    pub(crate) async fn token(&self, user: &str) -> String {
        self.token_as(json!({"user": user, "password": PASSWORD})).await
    }

    pub(crate) async fn token_as(&self, form: Value) -> String {
        let answer = Answer::fetch(self.post("/v1/login", form)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// Stops the service as Ctrl-C does, and waits for the shutdown to complete.
    pub(crate) async fn stop(&mut self) {
        self.begin_to_stop();
        self.served.take().unwrap().await.unwrap();
    }

    pub(crate) fn begin_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }
}

/// An answer, read completely.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// Sends a request. Asserts that the answer conforms to the OpenAPI document.
    pub(crate) async fn fetch(request: RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let answer = Self::read(client.execute(request).await.unwrap()).await;
        // The OpenAPI document describes the uncompressed body.
        if answer.header("content-encoding").is_empty() {
            assert_described(&method, &path, answer.status, answer.header("content-type"), &answer.text);
        }
        answer
    }

    pub(crate) async fn with_token(request: RequestBuilder, token: &str) -> Self {
        Self::fetch(request.bearer_auth(token)).await
    }

    async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        let answer = Answer { status: status.as_u16(), headers, text };
        if status.is_client_error() || status.is_server_error() {
            answer.assert_problem(status);
        }
        answer
    }

    /// Asserts the shape that all error answers share.
    fn assert_problem(&self, status: StatusCode) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], status.as_u16());
        assert_eq!(problem["title"], status.canonical_reason().unwrap());
        assert!(problem["type"].as_str().unwrap().starts_with("urn:orgcache:problem:"), "{problem}");
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        if [429, 503].contains(&status.as_u16()) {
            assert!(self.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{problem}");
        }
        for internal in ["erp.db", "sessions.db", "sqlite", "postgres", "SELECT", "src/", "panicked"] {
            assert!(!self.text.contains(internal), "{}", self.text);
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts the status and the problem code of a refusal. Returns the problem.
    pub(crate) fn assert_refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:orgcache:problem:{code}"), "{problem}");
        problem
    }
}
