//! The tree as a picture.

use serde_json::json;

use crate::browser::Browser;
use crate::service::{ADMIN, GENERATED_ADMIN, GENERATED_USER, GROUP, PASSWORD, Service, US};

/// Sends the pointer to a place of the picture, as shares of its width and height.
fn at(event: &str, x: f64, y: f64) -> String {
    format!(
        "const picture = document.getElementById('icicle');
         const box = picture.getBoundingClientRect();
         picture.dispatchEvent(new PointerEvent('{event}', {{
             bubbles: true, clientX: box.left + box.width * {x}, clientY: box.top + box.height * {y},
         }}))"
    )
}

/// Reads the picture from a copy: browsers advise against reading a canvas that is drawn on.
const COPY: &str = "
    const picture = document.getElementById('icicle');
    const copy = new OffscreenCanvas(picture.width, picture.height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(picture, 0, 0);
    const pixels = (x, y, count) => {
      const { data } = copy.getImageData(Math.floor(picture.width * x), Math.floor(picture.height * y), 1, count);
      return Array.from({ length: count }, (_, at) => data.slice(at * 4, at * 4 + 4).join(' '));
    };";

/// The colours in a column of the picture, one for each of so many places from the top down.
pub(crate) fn colours(x: f64, count: u32) -> String {
    format!(
        "{COPY} return Array.from({{ length: {count} }}, (_, step) => pixels({x}, (step + 0.5) / {count}, 1)[0])"
    )
}

#[tokio::test]
async fn the_pointer_lights_a_natural_tree_and_a_click_selects() {
    let service = Service::start();
    let browser = Browser::open(&format!("{}/#organizations/{GROUP}", service.address)).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    // Eight organizations: the fifth rank is the second part of Spain, the last ones are of the US.
    browser.until_reads("#picture-pointed", "Point at an organization").await;
    browser.script(&at("pointermove", 0.99, 0.95)).await;
    browser.until_reads("#picture-pointed", "F&B US West Coast · legal entity F&B US, Inc.").await;
    browser.until_painted().await;
    let lit = browser.script(&colours(0.99, 8)).await;
    browser.script(&at("pointerleave", 0.99, 0.95)).await;
    browser.until_reads("#picture-pointed", "Point at an organization").await;
    browser
        .until(&format!(
            "JSON.stringify((() => {{ {} }})()) !== {}",
            colours(0.99, 8),
            json!(lit.to_string())
        ))
        .await;

    browser.script(&at("click", 0.99, 0.95)).await;
    browser.until_reads("#details-title", "F&B US West Coast").await;
    browser.until("document.querySelector('.row[aria-selected=true]').innerText.includes('West')").await;
    // The part of the picture that is enlarged is the selected organization with all below it.
    browser.click(&format!("[data-id='{US}'] .row-name")).await;
    browser.click("#zoom-in").await;
    browser.script(&at("pointermove", 0.05, 0.5)).await;
    browser.until_reads("#picture-pointed", "F&B US, Inc.").await;
    browser.click("#zoom-out").await;
    browser.script(&at("pointermove", 0.01, 0.5)).await;
    browser.until_reads("#picture-pointed", "*").await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn legal_entities_have_colours_and_what_may_not_be_read_is_hatched() {
    let service = Service::start();
    // At a shop: its natural tree has one of the colours, and the rest is paler than it would be.
    let all = Browser::open(&service.address).await;
    all.sign_in(GENERATED_ADMIN, PASSWORD).await;
    let label = all.script("return document.getElementById('icicle').ariaLabel").await;
    assert_eq!(
        label,
        "Picture of the tree: 601 organizations, 55 levels, 42 legal entities. The list beside it has the same organizations."
    );
    let distinct = |colours: &serde_json::Value| {
        let mut colours: Vec<String> = colours.as_array().unwrap().iter().map(ToString::to_string).collect();
        colours.sort();
        colours.dedup();
        colours.len()
    };
    let whole = all.script(&colours(0.12, 60)).await;
    assert!(distinct(&whole) >= 12, "{whole}");

    let part = Browser::open(&service.address).await;
    part.sign_in(GENERATED_USER, PASSWORD).await;
    part.script(&at("pointermove", 0.12, 0.3)).await;
    part.until_reads("#picture-pointed", "this session may not read it").await;
    // The list names only what the session may not do.
    part.until_reads("#tree .may-not", "no access").await;
    part.until("![...document.querySelectorAll('.row')].some((row) => /\\bwrite\\b/.test(row.innerText))")
        .await;
    // The lines of the hatching are other pixels in the same colour's place.
    let lines = format!("{COPY} return new Set(pixels(0.12, 0.9, 24)).size");
    part.script(&at("pointerleave", 0.12, 0.3)).await;
    assert!(part.script(&lines).await.as_u64().unwrap() >= 3);
    part.assert_no_complaints().await;
}
