//! `MetricFamily`: metrics with the same name and different labels.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// A metric per set of labels, in the order of the labels. Clones share the metrics.
#[derive(Clone, Debug)]
pub(crate) struct MetricFamily<L, M> {
    metrics: Arc<RwLock<BTreeMap<L, M>>>,
    new: fn() -> M,
}

impl<L: Ord, M> MetricFamily<L, M> {
    /// Creates an empty family. `new` creates the metric for new labels.
    pub(crate) fn new(new: fn() -> M) -> Self {
        MetricFamily { metrics: Arc::default(), new }
    }

    /// Updates the metric with the given labels.
    pub(crate) fn update(&self, labels: L, change: impl FnOnce(&M)) {
        if let Some(metric) = self.metrics.read().get(&labels) {
            return change(metric);
        }
        change(self.metrics.write().entry(labels).or_insert_with(self.new));
    }
}

impl<L: EncodeLabelSet, M: EncodeMetric + TypedMetric> EncodeMetric for MetricFamily<L, M> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        self.metrics
            .read()
            .iter()
            .try_for_each(|(labels, metric)| metric.encode(encoder.encode_family(labels)?))
    }

    fn metric_type(&self) -> MetricType {
        M::TYPE
    }

    fn is_empty(&self) -> bool {
        self.metrics.read().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn metrics_are_encoded_in_the_order_of_their_labels() {
        let family = MetricFamily::<_, Counter>::new(Counter::default);
        let mut registry = Registry::default();
        registry.register("cups", "Cups filled", family.clone());
        for kind in ["tea", "coffee", "milk", "tea"] {
            family.update([("kind", kind)], |cups| {
                cups.inc();
            });
        }
        let mut shown = String::new();
        text::encode(&mut shown, &registry).unwrap();
        let cups: Vec<&str> = shown.lines().filter(|line| !line.starts_with('#')).collect();
        let expected =
            ["cups_total{kind=\"coffee\"} 1", "cups_total{kind=\"milk\"} 1", "cups_total{kind=\"tea\"} 2"];
        assert_eq!(cups, expected);
    }
}
