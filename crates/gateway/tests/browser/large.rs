//! A tree with ten thousand organizations.

use crate::browser::{Browser, END, ENTER};
use crate::service::{ADMIN, CLIENT, GROUP, PASSWORD, Service, TREE};

/// The maximum number of rows in the document, for trees of any size.
const MOST_ROWS: u64 = 100;

/// Statements that add organizations below the group: a chain of `depth`, and siblings.
fn organizations(count: u32, depth: u32) -> String {
    let numbers =
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})");
    let siblings = count - depth;
    format!(
        "{numbers} INSERT INTO ad_org (ad_org_id, ad_client_id, isactive, value, name, issummary, ad_orgtype_id, isready)
           SELECT 'L' || i, '{CLIENT}', 'Y', 'L' || i, 'Shop ' || i, 'N', '2', 'Y' FROM n;
         {numbers} INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id, ad_client_id, ad_org_id, isactive, parent_id, seqno)
           SELECT 'N' || i, '{TREE}', 'L' || i, '{CLIENT}', '0', 'Y',
             CASE WHEN i > {siblings} + 1 THEN 'L' || (i - 1) ELSE '{GROUP}' END, i FROM n"
    )
}

#[tokio::test]
async fn ten_thousand_organizations_are_expanded_scrolled_and_searched() {
    let service = Service::start_with(&organizations(10_000, 200)).await;
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    assert_eq!(browser.text("#tree-count").await, "10,008 in this tree");
    browser.click("#expand-all").await;
    let rows = "return document.querySelectorAll('.row').length";
    assert!(browser.script(rows).await.as_u64().unwrap() < MOST_ROWS);

    browser.type_into("#tree", &END.to_string()).await;
    browser.until_reads("#details-title", "Shop 10000").await;
    assert!(browser.script(rows).await.as_u64().unwrap() < MOST_ROWS);
    // A path of 200 organizations is shortened in the middle, and deep rows stay visible.
    browser.until_reads("#ancestors", "more").await;
    browser
        .until(
            "document.querySelector('.row[aria-selected=true] .row-name').getBoundingClientRect().width > 50",
        )
        .await;

    // The active row stays in the document for screen readers, even outside of the viewport.
    browser.script("document.getElementById('tree').scrollTop = 0").await;
    browser.until("document.querySelector(\"[data-id='0']\")").await;
    browser
        .until(
            "document.getElementById(document.getElementById('tree').getAttribute('aria-activedescendant'))",
        )
        .await;

    // The picture shows all organizations with few elements.
    let elements = "return document.querySelectorAll('#organizations *').length";
    assert!(browser.script(elements).await.as_u64().unwrap() < 1_500);
    let ranks = crate::picture::colours(0.005, 100);
    browser.until(&format!("(() => {{ {ranks} }})().every((colour) => !colour.endsWith(' 0'))")).await;

    browser.type_into("#search", &format!("shop 5678{ENTER}")).await;
    browser.until_reads("#details-title", "Shop 5678").await;
    assert_eq!(browser.text("#tree-count").await, "1 of 10,008 found");
    browser.assert_no_complaints().await;
}
