//! Malicious names.

use serde_json::json;

use crate::browser::Browser;
use crate::service::{ADMIN, NORTE, PASSWORD, Service, TREE, US, US_WEST};

#[tokio::test]
async fn markup_in_names_is_shown_as_text() {
    let markup = r#"<img src=x onerror="document.title='caught'"><script>document.title='caught'</script>"#;
    let statements = format!(
        "UPDATE ad_org SET name = '{}' WHERE ad_org_id = '{US_WEST}';
         UPDATE ad_org SET name = char(8238) || 'gnorw' WHERE ad_org_id = '{US}';
         UPDATE ad_user SET username = '<b>F&B' WHERE username = 'F&BUSUser'",
        markup.replace('\'', "''")
    );
    let service = Service::start_with(&statements).await;
    let _visitor = service.log_in("<b>F&B").await;
    let browser = Browser::open(&format!("{}/#organizations/{US_WEST}", service.address)).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser
        .until(&format!("document.getElementById('details-title')?.textContent === {}", json!(markup)))
        .await;
    let shown = format!("return document.querySelector(\"[data-id='{US_WEST}'] .row-name\").textContent");
    assert_eq!(browser.script(&shown).await, markup);
    browser.click("#sessions-link").await;
    browser.until_reads("#sessions-summary", "2 sessions shown").await;
    let created =
        "return document.querySelectorAll('main :is(script, b, img:not([src=\"/page/icon.svg\"]))').length";
    assert_eq!(browser.script(created).await, 0);
    assert_eq!(browser.script("return document.title.includes('caught')").await, false);

    // A name that changes the writing direction does not affect other text.
    let isolated = format!(
        "return getComputedStyle(document.querySelector(\"[data-id='{US}'] .row-name\")).unicodeBidi"
    );
    assert_eq!(browser.script(&isolated).await, "isolate");
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn the_policy_prevents_inserted_markup_from_running() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    let refused =
        "try { document.body.innerHTML = '<b>x</b>'; return 'taken' } catch (error) { return error.name }";
    assert_eq!(browser.script(refused).await, "TypeError");
}

#[tokio::test]
async fn names_may_be_blank_long_or_written_from_right_to_left() {
    let arabic = "مجموعة الشركات الدولية المحدودة";
    let statements = format!(
        "UPDATE ad_org SET name = '   ' WHERE ad_org_id = '{NORTE}';
         UPDATE ad_org SET name = '{}' WHERE ad_org_id = '{US_WEST}';
         UPDATE ad_org SET name = '{arabic}' WHERE ad_org_id = '{US}'",
        "Donaudampfschifffahrt".repeat(12)
    );
    let service = Service::start_with(&statements).await;
    let browser = Browser::open(&format!("{}/#organizations/{US_WEST}", service.address)).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    // Of a name that is cut, the beginning is shown, on whichever side it is.
    browser.until_reads("[data-call=legal_entity]", arabic).await;
    let direction =
        "return getComputedStyle(document.querySelector('[data-call=legal_entity] button')).direction";
    assert_eq!(browser.script(direction).await, "rtl");
    for width in [375, 1280] {
        browser.resize(width, 800).await;
        for view in [format!("organizations/{US_WEST}"), format!("refer/{US}/{US_WEST}"), "sessions".into()] {
            browser.view(&view).await;
            browser.until_painted().await;
            let beyond = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(browser.script(beyond).await, 0, "{view} at {width}");
        }
    }
    // If the name is blank, the page shows the id.
    browser.until_reads("tr.own", NORTE).await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn a_tree_of_one_organization_has_it_selected() {
    let statements = format!("DELETE FROM ad_treenode WHERE ad_tree_id = '{TREE}' AND node_id <> '0'");
    let service = Service::start_with(&statements).await;
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    assert_eq!(browser.text("#tree-count").await, "1 in this tree");
    browser.until_reads("#natural-tree-count", "0 ancestors, itself, 0 descendants").await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn missing_names_are_reported() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    // As when the ERP does not answer in time.
    let nameless = "const send = window.fetch;
        window.fetch = async (path, options) => {
          const answer = await send(path, options);
          if (path !== '/v1/tree') return answer;
          const { organizations } = await answer.json();
          return Response.json({ organizations: organizations.map((one) => ({ ...one, name: one.id })) });
        }";
    browser.script(nameless).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser
        .until_reads("#tree-count", "8 in this tree. Their names could not be read: reload the page.")
        .await;
    browser.until_reads("#tree", US).await;
    browser.reload().await;
    browser.until_reads("#tree", "F&B US, Inc.").await;
    assert_eq!(browser.text("#tree-count").await, "8 in this tree");
    browser.assert_no_complaints().await;
}
