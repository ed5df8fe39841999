//! Other people's sessions, and memory.

use crate::browser::Browser;
use crate::service::{ADMIN, PASSWORD, Service, USER};

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
