//! All views in all states, at three widths, in light and dark: axe-core reports no violations, nothing is
//! wider than the window, and a screenshot is saved for review.

use std::path::{Path, PathBuf};

use odoo_double::{Behaviour, OdooDouble};
use serde_json::json;

use crate::browser::{Browser, ENTER};
use crate::service::{
    ADMIN, GENERATED_USER, INSTANCE_ADMIN, PASSWORD, Service, TREE, US, US_WEST, USER, USER_ID,
};

const SIZES: [(u32, u32); 3] = [(375, 740), (768, 1024), (1400, 900)];

/// Starts axe-core. `window.found` is null until it has finished.
const RUN: &str = "
    window.found = null;
    axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => {
      window.found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
    });";

/// The script of axe-core, if it is available.
fn axe() -> Option<String> {
    let Some(file) = std::env::var_os("ORGCACHE_TEST_AXE") else {
        eprintln!(
            "axe-core is skipped: ORGCACHE_TEST_AXE names no script of it; `cargo xtask test` downloads it"
        );
        return None;
    };
    Some(std::fs::read_to_string(file).unwrap())
}

/// The folder of the screenshots.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Inspects the current view at each size, in light and dark.
async fn inspect(browser: &Browser, name: &str) {
    let axe = axe();
    if let Some(axe) = &axe {
        browser.script(axe).await;
    }
    for (width, height) in SIZES {
        browser.resize(width, height).await;
        for scheme in ["light", "dark"] {
            browser.prefer(scheme).await;
            let name = format!("{name}-{width}-{scheme}");
            std::fs::write(folder().join(format!("{name}.png")), browser.screenshot().await).unwrap();
            let beyond = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(browser.script(beyond).await, 0, "{name} is wider than the window");
            if axe.is_some() {
                browser.script(RUN).await;
                browser.until("window.found").await;
                assert_eq!(browser.script("return window.found").await, json!([]), "{name}");
            }
        }
    }
}

/// Switches to a view, and inspects it once an element is visible.
async fn inspect_view(browser: &Browser, view: &str, sign: &str, name: &str) {
    browser.view(view).await;
    browser.until(&format!("document.querySelector('{sign}')?.checkVisibility()")).await;
    inspect(browser, name).await;
}

#[tokio::test]
async fn views_of_an_administrator() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.until_reads("#demonstration", "Generated").await;
    inspect(&browser, "sign-in").await;
    browser.type_into("#sign-in-user", INSTANCE_ADMIN).await;
    browser.type_into("#sign-in-password", &format!("wrong{ENTER}")).await;
    browser.until_reads("#sign-in-error", "Wrong").await;
    inspect(&browser, "sign-in-wrong-password").await;
    browser.type_keys(&format!("{PASSWORD}{ENTER}")).await;

    inspect_view(&browser, "overview", "#memory-chart", "overview").await;
    let invalid = "const shape = document.getElementById('shape');
        shape.value = 'chain';
        shape.dispatchEvent(new Event('input'));
        const field = document.getElementById('organizations-count');
        field.value = '0';
        field.dispatchEvent(new Event('input'))";
    browser.script(invalid).await;
    browser.until_reads("#comparison-error", "from 1 to 1,000,000").await;
    inspect(&browser, "overview-invalid-number").await;
    inspect_view(&browser, &format!("organizations/{US_WEST}"), "#roles", "organizations").await;
    inspect_view(&browser, "refer", "#refer-answer .hint", "references-nothing-chosen").await;
    browser.type_into("#refer-to", "f&b").await;
    browser.until("document.getElementById('refer-to-list').checkVisibility()").await;
    inspect(&browser, "references-choosing").await;
    inspect_view(&browser, &format!("refer/{US}/{US_WEST}"), "#verdict", "references").await;
    inspect_view(&browser, "sessions", "tr.own", "sessions").await;
    browser.type_into("#sessions-search", "nowhere").await;
    browser.until_reads("#sessions-empty", "nowhere").await;
    inspect(&browser, "sessions-nothing-found").await;
}

#[tokio::test]
async fn views_of_a_user_who_may_not_read_everything() {
    let mut service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(GENERATED_USER, PASSWORD).await;
    browser.until("document.querySelector('.may-not')").await;
    inspect(&browser, "organizations-without-access").await;
    browser.type_into("#search", "nowhere").await;
    browser.until_reads("#tree-empty", "nowhere").await;
    inspect(&browser, "organizations-nothing-found").await;
    inspect_view(&browser, "overview", "#memory-chart", "overview-of-a-user").await;
    service.stop();
    browser.until_reads("#trouble-text", "does not answer").await;
    inspect(&browser, "service-unreachable").await;
}

#[tokio::test]
async fn a_newer_tree_a_question_and_an_ended_session() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    service
        .execute(&format!(
            "UPDATE ad_treenode SET parent_id = '0' WHERE ad_tree_id = '{TREE}' AND node_id = '{US_WEST}'"
        ))
        .await;
    browser.until_reads("#changes-summary", "1 moved").await;
    browser.click("#changes-summary").await;
    inspect(&browser, "newer-tree").await;
    let visitor = service.log_in(USER).await;
    browser.view("sessions").await;
    browser.click(&format!("tr[data-session='{}'] button", visitor.id)).await;
    browser.until("document.getElementById('confirm').open").await;
    inspect(&browser, "end-a-session").await;

    let other = Browser::open(&service.address).await;
    other.sign_in(USER, PASSWORD).await;
    service.log_in(ADMIN).await.end_sessions_of(USER_ID).await;
    other.until_reads("#sign-in-reason", "Your session has ended").await;
    inspect(&other, "session-ended").await;
}

#[tokio::test]
async fn plain_http_that_drops_the_cookie() {
    let service = Service::start_without_the_proxy();
    let browser = Browser::open(&service.address).await;
    browser.until_reads("#sign-in-error", "over plain HTTP").await;
    inspect(&browser, "plain-http").await;
}

#[tokio::test]
async fn companies_of_odoo() {
    let double = OdooDouble::start(Behaviour { version: 19, ..Behaviour::default() }).await.unwrap();
    double.put_companies();
    let service = Service::start_over(&double).await;
    let browser = Browser::open(&service.address).await;
    browser.sign_in("admin", &OdooDouble::key_of("admin")).await;
    inspect(&browser, "odoo-organizations").await;
    inspect_view(&browser, "overview", "#memory-chart", "odoo-overview").await;
    inspect_view(&browser, "sessions", "tr.own", "odoo-sessions").await;
}
