//! Ended sessions, unreachable servers.

use crate::browser::{Browser, ENTER};
use crate::service::{ADMIN, PASSWORD, Service, USER, USER_ID};

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
