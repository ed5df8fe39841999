//! `Service`: `orgcache serve` on the demonstration database, and `Visitor`, a client beside the page.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use odoo_double::OdooDouble;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};
use tempfile::TempDir;

use crate::browser::{POLL_INTERVAL, TIMEOUT};

/// The client administrator of the demonstration.
pub(crate) const ADMIN: &str = "F&BAdmin";
/// A user of the same client without administrator rights.
pub(crate) const USER: &str = "F&BUSUser";
pub(crate) const USER_ID: &str = "5A79667096964E83A6985D549C988275";
/// The instance administrator.
pub(crate) const INSTANCE_ADMIN: &str = "Openbravo";
/// The administrator of the generated client, and one of its users.
pub(crate) const GENERATED_ADMIN: &str = "GeneratedAdmin";
pub(crate) const GENERATED_USER: &str = "GeneratedCountry01";
/// The password of all of them.
pub(crate) const PASSWORD: &str = "orgcache";

/// Organizations of the demonstration.
pub(crate) const GROUP: &str = "19404EAD144C49A0AF37D54377CF452D";
/// The organization with which the client administrator signs in.
pub(crate) const NORTE: &str = "E443A31992CB4635AFCAEABE7183CE85";
pub(crate) const US: &str = "2E60544D37534C0B89E765FE29BC0B43";
pub(crate) const US_WEST: &str = "BAE22373FEBE4CCCA24517E23F0C8A48";
/// The client of these organizations, and its tree.
pub(crate) const CLIENT: &str = "23C59575B9CF467C9620760EB255B389";
pub(crate) const TREE: &str = "28449865CD75486CAE52ED581311027B";

/// A running service with its own home folder and database.
pub(crate) struct Service {
    home: TempDir,
    process: Process,
    pub(crate) address: String,
}

/// A running process. Dropping it kills the process.
struct Process {
    child: Child,
    /// Kept open because the program may write to it.
    _output: BufReader<ChildStdout>,
}

impl Service {
    /// Starts the service on the demonstration database.
    pub(crate) fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let (process, address) = serve(&home, "127.0.0.1:0").unwrap();
        Service { home, process, address }
    }

    /// Starts the service as if a proxy terminated TLS, at an address that browsers do not treat as local.
    pub(crate) fn start_without_the_proxy() -> Self {
        let home = tempfile::tempdir().unwrap();
        let (process, address) = serve_with(&home, "127.0.0.1:0", &["--behind-tls"]).unwrap();
        Service { home, process, address: address.replace("127.0.0.1", "0.0.0.0") }
    }

    /// Starts the service on an Odoo double.
    pub(crate) async fn start_over(odoo: &OdooDouble) -> Self {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("key");
        std::fs::write(&file, OdooDouble::key_of("admin")).unwrap();
        let (url, file) = (odoo.url(), file.to_str().unwrap().to_owned());
        let start = move || {
            let options =
                ["--odoo-url", &url, "--odoo-loader-user", "admin", "--odoo-loader-key-file", &file];
            let (process, address) = serve_with(&home, "127.0.0.1:0", &options).unwrap();
            Service { home, process, address }
        };
        // On another thread, so that the double can answer.
        tokio::task::spawn_blocking(start).await.unwrap()
    }

    /// Runs statements on the demonstration database, then starts the service.
    pub(crate) async fn start_with(statements: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let created =
            command(&home).arg("overview").stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(created.success());
        execute(&home, statements).await;
        let (process, address) = serve(&home, "127.0.0.1:0").unwrap();
        Service { home, process, address }
    }

    /// Changes the database without telling the service, as an ERP does.
    pub(crate) async fn execute(&self, statements: &str) {
        execute(&self.home, statements).await;
    }

    /// Kills the service.
    pub(crate) fn stop(&mut self) {
        self.process.kill();
    }

    /// Restarts the service at the same address. Retries, because the port may still be in use.
    pub(crate) fn start_again(&mut self) {
        let listen = self.address.trim_start_matches("http://").to_owned();
        let started = Instant::now();
        loop {
            match serve(&self.home, &listen) {
                Ok((process, _)) => {
                    self.process = process;
                    return;
                }
                Err(output) => assert!(started.elapsed() < TIMEOUT, "{output}"),
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// Logs a user in without the page.
    pub(crate) async fn log_in(&self, user: &str) -> Visitor {
        let client = reqwest::Client::new();
        let login = json!({ "user": user, "password": PASSWORD });
        let answer = client.post(format!("{}/v1/login", self.address)).json(&login).send().await.unwrap();
        let answer: Value = answer.error_for_status().unwrap().json().await.unwrap();
        let part = |pointer| answer.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        Visitor { client, address: self.address.clone(), token: part("/token"), id: part("/session/id") }
    }
}

impl Process {
    fn kill(&mut self) {
        // Fails only if the program has already exited.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A client of the service with its own session.
pub(crate) struct Visitor {
    client: reqwest::Client,
    address: String,
    token: String,
    pub(crate) id: String,
}

impl Visitor {
    /// The status of `GET /v1/session`.
    pub(crate) async fn status(&self) -> u16 {
        let request = self.client.get(format!("{}/v1/session", self.address)).bearer_auth(&self.token);
        request.send().await.unwrap().status().as_u16()
    }

    /// The idle seconds of the client's other sessions, as an administrator sees them.
    pub(crate) async fn idle(&self) -> Vec<u64> {
        let request = self.client.get(format!("{}/v1/admin/sessions", self.address)).bearer_auth(&self.token);
        let answer: Value = request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
        let sessions = answer.pointer("/sessions").and_then(Value::as_array).unwrap();
        let others = sessions.iter().filter(|session| session.get("id") != Some(&json!(self.id)));
        others.map(|session| session.get("idle_seconds").and_then(Value::as_u64).unwrap()).collect()
    }

    /// Ends all sessions of a user, as an administrator.
    pub(crate) async fn end_sessions_of(&self, user: &str) {
        let request =
            self.client.post(format!("{}/v1/admin/sessions/end", self.address)).bearer_auth(&self.token);
        request.json(&json!({ "user": user })).send().await.unwrap().error_for_status().unwrap();
    }
}

fn command(home: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orgcache"));
    command.env_clear().env("HOME", home.path());
    command
}

/// Starts the program and reads its address, or returns its output if it fails.
fn serve(home: &TempDir, listen: &str) -> Result<(Process, String), String> {
    serve_with(home, listen, &[])
}

fn serve_with(home: &TempDir, listen: &str, further: &[&str]) -> Result<(Process, String), String> {
    let mut child = command(home)
        .args(["serve", "--listen", listen])
        .args(further)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let process = Process { child, _output: output };
    let Some((_, address)) = line.trim_end().split_once("listens on ") else {
        return Err(format!("the service does not start: {line}"));
    };
    Ok((process, address.to_owned()))
}

fn database(home: &TempDir) -> PathBuf {
    home.path().join(concat!(".local/share/orgcache/demo-", env!("CARGO_PKG_VERSION"), ".db"))
}

async fn execute(home: &TempDir, statements: &str) {
    let mut database = SqliteConnection::connect(database(home).to_str().unwrap()).await.unwrap();
    database.execute(sqlx::AssertSqlSafe(statements.to_owned())).await.unwrap();
    database.close().await.unwrap();
}
