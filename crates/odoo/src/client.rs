//! `OdooClient`: one user of one database.

use core::fmt;
use std::sync::{Arc, OnceLock};

use model_metadata::{Clock, Principal, Scope, SystemClock};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::task::JoinHandle;

use crate::call::Effect;
use crate::config::Transport;
use crate::http::{Connector, Lease, Pool};
use crate::login::{Login, Ticket};
use crate::records::{RecordCache, RecordPolicy};
use crate::stats::PoolStats;
use crate::wire::{self, Question, Reply};
use crate::{Call, ConfigError, OdooConfig, OdooError};

/// In how many sessions a call is tried. A new one may be over at once if somebody else ends it, but not for ever.
const SESSIONS: usize = 3;

/// One user of one database. Clones share everything.
///
/// Nothing is sent before the first call; that one logs in. Calls that change something are carried through even if
/// their caller goes away, and are never sent twice; calls that read are dropped with their caller, and sent a second
/// time if the connection fails.
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
    login: Login,
    records: Arc<RecordCache>,
    caretaker: OnceLock<Caretaker>,
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

    /// A client on a clock of the caller's, and with a record cache that it shares with others: whatever one of them
    /// changes is forgotten for all.
    ///
    /// # Errors
    /// [`ConfigError`] if the URL or the trusted certificates cannot be used.
    pub fn with_parts(
        config: OdooConfig,
        records: Arc<RecordCache>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let pool = Pool::new(Connector::new(&config)?, config.pool_size, config.limits, clock);
        let database = config.database_key().into();
        let (login, caretaker) = (Login::new(Arc::new(config)), OnceLock::new());
        Ok(OdooClient { inner: Arc::new(Inner { database, pool, login, records, caretaker }) })
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

    /// Calls a method and gives its result as it came.
    ///
    /// # Errors
    /// [`OdooError`].
    pub async fn call_raw(&self, call: Call) -> Result<Box<RawValue>, OdooError> {
        self.look_after_pool();
        let mut lease = self.inner.pool.lease().await?;
        if call.effect == Effect::Read {
            return self.inner.send(&mut lease, &call).await;
        }
        // From here on in a task of its own: nobody could tell what became of a change that was given up in the middle.
        let inner = Arc::clone(&self.inner);
        let method = call.method.clone();
        let mut writing = inner.records.writing(&inner.database);
        let task = tokio::spawn(async move {
            let result = inner.send(&mut lease, &call).await;
            if !matches!(&result, Err(OdooError::Fault(fault)) if fault.leaves_doubt()) {
                writing.ended();
            }
            result
        });
        task.await.unwrap_or(Err(OdooError::Unexpected { method }))
    }

    /// The user's scope of metadata: the database, the user, and the language that is configured. Logs in if nobody has
    /// yet.
    ///
    /// # Errors
    /// [`OdooError`] if the login fails.
    pub async fn scope(&self) -> Result<Scope, OdooError> {
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

    fn scope_of(&self, user: i64) -> Scope {
        let config = self.config();
        let principal = Principal::new(&self.inner.database, user);
        Scope::new(principal, config.language.as_deref().unwrap_or_default())
    }

    /// The server's major version, such as 17. It is asked for once.
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
        ask: impl Fn(&Ticket, &OdooConfig) -> Question<T>,
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
            if answer.status == 401 && matches!(ticket, Ticket::Session(_)) {
                stale = Some(ticket);
                continue;
            }
            return read(&answer);
        }
        Err(OdooError::Session)
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

    /// What the pool has counted.
    #[must_use]
    pub fn pool_stats(&self) -> PoolStats {
        self.inner.pool.stats()
    }

    /// A lease if a connection is free now and nobody waits for one.
    pub(crate) fn try_lease(&self) -> Option<Lease> {
        self.look_after_pool();
        self.inner.pool.try_lease()
    }

    /// A lease when its turn comes, however long that takes.
    pub(crate) async fn lease_at_any_time(&self) -> Result<Lease, OdooError> {
        self.look_after_pool();
        Ok(self.inner.pool.lease_at_any_time().await?)
    }

    /// The user's scope, if somebody has logged in already.
    pub(crate) fn known_scope(&self) -> Option<Scope> {
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

    fn look_after_pool(&self) {
        let inner = &self.inner;
        inner.caretaker.get_or_init(|| Caretaker(tokio::spawn(Arc::clone(&inner.pool).look_after())));
    }
}

impl Inner {
    /// Sends a call, with a new login in between where the session is over: such a call was not carried out.
    async fn send(&self, lease: &mut Lease, call: &Call) -> Result<Box<RawValue>, OdooError> {
        call.check_names()?;
        let call = &self.localize(call);
        let mut stale = None;
        for _ in 0..SESSIONS {
            let ticket = self.login.ticket(lease, stale.as_ref()).await?;
            let request = wire::encode(call, &ticket, self.login.config())?;
            let answer = lease.send(&request, call.effect).await?;
            match wire::decode(&answer, &ticket, self.login.config())? {
                Reply::SessionExpired => stale = Some(ticket),
                Reply::Result(result) => {
                    self.login.renew(&ticket, &answer);
                    return Ok(result);
                }
                Reply::Failed(error) => {
                    self.login.renew(&ticket, &answer);
                    return Err(error);
                }
            }
        }
        Err(OdooError::Session)
    }

    /// The call in the configured language, unless it names one itself.
    fn localize(&self, call: &Call) -> Call {
        let mut call = call.clone();
        if let Some(language) = &self.login.config().language {
            call.context.entry("lang").or_insert_with(|| Value::from(language.clone()));
        }
        call
    }
}

impl fmt::Debug for OdooClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OdooClient").field("config", self.config()).finish_non_exhaustive()
    }
}
