//! The view of all sessions.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::browser::Browser;
use crate::service::{ADMIN, CLIENT, INSTANCE_ADMIN, PASSWORD, Service, US, USER};

#[tokio::test]
async fn an_administrator_ends_the_session_of_another() {
    let service = Service::start();
    let visitor = service.log_in(USER).await;
    let other = service.log_in(USER).await;
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.click("#sessions-link").await;
    let row = format!("tr[data-session='{}']", visitor.id);
    browser.until_reads("#sessions-summary", "3 sessions shown").await;
    browser.until_reads(&row, USER).await;
    browser.until_reads(&row, "127.0.0.1").await;
    browser.until_reads(&row, "in 29 min").await;
    browser.until_reads("tr.own", "this session").await;
    // Tooltips show times in the reader's time zone.
    let moment = "return [...document.querySelectorAll('tr.own time')].map((time) => Math.abs(new Date(time.title) - new Date(time.dateTime)) < 1000)";
    assert_eq!(browser.script(moment).await, json!([true, true, true]));

    // Cancelling does not end the session.
    browser.click(&format!("{row} button")).await;
    browser.until_reads("#confirm-text", USER).await;
    browser.click("#confirm button[value=no]").await;
    browser.until("!document.getElementById('confirm').open").await;
    assert_eq!(visitor.status().await, 200);
    browser.until(&format!("document.activeElement.dataset.focus === '{}'", visitor.id)).await;

    browser.click(&format!("{row} button")).await;
    browser.click("#confirm-yes").await;
    browser.until(&format!("document.querySelector(\"{row}\") === null")).await;
    browser.until("document.getElementById('announcement').innerText.includes('has ended')").await;
    browser.until_reads("#sessions-summary", "2 sessions shown").await;
    browser.until("document.activeElement.dataset.focus === 'All sessions'").await;
    assert_eq!(visitor.status().await, 401);
    assert_eq!(other.status().await, 200);
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn an_open_page_without_a_user_becomes_idle() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.click("#sessions-link").await;
    browser.until_reads("#sessions-summary", "1 session shown").await;
    let other = service.log_in(ADMIN).await;
    // The page polls every five seconds. If that counted as use, the session would never be idle for longer.
    browser.until_reads("#sessions-summary", "2 sessions shown").await;
    let started = Instant::now();
    while other.idle().await.iter().any(|seconds| *seconds < 12) {
        assert!(started.elapsed() < Duration::from_secs(90), "{:?}", other.idle().await);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn users_without_administrator_rights_see_no_roles() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(USER, PASSWORD).await;
    browser.click(&format!("[data-id='{US}'] .row-name")).await;
    browser.until_reads("[data-call=legal_entity]", "F&B US, Inc.").await;
    assert_eq!(browser.script("return document.getElementById('roles')").await, serde_json::Value::Null);
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn sessions_are_searched_and_an_empty_answer_says_what_to_do() {
    let service = Service::start();
    let visitor = service.log_in(USER).await;
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.click("#sessions-link").await;
    browser.until_reads("#sessions-summary", "2 sessions shown").await;
    browser.type_into("#sessions-search", "fbususer").await;
    browser.until_reads("#sessions-empty", "No session has “fbususer”").await;
    browser.click("#sessions-empty button").await;
    browser.until_reads("#sessions-summary", "2 sessions shown").await;
    browser.type_into("#sessions-search", "f&bususer").await;
    browser.until_reads("#sessions-summary", "1 session shown").await;
    browser.until(&format!("document.querySelector(\"tr[data-session='{}']\")", visitor.id)).await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn an_instance_administrator_chooses_the_client() {
    let service = Service::start();
    let _visitor = service.log_in(USER).await;
    let browser = Browser::open(&service.address).await;
    browser.enter(INSTANCE_ADMIN, PASSWORD).await;
    let choose = |field: &str, client: &str| {
        format!(
            "const field = document.getElementById('{field}');
             field.value = '{client}';
             field.dispatchEvent(new Event('change'))"
        )
    };
    let sessions =
        async || -> u64 { browser.text("#sessions-figure").await.replace(',', "").parse().unwrap() };
    browser.until("document.getElementById('client').options.length >= 4").await;
    browser.until("document.getElementById('sessions-figure')").await;
    let all = sessions().await;
    browser.script(&choose("client", CLIENT)).await;
    browser.until(&format!("document.getElementById('sessions-figure').textContent !== '{all}'")).await;
    let of_client = sessions().await;
    assert!(of_client < all, "{of_client} of {all}");
    // The other view shows the same client, and can switch to another one.
    browser.view("sessions").await;
    browser.until_reads("#sessions-summary", &format!("{of_client} sessions shown")).await;
    browser.script(&choose("sessions-client", "0")).await;
    browser.until_reads("#sessions-empty", "This client has no sessions").await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn on_a_narrow_screen_each_session_is_a_labeled_card() {
    let service = Service::start();
    let browser = Browser::open_sized(&service.address, 375, 740).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.view("sessions").await;
    browser.until("document.querySelector('tr.own')?.checkVisibility()").await;
    let parts = "return [...document.querySelectorAll('tr.own td')].slice(0, 6)
        .map((cell) => getComputedStyle(cell, '::before').content.replaceAll('\"', ''))";
    let expected = ["User, role", "Organization, client", "Address", "Signed in", "Last used", "Ends"];
    assert_eq!(browser.script(parts).await, json!(expected));
    let fits = "document.querySelector('tr.own').getBoundingClientRect().right <= innerWidth";
    browser.until(fits).await;
    // At no width does a cell cover another.
    for width in [375, 768, 1040, 1041, 1400] {
        browser.resize(width, 800).await;
        let covered = "return [...document.querySelectorAll('tr.own td')].some((cell, at, all) => all.some((other) => {
            const [a, b] = [cell.getBoundingClientRect(), other.getBoundingClientRect()];
            return cell !== other && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
        }))";
        assert_eq!(browser.script(covered).await, false, "{width}");
    }
    browser.assert_no_complaints().await;
}
