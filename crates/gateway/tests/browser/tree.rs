//! The tree: search, details of an organization, keyboard, accessibility.

use serde_json::json;

use crate::browser::{Browser, DOWN, END, ENTER, ESCAPE, HOME, LEFT, RIGHT, UP};
use crate::service::{ADMIN, GROUP, PASSWORD, Service, US, US_WEST, USER};

/// The names of the rows that match a selector, in display order.
fn names(selector: &str) -> String {
    format!(
        "return [...document.querySelectorAll('.row{selector}')]
            .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
            .map((row) => row.querySelector('.row-name').innerText)"
    )
}

#[tokio::test]
async fn a_search_shows_its_matches_with_their_ancestors() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.type_into("#search", "west").await;
    browser.until_reads("#tree-count", "1 of 8 found").await;
    let way = json!(["*", "F&B International Group", "F&B US, Inc.", "F&B US West Coast"]);
    assert_eq!(browser.script(&names("")).await, way);
    assert_eq!(browser.text(".row mark").await, "West");

    browser.type_keys(&ENTER.to_string()).await;
    browser.until_reads("#details-title", "F&B US West Coast").await;
    assert_eq!(browser.script("return document.activeElement.id").await, "tree");

    // The search ignores accents and case, and reports an empty result.
    browser.type_into("#search", &format!("{ESCAPE}espana")).await;
    browser.until_reads("#tree-count", "3 of 8 found").await;
    browser.type_into("#search", &format!("{ESCAPE}<b>nowhere</b>")).await;
    browser.until_reads("#tree-empty", "<b>nowhere</b>").await;
    browser.type_into("#search", &ESCAPE.to_string()).await;
    browser.until_reads("#tree-count", "8 in this tree").await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn an_organization_is_shown_with_its_natural_tree() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.click(&format!("[data-id='{US}'] .row-name")).await;
    browser.until_reads("#details-title", "F&B US, Inc.").await;
    assert_eq!(browser.script(&names(".ancestor")).await, json!(["*", "F&B International Group"]));
    assert_eq!(browser.script(&names("[aria-selected=true]")).await, json!(["F&B US, Inc."]));
    let below = browser.script(&names(".descendant")).await;
    assert_eq!(below, json!(["F&B US East Coast", "F&B US West Coast"]));
    assert_eq!(browser.text("#natural-tree-count").await, "2 ancestors, itself, 2 descendants");
    browser.until_reads("[data-call=legal_entity]", "F&B US, Inc.").await;
    browser.until_reads("[data-call=business_unit]", "none").await;
    browser.until_reads("#flags .yes", "legal entity").await;
    browser.until_reads("#flags .no", "not business unit").await;
    browser.until_reads("#permissions .yes", "read it").await;
    browser.until_reads("#roles-writing", "F&B US, Inc. - Sales").await;

    // The names in the panel are links, and the address names the organization.
    browser.click("#ancestors li:nth-child(2) button").await;
    browser.until_reads("#details-title", "F&B International Group").await;
    browser.until_reads("[data-call=legal_entity]", "none").await;
    browser.until_reads("#roles-reading", "F&B US, Inc. - Sales").await;
    assert_eq!(browser.script("return location.hash").await, format!("#organizations/{GROUP}"));
    browser.go("about:blank").await;
    browser.go(&format!("{}/#organizations/{US_WEST}", service.address)).await;
    browser.until_reads("#details-title", "F&B US West Coast").await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn users_see_only_the_rights_of_their_own_role() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(USER, PASSWORD).await;
    browser.click(&format!("[data-id='{GROUP}'] .row-name")).await;
    browser.until_reads("#permissions .yes", "read it").await;
    browser.until_reads("#permissions .no", "not write to it").await;
    browser.click(&format!("[data-id='{US}'] .row-name")).await;
    browser.until_reads("#permissions .yes", "write to it").await;
    browser.until_reads("#details", "Only administrators of the client see them").await;
    assert_eq!(browser.script("return document.getElementById('roles')").await, json!(null));
    // The page sends no request that would be refused.
    assert_eq!(browser.script("return document.getElementById('trouble').hidden").await, true);
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn the_tree_supports_the_usual_keys() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    let keys = [
        (HOME.to_string(), "*"),
        (DOWN.to_string(), "F&B International Group"),
        // Right: from an expanded organization to its first child. On a leaf it does nothing.
        (RIGHT.to_string(), "F&B España, S.A"),
        (DOWN.to_string(), "F&B España - Región Norte"),
        (RIGHT.to_string(), "F&B España - Región Norte"),
        // Left: collapses an expanded organization, then goes to the parent.
        (LEFT.to_string(), "F&B España, S.A"),
        (LEFT.to_string(), "F&B España, S.A"),
        (DOWN.to_string(), "F&B US, Inc."),
        (UP.to_string(), "F&B España, S.A"),
        (ENTER.to_string(), "F&B España, S.A"),
        (DOWN.to_string(), "F&B España - Región Norte"),
        (END.to_string(), "F&B US West Coast"),
        // A letter goes to the next name that starts with it, and wraps around at the end.
        ("f".to_owned(), "F&B International Group"),
    ];
    for (key, name) in keys {
        browser.type_into("#tree", &key).await;
        let active = browser.script(
            "const tree = document.getElementById('tree');
             const row = document.getElementById(tree.getAttribute('aria-activedescendant'));
             return document.activeElement === tree && row.getAttribute('aria-selected') === 'true'
                 && row.querySelector('.row-name').innerText",
        );
        assert_eq!(active.await, name, "after {}", key.escape_unicode());
    }

    // Letters in quick succession form a prefix, spaces included.
    let word = "for (const key of 'f&b us e') {
        document.getElementById('tree').dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    }";
    browser.type_into("#tree", &HOME.to_string()).await;
    browser.until("document.querySelector('.row').ariaSelected === 'true'").await;
    // After a pause, a letter starts a new prefix.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    browser.script(word).await;
    assert_eq!(browser.script(&names("[aria-selected=true]")).await, json!(["F&B US East Coast"]));
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn rows_have_their_position_for_screen_readers() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    let attributes = format!(
        "const row = document.querySelector(\"[data-id='{US}']\");
         return ['role', 'aria-level', 'aria-posinset', 'aria-setsize', 'aria-expanded'].map((name) => row.getAttribute(name))"
    );
    assert_eq!(browser.script(&attributes).await, json!(["treeitem", "3", "2", "2", "true"]));
    browser.click("#collapse-all").await;
    assert_eq!(browser.script(&names("")).await, json!(["*"]));
    assert_eq!(browser.script("return document.querySelector('.row').ariaExpanded").await, "false");
    browser.click("#expand-all").await;
    assert_eq!(browser.script("return document.querySelectorAll('.row').length").await, 8);
    browser.assert_no_complaints().await;
}
