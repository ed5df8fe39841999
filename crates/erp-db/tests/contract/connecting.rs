//! Opening databases, and databases that become unavailable.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use erp_db::{
    ConnectError, ConnectionLimits, Database, DatabaseKind, ErpReader, ErpSource, ReadError, StatementError,
    StoreOptions, store,
};
use futures_util::future::join_all;
use session::{ClientId, Principal, RoleId, SessionManager, SessionStore};
use sqlx::Connection;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::server::Cluster;
use crate::support::{FB, TestDatabase, id, on_both_databases, postgres_url};

on_both_databases! {
    waiting_for_a_lock_times_out,
    a_closed_database_is_unreachable,
}

async fn error(url: &str) -> ConnectError {
    Database::connect(url).await.unwrap_err()
}

#[tokio::test]
async fn other_urls_are_refused_without_repeating_them() {
    for url in ["secret@host/db", "", "postgres", "/tmp/erp.db"] {
        let error = error(url).await;
        assert!(matches!(error, ConnectError::NoScheme), "{url}: {error}");
        assert!(!error.is_transient() && !error.to_string().contains("secret"), "{error}");
    }
    for url in ["mysql://u:secret@h/db", "SQLITE:x", "file:x", ":", "://secret"] {
        let error = error(url).await;
        assert!(matches!(error, ConnectError::UnknownScheme { .. }), "{url}: {error}");
        assert!(!error.is_transient() && !error.to_string().contains("secret"), "{error}");
        assert!(error.to_string().contains("`sqlite:`"));
    }
    for url in [
        "sqlite:",
        "sqlite::memory:",
        "sqlite:%3Amemory:?mode=rwc",
        "sqlite:x?mode=memory",
        "sqlite:x?mode=%6demory",
        "sqlite:x?mode=secret",
        "sqlite:x?other=1",
    ] {
        let error = error(url).await;
        assert!(matches!(error, ConnectError::InvalidUrl { .. }), "{url}: {error}");
        assert!(!error.is_transient());
    }
    for url in ["postgres://u:secret@host:port/db", "postgres://u:secret@host/db?sslmode=sometimes"] {
        let error = error(url).await;
        assert!(matches!(error, ConnectError::InvalidUrl { .. }), "{url}: {error}");
        assert!(!error.to_string().contains("secret") && !error.is_transient(), "{error}");
    }
}

#[tokio::test]
async fn an_sqlite_file_is_created_only_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("with ä and 100% of it?.db");
    let error = Database::open_file(&file).await.unwrap_err();
    assert!(matches!(&error, ConnectError::NoSuchFile { file: named } if *named == file), "{error}");
    let file = folder.path().join("erp.db");
    for mode in ["", "?mode=rw", "?mode=ro"] {
        let error = self::error(&format!("sqlite:{}{mode}", file.display())).await;
        assert!(matches!(&error, ConnectError::NoSuchFile { file: named } if *named == file), "{error}");
        assert!(!file.exists() && !error.is_transient());
    }
    let created = Database::connect(&format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
    assert_eq!(created.kind(), DatabaseKind::Sqlite);
    assert!(file.exists());
    assert!(created.place().contains(file.to_str().unwrap()));
    Database::connect(&format!("sqlite:{}", file.display())).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_not_a_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("erp.db");
    std::fs::write(&file, "this is a text, and a long one at that. ".repeat(100)).unwrap();
    let database = Database::connect(&format!("sqlite:{}", file.display())).await;
    let transient = match database {
        Err(error) => error.is_transient(),
        Ok(database) => ErpReader::open(database).await.unwrap_err().is_transient(),
    };
    assert!(!transient);
    let error = self::error(&format!("sqlite:{}", folder.path().display())).await;
    assert!(!error.is_transient(), "{error}");
}

#[tokio::test]
async fn an_unreachable_server_is_named_without_password() {
    // Bound but never listening: no other process can have the port, and clients are refused.
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = held.local_addr().unwrap().port();
    let error = error(&format!("postgres://someone:secret@127.0.0.1:{port}/erp")).await;
    assert!(error.is_transient(), "{error}");
    let message = error.to_string();
    assert!(message.contains(&format!("127.0.0.1:{port}")) && message.contains("`erp`"), "{message}");
    assert!(!message.contains("secret") && !format!("{error:?}").contains("secret"));
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://someone:secret@{}/erp", silent.local_addr().unwrap());
    let limits = ConnectionLimits { connect: Duration::from_millis(100), ..ConnectionLimits::default() };
    let error = Database::connect_with(&url, limits).await.unwrap_err();
    assert!(matches!(error, ConnectError::Database(StatementError::TimedOut { .. })), "{error}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_missing_database_or_user_is_a_permanent_error() {
    let db = TestDatabase::postgres().await;
    let error = error(&format!("{}_gone", db.url)).await;
    assert!(matches!(error, ConnectError::Database(StatementError::Refused { .. })), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_connection_that_the_server_ended_is_replaced() {
    let db = TestDatabase::postgres().await;
    let erp = db.with_sample().await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    db.execute(end).await;
    assert_eq!(erp.load_tree(id(FB)).await.unwrap().structure.len(), 8);
}

/// Forwards bytes to the cluster until it is stopped. Then the server is gone for its clients.
struct Cable {
    port: u16,
    forget: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Cable {
    async fn to_the_cluster() -> Self {
        let options: sqlx::postgres::PgConnectOptions = postgres_url().parse().unwrap();
        let (host, port) = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port_here = listener.local_addr().unwrap().port();
        let forget = watch::Sender::new(());
        let forgetting = forget.clone();
        let task = tokio::spawn(async move {
            // Ends with the task, and with it all connections.
            let mut connections = JoinSet::new();
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let mut far = TcpStream::connect((host.as_str(), port)).await.unwrap();
                let mut forgotten = forgetting.subscribe();
                connections.spawn(async move {
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        // Both ends stay open, but nothing is forwarded any more.
                        _ = forgotten.changed() => std::future::pending().await,
                    }
                });
            }
        });
        Cable { port: port_here, forget, task }
    }

    /// A URL of a database of the cluster, through this proxy.
    fn url(&self, direct: &str) -> String {
        let options: sqlx::postgres::PgConnectOptions = postgres_url().parse().unwrap();
        let server = format!("{}:{}", options.get_host(), options.get_port());
        let url = direct.replace(&server, &format!("127.0.0.1:{}", self.port));
        assert_ne!(url, direct);
        url
    }

    /// Silently drops everything on the existing connections, like a firewall that has forgotten them.
    fn forget(&self) {
        self.forget.send_replace(());
    }

    async fn cut(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

#[tokio::test]
async fn an_unavailable_server_is_a_transient_error() {
    let db = TestDatabase::postgres().await;
    db.with_sample().await;
    let cable = Cable::to_the_cluster().await;
    let impatient = ConnectionLimits { acquire: Duration::from_secs(2), ..ConnectionLimits::default() };
    let database = Database::connect_with(&cable.url(&db.url), impatient).await.unwrap();
    let erp = ErpReader::open(database).await.unwrap();
    assert_eq!(erp.load_tree(id(FB)).await.unwrap().structure.len(), 8);
    cable.cut().await;
    for _ in 0..3 {
        let error = erp.load_tree(id(FB)).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
    }
}

/// A connection that was idle for a while may have been dropped silently. It is detected faster than a slow
/// statement.
#[tokio::test]
async fn dropped_connections_are_detected_soon_and_replaced() {
    let db = TestDatabase::postgres().await;
    let direct = db.with_sample().await;
    db.execute("UPDATE ad_user SET isactive = 'Y'").await;
    db.store().await.close().await;
    let cable = Cable::to_the_cluster().await;
    let slow = ConnectionLimits { statement: Duration::from_secs(600), ..ConnectionLimits::default() };
    let reader = async || {
        let database = Database::connect_with(&cable.url(&db.url), slow).await.unwrap();
        let erp = ErpReader::open(database).await.unwrap();
        for read in join_all((0..4).map(|_| erp.load_tree(id(FB)))).await {
            read.unwrap();
        }
        erp
    };
    let (single, several) = (reader().await, reader().await);
    let limits = ConnectionLimits { statement: slow.statement, ..StoreOptions::new("").limits };
    let stored = StoreOptions::new(cable.url(&db.url)).with_direct_url(&db.url).with_limits(limits);
    let source = Arc::new(ErpSource::new(direct));
    let node = SessionManager::new(source, store::open(&stored).await.unwrap(), session::Options::default());
    let log_in = async || node.login(Principal::new(id("100"))).await;
    log_in().await.unwrap();

    cable.forget();
    tokio::time::sleep(Duration::from_secs(11)).await;
    let work = async {
        assert_eq!(single.load_tree(id(FB)).await.unwrap().structure.len(), 8);
        let role = several.role_facts(RoleId::ZERO, ClientId::ZERO).await.unwrap();
        assert!(role.is_some());
        let login = log_in().await.unwrap();
        let other = store::open(&StoreOptions::new(&db.url)).await.unwrap();
        let found = SessionStore::open(&*other, &login.session.id()).await.unwrap();
        assert!(found.is_some(), "it is stored");
    };
    tokio::time::timeout(Duration::from_secs(120), work).await.unwrap();
}

/// A connection that ends during a statement is detected, and a read is retried: one statement, or all of a
/// snapshot.
#[tokio::test]
async fn reads_are_retried_if_the_connection_is_lost() {
    let db = TestDatabase::postgres().await;
    let erp = db.with_sample().await;
    let reads: [fn(ErpReader) -> JoinHandle<bool>; 2] = [
        |erp| tokio::spawn(async move { erp.load_tree(id(FB)).await.unwrap().structure.len() == 8 }),
        |erp| {
            tokio::spawn(async move { erp.role_facts(RoleId::ZERO, ClientId::ZERO).await.unwrap().is_some() })
        },
    ];
    for read in reads {
        let mut other = sqlx::PgConnection::connect(&db.url).await.unwrap();
        let lock = "BEGIN; LOCK TABLE ad_org IN ACCESS EXCLUSIVE MODE";
        sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
        let reading = read(erp.clone());
        let end = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while db.texts(end).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        other.close().await.unwrap();
        assert!(reading.await.unwrap());
    }
}

/// Another connection holds a lock. The reader gives up in time, reports a transient error, and works again
/// afterwards.
async fn waiting_for_a_lock_times_out(db: TestDatabase) {
    let impatient = ConnectionLimits {
        acquire: Duration::from_secs(1),
        statement: Duration::from_secs(2),
        ..ConnectionLimits::default()
    };
    db.with_sample().await.database().close().await;
    let erp = ErpReader::open(Database::connect_with(&db.url, impatient).await.unwrap()).await.unwrap();
    let error = if db.is_postgres() {
        let mut other = sqlx::PgConnection::connect(&db.url).await.unwrap();
        let lock = "BEGIN; LOCK TABLE ad_org IN ACCESS EXCLUSIVE MODE";
        sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
        let error = erp.load_tree(id(FB)).await.unwrap_err();
        other.close().await.unwrap();
        error
    } else {
        let mut other = sqlx::SqliteConnection::connect(&db.url).await.unwrap();
        sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
        let error = erp.load_tree(id(FB)).await.unwrap_err();
        other.close().await.unwrap();
        error
    };
    assert!(matches!(error, ReadError::Database(_)) && error.is_transient(), "{error}");
    assert_eq!(erp.load_tree(id(FB)).await.unwrap().structure.len(), 8);
}

async fn a_closed_database_is_unreachable(db: TestDatabase) {
    let erp = db.with_sample().await;
    erp.database().clone().close().await;
    let error = erp.load_tree(id(FB)).await.unwrap_err();
    assert!(matches!(error, ReadError::Database(StatementError::Unreachable { .. })), "{error}");
}

/// A server's certificate, issued by the test's own authority, with the given changes.
fn certificate(name: &str, change: impl FnOnce(&mut rcgen::CertificateParams)) -> (String, String, String) {
    let mut authority = rcgen::CertificateParams::new([]).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "an authority of our own");
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let authority = rcgen::CertifiedIssuer::self_signed(authority, authority_key).unwrap();
    let mut server = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    change(&mut server);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = server.signed_by(&key, &authority).unwrap();
    (authority.pem(), certificate.pem(), key.serialize_pem())
}

/// Writes a file that no other user may read into a server's folder.
fn put(cluster: &Cluster, name: &str, content: &str) {
    let folder = cluster.data();
    let file = Path::new(&folder).join(name);
    std::fs::write(&file, content).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let owner = std::fs::metadata(&folder).unwrap();
    std::os::unix::fs::chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
}

/// Certificate problems are explained, and only the right certificate is trusted.
#[tokio::test]
async fn certificate_problems_are_explained() {
    let cluster = Cluster::new();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("an authority.pem");
    let trusting = |mode: &str| {
        let root = root.to_str().unwrap().replace(' ', "%20");
        format!("{}?sslmode={mode}&sslrootcert={root}", cluster.url())
    };
    let (authority, sound, key) = certificate("127.0.0.1", |_| {});
    std::fs::write(&root, &authority).unwrap();
    let attempt = async |certificate: &str, key: &str, url: &str| {
        put(&cluster, "server.crt", certificate);
        put(&cluster, "server.key", key);
        cluster.start();
        let connected = Database::connect(url).await.map(|_| ());
        cluster.stop();
        connected
    };
    attempt(&sound, &key, &trusting("verify-full")).await.unwrap();

    let problem = |outcome: Result<(), ConnectError>| match outcome.unwrap_err() {
        ConnectError::Database(StatementError::Encryption { problem, .. }) => problem,
        other => panic!("{other}"),
    };
    let nobody = format!("{}?sslmode=verify-full", cluster.url());
    let unknown = problem(attempt(&sound, &key, &nobody).await);
    assert!(unknown.contains("unknown issuer") && unknown.contains("`sslrootcert`"), "{unknown}");
    let no_certificate = {
        std::fs::remove_file(Path::new(&cluster.data()).join("server.crt")).unwrap();
        cluster.start();
        let outcome = Database::connect(&nobody).await.map(|_| ());
        cluster.stop();
        problem(outcome)
    };
    assert!(no_certificate.contains("does not support TLS"), "{no_certificate}");

    let (authority, other, key) = certificate("db.example.org", |_| {});
    std::fs::write(&root, &authority).unwrap();
    let named = problem(attempt(&other, &key, &trusting("verify-full")).await);
    assert!(named.contains("`127.0.0.1`") && named.contains("db.example.org"), "{named}");
    attempt(&other, &key, &trusting("verify-ca")).await.unwrap();

    let (first, last) = (rcgen::date_time_ymd(2001, 1, 1), rcgen::date_time_ymd(2002, 1, 1));
    let (authority, expired, key) =
        certificate("127.0.0.1", |params| (params.not_before, params.not_after) = (first, last));
    std::fs::write(&root, &authority).unwrap();
    let expired = problem(attempt(&expired, &key, &trusting("verify-full")).await);
    assert!(expired.contains("has expired"), "{expired}");
    let far = rcgen::date_time_ymd(4000, 1, 1);
    let (authority, early, key) = certificate("127.0.0.1", |params| params.not_before = far);
    std::fs::write(&root, &authority).unwrap();
    let early = problem(attempt(&early, &key, &trusting("verify-full")).await);
    assert!(early.contains("not valid yet"), "{early}");

    std::fs::remove_file(&root).unwrap();
    let missing = error(&trusting("verify-full")).await.to_string();
    assert!(missing.contains("`sslrootcert`") && missing.contains("an authority.pem"), "{missing}");
}

/// As psql does.
#[tokio::test]
async fn a_url_without_a_user_means_the_operating_system_user() {
    let me = std::process::Command::new("id").arg("-un").output().unwrap();
    let me = String::from_utf8(me.stdout).unwrap().trim().to_owned();
    let cluster = Cluster::new();
    cluster.start();
    let url = cluster.url().replace("postgres@", "");
    let error = error(&url).await.to_string();
    assert!(error.contains(&format!("role \"{me}\" does not exist")), "{error}");
    let mut owner = sqlx::PgConnection::connect(&cluster.url()).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE ROLE \"{me}\" LOGIN"));
    sqlx::raw_sql(create).execute(&mut owner).await.unwrap();
    Database::connect(&url).await.unwrap();
}
