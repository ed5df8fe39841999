//! Sessions and the trees that they are pinned to.

use crate::browser::Browser;
use crate::service::{ADMIN, PASSWORD, Service, TREE, US_WEST, USER};

#[tokio::test]
async fn sessions_are_grouped_by_their_pinned_tree() {
    let service = Service::start();
    let _before = service.log_in(USER).await;
    let _another = service.log_in(USER).await;
    service
        .execute(&format!(
            "UPDATE ad_treenode SET parent_id = '0' WHERE ad_tree_id = '{TREE}' AND node_id = '{US_WEST}'"
        ))
        .await;
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.view("sessions").await;
    browser.until("document.querySelectorAll('#timeline .lane').length === 2").await;
    // The current tree comes first, with this session. The two others are pinned to the older one.
    browser.until_reads("#timeline .lane:nth-child(1)", "current").await;
    browser.until_reads("#timeline .lane:nth-child(1)", "1 session ").await;
    browser.until_reads("#timeline .lane:nth-child(2)", "older").await;
    browser.until_reads("#timeline .lane:nth-child(2)", "2 sessions").await;
    browser.until("document.querySelectorAll('#timeline .lane:nth-child(2) .life').length === 2").await;
    browser.until("document.querySelector('#timeline .lane:nth-child(1) .life-own')").await;
    browser.until_reads("#sessions-summary", "2 with an older tree").await;
    // Earlier sessions start further to the left.
    browser
        .until(
            "document.querySelector('.lane:nth-child(2) .life').getBoundingClientRect().left
                < document.querySelector('.life-own').getBoundingClientRect().left",
        )
        .await;
    browser.assert_no_complaints().await;
}
