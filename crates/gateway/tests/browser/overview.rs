//! The start view: figures, and the comparison with Openbravo.

use serde_json::{Value, json};

use crate::address::set;
use crate::browser::Browser;
use crate::service::{ADMIN, GENERATED_ADMIN, PASSWORD, Service, USER};

/// The widths of the bars, by structure.
const WIDTHS: &str = "return Object.fromEntries([...document.querySelectorAll('[data-bar]')]
    .map((bar) => [bar.dataset.bar, bar.getBoundingClientRect().width]))";

/// The exact number of bytes that is shown for a structure.
fn exact(structure: &str) -> String {
    format!("document.querySelector(\"[data-structure={structure}] span[title]\").title")
}

#[tokio::test]
async fn figures_come_first_and_update_automatically() {
    let service = Service::start();
    let _visitor = service.log_in(USER).await;
    let browser = Browser::open(&service.address).await;
    browser.enter(ADMIN, PASSWORD).await;
    browser.until_reads("#sessions-figure", "2").await;
    browser.until_reads("#trees-figure", "1").await;
    browser.until_reads("#bytes-figure", "B").await;
    let logins = browser.script("return document.querySelector('.sparkline').ariaLabel").await;
    let minutes: Vec<u64> = logins
        .as_str()
        .unwrap()
        .split(": ")
        .nth(1)
        .unwrap()
        .split(", ")
        .map(|count| count.parse().unwrap())
        .collect();
    assert_eq!((minutes.len(), minutes.iter().sum::<u64>()), (15, 2), "{logins}");
    browser.until_reads("#overview", "this session alone").await;
    // Client administrators also see which parts are compared.
    browser.until_reads("#overview", "user, role, lifetime and name; not compared").await;

    let _another = service.log_in(USER).await;
    browser.until_reads("#sessions-figure", "3").await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn the_sessions_here_are_compared_on_a_linear_scale() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.enter(GENERATED_ADMIN, PASSWORD).await;
    browser.until_reads("#comparison-lead", "39 live sessions").await;
    let widths = browser.script(WIDTHS).await;
    let width = |bar: &str| widths.get(bar).and_then(Value::as_f64).unwrap();
    let bytes = async |structure: &str| -> f64 {
        let shown = browser.script(&format!("return {}", exact(structure))).await;
        shown.as_str().unwrap().trim_end_matches(" bytes").replace(',', "").parse().unwrap()
    };
    let (pre, post) = (bytes("pre").await, bytes("post").await);
    assert!(bytes("orgcache").await < bytes("head").await, "{widths}");
    let (drawn, expected) = (width("pre") / width("post"), pre / post);
    assert!((drawn / expected - 1.0).abs() < 0.02, "{drawn} for {expected}");
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn the_controls_recompute_the_comparison_from_measurements() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.enter(ADMIN, PASSWORD).await;
    // Entering a number switches from the sessions of this instance to a shape.
    browser.until("document.getElementById('shape').value === 'here'").await;
    browser.script(&set("sessions-count", "7")).await;
    browser.until("document.getElementById('shape').value === 'flat'").await;
    browser.until_reads("#comparison-lead", "7 sessions on one tree of 600 organizations").await;
    browser.script(&set("shape", "chain")).await;
    browser.script(&set("organizations-count", "600")).await;
    browser.script(&set("sessions-count", "1000")).await;
    browser.until_reads("#comparison-lead", "1,000 sessions on one tree of 600 organizations").await;
    browser.until(&format!("{} === '14,304,684,000 bytes'", exact("pre"))).await;
    browser.until(&format!("{} === '178,162,000 bytes'", exact("post"))).await;
    browser.until(&format!("{} === '205,176 bytes'", exact("head"))).await;
    // The part of a session that concerns organizations.
    browser.until(&format!("{} === '29,700 bytes'", exact("orgcache"))).await;
    browser.script(&set("shape", "flat")).await;
    browser.until(&format!("{} === '371,253,000 bytes'", exact("pre"))).await;
    browser.script(&set("organizations-count", "6000")).await;
    browser.until(&format!("{} === '3,615,476,000 bytes'", exact("pre"))).await;
    // An invalid number is reported with the valid range. The periodic update of figures does not change
    // the input.
    browser.script(&set("organizations-count", "0")).await;
    browser.until_reads("#comparison-error", "from 1 to 1,000,000").await;
    let value = browser.script("return document.getElementById('sessions-count').value").await;
    assert_eq!(value, json!("1000"));
    browser.assert_no_complaints().await;
}
