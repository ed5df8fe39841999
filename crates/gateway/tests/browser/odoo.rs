//! The page with Odoo: signing in, companies, administration.

use odoo_double::{Behaviour, OdooDouble};

use crate::browser::Browser;
use crate::service::Service;

#[tokio::test]
async fn an_odoo_user_signs_in_and_sees_the_companies() {
    for version in [17, 18, 19] {
        let double = OdooDouble::start(Behaviour { version, ..Behaviour::default() }).await.unwrap();
        double.put_companies();
        let service = Service::start_over(&double).await;
        let browser = Browser::open(&service.address).await;
        browser.sign_in("bob", "<password of bob>").await;
        browser.until_reads("#who-user", "bob").await;
        browser.until_reads("#who-client", "odoo").await;
        let companies = if version == 19 { 9 } else { 7 };
        browser.until_reads("#tree-count", &format!("{companies} in this tree")).await;
        browser.until_reads("#tree", "Lab Holding").await;
        // Odoo has no roles, so there is no choice.
        browser.until("!document.getElementById('who-role').checkVisibility()").await;
        browser.until("!document.getElementById('sessions-link').checkVisibility()").await;
        browser.click("#expand-all").await;
        browser.until_reads("#tree", "Lab North Shop 1").await;
        // Bob may read only the company that he works in.
        let readable = "return [...document.querySelectorAll('.row:not(.unreadable)')]
            .map((row) => row.innerText).join('|')";
        let readable = browser.script(readable).await;
        let readable = readable.as_str().unwrap();
        assert!(readable.contains("Lab North") && !readable.contains('|'), "{version}: {readable}");
        browser.assert_no_complaints().await;
    }
}

#[tokio::test]
async fn an_odoo_administrator_signs_in_by_key_and_sees_other_sessions() {
    let double = OdooDouble::start(Behaviour { version: 19, ..Behaviour::default() }).await.unwrap();
    double.put_companies();
    let service = Service::start_over(&double).await;
    let browser = Browser::open(&service.address).await;
    browser.sign_in("admin", &OdooDouble::key_of("admin")).await;
    browser.until("document.getElementById('sessions-link').checkVisibility()").await;
    browser.go(&format!("{}/#sessions", service.address)).await;
    browser.until_reads("#sessions", "admin").await;
    browser.until_reads("#sessions", "Odoo has no roles").await;
    browser.assert_no_complaints().await;
}
