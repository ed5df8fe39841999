//! The picture of the tree.

use serde_json::json;

use crate::browser::Browser;
use crate::service::{ADMIN, GENERATED_ADMIN, GENERATED_USER, GROUP, PASSWORD, Service, US};

/// Sends a pointer event to a point of the picture, given as fractions of its width and height.
fn pointer_event(event: &str, x: f64, y: f64) -> String {
    format!(
        "const picture = document.getElementById('icicle');
         const box = picture.getBoundingClientRect();
         picture.dispatchEvent(new PointerEvent('{event}', {{
             bubbles: true, clientX: box.left + box.width * {x}, clientY: box.top + box.height * {y},
         }}))"
    )
}

/// Reads pixels from a copy, because browsers advise against reading a canvas that is drawn on.
const COPY: &str = "
    const picture = document.getElementById('icicle');
    const copy = new OffscreenCanvas(picture.width, picture.height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(picture, 0, 0);
    const pixels = (x, y, count) => {
      const { data } = copy.getImageData(Math.floor(picture.width * x), Math.floor(picture.height * y), 1, count);
      return Array.from({ length: count }, (_, at) => data.slice(at * 4, at * 4 + 4).join(' '));
    };";

/// The colors at `count` points in a column of the picture, from the top down.
pub(crate) fn colours(x: f64, count: u32) -> String {
    format!(
        "{COPY} return Array.from({{ length: {count} }}, (_, step) => pixels({x}, (step + 0.5) / {count}, 1)[0])"
    )
}

#[tokio::test]
async fn hovering_highlights_the_natural_tree_and_a_click_selects() {
    let service = Service::start();
    let browser = Browser::open(&format!("{}/#organizations/{GROUP}", service.address)).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    // Of the eight organizations, the fifth is a part of Spain and the last ones are of the US.
    browser.script(&pointer_event("pointermove", 0.99, 0.95)).await;
    browser.until_reads("#picture-pointed", "F&B US West Coast").await;
    browser.until_reads("#picture-pointed", "legal entity F&B US, Inc.").await;
    browser.until_reads("#picture-pointed", "level 4, 0 below").await;
    // The tooltip stays within the picture.
    browser
        .until(
            "document.getElementById('picture-pointed').getBoundingClientRect().right
                <= document.getElementById('icicle').getBoundingClientRect().right",
        )
        .await;
    browser.until_painted().await;
    let lit = browser.script(&colours(0.99, 8)).await;
    browser.script(&pointer_event("pointerleave", 0.99, 0.95)).await;
    browser.until("!document.getElementById('picture-pointed').checkVisibility()").await;
    browser
        .until(&format!(
            "JSON.stringify((() => {{ {} }})()) !== {}",
            colours(0.99, 8),
            json!(lit.to_string())
        ))
        .await;

    browser.script(&pointer_event("click", 0.99, 0.95)).await;
    browser.until_reads("#details-title", "F&B US West Coast").await;
    browser.until("document.querySelector('.row[aria-selected=true]').innerText.includes('West')").await;
    // The picture zooms to the selected organization and its descendants.
    browser.click(&format!("[data-id='{US}'] .row-name")).await;
    browser.click("#zoom-in").await;
    browser.script(&pointer_event("pointermove", 0.05, 0.5)).await;
    browser.until_reads("#picture-pointed", "F&B US, Inc.").await;
    browser.click("#zoom-out").await;
    browser.script(&pointer_event("pointermove", 0.01, 0.5)).await;
    browser.until_reads("#picture-pointed", "*").await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn legal_entities_are_colored_and_unreadable_ones_hatched() {
    let service = Service::start();
    // The natural tree of a shop has its full color, and the rest is pale.
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
    let whole = all.script(&colours(0.2, 60)).await;
    assert!(distinct(&whole) >= 12, "{whole}");

    let part = Browser::open(&service.address).await;
    part.sign_in(GENERATED_USER, PASSWORD).await;
    part.script(&pointer_event("pointermove", 0.2, 0.3)).await;
    part.until_reads("#picture-pointed", "this session may not read it").await;
    // The list shows only missing rights.
    part.until_reads("#tree .may-not", "no access").await;
    part.until("![...document.querySelectorAll('.row')].some((row) => /\\bwrite\\b/.test(row.innerText))")
        .await;
    // Hatching adds pixels of other colors.
    let lines = format!("{COPY} return new Set(pixels(0.2, 0.9, 24)).size");
    part.script(&pointer_event("pointerleave", 0.2, 0.3)).await;
    assert!(part.script(&lines).await.as_u64().unwrap() >= 3);
    part.assert_no_complaints().await;
}

#[tokio::test]
async fn a_double_click_zooms_in_and_the_path_leads_back() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    let path = "return [...document.querySelectorAll('#trail li')].map((step) => step.innerText)";
    assert_eq!(browser.script(path).await, json!(["Whole tree"]));
    // A double click on a leaf does not zoom.
    browser.script(&pointer_event("dblclick", 0.99, 0.95)).await;
    assert_eq!(browser.script(path).await, json!(["Whole tree"]));
    browser.script(&pointer_event("dblclick", 0.5, 0.95)).await;
    browser.until_reads("#trail", "F&B US, Inc.").await;
    let expected = json!(["Whole tree", "F&B International Group", "F&B US, Inc."]);
    assert_eq!(browser.script(path).await, expected);
    browser.until("document.querySelector('#trail [aria-current]').innerText === 'F&B US, Inc.'").await;
    browser.until(&format!("location.hash.endsWith('?zoom={US}')")).await;
    browser.click("#trail li:nth-child(2) button").await;
    browser.until(&format!("location.hash.endsWith('?zoom={GROUP}')")).await;
    // The focus stays on the path, for the next key.
    browser.until("document.activeElement.innerText === 'F&B International Group'").await;
    browser.click("#zoom-out").await;
    browser.until("!location.hash.includes('zoom')").await;
    assert_eq!(browser.script(path).await, json!(["Whole tree"]));
    browser.assert_no_complaints().await;
}

/// Counts the painted pixels of a column between two fractions of its height.
fn count_painted(x: f64, from: f64, to: f64) -> String {
    format!(
        "{COPY} return pixels({x}, {from}, Math.floor(picture.height * ({to} - {from})))
            .filter((colour) => !colour.endsWith(' 0')).length"
    )
}

#[tokio::test]
async fn deep_trees_have_names_where_their_levels_are_narrow() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(GENERATED_ADMIN, PASSWORD).await;
    // Next to the twelve countries there are no boxes, only their names.
    browser.until_painted().await;
    assert!(browser.script(&count_painted(0.25, 0.0, 0.4)).await.as_u64().unwrap() > 40);
    // Each organization of a chain has its own row, with its name to the right of its box.
    let chain = "const { organizations } = await (await fetch('/v1/tree')).json();
        const { id } = organizations.find((one) => one.name === 'Chain A, level 01');
        location.hash = `#organizations/${id}?zoom=${id}`";
    browser.script(&format!("return (async () => {{ {chain} }})()")).await;
    browser.until_reads("#trail", "Chain A, level 01").await;
    browser.until_painted().await;
    assert!(browser.script(&count_painted(0.8, 0.3, 0.55)).await.as_u64().unwrap() > 20);
    // Far above the chain the picture is empty.
    assert_eq!(browser.script(&count_painted(0.8, 0.0, 0.2)).await, 0);
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn a_search_highlights_its_matches_in_the_picture() {
    let service = Service::start();
    let browser = Browser::open(&format!("{}/#organizations/{US}", service.address)).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.until_painted().await;
    // The third row is Spain, which is not in the natural tree of the US.
    let spain = format!("{COPY} return pixels(0.5, 0.35, 1)[0]");
    let pale = browser.script(&spain).await;
    browser.type_into("#search", "espa").await;
    browser.until(&format!("(() => {{ {spain} }})() !== {pale}")).await;
    browser.assert_no_complaints().await;
}
