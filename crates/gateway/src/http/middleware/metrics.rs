//! `Metrics`: the metrics of the service, in Prometheus' text format.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use session::SessionManager;

use crate::http::middleware::metric_family::MetricFamily;

/// The metrics of the service.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: MetricFamily<RequestLabels, Counter>,
    durations: MetricFamily<RouteLabels, Histogram>,
    in_flight: Gauge,
    failed_logins: Counter,
    limited_logins: Counter,
    compression: Arc<Compression>,
}

/// Bytes of bodies before and after compression, of those that were compressed and sent.
#[derive(Debug, Default)]
pub(crate) struct Compression {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

impl Compression {
    pub(crate) fn record(&self, bytes_in: u64, bytes_out: u64) {
        self.bytes_in.fetch_add(bytes_in, Ordering::Relaxed);
        self.bytes_out.fetch_add(bytes_out, Ordering::Relaxed);
    }

    /// The bytes before and after compression.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        (self.bytes_in.load(Ordering::Relaxed), self.bytes_out.load(Ordering::Relaxed))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
}

/// Counts a request as in flight until it is dropped.
pub(crate) struct InFlightCount(Gauge);

impl Drop for InFlightCount {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    pub(crate) fn new(manager: SessionManager) -> Arc<Self> {
        let durations = || Histogram::new([0.000_1, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0]);
        let mut metrics = Metrics {
            registry: Registry::with_prefix("orgcache"),
            requests: MetricFamily::new(Counter::default),
            durations: MetricFamily::new(durations),
            in_flight: Gauge::default(),
            failed_logins: Counter::default(),
            limited_logins: Counter::default(),
            compression: Arc::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("http_requests", "Requests answered", metrics.requests.clone());
        registry.register(
            "http_request_seconds",
            "Time until the start of the answer",
            metrics.durations.clone(),
        );
        registry.register("http_requests_under_way", "Requests in flight", metrics.in_flight.clone());
        registry.register("logins_failed", "Logins with a wrong credential", metrics.failed_logins.clone());
        registry.register(
            "logins_limited",
            "Logins refused by the rate limit",
            metrics.limited_logins.clone(),
        );
        let compression = Arc::clone(&metrics.compression);
        registry.register_collector(Box::new(SessionCollector { manager, compression }));
        Arc::new(metrics)
    }

    pub(crate) fn begin_request(&self) -> InFlightCount {
        self.in_flight.inc();
        InFlightCount(self.in_flight.clone())
    }

    pub(crate) fn record_request(
        &self,
        method: &Method,
        route: Option<&'static str>,
        status: StatusCode,
        took: Duration,
    ) {
        // Clients must not be able to create series with invented methods or paths.
        let method = match *method {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::DELETE => "DELETE",
            Method::HEAD => "HEAD",
            _ => "other",
        };
        let route = route.unwrap_or("none");
        self.durations.update(RouteLabels { route }, |durations| durations.observe(took.as_secs_f64()));
        self.requests.update(RequestLabels { method, route, status: status.as_u16() }, |answered| {
            answered.inc();
        });
    }

    pub(crate) fn login_failed(&self) {
        self.failed_logins.inc();
    }

    pub(crate) fn login_refused_by_limit(&self) {
        self.limited_logins.inc();
    }

    /// Encodes all metrics as text.
    ///
    /// # Errors
    /// A collector could not write its values.
    pub(crate) fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// The bytes before and after compression.
    pub(crate) fn compression(&self) -> &Arc<Compression> {
        &self.compression
    }
}

/// Session figures, collected at each scrape.
#[derive(Debug)]
struct SessionCollector {
    manager: SessionManager,
    compression: Arc<Compression>,
}

impl Collector for SessionCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let (stats, footprint) = (self.manager.stats(), self.manager.footprint());
        let gauges = [
            ("sessions", "Sessions cached in memory", stats.sessions),
            ("trees", "Distinct trees cached in memory", stats.trees),
            ("tree_findings", "Findings in the cached trees: see /v1/admin/trees", stats.tree_findings),
            ("accesses", "Distinct role accesses cached in memory", stats.accesses),
            (
                "pending_ends",
                "Revocations that the session store has not confirmed",
                stats.pending_revocations,
            ),
            ("session_bytes", "Bytes of sessions and their tables", footprint.sessions),
            ("tree_bytes", "Bytes of trees", footprint.trees),
            ("access_bytes", "Bytes of role accesses", footprint.accesses),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let (bytes_in, bytes_out) = self.compression.bytes();
        let counters = [
            ("logins", "Logins, refreshes and switches that succeeded", stats.logins),
            ("logins_refused", "Logins, refreshes and switches that were refused", stats.refused),
            ("tree_loads", "Trees loaded from the ERP", stats.loads),
            ("tree_loads_failed", "Failed loads of trees", stats.failed_loads),
            (
                "trees_with_findings",
                "Loaded trees with findings, each counted once",
                stats.trees_with_findings,
            ),
            ("tree_loads_joined", "Logins that shared a load in flight", stats.joined_loads),
            ("trees_by_revision", "Logins that found a cached tree by its revision", stats.trees_by_revision),
            ("trees_by_fingerprint", "Loaded trees that were cached already", stats.trees_by_fingerprint),
            ("tokens_from_memory", "Tokens answered from memory", stats.hits),
            ("tokens_unknown", "Tokens without a session", stats.unknown_tokens),
            ("store_reads", "Tokens looked up in the session store", stats.store_reads),
            ("sessions_reopened", "Sessions loaded from the store", stats.reopened),
            ("sessions_ended", "Sessions ended on this instance", stats.ended),
            ("sessions_ended_elsewhere", "Sessions found to be ended in the store", stats.ended_elsewhere),
            ("sessions_expired", "Expired sessions", stats.expired),
            ("sessions_damaged", "Sessions ended because their stored bytes were damaged", stats.damaged),
            (
                "sessions_outdated",
                "Sessions ended because an older version stored their tree",
                stats.outdated,
            ),
            (
                "tokens_failed_open",
                "Tokens answered from memory while the store did not answer",
                stats.failed_open,
            ),
            ("store_failures", "Failed calls to the session store", stats.store_failures),
            ("compressed_bytes_in", "Bytes of bodies before compression", bytes_in),
            ("compressed_bytes_out", "Bytes of bodies after compression", bytes_out),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        Ok(())
    }
}
