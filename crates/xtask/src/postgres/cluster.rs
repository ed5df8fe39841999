//! A cluster of its own on a free loopback port, tuned to be thrown away.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown};
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Account, Programs};
use crate::scratch::{Scratch, random_hex};

/// What differs from the settings that initdb writes.
///
/// The socket is in the data directory, which is where the server works: any other path may be too long for a
/// socket.
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

/// Whether what was committed survives a crash of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// No: tests are quicker so.
    None,
    /// Yes, as everywhere else: what a commit costs is to be measured.
    Full,
}

const SUPERUSER: &str = "postgres";

/// How often another port is tried, when one was taken between its choice and its use.
const PORT_ATTEMPTS: usize = 5;

/// A running PostgreSQL server with an empty cluster.
///
/// It has no end of its own: the [`Scratch`] that it stands in stops it.
pub(crate) struct Cluster {
    port: u16,
    password: String,
}

impl Cluster {
    /// Creates the cluster in a directory of `scratch` and starts it.
    pub(crate) fn start(
        programs: &Programs,
        scratch: &Scratch,
        account: Option<Account>,
        durability: Durability,
    ) -> Result<Self> {
        let data = scratch.path().join("postgres");
        let password = random_hex().context("no random bytes for a password")?;
        initialize(programs, &data, account, &password, durability)?;
        let data_text = as_text(&data)?;
        let log = data.join("log");
        let log_text = as_text(&log)?;
        for attempt in 1..=PORT_ATTEMPTS {
            let port = free_port()?;
            let options = format!("-p {port}");
            let start = ["start", "-D", data_text, "-l", log_text, "-w", "-t", "60", "-s", "-o", &options];
            let Err(error) = programs.run("pg_ctl", &start, account, &data) else {
                return Ok(Self { port, password });
            };
            let messages = fs::read_to_string(&log).unwrap_or_default();
            if attempt == PORT_ATTEMPTS || !messages.contains("could not bind") {
                return Err(error.context(format!("the server says:\n{}", messages.trim())));
            }
            let _ = fs::remove_file(&log);
        }
        bail!("no free port")
    }

    /// The URL of the database `postgres` for the superuser.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{SUPERUSER}:{}@{}:{}/postgres", self.password, Ipv4Addr::LOCALHOST, self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// Fills `data` with a new cluster that asks for `password` on every connection.
fn initialize(
    programs: &Programs,
    data: &Path,
    account: Option<Account>,
    password: &str,
    durability: Durability,
) -> Result<()> {
    DirBuilder::new()
        .mode(0o700)
        .create(data)
        .with_context(|| format!("cannot create `{}`", data.display()))?;
    let password_file = data.with_extension("password");
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&password_file)
        .and_then(|mut file| writeln!(file, "{password}"))
        .with_context(|| format!("cannot write `{}`", password_file.display()))?;
    if let Some(account) = account {
        for path in [data, &password_file] {
            chown(path, Some(account.user), Some(account.group))
                .with_context(|| format!("cannot hand over `{}`", path.display()))?;
        }
    }
    let password_argument = format!("--pwfile={}", as_text(&password_file)?);
    programs.run(
        "initdb",
        &[
            "-D",
            as_text(data)?,
            "--username",
            SUPERUSER,
            &password_argument,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ],
        account,
        data,
    )?;
    fs::remove_file(&password_file)
        .with_context(|| format!("cannot remove `{}`", password_file.display()))?;
    let path = data.join("postgresql.conf");
    let durability = if durability == Durability::None { NOT_DURABLE } else { "" };
    let settings = format!("{SETTINGS}{durability}");
    OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(settings.as_bytes()))
        .with_context(|| format!("cannot write `{}`", path.display()))
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

fn as_text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("the path `{}` is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::{Ipv4Addr, TcpStream};

    use super::{Account, Cluster, Durability, Programs};
    use crate::postgres::locate;
    use crate::scratch::Scratch;

    /// A running cluster, with the scratch directory that it stands in.
    fn start() -> (Programs, Scratch, Cluster) {
        let programs = Programs::new(&locate().unwrap().expect("PostgreSQL's server programs"));
        let scratch = Scratch::create(&programs).unwrap();
        let account = Account::for_servers().unwrap();
        let cluster = Cluster::start(&programs, &scratch, account, Durability::None).unwrap();
        (programs, scratch, cluster)
    }

    fn answers(cluster: &Cluster) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, cluster.port())).is_ok()
    }

    #[test]
    fn a_cluster_asks_for_its_password_and_goes_with_its_scratch_directory() {
        let (_, scratch, cluster) = start();
        let (url, path) = (cluster.url(), scratch.path().to_owned());
        assert!(answers(&cluster));
        assert!(
            url.starts_with("postgres://postgres:")
                && url.ends_with(&format!(":{}/postgres", cluster.port()))
        );
        let rules = fs::read_to_string(path.join("postgres/pg_hba.conf")).unwrap();
        let rules: Vec<_> = rules.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
        assert!(!rules.is_empty() && rules.iter().all(|rule| rule.ends_with("scram-sha-256")), "{rules:?}");
        assert!(!path.join("postgres.password").exists());
        scratch.remove().unwrap();
        assert!(!answers(&cluster));
        assert!(!path.exists());
    }

    #[test]
    fn what_a_killed_run_left_is_removed_by_the_next() {
        let (programs, scratch, cluster) = start();
        let path = scratch.path().to_owned();
        scratch.abandon();
        assert!(answers(&cluster) && path.exists());
        Scratch::remove_leftovers(&programs).unwrap();
        assert!(!answers(&cluster));
        assert!(!path.exists());
    }

    #[test]
    fn a_panic_takes_the_cluster_along() {
        let started = std::panic::catch_unwind(|| {
            let (_, scratch, cluster) = start();
            std::panic::panic_any((scratch.path().to_owned(), cluster.port()));
        });
        let (path, port) = *started.unwrap_err().downcast::<(std::path::PathBuf, u16)>().unwrap();
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
        assert!(!path.exists());
    }
}
