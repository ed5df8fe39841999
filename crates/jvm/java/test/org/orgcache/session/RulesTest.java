package org.orgcache.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.orgcache.OrgRow;
import org.orgcache.Reference;

/** Sessions give the same answers in Java and in Rust, on random rows and on the sample's. */
class RulesTest {
    private static final int LOGINS = 400;

    private static final Logger LOGGER = Logger.getLogger("org.orgcache");

    @BeforeAll
    static void silenceFindings() {
        LOGGER.setUseParentHandlers(false);
    }

    @Test
    void randomLogins() throws Exception {
        int[] granted = new int[1];
        Reference.forEach("logins", 17, LOGINS, reference -> granted[0] += checkLogin(reference) ? 1 : 0);
        assertTrue(granted[0] > LOGINS / 10 && granted[0] < LOGINS, granted[0] + " logins got a session");
    }

    private static boolean checkLogin(Reference reference) throws IOException {
        List<OrgRow> rows = reference.rows();
        LoginFacts.User user = reference.flag() ? user(reference) : null;
        Map<String, LoginFacts.Role> roles = new HashMap<>();
        Map<String, String> clientsOfRoles = new HashMap<>();
        for (int count = reference.number(); count > 0; count--) {
            String id = reference.text();
            String client = reference.text();
            clientsOfRoles.put(id, client);
            roles.put(id, role(reference, id, client));
        }
        Map<String, LoginFacts.Client> clients = new HashMap<>();
        for (int count = reference.number(); count > 0; count--) {
            String id = reference.text();
            clients.put(id, new LoginFacts.Client(id, reference.flag()));
        }
        Options options = Options.inMemory();
        if (reference.flag()) {
            options.automaticRolesOfClient();
        }
        Principal principal = Principal.user(reference.text()).inRole(reference.text())
            .inClient(reference.text()).inOrg(reference.text());
        List<String> asked = reference.texts();
        OrgSource source = new OrgSource() {
            @Override
            public OptionalLong revision(String client) {
                return OptionalLong.empty();
            }

            @Override
            public Iterable<OrgRow> tree(String client) {
                return rows;
            }

            @Override
            public LoginFacts facts(Principal who) {
                String taken = user == null ? null : user.roleToTake(who);
                return new LoginFacts(user, roles.get(taken), clients.get(clientsOfRoles.get(taken)));
            }
        };
        String transcript;
        try (SessionManager sessions = SessionManager.open(options, source)) {
            transcript = transcript(sessions, principal, asked);
        }
        assertEquals(reference.text(), transcript);
        return !transcript.startsWith("refused");
    }

    private static LoginFacts.User user(Reference reference) throws IOException {
        String client = reference.text();
        boolean active = reference.flag();
        boolean locked = reference.flag();
        String defaultRole = reference.text();
        String defaultOrg = reference.text();
        List<LoginFacts.UserRole> links = new ArrayList<>();
        for (int count = reference.number(); count > 0; count--) {
            links.add(new LoginFacts.UserRole(reference.text(), reference.flag(), reference.flag()
                ? new LoginFacts.LinkedRole(reference.text(), reference.flag(), reference.flag()) : null));
        }
        return new LoginFacts.User("U", client, active, locked, defaultRole, defaultOrg, links);
    }

    private static LoginFacts.Role role(Reference reference, String id, String client) throws IOException {
        String level = reference.text();
        boolean manual = reference.flag();
        boolean active = reference.flag();
        List<LoginFacts.OrgAccess> accesses = new ArrayList<>();
        for (int count = reference.number(); count > 0; count--) {
            String org = reference.text();
            accesses.add(new LoginFacts.OrgAccess(org, reference.text(), reference.flag(), reference.flag()
                ? new LoginFacts.Organization(org, reference.text(), reference.flag()) : null));
        }
        List<LoginFacts.Organization> organizations = new ArrayList<>();
        for (int count = reference.number(); count > 0; count--) {
            organizations.add(new LoginFacts.Organization(reference.text(), reference.text(), reference.flag()));
        }
        return new LoginFacts.Role(id, client, level, manual, active, accesses, organizations);
    }

    /** All answers of a login and its session, in the format of the reference. */
    private static String transcript(SessionManager sessions, Principal principal, List<String> asked) {
        Login login;
        try {
            login = sessions.login(principal);
        } catch (SessionException refused) {
            assertEquals(SessionException.Reason.REFUSED, refused.reason(), refused.toString());
            return "refused " + refused.getMessage();
        }
        Session session = login.session();
        StringBuilder lines = new StringBuilder();
        line(lines, "user", session.user());
        line(lines, "role", session.role());
        line(lines, "client", session.client());
        line(lines, "org", session.org());
        line(lines, "tree", session.tree().fingerprint());
        line(lines, "readOnly", login.isReadOnly());
        line(lines, "replaced", login.replacedOrg().orElse("none"));
        for (String name : List.of("#AccessibleOrgTree", "#User_Org", "#User_Client", "#User_Level", "#AD_Org_ID",
            "#nothing")) {
            line(lines, name, session.variable(name));
        }
        line(lines, "readable", String.join(" ", session.readable()));
        line(lines, "writable", String.join(" ", session.writable()));
        line(lines, "clients", String.join(" ", session.readableClients()));
        for (String org : asked) {
            line(lines, "canRead", session.canRead(org));
            line(lines, "canWrite", session.canWrite(org));
            for (String other : asked) {
                line(lines, "mayReference", session.mayReference(org, other));
            }
        }
        return lines.toString();
    }

    private static void line(StringBuilder lines, String what, Object answer) {
        lines.append(what).append(' ').append(answer).append('\n');
    }

    @Test
    void theLoginsOfTheSampleOverJdbc() throws Exception {
        Reference lender = Reference.lend("sample-logins");
        URI url = URI.create(lender.text());
        String[] credentials = (url.getUserInfo() + ":").split(":", -1);
        Properties account = new Properties();
        account.setProperty("user", credentials[0]);
        account.setProperty("password", credentials[1]);
        String jdbc = "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath();
        List<String> asked = lender.texts();
        int sessionsMade = 0;
        try (Connection connection = DriverManager.getConnection(jdbc, account);
            SessionManager sessions = SessionManager.open(Options.inMemory(),
                new OpenbravoSource(() -> connection))) {
            for (int count = lender.number(); count > 0; count--) {
                Principal principal = Principal.user(lender.text()).inRole(lender.text());
                String expected = lender.text();
                assertEquals(expected, transcript(sessions, principal, asked), principal.toString());
                sessionsMade += expected.startsWith("refused") ? 0 : 1;
            }
        }
        assertTrue(sessionsMade > 5, sessionsMade + " sessions");
        lender.giveBack();
    }
}
