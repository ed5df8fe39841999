//! What axe-core finds: nothing, on every view, in light and dark, wide and narrow.

use serde_json::json;

use crate::browser::Browser;
use crate::service::{ADMIN, GENERATED_USER, INSTANCE_ADMIN, PASSWORD, Service, TREE, US, US_WEST};

/// The script of axe-core, where this run has one.
fn axe() -> Option<String> {
    let Some(file) = std::env::var_os("ORGCACHE_TEST_AXE") else {
        eprintln!("skipped: ORGCACHE_TEST_AXE names no script of axe-core; `cargo xtask test` downloads it");
        return None;
    };
    Some(std::fs::read_to_string(file).unwrap())
}

/// Starts the check, and says what was found once it is done.
const RUN: &str = "
    window.found = null;
    axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => {
      window.found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
    });";

async fn assert_nothing_found(browser: &Browser, place: &str) {
    browser.script(RUN).await;
    browser.until("window.found").await;
    assert_eq!(browser.script("return window.found").await, json!([]), "{place}");
}

/// Looks at a page in light and dark.
async fn in_both_schemes(browser: &Browser, axe: &str, place: &str) {
    browser.script(axe).await;
    for scheme in ["light", "dark"] {
        browser.prefer(scheme).await;
        assert_nothing_found(browser, &format!("{place}, {scheme}")).await;
    }
}

const SIZES: [(u32, u32); 2] = [(375, 740), (1400, 900)];

#[tokio::test]
async fn axe_finds_nothing_on_any_view() {
    let Some(axe) = axe() else { return };
    let service = Service::start();
    for (width, height) in SIZES {
        let browser = Browser::open_sized(&service.address, width, height).await;
        browser.until_reads("#demonstration", "Generated").await;
        in_both_schemes(&browser, &axe, &format!("signing in at {width}")).await;
        browser.enter(INSTANCE_ADMIN, PASSWORD).await;
        for (view, sign) in [
            ("overview".into(), "#memory-chart"),
            (format!("organizations/{US_WEST}"), "#roles"),
            ("refer".into(), "#refer-answer .hint"),
            (format!("refer/{US}/{US_WEST}"), "#verdict"),
            ("sessions".into(), "tr.own"),
        ] {
            browser.view(&view).await;
            browser.until(&format!("document.querySelector('{sign}')?.checkVisibility()")).await;
            in_both_schemes(&browser, &axe, &format!("{view} at {width}")).await;
        }
        browser.type_into("#sessions-search", "nowhere").await;
        browser.until_reads("#sessions-empty", "nowhere").await;
        in_both_schemes(&browser, &axe, &format!("a search without an answer at {width}")).await;
    }
}

#[tokio::test]
async fn axe_finds_nothing_where_something_is_said_or_may_not_be_read() {
    let Some(axe) = axe() else { return };
    for (width, height) in SIZES {
        let service = Service::start();
        let browser = Browser::open_sized(&service.address, width, height).await;
        browser.sign_in(ADMIN, PASSWORD).await;
        service
            .execute(&format!(
                "UPDATE ad_treenode SET parent_id = '0' WHERE ad_tree_id = '{TREE}' AND node_id = '{US_WEST}'"
            ))
            .await;
        browser.until_reads("#changes-summary", "1 moved").await;
        in_both_schemes(&browser, &axe, &format!("a newer tree at {width}")).await;
        let visitor = service.log_in(ADMIN).await;
        browser.view("sessions").await;
        browser.click(&format!("tr[data-session='{}'] button", visitor.id)).await;
        browser.until("document.getElementById('confirm').open").await;
        in_both_schemes(&browser, &axe, &format!("a question at {width}")).await;

        let other = Browser::open_sized(&service.address, width, height).await;
        other.sign_in(GENERATED_USER, PASSWORD).await;
        other.until("document.querySelector('.may-not')").await;
        in_both_schemes(&other, &axe, &format!("organizations without access at {width}")).await;
    }
}
