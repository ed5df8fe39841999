//! `orgcache serve`: runs the service until Ctrl-C or SIGTERM.
//!
//! [`run`] is the whole life of the process. `start` is the part that must succeed before it answers. `check`
//! calls the same parts, so that both commands refuse the same settings.

mod listening;
#[cfg(unix)]
mod reload;
mod served_erp;
mod settings;

use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use erp_db::{Database, PasswordTable, SqlStore, StoreError, StoreOptions, store};
use session::openbravo::AutomaticRoles;
use session::{AtLimit, Clock, MemoryStore, Options, SessionManager, SessionStore, SystemClock};
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

pub(super) use self::listening::{beyond_loopback, bind_failure};
use self::served_erp::ServedErp;
pub(super) use self::served_erp::{limits, open_erp, purpose};
pub(super) use self::settings::{assertion_key, settings, store_options};
use super::signals::{no_signal_handler, stop_signal};
use crate::backend::Backend;
use crate::cli::{AssertionArguments, ErpArguments, ServeArguments};
use crate::commands::descriptors;
use crate::demo;
use crate::failure::Failure;
use crate::http::{Assertions, Credentials, Gateway, MemoryCredentials, Parts, Server};
use crate::revocation_backlog::RevocationBacklog;

/// The warning if a store is given to a service that serves only `/mcp`.
pub(super) const UNUSED_STORE: &str =
    "--store-url is ignored: without a database or Odoo there are no sessions";

/// What the service serves, as the command line names it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    /// The demonstration, if nothing is named.
    Demonstration,
    /// An ERP's database.
    Database,
    /// Odoo, at a URL.
    Odoo(&'a str),
    /// Only `/mcp`. The demonstration is not served beside it.
    McpAlone,
}

impl<'a> Subject<'a> {
    pub(super) fn from_arguments(erp: &'a ErpArguments, arguments: &ServeArguments) -> Self {
        if let Some(url) = &erp.odoo.odoo_url {
            Subject::Odoo(url)
        } else if erp.database_url.is_some() {
            Subject::Database
        } else if arguments.mcp.is_some() {
            Subject::McpAlone
        } else {
            Subject::Demonstration
        }
    }
}

pub(crate) async fn run(erp: &ErpArguments, arguments: &ServeArguments) -> Result<ExitCode, Failure> {
    // From here on signals do not terminate the process at once, which would leave a Unix socket behind.
    #[cfg(unix)]
    let hangups = signal(SignalKind::hangup()).map_err(|error| no_signal_handler(&error))?;
    let mut stop = pin!(stop_signal().map_err(|error| no_signal_handler(&error))?);
    let service = tokio::select! {
        service = start(erp, arguments) => service?,
        () = &mut stop => return Ok(ExitCode::SUCCESS),
    };
    let Service { server, gateway, backlog } = service;
    let (settings, manager) = (gateway.settings(), gateway.manager().clone());
    #[cfg(unix)]
    reload::reload_at_hangup(hangups, settings.mcp.clone().zip(arguments.mcp.clone()));
    let _maintenance = manager.start_maintenance();
    // Aborted when dropped, at the end of the service.
    let mut background_tasks = JoinSet::new();
    if arguments.recheck_users > 0 {
        let period = Duration::from_secs(arguments.recheck_users.into());
        background_tasks.spawn(gateway.clone().recheck_users_every(period));
    }
    let addresses = server.addresses().map_err(|error| Failure::nothing_done(&error))?;
    for address in &addresses {
        tracing::info!(%address, "listening");
    }
    if let Err(error) = listening::welcome(&addresses, settings.demonstration.as_ref(), &gateway) {
        // Standard output is closed. The service continues.
        tracing::info!(%error, "the greeting could not be written");
    }
    server.run(gateway, stop).await;
    if let Some(backlog) = &backlog {
        backlog.save_pending(&manager)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The service, ready to answer.
struct Service {
    server: Server,
    gateway: Gateway,
    /// Keeps revocations that the store does not accept. `None` without a store.
    backlog: Option<RevocationBacklog>,
}

/// Binds the addresses, opens the databases, and applies the revocations of earlier processes.
async fn start(erp: &ErpArguments, arguments: &ServeArguments) -> Result<Service, Failure> {
    let subject = Subject::from_arguments(erp, arguments);
    let beyond = beyond_loopback(&arguments.listen, subject).await?;
    let server = Server::bind_all(&arguments.listen).await.map_err(bind_failure)?;
    if let Some(address) = beyond {
        tracing::warn!(%address, "listening beyond loopback: a proxy in front must terminate TLS");
    }
    let options = store_options(subject, arguments)?;
    if let (Subject::McpAlone, Some(_)) = (subject, &arguments.store_url) {
        tracing::warn!("{UNUSED_STORE}");
    }
    let key = assertion_key(&arguments.assertions)?;
    let mut settings = settings(subject, arguments, beyond.is_none())?;
    let ServedErp { backend, source, rule, reason } =
        ServedErp::open(erp, options.as_ref(), arguments).await?;
    let store = match &options {
        Some(options) => Some(open_store(options).await?),
        None => None,
    };
    let credentials: Box<dyn Credentials> = match (&backend, subject, &options) {
        (Backend::Database(reader), Subject::Demonstration, _) => {
            let (credentials, demonstration) = demo::users(reader).await?;
            settings.demonstration = Some(demonstration);
            Box::new(credentials)
        }
        (Backend::Database(_), _, Some(options)) => {
            let database = Database::connect_with(&options.url, limits()).await.map_err(StoreError::from)?;
            Box::new(PasswordTable::open(database).await?)
        }
        _ => Box::new(MemoryCredentials::default()),
    };
    let AssertionArguments { assertion_issuer, assertion_audience, .. } = &arguments.assertions;
    let assertions = match (key, assertion_issuer, assertion_audience, &store) {
        (Some(key), Some(issuer), Some(audience), Some(store)) => {
            Some(Assertions::new(key, issuer, audience, Arc::clone(store)))
        }
        _ => None,
    };
    settings.max_connections = descriptors::connections(settings.max_connections);
    settings.automatic_roles_reason = reason;
    let granted = match rule {
        AutomaticRoles::OfClient => "all organizations of their client",
        AutomaticRoles::ByRows => "the organizations of their access rows",
    };
    tracing::info!(reason, "automatic roles get {granted}");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let backlog = options.as_ref().map(RevocationBacklog::for_store).transpose()?;
    let store: Arc<dyn SessionStore> = match store {
        Some(store) => store,
        None => Arc::new(MemoryStore::new(Arc::clone(&clock))),
    };
    let manager = SessionManager::new(Arc::clone(&source), store, session_options(rule));
    if let Some(backlog) = &backlog {
        backlog.send(&manager).await?;
    }
    // A store would accumulate them with each start.
    if subject == Subject::Demonstration
        && backlog.is_none()
        && let Err(failure) = demo::sign_in_visitors(&manager).await
    {
        tracing::warn!(%failure, "the demonstration starts without sample sessions");
    }
    let gateway = Gateway::new(Parts { backend, source, manager, credentials, assertions, settings, clock });
    Ok(Service { server, gateway, backlog })
}

async fn open_store(options: &StoreOptions) -> Result<Arc<dyn SqlStore>, Failure> {
    store::migrate(options).await?;
    if let Some(file) = options.sqlite_file().map_err(StoreError::from)? {
        settings::warn_if_exposed(&file);
    }
    Ok(store::open(options).await?)
}

/// Limits the sessions per user, so that many logins of one user do not evict the sessions of others.
fn session_options(automatic_roles: AutomaticRoles) -> Options {
    Options::default().with(|options| {
        options.max_sessions_per_user = Some(1_000);
        options.at_limit = AtLimit::EndOldest;
        options.automatic_roles = automatic_roles;
    })
}
