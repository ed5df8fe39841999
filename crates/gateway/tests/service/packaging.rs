//! The files in `packaging`: their metrics exist, and docs/operations.md quotes them verbatim.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::proxies::{CADDY, NGINX, SINGLE_SIGN_ON};
use crate::service::{ADMIN, Answer, Service};

const OPERATIONS: &str = include_str!("../../../../docs/operations.md");
const DASHBOARD: &str = include_str!("../../../../packaging/grafana-dashboard.json");

#[test]
fn docs_operations_md_quotes_the_files_verbatim() {
    let flush = |text: &str| text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
    let shown = flush(OPERATIONS);
    for file in [
        NGINX,
        SINGLE_SIGN_ON,
        CADDY,
        include_str!("../../../../packaging/orgcache.env"),
        include_str!("../../../../packaging/prometheus.yml"),
        include_str!("../../../../packaging/roles.sql"),
        include_str!("../../../../examples/python/assertion.py"),
    ] {
        assert!(shown.contains(&flush(file)), "docs/operations.md does not show\n{file}");
    }
}

/// The metric names in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let is_name_character = |character: char| character.is_ascii_lowercase() || "_".contains(character);
    text.split(|character| !is_name_character(character))
        .filter(|word| word.starts_with("orgcache_"))
        .collect()
}

#[tokio::test]
async fn metrics_in_the_dashboard_and_the_docs_exist() {
    let service = Service::start().await;
    service.token(ADMIN).await;
    let metrics = Answer::fetch(service.get("/metrics")).await.text;
    let samples = || metrics.lines().filter(|line| !line.starts_with('#'));
    let exported: BTreeSet<&str> = samples().filter_map(|line| line.split(['{', ' ']).next()).collect();
    let labels: BTreeSet<&str> = samples()
        .filter_map(|line| line.split_once('{')?.1.rsplit_once('}'))
        .flat_map(|(labels, _)| labels.split("\","))
        .filter_map(|label| label.split('=').next())
        .collect();

    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut targets = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            let missing: Vec<_> =
                names(expression).into_iter().filter(|name| !exported.contains(name)).collect();
            assert!(!names(expression).is_empty() && missing.is_empty(), "{expression}: {missing:?}");
            for group in expression.split("by (").skip(1) {
                let group = group.split(')').next().unwrap();
                assert!(group.split(", ").all(|label| labels.contains(label)), "{expression}: {labels:?}");
            }
            targets += 1;
        }
    }
    assert!(targets > 20);

    let table = OPERATIONS.split("| metric | meaning |").nth(1).unwrap().split("\n\n").next().unwrap();
    let is_exported = |name: &str| exported.contains(name) || exported.contains(&*format!("{name}_bucket"));
    let missing: Vec<_> = names(table).into_iter().filter(|name| !is_exported(name)).collect();
    assert!(names(table).len() > 10 && missing.is_empty(), "{missing:?}");
}
