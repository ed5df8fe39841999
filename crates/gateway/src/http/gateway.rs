//! `Gateway`: what all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use erp_db::ErpReader;
use session::{Clock, OrgSource, SessionManager};

use super::admin;
use super::settings::Settings;
use crate::http::login::assertion::Assertions;
use crate::http::login::attempts::Attempts;
use crate::http::login::credentials::Credentials;
use crate::http::login::erp_hash::ErpHashes;
use crate::http::login::password::Passwords;
use crate::http::lookup::freshness::Freshness;
use crate::http::lookup::names::Names;
use crate::http::middleware::metrics::Metrics;
use crate::http::middleware::security_headers::CommonHeaders;

/// The service without its sockets: give [`router`](super::router) to any server, or let
/// [`Server`](super::Server) answer. Cloning gives another handle to the same service.
#[derive(Clone, Debug)]
pub struct Gateway {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) reader: ErpReader,
    /// Reads who may administer.
    pub(crate) rights: ErpReader,
    pub(crate) manager: SessionManager,
    pub(crate) credentials: Box<dyn Credentials>,
    pub(crate) assertions: Option<Assertions>,
    pub(crate) settings: Settings,
    pub(crate) passwords: Passwords,
    pub(crate) erp_hashes: ErpHashes,
    pub(crate) attempts: Attempts,
    pub(crate) names: Names,
    pub(crate) freshness: Freshness,
    pub(crate) metrics: Metrics,
    pub(crate) headers: CommonHeaders,
    closing: AtomicBool,
}

/// What a [`Gateway`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where names, users and stored columns are read.
    pub reader: ErpReader,
    /// Where trees are read.
    pub source: Arc<dyn OrgSource>,
    /// Who keeps the sessions.
    pub manager: SessionManager,
    /// Where passwords are checked.
    pub credentials: Box<dyn Credentials>,
    /// Whose word counts, if anybody's.
    pub assertions: Option<Assertions>,
    /// How to behave.
    pub settings: Settings,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl Gateway {
    /// Puts a service together. It opens nothing.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { reader, source, manager, credentials, assertions, settings, clock } = parts;
        Gateway {
            inner: Arc::new(Inner {
                passwords: Passwords::new(),
                erp_hashes: ErpHashes::default(),
                names: Names::new(reader.clone(), settings.names_for, Arc::clone(&clock)),
                freshness: Freshness::new(source, settings.freshness_for, Arc::clone(&clock)),
                attempts: Attempts::new(&settings, clock),
                metrics: Metrics::new(manager.clone()),
                headers: CommonHeaders::new(settings.secure),
                closing: AtomicBool::new(false),
                rights: reader.with_statement_limit(admin::LONGEST),
                reader,
                manager,
                credentials,
                assertions,
                settings,
            }),
        }
    }

    /// The sessions.
    #[must_use]
    pub fn manager(&self) -> &SessionManager {
        &self.inner.manager
    }

    /// How the service behaves.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// From now on `/readyz` says that this instance takes no more requests; streams that would never end are
    /// ended.
    pub fn close(&self) {
        self.inner.closing.store(true, Ordering::SeqCst);
        if let Some(mcp) = &self.inner.settings.mcp {
            mcp.close();
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.inner.closing.load(Ordering::SeqCst)
    }
}
