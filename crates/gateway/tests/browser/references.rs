//! The view that shows whether a record of one organization may refer to a record of another.

use serde_json::json;

use crate::browser::{Browser, DOWN, ENTER, ESCAPE};
use crate::service::{ADMIN, GROUP, NORTE, PASSWORD, Service, US, US_WEST, USER};

const STEPS: &str =
    "return [...document.querySelectorAll('#refer-path button')].map((step) => step.innerText)";

#[tokio::test]
async fn two_organizations_are_chosen_by_keyboard_and_the_answer_is_explained() {
    let service = Service::start();
    let browser = Browser::open(&service.address).await;
    browser.sign_in(ADMIN, PASSWORD).await;
    browser.view("refer").await;
    browser.until_reads("#refer-answer", "Choose").await;
    // The session's organization is preselected. Typing replaces it.
    browser.click("#refer-from").await;
    browser.type_keys("west").await;
    browser.until_reads("#refer-from-list [aria-selected=true]", "F&B US West Coast").await;
    browser.type_keys(&ENTER.to_string()).await;
    browser.type_into("#refer-to", "nowhere").await;
    browser.until_reads("#refer", "No organization has this text").await;
    browser.type_keys(&ESCAPE.to_string()).await;
    browser.type_into("#refer-to", "españa").await;
    browser.until("document.querySelectorAll('#refer-to-list [role=option]').length === 3").await;
    browser.type_keys(&format!("{DOWN}{ENTER}")).await;

    // Cousins: no. The path goes through their common ancestor.
    browser.until_reads("#verdict", "No").await;
    browser.until_reads("#refer-why", "Their nearest common ancestor is F&B International Group").await;
    let way = [
        "F&B US West Coast",
        "F&B US, Inc.",
        "F&B International Group",
        "F&B España, S.A",
        "F&B España - Región Norte",
    ];
    assert_eq!(browser.script(STEPS).await, json!(way));
    assert_eq!(browser.script("return location.hash").await, format!("#refer/{US_WEST}/{NORTE}"));

    // To an ancestor: yes. The address links to the answer.
    browser.view(&format!("refer/{US_WEST}/{GROUP}")).await;
    browser.until_reads("#verdict", "Yes").await;
    browser.until_reads("#refer-why", "F&B International Group is 2 levels above F&B US West Coast").await;
    browser.click("#refer-swap").await;
    browser.until_reads("#refer-why", "F&B US West Coast is 2 levels below F&B International Group").await;
    browser.view(&format!("refer/{US}/{US}")).await;
    browser.until_reads("#refer-why", "the same organization").await;

    // Each step of the path links to its organization.
    browser.click("#refer-path button").await;
    browser.until_reads("#details-title", "F&B US, Inc.").await;
    browser.assert_no_complaints().await;
}

#[tokio::test]
async fn only_administrators_see_which_roles_read_an_organization() {
    let service = Service::start();
    let administrator = Browser::open(&format!("{}/#refer/{US}/{GROUP}", service.address)).await;
    administrator.enter(ADMIN, PASSWORD).await;
    administrator.until_reads("#refer-from-writing", "F&B US, Inc. - Sales").await;
    administrator.until_reads("#refer-to-reading", "F&B US, Inc. - Sales").await;
    administrator.assert_no_complaints().await;

    let user = Browser::open(&format!("{}/#refer/{US}/{GROUP}", service.address)).await;
    user.enter(USER, PASSWORD).await;
    user.until_reads(".who-sees", "This session may read it and write to it.").await;
    user.until_reads(".who-sees", "Only administrators of the client see").await;
    let asked = "return performance.getEntriesByType('resource').filter((it) => it.name.includes('/v1/admin/')).length";
    assert_eq!(user.script(asked).await, 0);
    user.assert_no_complaints().await;
}

#[tokio::test]
async fn a_failed_question_clears_the_previous_answer() {
    let service = Service::start();
    let browser = Browser::open(&format!("{}/#refer/{US}/{GROUP}", service.address)).await;
    browser.enter(ADMIN, PASSWORD).await;
    browser.until_reads("#verdict", "Yes").await;
    let refuse = "const send = window.fetch;
        window.fetch = (path, options) => path === '/v1/questions/batch'
            ? Promise.resolve(Response.json({ title: 'too many requests' }, { status: 429 }))
            : send(path, options)";
    browser.script(refuse).await;
    browser.click("#refer-swap").await;
    browser.until_reads("#refer-answer", "Too many requests.").await;
    browser.until_reads("#trouble-text", "Too many requests.").await;
    browser.until("document.getElementById('verdict') === null").await;
    browser.until("document.querySelector('.who-sees') === null").await;
}
