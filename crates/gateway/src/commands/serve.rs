//! `orgcache serve`: the service, until Ctrl-C or SIGTERM.

use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use erp_db::{
    ConnectionLimits, Database, ErpReader, ErpSource, PasswordTable, Purpose, SqlStore, StoreOptions, store,
};
use odoo::CompanySource;
use org_structure::OrgStructure;
use session::openbravo::AutomaticRoles;
use session::{
    AtLimit, ClientId, Clock, Facts, LoadedTree, MemoryStore, Options, OrgSource, PortError, Principal,
    Revision, SessionManager, SessionStore, SystemClock, UserId, async_trait,
};
use tokio::signal;
use tokio::task::JoinSet;

use super::rights;
use super::signals::{not_waited_for, stop_signal};
use crate::backend::Backend;
use crate::cli::{AssertionArguments, ServeArguments};
use crate::commands::descriptors;
use crate::failure::Failure;
use crate::http::{
    AssertionAlgorithm, AssertionKey, Assertions, Credentials, Demonstration, DemonstrationUser, Gateway,
    ListenAddress, Mcp, MemoryCredentials, Parts, ReloadOutcome, Server, Settings, hash_password,
};
use crate::kept_ends::KeptEnds;
use crate::odoo_arguments::OdooArguments;
use crate::{demo, exposure};

/// The password of every user of the demonstration database. It is no secret: the demonstration is on
/// loopback alone.
const DEMO_PASSWORD: &str = "orgcache";

/// The user who administers the demonstration: the product's own administrator.
const DEMO_ADMIN: &str = "100";

pub(crate) async fn run(
    url: Option<&str>,
    odoo: &OdooArguments,
    arguments: &ServeArguments,
) -> Result<ExitCode, Failure> {
    // From here on no signal ends the process by itself, which would leave a Unix socket behind.
    let hangups = hangups().map_err(|error| not_waited_for(&error))?;
    let mut stop = pin!(stop_signal().map_err(|error| not_waited_for(&error))?);
    let service = tokio::select! {
        service = start(url, odoo, arguments) => service?,
        () = &mut stop => return Ok(ExitCode::SUCCESS),
    };
    let Service { server, gateway, kept_ends } = service;
    let (settings, manager) = (gateway.settings(), gateway.manager().clone());
    reload_at_hangup(hangups, settings.mcp.clone().zip(arguments.mcp.clone()));
    let _maintenance = manager.start_maintenance();
    // Aborted when the service ends.
    let mut rechecks = JoinSet::new();
    if arguments.recheck_users > 0 {
        let period = Duration::from_secs(arguments.recheck_users.into());
        rechecks.spawn(gateway.clone().recheck_users_every(period));
    }
    let addresses = server.addresses().map_err(|error| Failure::nothing_done(&error))?;
    for address in &addresses {
        tracing::info!(%address, "listening");
    }
    if let Err(error) = welcome(&addresses, settings.demonstration.as_ref(), &gateway) {
        // The output was closed; the service goes on for its clients.
        tracing::info!(%error, "the greeting could not be written");
    }
    server.run(gateway, stop).await;
    keep_ends(&manager, kept_ends.as_ref())?;
    Ok(ExitCode::SUCCESS)
}

/// The service before it answers.
struct Service {
    server: Server,
    gateway: Gateway,
    /// Where ends are kept that the store does not take, if there is a store.
    kept_ends: Option<KeptEnds>,
}

/// Takes the addresses, opens the databases, and tells the store what an earlier process could not.
async fn start(
    url: Option<&str>,
    odoo: &OdooArguments,
    arguments: &ServeArguments,
) -> Result<Service, Failure> {
    let is_demo = is_demo(url, odoo, arguments);
    let beyond = beyond_loopback(&arguments.listen).await?;
    if let (true, Some(address)) = (is_demo, beyond) {
        return Err(Failure::nothing_done(format!(
            "the demonstration is for this machine alone, not for `{address}`: its password is public"
        ))
        .advise("Name a database of your own with --database-url, or a loopback address with --listen."));
    }
    let server =
        Server::bind_all(&arguments.listen).await.map_err(|error| not_bound(&error.address, &error.cause))?;
    if let Some(address) = beyond {
        tracing::warn!(%address, "listening beyond loopback: TLS must end in front, at a proxy");
    }
    let store = store_options(arguments);
    let ground = match (odoo.connect().await?, url, is_demo) {
        (Some(companies), ..) => Foundation::of_odoo(companies, arguments)?,
        (None, None, false) => Foundation::without_sessions(arguments),
        (None, url, _) => Foundation::of_database(url, store.as_ref(), arguments).await?,
    };
    let Foundation { backend, source, rule, reason, credentials, demonstration } = ground;
    let store = match backend {
        Backend::Absent => None,
        _ => open_store(store).await?,
    };
    let credentials: Box<dyn Credentials> = match (credentials, &arguments.store_url) {
        (Some(credentials), _) => Box::new(credentials),
        (None, Some(store)) => {
            Box::new(PasswordTable::open(Database::connect_with(store, limits()).await?).await?)
        }
        (None, None) => return Err(no_passwords()),
    };
    let assertions = assertions(&arguments.assertions, store.as_ref().map(|(store, _)| store))?;

    let mut settings = settings(arguments, beyond.is_none(), is_demo)?;
    settings.max_connections = descriptors::connections(settings.max_connections);
    settings.demonstration = demonstration;
    settings.automatic_roles_reason = reason;
    tracing::info!(?rule, reason, "the rule for automatic roles");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let (store, kept_ends): (Arc<dyn SessionStore>, _) = match store {
        Some((store, options)) => (store, Some(KeptEnds::of_store(&options)?)),
        None => (Arc::new(MemoryStore::new(Arc::clone(&clock))), None),
    };
    let manager = SessionManager::new(Arc::clone(&source), store, options(rule));
    if let Some(kept_ends) = &kept_ends {
        kept_ends.tell(&manager).await?;
    }
    // In a store they would come on top of those of earlier starts.
    if is_demo
        && kept_ends.is_none()
        && let Err(failure) = demo::sign_in_visitors(&manager).await
    {
        tracing::warn!(?failure, "the demonstration begins without sessions to look at");
    }
    let gateway = Gateway::new(Parts { backend, source, manager, credentials, assertions, settings, clock });
    Ok(Service { server, gateway, kept_ends })
}

/// Is the demonstration asked for, since nothing else is? With `--mcp` alone, Odoo is served to language
/// models alone, so that the demonstration is not published with it.
pub(super) fn is_demo(url: Option<&str>, odoo: &OdooArguments, arguments: &ServeArguments) -> bool {
    url.is_none() && odoo.odoo_url.is_none() && arguments.mcp.is_none()
}

/// What the service stands on.
struct Foundation {
    backend: Backend,
    source: Arc<dyn OrgSource>,
    /// The rule for automatic roles, and why it is that.
    rule: AutomaticRoles,
    reason: &'static str,
    /// Passwords that are not those of the store.
    credentials: Option<MemoryCredentials>,
    /// Who may sign in to the demonstration.
    demonstration: Option<Demonstration>,
}

impl Foundation {
    async fn of_database(
        url: Option<&str>,
        store: Option<&StoreOptions>,
        arguments: &ServeArguments,
    ) -> Result<Self, Failure> {
        let purpose = Purpose::Service { erp_passwords: arguments.erp_passwords };
        let reader = open_erp(url, store, purpose).await?;
        let (credentials, demonstration) = match url {
            Some(_) => (None, None),
            None => {
                let (credentials, demonstration) = demo_credentials(&reader).await?;
                (Some(credentials), Some(demonstration))
            }
        };
        let automatic_roles = reader.automatic_roles(arguments.rights.automatic_roles.into());
        Ok(Foundation {
            source: Arc::new(ErpSource::new(reader.clone())),
            backend: reader.into(),
            rule: automatic_roles.rule,
            reason: automatic_roles.reason,
            credentials,
            demonstration,
        })
    }

    /// Odoo's companies, whose users sign in with what they have in Odoo.
    fn of_odoo(companies: Arc<CompanySource>, arguments: &ServeArguments) -> Result<Self, Failure> {
        if arguments.erp_passwords {
            return Err(Failure::nothing_done("--erp-passwords is about Openbravo's table of users")
                .advise("Leave it out: Odoo verifies the passwords and keys of its users itself."));
        }
        let source: Arc<dyn OrgSource> = Arc::clone(&companies) as _;
        Ok(Foundation { backend: companies.into(), source, ..Self::without_roles() })
    }

    fn without_sessions(arguments: &ServeArguments) -> Self {
        if arguments.store_url.is_some() {
            tracing::warn!("--store-url is not used: without a database or an Odoo there are no sessions");
        }
        Self::without_roles()
    }

    fn without_roles() -> Self {
        Foundation {
            backend: Backend::Absent,
            source: Arc::new(NoOrganizations),
            rule: AutomaticRoles::default(),
            reason: "there are no roles",
            credentials: Some(MemoryCredentials::default()),
            demonstration: None,
        }
    }
}

/// A source without organizations: without an ERP there are no sessions.
#[derive(Debug)]
struct NoOrganizations;

#[async_trait]
impl OrgSource for NoOrganizations {
    async fn revision(&self, _: &ClientId) -> Result<Option<Revision>, PortError> {
        Ok(None)
    }

    async fn load_tree(&self, _: &ClientId) -> Result<LoadedTree, PortError> {
        Ok(LoadedTree::new(OrgStructure::default(), None))
    }

    async fn facts(&self, _: &Principal) -> Result<Facts, PortError> {
        Ok(Facts::Companies(None))
    }
}

/// Keeps what the store could not be told until the end.
fn keep_ends(manager: &SessionManager, kept_ends: Option<&KeptEnds>) -> Result<(), Failure> {
    let ends = manager.pending_ends();
    let Some(kept_ends) = kept_ends.filter(|_| !ends.is_empty()) else { return Ok(()) };
    let count = ends.len();
    let file = kept_ends.keep(&ends).map_err(|error| {
        Failure::nothing_done(format!(
            "{count} ends of sessions are lost: the session store did not take them, and no file could: {error}"
        ))
        .advise("When the store answers again, end those sessions again.")
    })?;
    tracing::warn!(count, file = %file.display(), "the session store did not take all ends: the next start tells it");
    Ok(())
}

/// The first address that is not this machine's alone, if there is one.
pub(super) async fn beyond_loopback(listen: &[ListenAddress]) -> Result<Option<&ListenAddress>, Failure> {
    for address in listen {
        let resolved = address.resolve().await.map_err(|error| not_bound(address, &error))?;
        if !resolved.iter().all(|address| address.ip().is_loopback()) {
            return Ok(Some(address));
        }
    }
    Ok(None)
}

/// While the ERP's database is away a login should rather fail than hang.
pub(super) fn limits() -> ConnectionLimits {
    ConnectionLimits { acquire: Duration::from_secs(2), ..ConnectionLimits::default() }
}

/// Opens the ERP's database, once it and the store are known to give every right that is needed.
pub(super) async fn open_erp(
    url: Option<&str>,
    store: Option<&StoreOptions>,
    purpose: Purpose,
) -> Result<ErpReader, Failure> {
    let database = demo::connect(url, limits()).await?;
    rights::check(&database, store, purpose).await?;
    let reader = ErpReader::open(database).await?;
    if purpose == (Purpose::Service { erp_passwords: true }) {
        // A database without the column is found out now, not at the first login.
        reader.password_hash(UserId::ZERO).await?;
    }
    Ok(reader)
}

/// Where sessions live, if not in memory.
fn store_options(arguments: &ServeArguments) -> Option<StoreOptions> {
    let mut options = StoreOptions::new(arguments.store_url.as_ref()?);
    options.direct_url.clone_from(&arguments.store_direct_url);
    Some(options)
}

async fn open_store(
    options: Option<StoreOptions>,
) -> Result<Option<(Arc<dyn SqlStore>, StoreOptions)>, Failure> {
    let Some(options) = options else { return Ok(None) };
    store::migrate(&options).await?;
    if let Some(file) = options.sqlite_file()? {
        warn_if_exposed(&file);
    }
    let store = store::open(&options).await?;
    Ok(Some((store, options)))
}

/// Trusted issuers of login assertions, if configured.
fn assertions(
    arguments: &AssertionArguments,
    store: Option<&Arc<dyn SqlStore>>,
) -> Result<Option<Assertions>, Failure> {
    let (Some(issuer), Some(audience)) = (&arguments.assertion_issuer, &arguments.assertion_audience) else {
        return Ok(None);
    };
    let Some(key) = assertion_key(arguments)? else { return Ok(None) };
    let store = store.ok_or_else(|| {
        Failure::nothing_done("there is no place to note which assertions were used")
            .advise("Name one with --store-url, for example sqlite:orgcache.db?mode=rwc")
    })?;
    Ok(Some(Assertions::new(key, issuer, audience, Arc::clone(store))))
}

/// The keys that verify assertions.
pub(super) fn assertion_key(arguments: &AssertionArguments) -> Result<Option<AssertionKey>, Failure> {
    let Some(algorithm) = arguments.assertion_algorithm else { return Ok(None) };
    let mut key = AssertionKey::new(algorithm);
    for file in &arguments.assertion_key {
        let unusable = |error: &dyn std::error::Error| {
            Failure::nothing_done(format!("the key `{}` cannot be used: {error}", file.display()))
        };
        if matches!(algorithm, AssertionAlgorithm::HS256) {
            warn_if_exposed(file);
        }
        let bytes = std::fs::read(file).map_err(|error| unusable(&error))?;
        key = key.with(&bytes).map_err(|error| unusable(&error))?;
    }
    Ok(Some(key))
}

/// Many logins of one user do not evict sessions of other users.
fn options(automatic_roles: AutomaticRoles) -> Options {
    Options::default().with(|options| {
        options.max_sessions_per_user = Some(1_000);
        options.at_limit = AtLimit::EndOldest;
        options.automatic_roles = automatic_roles;
    })
}

pub(super) fn settings(
    arguments: &ServeArguments,
    on_loopback: bool,
    is_demo: bool,
) -> Result<Settings, Failure> {
    let mut settings = Settings {
        secure: !on_loopback || arguments.behind_tls,
        local_names_only: on_loopback && arguments.trusted_proxy.is_empty() && !arguments.behind_tls,
        erp_passwords: arguments.erp_passwords,
        trusted_proxies: arguments.trusted_proxy.clone(),
        ..Settings::default()
    };
    let named = arguments.instance_admin.iter().map(String::as_str);
    for user in named.chain(is_demo.then_some(DEMO_ADMIN)) {
        settings.instance_admins.push(UserId::new(user).map_err(|error| Failure::nothing_done(&error))?);
    }
    if let Some(file) = &arguments.mcp {
        warn_if_exposed(file);
        let mcp = Mcp::open(file)
            .map_err(|error| Failure::nothing_done(error).advise("docs/odoo.md tells what --mcp expects."))?;
        settings.mcp = Some(mcp);
    }
    Ok(settings)
}

fn warn_if_exposed(file: &Path) {
    if let Some(warning) = exposure::of_file(file) {
        tracing::warn!("{warning}");
    }
}

pub(super) fn no_passwords() -> Failure {
    Failure::nothing_done("nobody could log in: there is no place for passwords").advise(
        "Name one with --store-url, for example sqlite:orgcache.db?mode=rwc, and set passwords with `orgcache password`.",
    )
}

/// One password for all users of the demonstration who can log in, and those to name: of the many users of a
/// generated client, the administrator and the first of each kind.
async fn demo_credentials(reader: &ErpReader) -> Result<(MemoryCredentials, Demonstration), Failure> {
    let hash = hash_password(DEMO_PASSWORD).map_err(|error| Failure::nothing_done(&error))?;
    let clients = reader.clients().await?;
    let mut users = Vec::new();
    let mut ids = Vec::new();
    for user in reader.users().await? {
        let roles = reader.user_roles(user.id).await?;
        let can_log_in = user.active && !user.locked && roles.iter().any(|role| role.active);
        let (Some(name), true) = (user.username, can_log_in) else { continue };
        ids.push(user.id);
        if demo::is_one_of_many(&name) {
            continue;
        }
        let client = clients.iter().find(|client| client.id == user.client.as_str());
        let mut role = String::new();
        for row in roles.iter().filter(|role| role.active) {
            let taken = reader.role(row.role).await?;
            if let Some(taken) = taken.filter(|taken| role.is_empty() || taken.client_admin) {
                role = taken.name;
            }
        }
        if user.id.as_str() == DEMO_ADMIN {
            role = "administers all clients".into();
        }
        users.push(DemonstrationUser {
            name,
            client: client.map(|client| client.name.clone()).unwrap_or_default(),
            role,
        });
    }
    users.sort_by(|a, b| (&a.client, &a.name).cmp(&(&b.client, &b.name)));
    let demonstration = Demonstration { password: DEMO_PASSWORD.to_owned(), users };
    Ok((MemoryCredentials::shared(ids, &hash), demonstration))
}

/// Tells the person at the terminal where to go.
fn welcome(
    addresses: &[ListenAddress],
    demonstration: Option<&Demonstration>,
    gateway: &Gateway,
) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    for address in addresses {
        let scheme = if matches!(address, ListenAddress::Tcp { .. }) { "http://" } else { "" };
        writeln!(out, "orgcache listens on {scheme}{address}")?;
    }
    if let Some(Demonstration { users, password }) = demonstration {
        let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        writeln!(out, "users: {}", names.join(", "))?;
        writeln!(out, "password of all of them: {password}")?;
    }
    if let Some(about) = gateway.about() {
        writeln!(out, "{about}")?;
    }
    writeln!(out, "Ctrl-C stops it.")?;
    out.flush()
}

pub(super) fn not_bound(address: &ListenAddress, error: &io::Error) -> Failure {
    let failure = Failure::nothing_done(format!("cannot listen on `{address}`: {error}"));
    match (error.kind(), address) {
        (io::ErrorKind::AddrInUse, ListenAddress::Tcp { .. }) => {
            failure.advise("Something listens there already; choose another port with --listen.")
        }
        (io::ErrorKind::AddrInUse, ListenAddress::Unix(_)) => {
            failure.advise("A process listens there already; choose another path with --listen.")
        }
        (io::ErrorKind::NotFound, ListenAddress::Unix(_)) => {
            failure.advise("Make its folder first, and let the user of the service write to it.")
        }
        (io::ErrorKind::AlreadyExists, ListenAddress::Unix(_)) => {
            failure.advise("Remove the file if nothing needs it, or choose another path with --listen.")
        }
        (io::ErrorKind::InvalidInput, ListenAddress::Unix(_)) => {
            failure.advise("Choose a path of at most 107 bytes with --listen.")
        }
        (io::ErrorKind::PermissionDenied, ListenAddress::Unix(_)) => {
            failure.advise("Let the user of the service write to its folder.")
        }
        _ => failure,
    }
}

#[cfg(unix)]
type Hangups = signal::unix::Signal;
#[cfg(not(unix))]
type Hangups = ();

/// From here on SIGHUP does not end the process. What comes before [`reload_at_hangup`] waits for that.
#[cfg(unix)]
fn hangups() -> io::Result<Hangups> {
    signal::unix::signal(signal::unix::SignalKind::hangup())
}

#[cfg(not(unix))]
fn hangups() -> io::Result<Hangups> {
    Ok(())
}

/// Reads the principals of /mcp again at each SIGHUP, if there are any.
#[cfg(unix)]
fn reload_at_hangup(mut hangups: Hangups, mcp: Option<(Mcp, PathBuf)>) {
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            match &mcp {
                Some((mcp, file)) => reload(mcp, file),
                None => tracing::info!("SIGHUP: there is no --mcp file to read again"),
            }
        }
    });
}

#[cfg(unix)]
fn reload(mcp: &Mcp, file: &Path) {
    warn_if_exposed(file);
    match mcp.reload() {
        Ok(ReloadOutcome { begun, ended, later, .. }) => {
            tracing::info!(begun, ended, "the principals of /mcp were read again");
            if !later.is_empty() {
                let settings = later.join(", ");
                tracing::warn!(settings, "these settings for all principals take effect with the next start");
            }
        }
        Err(error) => tracing::error!(%error, "the principals of /mcp stay as they were"),
    }
}

#[cfg(not(unix))]
fn reload_at_hangup(_: Hangups, _: Option<(Mcp, PathBuf)>) {}
