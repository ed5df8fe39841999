//! Sessions that end and servers that go away.

use crate::browser::{Browser, ENTER};
use crate::service::{ADMIN, PASSWORD, Service, USER};

/// The id of the user who is named `F&BUSUser`.
const USER_ID: &str = "5A79667096964E83A6985D549C988275";

#[tokio::test]
async fn who_was_signed_out_by_another_is_told_and_signs_in_again() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(USER, PASSWORD).await;
    service.log_in(ADMIN).await.end_all_of(USER_ID).await;
    browser.until_reads("#sign-in-reason", "Your session has ended. Sign in again.").await;
    // The name is still there.
    browser.type_into("#sign-in-password", &format!("{PASSWORD}{ENTER}")).await;
    browser.until_reads("#who-user", USER).await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_said_and_found_again() {
    let mut service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    service.stop();
    browser.until_reads("#trouble-text", "The server does not answer.").await;
    browser.until("document.querySelector('.row').checkVisibility()").await;
    browser.until("document.getElementById('trouble-action').checkVisibility()").await;
    service.start_again();
    // The page finds it by itself. Its sessions were in its memory.
    browser.until_reads("#sign-in-reason", "Your session has ended. Sign in again.").await;
    browser.until("!document.getElementById('trouble').checkVisibility()").await;
    browser.assert_no_complaints().await;
}
