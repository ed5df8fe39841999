//! `orgcache` alone, `orgcache serve` and `orgcache password`: the real program, with signals.

use std::io::{BufRead, BufReader, PipeReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::databases::samples;
use crate::program::run;

/// The program while it serves.
pub(crate) struct Serving {
    child: Child,
    out: BufReader<PipeReader>,
    /// What is said on standard error. A pipe that nobody reads would fill up and hold the program.
    said: NamedTempFile,
    address: String,
}

impl Serving {
    /// Starts the program on a port of its own, and reads where it listens.
    pub(crate) fn start(home: &Path, arguments: &[&str]) -> Self {
        Self::start_at(home, arguments, "orgcache listens on http://")
    }

    /// The same where the first line begins in another way.
    fn start_at(home: &Path, arguments: &[&str], begins: &str) -> Self {
        let said = NamedTempFile::new().unwrap();
        let (out, writer) = std::io::pipe().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_orgcache"))
            .args(arguments)
            .env_clear()
            .env("HOME", home)
            .env("ORGCACHE_LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(said.reopen().unwrap())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(out);
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix(begins)
            .unwrap_or_else(|| panic!("`{line}` {}", std::fs::read_to_string(said.path()).unwrap()));
        let address = address.to_owned();
        Serving { child, out, said, address }
    }

    /// What else was printed, up to the line that ends it.
    fn greeting(&mut self) -> String {
        let mut greeting = String::new();
        while !greeting.ends_with("Ctrl-C stops it.\n") {
            assert_ne!(self.out.read_line(&mut greeting).unwrap(), 0, "{greeting}");
        }
        greeting
    }

    pub(crate) fn log_in(&self, user: &str, password: &str) -> String {
        log_in_at(&self.address, user, password)
    }

    /// Asks with a token.
    fn with_token(&self, request: &str, token: &str) -> String {
        self.ask(request, &format!("authorization: Bearer {token}\r\n"), "")
    }

    fn ask(&self, request: &str, headers: &str, body: &str) -> String {
        self.ask_as(&self.address, request, headers, body)
    }

    /// Asks by a name of the machine.
    fn ask_as(&self, host: &str, request: &str, headers: &str, body: &str) -> String {
        ask_at(&self.address, host, request, headers, body)
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Sends a signal, and waits for a clean end.
    pub(crate) fn stop(mut self, signal: Signal) -> String {
        self.signal(signal);
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        std::fs::read_to_string(self.said.path()).unwrap()
    }
}

impl Drop for Serving {
    /// A test that fails leaves nothing behind.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Logs in at a service that listens somewhere.
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

fn token_of(answer: &str) -> String {
    answer
        .split(r#""token":""#)
        .nth(1)
        .unwrap_or_else(|| panic!("{answer}"))
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn nobody_has_to_read_what_it_says() {
    let home = tempfile::tempdir().unwrap();
    let said = NamedTempFile::new().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = Command::new(env!("CARGO_BIN_EXE_orgcache"))
        .env_clear()
        .env("HOME", home.path())
        .env("ORGCACHE_LISTEN", "127.0.0.1:0")
        .env("ORGCACHE_LOG", "info")
        .env("ORGCACHE_LOG_FORMAT", "json")
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(said.reopen().unwrap())
        .spawn()
        .unwrap();
    let (out, _) = std::io::pipe().unwrap();
    let begun = std::time::Instant::now();
    let address = loop {
        let log = std::fs::read_to_string(said.path()).unwrap();
        let found = log.split(r#""address":""#).nth(1).and_then(|rest| rest.split_once('"'));
        if let Some((address, _)) = found {
            break address.to_owned();
        }
        assert!(begun.elapsed().as_secs() < 60, "it never listened: {log}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    let serving = Serving { child, out: BufReader::new(out), said, address };
    assert!(serving.ask("GET /healthz", "", "").starts_with("HTTP/1.1 200 "));
    assert!(serving.log_in("F&BAdmin", "orgcache").starts_with("HTTP/1.1 200 "));
    let log = serving.stop(Signal::TERM);
    assert!(log.contains("the greeting could not be written"), "{log}");
}

#[test]
fn the_first_command_serves_the_demonstration() {
    let home = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(home.path(), &[]);
    let greeting = serving.greeting();
    assert!(
        greeting.contains("F&BAdmin") && greeting.contains("password of all of them: orgcache"),
        "{greeting}"
    );
    for user in ["F&BAdmin", "QAAdmin", "Openbravo"] {
        let answer = serving.log_in(user, "orgcache");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert_eq!(answer.contains(r#""instance_admin":true"#), user == "Openbravo");
    }
    assert!(serving.log_in("F&BAdmin", "wrong").starts_with("HTTP/1.1 401 "));
    let said = serving.stop(Signal::INT);
    assert!(said.starts_with("created the demonstration database"), "{said}");
    assert_eq!(Serving::start(home.path(), &["serve"]).stop(Signal::TERM), "");
}

#[test]
fn a_hangup_has_the_principals_read_again() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("principals.json");
    let [old, new] = ["the token until now, quite long enough", "the token from now on, long enough too"];
    let write = |token: &str| {
        let hash: String = Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
        let settings =
            serde_json::json!({"ODOO_URL": "http://127.0.0.1:9", "ODOO_DB": "odoo", "ODOO_API_KEY": "k3y"});
        let principal = serde_json::json!({"name": "agent", "token_sha256": hash, "settings": settings});
        let content = serde_json::json!({"max_sessions": 0, "principals": [principal]}).to_string();
        std::fs::write(&file, content).unwrap();
    };
    write(old);
    let file_argument = file.to_str().unwrap();
    let serving = Serving::start(home.path(), &["serve", "--log", "info", "--mcp", file_argument]);
    let body = r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#;
    let status = |token: &str| {
        let headers = format!(
            "authorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\ncontent-length: {}\r\n",
            body.len()
        );
        serving.ask("POST /mcp", &headers, body).split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!((status(old).as_str(), status(new).as_str()), ("200", "401"));
    let hang_up = |expected: &str| {
        serving.signal(Signal::HUP);
        let begun = std::time::Instant::now();
        while !std::fs::read_to_string(serving.said.path()).unwrap().contains(expected) {
            assert!(begun.elapsed().as_secs() < 60, "it never said `{expected}`");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    write(new);
    hang_up("read again");
    assert_eq!((status(old).as_str(), status(new).as_str()), ("401", "200"));
    std::fs::write(&file, "no json, and k3y in it").unwrap();
    hang_up("stay as they were");
    assert_eq!(status(new), "200");
    let said = serving.stop(Signal::TERM);
    assert!(!said.contains("k3y"), "{said}");
}

#[test]
fn the_log_is_structured_and_holds_no_secret() {
    let home = tempfile::tempdir().unwrap();
    let serving = Serving::start(home.path(), &["serve", "--log", "trace", "--log-format", "json"]);
    let answer = serving.log_in("F&BAdmin", "orgcache");
    let token = token_of(&answer);
    serving.log_in("F&BAdmin", "a wrong password");
    let said = serving.stop(Signal::TERM);
    let lines: Vec<serde_json::Value> = said
        .lines()
        .filter(|line| !line.starts_with("created the demonstration"))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let answered = lines.iter().find(|line| line["message"] == "answered" && line["status"] == 401);
    assert!(answered.is_some_and(|line| line["micros"].is_u64()), "{said}");
    let refused = lines.iter().find(|line| line["message"] == "login refused").unwrap();
    assert_eq!((&refused["reason"], &refused["user"]), (&"wrong password".into(), &"F&BAdmin".into()));
    let answered =
        |line: &&serde_json::Value| line["message"] == "answered" && line["request"] == refused["request"];
    assert!(refused["request"].is_string() && lines.iter().find(answered).is_some(), "{said}");
    for secret in [token.as_str(), "a wrong password"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn each_line_of_the_log_names_the_request_that_it_is_about() {
    let home = tempfile::tempdir().unwrap();
    let serving = Serving::start(home.path(), &["serve", "--log", "info"]);
    serving.log_in("F&BAdmin", "a wrong password");
    let said = serving.stop(Signal::TERM);
    let refused = said.lines().find(|line| line.contains("login refused")).unwrap();
    let (_, id) = refused.rsplit_once(" request=").unwrap();
    assert!(id.len() > 2 && id.starts_with('"') && id.ends_with('"'), "{said}");
    assert!(said.lines().any(|line| line.contains("answered") && line.contains(id)), "{said}");
    let other = said.lines().find(|line| line.contains("shutting down")).unwrap();
    assert!(!other.contains("request="), "{said}");
}

#[test]
fn the_demonstration_stays_on_loopback() {
    let home = tempfile::tempdir().unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let refused = run(home.path(), &["serve", "--listen", address], "");
        assert_eq!(refused.status, 2);
        assert!(refused.err.contains(address) && refused.err.contains("--database-url"), "{}", refused.err);
    }
    let wrong = run(home.path(), &["--listen", "nowhere"], "");
    assert_eq!(wrong.status, 2);
}

#[test]
fn cookies_are_for_tls_alone_where_there_is_tls() {
    let database = crate::databases::empty_sqlite().fill();
    let home = database.home();
    let store = format!("sqlite:{}?mode=rwc", home.join("store.db").display());
    let beyond = ["serve", "--listen", "0.0.0.0:0", "--database-url", &database.url, "--store-url", &store];
    for (arguments, has_tls, is_local) in [
        (&["serve"][..], false, true),
        (&["serve", "--trusted-proxy", "127.0.0.1/32"], false, false),
        (&["serve", "--behind-tls"], true, false),
        (&beyond, true, false),
    ] {
        let serving = Serving::start(home, arguments);
        let health = serving.ask("GET /healthz", "", "");
        assert!(health.starts_with("HTTP/1.1 200 "), "{arguments:?}: {health}");
        assert_eq!(health.contains("strict-transport-security: "), has_tls, "{arguments:?}: {health}");
        // A name that somebody else's page may have is answered only where clients come by names.
        let named = serving.ask_as("erp.example.org", "GET /healthz", "", "");
        assert_eq!(named.starts_with("HTTP/1.1 421 "), is_local, "{arguments:?}: {named}");
        if arguments != beyond {
            let body = r#"{"user": "F&BAdmin", "password": "orgcache", "cookie": true}"#;
            let headers = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
            let answer = serving.ask("POST /v1/login", &headers, body);
            assert!(answer.contains("HttpOnly; SameSite=Strict; Max-Age="), "{answer}");
            assert_eq!(answer.contains("; Secure\r\n"), has_tls, "{arguments:?}: {answer}");
        }
        serving.stop(Signal::TERM);
    }
}

#[test]
fn a_listener_beyond_loopback_and_what_others_may_read_are_named() {
    use std::os::unix::fs::PermissionsExt;

    let database = crate::databases::empty_sqlite().fill();
    let home = database.home();
    let (store, mcp) = (home.join("store.db"), home.join("mcp.json"));
    std::fs::write(&mcp, r#"{"principals": []}"#).unwrap();
    let url = format!("sqlite:{}?mode=rwc", store.display());
    let arguments =
        |listen| ["serve", "--listen", listen, "--database-url", &database.url, "--store-url", &url];
    let said = Serving::start(home, &arguments("127.0.0.1:0")).stop(Signal::TERM);
    assert_eq!(said, "");
    assert_eq!(std::fs::metadata(&store).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = Serving::start(home, &arguments("0.0.0.0:0")).stop(Signal::TERM);
    assert!(said.contains("beyond loopback") && said.contains("0.0.0.0:0"), "{said}");
    assert!(said.contains("store.db") && said.contains("chmod"), "{said}");
}

#[test]
fn a_password_on_the_command_line_is_named() {
    let home = tempfile::tempdir().unwrap();
    let url = "postgres://reader:secret@127.0.0.1:1/openbravo";
    let failed = run(home.path(), &["overview", "--database-url", url], "");
    assert_eq!(failed.status, 2);
    assert!(failed.err.contains("ORGCACHE_DATABASE_URL") && !failed.err.contains("secret"), "{}", failed.err);
    let failed = run(home.path(), &["serve", "--listen", "0", "--database-url", url], "");
    assert!(failed.err.contains("ORGCACHE_DATABASE_URL") && !failed.err.contains("secret"), "{}", failed.err);
}

#[test]
fn addresses_may_be_short_and_several() {
    let home = tempfile::tempdir().unwrap();
    for (listen, begins) in [("0", "127.0.0.1:"), (":0", "127.0.0.1:"), ("localhost:0", "")] {
        let mut serving = Serving::start(home.path(), &["--listen", listen]);
        assert!(serving.address.starts_with(begins), "{}", serving.address);
        assert!(serving.ask("GET /healthz", "", "").starts_with("HTTP/1.1 200 "), "{listen}");
        serving.greeting();
        serving.stop(Signal::TERM);
    }
    let mut serving = Serving::start(home.path(), &["--listen", "127.0.0.1:0,127.0.0.1:0"]);
    let second = serving.greeting();
    let (_, second) = second.lines().next().unwrap().split_once("http://").unwrap();
    assert!(std::net::TcpStream::connect(second).is_ok());
    serving.stop(Signal::TERM);
}

#[test]
fn a_unix_socket_is_made_used_and_removed() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    use std::os::unix::net::{UnixListener, UnixStream};

    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("orgcache.sock");
    let listen = format!("unix:{},127.0.0.1:0", path.display());
    let start = || {
        let mut serving = Serving::start_at(home.path(), &["--listen", &listen], "orgcache listens on unix:");
        let greeting = serving.greeting();
        serving.address = greeting.split("http://").nth(1).unwrap().lines().next().unwrap().to_owned();
        serving
    };
    let ask = |host: &str| {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream
            .write_all(
                format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").as_bytes(),
            )
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let serving = start();
    let metadata = std::fs::symlink_metadata(&path).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o660);
    assert!(ask("localhost").starts_with("HTTP/1.1 200 "));
    assert!(ask("any.example.org").starts_with("HTTP/1.1 200 "), "no web page gets there");
    assert!(serving.ask("GET /healthz", "", "").starts_with("HTTP/1.1 200 "), "beside TCP");

    let second = run(home.path(), &["--listen", &format!("unix:{}", path.display())], "");
    assert_eq!(second.status, 2, "a live one is another's");
    assert!(second.err.contains("listens there already"), "{}", second.err);
    assert!(ask("localhost").starts_with("HTTP/1.1 200 "));
    serving.stop(Signal::TERM);
    assert!(!path.exists(), "removed at the end");

    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "as a killed process leaves it");
    let serving = start();
    assert!(ask("localhost").starts_with("HTTP/1.1 200 "));
    drop(serving);
    assert!(path.exists(), "killed");
    start().stop(Signal::INT);
    assert!(!path.exists());

    std::fs::write(&path, "precious").unwrap();
    let refused = run(home.path(), &["--listen", &format!("unix:{}", path.display())], "");
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("no socket"), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    let nowhere =
        run(home.path(), &["--listen", &format!("unix:{}/nowhere/x.sock", home.path().display())], "");
    assert!(nowhere.status == 2 && nowhere.err.contains("folder"), "{}", nowhere.err);
}

#[test]
fn sighup_ends_nothing() {
    let home = tempfile::tempdir().unwrap();
    let serving = Serving::start(home.path(), &[]);
    for _ in 0..3 {
        serving.signal(Signal::HUP);
        assert!(serving.ask("GET /healthz", "", "").starts_with("HTTP/1.1 200 "));
    }
    serving.stop(Signal::TERM);
}

#[test]
fn the_limit_of_descriptors_is_raised_and_connections_follow_from_it() {
    let home = tempfile::tempdir().unwrap();
    let script = "ulimit -Sn 64; ulimit -Hn 400; exec \"$0\" --log info --listen 127.0.0.1:0";
    let mut child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_orgcache")])
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("listens on"), "{line}");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(said.contains("descriptors=400") && said.contains("connections=200"), "{said}");
}

#[test]
fn empty_variables_count_as_unset() {
    let home = tempfile::tempdir().unwrap();
    let variables = [
        "DATABASE_URL",
        "STORE_URL",
        "STORE_DIRECT_URL",
        "INSTANCE_ADMIN",
        "TRUSTED_PROXY",
        "BEHIND_TLS",
        "MCP",
        "LOG",
        "LOG_FORMAT",
        "ASSERTION_KEY",
        "ASSERTION_ALGORITHM",
        "ASSERTION_ISSUER",
        "ASSERTION_AUDIENCE",
        "AUTOMATIC_ROLES",
    ];
    let variables = variables.map(|name| (format!("ORGCACHE_{name}"), String::new()));
    for command in [&["overview"][..], &["tree"], &["query"]] {
        let done = Command::new(env!("CARGO_BIN_EXE_orgcache"))
            .args(command)
            .env_clear()
            .env("HOME", home.path())
            .envs(variables.clone())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    let child = Command::new(env!("CARGO_BIN_EXE_orgcache"))
        .args(["--listen", "0"])
        .env_clear()
        .env("HOME", home.path())
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(line.contains("listens on http://127.0.0.1:"), "{line}{said}");
}

#[test]
fn completions_and_a_manual_page_tell_every_command() {
    let home = tempfile::tempdir().unwrap();
    let commands = ["serve", "overview", "tree", "query", "password", "import", "revisions", "mcp"];
    for shell in ["bash", "zsh", "fish"] {
        let script = run(home.path(), &["completions", shell], "");
        assert_eq!((script.status, script.err.as_str()), (0, ""));
        assert!(commands.iter().all(|command| script.out.contains(command)), "{shell}");
    }
    let page = run(home.path(), &["man"], "");
    assert_eq!((page.status, page.err.as_str()), (0, ""));
    for command in commands {
        assert!(page.out.contains(&format!(".SH \"ORGCACHE {}\"", command.to_uppercase())), "{command}");
    }
    assert!(page.out.contains(".TH orgcache 1") && page.out.contains("ORGCACHE_LISTEN"), "{}", page.out);
}

#[test]
fn an_address_that_is_taken_is_named() {
    let home = tempfile::tempdir().unwrap();
    let serving = Serving::start(home.path(), &[]);
    let second = run(home.path(), &["--listen", &serving.address], "");
    assert_eq!(second.status, 2);
    assert!(second.err.contains(&serving.address) && second.err.contains("--listen"), "{}", second.err);
    serving.stop(Signal::TERM);
}

#[test]
fn an_erp_is_served_with_passwords_of_its_own() {
    for database in samples() {
        database.execute("UPDATE ad_user SET isactive = 'Y'");
        let home = database.home();
        let nowhere = run(home, &["serve", "--database-url", &database.url], "");
        assert_eq!(nowhere.status, 2);
        assert!(nowhere.err.contains("--store-url"), "{}", nowhere.err);

        let store = if database.url.starts_with("sqlite:") {
            format!("sqlite:{}?mode=rwc", home.join("store.db").display())
        } else {
            database.url.clone()
        };
        let urls = ["--database-url", &database.url, "--store-url", &store];
        let password = |user: &str, password: &str| {
            run(home, &[&["password", user], &urls[..]].concat(), format!("{password}\n"))
        };
        let set = password("F&BAdmin", "correct horse");
        assert_eq!(set.status, 0, "{}", set.err);
        assert!(
            set.out.contains("A530AAE22C864702B7E1C22D58E7B17B") && !set.out.contains("horse"),
            "{}",
            set.out
        );
        assert_eq!(password("F&BAdmin", "short").status, 2);
        assert_eq!(password("F&BAdmin", &"x".repeat(1_025)).status, 2);
        assert!(password("nobody", "correct horse").err.contains("`nobody`"));

        many_passwords(home, &urls);
        let serving = Serving::start(home, &[&["serve", "--recheck-users", "1"], &urls[..]].concat());
        assert!(serving.log_in("F&BESUser", "pass:with:colons").starts_with("HTTP/1.1 200 "));
        let answer = serving.log_in("F&BAdmin", "correct horse");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let token = token_of(&answer);
        for (user, wrong) in [("F&BAdmin", "orgcache"), ("QAAdmin", "orgcache"), ("QAAdmin", "")] {
            assert!(serving.log_in(user, wrong).starts_with("HTTP/1.1 401 "));
        }
        for input in ["", "\n"] {
            let nothing = run(home, &[&["password", "F&BAdmin"], &urls[..]].concat(), input);
            assert_eq!(nothing.status, 2);
            assert!(nothing.err.contains("--remove"), "{}", nothing.err);
        }
        assert!(
            serving.log_in("F&BAdmin", "correct horse").starts_with("HTTP/1.1 200 "),
            "nothing was changed"
        );
        let removed = run(home, &[&["password", "F&BAdmin", "--remove"], &urls[..]].concat(), "");
        assert!(removed.out.contains("ended in the store: 2\n"), "{}", removed.out);
        assert_eq!((removed.status, removed.out.contains("is removed")), (0, true), "{}", removed.err);
        assert!(serving.log_in("F&BAdmin", "correct horse").starts_with("HTTP/1.1 401 "), "at once");
        let begun = std::time::Instant::now();
        while !serving.with_token("GET /v1/session", &token).starts_with("HTTP/1.1 401 ") {
            assert!(begun.elapsed().as_secs() < 60, "the session never ended");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        serving.stop(Signal::TERM);
    }
}

/// Sets passwords from files, all of them or none, and lists who has one.
fn many_passwords(home: &Path, urls: &[&str]) {
    let from = |input: &str| run(home, &[&["password", "--from", "-"], urls].concat(), input);
    let list = || run(home, &[&["password", "--list"], urls].concat(), "").out;
    let one = "F&BAdmin\tA530AAE22C864702B7E1C22D58E7B17B\n";
    assert_eq!(list(), one);
    let line = "F&BESUser:pass:with:colons\n";
    for (input, named) in [
        (format!("{line}nobody:correct horse\n"), "line 2"),
        (format!("{line}\nF&BUSUser:short\n"), "line 3"),
        (format!("{line}F&BUSUser\n"), "line 2"),
        (format!("{line}F&BESUser:another one\n"), "twice"),
        (format!("{line}F&BUSUser:\n"), "line 2"),
        (String::new(), "no user"),
    ] {
        let refused = from(&input);
        assert_eq!(refused.status, 2, "{input}");
        assert!(refused.err.contains(named) && !refused.err.contains("colons"), "{}", refused.err);
        assert_eq!(list(), one, "all or none");
    }
    let set = from(&format!("{line}\r\n"));
    assert!(set.status == 0 && set.out.starts_with("1 passwords are set\n"), "{}{}", set.out, set.err);
    assert_eq!(list(), format!("{one}F&BESUser\t167450A5BB284AB29C4FEF039E98C963\n"));
    for wrong in [&["password"][..], &["password", "F&BAdmin", "--list"], &["password", "--remove"]] {
        assert_eq!(run(home, &[wrong, urls].concat(), "").status, 2);
    }
}

/// Types at a terminal, and says what is shown there.
fn typed(home: &Path, arguments: &[&str], lines: &[&str]) -> (String, i32) {
    const TERMINAL: &str = r#"
import json, os, pty, sys, termios
arguments, lines = json.loads(sys.argv[1]), json.loads(sys.argv[2])
child, terminal = pty.fork()
if child == 0:
    os.execv(arguments[0], arguments)
shown = b""
def until(mark):
    global shown
    while mark not in shown:
        try:
            read = os.read(terminal, 1024)
        except OSError:
            return False
        if not read:
            return False
        shown += read
    return True
for prompt, line in lines:
    if not until(prompt.encode()):
        break
    if termios.tcgetattr(terminal)[3] & termios.ECHO:
        shown += b"typing is shown at the prompt"
    os.write(terminal, line.encode() + b"\n")
until(b"\0never")
if termios.tcgetattr(terminal)[3] & termios.ECHO:
    shown += b"typing is shown at the end"
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;
    let command = [&[env!("CARGO_BIN_EXE_orgcache")], arguments].concat();
    let prompts: Vec<_> = ["Password for", "The same again"].into_iter().zip(lines).collect();
    let output = Command::new("python3")
        .args([
            "-c",
            TERMINAL,
            &serde_json::to_string(&command).unwrap(),
            &serde_json::to_string(&prompts).unwrap(),
        ])
        .env("HOME", home)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code().unwrap())
}

#[test]
fn a_password_that_is_typed_is_not_shown_and_typed_twice() {
    let database = crate::databases::empty_sqlite().fill();
    let store = format!("sqlite:{}?mode=rwc", database.home().join("store.db").display());
    let arguments = ["password", "F&BAdmin", "--database-url", &database.url, "--store-url", &store];
    let list = [&["password", "--list"], &arguments[2..]].concat();
    for (lines, why) in [
        (&["correct horse", "correct hors"][..], "differ"),
        (&["short"], "8 characters"),
        (&[""], "no password was given"),
    ] {
        let (shown, status) = typed(database.home(), &arguments, lines);
        assert_eq!(status, 2, "{shown}");
        assert!(shown.contains(why) && !shown.contains("hors"), "{shown}");
        assert!(!shown.contains("typing is shown at the prompt"), "{shown}");
        assert_eq!(run(database.home(), &list, "").out, "");
    }
    let (shown, status) = typed(database.home(), &arguments, &["correct horse", "correct horse"]);
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("is set") && !shown.contains("horse"), "{shown}");
    assert!(run(database.home(), &list, "").out.starts_with("F&BAdmin\t"));

    // Ctrl-C changes nothing, and the terminal shows again what is typed.
    let (shown, status) = typed(database.home(), &arguments, &["\u{3}"]);
    assert_eq!(status, 2, "{shown}");
    assert!(shown.contains("interrupted") && shown.contains("typing is shown at the end"), "{shown}");
}

#[test]
fn the_demonstration_needs_no_passwords_to_be_set() {
    let home = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}?mode=rwc", home.path().join("store.db").display());
    let refused = run(home.path(), &["password", "F&BAdmin", "--store-url", &store], "correct horse\n");
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("--database-url"), "{}", refused.err);
}

#[test]
fn sessions_in_a_store_survive_the_process() {
    let home = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}?mode=rwc", home.path().join("store.db").display());
    let arguments = ["serve", "--store-url", &store];
    let serving = Serving::start(home.path(), &arguments);
    let answer = serving.log_in("F&BAdmin", "orgcache");
    let (token, before) = (token_of(&answer), answer.split(r#""session":"#).nth(1).unwrap());
    let second = run(home.path(), &[&arguments[..], &["--listen", "127.0.0.1:0"]].concat(), "");
    assert_eq!(second.status, 2, "one process a file: {}", second.err);
    serving.stop(Signal::TERM);

    let serving = Serving::start(home.path(), &arguments);
    let after = serving.with_token("GET /v1/session", &token);
    assert!(
        after.starts_with("HTTP/1.1 200 ") && after.ends_with(before.strip_suffix('}').unwrap()),
        "{after}"
    );
    assert!(serving.with_token("POST /v1/logout", &token).starts_with("HTTP/1.1 204 "));
    serving.stop(Signal::TERM);
}

#[test]
fn instances_on_one_server_are_a_cluster() {
    let database = crate::databases::empty_postgres("");
    let home = database.home();
    let arguments = ["serve", "--store-url", &database.url];
    let (one, two) = (Serving::start(home, &arguments), Serving::start(home, &arguments));
    let answer = one.log_in("F&BAdmin", "orgcache");
    let token = token_of(&answer);
    let tree =
        |answer: &str| answer.split(r#""tree":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let elsewhere = two.with_token("GET /v1/session", &token);
    assert!(elsewhere.starts_with("HTTP/1.1 200 "), "{elsewhere}");
    assert_eq!(tree(&elsewhere), tree(&answer));

    assert!(one.with_token("POST /v1/logout", &token).starts_with("HTTP/1.1 204 "));
    assert!(one.with_token("GET /v1/session", &token).starts_with("HTTP/1.1 401 "), "here at once");
    let begun = std::time::Instant::now();
    while !two.with_token("GET /v1/session", &token).starts_with("HTTP/1.1 401 ") {
        assert!(begun.elapsed().as_secs() < 30, "the end never arrived");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }

    // What one acknowledged is there after it was killed.
    let token = token_of(&one.log_in("F&BAdmin", "orgcache"));
    drop(one);
    assert!(two.with_token("GET /v1/session", &token).starts_with("HTTP/1.1 200 "));
    two.stop(Signal::TERM);
}
