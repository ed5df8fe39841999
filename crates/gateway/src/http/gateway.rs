//! `Gateway`: the state that all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::FromRef;
use session::{Clock, OrgSource, SessionManager};

use crate::backend::Backend;
use crate::http::login::assertion::Assertions;
use crate::http::login::attempts::Attempts;
use crate::http::login::baseline::Baselines;
use crate::http::login::credentials::Credentials;
use crate::http::login::erp_hash::ErpHashes;
use crate::http::login::login_history::LoginHistory;
use crate::http::login::password::Passwords;
use crate::http::lookup::freshness::Freshness;
use crate::http::lookup::names::Names;
use crate::http::middleware::client_address::TrustedProxies;
use crate::http::middleware::metrics::Metrics;
use crate::http::middleware::respond::{RespondLayer, RespondPolicy};
use crate::http::middleware::security_headers::SecurityHeaders;
use crate::http::settings::Settings;
use crate::http::wire::json_body::BodyLimits;

/// The maximum wait for an administrator's rights. Without them the request is refused.
pub(crate) const RIGHTS_WITHIN: Duration = Duration::from_secs(2);

/// The service without its sockets: give [`Routes`](super::Routes) to any server, or run
/// [`Server`](super::Server). Clones share the service.
#[derive(Clone, Debug)]
pub struct Gateway {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) backend: Backend,
    /// Reads administrator rights, with a time limit per statement.
    pub(crate) rights: Backend,
    pub(crate) manager: SessionManager,
    pub(crate) credentials: Box<dyn Credentials>,
    pub(crate) assertions: Option<Assertions>,
    pub(crate) settings: Settings,
    pub(crate) passwords: Passwords,
    pub(crate) erp_hashes: ErpHashes,
    pub(crate) attempts: Attempts,
    pub(crate) baselines: Baselines,
    pub(crate) names: Names,
    pub(crate) login_history: LoginHistory,
    pub(crate) freshness: Freshness,
    pub(crate) metrics: Arc<Metrics>,
    respond: RespondLayer,
    trusted_proxies: TrustedProxies,
    closing: AtomicBool,
}

/// The parts of a [`Gateway`].
#[derive(Debug)]
pub struct Parts {
    /// The source of names, users and stored columns.
    pub backend: Backend,
    /// The source of trees.
    pub source: Arc<dyn OrgSource>,
    /// The sessions.
    pub manager: SessionManager,
    /// The passwords.
    pub credentials: Box<dyn Credentials>,
    /// Trusted issuers of login assertions, if configured.
    pub assertions: Option<Assertions>,
    /// The settings.
    pub settings: Settings,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Gateway {
    /// Creates a service from its parts. Opens no connection.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { backend, source, manager, credentials, assertions, settings, clock } = parts;
        let metrics = Metrics::new(manager.clone());
        let trusted_proxies = TrustedProxies::new(&settings.trusted_proxies);
        let respond = RespondLayer::new(RespondPolicy {
            answer_within: settings.answer_within,
            max_head_bytes: settings.max_head_bytes,
            local_names_only: settings.local_names_only,
            trusted_proxies: trusted_proxies.clone(),
            headers: SecurityHeaders::new(settings.secure),
            metrics: Arc::clone(&metrics),
        });
        Gateway {
            inner: Arc::new(Inner {
                passwords: Passwords::new(),
                erp_hashes: ErpHashes::default(),
                names: Names::new(backend.clone(), settings.names_for, &clock),
                login_history: LoginHistory::new(Arc::clone(&clock)),
                freshness: Freshness::new(source, settings.freshness_for, Arc::clone(&clock)),
                attempts: Attempts::new(settings.failures(), clock),
                metrics,
                respond,
                trusted_proxies,
                closing: AtomicBool::new(false),
                rights: backend.with_statement_limit(RIGHTS_WITHIN),
                backend,
                baselines: Baselines::default(),
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

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Starts the shutdown: `/readyz` answers 503 from now on, and endless streams end.
    pub fn close(&self) {
        self.inner.closing.store(true, Ordering::SeqCst);
        if let Some(mcp) = &self.inner.settings.mcp {
            mcp.close();
        }
    }

    /// What the greeting says about the ERP.
    pub(crate) fn about(&self) -> Option<String> {
        match &self.inner.backend {
            Backend::Database(_) => None,
            Backend::Odoo(source) => {
                let config = source.odoo().config();
                let database = config.database.as_deref().unwrap_or_default();
                Some(format!("users of Odoo sign in: database `{database}` at {}", config.url))
            }
            Backend::Absent => Some("Odoo for language models only, at /mcp: no sign-in".to_owned()),
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.inner.closing.load(Ordering::SeqCst)
    }
}

impl FromRef<Gateway> for RespondLayer {
    fn from_ref(gateway: &Gateway) -> Self {
        gateway.inner.respond.clone()
    }
}

impl FromRef<Gateway> for TrustedProxies {
    fn from_ref(gateway: &Gateway) -> Self {
        gateway.inner.trusted_proxies.clone()
    }
}

impl FromRef<Gateway> for Arc<Metrics> {
    fn from_ref(gateway: &Gateway) -> Self {
        Arc::clone(&gateway.inner.metrics)
    }
}

impl FromRef<Gateway> for BodyLimits {
    fn from_ref(gateway: &Gateway) -> Self {
        let settings = gateway.settings();
        BodyLimits { max_bytes: settings.max_body_bytes, arrive_within: settings.body_within }
    }
}
