package org.orgcache.session;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.orgcache.OrgFlags;
import org.orgcache.OrgRow;

/** An in-memory ERP: one user in one role, and an organization tree that tests change. */
class Erp implements OrgSource {
    static final String USER = "U";
    static final String ROLE = "R";
    static final String CLIENT = "C";

    final List<OrgRow> rows = new CopyOnWriteArrayList<>();
    final List<String> granted = new CopyOnWriteArrayList<>(List.of("Spain"));
    final AtomicInteger asked = new AtomicInteger();
    final AtomicInteger loads = new AtomicInteger();
    final AtomicInteger revisions = new AtomicInteger();
    volatile OptionalLong revision = OptionalLong.empty();

    Erp() {
        rows.add(new OrgRow("0", null, OrgFlags.READY));
        rows.add(new OrgRow("Spain", "0", OrgFlags.READY | OrgFlags.LEGAL_ENTITY));
        rows.add(new OrgRow("Madrid", "Spain", OrgFlags.READY));
        rows.add(new OrgRow("USA", "0", OrgFlags.READY));
    }

    @Override
    public OptionalLong revision(String client) throws Exception {
        revisions.incrementAndGet();
        return revision;
    }

    @Override
    public Iterable<OrgRow> tree(String client) throws Exception {
        loads.incrementAndGet();
        return rows;
    }

    @Override
    public LoginFacts facts(Principal principal) throws Exception {
        asked.incrementAndGet();
        List<LoginFacts.UserRole> links = new ArrayList<>();
        for (String role : List.of(ROLE, "R2")) {
            links.add(new LoginFacts.UserRole(role, true, new LoginFacts.LinkedRole(CLIENT, true, true)));
        }
        LoginFacts.User user =
            new LoginFacts.User(principal.user(), CLIENT, true, false, ROLE, null, links);
        String role = user.roleToTake(principal);
        List<LoginFacts.OrgAccess> accesses = new ArrayList<>();
        for (String org : granted) {
            accesses.add(new LoginFacts.OrgAccess(org, CLIENT, true, new LoginFacts.Organization(org, CLIENT, true)));
        }
        return new LoginFacts(user, new LoginFacts.Role(role, CLIENT, "  O", true, true, accesses, List.of()),
            new LoginFacts.Client(CLIENT, true));
    }

    static Principal principal() {
        return Principal.user(USER);
    }
}
