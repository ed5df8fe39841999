//! `OdooClient`: one user of one database.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use model_metadata::{CacheScope, Clock, DatabaseUser, SystemClock};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::task::JoinHandle;

use crate::authentication::Authentication;
use crate::call::Effect;
use crate::config::Transport;
use crate::http::{Connector, Lease, Pool};
use crate::login::Authenticator;
use crate::records::{RecordCache, RecordPolicy};
use crate::stats::PoolStats;
use crate::wire::{self, Question, Reply};
use crate::{Call, ConfigError, OdooConfig, OdooError};

/// In how many sessions a call is tried. A new session may expire at once, but not each time.
const SESSIONS: usize = 3;

/// From this version on, a call in a language that is not installed fails.
const TELLS_LANGUAGES_SINCE: u64 = 18;

/// One user of one database. Clones share everything.
///
/// The first call logs in; nothing is sent before. A write is never sent twice: if its caller is dropped
/// before it is sent, it is not sent, and once it is sent, it is completed. Reads are dropped with their
/// caller, and retried once if the connection fails.
///
/// A client belongs to the Tokio runtime of its first call.
#[derive(Clone)]
pub struct OdooClient {
    inner: Arc<Inner>,
}

struct Inner {
    /// The database's name among all servers'.
    database: Arc<str>,
    pool: Arc<Pool>,
    login: Authenticator,
    records: Arc<RecordCache>,
    caretaker: OnceLock<Caretaker>,
    /// The configured language is not installed.
    language_refused: AtomicBool,
    /// Done where Odoo does not report that a language is not installed.
    language_checked: tokio::sync::OnceCell<()>,
}

/// The task that looks after idle connections; it ends with the client.
struct Caretaker(JoinHandle<()>);

impl Drop for Caretaker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl OdooClient {
    /// A client that has not connected yet, with a record cache of its own.
    ///
    /// # Errors
    /// [`ConfigError`] if the URL or the trusted certificates cannot be used.
    pub fn new(config: OdooConfig) -> Result<Self, ConfigError> {
        Self::with_parts(config, RecordCache::new(RecordPolicy::default()), Arc::new(SystemClock::new()))
    }

    /// A client with a clock, and with a record cache that it shares with other clients: a write by one of
    /// them invalidates it for all.
    ///
    /// # Errors
    /// [`ConfigError`] if the URL or the trusted certificates cannot be used.
    pub fn with_parts(
        config: OdooConfig,
        records: Arc<RecordCache>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let connector = Connector::new(&config)?;
        let pool = Pool::new(connector, config.pool_size, config.limits, Arc::clone(&clock));
        let database = config.database_key().into();
        let (login, caretaker) = (Authenticator::new(Arc::new(config), clock), OnceLock::new());
        let (language_refused, language_checked) = Default::default();
        Ok(OdooClient {
            inner: Arc::new(Inner {
                database,
                pool,
                login,
                records,
                caretaker,
                language_refused,
                language_checked,
            }),
        })
    }

    /// The configuration. If it did not name the database, it does so after the first login.
    #[must_use]
    pub fn config(&self) -> &OdooConfig {
        self.inner.login.config()
    }

    /// Calls a method and reads its result.
    ///
    /// # Errors
    /// [`OdooError`], with [`Unexpected`](OdooError::Unexpected) if the result is not a `T`.
    pub async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, OdooError> {
        let method = call.method.clone();
        let result = self.call_raw(call).await?;
        serde_json::from_str(result.get()).map_err(|_| OdooError::Unexpected { method })
    }

    /// Calls a method and returns its result as raw JSON.
    ///
    /// # Errors
    /// [`OdooError`].
    pub async fn call_raw(&self, call: Call) -> Result<Box<RawValue>, OdooError> {
        self.look_after_pool();
        let mut lease = self.inner.pool.lease().await?;
        self.inner.send(&mut lease, &call).await
    }

    /// The user's scope of metadata: database, user and configured language. Logs in if necessary.
    ///
    /// # Errors
    /// [`OdooError`] if the login fails.
    pub async fn scope(&self) -> Result<CacheScope, OdooError> {
        let user = match self.inner.login.user() {
            Some(user) => user,
            None => {
                self.look_after_pool();
                let mut lease = self.inner.pool.lease().await?;
                self.inner.login.ticket(&mut lease, None).await?;
                self.inner.login.user().ok_or(OdooError::Session)?
            }
        };
        Ok(self.scope_of(user))
    }

    fn scope_of(&self, user: i64) -> CacheScope {
        let config = self.config();
        let principal = DatabaseUser::new(&self.inner.database, user);
        CacheScope::new(principal, config.language.as_deref().unwrap_or_default())
    }

    /// The server's major version, such as 17. It is requested once.
    ///
    /// # Errors
    /// [`OdooError`] if it has to be asked for and cannot be had.
    pub async fn version(&self) -> Result<u64, OdooError> {
        if let Some(version) = self.inner.login.known_version() {
            return Ok(version);
        }
        self.look_after_pool();
        let mut lease = self.inner.pool.lease().await?;
        self.inner.login.version(&mut lease).await
    }

    /// Asks the add-on `mcp_server`, with a new login in between where the session is over.
    pub(crate) async fn ask_addon<T>(
        &self,
        ask: impl Fn(&Authentication, &OdooConfig) -> Question<T>,
    ) -> Result<T, OdooError> {
        self.look_after_pool();
        let inner = &self.inner;
        let mut lease = inner.pool.lease().await?;
        let mut stale = None;
        for _ in 0..SESSIONS {
            let ticket = inner.login.ticket(&mut lease, stale.as_ref()).await?;
            let Question { request, read } = ask(&ticket, inner.login.config());
            let answer = lease.send(&request, Effect::Read).await?;
            inner.login.renew(&ticket, &answer);
            if answer.status == 401 && matches!(ticket, Authentication::Session(_)) {
                stale = Some(ticket);
                continue;
            }
            return read(&answer);
        }
        Err(OdooError::Session)
    }

    /// The user's id, if the client has logged in already.
    #[must_use]
    pub fn known_user(&self) -> Option<i64> {
        self.inner.login.user()
    }

    /// The configured language, if it is not installed: texts are in the user's own language then.
    #[must_use]
    pub fn refused_language(&self) -> Option<&str> {
        let refused = self.inner.language_refused.load(Ordering::Relaxed);
        self.config().language.as_deref().filter(|_| refused)
    }

    /// The transport in use, once it is known.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        self.inner.login.transport()
    }

    /// The record cache that this client empties when it changes something.
    #[must_use]
    pub fn records(&self) -> &Arc<RecordCache> {
        &self.inner.records
    }

    /// The counters of the pool.
    #[must_use]
    pub fn pool_stats(&self) -> PoolStats {
        self.inner.pool.stats()
    }

    /// A lease if a connection is free now and no caller waits for one.
    pub(crate) fn try_lease(&self) -> Option<Lease> {
        self.look_after_pool();
        self.inner.pool.try_lease()
    }

    /// A lease when its turn comes, without a timeout.
    pub(crate) async fn lease_at_any_time(&self) -> Result<Lease, OdooError> {
        self.look_after_pool();
        Ok(self.inner.pool.lease_at_any_time().await?)
    }

    /// The user's scope, if the client has logged in already.
    pub(crate) fn known_scope(&self) -> Option<CacheScope> {
        self.inner.login.user().map(|user| self.scope_of(user))
    }

    /// Sends a call over a lease and reads its result.
    pub(crate) async fn call_over<T: DeserializeOwned>(
        &self,
        lease: &mut Lease,
        call: &Call,
    ) -> Result<T, OdooError> {
        let result = self.inner.send(lease, call).await?;
        serde_json::from_str(result.get()).map_err(|_| OdooError::Unexpected { method: call.method.clone() })
    }

    /// A place among the connections, for requests of another kind than calls.
    pub(crate) async fn lease(&self) -> Result<Lease, OdooError> {
        self.look_after_pool();
        Ok(self.inner.pool.lease().await?)
    }

    fn look_after_pool(&self) {
        let inner = &self.inner;
        inner.caretaker.get_or_init(|| Caretaker(tokio::spawn(Arc::clone(&inner.pool).look_after())));
    }
}

impl Inner {
    /// Sends a call, with a new login in between where the session is over: such a call was not carried out.
    async fn send(self: &Arc<Self>, lease: &mut Lease, call: &Call) -> Result<Box<RawValue>, OdooError> {
        call.check_names()?;
        let mut call = call.clone();
        let mut stale = None;
        for _ in 0..SESSIONS {
            let ticket = self.login.ticket(lease, stale.as_ref()).await?;
            self.check_language(lease, &ticket).await?;
            self.localize(&mut call);
            let reply = match call.effect {
                Effect::Read => self.exchange(lease, &call, &ticket, &|| true).await?,
                Effect::Write => self.depart(lease, &call, &ticket).await?,
            };
            match reply {
                Reply::SessionExpired => stale = Some(ticket),
                Reply::Result(result) => return Ok(result),
                // Nothing was done: Odoo rolls back what an error ends.
                Reply::Failed(error) if self.refuses_language(&call, &error) => {}
                Reply::Failed(error) => {
                    if error.is_refused_login() {
                        self.login.mark_stale(&ticket);
                    }
                    return Err(error);
                }
            }
        }
        Err(OdooError::Session)
    }

    /// Sends a write in a task of its own: a write that was aborted in flight may or may not have been
    /// carried out. A write whose caller has gone away before is not sent.
    async fn depart(
        self: &Arc<Self>,
        lease: &Lease,
        call: &Call,
        ticket: &Authentication,
    ) -> Result<Reply, OdooError> {
        let caller = Arc::new(());
        let waiting = Arc::downgrade(&caller);
        let (inner, mut lease) = (Arc::clone(self), lease.clone());
        let (call, ticket, method) = (call.clone(), ticket.clone(), call.method.clone());
        let mut writing = inner.records.writing(&inner.database);
        let task = tokio::spawn(async move {
            let wanted = || waiting.strong_count() > 0;
            let reply = inner.exchange(&mut lease, &call, &ticket, &wanted).await;
            if !matches!(&reply, Err(OdooError::Fault(fault)) if fault.leaves_doubt()) {
                writing.ended();
            }
            reply
        });
        let reply = task.await.unwrap_or(Err(OdooError::Unexpected { method }));
        drop(caller);
        reply
    }

    /// One request and its reply.
    async fn exchange(
        &self,
        lease: &mut Lease,
        call: &Call,
        ticket: &Authentication,
        wanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Reply, OdooError> {
        let config = self.login.config();
        let request = wire::encode(call, ticket, config)?;
        let answer = lease.send_while(&request, call.effect, wanted).await?;
        let reply = wire::decode(call, &answer, ticket, config)?;
        if !matches!(reply, Reply::SessionExpired) {
            self.login.renew(ticket, &answer);
        }
        Ok(reply)
    }

    /// Puts a call into the configured language, unless it names one itself; into the user's own where the
    /// configured one is not installed.
    fn localize(&self, call: &mut Call) {
        let Some(language) = &self.login.config().language else { return };
        if !self.language_refused.load(Ordering::Relaxed) {
            call.context.entry("lang").or_insert_with(|| Value::from(language.clone()));
        } else if call.context.get("lang").and_then(Value::as_str) == Some(language) {
            call.context.remove("lang");
        }
    }

    /// Before version 18 Odoo takes a language that is not installed for English, without a word.
    async fn check_language(&self, lease: &mut Lease, ticket: &Authentication) -> Result<(), OdooError> {
        let Some(language) = &self.login.config().language else { return Ok(()) };
        if self.login.known_version().is_none_or(|version| version >= TELLS_LANGUAGES_SINCE) {
            return Ok(());
        }
        let check = async || {
            let call = Call::method("res.lang", "get_installed").idempotent();
            // Where it cannot be told, the language is believed to be there.
            if let Reply::Result(installed) = self.exchange(lease, &call, ticket, &|| true).await?
                && let Ok(installed) = serde_json::from_str::<Vec<(String, Value)>>(installed.get())
                && !installed.iter().any(|(code, _)| code == language)
            {
                self.language_refused.store(true, Ordering::Relaxed);
            }
            Ok(())
        };
        self.language_checked.get_or_try_init(check).await.copied()
    }

    /// Does the error say that the configured language is not installed? It is not asked for again then.
    fn refuses_language(&self, call: &Call, error: &OdooError) -> bool {
        let OdooError::User { message, .. } = error else { return false };
        let Some(language) = &self.login.config().language else { return false };
        let asked = call.context.get("lang").and_then(Value::as_str) == Some(language);
        let refused = asked && *message == format!("Invalid language code: {language}");
        if refused {
            self.language_refused.store(true, Ordering::Relaxed);
        }
        refused
    }
}

impl fmt::Debug for OdooClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OdooClient").field("config", self.config()).finish_non_exhaustive()
    }
}
