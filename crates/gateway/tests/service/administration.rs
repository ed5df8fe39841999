//! `/v1/admin`: who may see and end what.

use reqwest::Method;
use serde_json::{Value, json};

use crate::databases::{Databases, on_both_databases};
use crate::service::{
    ADMIN, Answer, FOOD, NORTE, OPENBRAVO, PASSWORD, QA, QA_ADMIN, SALES, SPAIN, SPAIN_ID, Service, US,
    WAREHOUSE,
};

on_both_databases! {
    only_administrators_administer,
    automatic_roles_get_what_the_database_shows_and_statistics_say_so,
    rights_that_are_taken_away_are_gone_at_once,
    users_whom_the_erp_does_not_admit_are_ended_and_others_go_on,
    a_client_administrator_sees_its_client_alone,
    an_instance_administrator_sees_all_clients,
    clients_are_those_that_the_administrator_may_look_at,
    sessions_are_found_by_a_text,
    sessions_say_from_where_they_were_asked_for_and_when_they_end,
    changes_since_the_login_are_named,
    sessions_are_ended_by_user_by_role_and_by_client,
    sessions_are_listed_page_by_page,
    trees_say_who_still_holds_an_old_one,
    trees_say_what_is_odd_and_what_is_damaged,
    sessions_are_listed_with_names_and_bytes,
    roles_that_may_read_and_write_an_organization_are_named,
    roles_come_page_by_page,
    a_damaged_role_hides_no_other,
    a_damaged_session_hides_no_other,
    a_client_without_a_readable_name_bars_nobody,
}

async fn get(service: &Service, path: &str, token: &str) -> Answer {
    Answer::with_token(service.get(path), token).await
}

async fn automatic_roles_get_what_the_database_shows_and_statistics_say_so(databases: Databases) {
    let seen = async || {
        let service = Service::start_on(&databases, |_| {}).await;
        let token = service.token(ADMIN).await;
        let writable = get(&service, "/v1/session/writable", &token).await.json()["organizations"].clone();
        let question =
            get(&service, "/v1/questions?call=writable_orgs&role=42D0EEB1C66F497A90DD526DC597E6F0", &token);
        assert_eq!(question.await.json()["result"], writable);
        let rule = get(&service, "/v1/admin/statistics", &token).await.json()["automatic_roles"].clone();
        if let Some(store) = &service.stored {
            store.close().await;
        }
        (writable.as_array().unwrap().len(), rule["rule"].as_str().unwrap().to_owned())
    };
    assert_eq!(seen().await, (8, "all".to_owned()));
    databases.execute("ALTER TABLE ad_org DROP COLUMN timezone").await;
    assert_eq!(seen().await, (1, "by-rows".to_owned()));
}

/// The name of the session of a token.
async fn name(service: &Service, token: &str) -> String {
    get(service, "/v1/session", token).await.json()["id"].as_str().unwrap().to_owned()
}

async fn end(service: &Service, token: &str, form: Value) -> Answer {
    Answer::with_token(service.post("/v1/admin/sessions/end", form), token).await
}

async fn is_live(service: &Service, token: &str) -> bool {
    get(service, "/v1/session", token).await.status == 200
}

async fn spain(service: &Service, role: &str) -> String {
    service.token_as(json!({"user": SPAIN, "password": PASSWORD, "role": role})).await
}

async fn only_administrators_administer(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let token = spain(&service, SALES).await;
    let own = name(&service, &token).await;
    let roles = format!("/v1/admin/organizations/{NORTE}/roles");
    for path in ["/v1/admin/clients", "/v1/admin/sessions", "/v1/admin/trees", "/v1/admin/statistics", &roles]
    {
        get(&service, path, &token).await.refused(403, "not_an_administrator");
    }
    end(&service, &token, json!({"user": SPAIN_ID})).await.refused(403, "not_an_administrator");
    let delete = service.request(Method::DELETE, &format!("/v1/admin/sessions/{own}"));
    Answer::with_token(delete, &token).await.refused(403, "not_an_administrator");
    assert!(is_live(&service, &token).await);
}

async fn rights_that_are_taken_away_are_gone_at_once(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let (token, instance) = (service.token(ADMIN).await, service.token(OPENBRAVO).await);
    let target = name(&service, &spain(&service, SALES).await).await;
    // Every verb and every page: what an administrator gets, and what others get.
    let every = async |token: &str, allowed: bool| {
        let roles = format!("/v1/admin/organizations/{NORTE}/roles");
        for path in
            ["/v1/admin/clients", "/v1/admin/sessions", "/v1/admin/trees", "/v1/admin/statistics", &roles]
        {
            let answer = get(&service, path, token).await;
            match allowed {
                // The organization is another client's for whoever administers the instance.
                true => assert!([200, 404].contains(&answer.status), "{path}: {}", answer.text),
                false => drop(answer.refused(403, "not_an_administrator")),
            }
        }
        let nobody = end(&service, token, json!({"user": "nobody"})).await;
        let delete = service.request(Method::DELETE, &format!("/v1/admin/sessions/{}", "0".repeat(64)));
        let gone = Answer::with_token(delete, token).await;
        if allowed {
            assert_eq!((nobody.status, gone.status), (200, 404), "{} {}", nobody.text, gone.text);
            return;
        }
        nobody.refused(403, "not_an_administrator");
        gone.refused(403, "not_an_administrator");
        let delete = service.request(Method::DELETE, &format!("/v1/admin/sessions/{target}"));
        Answer::with_token(delete, token).await.refused(403, "not_an_administrator");
    };
    // (whom it concerns: the client's administrator, the instance's; how it is withdrawn, and given back)
    let (user, role) = ("username = 'F&BAdmin'", "ad_role_id = '42D0EEB1C66F497A90DD526DC597E6F0'");
    let link = format!("ad_user_id = 'A530AAE22C864702B7E1C22D58E7B17B' AND {role}");
    let cases = [
        (true, false, "ad_role", "is_client_admin", role, "'N'", "'Y'"),
        (true, false, "ad_role", "is_client_admin", role, "NULL", "'Y'"),
        (true, false, "ad_role", "isactive", role, "'N'", "'Y'"),
        (
            true,
            false,
            "ad_role",
            "ad_client_id",
            role,
            "'4028E6C72959682B01295A070852010D'",
            &format!("'{FOOD}'"),
        ),
        (true, false, "ad_user_roles", "isactive", &link, "'N'", "'Y'"),
        (true, false, "ad_client", "isactive", &format!("ad_client_id = '{FOOD}'"), "'N'", "'Y'"),
        (true, false, "ad_user", "isactive", user, "'N'", "'Y'"),
        (true, false, "ad_user", "islocked", user, "'Y'", "'N'"),
        (true, false, "ad_user", "islocked", user, "'y'", "NULL"),
        (
            true,
            false,
            "ad_user",
            "ad_client_id",
            user,
            "'4028E6C72959682B01295A070852010D'",
            &format!("'{FOOD}'"),
        ),
        (false, true, "ad_user", "isactive", "ad_user_id = '100'", "'N'", "'Y'"),
        (false, true, "ad_user", "islocked", "ad_user_id = '100'", "'Y'", "'N'"),
        (true, false, "ad_user_roles", "ad_role_id", &link, "'gone'", ""),
        (true, true, "ad_user", "ad_user_id", "ad_user_id = '100'", "'gone'", ""),
    ];
    for (client, of_instance, table, column, which, withdrawn, given) in cases {
        service.execute(&format!("UPDATE {table} SET {column} = {withdrawn} WHERE {which}")).await;
        every(&token, !client).await;
        every(&instance, !of_instance).await;
        if !given.is_empty() {
            service.execute(&format!("UPDATE {table} SET {column} = {given} WHERE {which}")).await;
            every(&token, true).await;
            every(&instance, true).await;
        }
    }
}

async fn users_whom_the_erp_does_not_admit_are_ended_and_others_go_on(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let changes = [
        "UPDATE ad_user SET islocked = 'Y' WHERE username = 'F&BESUser'",
        "UPDATE ad_user SET islocked = 'N', isactive = 'N' WHERE username = 'F&BESUser'",
        "UPDATE ad_user SET isactive = 'Y' WHERE username = 'F&BESUser'",
        "DELETE FROM ad_user WHERE username = 'F&BESUser'",
    ];
    let (admin, foreign) = (service.token(ADMIN).await, service.token(QA_ADMIN).await);
    for (number, change) in changes.iter().enumerate() {
        // The user is admitted here only at first, and after the third change.
        let tokens = match number {
            0 | 3 => vec![spain(&service, SALES).await, spain(&service, WAREHOUSE).await],
            _ => Vec::new(),
        };
        assert_eq!(service.gateway.recheck_users().await.unwrap(), 0);
        let old = service.gateway.manager().stats().sessions;
        service.execute(change).await;
        for token in &tokens {
            assert!(is_live(&service, token).await, "the tree and the access stay pinned until then");
        }
        let ended = u64::try_from(tokens.len()).unwrap();
        assert_eq!(service.gateway.recheck_users().await.unwrap(), ended, "{change}");
        assert_eq!(service.gateway.manager().stats().sessions, old - tokens.len());
        for token in &tokens {
            assert!(!is_live(&service, token).await, "{change}");
        }
        assert!(is_live(&service, &admin).await && is_live(&service, &foreign).await);
    }
    // Whom the ERP cannot be asked about, nobody ends.
    service.execute("ALTER TABLE ad_user RENAME TO gone").await;
    assert!(service.gateway.recheck_users().await.is_err());
    assert!(is_live(&service, &admin).await && is_live(&service, &foreign).await);
}

async fn a_client_administrator_sees_its_client_alone(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let (admin, user, foreign) =
        (service.token(ADMIN).await, spain(&service, SALES).await, service.token(QA_ADMIN).await);
    let listed = get(&service, "/v1/admin/sessions", &admin).await.json();
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!((sessions.len(), &listed["next"]), (2, &Value::Null));
    assert!(sessions.iter().all(|session| session["client"] == FOOD));
    get(&service, &format!("/v1/admin/sessions?client={QA}"), &admin).await.refused(403, "client_not_given");
    end(&service, &admin, json!({"client": QA})).await.refused(403, "client_not_given");
    end(&service, &admin, json!({"user": "4028E6C72959682B01295A0735CB0120", "client": QA}))
        .await
        .refused(403, "client_not_given");

    let theirs = name(&service, &foreign).await;
    let nobodys = "0".repeat(64);
    for id in [&theirs, &nobodys] {
        let delete = service.request(Method::DELETE, &format!("/v1/admin/sessions/{id}"));
        Answer::with_token(delete, &admin).await.refused(404, "unknown_session");
    }
    // In its own client nobody has such a user or role.
    let ended = end(&service, &admin, json!({"user": "4028E6C72959682B01295A0735CB0120"})).await;
    assert_eq!(ended.json(), json!({"ended": 0, "elsewhere": "done"}));
    assert!(is_live(&service, &foreign).await);

    let trees = get(&service, "/v1/admin/trees", &admin).await.json();
    assert!(trees["trees"].as_array().unwrap().iter().all(|tree| tree["client"] == FOOD));
    assert_eq!(get(&service, "/v1/admin/statistics", &admin).await.json()["sessions"], 2);
    assert!(is_live(&service, &user).await);
}

async fn an_instance_administrator_sees_all_clients(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let (user, foreign) = (service.token(ADMIN).await, service.token(QA_ADMIN).await);
    let admin = service.token(OPENBRAVO).await;
    let session = get(&service, "/v1/session", &admin).await.json();
    assert_eq!(session["instance_admin"], true);
    let listed = get(&service, &format!("/v1/admin/sessions?client={QA}"), &admin).await.json();
    assert!(
        listed["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|session| session["user"] == "4028E6C72959682B01295A0735CB0120")
    );
    let delete =
        service.request(Method::DELETE, &format!("/v1/admin/sessions/{}", name(&service, &foreign).await));
    assert_eq!(Answer::with_token(delete, &admin).await.json(), json!({"ended": 1, "elsewhere": "done"}));
    assert!(!is_live(&service, &foreign).await && is_live(&service, &user).await);
    let statistics = get(&service, "/v1/admin/statistics", &admin).await.json();
    assert_eq!(statistics["sessions"], 2);
    assert!(statistics["footprint"]["accesses"].as_u64().unwrap() > 0);
    assert!(statistics["footprint"]["tables"].as_u64().unwrap() > 0);
    // What an administrator of a client sees is what the one of the instance sees of that client.
    let path = format!("/v1/admin/statistics?client={FOOD}");
    let (whole, part) = (get(&service, &path, &admin).await.json(), get(&service, &path, &user).await.json());
    for figure in ["sessions", "trees", "footprint", "logins_by_minute", "openbravo_would_take"] {
        assert_eq!(whole[figure], part[figure], "{figure}");
    }
    let trees = get(&service, &format!("/v1/admin/trees?client={QA}"), &admin).await.json();
    assert_eq!(trees["trees"], json!([]));
    for path in ["/v1/admin/statistics", "/v1/admin/trees"] {
        get(&service, &format!("{path}?client={QA}"), &user).await.refused(403, "client_not_given");
    }
}

async fn clients_are_those_that_the_administrator_may_look_at(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let (own, all) = (service.token(ADMIN).await, service.token(OPENBRAVO).await);
    let clients =
        async |token: &str| get(&service, "/v1/admin/clients", token).await.json()["clients"].clone();
    let food = json!({"id": FOOD, "name": "F&B International Group", "sessions": 2});
    assert_eq!(clients(&own).await, json!([food]));
    let qa = json!({"id": QA, "name": "QA Testing", "sessions": 0});
    let system = json!({"id": "0", "name": "System", "sessions": 0});
    assert_eq!(clients(&all).await, json!([food, qa, system]));
}

async fn sessions_are_found_by_a_text(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    let (sales, warehouse) = (spain(&service, SALES).await, spain(&service, WAREHOUSE).await);
    let found = async |query: &str| {
        let page = get(&service, &format!("/v1/admin/sessions?{query}"), &admin).await.json();
        let sessions = page["sessions"].as_array().unwrap().clone();
        (sessions.iter().map(|session| session["id"].clone()).collect::<Vec<_>>(), page["next"].clone())
    };
    let sales = json!(name(&service, &sales).await);
    assert_eq!(found("text=-%20SALES").await, (vec![sales.clone()], Value::Null));
    assert_eq!(found(&format!("text={SPAIN_ID}&role={SALES}")).await, (vec![sales.clone()], Value::Null));
    assert_eq!(found("text=127.0.0.1").await.0.len(), 3);
    assert_eq!(found("text=nowhere").await, (vec![], Value::Null));
    assert_eq!(found("text=%20").await.0.len(), 3, "blanks are no text");
    // Page by page, each is found once.
    let (mut all, next) = found("text=fbesuser&limit=1".replace("fbes", "F%26BES").as_str()).await;
    let (rest, next) = found(&format!("text=f%26besuser&limit=5&after={}", next.as_str().unwrap())).await;
    all.extend(rest);
    let mut expected = vec![sales, json!(name(&service, &warehouse).await)];
    expected.sort_by_key(Value::to_string);
    assert_eq!((all, next), (expected, Value::Null));
}

async fn sessions_say_from_where_they_were_asked_for_and_when_they_end(databases: Databases) {
    let service = Service::start_on(&databases, |settings| {
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let admin = service.token(ADMIN).await;
    let login = service.post("/v1/login", json!({"user": SPAIN, "password": PASSWORD, "role": SALES}));
    let user = Answer::of(login.header("x-forwarded-for", "203.0.113.7")).await.json();
    service.clock.advance(std::time::Duration::from_secs(60));
    let listed = async || {
        let path = format!("/v1/admin/sessions?user={SPAIN_ID}");
        get(&service, &path, &admin).await.json()["sessions"][0].clone()
    };
    let session = listed().await;
    assert_eq!(session["address"], "203.0.113.7");
    assert_eq!(session["client_name"], "F&B International Group");
    let idle = session["idle_seconds"].as_u64().unwrap();
    // Both are cut to whole seconds.
    let left = session["expires_in_seconds"].as_u64().unwrap() + idle;
    assert!((30 * 60 - 1..=30 * 60).contains(&left), "{session}");
    // A refresh makes a session with the address of its own request.
    let refresh =
        service.request(Method::POST, "/v1/session/refresh").header("x-forwarded-for", "203.0.113.8");
    assert_eq!(Answer::with_token(refresh, user["token"].as_str().unwrap()).await.status, 200);
    assert_eq!(listed().await["address"], "203.0.113.8");
}

async fn changes_since_the_login_are_named(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let token = service.token(ADMIN).await;
    let changes = async || get(&service, "/v1/session/changes", &token).await.json();
    let none = json!({"added": 0, "removed": 0, "moved": 0, "flags": 0, "other": 0});
    assert_eq!(changes().await, json!({"current": true, "counts": none, "changes": []}));
    service
        .execute(&format!(
            "UPDATE ad_org SET isready = 'N' WHERE ad_org_id = '{NORTE}';
             UPDATE ad_treenode SET parent_id = '0' WHERE node_id = '{US}'"
        ))
        .await;
    let found = changes().await;
    assert_eq!(
        (&found["current"], &found["counts"]["moved"], &found["counts"]["flags"]),
        (&json!(false), &json!(1), &json!(1))
    );
    let of = |change: &str| {
        found["changes"].as_array().unwrap().iter().find(|one| one["change"] == change).unwrap().clone()
    };
    let moved = json!({"change": "moved", "org": US, "name": "F&B US, Inc.", "from": "F&B International Group", "to": "*"});
    assert_eq!(of("moved"), moved);
    assert_eq!((&of("flags")["org"], &of("flags")["lost"][0]), (&json!(NORTE), &json!("ready")));
}

async fn sessions_are_ended_by_user_by_role_and_by_client(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    let (sales, warehouse) = (spain(&service, SALES).await, spain(&service, WAREHOUSE).await);
    let ended = end(&service, &admin, json!({"role": SALES})).await.json();
    assert_eq!(ended, json!({"ended": 1, "elsewhere": "done"}));
    assert!(!is_live(&service, &sales).await && is_live(&service, &warehouse).await);
    assert_eq!(end(&service, &admin, json!({"user": SPAIN_ID})).await.json()["ended"], 1);
    assert!(!is_live(&service, &warehouse).await);
    for wrong in
        [json!({}), json!({"user": SPAIN_ID, "role": SALES}), json!({"user": ""}), json!({"all": true})]
    {
        end(&service, &admin, wrong).await.refused(422, "wrong_value");
    }
    assert_eq!(end(&service, &admin, json!({"client": FOOD})).await.json()["ended"], 1);
    assert!(!is_live(&service, &admin).await, "its own session is one of them");
}

async fn sessions_are_listed_page_by_page(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    for _ in 0..4 {
        spain(&service, SALES).await;
    }
    spain(&service, WAREHOUSE).await;
    let mut seen = Vec::new();
    let mut path = format!("/v1/admin/sessions?limit=2&user={SPAIN_ID}");
    loop {
        let page = get(&service, &path, &admin).await.json();
        seen.extend(page["sessions"].as_array().unwrap().iter().map(|session| session["id"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/admin/sessions?limit=2&user={SPAIN_ID}&after={next}");
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((seen.len(), &sorted), (5, &seen));
    let both =
        get(&service, &format!("/v1/admin/sessions?user={SPAIN_ID}&role={WAREHOUSE}"), &admin).await.json();
    assert_eq!(both["sessions"].as_array().unwrap().len(), 1);
    let role = get(&service, &format!("/v1/admin/sessions?role={SALES}"), &admin).await.json();
    assert_eq!(role["sessions"].as_array().unwrap().len(), 4);

    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=x", "after"),
        ("user=", "user"),
        ("role=%00", "role"),
        ("roles=x", "roles"),
    ] {
        let problem = get(&service, &format!("/v1/admin/sessions?{query}"), &admin).await;
        assert_eq!(problem.refused(422, "wrong_value")["field"], field, "{query}");
    }
    let delete = service.request(Method::DELETE, "/v1/admin/sessions/x");
    assert_eq!(Answer::with_token(delete, &admin).await.refused(422, "wrong_value")["field"], "id");
}

async fn trees_say_who_still_holds_an_old_one(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let (admin, user) = (service.token(ADMIN).await, spain(&service, SALES).await);
    service
        .execute("UPDATE ad_org SET isready = 'N' WHERE ad_org_id = 'E443A31992CB4635AFCAEABE7183CE85'")
        .await;
    service.clock.advance(std::time::Duration::from_secs(2));
    let refreshed =
        Answer::with_token(service.request(Method::POST, "/v1/session/refresh"), &user).await.json();
    let trees = get(&service, "/v1/admin/trees", &admin).await.json()["trees"].as_array().unwrap().clone();
    assert_eq!(trees.len(), 2);
    let is_current = |current: bool| trees.iter().find(|tree| tree["current"] == current).unwrap();
    assert_eq!(is_current(true)["fingerprint"], refreshed["session"]["tree"]);
    for tree in &trees {
        assert_eq!((&tree["sessions"], &tree["organizations"]), (&json!(1), &json!(8)));
        assert!(tree["bytes"].as_u64().unwrap() > 0);
    }
    let question = json!({"call": "transaction_allowed_orgs", "args": {"orgs": format!("'{NORTE}'")}});
    let old = Answer::with_token(service.post("/v1/questions", question), &admin).await.json();
    assert_eq!(old["result"], format!("'{NORTE}'"), "the old tree is still the old one");
}

async fn trees_say_what_is_odd_and_what_is_damaged(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    service.execute(&format!("UPDATE ad_treenode SET parent_id = 'gone' WHERE node_id = '{NORTE}'")).await;
    let (food, all) = (service.token(ADMIN).await, service.token(OPENBRAVO).await);
    service.token(QA_ADMIN).await;
    let trees = async |token: &str| {
        let answer = get(&service, "/v1/admin/trees", token).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["trees"].as_array().unwrap().clone()
    };
    let shown = trees(&food).await;
    assert_eq!((shown.len(), &shown[0]["findings"]["total"]), (1, &json!(2)), "{shown:?}");
    let first = shown[0]["findings"]["first"].to_string();
    assert!(first.contains("`gone`") && first.contains(NORTE), "{first}");
    let shown = trees(&all).await;
    let of_qa = shown.iter().find(|tree| tree["client"] == QA).unwrap();
    assert_eq!(of_qa["findings"], json!({"total": 0, "first": []}));
    let metrics = Answer::of(service.get("/metrics")).await.text;
    for line in ["orgcache_tree_findings 2", "orgcache_trees_with_findings_total 1"] {
        assert!(metrics.lines().any(|metric| metric == line), "no {line} in {metrics}");
    }

    service.execute(&format!("UPDATE ad_treenode SET parent_id = '{NORTE}' WHERE node_id = '{NORTE}'")).await;
    service.clock.advance(std::time::Duration::from_secs(2));
    let shown = trees(&all).await;
    let of = |client: &str| shown.iter().find(|tree| tree["client"] == client).unwrap();
    assert!(of(FOOD)["damage"].as_str().unwrap().contains(NORTE), "{shown:?}");
    assert_eq!(of(FOOD)["current"], json!(null));
    assert_eq!((&of(QA)["damage"], &of(QA)["current"]), (&json!(null), &json!(true)));
}

async fn sessions_are_listed_with_names_and_bytes(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    let listed = get(&service, "/v1/admin/sessions", &admin).await.json();
    let shown = get(&service, "/v1/session", &admin).await.json();
    for part in
        ["id", "user", "username", "role", "role_name", "client", "org", "org_name", "tree", "footprint"]
    {
        assert_eq!(listed["sessions"][0][part], shown[part], "{part}");
        assert_ne!(shown[part], Value::Null, "{part}");
    }
    let trees = get(&service, "/v1/admin/trees", &admin).await.json();
    assert_eq!(trees["trees"][0]["client_name"], shown["client_name"]);
    assert_eq!(trees["trees"][0]["bytes"], shown["footprint"]["tree"]);
}

#[tokio::test]
async fn an_id_in_a_path_that_is_no_text_is_named() {
    let service = Service::start().await;
    let admin = service.token(ADMIN).await;
    for (method, path) in
        [(Method::DELETE, "/v1/admin/sessions/%ff"), (Method::GET, "/v1/admin/organizations/%ff/roles")]
    {
        let problem = Answer::with_token(service.request(method, path), &admin).await;
        assert_eq!(problem.refused(422, "wrong_value")["field"], "id");
    }
}

#[tokio::test]
async fn statistics_count() {
    let service = Service::start().await;
    let admin = service.token(ADMIN).await;
    spain(&service, SALES).await;
    let statistics = get(&service, "/v1/admin/statistics", &admin).await.json();
    let footprint = &statistics["footprint"];
    let own = get(&service, "/v1/session/footprint", &admin).await.json()["own"].as_u64().unwrap();
    let part = |part: &str| footprint[part].as_u64().unwrap();
    assert_eq!(part("organizations") + part("sessions"), 2 * own);
    assert_eq!(part("total"), part("organizations") + part("trees") + part("accesses"));
    assert_eq!(footprint["tables"], Value::Null, "they are those of the instance");
    assert_eq!(statistics["trees"], 1);
    let logins: Vec<u64> = (0..15).map(|minute| u64::from(minute == 14) * 2).collect();
    assert_eq!(statistics["logins_by_minute"], json!(logins));
    assert_eq!(statistics["pool"]["loads"], 1);
    assert_eq!(statistics["pool"]["hits"], 1);
    let would = &statistics["openbravo_would_take"];
    assert!(
        would["pre"].as_u64() > would["post"].as_u64() && would["post"].as_u64() > would["head"].as_u64()
    );
    assert_eq!(statistics["compression"]["ratio"], Value::Null);
}

/// The names of the roles of an organization that may do something there.
async fn roles(service: &Service, token: &str, org: &str, what: &str) -> Vec<String> {
    let answer = get(service, &format!("/v1/admin/organizations/{org}/roles"), token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let roles = answer.json()["roles"].as_array().unwrap().clone();
    let named = roles.iter().filter(|role| role[what] == true).map(|role| role["name"].as_str().unwrap());
    named.map(str::to_owned).collect()
}

async fn roles_that_may_read_and_write_an_organization_are_named(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    // What the roles of a login say is what is said of the role.
    for role in [SALES, WAREHOUSE] {
        let token = spain(&service, role).await;
        let named = get(&service, "/v1/session", &token).await.json()["role_name"].clone();
        let named = named.as_str().unwrap().to_owned();
        for org in [NORTE, US, "0"] {
            for (what, path) in [("readable", "/v1/session/readable"), ("writable", "/v1/session/writable")] {
                let may = get(&service, path, &token).await.json()["organizations"].clone();
                let may = may.as_array().unwrap().contains(&json!(org));
                let said = roles(&service, &admin, org, what).await.contains(&named);
                assert_eq!(may, said, "{named} {what} {org}");
            }
        }
    }
    assert!(roles(&service, &admin, NORTE, "writable").await.len() > 1);

    // They are those of this moment.
    service.execute("UPDATE ad_role SET isactive = 'N' WHERE name LIKE '%Sales'").await;
    assert!(roles(&service, &admin, NORTE, "readable").await.iter().all(|name| !name.ends_with("Sales")));

    // Other clients' organizations are unknown, whoever asks for them.
    service.execute("UPDATE ad_role SET is_client_admin = 'Y' WHERE name LIKE '%QA%'").await;
    let foreign = service.token(QA_ADMIN).await;
    for (token, org) in [(&foreign, NORTE), (&admin, "no such organization"), (&admin, "a%00b"), (&admin, QA)]
    {
        let path = format!("/v1/admin/organizations/{}/roles", org.replace(' ', "%20"));
        assert_eq!(get(&service, &path, token).await.refused(404, "unknown_org")["field"], "id");
    }
    let theirs = roles(&service, &foreign, "0", "readable").await;
    let ours = roles(&service, &admin, "0", "readable").await;
    assert!(!theirs.is_empty() && theirs.iter().all(|name| !ours.contains(name)), "{theirs:?}");
}

async fn roles_come_page_by_page(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    let base = format!("/v1/admin/organizations/{NORTE}/roles");
    let all = get(&service, &base, &admin).await.json();
    assert_eq!(all["next"], Value::Null);
    let (mut seen, mut path) = (Vec::new(), format!("{base}?limit=1"));
    loop {
        let page = get(&service, &path, &admin).await.json();
        seen.extend(page["roles"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{base}?limit=1&after={next}");
    }
    assert_eq!(json!(seen), all["roles"]);
    for (query, field) in [("limit=0", "limit"), ("limit=101", "limit"), ("after=", "after"), ("x=1", "x")] {
        let problem = get(&service, &format!("{base}?{query}"), &admin).await;
        assert_eq!(problem.refused(422, "wrong_value")["field"], field, "{query}");
    }
}

async fn a_damaged_role_hides_no_other(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    let admin = service.token(ADMIN).await;
    let base = format!("/v1/admin/organizations/{NORTE}/roles");
    let sound = get(&service, &base, &admin).await.json();
    assert_eq!(sound["damaged"], json!([]));
    assert!(sound["roles"].as_array().unwrap().len() > 1, "{sound}");
    let is_damaged = |role: &Value| role["id"] == SALES;
    let mut others = sound["roles"].as_array().unwrap().clone();
    others.retain(|role| !is_damaged(role));
    let damage = format!("UPDATE ad_role_orgaccess SET ad_client_id = '' WHERE ad_role_id = '{SALES}'");
    let mut damages = vec![(damage, "ad_client_id")];
    if !databases.is_postgres() {
        let level = "X".repeat(1_000);
        damages.push((
            format!(
                "UPDATE ad_role_orgaccess SET ad_client_id = '{FOOD}' WHERE ad_role_id = '{SALES}'; \
                 UPDATE ad_role SET userlevel = '{level}' WHERE ad_role_id = '{SALES}'"
            ),
            "userlevel",
        ));
    }
    for (damage, column) in damages {
        service.execute(&damage).await;
        for limit in [1, 2, 100] {
            let (mut roles, mut damaged, mut after) = (Vec::new(), Vec::new(), String::new());
            loop {
                let page = get(&service, &format!("{base}?limit={limit}{after}"), &admin).await;
                assert_eq!(page.status, 200, "{}", page.text);
                let page = page.json();
                roles.extend(page["roles"].as_array().unwrap().clone());
                damaged.extend(page["damaged"].as_array().unwrap().clone());
                let Some(next) = page["next"].as_str() else { break };
                after = format!("&after={next}");
            }
            assert_eq!(roles, others, "{damage}");
            assert!(damaged.len() == 1 && is_damaged(&damaged[0]), "{damaged:?}");
            assert!(damaged[0]["damage"].as_str().unwrap().contains(column), "{damaged:?}");
        }
    }
}

async fn a_damaged_session_hides_no_other(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    if service.stored.is_none() {
        return;
    }
    let admin = service.token(ADMIN).await;
    for _ in 0..4 {
        spain(&service, SALES).await;
    }
    spain(&service, WAREHOUSE).await;
    let table = if databases.is_postgres() { "orgcache.orgcache_session" } else { "orgcache_session" };
    databases.execute_on_store(&format!("UPDATE {table} SET org_id = '' WHERE role_id = '{SALES}'")).await;
    for limit in [1, 2, 100] {
        let (mut roles, mut after) = (Vec::new(), String::new());
        loop {
            let page = get(&service, &format!("/v1/admin/sessions?limit={limit}{after}"), &admin).await;
            assert_eq!(page.status, 200, "{}", page.text);
            let page = page.json();
            roles.extend(page["sessions"].as_array().unwrap().iter().map(|session| session["role"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert!(roles.len() == 2 && roles.contains(&json!(WAREHOUSE)), "{limit}: {roles:?}");
    }
}

async fn a_client_without_a_readable_name_bars_nobody(databases: Databases) {
    let service = Service::start_on(&databases, |_| {}).await;
    // PostgreSQL takes no such bytes where it knows the encoding.
    let broken = if databases.is_postgres() { "''" } else { "CAST(x'ff' AS TEXT)" };
    service.execute(&format!("UPDATE ad_client SET name = {broken} WHERE ad_client_id = '{FOOD}'")).await;
    for (user, client_name) in [(ADMIN, json!(null)), (QA_ADMIN, json!("QA Testing"))] {
        let token = service.token(user).await;
        assert_eq!(get(&service, "/v1/session", &token).await.json()["client_name"], client_name);
    }
    let trees = get(&service, "/v1/admin/trees", &service.token(OPENBRAVO).await).await.json();
    let of = |client: &str| trees["trees"].as_array().unwrap().iter().find(|tree| tree["client"] == client);
    assert_eq!(of(QA).unwrap()["client_name"], "QA Testing");
    assert_eq!(of(FOOD).unwrap()["client_name"], json!(null));
}
