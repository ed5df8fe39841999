//! `Authenticator`: authenticates the client once for all its calls.

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
use crate::wire::{self, Question, Reply};
use crate::{Fault, OdooConfig, OdooCredential, OdooError};

/// Logs in when it is needed, once for all who need it.
#[derive(Debug)]
pub(crate) struct Authenticator {
    config: Arc<OdooConfig>,
    /// The same with the name of the database, if that had to be found out.
    named: OnceLock<Arc<OdooConfig>>,
    known: Mutex<LoginState>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Default)]
struct LoginState {
    ticket: Option<Authentication>,
    user: Option<i64>,
    transport: Option<Transport>,
    /// The server's major version.
    version: Option<u64>,
    serial: u64,
    /// The login in flight.
    login: Option<Arc<LoginLoad>>,
    /// Odoo's refusal, and when it came.
    refusal: Option<(OdooError, Duration)>,
}

#[derive(Deserialize)]
struct Identity {
    uid: Option<i64>,
    /// A new session tells the version too.
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

/// How long a refused login is not tried again.
const REFUSAL_REMEMBERED: Duration = Duration::from_secs(60);

/// How a call gets its ticket.
enum Step<'a> {
    Known(Authentication),
    Join(Arc<LoginLoad>),
    Lead(LoginDuty<'a>),
}

/// The duty to log in. Dropped unfinished, it abandons the login, and a call that waits begins again.
struct LoginDuty<'a> {
    login: &'a Authenticator,
    load: Arc<LoginLoad>,
    finished: bool,
}

impl LoginDuty<'_> {
    /// Records the outcome, and gives it to the calls that wait.
    fn finish(
        mut self,
        outcome: Result<(Authentication, i64), OdooError>,
    ) -> Result<Authentication, OdooError> {
        self.finished = true;
        let mut known = self.login.known.lock();
        known.login = None;
        let refusal = outcome.as_ref().err().filter(|error| error.is_refused_login());
        known.refusal = refusal.map(|error| (error.clone(), self.login.clock.now()));
        let outcome = outcome.map(|(ticket, user)| {
            known.ticket = Some(ticket.clone());
            known.user = Some(user);
            ticket
        });
        // Wakers run outside of the lock.
        drop(known);
        self.load.complete(outcome.clone());
        outcome
    }
}

impl Drop for LoginDuty<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.login.known.lock().login = None;
            self.load.abandon();
        }
    }
}

impl Authenticator {
    pub(crate) fn new(config: Arc<OdooConfig>, clock: Arc<dyn Clock>) -> Self {
        let named = OnceLock::new();
        Authenticator { config, named, known: Mutex::default(), clock }
    }

    /// The ticket for a call. A session that turned out to be over is `stale`: all who meet it wait for one
    /// new login, and share its error. The login goes over the caller's own lease, so that it needs no
    /// further connection.
    pub(crate) async fn ticket(
        &self,
        lease: &mut Lease,
        stale: Option<&Authentication>,
    ) -> Result<Authentication, OdooError> {
        loop {
            match self.step(stale)? {
                Step::Known(ticket) => return Ok(ticket),
                Step::Lead(duty) => {
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

    /// The ticket that is known, unless it is the stale one; else the login in flight, or the duty to log in.
    fn step(&self, stale: Option<&Authentication>) -> Result<Step<'_>, OdooError> {
        let mut known = self.known.lock();
        if let Some(ticket) = &known.ticket
            && stale.is_none_or(|stale| !stale.is_same(ticket))
        {
            return Ok(Step::Known(ticket.clone()));
        }
        if let Some(load) = &known.login {
            return Ok(Step::Join(Arc::clone(load)));
        }
        // Odoo counts refused logins, and after some of them refuses every login from this address.
        if let Some((error, at)) = &known.refusal
            && self.clock.now() < at.saturating_add(REFUSAL_REMEMBERED)
        {
            return Err(error.clone());
        }
        let load = Arc::default();
        known.login = Some(Arc::clone(&load));
        Ok(Step::Lead(LoginDuty { login: self, load, finished: false }))
    }

    /// A ticket that holds the credential itself was refused, which may have been revoked: the next call logs
    /// in again, and if that is refused, it is remembered for all.
    pub(crate) fn mark_stale(&self, used: &Authentication) {
        let mut known = self.known.lock();
        if !matches!(used, Authentication::Session(_))
            && known.ticket.as_ref().is_some_and(|it| it.is_same(used))
        {
            known.ticket = None;
        }
    }

    /// A page instead of an answer, at an address that looks like one of Odoo's own pages. A proxy may have
    /// its Odoo there all the same, so that the address is not refused unseen.
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

    /// The configuration, with the name of the database as soon as that is known.
    pub(crate) fn config(&self) -> &OdooConfig {
        self.named.get().unwrap_or(&self.config)
    }

    /// The user's id, after the first login.
    pub(crate) fn user(&self) -> Option<i64> {
        self.known.lock().user
    }

    /// The transport, once it is known.
    pub(crate) fn transport(&self) -> Option<Transport> {
        self.known.lock().transport
    }

    /// Takes over a cookie that an answer set, unless a newer one is known.
    pub(crate) fn renew(&self, used: &Authentication, answer: &Answer) {
        let mut known = self.known.lock();
        if let (Some(cookie), Some(current)) = (&answer.session, &known.ticket)
            && used.is_same(current)
            && matches!(used, Authentication::Session(_))
        {
            known.serial += 1;
            let session = OdooSession { cookie: cookie.clone(), serial: known.serial };
            known.ticket = Some(Authentication::Session(Arc::new(session)));
        }
    }

    async fn log_in(&self, lease: &mut Lease) -> Result<(Authentication, i64), OdooError> {
        if self.config().database.is_none() {
            self.find_database(lease).await?;
        }
        let known = self.known.lock().transport;
        let transport = match known {
            Some(transport) => transport,
            None => self.choose(lease).await?,
        };
        self.known.lock().transport = Some(transport);
        match transport {
            Transport::Session => self.open_session(lease).await,
            Transport::JsonRpc if self.config.login.is_none() => self.ask_whose_key_it_is(lease).await,
            Transport::JsonRpc => {
                let request = wire::authenticate_stateless(self.config());
                let (user, _) = self.ask::<serde_json::Value>(lease, &request, "authenticate").await?;
                // Wrong credentials are answered with `false`.
                let user = user.as_i64().filter(|user| *user > 0).ok_or_else(|| self.refused())?;
                Ok((Authentication::Stateless { user }, user))
            }
            Transport::Json2 => {
                let user = user_of_key(lease, self.config()).await?;
                // The key says who calls, not the configured login.
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

    /// Finds out which database is meant: the only one there is, or the one that is named as most are.
    async fn find_database(&self, lease: &mut Lease) -> Result<(), OdooError> {
        const USUAL: &str = "odoo";
        let names = match self.ask::<Vec<String>>(lease, &wire::databases(), "list").await {
            Ok((names, _)) => names,
            Err(OdooError::Fault(fault)) => return Err(fault.into()),
            // Servers may be told to keep it to themselves.
            Err(_) => Vec::new(),
        };
        let usual = || names.iter().find(|name| *name == USUAL);
        let name = if let [only] = names.as_slice() { Some(only) } else { usual() };
        let name = name.ok_or(OdooError::Database { found: names.len() })?;
        let config = OdooConfig { database: Some(name.clone()), ..(*self.config).clone() };
        self.named.get_or_init(|| Arc::new(config));
        Ok(())
    }

    /// Asks the add-on `mcp_server` for the user of the API key, if no login is configured.
    async fn ask_whose_key_it_is(&self, lease: &mut Lease) -> Result<(Authentication, i64), OdooError> {
        let Question { request, read } = wire::owner_of_key(self.config());
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

    /// The transport that fits the credential and, for an API key, the server's version.
    async fn choose(&self, lease: &mut Lease) -> Result<Transport, OdooError> {
        match (self.config.transport, &self.config.credential) {
            (TransportChoice::Forced(transport), _) => Ok(transport),
            (TransportChoice::Auto, OdooCredential::Password(_)) => Ok(Transport::Session),
            (TransportChoice::Auto, OdooCredential::ApiKey(_)) => {
                let major = self.version(lease).await?;
                Ok(if major >= 19 { Transport::Json2 } else { Transport::JsonRpc })
            }
        }
    }

    /// The server's major version, asked for once.
    pub(crate) async fn version(&self, lease: &mut Lease) -> Result<u64, OdooError> {
        if let Some(version) = self.known_version() {
            return Ok(version);
        }
        let (version, _) = self.ask::<Version>(lease, &wire::version(), "version").await?;
        self.note_version(&version).ok_or_else(|| unexpected("version"))
    }

    /// The server's major version, if it is known already.
    pub(crate) fn known_version(&self) -> Option<u64> {
        self.known.lock().version
    }

    fn note_version(&self, version: &Version) -> Option<u64> {
        let major = version.server_version_info.first().and_then(major);
        self.known.lock().version = major;
        major
    }

    async fn open_session(&self, lease: &mut Lease) -> Result<(Authentication, i64), OdooError> {
        let request = wire::authenticate_session(self.config());
        let asked = self.ask::<Option<Identity>>(lease, &request, "authenticate").await;
        // Where a filter decides which databases there are, others are not found.
        let (identity, answer) = match asked {
            Err(OdooError::Access { message }) if message.starts_with("Database not found") => {
                return Err(OdooError::unknown_database(self.config()));
            }
            asked => asked?,
        };
        let identity = identity.ok_or_else(|| self.refused())?;
        let user = identity.uid.ok_or_else(|| self.refused())?;
        self.note_version(&identity.version);
        let cookie = answer.session.ok_or_else(|| unexpected("authenticate"))?;
        let mut known = self.known.lock();
        known.serial += 1;
        Ok((Authentication::Session(Arc::new(OdooSession { cookie, serial: known.serial })), user))
    }

    /// Asks something that needs no ticket. A login may be repeated: it changes nothing that lasts.
    async fn ask<T: for<'de> Deserialize<'de>>(
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
