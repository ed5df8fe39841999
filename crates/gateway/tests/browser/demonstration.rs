//! The demonstration: sign-in buttons and sample sessions.

use crate::browser::Browser;
use crate::service::{GENERATED_ADMIN, Service};

#[tokio::test]
async fn a_button_signs_in_and_sample_sessions_are_shown() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.until_reads("#demonstration", "Generated: 600 organizations").await;
    // The recommended user comes first, and is highlighted.
    browser.until_reads("#demonstration", &format!("For a first look, sign in as {GENERATED_ADMIN}")).await;
    browser.click("#demonstration button.primary").await;
    browser.until_reads("#who-user", GENERATED_ADMIN).await;
    browser.until_reads("#trees-figure", "2").await;
    browser.view("organizations").await;
    browser.until_reads("#tree-count", "601 in this tree").await;
    browser.view("sessions").await;
    // Half of the sample sessions were created before a change of the tree.
    browser.until_reads("#sessions-summary", "39 sessions shown, 19 with an older tree").await;
    browser.assert_no_complaints().await;
}
