//! How `serve` listens: addresses, Unix sockets, host names, cookies, file descriptors.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::program::run;
use crate::serving::Serving;

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
fn cookies_are_secure_behind_tls() {
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
        // A service that is only local refuses other host names.
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
fn listen_accepts_short_and_multiple_addresses() {
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
fn an_address_in_use_is_named() {
    let home = tempfile::tempdir().unwrap();
    let serving = Serving::start(home.path(), &[]);
    let second = run(home.path(), &["--listen", &serving.address], "");
    assert_eq!(second.status, 75, "a temporary failure: the other process may be stopping");
    assert!(second.err.contains(&serving.address) && second.err.contains("--listen"), "{}", second.err);
    serving.stop(Signal::TERM);
}

#[test]
fn a_unix_socket_is_created_replaced_and_removed() {
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
    assert!(
        ask("any.example.org").starts_with("HTTP/1.1 200 "),
        "the host is not checked: web pages cannot reach a Unix socket"
    );
    assert!(serving.ask("GET /healthz", "", "").starts_with("HTTP/1.1 200 "), "beside TCP");

    let second = run(home.path(), &["--listen", &format!("unix:{}", path.display())], "");
    assert_eq!(second.status, 75, "another process listens on the socket");
    assert!(second.err.contains("listens there already"), "{}", second.err);
    assert!(ask("localhost").starts_with("HTTP/1.1 200 "));
    serving.stop(Signal::TERM);
    assert!(!path.exists(), "removed on shutdown");

    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "a killed process leaves its socket behind");
    let serving = start();
    assert!(ask("localhost").starts_with("HTTP/1.1 200 "));
    drop(serving);
    assert!(path.exists(), "killed");
    start().stop(Signal::INT);
    assert!(!path.exists());

    std::fs::write(&path, "precious").unwrap();
    let refused = run(home.path(), &["--listen", &format!("unix:{}", path.display())], "");
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("not a socket"), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    let nowhere =
        run(home.path(), &["--listen", &format!("unix:{}/nowhere/x.sock", home.path().display())], "");
    assert!(nowhere.status == 2 && nowhere.err.contains("folder"), "{}", nowhere.err);
}

#[test]
fn the_descriptor_limit_is_raised_and_bounds_the_connections() {
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
    let stderr = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(stderr.contains("descriptors=400") && stderr.contains("connections=200"), "{stderr}");
}

#[test]
fn an_invalid_socket_path_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let long = home.path().join("x".repeat(120));
    for (path, why) in [(long, "107 bytes"), (home.path().to_owned(), "not a socket")] {
        let refused = run(home.path(), &["--listen", &format!("unix:{}", path.display())], "");
        assert!(refused.status == 2 && refused.err.contains(why), "{}", refused.err);
    }
    assert!(home.path().is_dir());
}

#[test]
fn a_service_on_loopback_answers_to_its_own_address() {
    let home = tempfile::tempdir().unwrap();
    let serving = Serving::start(home.path(), &["--listen", "127.0.0.2:0"]);
    assert!(serving.ask("GET /healthz", "", "").starts_with("HTTP/1.1 200 "));
    serving.stop(Signal::TERM);
}

#[test]
fn signals_during_the_start_remove_the_socket() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("orgcache.sock");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_orgcache"))
        .args(["serve", "--listen", &format!("unix:{}", path.display())])
        .env_clear()
        .env("HOME", home.path())
        .env("ORGCACHE_DATABASE_URL", format!("postgres://reader@{}/erp", silent.local_addr().unwrap()))
        .env("ORGCACHE_STORE_URL", format!("sqlite:{}?mode=rwc", home.path().join("store.db").display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The database accepts the connection and never answers, so the service is still starting.
    let _connection = silent.accept().unwrap();
    assert!(path.exists());
    for signal in [Signal::HUP, Signal::TERM] {
        kill_process(Pid::from_child(&child), signal).unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(0), "SIGTERM stops it, and SIGHUP does not");
    assert!(!path.exists());
}
