//! `OdooClient`: calls Odoo as one user of one database.

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
use crate::wire::{self, AddonRequest, Reply};
use crate::{Call, ConfigError, OdooConfig, OdooError};

/// Maximum number of sessions in which a call is tried. A session may expire between its login and the call.
const MAX_SESSIONS: usize = 3;

/// First version that rejects calls in a language that is not installed.
const REJECTS_LANGUAGES_SINCE: u64 = 18;

/// A client for one user of one database. Clones share their state.
///
/// The first call logs in; nothing is sent before. A write is never sent twice. If the caller drops a write
/// before it is sent, it is not sent; after that it is completed. A dropped read is cancelled. A read is
/// retried once if the connection fails.
///
/// A client belongs to the Tokio runtime of its first call.
#[derive(Clone)]
pub struct OdooClient {
    inner: Arc<Inner>,
}

struct Inner {
    /// The key of the database, unique across servers.
    database: Arc<str>,
    pool: Arc<Pool>,
    login: Authenticator,
    records: Arc<RecordCache>,
    pool_maintenance: OnceLock<PoolMaintenance>,
    /// The configured language is not installed.
    language_refused: AtomicBool,
    /// Set once the language was checked, on versions that do not report a language that is not installed.
    language_checked: tokio::sync::OnceCell<()>,
}

/// The task that checks idle connections. Dropping it ends the task.
struct PoolMaintenance(JoinHandle<()>);

impl Drop for PoolMaintenance {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl OdooClient {
    /// A client with a separate record cache. Does not connect yet.
    ///
    /// # Errors
    /// [`ConfigError`] if the URL or the trusted certificates are invalid.
    pub fn new(config: OdooConfig) -> Result<Self, ConfigError> {
        Self::with_parts(config, RecordCache::new(RecordPolicy::default()), Arc::new(SystemClock::new()))
    }

    /// A client with a given clock and a record cache that other clients may share. A write by one client
    /// invalidates the cache for all.
    ///
    /// # Errors
    /// [`ConfigError`] if the URL or the trusted certificates are invalid.
    pub fn with_parts(
        config: OdooConfig,
        records: Arc<RecordCache>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let connector = Connector::new(&config)?;
        let pool = Pool::new(connector, config.pool_size, config.limits, Arc::clone(&clock));
        let database = config.database_key().into();
        let (login, pool_maintenance) = (Authenticator::new(Arc::new(config), clock), OnceLock::new());
        let (language_refused, language_checked) = Default::default();
        Ok(OdooClient {
            inner: Arc::new(Inner {
                database,
                pool,
                login,
                records,
                pool_maintenance,
                language_refused,
                language_checked,
            }),
        })
    }

    /// The configuration. After the first login it includes the name of the database, even if that was not
    /// configured.
    #[must_use]
    pub fn config(&self) -> &OdooConfig {
        self.inner.login.config()
    }

    /// Calls a method and deserializes its result.
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
        self.start_pool_maintenance();
        let mut lease = self.inner.pool.lease().await?;
        self.inner.send(&mut lease, &call).await
    }

    /// The scope of metadata for the user: database, user and configured language. Logs in if necessary.
    ///
    /// # Errors
    /// [`OdooError`] if the login fails.
    pub async fn scope(&self) -> Result<CacheScope, OdooError> {
        let user = match self.inner.login.user() {
            Some(user) => user,
            None => {
                self.start_pool_maintenance();
                let mut lease = self.inner.pool.lease().await?;
                self.inner.login.authenticate(&mut lease, None).await?;
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

    /// The server's major version, such as 17. Requested once.
    ///
    /// # Errors
    /// [`OdooError`] if the request fails.
    pub async fn version(&self) -> Result<u64, OdooError> {
        if let Some(version) = self.inner.login.known_version() {
            return Ok(version);
        }
        self.start_pool_maintenance();
        let mut lease = self.inner.pool.lease().await?;
        self.inner.login.version(&mut lease).await
    }

    /// Sends a request to the add-on `mcp_server`. Logs in again if the session has expired.
    pub(crate) async fn call_addon<T>(
        &self,
        request: impl Fn(&Authentication, &OdooConfig) -> AddonRequest<T>,
    ) -> Result<T, OdooError> {
        self.start_pool_maintenance();
        let inner = &self.inner;
        let mut lease = inner.pool.lease().await?;
        let mut stale = None;
        for _ in 0..MAX_SESSIONS {
            let auth = inner.login.authenticate(&mut lease, stale.as_ref()).await?;
            let AddonRequest { request, read } = request(&auth, inner.login.config());
            let answer = lease.send(&request, Effect::Read).await?;
            inner.login.renew(&auth, &answer);
            if answer.status == 401 && matches!(auth, Authentication::Session(_)) {
                stale = Some(auth);
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

    /// The configured language, if it is not installed in Odoo. Texts are then in the user's language.
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

    /// The record cache that writes of this client invalidate.
    #[must_use]
    pub fn records(&self) -> &Arc<RecordCache> {
        &self.inner.records
    }

    /// The counters of the pool.
    #[must_use]
    pub fn pool_stats(&self) -> PoolStats {
        self.inner.pool.stats()
    }

    /// A lease, if a connection is free and no caller waits for one.
    pub(crate) fn try_lease(&self) -> Option<Lease> {
        self.start_pool_maintenance();
        self.inner.pool.try_lease()
    }

    /// A lease without a timeout, in the order of the callers.
    pub(crate) async fn lease_without_timeout(&self) -> Result<Lease, OdooError> {
        self.start_pool_maintenance();
        Ok(self.inner.pool.lease_without_timeout().await?)
    }

    /// The user's scope, if the client has logged in already.
    pub(crate) fn known_scope(&self) -> Option<CacheScope> {
        self.inner.login.user().map(|user| self.scope_of(user))
    }

    /// Sends a call over a lease and deserializes its result.
    pub(crate) async fn call_over<T: DeserializeOwned>(
        &self,
        lease: &mut Lease,
        call: &Call,
    ) -> Result<T, OdooError> {
        let result = self.inner.send(lease, call).await?;
        serde_json::from_str(result.get()).map_err(|_| OdooError::Unexpected { method: call.method.clone() })
    }

    /// A lease for requests that are not calls.
    pub(crate) async fn lease(&self) -> Result<Lease, OdooError> {
        self.start_pool_maintenance();
        Ok(self.inner.pool.lease().await?)
    }

    fn start_pool_maintenance(&self) {
        let inner = &self.inner;
        inner
            .pool_maintenance
            .get_or_init(|| PoolMaintenance(tokio::spawn(Arc::clone(&inner.pool).maintain())));
    }
}

impl Inner {
    /// Sends a call. If the session has expired, logs in and sends it again, because it was not carried out.
    async fn send(self: &Arc<Self>, lease: &mut Lease, call: &Call) -> Result<Box<RawValue>, OdooError> {
        call.check_names()?;
        let mut call = call.clone();
        let mut stale = None;
        for _ in 0..MAX_SESSIONS {
            let auth = self.login.authenticate(lease, stale.as_ref()).await?;
            self.check_language(lease, &auth).await?;
            self.localize(&mut call);
            let reply = match call.effect {
                Effect::Read => self.exchange(lease, &call, &auth, &|| true).await?,
                Effect::Write => self.send_write(lease, &call, &auth).await?,
            };
            match reply {
                Reply::SessionExpired => stale = Some(auth),
                Reply::Result(result) => return Ok(result),
                // Send it again without the language: Odoo rolled back the failed call.
                Reply::Failed(error) if self.refuses_language(&call, &error) => {}
                Reply::Failed(error) => {
                    if error.is_refused_login() {
                        self.login.mark_stale(&auth);
                    }
                    return Err(error);
                }
            }
        }
        Err(OdooError::Session)
    }

    /// Sends a write in a separate task, because a write aborted in flight would have an unknown outcome. If
    /// the caller is dropped before the write is sent, it is not sent.
    async fn send_write(
        self: &Arc<Self>,
        lease: &Lease,
        call: &Call,
        auth: &Authentication,
    ) -> Result<Reply, OdooError> {
        let caller = Arc::new(());
        let weak_caller = Arc::downgrade(&caller);
        let (inner, mut lease) = (Arc::clone(self), lease.clone());
        let (call, auth, method) = (call.clone(), auth.clone(), call.method.clone());
        let mut write = inner.records.begin_write(&inner.database);
        let task = tokio::spawn(async move {
            let is_wanted = || weak_caller.strong_count() > 0;
            let reply = inner.exchange(&mut lease, &call, &auth, &is_wanted).await;
            if !matches!(&reply, Err(OdooError::Fault(fault)) if fault.may_have_been_done()) {
                write.confirm();
            }
            reply
        });
        let reply = task.await.unwrap_or(Err(OdooError::Unexpected { method }));
        drop(caller);
        reply
    }

    /// Sends a request and decodes the reply.
    async fn exchange(
        &self,
        lease: &mut Lease,
        call: &Call,
        auth: &Authentication,
        is_wanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Reply, OdooError> {
        let config = self.login.config();
        let request = wire::encode(call, auth, config)?;
        let answer = lease.send_while(&request, call.effect, is_wanted).await?;
        let reply = wire::decode(call, &answer, auth, config)?;
        if !matches!(reply, Reply::SessionExpired) {
            self.login.renew(auth, &answer);
        }
        Ok(reply)
    }

    /// Adds the configured language to a call that has none. If that language is not installed, removes it.
    fn localize(&self, call: &mut Call) {
        let Some(language) = &self.login.config().language else { return };
        if !self.language_refused.load(Ordering::Relaxed) {
            call.context.entry("lang").or_insert_with(|| Value::from(language.clone()));
        } else if call.context.get("lang").and_then(Value::as_str) == Some(language) {
            call.context.remove("lang");
        }
    }

    /// Checks whether the configured language is installed. Before version 18, Odoo silently uses English if
    /// it is not.
    async fn check_language(&self, lease: &mut Lease, auth: &Authentication) -> Result<(), OdooError> {
        let Some(language) = &self.login.config().language else { return Ok(()) };
        if self.login.known_version().is_none_or(|version| version >= REJECTS_LANGUAGES_SINCE) {
            return Ok(());
        }
        let check = async || {
            let call = Call::method("res.lang", "get_installed").idempotent();
            // If Odoo does not return the languages, assume that it is installed.
            if let Reply::Result(installed) = self.exchange(lease, &call, auth, &|| true).await?
                && let Ok(installed) = serde_json::from_str::<Vec<(String, Value)>>(installed.get())
                && !installed.iter().any(|(code, _)| code == language)
            {
                self.language_refused.store(true, Ordering::Relaxed);
            }
            Ok(())
        };
        self.language_checked.get_or_try_init(check).await.copied()
    }

    /// Does the error say that the configured language is not installed? If so, later calls do not use it.
    fn refuses_language(&self, call: &Call, error: &OdooError) -> bool {
        let OdooError::User { message, .. } = error else { return false };
        let Some(language) = &self.login.config().language else { return false };
        let is_configured = call.context.get("lang").and_then(Value::as_str) == Some(language);
        let refused = is_configured && *message == format!("Invalid language code: {language}");
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
