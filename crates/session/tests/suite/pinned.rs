//! A session's answers never change; the next login sees the changes.

use std::sync::atomic::Ordering;

use org_structure::{OrgFlags, OrgId};
use session::openbravo::AutomaticRoles;
use session::{Findings, Scope, Session};

use crate::erp::{Tables, World, as_user, client, org, role};

/// All answers of a session, as text.
fn answers(session: &Session) -> String {
    let ids = ["0", "Spain", "Madrid", "Sevilla", "USA", "Boston", "Toledo", "Other", "", "unknown"];
    let mut text = String::new();
    for one in ids {
        text += &format!(
            "{one}: {} {} {} {:?} {:?} {:?};",
            session.can_read(one),
            session.can_write(one),
            session.allows_transactions(one),
            session.legal_entity(one),
            session.business_unit(one),
            session.period_control_org(one),
        );
        text.extend(ids.map(|other| if session.may_reference(one, other) { '1' } else { '0' }));
    }
    let variables =
        ["#User_Org", "#AccessibleOrgTree", "#User_Client", "#User_Level", "#AD_Org_ID", "#AD_Client_ID"];
    text.extend(variables.map(|name| session.variable(name).unwrap()));
    text += &session.readable_sql_ids().join(" ");
    text += &format!(
        "{:?} {} {}",
        session.readable_clients(),
        session.is_read_only(),
        session.tree().fingerprint()
    );
    text
}

#[tokio::test]
async fn a_session_never_changes() {
    type Change = (&'static str, fn(&mut Tables));
    let changes: [Change; 11] = [
        ("insert", |tables| tables.org("C", "Toledo", "Spain", OrgFlags::ACTIVE)),
        ("move", |tables| tables.orgs.get_mut("Madrid").unwrap().parent = Some("USA".into())),
        ("delete", |tables| drop(tables.orgs.remove("Sevilla"))),
        ("ready", |tables| tables.orgs.get_mut("Spain").unwrap().flags -= OrgFlags::READY),
        ("type", |tables| {
            tables.orgs.get_mut("Madrid").unwrap().flags |= OrgFlags::LEGAL_ENTITY | OrgFlags::PERIOD_CONTROL;
        }),
        ("transactions", |tables| {
            tables.orgs.get_mut("Madrid").unwrap().flags -= OrgFlags::TRANSACTIONS_ALLOWED;
        }),
        ("inactive", |tables| tables.orgs.get_mut("Madrid").unwrap().flags -= OrgFlags::ACTIVE),
        ("access", |tables| tables.role("C", "seller", "  O", &["Boston"])),
        ("level", |tables| tables.role("C", "seller", " CO", &["Madrid", "Spain"])),
        ("inactive row", |tables| tables.roles.get_mut("seller").unwrap().accesses[0].active = false),
        ("automatic", |tables| tables.roles.get_mut("seller").unwrap().manual = false),
    ];
    for (name, change) in changes {
        for keeps_revisions in [true, false] {
            let world = World::shared().with(|options| options.automatic_roles = AutomaticRoles::OfClient);
            world.erp.keeps_revisions.store(keeps_revisions, std::sync::atomic::Ordering::SeqCst);
            let (a, b) = (world.node(), world.node());
            let token = a.token().await;
            let before = answers(&a.manager.session(&token).await.unwrap());
            world.erp.change(change);
            assert_eq!(answers(&a.manager.session(&token).await.unwrap()), before, "{name}, same node");
            assert_eq!(answers(&b.manager.session(&token).await.unwrap()), before, "{name}, another node");
            world.pass(a.manager.options().idle / 2);
            a.manager.maintain().await.unwrap();
            assert_eq!(answers(&a.manager.session(&token).await.unwrap()), before, "{name}, later");

            let anew = answers(&a.login(as_user("u")).await.unwrap().session);
            assert_ne!(anew, before, "{name}: a new login sees it");
            let refreshed = b.manager.refresh(&token).await.unwrap();
            assert_ne!(answers(&refreshed.session), before, "{name}: a refresh sees it");
            assert!(!b.is_live(&token).await);
        }
    }
}

#[tokio::test]
async fn texts_of_the_session() {
    let world = World::new();
    let node = world.node();
    let session = node.login(as_user("u").in_org(org("Madrid"))).await.unwrap().session;
    assert_eq!(session.variable("#User_Org").unwrap(), "'Madrid','Spain'");
    assert_eq!(session.variable("#AccessibleOrgTree").unwrap(), "'0','Spain','Madrid','Sevilla'");
    assert_eq!(session.variable("#User_Client").unwrap(), "'C'");
    assert_eq!(session.variable("#User_Level").unwrap(), "  O");
    assert_eq!(session.variable("#AD_Org_ID").unwrap(), "Madrid");
    assert_eq!(session.variable("#ad_user_id").unwrap(), "u");
    assert_eq!(session.variable("#AD_Role_ID").unwrap(), "seller");
    assert_eq!(session.variable("#CompleteOrgTree"), None);
    assert_eq!(session.variable("User_Org"), None);
    assert_eq!(session.readable_sql_ids(), ["0", "Spain", "Madrid", "Sevilla"]);
    assert!(!session.is_read_only());
    let reader = node.login(as_user("u").with_role(role("reader"))).await.unwrap().session;
    assert!(reader.is_read_only());
    assert_eq!(session.access().user_org_as_read(session.tree()), "'Madrid','Spain'");
    let boss = node.login(as_user("u").with_role(role("boss"))).await.unwrap().session;
    assert_eq!(boss.access().user_org_as_read(boss.tree()), "'0'", "without the quirk");
    let system = node.login(as_user("100").with_role(role("0"))).await.unwrap().session;
    assert_eq!(system.readable_clients(), [session::ClientId::ZERO]);
    assert_eq!(session.readable_clients(), [session.client(), session::ClientId::ZERO]);
    // Client `0` is listed once; a system level reads no client but that one.
    for (owner, level) in [("0", " CO"), ("C", "S")] {
        world.erp.change_roles(|tables| {
            tables.role(owner, "special", level, &["0"]);
            tables.user(owner, "s", &["special"]);
        });
        let session = node.login(as_user("s")).await.unwrap().session;
        assert_eq!(session.readable_clients(), [session::ClientId::ZERO], "{owner}, {level}");
    }
    let text = |org: Option<OrgId>| org.map(|org| org.to_string());
    assert_eq!(text(session.legal_entity("Madrid")).as_deref(), Some("Spain"));
    assert_eq!(text(session.business_unit("Sevilla")).as_deref(), Some("Sevilla"));
    assert_eq!(text(session.period_control_org("Boston")).as_deref(), Some("USA"));
    assert!(session.allows_transactions("Madrid") && !session.allows_transactions("0"));
    assert!(session.may_reference("Madrid", "Spain") && !session.may_reference("Madrid", "Boston"));
    assert_eq!(session.fingerprint(), session.tree().fingerprint());
    let provider = session.organization_structure_provider();
    assert!(provider.is_in_natural_tree(Some("Madrid"), Some("Spain")));
}

#[tokio::test]
async fn trees_in_use_count_their_sessions() {
    let world = World::new();
    let node = world.node();
    assert!(node.manager.trees_in_use().is_empty());
    let old = [node.token().await, node.token().await];
    node.login(as_user("d")).await.unwrap();
    world.erp.change(|tables| tables.org("C", "Toledo", "Spain", OrgFlags::ACTIVE));
    node.manager.refresh(&old[0]).await.unwrap();
    let held = node.manager.trees_in_use();
    let mut shown: Vec<_> =
        held.iter().map(|tree| (tree.client.to_string(), tree.structure.len(), tree.sessions)).collect();
    shown.sort();
    assert_eq!(shown, [("C".to_owned(), 6, 1), ("C".to_owned(), 7, 1), ("D".to_owned(), 2, 1)]);
    assert!(held.iter().all(|tree| tree.fingerprint == tree.structure.fingerprint()));
    node.manager.logout(&old[1]).await.unwrap();
    assert_eq!(node.manager.trees_in_use().len(), 2);
}

#[tokio::test]
async fn findings_are_reported_once_per_tree() {
    let world = World::shared();
    world.erp.keeps_revisions.store(false, Ordering::SeqCst);
    world.erp.change(|tables| {
        tables.orgs.get_mut("Sevilla").unwrap().parent = Some("nowhere".to_owned());
    });
    let node = world.node();
    let first = node.token().await;
    for _ in 0..3 {
        node.token().await;
        node.manager.expire().await;
    }
    let stats = node.manager.stats();
    // The dangling parent, and several roots.
    assert_eq!((stats.trees_with_findings, stats.tree_findings), (1, 2));
    let held = node.manager.trees_in_use();
    let findings = held[0].findings.as_ref().unwrap();
    assert!(
        findings.first().any(|text| text.contains("`nowhere`") && text.contains("`Sevilla`")),
        "{findings:?}"
    );

    // Another node reads the tree from the store, and knows no findings until it loads the tree itself.
    let other = world.node();
    assert!(other.is_live(&first).await);
    assert_eq!(other.manager.trees_in_use()[0].findings, None);
    other.token().await;
    assert_eq!(other.manager.trees_in_use()[0].findings.as_deref(), Some(&**findings));

    // A tree loaded without findings has an empty list.
    world.erp.change(|tables| {
        tables.orgs.get_mut("Sevilla").unwrap().parent = Some("Spain".to_owned());
    });
    node.token().await;
    let held = node.manager.trees_in_use();
    let totals: Vec<_> = held.iter().map(|tree| tree.findings.as_ref().unwrap().total()).collect();
    assert_eq!((totals.len(), totals.iter().sum::<usize>()), (2, 2));
    node.manager.end(Scope::Client(client("C"))).await;
    node.manager.expire().await;
    let stats = node.manager.stats();
    assert_eq!((stats.trees_with_findings, stats.tree_findings), (1, 0));

    // The findings about a client's latest tree are kept while no session holds it, and are not counted
    // again.
    world.erp.change(|tables| {
        tables.orgs.get_mut("Sevilla").unwrap().parent = Some("elsewhere".to_owned());
    });
    for _ in 0..3 {
        node.token().await;
        let stats = node.manager.stats();
        assert_eq!((stats.trees_with_findings, stats.tree_findings), (2, 2));
        node.manager.end(Scope::Client(client("C"))).await;
        node.manager.expire().await;
        assert_eq!(node.manager.stats().tree_findings, 0);
    }
}

#[tokio::test]
async fn a_tree_without_its_findings_is_not_counted_again() {
    let world = World::shared();
    world.erp.keeps_revisions.store(false, Ordering::SeqCst);
    let node = world.node();
    for (parent, findings) in [(Some("nowhere"), 1), (None, 0)] {
        world.erp.change(|tables| {
            tables.orgs.get_mut("0").unwrap().parent = parent.map(str::to_owned);
        });
        node.token().await;
        let stats = node.manager.stats();
        assert_eq!((stats.trees, stats.trees_with_findings, stats.tree_findings), (1, 1, findings));
    }
}

#[test]
fn findings_are_counted_and_only_the_first_are_kept() {
    let findings = Findings::new((0..1_000).map(|number| format!("finding {number}")));
    assert_eq!((findings.total(), findings.first().count()), (1_000, Findings::KEPT));
    assert_eq!(findings.first().next(), Some("finding 0"));
    assert!(Findings::default().is_empty());
}
