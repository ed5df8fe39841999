//! Signing in and out.

use crate::browser::{Browser, ENTER, TAB};
use crate::service::{ADMIN, PASSWORD, Service, USER};

#[tokio::test]
async fn signing_in_and_out_with_the_keyboard_alone() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.until("document.activeElement.id === 'sign-in-user'").await;
    browser.type_keys(&format!("{ADMIN}{TAB}")).await;
    browser.type_keys(&format!("{PASSWORD}{ENTER}")).await;
    browser.until_reads("#who-user", ADMIN).await;
    browser.until_reads("#who-client", "F&B International Group").await;
    browser.until("document.activeElement.id === 'overview-title'").await;
    browser.until_reads("#sessions-figure", "1").await;
    // The session's organization is preselected.
    browser.view("organizations").await;
    assert_eq!(browser.text("#tree-count").await, "8 in this tree");
    browser.until_reads("#details-title", "F&B España - Región Norte").await;

    // The cookie keeps the session over a reload, although scripts cannot read it.
    assert_eq!(browser.script("return document.cookie").await, "");
    browser.go(&service.address).await;
    browser.until_reads("#who-user", ADMIN).await;

    browser.click("#sign-out").await;
    browser.until_reads("#sign-in-reason", "You have signed out.").await;
    let left = browser.script("return document.querySelectorAll('.row').length").await;
    assert_eq!(left, 0, "data of the signed-out user is still in the document");
    browser.go(&service.address).await;
    browser.until_reads("#sign-in-title", "Sign in").await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn a_wrong_password_is_reported_beside_the_field() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.until_reads("#sign-in-title", "Sign in").await;
    browser.type_into("#sign-in-user", ADMIN).await;
    browser.type_into("#sign-in-password", &format!("wrong{ENTER}")).await;
    browser.until_reads("#sign-in-error", "Wrong user name or password.").await;
    browser.until("document.activeElement.id === 'sign-in-password'").await;
    // The password is selected, so that typing replaces it.
    browser.type_keys(&format!("{PASSWORD}{ENTER}")).await;
    browser.until_reads("#who-user", ADMIN).await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn users_without_administrator_rights_see_no_administration() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(USER, PASSWORD).await;
    browser.until("document.getElementById('who-role').options.length === 4").await;
    browser.until("!document.getElementById('sessions-link').checkVisibility()").await;
    browser.go(&format!("{}/#sessions", service.address)).await;
    browser.until("document.getElementById('overview').checkVisibility()").await;
    browser.until_reads("#overview", "This session").await;
    // There are no figures of other sessions, so the comparison uses the entered numbers.
    browser.until("document.getElementById('sessions-figure') === null").await;
    browser.until("![...document.getElementById('shape').options].some((it) => it.value === 'here')").await;
    browser.until_reads("#comparison-lead", "on one tree of 8 organizations").await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn switching_the_role_changes_the_rights() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(USER, PASSWORD).await;
    browser.until("document.getElementById('who-role').options.length === 4").await;
    let chosen = "document.getElementById('who-role').selectedOptions[0].text";
    let before = browser.script(&format!("return {chosen}")).await;
    let other = "const roles = document.getElementById('who-role');
        roles.selectedIndex = (roles.selectedIndex + 1) % roles.options.length;
        roles.dispatchEvent(new Event('change'));
        return roles.selectedOptions[0].text";
    let other = browser.script(other).await;
    assert_ne!(before, other);
    browser.until(&format!("document.getElementById('announcement').innerText.includes({other})")).await;
    browser.go(&service.address).await;
    browser
        .until(&format!("document.getElementById('who-role').options.length === 4 && {chosen} === {other}"))
        .await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn over_plain_http_the_page_says_that_the_cookie_would_be_dropped_and_sends_nothing() {
    let service = Service::start_without_the_proxy();
    let browser = Browser::open(&service.address).await;
    browser.until_reads("#sign-in-error", "over plain HTTP").await;
    browser.until("document.getElementById('sign-in-submit').disabled").await;
    let sent = "return performance.getEntriesByType('resource').filter((it) => it.name.includes('/v1/login')).length";
    browser.type_into("#sign-in-user", ADMIN).await;
    browser.type_into("#sign-in-password", &format!("{PASSWORD}{ENTER}")).await;
    assert_eq!(browser.script(sent).await, 0);
    browser.until_reads("#sign-in-error", "Open it over HTTPS").await;
}

#[tokio::test]
async fn only_a_wrong_password_is_reported_as_one() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    // Simulates a browser that does not keep the cookie.
    let without_cookies = "const send = window.fetch; window.fetch = (path, options) => \
        send(path, path === '/v1/tree' ? { ...options, credentials: 'omit' } : options);";
    browser.script(without_cookies).await;
    browser.until_reads("#sign-in-title", "Sign in").await;
    browser.type_into("#sign-in-user", ADMIN).await;
    browser.type_into("#sign-in-password", &format!("{PASSWORD}{ENTER}")).await;
    browser.until_reads("#sign-in-reason", "does not send the session's cookie").await;
    assert_eq!(browser.text("#sign-in-error").await, "");

    // Simulates a proxy that requires its own credentials.
    browser.script("window.fetch = async () => new Response('<h1>401</h1>', { status: 401 })").await;
    browser.type_into("#sign-in-password", &format!("{PASSWORD}{ENTER}")).await;
    browser.until_reads("#sign-in-error", "The server answered with status 401.").await;
}

#[tokio::test]
async fn tabs_follow_each_other() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.enter(ADMIN, PASSWORD).await;
    let second = browser.open_tab(&service.address).await;
    browser.until_reads("#who-user", ADMIN).await;
    browser.click("#sign-out").await;
    browser.until_reads("#sign-in-reason", "You have signed out.").await;
    let first = browser.other_tab(&second).await;
    browser.until_reads("#sign-in-reason", "You have signed out in another tab.").await;
    browser.other_tab(&first).await;
    browser.enter(USER, PASSWORD).await;
    browser.other_tab(&second).await;
    browser.until_reads("#who-user", USER).await;
    browser.assert_no_complaints().await;
}
