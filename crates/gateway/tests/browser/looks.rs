//! Layout and style: narrow screens, color contrast, printing.

use serde_json::json;

use crate::browser::Browser;
use crate::service::{ADMIN, GENERATED_ADMIN, PASSWORD, Service, US, US_WEST};

#[tokio::test]
async fn nothing_overflows_a_narrow_screen() {
    let service = Service::start();
    let browser = Browser::open_sized(&service.address, 360, 640).await;
    let beyond = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(browser.script(beyond).await, false, "signing in");
    browser.sign_in(ADMIN, PASSWORD).await;
    for (view, sign) in [
        (format!("organizations/{US_WEST}"), "#flags"),
        ("sessions".into(), "tr.own"),
        ("overview".into(), "#memory-chart"),
        (format!("refer/{US}/{US_WEST}"), "#verdict"),
    ] {
        browser.script(&format!("location.hash = '#{view}'")).await;
        browser.until(&format!("document.querySelector('{sign}')?.checkVisibility()")).await;
        assert_eq!(browser.script(beyond).await, false, "{view}");
        // Nothing is cut off. Content that does not fit scrolls, and can be reached with the keyboard.
        let cut =
            "return [...document.querySelectorAll('main td, main h1, main h2, main button, main label')]
            .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth
                && !one.closest('.table-scroll, .hidden, [tabindex]'))
            .map((one) => one.outerHTML)";
        assert_eq!(browser.script(cut).await, json!([]), "{view}");
    }
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn text_has_enough_contrast_in_light_and_dark() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    // The pairs of text and background colors that the style sheet uses.
    let pairs = json!([
        ["text", "ground"],
        ["text", "surface"],
        ["text", "sunken"],
        ["text", "ancestor"],
        ["text", "descendant"],
        ["text", "mark"],
        ["muted", "ground"],
        ["muted", "surface"],
        ["muted", "sunken"],
        ["muted", "ancestor"],
        ["muted", "descendant"],
        ["accent-strong", "surface"],
        ["accent-strong", "descendant"],
        ["on-accent", "accent"],
        ["accent", "on-accent"],
        ["surface", "text"],
        ["warn-text", "warn"],
        ["bad-text", "bad"],
        ["bad-text", "surface"],
    ]);
    let low_contrast = format!(
        "const canvas = document.createElement('canvas').getContext('2d', {{ willReadFrequently: true }});
         const style = getComputedStyle(document.documentElement);
         const luminance = (name) => {{
             canvas.fillStyle = style.getPropertyValue('--' + name);
             canvas.fillRect(0, 0, 1, 1);
             const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => {{
                 const share = part / 255;
                 return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
             }});
             return 0.2126 * r + 0.7152 * g + 0.0722 * b;
         }};
         return {pairs}.map(([text, ground]) => {{
             const [low, high] = [luminance(text), luminance(ground)].sort((a, b) => a - b);
             return [text, ground, (high + 0.05) / (low + 0.05)];
         }}).filter(([, , contrast]) => contrast < 4.5)"
    );
    let ground = "return getComputedStyle(document.body).backgroundColor";
    browser.prefer("light").await;
    let light = browser.script(ground).await;
    assert_eq!(browser.script(&low_contrast).await, json!([]), "light");
    browser.prefer("dark").await;
    assert_ne!(browser.script(ground).await, light);
    assert_eq!(browser.script(&low_contrast).await, json!([]), "dark");
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn the_print_layout_has_all_rows_and_no_controls() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(GENERATED_ADMIN, PASSWORD).await;
    browser.click("#expand-all").await;
    browser.emulate(json!({ "media": "print" })).await;
    browser.script("dispatchEvent(new Event('beforeprint'))").await;
    assert_eq!(browser.script("return document.querySelectorAll('.row').length").await, 601);
    let cut =
        "const tree = document.getElementById('tree'); return tree.scrollHeight > tree.clientHeight + 1";
    assert_eq!(browser.script(cut).await, false);
    browser.until("!document.getElementById('expand-all').checkVisibility()").await;
    browser.emulate(json!({ "media": "" })).await;
    browser.script("dispatchEvent(new Event('afterprint'))").await;
    browser.until("document.querySelectorAll('.row').length < 100").await;
    browser.assert_no_complaints().await;
}
