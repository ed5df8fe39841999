//! Access by a list of companies: no inheritance, no organization `0`.

use std::sync::Arc;

use org_structure::{OrgRow, OrgStructure};
use session::openbravo::Refusal;
use session::{
    ClientId, CompanyFacts, Facts, LoadedTree, LoginError, MemoryStore, Options, OrgSource, PortError,
    Principal, Revision, SessionManager, async_trait,
};

use crate::erp::{as_user, client, org, role};

#[derive(Debug)]
struct Companies;

#[async_trait]
impl OrgSource for Companies {
    async fn revision(&self, _: &ClientId) -> Result<Option<Revision>, PortError> {
        Ok(None)
    }

    async fn load_tree(&self, _: &ClientId) -> Result<LoadedTree, PortError> {
        let rows = [OrgRow::new("1"), OrgRow::new("2").under("1"), OrgRow::new("3").under("1")];
        Ok(LoadedTree::new(OrgStructure::build(rows).unwrap().structure, None))
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        let facts = CompanyFacts {
            client: client("db"),
            role: role("user"),
            companies: ["1", "2"].map(org).into(),
            default: org("2"),
        };
        Ok(Facts::Companies((principal.user.as_str() == "2").then_some(facts)))
    }
}

#[tokio::test]
async fn a_user_has_access_to_exactly_its_companies() {
    let manager =
        SessionManager::new(Arc::new(Companies), Arc::new(MemoryStore::default()), Options::default());
    let login = manager.login(as_user("2")).await.unwrap();
    let session = &login.session;
    for (id, is_its) in [("1", true), ("2", true), ("3", false), ("0", false), ("4", false)] {
        assert_eq!((session.can_read(id), session.can_write(id)), (is_its, is_its), "{id}");
    }
    assert_eq!(session.org(), org("2"));
    assert_eq!(session.accessible_org_tree(), "'1','2'");

    let switched = manager.switch_org(&login.token, org("1")).await.unwrap();
    assert_eq!(switched.session.org(), org("1"));
    let token = switched.token;
    assert!(matches!(
        manager.switch_org(&token, org("3")).await,
        Err(LoginError::Refused(Refusal::OrgNotGiven { .. }))
    ));
    assert_eq!(manager.refresh(&token).await.unwrap().session.org(), org("1"));
    for refused in
        [as_user("3"), as_user("2").in_client(client("other")), as_user("2").with_role(role("admin"))]
    {
        assert!(matches!(manager.login(refused).await, Err(LoginError::NotAllowed { .. })));
    }
}
