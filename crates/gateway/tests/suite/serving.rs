//! `Serving`: a running `orgcache serve`, and requests to it.

use std::io::{BufRead, BufReader, PipeReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::NamedTempFile;

/// A running service. Dropping it kills the process.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) out: BufReader<PipeReader>,
    /// Standard error. A pipe without a reader would fill up and block the program.
    pub(crate) stderr: NamedTempFile,
    pub(crate) address: String,
}

impl Serving {
    /// Starts the program on a free port, and reads the address from its first line.
    pub(crate) fn start(home: &Path, arguments: &[&str]) -> Self {
        Self::start_at(home, arguments, "orgcache listens on http://")
    }

    /// Starts the program, whose first line must begin with `prefix`.
    pub(crate) fn start_at(home: &Path, arguments: &[&str], prefix: &str) -> Self {
        let stderr = NamedTempFile::new().unwrap();
        let (out, writer) = std::io::pipe().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_orgcache"))
            .args(arguments)
            .env_clear()
            .env("HOME", home)
            .env("ORGCACHE_LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(stderr.reopen().unwrap())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(out);
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix(prefix)
            .unwrap_or_else(|| panic!("`{line}` {}", std::fs::read_to_string(stderr.path()).unwrap()));
        let address = address.to_owned();
        Serving { child, out, stderr, address }
    }

    /// Reads the rest of the greeting.
    pub(crate) fn greeting(&mut self) -> String {
        let mut greeting = String::new();
        while !greeting.ends_with("Ctrl-C stops it.\n") {
            assert_ne!(self.out.read_line(&mut greeting).unwrap(), 0, "{greeting}");
        }
        greeting
    }

    pub(crate) fn log_in(&self, user: &str, password: &str) -> String {
        log_in_at(&self.address, user, password)
    }

    /// Sends a request with a token.
    pub(crate) fn with_token(&self, request: &str, token: &str) -> String {
        self.ask(request, &format!("authorization: Bearer {token}\r\n"), "")
    }

    pub(crate) fn ask(&self, request: &str, headers: &str, body: &str) -> String {
        self.ask_as(&self.address, request, headers, body)
    }

    /// Sends a request with the given `Host`.
    pub(crate) fn ask_as(&self, host: &str, request: &str, headers: &str, body: &str) -> String {
        ask_at(&self.address, host, request, headers, body)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Sends a signal, and waits for a successful exit. Returns what the program wrote to standard error.
    pub(crate) fn stop(mut self, signal: Signal) -> String {
        self.signal(signal);
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        std::fs::read_to_string(self.stderr.path()).unwrap()
    }
}

impl Drop for Serving {
    /// Kills the process, so that a failing test leaves none behind.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Logs in at the service with the given address.
pub(crate) fn log_in_at(address: &str, user: &str, password: &str) -> String {
    let body = serde_json::json!({"user": user, "password": password}).to_string();
    let length = body.len();
    let headers = format!("content-type: application/json\r\ncontent-length: {length}\r\n");
    ask_at(address, address, "POST /v1/login", &headers, &body)
}

fn ask_at(address: &str, host: &str, request: &str, headers: &str, body: &str) -> String {
    let head = format!("{request} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n{body}");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The token in the answer to a login.
pub(crate) fn login_token(answer: &str) -> String {
    answer
        .split(r#""token":""#)
        .nth(1)
        .unwrap_or_else(|| panic!("{answer}"))
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}
