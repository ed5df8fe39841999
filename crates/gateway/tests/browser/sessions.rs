//! Other people's sessions, and memory.

use std::time::{Duration, Instant};

use crate::browser::Browser;
use crate::service::{ADMIN, PASSWORD, Service, US, USER};

#[tokio::test]
async fn an_administrator_ends_the_session_of_another() {
    let service = Service::start();
    let visitor = service.log_in(USER).await;
    let other = service.log_in(USER).await;
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.click("#sessions-link").await;
    let row = format!("tr[data-session='{}']", visitor.id);
    browser.until_reads("#sessions-summary", "3 on show").await;
    browser.until_reads(&row, USER).await;
    browser.until_reads(&row, " B").await;
    browser.until_reads("tr.own", "this session").await;

    // Whoever thinks better of it has done nothing.
    browser.click(&format!("{row} button")).await;
    browser.until_reads("#confirm-text", USER).await;
    browser.click("#confirm button[value=no]").await;
    browser.until("!document.getElementById('confirm').open").await;
    assert_eq!(visitor.status().await, 200);

    browser.click(&format!("{row} button")).await;
    browser.click("#confirm-yes").await;
    browser.until(&format!("document.querySelector(\"{row}\") === null")).await;
    browser.until("document.getElementById('announcement').innerText.includes('has ended')").await;
    browser.until_reads("#sessions-summary", "2 on show").await;
    assert_eq!(visitor.status().await, 401);
    assert_eq!(other.status().await, 200);
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn memory_is_shown_beside_what_openbravo_would_take() {
    let service = Service::start();
    let _visitor = service.log_in(USER).await;
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.go(&format!("{}/#memory", service.address)).await;
    browser.until_reads(".lead", "2 live sessions").await;
    let widths = browser
        .script(
            "return Object.fromEntries([...document.querySelectorAll('[data-bar]')]
                .map((bar) => [bar.dataset.bar, bar.getBoundingClientRect().width]))",
        )
        .await;
    let width = |bar: &str| widths.get(bar).and_then(serde_json::Value::as_f64).unwrap();
    assert!(width("orgcache") > 0.0, "{widths}");
    assert!(width("pre") > width("post"), "{widths}");
    assert!(width("post") > width("head"), "{widths}");
    browser.until_reads(".card", "Logins that shared a tree").await;
    browser.until_reads("#memory", "this session alone").await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn an_open_page_that_nobody_uses_becomes_idle() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.click("#sessions-link").await;
    browser.until_reads("#sessions-summary", "1 on show").await;
    let other = service.log_in(ADMIN).await;
    // The page asks every five seconds, and shows what it hears. If that were use, it would never be idle for
    // longer.
    browser.until_reads("#sessions-summary", "2 on show").await;
    let begun = Instant::now();
    while other.idle().await.iter().any(|seconds| *seconds < 12) {
        assert!(begun.elapsed() < Duration::from_secs(90), "{:?}", other.idle().await);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn who_administers_nothing_is_told_of_no_roles() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(USER, PASSWORD).await;
    browser.click(&format!("[data-id='{US}'] .row-name")).await;
    browser.until_reads("[data-call=legal_entity]", "F&B US, Inc.").await;
    assert_eq!(browser.script("return document.getElementById('roles')").await, serde_json::Value::Null);
    browser.assert_no_complaints().await;
}
