//! `OrgFlags`: the yes-or-no facts about an organization.

bitflags::bitflags! {
    /// The yes-or-no facts about an organization, one bit each.
    ///
    /// In Openbravo some belong to the organization (`ad_org`) and some to its type (`ad_orgtype`).
    ///
    /// # Memory
    /// 1 byte.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
    pub struct OrgFlags: u8 {
        /// The structure above the organization is frozen (`ad_org.isready`).
        const READY = 1;
        /// The organization is active (`ad_org.isactive`).
        const ACTIVE = 1 << 1;
        /// A legal entity, with or without accounting (`ad_orgtype.islegalentity`).
        const LEGAL_ENTITY = 1 << 2;
        /// A business unit (`ad_orgtype.isbusinessunit`).
        const BUSINESS_UNIT = 1 << 3;
        /// Documents may be made in the organization (`ad_orgtype.istransactionsallowed`).
        const TRANSACTIONS_ALLOWED = 1 << 4;
        /// The organization opens and closes its own periods (`ad_org.isperiodcontrolallowed`).
        const PERIOD_CONTROL = 1 << 5;
        /// A legal entity with accounting (`ad_orgtype.isacctlegalentity`).
        const ACCOUNTING = 1 << 6;
    }
}
