//! Which logins are allowed, in which role, client and organization, and how the others are refused.

use org_structure::OrgFlags;
use session::openbravo::Refusal;
use session::{LoginError, Notice, Principal};

use crate::erp::{Erp, World, as_user, client, org, role, user};

async fn refusal(principal: Principal, change: impl FnOnce(&Erp)) -> Refusal {
    let world = World::new();
    change(&world.erp);
    match world.node().login(principal).await {
        Err(LoginError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn defaults_fill_in_unspecified_choices() {
    let world = World::new();
    let node = world.node();
    let login = node.login(as_user("u")).await.unwrap();
    let session = &login.session;
    assert_eq!((session.role(), session.client()), (role("seller"), client("C")));
    assert_eq!(session.org(), org("Spain"), "the largest id of the role's organizations");
    assert_eq!(login.notices, []);

    world.erp.change_roles(|tables| {
        let user = tables.users.get_mut("u").unwrap();
        user.default_org = Some(org("Madrid"));
        user.default_role = None;
    });
    let session = node.login(as_user("u").with_role(role("seller"))).await.unwrap().session;
    assert_eq!(session.org(), org("Madrid"), "the user's default");
    let session = node.login(as_user("u")).await.unwrap().session;
    assert_eq!(session.role(), role("boss"), "without a default the smallest id");
    let session =
        node.login(as_user("u").with_role(role("seller")).in_org(org("Spain"))).await.unwrap().session;
    assert_eq!(session.org(), org("Spain"));
}

#[tokio::test]
async fn refusals_name_the_first_problem() {
    let u = user("u");
    let seller = role("seller");
    assert_eq!(refusal(as_user("nobody"), |_| ()).await, Refusal::UnknownUser { user: user("nobody") });
    let inactive = |erp: &Erp| erp.change_roles(|tables| tables.users.get_mut("u").unwrap().active = false);
    assert_eq!(refusal(as_user("u"), inactive).await, Refusal::InactiveUser { user: u });
    let locked = |erp: &Erp| erp.change_roles(|tables| tables.users.get_mut("u").unwrap().locked = true);
    assert_eq!(refusal(as_user("u"), locked).await, Refusal::LockedUser { user: u });
    let no_roles = |erp: &Erp| erp.change_roles(|tables| tables.users.get_mut("u").unwrap().roles.clear());
    assert_eq!(refusal(as_user("u"), no_roles).await, Refusal::NoRole { user: u });
    let unlinked = |erp: &Erp| {
        erp.change_roles(|tables| tables.users.get_mut("u").unwrap().roles[0].active = false);
    };
    let asks = as_user("u").with_role(seller);
    assert_eq!(refusal(asks, unlinked).await, Refusal::RoleNotGiven { user: u, role: seller });
    for probed in ["other", "there is no such role"] {
        let probed = role(probed);
        assert_eq!(
            refusal(as_user("u").with_role(probed), |_| ()).await,
            Refusal::RoleNotGiven { user: u, role: probed },
        );
    }
    let inactive =
        |erp: &Erp| erp.change_roles(|tables| tables.roles.get_mut("seller").unwrap().active = false);
    assert_eq!(refusal(asks, inactive).await, Refusal::InactiveRole { role: seller });
    let inactive = |erp: &Erp| {
        erp.change_roles(|tables| {
            tables.clients.insert("C".into(), false);
        });
    };
    assert_eq!(refusal(asks, inactive).await, Refusal::InactiveClient { client: client("C") });
    let gone = |erp: &Erp| {
        erp.change_roles(|tables| {
            tables.clients.remove("C");
        });
    };
    assert_eq!(refusal(asks, gone).await, Refusal::InactiveClient { client: client("C") });
    assert_eq!(
        refusal(asks.in_client(client("D")), |_| ()).await,
        Refusal::ClientNotGiven { role: seller, role_client: client("C"), client: client("D") },
    );
    for probed in ["Boston", "Other", "0", "no such organization"] {
        let refused = refusal(asks.in_org(org(probed)), |_| ()).await;
        assert_eq!(refused, Refusal::OrgNotGiven { role: seller, org: org(probed) });
    }
    let inactive = |erp: &Erp| {
        erp.change(|tables| tables.orgs.get_mut("Madrid").unwrap().flags -= OrgFlags::ACTIVE);
    };
    assert_eq!(
        refusal(asks.in_org(org("Madrid")), inactive).await,
        Refusal::InactiveOrg { org: org("Madrid") }
    );
}

/// An unusable default role does not lock out a user who has another role.
#[tokio::test]
async fn a_login_skips_an_unusable_default_role() {
    type Change = (&'static str, fn(&mut crate::erp::Tables));
    let changes: [Change; 6] = [
        ("inactive role", |tables| tables.roles.get_mut("a default").unwrap().active = false),
        ("inactive link", |tables| tables.users.get_mut("w").unwrap().roles[0].active = false),
        ("no link", |tables| {
            tables.users.get_mut("w").unwrap().roles.retain(|link| link.role != role("a default"));
        }),
        ("no role", |tables| drop(tables.roles.remove("a default"))),
        ("another client", |tables| tables.roles.get_mut("a default").unwrap().client = client("D")),
        ("inactive client", |tables| {
            tables.users.get_mut("w").unwrap().client = client("C");
            tables.clients.insert("D".into(), false);
            tables.roles.get_mut("a default").unwrap().client = client("D");
        }),
    ];
    for has_default in [true, false] {
        for (name, change) in &changes {
            let world = World::new();
            world.erp.change_roles(|tables| {
                // The smallest id is the one that a login would take without a default.
                tables.role("C", "a default", "  O", &["Madrid"]);
                tables.role("C", "b other", "  O", &["Madrid"]);
                tables.role("C", "c largest", "  O", &["Madrid"]);
                tables.user("C", "w", &["a default", "b other", "c largest"]);
                tables.users.get_mut("w").unwrap().default_role = has_default.then(|| role("a default"));
            });
            let node = world.node();
            let taken = node.login(as_user("w")).await.unwrap().session.role();
            assert_eq!(taken, role("a default"));
            world.erp.change_roles(*change);
            let taken = node.login(as_user("w")).await.unwrap().session.role();
            assert_eq!(taken, role("b other"), "{name}");
            let asked = node.login(as_user("w").with_role(role("a default"))).await;
            assert!(matches!(asked, Err(LoginError::Refused(_))), "{name}: asked for by name");
        }
    }
    // If no role is usable, the login reports what is wrong with the role that it would have taken.
    let inactive = |erp: &Erp| {
        erp.change_roles(|tables| {
            tables.role("C", "a default", "  O", &["Madrid"]);
            tables.user("C", "w", &["a default"]);
            tables.roles.get_mut("a default").unwrap().active = false;
        });
    };
    assert_eq!(refusal(as_user("w"), inactive).await, Refusal::InactiveRole { role: role("a default") });
}

#[tokio::test]
async fn clients_never_mix() {
    let give = |erp: &Erp, to: &str| {
        erp.change_roles(|tables| {
            let link = session::openbravo::UserRole { role: role("other"), active: true, linked: None };
            tables.users.get_mut(to).unwrap().roles.push(link);
        });
    };
    let refused = refusal(as_user("u").with_role(role("other")), |erp| give(erp, "u")).await;
    let expected =
        Refusal::RoleOfAnotherClient { user: user("u"), role: role("other"), role_client: client("D") };
    assert_eq!(refused, expected);

    // The built-in administrator may; a namesake in another client, or another user of client 0, may not.
    let world = World::new();
    let node = world.node();
    for (taken, works_in) in [("0", "0"), ("boss", "C"), ("other", "D")] {
        let session = node.login(as_user("100").with_role(role(taken))).await.unwrap().session;
        assert_eq!(session.client(), client(works_in));
    }
    world.erp.change_roles(|tables| tables.users.get_mut("100").unwrap().client = client("C"));
    let refused = node.login(as_user("100").with_role(role("other"))).await.unwrap_err();
    assert!(matches!(refused, LoginError::Refused(Refusal::RoleOfAnotherClient { .. })));
    world.erp.change_roles(|tables| tables.user("0", "101", &["other"]));
    let refused = node.login(as_user("101")).await.unwrap_err();
    assert!(matches!(refused, LoginError::Refused(Refusal::RoleOfAnotherClient { .. })));

    // An access row that names another client's organization grants nothing.
    world.erp.change_roles(|tables| tables.role("C", "mixed", "  O", &["Other", "Madrid"]));
    world.erp.change_roles(|tables| tables.user("C", "m", &["mixed"]));
    let session = node.login(as_user("m")).await.unwrap().session;
    assert!(!session.can_read("Other") && !session.can_write("Other"));
    assert_eq!(session.user_org(), "'Madrid'");
    let refused = node.login(as_user("m").in_org(org("Other"))).await.unwrap_err();
    let expected =
        Refusal::OrgOfAnotherClient { org: org("Other"), org_client: client("D"), client: client("C") };
    assert!(matches!(refused, LoginError::Refused(refusal) if refusal == expected));
}

#[tokio::test]
async fn a_role_that_can_write_nowhere_gives_a_notice() {
    let node = World::new().node();
    let login = node.login(as_user("u").with_role(role("reader"))).await.unwrap();
    assert_eq!(login.notices, [Notice::ReadOnly]);
    assert!(login.session.is_read_only());
    assert_eq!(login.session.org(), org("0"));
    for id in ["0", "Spain", "Madrid", "Boston"] {
        assert!(login.session.can_read(id) && !login.session.can_write(id), "{id}");
    }
}

#[tokio::test]
async fn an_organization_that_cannot_be_written_is_replaced() {
    let world = World::new();
    world.erp.change_roles(|tables| tables.role("C", "seller", "  O", &["0", "Madrid"]));
    let login = world.node().login(as_user("u").in_org(org("0"))).await.unwrap();
    assert_eq!(login.notices, [Notice::OrgReplaced { org: org("0"), by: org("Madrid") }]);
    assert_eq!(login.session.org(), org("Madrid"));
}

#[tokio::test]
async fn switches_check_like_logins_and_end_the_old_token() {
    let world = World::new();
    let node = world.node();
    let manager = &node.manager;
    let first = node.token().await;
    assert!(matches!(
        manager.switch_role(&first, role("other"), None).await,
        Err(LoginError::Refused(Refusal::RoleNotGiven { .. }))
    ));
    assert!(matches!(
        manager.switch_org(&first, org("Boston")).await,
        Err(LoginError::Refused(Refusal::OrgNotGiven { .. }))
    ));
    assert!(node.is_live(&first).await, "a refused switch changes nothing");

    let second = manager.switch_role(&first, role("boss"), None).await.unwrap();
    assert_eq!((second.session.role(), second.session.org()), (role("boss"), org("0")));
    assert!(!node.is_live(&first).await);
    let second = second.token;
    assert!(matches!(manager.switch_org(&first, org("0")).await, Err(LoginError::Session(_))), "replayed");

    let third = manager.switch_role(&second, role("seller"), Some(org("Madrid"))).await.unwrap().token;
    let fourth = manager.switch_org(&third, org("Spain")).await.unwrap();
    assert_eq!(fourth.session.org(), org("Spain"));
    assert_eq!(manager.stats().sessions, 1);
}

#[tokio::test]
async fn a_process_may_write_in_an_organization_it_created() {
    let world = World::new();
    let node = world.node();
    let token = node.token().await;
    world.erp.change(|tables| tables.org("C", "Toledo", "Spain", OrgFlags::ACTIVE));
    for foreign in ["Other", "0", "no such organization"] {
        let refused = node.manager.add_writable_org(&token, org(foreign)).await.unwrap_err();
        assert!(matches!(refused, LoginError::UnknownOrg { .. }), "{foreign}: {refused}");
    }
    let added = node.manager.add_writable_org(&token, org("Toledo")).await.unwrap();
    assert!(added.session.can_write("Toledo") && added.session.can_write("Madrid"));
    assert_eq!(added.session.user_org(), "'Madrid','Spain'", "no row grants it");
    let refreshed = node.manager.refresh(&added.token).await.unwrap().session;
    assert!(!refreshed.can_write("Toledo") && refreshed.can_read("Toledo"));
}

#[tokio::test]
async fn refresh_stays_in_its_organization_while_that_is_possible() {
    let world = World::new();
    let node = world.node();
    let token = node.login(as_user("u").in_org(org("Madrid"))).await.unwrap().token;
    let login = node.manager.refresh(&token).await.unwrap();
    assert_eq!(login.session.org(), org("Madrid"));
    world.erp.change_roles(|tables| tables.role("C", "seller", "  O", &["Spain"]));
    let login = node.manager.refresh(&login.token).await.unwrap();
    assert_eq!(login.session.org(), org("Spain"));
    world.erp.change_roles(|tables| tables.users.get_mut("u").unwrap().active = false);
    let token = login.token;
    assert!(matches!(node.manager.refresh(&token).await, Err(LoginError::Refused(_))));
    assert!(node.is_live(&token).await, "a refused refresh changes nothing");
}

#[tokio::test]
async fn logins_are_refused_during_shutdown() {
    let world = World::new();
    let node = world.node();
    let token = node.token().await;
    node.manager.shutdown().await.unwrap();
    assert!(matches!(node.login(as_user("u")).await, Err(LoginError::ShuttingDown)));
    assert!(node.is_live(&token).await);
}
