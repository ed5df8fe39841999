package org.orgcache;

/**
 * The yes-or-no facts about an organization, one bit each. Combine them with {@code |}.
 *
 * <p>The four custom flags belong to the application: a tree stores them and gives them no meaning. Bits
 * without a name are refused.
 */
public final class OrgFlags {
    /** The structure above the organization is frozen ({@code ad_org.isready}). */
    public static final int READY = 1;
    /** The organization is active ({@code ad_org.isactive}). */
    public static final int ACTIVE = 1 << 1;
    /** A legal entity, with or without accounting ({@code ad_orgtype.islegalentity}). */
    public static final int LEGAL_ENTITY = 1 << 2;
    /** A business unit ({@code ad_orgtype.isbusinessunit}). */
    public static final int BUSINESS_UNIT = 1 << 3;
    /** Documents may be created in the organization ({@code ad_orgtype.istransactionsallowed}). */
    public static final int TRANSACTIONS_ALLOWED = 1 << 4;
    /** The organization opens and closes its own periods ({@code ad_org.isperiodcontrolallowed}). */
    public static final int PERIOD_CONTROL = 1 << 5;
    /** A legal entity with accounting ({@code ad_orgtype.isacctlegalentity}). */
    public static final int ACCOUNTING = 1 << 6;
    /** The first flag of the application. */
    public static final int CUSTOM_1 = 1 << 12;
    /** The second flag of the application. */
    public static final int CUSTOM_2 = 1 << 13;
    /** The third flag of the application. */
    public static final int CUSTOM_3 = 1 << 14;
    /** The fourth flag of the application. */
    public static final int CUSTOM_4 = 1 << 15;

    /** All flags. */
    static final int ALL = READY | ACTIVE | LEGAL_ENTITY | BUSINESS_UNIT | TRANSACTIONS_ALLOWED | PERIOD_CONTROL
        | ACCOUNTING | CUSTOM_1 | CUSTOM_2 | CUSTOM_3 | CUSTOM_4;

    private OrgFlags() {
    }
}
