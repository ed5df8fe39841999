//! Malicious names.

use serde_json::json;

use crate::browser::Browser;
use crate::service::{ADMIN, PASSWORD, Service, US, US_WEST};

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
