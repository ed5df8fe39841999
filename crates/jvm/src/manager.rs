//! `Manager`: a session manager with its runtime, its store, and its shutdown.

use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use erp_db::SqlStore;
use parking_lot::Mutex;
use session::{LoginError, MaintenanceTask, MemoryStore, PortError, SessionManager};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::callbacks::{self, Callbacks, ThrownException};
use crate::failure::NativeFailure;
use crate::places::{Places, SessionPlaces};
use crate::settings::ManagerSettings;

/// The managers that Java has opened.
static MANAGERS: Places<Arc<Manager>> = Places::new();

/// How long a close waits for the store and for the threads.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a login is retried after a failed load that belonged to another thread's login.
const ATTEMPTS: usize = 8;

/// A session manager that Java opened.
#[derive(Debug)]
pub(crate) struct Manager {
    pub(crate) sessions: SessionManager,
    pub(crate) places: SessionPlaces,
    callbacks: Arc<Callbacks>,
    store: Option<Arc<dyn SqlStore>>,
    handle: Handle,
    runtime: Mutex<Option<(Runtime, MaintenanceTask)>>,
    is_closed: AtomicBool,
}

impl Manager {
    /// Opens a manager and returns its place.
    pub(crate) fn open(settings: &ManagerSettings, callbacks: Callbacks) -> Result<i64, NativeFailure> {
        let callbacks = Arc::new(callbacks);
        // One thread for timers and sockets. Calls wait on their own threads.
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name("orgcache-sessions").enable_all().build()?;
        let handle = runtime.handle().clone();
        let store = match handle.block_on(settings.open_store()) {
            Ok(store) => store,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error.into());
            }
        };
        let (source, options) = (Arc::clone(&callbacks), settings.options.clone());
        let sessions = match &store {
            Some(store) => SessionManager::new(source, Arc::clone(store), options),
            None => SessionManager::new(source, MemoryStore::default(), options),
        };
        let maintenance = handle.block_on(async { sessions.start_maintenance() });
        Ok(MANAGERS.put(Arc::new(Manager {
            sessions,
            places: SessionPlaces::default(),
            callbacks,
            store,
            handle,
            runtime: Mutex::new(Some((runtime, maintenance))),
            is_closed: AtomicBool::new(false),
        })))
    }

    /// The manager at a place.
    pub(crate) fn at(place: i64) -> Result<Arc<Self>, NativeFailure> {
        MANAGERS.get(place).ok_or(NativeFailure::Closed)
    }

    /// How many managers are open.
    pub(crate) fn count() -> usize {
        MANAGERS.len()
    }

    /// Blocks on a future of the session manager or its store.
    pub(crate) fn wait<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, NativeFailure>
    where
        NativeFailure: From<E>,
    {
        let waiting = AssertUnwindSafe(|| callbacks::called_from_java(|| self.handle.block_on(work)));
        match catch_unwind(waiting) {
            Ok(outcome) => Ok(outcome?),
            // A close did not wait for this call, and has ended the runtime under it.
            Err(_) if self.is_closed.load(Ordering::SeqCst) => Err(NativeFailure::Closed),
            Err(panic) => resume_unwind(panic),
        }
    }

    /// Blocks on a login, a refresh or a switch.
    ///
    /// A callback's exception reaches only the login of its own thread: logins that had joined its load read
    /// the rows themselves.
    pub(crate) fn log_in<T, F>(&self, login: impl Fn() -> F) -> Result<T, NativeFailure>
    where
        F: Future<Output = Result<T, LoginError>>,
    {
        if callbacks::is_under_way() {
            return Err(NativeFailure::Nested);
        }
        let mut outcome = self.wait(login());
        for _ in 1..ATTEMPTS {
            let thrown = outcome.as_ref().err().and_then(NativeFailure::thrown);
            if !thrown.is_some_and(ThrownException::is_of_another_thread) {
                break;
            }
            outcome = self.wait(login());
        }
        outcome
    }

    /// Closes the manager at a place: writes use to the store and stops the threads. Java has waited for
    /// calls in progress. An empty place is closed already.
    pub(crate) fn close(place: i64) -> Result<(), NativeFailure> {
        let Some(manager) = MANAGERS.take(place) else { return Ok(()) };
        manager.is_closed.store(true, Ordering::SeqCst);
        if let Some((runtime, maintenance)) = manager.runtime.lock().take() {
            drop(maintenance);
            let told = runtime.block_on(async {
                // Creating the timeout needs the runtime's clock.
                tokio::time::timeout(PATIENCE, manager.shut_down()).await
            });
            runtime.shutdown_timeout(PATIENCE);
            manager.callbacks.close();
            let told = told.unwrap_or_else(|_| Err(PortError::transient("it took too long")));
            return told.map_err(NativeFailure::Store);
        }
        manager.callbacks.close();
        Ok(())
    }

    async fn shut_down(&self) -> Result<(), PortError> {
        let told = self.sessions.shutdown().await;
        if let Some(store) = &self.store {
            store.close().await;
        }
        told
    }
}
