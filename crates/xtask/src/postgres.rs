//! PostgreSQL's server programs, and the temporary cluster of a test run or a measurement.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::geteuid;

use crate::scratch::Scratch;

/// Names the directory of the programs, if the user wants a particular version.
const OVERRIDE: &str = "ORGCACHE_PG_BIN";

const NEEDED: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// Accounts to run a server as, in order of preference: Debian's own, and one that owns nothing.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// Differences from the settings that initdb writes. The socket is in the data directory, the server's
/// working directory: any other path may be too long for a socket.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = '.'
max_connections = 200
";

/// For tests: nothing has to survive a crash of the machine.
const NOT_DURABLE: &str = "
fsync = off
synchronous_commit = off
full_page_writes = off
";

/// Does committed data survive a crash of the machine?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// No, which makes tests faster.
    None,
    /// Yes, if the cost of a commit is measured.
    Full,
}

/// How often another port is tried, if the chosen one was taken before its use.
const PORT_ATTEMPTS: usize = 5;

/// A running server with an empty cluster. Dropping it stops the server and removes its directory.
pub(crate) struct Cluster {
    scratch: Scratch,
    version: String,
    port: u16,
    password: String,
}

impl Cluster {
    /// Creates a cluster with the installed programs, and starts it.
    pub(crate) fn start(durability: Durability) -> Result<Self> {
        let programs = Programs { directory: require()?, account: account()? };
        let scratch = Scratch::create()?;
        let data = scratch.path().join("postgres");
        let password = random_hex()?;
        programs.initialize(&data, &password, durability)?;
        let version =
            programs.run(&data, "postgres", &["--version"])?.replace("postgres (PostgreSQL)", "PostgreSQL");
        for attempt in 1..=PORT_ATTEMPTS {
            // The system chooses a free port.
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            let options = format!("-p {port}");
            let start = ["start", "-D", ".", "-l", "log", "-w", "-t", "60", "-s", "-o", &options];
            let Err(error) = programs.run(&data, "pg_ctl", &start) else {
                return Ok(Self { scratch, version, port, password });
            };
            let messages = fs::read_to_string(data.join("log")).unwrap_or_default();
            if attempt == PORT_ATTEMPTS || !messages.contains("could not bind") {
                return Err(error.context(format!("the server says:\n{}", messages.trim())));
            }
            fs::remove_file(data.join("log"))?;
        }
        bail!("no free port")
    }

    /// Lets a command use this server: sets the variable to the URL of the superuser, and puts temporary
    /// files into the cluster's directory.
    pub(crate) fn lend_to(&self, command: &mut Command, variable: &str) {
        remove_client_settings(command);
        command.env(variable, self.url()).env("TMPDIR", self.scratch.temporary());
    }

    fn url(&self) -> String {
        format!("postgres://postgres:{}@{}:{}/postgres", self.password, Ipv4Addr::LOCALHOST, self.port)
    }

    /// Name and version of the product.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Version, port and directory, for messages.
    pub(crate) fn describe(&self) -> String {
        format!("{} on port {}, in {}", self.version, self.port, self.scratch.path().display())
    }

    /// Stops the server and removes the directory.
    pub(crate) fn remove(self) -> Result<()> {
        self.scratch.remove()
    }
}

/// The programs of one version of PostgreSQL, and the user and group to run them as, if other than this
/// process's.
struct Programs {
    directory: PathBuf,
    account: Option<(u32, u32)>,
}

impl Programs {
    /// Runs a program to its end and returns its output. Its error output becomes the error.
    fn run(&self, directory: &Path, program: &str, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(self.directory.join(program));
        command.args(arguments).current_dir(directory).stdin(Stdio::null()).env("LC_ALL", "C");
        // In its own group: Ctrl-C reaches only this process, which stops its servers in order.
        command.process_group(0);
        remove_client_settings(&mut command);
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            bail!("{program} failed ({}): {}", output.status, complaint.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Creates a new cluster in `data` that requires `password` on every connection.
    fn initialize(&self, data: &Path, password: &str, durability: Durability) -> Result<()> {
        fs::create_dir(data).with_context(|| format!("cannot create `{}`", data.display()))?;
        let password_file = data.with_extension("password");
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&password_file)?;
        writeln!(file, "{password}")?;
        if let Some((user, group)) = self.account {
            for path in [data, &password_file] {
                chown(path, Some(user), Some(group))
                    .with_context(|| format!("cannot give away `{}`", path.display()))?;
            }
        }
        let initialize = "-D . --username=postgres --pwfile=../postgres.password --auth=scram-sha-256 \
                          --encoding=UTF8 --locale=C --no-sync";
        self.run(data, "initdb", &initialize.split(' ').collect::<Vec<_>>())?;
        fs::remove_file(&password_file)?;
        let durability = if durability == Durability::None { NOT_DURABLE } else { "" };
        let mut settings = OpenOptions::new().append(true).open(data.join("postgresql.conf"))?;
        settings
            .write_all(format!("{SETTINGS}{durability}").as_bytes())
            .context("cannot write postgresql.conf")
    }
}

/// Removes settings of the user's own databases, which must not affect a program.
fn remove_client_settings(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"PG") {
            command.env_remove(name);
        }
    }
}

/// 128 random bits from the system, as 32 hexadecimal digits.
fn random_hex() -> Result<String> {
    let mut bytes = [0; 16];
    let mut random = fs::File::open("/dev/urandom").context("cannot read random bytes for a password")?;
    std::io::Read::read_exact(&mut random, &mut bytes)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// The user and group to run a server as, because PostgreSQL refuses to run as root. `None` if this process
/// is not root.
fn account() -> Result<Option<(u32, u32)>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let account = ACCOUNTS.iter().find_map(|name| Some((id("-u", name)?, id("-g", name)?)));
    let account =
        account.with_context(|| format!("there is no user {} to run PostgreSQL as", ACCOUNTS.join(" or ")));
    account.map(Some)
}

/// Asks `id`, which knows all of the system's user sources, not only `/etc/passwd`.
fn id(what: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([what, name]).stderr(Stdio::null()).output().ok()?;
    str::from_utf8(&output.stdout).ok()?.trim().parse().ok().filter(|id| *id != 0)
}

/// Finds the programs: where the user says, in `PATH`, or Debian's newest version.
pub(crate) fn locate() -> Result<Option<PathBuf>> {
    let is_complete = |directory: &PathBuf| NEEDED.iter().all(|program| directory.join(program).is_file());
    if let Some(directory) = env::var_os(OVERRIDE).map(PathBuf::from) {
        let needed = NEEDED.join(", ");
        ensure!(
            is_complete(&directory),
            "`{}`, named by {OVERRIDE}, lacks one of {needed}",
            directory.display()
        );
        return Ok(Some(directory));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&path).filter_map(|directory| {
        // Follow a link to the directory in which the programs find each other and their data.
        directory.join("initdb").canonicalize().ok()?.parent().map(Path::to_owned)
    });
    let of_debian =
        (10..100).rev().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    Ok(in_path.chain(of_debian).find(is_complete))
}

/// As [`locate`], but fails if there are none.
pub(crate) fn require() -> Result<PathBuf> {
    locate()?
        .with_context(|| format!("there is no PostgreSQL server; name its programs' directory in {OVERRIDE}"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::{Ipv4Addr, TcpStream};
    use std::panic;
    use std::path::PathBuf;

    use super::{Cluster, Durability, account, id};
    use crate::scratch::Scratch;

    fn start() -> Cluster {
        Cluster::start(Durability::None).unwrap()
    }

    fn answers(port: u16) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
    }

    #[test]
    fn a_cluster_requires_its_password_and_is_removed() {
        let cluster = start();
        let (port, path) = (cluster.port, cluster.scratch.path().to_owned());
        assert!(answers(port));
        assert!(cluster.version().starts_with("PostgreSQL "), "{}", cluster.version());
        let rules = fs::read_to_string(path.join("postgres/pg_hba.conf")).unwrap();
        let mut rules = rules.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).peekable();
        assert!(rules.peek().is_some() && rules.all(|rule| rule.ends_with("scram-sha-256")));
        assert!(!path.join("postgres.password").exists());
        cluster.remove().unwrap();
        assert!(!answers(port) && !path.exists());
    }

    #[test]
    fn the_next_run_removes_what_a_killed_run_left() {
        let Cluster { scratch, port, .. } = start();
        let path = scratch.path().to_owned();
        scratch.abandon();
        assert!(answers(port) && path.exists());
        drop(Scratch::create().unwrap());
        assert!(!answers(port) && !path.exists());
    }

    #[test]
    fn a_panic_removes_the_cluster() {
        let panicked = panic::catch_unwind(|| {
            let cluster = start();
            panic::panic_any((cluster.scratch.path().to_owned(), cluster.port));
        });
        let (path, port) = *panicked.unwrap_err().downcast::<(PathBuf, u16)>().unwrap();
        assert!(!answers(port) && !path.exists());
    }

    #[test]
    fn servers_never_run_as_root() {
        assert_eq!((id("-u", "root"), id("-u", "no such user")), (None, None));
        assert_eq!(account().unwrap().is_some(), rustix::process::geteuid().is_root());
    }
}
