//! `Authenticator`: logs the client in, once for all its calls.

use core::time::Duration;
use std::sync::{Arc, OnceLock};

use model_metadata::Clock;
use parking_lot::Mutex;
use platform::flight::LeaderLoad;
use serde::Deserialize;

use crate::authentication::{Authentication, OdooSession};
use crate::call::Effect;
use crate::config::{Transport, TransportChoice};
use crate::http::{Answer, Lease, Request};
use crate::key_owner::{login_of, user_of_key};
use crate::wire::{self, AddonRequest, Reply};
use crate::{Fault, OdooConfig, OdooCredential, OdooError};

/// Logs in on demand. Concurrent calls share one login.
///
/// Lock order: `state` is the only lock. It is never held across an await, or while wakers run.
#[derive(Debug)]
pub(crate) struct Authenticator {
    config: Arc<OdooConfig>,
    /// The configuration with the name of the database, if that was not configured.
    resolved: OnceLock<Arc<OdooConfig>>,
    state: Mutex<LoginState>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Default)]
struct LoginState {
    auth: Option<Authentication>,
    user: Option<i64>,
    transport: Option<Transport>,
    /// The server's major version.
    version: Option<u64>,
    serial: u64,
    /// The login in flight.
    login: Option<Arc<LoginLoad>>,
    /// The last refusal, and its time.
    refusal: Option<(OdooError, Duration)>,
}

#[derive(Deserialize)]
struct Identity {
    uid: Option<i64>,
    /// A new session also returns the version.
    #[serde(flatten)]
    version: Version,
}

#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    server_version_info: Vec<serde_json::Value>,
}

/// The outcome of a login, for all calls that wait for it.
type LoginLoad = LeaderLoad<Result<Authentication, OdooError>>;

/// How long a refused login is cached.
const REFUSAL_TTL: Duration = Duration::from_secs(60);

/// How a call gets its authentication.
enum Step<'a> {
    LoggedIn(Authentication),
    Join(Arc<LoginLoad>),
    LogIn(LoginDuty<'a>),
}

/// The duty to log in. If it is dropped before `finish`, a waiting call starts a new login.
struct LoginDuty<'a> {
    login: &'a Authenticator,
    load: Arc<LoginLoad>,
    finished: bool,
}

impl LoginDuty<'_> {
    /// Records the outcome and passes it to the waiting calls.
    fn finish(
        mut self,
        outcome: Result<(Authentication, i64), OdooError>,
    ) -> Result<Authentication, OdooError> {
        self.finished = true;
        let mut state = self.login.state.lock();
        state.login = None;
        let refusal = outcome.as_ref().err().filter(|error| error.is_refused_login());
        state.refusal = refusal.map(|error| (error.clone(), self.login.clock.now()));
        let outcome = outcome.map(|(auth, user)| {
            state.auth = Some(auth.clone());
            state.user = Some(user);
            auth
        });
        // Run wakers outside of the lock.
        drop(state);
        self.load.complete(outcome.clone());
        outcome
    }
}

impl Drop for LoginDuty<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.login.state.lock().login = None;
            self.load.abandon();
        }
    }
}

impl Authenticator {
    pub(crate) fn new(config: Arc<OdooConfig>, clock: Arc<dyn Clock>) -> Self {
        let resolved = OnceLock::new();
        Authenticator { config, resolved, state: Mutex::default(), clock }
    }

    /// The authentication for a call. Logs in if there is none, or only a `stale` one whose session has
    /// expired. Concurrent callers share one login and its error. The login uses the caller's lease, so that
    /// it needs no other connection.
    pub(crate) async fn authenticate(
        &self,
        lease: &mut Lease,
        stale: Option<&Authentication>,
    ) -> Result<Authentication, OdooError> {
        loop {
            match self.step(stale)? {
                Step::LoggedIn(auth) => return Ok(auth),
                Step::LogIn(duty) => {
                    let outcome = self.log_in(lease).await.map_err(|error| self.explain_address(error));
                    return duty.finish(outcome);
                }
                Step::Join(load) => {
                    if let Some(outcome) = LeaderLoad::wait(&load).await {
                        return outcome;
                    }
                }
            }
        }
    }

    /// The current authentication unless it is stale, the login in flight, or the duty to log in.
    fn step(&self, stale: Option<&Authentication>) -> Result<Step<'_>, OdooError> {
        let mut state = self.state.lock();
        if let Some(auth) = &state.auth
            && stale.is_none_or(|stale| !stale.is_same(auth))
        {
            return Ok(Step::LoggedIn(auth.clone()));
        }
        if let Some(load) = &state.login {
            return Ok(Step::Join(Arc::clone(load)));
        }
        // Odoo counts refused logins, and after some refuses all logins from this address.
        if let Some((error, at)) = &state.refusal
            && self.clock.now() < at.saturating_add(REFUSAL_TTL)
        {
            return Err(error.clone());
        }
        let load = Arc::default();
        state.login = Some(Arc::clone(&load));
        Ok(Step::LogIn(LoginDuty { login: self, load, finished: false }))
    }

    /// Drops an authentication whose credential was refused and may have been revoked. The next call logs in
    /// again. If that login is refused, the refusal is cached.
    pub(crate) fn mark_stale(&self, used: &Authentication) {
        let mut state = self.state.lock();
        if !matches!(used, Authentication::Session(_))
            && state.auth.as_ref().is_some_and(|it| it.is_same(used))
        {
            state.auth = None;
        }
    }

    /// Explains an error if the address looks like a page of Odoo's web client. Such an address is not
    /// rejected in advance, because a proxy may serve Odoo at that path.
    fn explain_address(&self, error: OdooError) -> OdooError {
        let url = &self.config().url;
        let is_page = url.path_segments().into_iter().flatten().any(|segment| segment == "odoo");
        match error {
            OdooError::Fault(Fault::NotJson { .. } | Fault::Redirect { .. }) | OdooError::NoJson2
                if is_page =>
            {
                OdooError::Address { url: url.to_string() }
            }
            error => error,
        }
    }

    /// The configuration, with the name of the database once that is known.
    pub(crate) fn config(&self) -> &OdooConfig {
        self.resolved.get().unwrap_or(&self.config)
    }

    /// The user's id, after the first login.
    pub(crate) fn user(&self) -> Option<i64> {
        self.state.lock().user
    }

    /// The transport, once it is known.
    pub(crate) fn transport(&self) -> Option<Transport> {
        self.state.lock().transport
    }

    /// Stores a cookie that an answer set, unless there is a newer one.
    pub(crate) fn renew(&self, used: &Authentication, answer: &Answer) {
        let mut state = self.state.lock();
        if let (Some(cookie), Some(current)) = (&answer.session, &state.auth)
            && used.is_same(current)
            && matches!(used, Authentication::Session(_))
        {
            state.serial += 1;
            let session = OdooSession { cookie: cookie.clone(), serial: state.serial };
            state.auth = Some(Authentication::Session(Arc::new(session)));
        }
    }

    async fn log_in(&self, lease: &mut Lease) -> Result<(Authentication, i64), OdooError> {
        if self.config().database.is_none() {
            self.find_database(lease).await?;
        }
        let known = self.state.lock().transport;
        let transport = match known {
            Some(transport) => transport,
            None => self.select_transport(lease).await?,
        };
        self.state.lock().transport = Some(transport);
        match transport {
            Transport::Session => self.open_session(lease).await,
            Transport::JsonRpc if self.config.login.is_none() => self.authenticate_by_key_alone(lease).await,
            Transport::JsonRpc => {
                let request = wire::authenticate_stateless(self.config());
                let (user, _) = self.request::<serde_json::Value>(lease, &request, "authenticate").await?;
                // For wrong credentials Odoo returns `false`.
                let user = user.as_i64().filter(|user| *user > 0).ok_or_else(|| self.refused())?;
                Ok((Authentication::Stateless { user }, user))
            }
            Transport::Json2 => {
                let user = user_of_key(lease, self.config()).await?;
                // Odoo ignores the configured login, so compare it with the owner of the key.
                if let Some(login) = &self.config().login {
                    let owner = login_of(lease, self.config(), user).await?;
                    if owner != *login {
                        return Err(OdooError::OtherUser { login: login.clone(), owner });
                    }
                }
                Ok((Authentication::Json2, user))
            }
        }
    }

    /// Selects the database if none is configured: the only one, or the one with the usual name.
    async fn find_database(&self, lease: &mut Lease) -> Result<(), OdooError> {
        const USUAL: &str = "odoo";
        let names = match self.request::<Vec<String>>(lease, &wire::databases(), "list").await {
            Ok((names, _)) => names,
            Err(OdooError::Fault(fault)) => return Err(fault.into()),
            // The list may be disabled on the server.
            Err(_) => Vec::new(),
        };
        let usual = || names.iter().find(|name| *name == USUAL);
        let name = if let [only] = names.as_slice() { Some(only) } else { usual() };
        let name = name.ok_or(OdooError::Database { found: names.len() })?;
        let config = OdooConfig { database: Some(name.clone()), ..(*self.config).clone() };
        self.resolved.get_or_init(|| Arc::new(config));
        Ok(())
    }

    /// Asks the add-on `mcp_server` for the owner of the API key, if no login is configured.
    async fn authenticate_by_key_alone(&self, lease: &mut Lease) -> Result<(Authentication, i64), OdooError> {
        let AddonRequest { request, read } = wire::owner_of_key(self.config());
        let answer = lease.send(&request, Effect::Read).await?;
        if answer.status == 401 {
            return Err(self.refused());
        }
        match read(&answer) {
            Ok(Some(user)) => Ok((Authentication::Stateless { user }, user)),
            Ok(None) => Err(self.refused()),
            Err(OdooError::Unverified { .. }) => Err(OdooError::Login),
            Err(error) => Err(error),
        }
    }

    /// Selects the transport by the credential and, for an API key, by the server's version.
    async fn select_transport(&self, lease: &mut Lease) -> Result<Transport, OdooError> {
        match (self.config.transport, &self.config.credential) {
            (TransportChoice::Forced(transport), _) => Ok(transport),
            (TransportChoice::Auto, OdooCredential::Password(_)) => Ok(Transport::Session),
            (TransportChoice::Auto, OdooCredential::ApiKey(_)) => {
                let major = self.version(lease).await?;
                Ok(if major >= 19 { Transport::Json2 } else { Transport::JsonRpc })
            }
        }
    }

    /// The server's major version, requested once.
    pub(crate) async fn version(&self, lease: &mut Lease) -> Result<u64, OdooError> {
        if let Some(version) = self.known_version() {
            return Ok(version);
        }
        let (version, _) = self.request::<Version>(lease, &wire::version(), "version").await?;
        self.record_version(&version).ok_or_else(|| unexpected("version"))
    }

    /// The server's major version, if it is known.
    pub(crate) fn known_version(&self) -> Option<u64> {
        self.state.lock().version
    }

    fn record_version(&self, version: &Version) -> Option<u64> {
        let major = version.server_version_info.first().and_then(major);
        self.state.lock().version = major;
        major
    }

    async fn open_session(&self, lease: &mut Lease) -> Result<(Authentication, i64), OdooError> {
        let request = wire::authenticate_session(self.config());
        let result = self.request::<Option<Identity>>(lease, &request, "authenticate").await;
        // The error for databases that the server's filter hides.
        let (identity, answer) = match result {
            Err(OdooError::Access { message }) if message.starts_with("Database not found") => {
                return Err(OdooError::unknown_database(self.config()));
            }
            result => result?,
        };
        let identity = identity.ok_or_else(|| self.refused())?;
        let user = identity.uid.ok_or_else(|| self.refused())?;
        self.record_version(&identity.version);
        let cookie = answer.session.ok_or_else(|| unexpected("authenticate"))?;
        let mut state = self.state.lock();
        state.serial += 1;
        Ok((Authentication::Session(Arc::new(OdooSession { cookie, serial: state.serial })), user))
    }

    /// Sends a request that needs no authentication. A login counts as a read, because it may be repeated.
    async fn request<T: for<'de> Deserialize<'de>>(
        &self,
        lease: &mut Lease,
        request: &Request,
        method: &str,
    ) -> Result<(T, Answer), OdooError> {
        let answer = lease.send(request, Effect::Read).await?;
        match wire::decode_json_rpc(&answer, self.config())? {
            Reply::Result(result) => Ok((parse(result.get(), method)?, answer)),
            Reply::Failed(error) => Err(error),
            Reply::SessionExpired => Err(OdooError::Session),
        }
    }

    fn refused(&self) -> OdooError {
        OdooError::refused(self.config())
    }
}

impl Authentication {
    fn is_same(&self, other: &Authentication) -> bool {
        match (self, other) {
            (Authentication::Session(one), Authentication::Session(other)) => one.serial == other.serial,
            (Authentication::Stateless { user: one }, Authentication::Stateless { user: other }) => {
                one == other
            }
            (Authentication::Json2, Authentication::Json2) => true,
            _ => false,
        }
    }
}

/// The major version: a number, or the number at the end of a text such as `saas~18`.
fn major(version: &serde_json::Value) -> Option<u64> {
    let text = |text: &str| text.rsplit('~').next().and_then(|number| number.parse().ok());
    version.as_u64().or_else(|| version.as_str().and_then(text))
}

fn parse<T: for<'de> Deserialize<'de>>(json: &str, method: &str) -> Result<T, OdooError> {
    serde_json::from_str(json).map_err(|_| unexpected(method))
}

fn unexpected(method: &str) -> OdooError {
    OdooError::Unexpected { method: method.into() }
}
