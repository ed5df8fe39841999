//! Private servers of a test, which it may stop and start.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

/// A PostgreSQL cluster on its own port. It is removed when this value is dropped.
pub(crate) struct Cluster {
    pub(crate) folder: TempDir,
    pub(crate) port: u16,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let folder = folder();
        let cluster = Cluster { folder, port: free_port() };
        let data = cluster.data();
        // Nothing has to survive a crash of the machine.
        run(
            "initdb",
            &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        );
        cluster
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts the server, with TLS if its folder has a certificate.
    pub(crate) fn start(&self) {
        let ssl = if Path::new(&self.data()).join("server.crt").exists() { "on" } else { "off" };
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off -c ssl={ssl}",
            self.port,
            self.folder.path().display()
        );
        let log = self.folder.path().join("log");
        run(
            "pg_ctl",
            &["start", "-D", &self.data(), "-w", "-s", "-l", log.to_str().unwrap(), "-o", &options],
        );
    }

    /// Stops the server at once, as in a crash.
    pub(crate) fn stop(&self) {
        run("pg_ctl", &["stop", "-D", &self.data(), "-w", "-s", "-m", "immediate"]);
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> String {
        self.folder.path().join("data").to_str().unwrap().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            self.stop();
        }
    }
}

/// A pgbouncer in front of a cluster of the tests. It is stopped when this value is dropped.
pub(crate) struct Bouncer {
    pub(crate) _folder: TempDir,
    pub(crate) port: u16,
    pub(crate) child: Child,
}

impl Bouncer {
    /// Transaction pooling: every transaction may get another connection.
    pub(crate) fn new(url: &str) -> Self {
        Self::in_mode("transaction", url)
    }

    /// As [`start`](Self::start), in another pool mode.
    pub(crate) fn in_mode(mode: &'static str, url: &str) -> Self {
        let program = std::env::var("ORGCACHE_TEST_PGBOUNCER").unwrap_or_else(|_| {
            panic!("ORGCACHE_TEST_PGBOUNCER names no pgbouncer to test with; run cargo xtask test")
        });
        let (folder, port) = (folder(), free_port());
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings(mode, port, url)).unwrap();
        let mut command = Command::new(program);
        command.arg("--quiet").arg(&file).stdin(Stdio::null()).current_dir(folder.path());
        let child = as_a_server(&mut command).spawn().unwrap();
        let mut bouncer = Bouncer { _folder: folder, port, child };
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(bouncer.child.try_wait().unwrap().is_none(), "pgbouncer has ended");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        bouncer
    }

    /// The URL of a database through this pooler.
    pub(crate) fn url(&self, direct: &str) -> String {
        let name = direct.split_once("://").unwrap().1.split_once('/').unwrap().1;
        format!("postgres://someone@127.0.0.1:{}/{name}", self.port)
    }
}

/// The configuration that pgbouncer reads at start and at SIGHUP.
pub(crate) fn settings(mode: &str, port: u16, url: &str) -> String {
    let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
    let password =
        url.split_once("://").unwrap().1.split_once('@').unwrap().0.split_once(':').map(|(_, it)| it);
    // The settings for sessions that docs/scaling.md recommends.
    let for_mode = match mode {
        "session" => "default_pool_size = 80\nignore_startup_parameters = extra_float_digits",
        _ => "default_pool_size = 4",
    };
    format!(
        "[databases]\n* = host={} port={} user={}{}\n\
         [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\nunix_socket_dir =\n\
         pool_mode = {mode}\n{for_mode}\nmax_client_conn = 200\nserver_round_robin = 1\n",
        options.get_host(),
        options.get_port(),
        options.get_username(),
        password.map(|password| format!(" password={password}")).unwrap_or_default(),
    )
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        // It fails if the program has already ended, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs one of PostgreSQL's programs to its end.
pub(crate) fn run(program: &str, arguments: &[&str]) {
    let programs = std::env::var_os("ORGCACHE_TEST_POSTGRES_BIN").unwrap_or_else(|| {
        panic!("ORGCACHE_TEST_POSTGRES_BIN names no PostgreSQL programs to test with; run cargo xtask test")
    });
    let mut command = Command::new(Path::new(&programs).join(program));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).current_dir("/");
    let status = as_a_server(&mut command).status().unwrap();
    assert!(status.success(), "{program} failed: {status}");
}

/// Servers refuse to run as root.
fn as_a_server(command: &mut Command) -> &mut Command {
    match server_account() {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}

fn server_account() -> Option<(u32, u32)> {
    if id(&["-u"]) != Some(0) {
        return None;
    }
    let account =
        ["postgres", "nobody"].iter().find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)));
    Some(account.unwrap_or_else(|| panic!("there is no user postgres or nobody to run a server as")))
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().ok()
}

/// A folder that belongs to the servers' account.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    if let Some((user, group)) = server_account() {
        std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).unwrap();
    }
    folder
}

/// A port for a server that stops and restarts: below the ephemeral range, so that no other process takes it
/// in between. Processes start their search at different ports.
pub(crate) fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let (first, ports) = (20_000, 12_000);
    let start = u16::try_from(std::process::id() % u32::from(ports)).unwrap();
    let free = (0..ports).find_map(|_| {
        let port = first + (start + TAKEN.fetch_add(1, Ordering::Relaxed)) % ports;
        TcpListener::bind(("127.0.0.1", port)).is_ok().then_some(port)
    });
    free.unwrap_or_else(|| panic!("no port is free"))
}
