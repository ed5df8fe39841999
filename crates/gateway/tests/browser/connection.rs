//! Ended sessions, unreachable servers.

use serde_json::json;

use crate::browser::{Browser, ENTER};
use crate::service::{ADMIN, GROUP, PASSWORD, Service, US, USER, USER_ID};

#[tokio::test]
async fn a_user_whose_session_was_ended_signs_in_again() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(USER, PASSWORD).await;
    service.log_in(ADMIN).await.end_sessions_of(USER_ID).await;
    browser.until_reads("#sign-in-reason", "Your session has ended. Sign in again.").await;
    // The form keeps the user's name.
    browser.type_into("#sign-in-password", &format!("{PASSWORD}{ENTER}")).await;
    browser.until_reads("#who-user", USER).await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn the_page_reports_an_unreachable_server_and_recovers() {
    let mut service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    service.stop();
    browser.until_reads("#trouble-text", "The server does not answer.").await;
    browser.until("document.querySelector('.row').checkVisibility()").await;
    browser.until("document.getElementById('trouble-action').checkVisibility()").await;
    service.start_again();
    // The page reconnects without a reload. The restarted server has lost its sessions.
    browser.until_reads("#sign-in-reason", "Your session has ended. Sign in again.").await;
    browser.until("!document.getElementById('trouble').checkVisibility()").await;
    browser.assert_no_complaints().await;
}

/// Answers arrive late: each as soon as the test calls `window.answer()` once more.
const SLOW: &str = "
    const send = window.fetch;
    const waiting = [];
    window.sent = [];
    window.answer = () => waiting.splice(0).forEach((go) => go());
    window.fetch = async (path, options) => {
      window.sent.push(path);
      await new Promise((go) => waiting.push(go));
      return send(path, options);
    }";

/// Lets answers through until an expression holds.
async fn answered_until(browser: &Browser, expression: &str) {
    browser.until(&format!("({expression}) || (window.answer(), false)")).await;
}

#[tokio::test]
async fn a_slow_server_is_waited_for_and_two_clicks_are_one() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.until_reads("#demonstration", "F&BUSUser").await;
    browser.script(SLOW).await;
    let button = format!("document.querySelector(\"[data-user='{USER}']\")");
    browser.script(&format!("{button}.click(); {button}.click()")).await;
    browser.until_reads("#sign-in-submit", "Signing in …").await;
    assert_eq!(browser.script("return window.sent.filter((path) => path === '/v1/login').length").await, 1);
    answered_until(&browser, "document.getElementById('bar').checkVisibility()").await;
    browser.until_reads("#overview", "Loading …").await;
    browser.until("!document.getElementById('comparison-title').checkVisibility()").await;
    answered_until(&browser, "document.getElementById('memory-chart')?.checkVisibility()").await;
    answered_until(&browser, "document.getElementById('who-role').options.length === 4").await;

    browser.view(&format!("refer/{US}/{GROUP}")).await;
    browser.until_reads("#refer-answer", "Loading …").await;
    answered_until(&browser, "document.getElementById('verdict')").await;

    // A second switch of the role has to wait for the first.
    let switch = "const roles = document.getElementById('who-role');
        roles.selectedIndex = (roles.selectedIndex + 1) % 4;
        roles.dispatchEvent(new Event('change'));
        return roles.disabled";
    assert_eq!(browser.script(switch).await, json!(true));
    answered_until(&browser, "!document.getElementById('who-role').disabled").await;
    browser.until("document.getElementById('bar').checkVisibility()").await;
    browser.assert_no_complaints().await;
}
