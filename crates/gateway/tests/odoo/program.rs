//! `Program`: the real program with options for an Odoo double.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use odoo_double::OdooDouble;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};

/// The environment of the program, with a temporary home.
pub(crate) struct Program {
    pub(crate) home: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Program {
    /// Uses a double, whose companies are loaded with the administrator's key.
    pub(crate) fn over(double: &OdooDouble) -> Self {
        Self::loaded_by(double, "admin", &OdooDouble::key_of("admin"))
    }

    pub(crate) fn loaded_by(double: &OdooDouble, login: &str, secret: &str) -> Self {
        let variables = vec![
            ("ORGCACHE_ODOO_URL", double.url()),
            ("ORGCACHE_ODOO_DB", "odoo".to_owned()),
            ("ORGCACHE_ODOO_LOADER_USER", login.to_owned()),
            ("ORGCACHE_ODOO_LOADER_KEY", secret.to_owned()),
        ];
        Program { home: tempfile::tempdir().unwrap(), variables }
    }

    /// Uses no Odoo and no database.
    pub(crate) fn alone() -> Self {
        Program { home: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// Sets or replaces an environment variable.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.retain(|(existing, _)| *existing != name);
        self.variables.push((name, value.to_owned()));
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orgcache"));
        command.args(arguments).env_clear().env("HOME", self.home.path());
        command.env("ORGCACHE_LISTEN", "127.0.0.1:0").envs(self.variables.iter().cloned());
        command
    }

    /// Runs the program to completion, on another thread so that the double can answer meanwhile.
    pub(crate) async fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        let input = input.to_owned();
        let run = move || {
            let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = piped.spawn().unwrap();
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
            child.wait_with_output().unwrap()
        };
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    /// Runs the program, which must succeed, and returns its output.
    pub(crate) async fn print(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "").await;
        let (out, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{out}");
        out
    }

    /// Runs the program, which must fail with status 2, and returns its error output.
    pub(crate) async fn fail(&self, arguments: &[&str]) -> String {
        self.fail_as(2, arguments).await
    }

    /// Runs the program, which must fail with the given status, and returns its error output.
    pub(crate) async fn fail_as(&self, status: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments, "").await;
        let stderr = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(status), ""), "{stderr}");
        stderr
    }

    /// Starts the service and reads its greeting.
    pub(crate) async fn serve(&self, arguments: &[&str]) -> Service {
        let stderr = NamedTempFile::new().unwrap();
        let mut command = self.command(&[&["serve"], arguments].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr.reopen().unwrap());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let (greeting, out) = tokio::task::spawn_blocking(move || {
            let mut greeting = String::new();
            while !greeting.ends_with("Ctrl-C stops it.\n") && out.read_line(&mut greeting).unwrap() > 0 {}
            (greeting, out)
        })
        .await
        .unwrap();
        let address = greeting.lines().next().and_then(|line| line.strip_prefix("orgcache listens on "));
        let address = address
            .unwrap_or_else(|| panic!("{greeting}{}", std::fs::read_to_string(stderr.path()).unwrap()));
        let client = Client::builder().no_proxy().build().unwrap();
        Service { child, _out: out, stderr, address: address.to_owned(), greeting, client }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A running service. Dropping it kills the process.
pub(crate) struct Service {
    child: Child,
    /// Kept open because the program may write to it.
    _out: BufReader<ChildStdout>,
    stderr: NamedTempFile,
    pub(crate) address: String,
    pub(crate) greeting: String,
    client: Client,
}

impl Drop for Service {
    fn drop(&mut self) {
        // Fails only if the program has already exited.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Service {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address))
    }

    /// Logs a user in. Returns the status and the answer.
    pub(crate) async fn log_in(&self, user: &str, password: &str) -> (u16, Value) {
        let form = json!({"user": user, "password": password});
        answer(self.request(Method::POST, "/v1/login").json(&form)).await
    }

    pub(crate) async fn token(&self, user: &str, password: &str) -> String {
        let (status, answer) = self.log_in(user, password).await;
        assert_eq!(status, 200, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path).bearer_auth(token)).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> (u16, Value) {
        answer(self.request(Method::POST, path).bearer_auth(token).json(&body)).await
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.stderr.path()).unwrap()
    }
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Creates a file that only its owner may read.
pub(crate) fn secret_file(folder: &Path, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt;

    let file = folder.join("secret");
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    file.to_str().unwrap().to_owned()
}
