//! Refreshing a session after the tree has changed.

use crate::browser::Browser;
use crate::service::{ADMIN, CLIENT, PASSWORD, Service, TREE, US, US_WEST};

/// A statement that moves an organization, which changes the tree.
fn move_organization() -> String {
    format!("UPDATE ad_treenode SET parent_id = '0' WHERE ad_tree_id = '{TREE}' AND node_id = '{US_WEST}'")
}

#[tokio::test]
async fn a_changed_tree_is_announced_and_shown_only_after_a_refresh() {
    let service = Service::start();
    let browser = Browser::open(&format!("{}/#organizations/{US_WEST}", service.address)).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.until_reads("#natural-tree-count", "3 ancestors").await;
    browser.until_reads("[data-call=legal_entity]", "F&B US, Inc.").await;
    browser.until("!document.getElementById('stale').checkVisibility()").await;

    service.execute(&move_organization()).await;
    browser.until_reads("#stale", "has changed since you signed in").await;
    // The notice lists the changes, with current names.
    browser.until_reads("#changes-summary", "What changed: 1 moved").await;
    browser.click("#changes-summary").await;
    browser.until_reads("[data-change=moved]", "F&B US West Coast moved from F&B US, Inc. to *").await;
    // Until the user refreshes, the page shows the old tree, even after a reload.
    assert_eq!(browser.text("#natural-tree-count").await, "3 ancestors, itself, 0 descendants");
    browser.go("about:blank").await;
    browser.go(&format!("{}/#organizations/{US_WEST}", service.address)).await;
    browser.until_reads("#natural-tree-count", "3 ancestors").await;

    browser.click("#refresh").await;
    browser.until_reads("#natural-tree-count", "1 ancestor,").await;
    browser.until_reads("[data-call=legal_entity]", "none").await;
    browser.until("!document.getElementById('stale').checkVisibility()").await;
    assert_eq!(
        browser.text("#details-title").await,
        "F&B US West Coast",
        "the selection must survive the refresh"
    );

    // Requests that change state work with the new session.
    browser.click("#sign-out").await;
    browser.until_reads("#sign-in-reason", "You have signed out.").await;
    browser.assert_no_complaints().await;
}

/// Makes the page send a request with the old token, whose refusal arrives after the refresh and before the
/// new tree.
const LATE_REFUSAL: &str = r#"
    const send = window.fetch;
    let refreshed;
    const refresh = new Promise((resolve) => { refreshed = resolve; });
    window.refusals = 0;
    window.fetch = async (path, options) => {
      if (path === "/v1/questions/batch" && window.refusals === 0) {
        window.refusals = 1;
        const refusal = await send(path, { ...options, credentials: "omit" });
        await refresh;
        window.refusals = refusal.status;
        return refusal;
      }
      const answer = await send(path, options);
      if (path === "/v1/session/refresh") setTimeout(refreshed, 50);
      if (path === "/v1/tree") await new Promise((resolve) => setTimeout(resolve, 500));
      return answer;
    };
"#;

#[tokio::test]
async fn a_late_refusal_of_the_old_session_does_not_end_the_new_one() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    service.execute(&move_organization()).await;
    browser.until_reads("#stale", "has changed since you signed in").await;
    browser.script(LATE_REFUSAL).await;
    browser.click(&format!("[data-id='{US}']")).await;
    browser.until("window.refusals === 1").await;
    browser.click("#refresh").await;
    browser.until("window.refusals === 401").await;
    browser.until_reads("[data-call=legal_entity]", "F&B US, Inc.").await;
    browser.until("!document.getElementById('trouble').checkVisibility()").await;
    browser.until("document.getElementById('bar').checkVisibility()").await;
}

#[tokio::test]
async fn a_new_organization_is_shown_with_its_name() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    let added = format!(
        "INSERT INTO ad_org (ad_org_id, ad_client_id, isactive, value, name, issummary, ad_orgtype_id, isready)
           VALUES ('NORTH', '{CLIENT}', 'Y', 'north', 'F&B US North', 'N', '2', 'Y');
         INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id, ad_client_id, ad_org_id, isactive, parent_id, seqno)
           VALUES ('NORTH', '{TREE}', 'NORTH', '{CLIENT}', '0', 'Y', '{US}', 9999)"
    );
    service.execute(&added).await;
    browser.click("#refresh").await;
    browser.until_reads("[data-id='NORTH']", "F&B US North").await;
    browser.until_reads("#tree-count", "9 in this tree").await;
    browser.assert_no_complaints().await;
}
