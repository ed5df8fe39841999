//! `OrgFlags`: the yes-or-no facts about an organization.

bitflags::bitflags! {
    /// The yes-or-no facts about an organization, one bit each.
    ///
    /// In Openbravo some belong to the organization (`ad_org`) and some to its type (`ad_orgtype`). Bits 12
    /// to 15 belong to the application: this crate stores them and gives them no meaning. Bits 7 to 11 have
    /// no meaning yet, and [`OrgStructure::build`](crate::OrgStructure::build) refuses them.
    ///
    /// # Memory
    /// 2 bytes. A tree stores 1 byte per organization unless an organization has one of the bits 8 to 15.
    ///
    /// # Examples
    /// ```
    /// use org_structure::OrgFlags;
    ///
    /// let flags = OrgFlags::READY | OrgFlags::LEGAL_ENTITY;
    /// assert!(flags.contains(OrgFlags::LEGAL_ENTITY));
    /// assert_eq!(flags.bits(), 0b101);
    /// ```
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
    pub struct OrgFlags: u16 {
        /// The structure above the organization is frozen (`ad_org.isready`).
        const READY = 1;
        /// The organization is active (`ad_org.isactive`).
        const ACTIVE = 1 << 1;
        /// A legal entity, with or without accounting (`ad_orgtype.islegalentity`).
        const LEGAL_ENTITY = 1 << 2;
        /// A business unit (`ad_orgtype.isbusinessunit`).
        const BUSINESS_UNIT = 1 << 3;
        /// Documents may be created in the organization (`ad_orgtype.istransactionsallowed`).
        const TRANSACTIONS_ALLOWED = 1 << 4;
        /// The organization opens and closes its own periods (`ad_org.isperiodcontrolallowed`).
        const PERIOD_CONTROL = 1 << 5;
        /// A legal entity with accounting (`ad_orgtype.isacctlegalentity`).
        const ACCOUNTING = 1 << 6;
        /// The first flag of the application.
        const CUSTOM_1 = 1 << 12;
        /// The second flag of the application.
        const CUSTOM_2 = 1 << 13;
        /// The third flag of the application.
        const CUSTOM_3 = 1 << 14;
        /// The fourth flag of the application.
        const CUSTOM_4 = 1 << 15;
    }
}
