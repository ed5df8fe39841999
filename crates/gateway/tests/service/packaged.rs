//! The files of `packaging`: what they name is there, and the operations page shows them as they are.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::proxies::{CADDY, NGINX, SINGLE_SIGN_ON};
use crate::service::{ADMIN, Answer, Service};

const OPERATIONS: &str = include_str!("../../../../docs/operations.md");
const DASHBOARD: &str = include_str!("../../../../packaging/grafana-dashboard.json");

#[test]
fn the_operations_page_shows_the_files_as_they_are() {
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

/// The names of metrics in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let is_of_name = |character: char| character.is_ascii_lowercase() || "_".contains(character);
    text.split(|character| !is_of_name(character)).filter(|word| word.starts_with("orgcache_")).collect()
}

#[tokio::test]
async fn the_metrics_of_dashboard_and_documents_are_there() {
    let service = Service::start().await;
    service.token(ADMIN).await;
    let metrics = Answer::of(service.get("/metrics")).await.text;
    let samples = || metrics.lines().filter(|line| !line.starts_with('#'));
    let there: BTreeSet<&str> = samples().filter_map(|line| line.split(['{', ' ']).next()).collect();
    let labels: BTreeSet<&str> = samples()
        .filter_map(|line| line.split_once('{')?.1.rsplit_once('}'))
        .flat_map(|(labels, _)| labels.split("\","))
        .filter_map(|label| label.split('=').next())
        .collect();

    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut asked = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            let missing: Vec<_> =
                names(expression).into_iter().filter(|name| !there.contains(name)).collect();
            assert!(!names(expression).is_empty() && missing.is_empty(), "{expression}: {missing:?}");
            for group in expression.split("by (").skip(1) {
                let group = group.split(')').next().unwrap();
                assert!(group.split(", ").all(|label| labels.contains(label)), "{expression}: {labels:?}");
            }
            asked += 1;
        }
    }
    assert!(asked > 20);

    let table = OPERATIONS.split("| metric | meaning |").nth(1).unwrap().split("\n\n").next().unwrap();
    let counted = |name: &str| there.contains(name) || there.contains(&*format!("{name}_bucket"));
    let missing: Vec<_> = names(table).into_iter().filter(|name| !counted(name)).collect();
    assert!(names(table).len() > 10 && missing.is_empty(), "{missing:?}");
}
