//! `Node`: an instance, which is a process of the real program, and an HTTP client for it.

use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, Method};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::world::{PASSWORD, World};

/// Timeout of the client. A request that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(60);

/// A running instance. Dropping it kills the process.
pub(crate) struct Node {
    child: Child,
    _out: BufReader<ChildStdout>,
    stderr: NamedTempFile,
    pub(crate) endpoint: Endpoint,
}

impl Node {
    /// Starts on the world's database, which holds the ERP's rows, the sessions and the passwords.
    pub(crate) async fn start(world: &World) -> Self {
        Self::start_with(world, &["--store-url", &world.url]).await
    }

    /// Starts with other options for sessions and passwords.
    pub(crate) async fn start_with(world: &World, options: &[&str]) -> Self {
        Self::start_over(world, &world.url, options).await
    }

    /// Starts with another URL for the ERP.
    pub(crate) async fn start_over(world: &World, database_url: &str, options: &[&str]) -> Self {
        // A pipe without a reader would fill up and block the program.
        let stderr = NamedTempFile::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_orgcache"))
            .args(["serve", "--listen", "127.0.0.1:0", "--database-url", database_url])
            .args(options)
            .env_clear()
            .env("HOME", world.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr.reopen().unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).await.unwrap();
        let address = line
            .trim()
            .strip_prefix("orgcache listens on ")
            .unwrap_or_else(|| panic!("`{line}` {}", std::fs::read_to_string(stderr.path()).unwrap()));
        let client = Client::builder().no_proxy().timeout(LONGEST).build().unwrap();
        Node { child, endpoint: Endpoint { client, address: address.to_owned() }, _out: out, stderr }
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(self) -> Termination {
        let pid = Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        Termination { child: self.child, _out: self._out, stderr: self.stderr }
    }

    /// `kill -9`.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// A process that has received SIGTERM.
pub(crate) struct Termination {
    child: Child,
    _out: BufReader<ChildStdout>,
    stderr: NamedTempFile,
}

impl Termination {
    /// Waits for the process. Returns its exit status and its log.
    pub(crate) async fn wait(mut self) -> (Option<i32>, String) {
        let status = tokio::time::timeout(LONGEST, self.child.wait()).await.unwrap().unwrap();
        (status.code(), std::fs::read_to_string(self.stderr.path()).unwrap())
    }
}

/// A client of an instance.
#[derive(Clone)]
pub(crate) struct Endpoint {
    client: Client,
    address: String,
}

/// A status and a body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn token(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body["token"].as_str().unwrap().to_owned()
    }
}

impl Endpoint {
    /// Sends a request. Fails if the connection fails or breaks.
    pub(crate) async fn try_ask(
        &self,
        (method, path): (Method, &str),
        token: &str,
        body: Option<&Value>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.client.request(method, format!("{}{path}", self.address));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await?;
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }

    async fn ask(&self, what: (Method, &str), token: &str, body: Option<&Value>) -> Answer {
        self.try_ask(what, token, body).await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    pub(crate) async fn try_log_in(&self, user: &str) -> Result<Answer, reqwest::Error> {
        let form = json!({"user": user, "password": PASSWORD});
        self.try_ask((Method::POST, "/v1/login"), "", Some(&form)).await
    }

    pub(crate) async fn log_in(&self, form: Value) -> Answer {
        self.ask((Method::POST, "/v1/login"), "", Some(&form)).await
    }

    /// Logs in, which must succeed, and returns the token.
    pub(crate) async fn token(&self, user: &str) -> String {
        self.try_log_in(user).await.unwrap().token()
    }

    pub(crate) async fn log_out(&self, token: &str) -> u16 {
        self.ask((Method::POST, "/v1/logout"), token, None).await.status
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask((Method::GET, path), token, None).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.ask((Method::POST, path), token, Some(body)).await
    }

    /// The status of a request that is answered only from pinned data.
    pub(crate) async fn status(&self, token: &str) -> u16 {
        self.get("/v1/session/writable", token).await.status
    }

    /// The value of a metric without labels.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let response = self.client.get(format!("{}/metrics", self.address)).send().await.unwrap();
        let text = response.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }
}
