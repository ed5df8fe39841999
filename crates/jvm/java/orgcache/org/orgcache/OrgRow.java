package org.orgcache;

import java.util.Objects;

/** One organization as a row of a database. A tree is built from rows in any order. */
public final class OrgRow {
    private final String id;
    private final String parent;
    private final int flags;
    private final String timeZone;
    private final String calendar;

    /**
     * A row without a time zone and a calendar.
     *
     * @param id the organization's id
     * @param parent the id of the organization directly above, or null for a root
     * @param flags the {@link OrgFlags} that are set
     */
    public OrgRow(String id, String parent, int flags) {
        this(id, parent, flags, null, null);
    }

    /**
     * A row.
     *
     * @param id the organization's id
     * @param parent the id of the organization directly above, or null for a root
     * @param flags the {@link OrgFlags} that are set
     * @param timeZone the organization's own IANA time zone ({@code ad_org.timezone}), or null
     * @param calendar the organization's own calendar ({@code ad_org.c_calendar_id}), or null
     */
    public OrgRow(String id, String parent, int flags, String timeZone, String calendar) {
        this.id = Objects.requireNonNull(id, "an organization has an id");
        this.parent = parent;
        this.flags = flags;
        this.timeZone = timeZone;
        this.calendar = calendar;
    }

    /**
     * The organization's id.
     *
     * @return the id
     */
    public String id() {
        return id;
    }

    /**
     * The id of the organization directly above.
     *
     * @return the parent's id, or null for a root
     */
    public String parent() {
        return parent;
    }

    /**
     * The {@link OrgFlags} that are set.
     *
     * @return the flags
     */
    public int flags() {
        return flags;
    }

    /**
     * The organization's own time zone.
     *
     * @return the IANA name, or null
     */
    public String timeZone() {
        return timeZone;
    }

    /**
     * The organization's own calendar.
     *
     * @return the calendar's id, or null
     */
    public String calendar() {
        return calendar;
    }
}
