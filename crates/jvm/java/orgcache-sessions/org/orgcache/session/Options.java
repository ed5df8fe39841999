package org.orgcache.session;

import java.time.Duration;
import java.util.Objects;

/**
 * Where sessions are stored, and for how long. Each method changes these options and returns them. The
 * defaults suit an ERP with interactive users.
 */
public final class Options {
    private final String url;
    private String directUrl;
    private boolean migrates = true;
    private Duration idle = Duration.ofMinutes(30);
    private Duration absolute = Duration.ofHours(12);
    private long maxSessions = 1_000_000;
    private Long maxSessionsPerUser;
    private boolean endsOldest;
    private Duration flushInterval = Duration.ofSeconds(30);
    private Duration revalidateWithin = Duration.ofSeconds(5);
    private Duration failOpen;
    private boolean automaticRolesOfClient;

    private Options(String url) {
        this.url = url;
    }

    /**
     * Sessions in memory: for one process, until it ends.
     *
     * @return new options
     */
    public static Options inMemory() {
        return new Options(null);
    }

    /**
     * Sessions in a database, in their own tables. All nodes of a cluster share a PostgreSQL database; an
     * SQLite file belongs to one process.
     *
     * @param url {@code postgres://user:password@host/database} or {@code sqlite:file?mode=rwc}; not a JDBC
     * URL
     * @return new options
     */
    public static Options inDatabase(String url) {
        if (url.startsWith("jdbc:")) {
            throw new IllegalArgumentException("a JDBC URL: write postgres://user:password@host/database instead");
        }
        return new Options(url);
    }

    /**
     * The URL of the PostgreSQL server itself, if the first URL is that of a transaction-pooling proxy.
     *
     * @param server the URL
     * @return these options
     */
    public Options directUrl(String server) {
        directUrl = Objects.requireNonNull(server, "the URL of the server");
        return this;
    }

    /**
     * Does not migrate the tables, because an administrator does. By default, opening the session manager
     * creates or migrates them.
     *
     * @return these options
     */
    public Options withoutMigration() {
        migrates = false;
        return this;
    }

    /**
     * The most sessions in this process: 1,000,000.
     *
     * @param limit the number
     * @return these options
     */
    public Options maxSessions(int limit) {
        maxSessions = positive(limit);
        return this;
    }

    /**
     * The most sessions of one user in one client in this process: no limit.
     *
     * @param limit the number
     * @return these options
     */
    public Options maxSessionsPerUser(int limit) {
        maxSessionsPerUser = positive(limit);
        return this;
    }

    /**
     * At a limit, ends the oldest session. By default, the login is refused.
     *
     * @return these options
     */
    public Options endOldestAtLimit() {
        endsOldest = true;
        return this;
    }

    /**
     * Lets automatic roles work in all organizations of their client, as in Openbravo since October 2023. By
     * default, only their access rows count, as in Etendo and earlier versions of Openbravo.
     *
     * @return these options
     */
    public Options automaticRolesOfClient() {
        automaticRolesOfClient = true;
        return this;
    }

    /**
     * A session ends after this time without use: 30 minutes.
     *
     * @param time the time
     * @return these options
     */
    public Options idle(Duration time) {
        idle = notNegative(time);
        return this;
    }

    /**
     * A session ends after this total time: 12 hours.
     *
     * @param time the time
     * @return these options
     */
    public Options absolute(Duration time) {
        absolute = notNegative(time);
        return this;
    }

    /**
     * A revocation on another node takes effect here within this time: 5 seconds.
     *
     * @param time the time
     * @return these options
     */
    public Options revalidateWithin(Duration time) {
        revalidateWithin = notNegative(time);
        return this;
    }

    /**
     * How often the use of sessions is written to the store: 30 seconds.
     *
     * @param time the time
     * @return these options
     */
    public Options flushInterval(Duration time) {
        flushInterval = notNegative(time);
        return this;
    }

    /**
     * How long sessions stay valid while the store is unavailable: their idle time.
     *
     * @param time the time
     * @return these options
     */
    public Options failOpen(Duration time) {
        failOpen = notNegative(time);
        return this;
    }

    private static long positive(int number) {
        if (number < 1) {
            throw new IllegalArgumentException("a limit of " + number);
        }
        return number;
    }

    private static Duration notNegative(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("a time of " + time);
        }
        return time;
    }

    byte[] frame() {
        FrameWriter frame = new FrameWriter().text(url).text(directUrl).flag(migrates);
        frame.number(idle.toMillis()).number(absolute.toMillis()).number(maxSessions);
        frame.either(maxSessionsPerUser, frame::number).flag(endsOldest);
        frame.number(flushInterval.toMillis()).number(revalidateWithin.toMillis());
        frame.either(failOpen, time -> frame.number(time.toMillis())).flag(automaticRolesOfClient);
        return frame.finish();
    }
}
