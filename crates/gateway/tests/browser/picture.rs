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
    browser.script(&at("pointermove", 0.99, 0.95)).await;
    browser.until_reads("#picture-pointed", "F&B US West Coast").await;
    browser.until_reads("#picture-pointed", "legal entity F&B US, Inc.").await;
    browser.until_reads("#picture-pointed", "level 4, 0 below").await;
    // What it says stays within the picture.
    browser
        .until(
            "document.getElementById('picture-pointed').getBoundingClientRect().right
                <= document.getElementById('icicle').getBoundingClientRect().right",
        )
        .await;
    browser.until_painted().await;
    let lit = browser.script(&colours(0.99, 8)).await;
    browser.script(&at("pointerleave", 0.99, 0.95)).await;
    browser.until("!document.getElementById('picture-pointed').checkVisibility()").await;
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
    let whole = all.script(&colours(0.2, 60)).await;
    assert!(distinct(&whole) >= 12, "{whole}");

    let part = Browser::open(&service.address).await;
    part.sign_in(GENERATED_USER, PASSWORD).await;
    part.script(&at("pointermove", 0.2, 0.3)).await;
    part.until_reads("#picture-pointed", "this session may not read it").await;
    // The list names only what the session may not do.
    part.until_reads("#tree .may-not", "no access").await;
    part.until("![...document.querySelectorAll('.row')].some((row) => /\\bwrite\\b/.test(row.innerText))")
        .await;
    // The lines of the hatching are other pixels in the same colour's place.
    let lines = format!("{COPY} return new Set(pixels(0.2, 0.9, 24)).size");
    part.script(&at("pointerleave", 0.2, 0.3)).await;
    assert!(part.script(&lines).await.as_u64().unwrap() >= 3);
    part.assert_no_complaints().await;
}

#[tokio::test]
async fn a_double_click_enlarges_and_the_path_leads_back() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    let path = "return [...document.querySelectorAll('#trail li')].map((step) => step.innerText)";
    assert_eq!(browser.script(path).await, json!(["Whole tree"]));
    // A leaf is not enlarged.
    browser.script(&at("dblclick", 0.99, 0.95)).await;
    assert_eq!(browser.script(path).await, json!(["Whole tree"]));
    browser.script(&at("dblclick", 0.5, 0.95)).await;
    browser.until_reads("#trail", "F&B US, Inc.").await;
    let expected = json!(["Whole tree", "F&B International Group", "F&B US, Inc."]);
    assert_eq!(browser.script(path).await, expected);
    browser.until("document.querySelector('#trail [aria-current]').innerText === 'F&B US, Inc.'").await;
    browser.until(&format!("location.hash.endsWith('?zoom={US}')")).await;
    browser.click("#trail li:nth-child(2) button").await;
    browser.until(&format!("location.hash.endsWith('?zoom={GROUP}')")).await;
    browser.click("#zoom-out").await;
    browser.until("!location.hash.includes('zoom')").await;
    assert_eq!(browser.script(path).await, json!(["Whole tree"]));
    browser.assert_no_complaints().await;
}

/// How many pixels of a column are painted, from one share of its height to another.
fn painted(x: f64, from: f64, to: f64) -> String {
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
    // Beside the twelve countries there are no boxes: only their names reach so far.
    browser.until_painted().await;
    assert!(browser.script(&painted(0.25, 0.0, 0.4)).await.as_u64().unwrap() > 40);
    // Each organization of a chain has its own row, and its name to the right of its box.
    let chain = "const { organizations } = await (await fetch('/v1/tree')).json();
        const { id } = organizations.find((one) => one.name === 'Chain A, level 01');
        location.hash = `#organizations/${id}?zoom=${id}`";
    browser.script(&format!("return (async () => {{ {chain} }})()")).await;
    browser.until_reads("#trail", "Chain A, level 01").await;
    browser.until_painted().await;
    assert!(browser.script(&painted(0.8, 0.3, 0.55)).await.as_u64().unwrap() > 20);
    // Far above the chain, there is nothing.
    assert_eq!(browser.script(&painted(0.8, 0.0, 0.2)).await, 0);
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn a_search_shows_in_the_picture() {
    let service = Service::start();
    let browser = Browser::open(&format!("{}/#organizations/{US}", service.address)).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.until_painted().await;
    // The third row is Spain's, which is not in the natural tree of the US.
    let spain = format!("{COPY} return pixels(0.5, 0.35, 1)[0]");
    let pale = browser.script(&spain).await;
    browser.type_into("#search", "espa").await;
    browser.until(&format!("(() => {{ {spain} }})() !== {pale}")).await;
    browser.assert_no_complaints().await;
}
