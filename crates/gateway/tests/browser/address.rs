//! The address contains what the page shows, so that reloads, the Back button and shared links work.

use serde_json::json;

use crate::browser::{Browser, DOWN};
use crate::service::{
    ADMIN, CLIENT, GENERATED_ADMIN, GROUP, INSTANCE_ADMIN, NORTE, PASSWORD, Service, US, US_WEST, USER,
};

/// Sets the value of a control, as a user does.
pub(crate) fn set(field: &str, value: &str) -> String {
    format!(
        "const field = document.getElementById('{field}');
         field.value = '{value}';
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));
         field.dispatchEvent(new Event('change', {{ bubbles: true }}))"
    )
}

/// Waits until controls have these values.
async fn until_set<const N: usize>(browser: &Browser, controls: [(&str, &str); N]) {
    for (field, value) in controls {
        browser.until(&format!("document.getElementById('{field}').value === '{value}'")).await;
    }
}

#[tokio::test]
async fn the_comparison_and_the_client_survive_a_reload_and_the_back_button() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.enter(INSTANCE_ADMIN, PASSWORD).await;
    browser.until("document.getElementById('client').options.length > 2").await;
    browser.until("document.getElementById('memory-chart')").await;
    browser.script(&set("client", CLIENT)).await;
    browser.script(&set("shape", "chain")).await;
    browser.script(&set("organizations-count", "6000")).await;
    browser.script(&set("sessions-count", "77")).await;
    let chosen =
        [("client", CLIENT), ("shape", "chain"), ("organizations-count", "6000"), ("sessions-count", "77")];
    let address = format!("#overview?client={CLIENT}&compare=chain&organizations=6000&sessions=77");
    browser.until(&format!("location.hash === '{address}'")).await;
    browser.reload().await;
    until_set(&browser, chosen).await;
    browser.until_reads("#comparison-lead", "77 sessions on one tree of 6,000 organizations").await;

    // The address contains no invalid numbers.
    browser.script(&set("sessions-count", "-7")).await;
    browser.until("!location.hash.includes('sessions')").await;
    browser.script(&set("sessions-count", "77")).await;

    // The other view shows the same client, and each view keeps its own state.
    browser.click("#sessions-link").await;
    browser.until("document.querySelector('tr.own, #sessions-empty')?.checkVisibility()").await;
    assert_eq!(browser.script("return location.hash").await, format!("#sessions?client={CLIENT}"));
    browser.click("#views a").await;
    until_set(&browser, chosen).await;
    browser.back().await;
    browser.until("document.getElementById('sessions').checkVisibility()").await;
    browser.back().await;
    until_set(&browser, chosen).await;
    // One history entry for the shape with its numbers, one for the client.
    browser.back().await;
    until_set(&browser, [("client", CLIENT), ("shape", "here"), ("sessions-count", "")]).await;
    browser.back().await;
    until_set(&browser, [("client", "")]).await;
    browser.forward().await;
    until_set(&browser, [("client", CLIENT)]).await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn the_selection_the_search_and_the_enlarged_part_survive_a_reload_and_the_back_button() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.click(&format!("[data-id='{US}'] .row-name")).await;
    browser.click("#zoom-in").await;
    browser.click(&format!("[data-id='{GROUP}'] .row-name")).await;
    // Rows that the arrow keys pass create no history entries.
    browser.type_into("#tree", &format!("{DOWN}{DOWN}")).await;
    browser.until_reads("#details-title", "Norte").await;
    browser.type_into("#search", "west").await;
    let address = format!("#organizations/{NORTE}?search=west&zoom={US}");
    browser.until(&format!("location.hash === '{address}'")).await;

    browser.reload().await;
    browser.until_reads("#tree-count", "1 of 8 found").await;
    browser.until_reads("#details-title", "Norte").await;
    browser.until("document.getElementById('zoom-out').ariaCurrent === null").await;
    assert_eq!(browser.script("return location.hash").await, address);

    browser.back().await;
    browser.until_reads("#details-title", "F&B US, Inc.").await;
    browser.until_reads("#tree-count", "8 in this tree").await;
    browser.until("document.getElementById('zoom-out').ariaCurrent === null").await;
    browser.back().await;
    browser.until("document.getElementById('zoom-out').ariaCurrent === 'true'").await;
    browser.until_reads("#details-title", "F&B US, Inc.").await;
    browser.back().await;
    browser.until_reads("#details-title", "Norte").await;
    browser.forward().await;
    browser.until_reads("#details-title", "F&B US, Inc.").await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn a_copied_address_opens_the_same_after_signing_in_and_signing_out_leaves_none() {
    let service = Service::start();
    let visitor = service.log_in(USER).await;
    let browser = Browser::open(&format!("{}/#sessions?search=f%26bususer", service.address)).await;
    browser.enter(ADMIN, PASSWORD).await;
    browser.until_reads("#sessions-summary", "1 session shown").await;
    browser.until(&format!("document.querySelector(\"tr[data-session='{}']\")", visitor.id)).await;
    until_set(&browser, [("sessions-search", "f&bususer")]).await;
    // The question starts with the session's organization. Choosing both creates a history entry.
    browser.view("refer").await;
    until_set(&browser, [("refer-from", "F&B España - Región Norte"), ("refer-to", "")]).await;
    browser.view(&format!("refer/{US}/{US_WEST}")).await;
    browser.until_reads("#verdict", "Yes").await;
    browser.click("#refer-swap").await;
    browser.until(&format!("location.hash === '#refer/{US_WEST}/{US}'")).await;
    browser.back().await;
    until_set(&browser, [("refer-from", "F&B US, Inc."), ("refer-to", "F&B US West Coast")]).await;
    browser.click("#sign-out").await;
    browser.until_reads("#sign-in-reason", "You have signed out.").await;
    assert_eq!(browser.script("return location.hash").await, "");
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn invalid_parts_of_an_address_are_reported_and_ignored() {
    let service = Service::start();
    let browser = Browser::open(&format!("{}/#organizations/nowhere?zoom=x", service.address)).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.until_reads("#trouble-text", "organization “\u{2068}nowhere\u{2069}”").await;
    browser.until_reads("#trouble-text", "zoom “\u{2068}x\u{2069}”").await;
    browser.until_reads("#details-title", "Norte").await;
    let long = "9".repeat(100);
    let markup = "<img src=x onerror=document.title='caught'>";
    for (address, refused) in [
        ("overview?compare=__proto__".to_owned(), "compare “\u{2068}__proto__"),
        ("overview?compare=flat&organizations=1e3".to_owned(), "organizations “\u{2068}1e3"),
        (format!("overview?compare=flat&sessions={long}"), "sessions “\u{2068}9999"),
        (format!("overview?client={CLIENT}"), "client “\u{2068}23C5"),
        (format!("refer/{}/0", markup.replace('<', "%3C").replace('>', "%3E")), "organization “\u{2068}<img"),
        ("%E0%A4%A".to_owned(), "view “\u{2068}%E0%A4%A"),
        ("constructor".to_owned(), "view “\u{2068}constructor"),
    ] {
        browser.view(&address).await;
        browser.until_reads("#trouble-text", refused).await;
        let kept = browser.script("return location.hash").await;
        assert!(!kept.as_str().unwrap().contains("caught") && kept.as_str().unwrap().len() < 100, "{kept}");
    }
    // The notice belongs to one address.
    browser.view(&format!("organizations/{GROUP}")).await;
    browser.until("!document.getElementById('trouble').checkVisibility()").await;
    let made = "return document.title.includes('caught') || document.querySelectorAll('main img').length";
    assert_eq!(browser.script(made).await, json!(1));

    let user = Browser::open(&format!("{}/#sessions", service.address)).await;
    user.enter(USER, PASSWORD).await;
    user.until_reads("#trouble-text", "view “\u{2068}sessions").await;
    user.until("document.getElementById('overview').checkVisibility()").await;
    // A user of another client gets no notice for an address that names nothing of the first client.
    let other = Browser::open(&format!("{}/#overview?compare=fan5&organizations=9", service.address)).await;
    other.enter(GENERATED_ADMIN, PASSWORD).await;
    other.until_reads("#comparison-lead", "on one tree of 9 organizations").await;
    other.until("!document.getElementById('trouble').checkVisibility()").await;
}

#[tokio::test]
async fn a_held_key_writes_the_address_a_few_times_and_the_last_one_stays() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(GENERATED_ADMIN, PASSWORD).await;
    browser.click("#expand-all").await;
    // Browsers refuse or ignore too many changes: Safari more than 100 in 10 seconds.
    let held = "const replace = history.replaceState;
        window.writes = 0;
        history.replaceState = function (...all) { window.writes += 1; return replace.apply(this, all); };
        const tree = document.getElementById('tree');
        for (let key = 0; key < 300; key += 1) {
          tree.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
        }";
    browser.script(held).await;
    let last = "document.querySelector('.row[aria-selected=true]').dataset.id";
    browser.until(&format!("location.hash === `#organizations/${{{last}}}`")).await;
    assert!(browser.script("return window.writes").await.as_u64().unwrap() <= 3);
    browser.assert_no_complaints().await;
}
