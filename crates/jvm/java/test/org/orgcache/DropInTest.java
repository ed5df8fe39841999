package org.orgcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openbravo.base.exception.OBException;
import org.openbravo.dal.core.OBContext;
import org.openbravo.dal.security.OrganizationStructureProvider;
import org.openbravo.dal.service.OBDal;
import org.openbravo.model.common.enterprise.Organization;

/** The class of the integration guide, compiled unchanged, over the sample rows in PostgreSQL. */
class DropInTest {
    private static final String CLIENT = "23C59575B9CF467C9620760EB255B389";
    private static final String GROUP = "19404EAD144C49A0AF37D54377CF452D";
    private static final String US = "2E60544D37534C0B89E765FE29BC0B43";
    private static final String EAST = "7BABA5FF80494CAFA54DEBD22EC46F01";
    private static final String WEST = "BAE22373FEBE4CCCA24517E23F0C8A48";
    private static final String SPAIN = "B843C30461EA4501935CB1D125C9C25A";
    private static final String SOUTH = "DC206C91AA6A4897B44DA897936E0EC3";
    private static final String NORTH = "E443A31992CB4635AFCAEABE7183CE85";

    private static final Map<String, List<String>> NATURAL_TREES = new LinkedHashMap<>();

    static {
        List<String> all = List.of("0", GROUP, US, EAST, WEST, SPAIN, SOUTH, NORTH);
        NATURAL_TREES.put("0", all);
        NATURAL_TREES.put(GROUP, all);
        NATURAL_TREES.put(US, List.of("0", GROUP, US, EAST, WEST));
        NATURAL_TREES.put(EAST, List.of("0", GROUP, US, EAST));
        NATURAL_TREES.put(WEST, List.of("0", GROUP, US, WEST));
        NATURAL_TREES.put(SPAIN, List.of("0", GROUP, SPAIN, SOUTH, NORTH));
        NATURAL_TREES.put(SOUTH, List.of("0", GROUP, SPAIN, SOUTH));
        NATURAL_TREES.put(NORTH, List.of("0", GROUP, SPAIN, NORTH));
    }

    private static final Logger LOGGER = Logger.getLogger("org.orgcache");

    private static Process lender;
    private static Connection connection;

    @BeforeAll
    static void connect() throws Exception {
        LOGGER.setUseParentHandlers(false);
        lender = new ProcessBuilder(System.getProperty("orgcache.reference"), "reference", "sample")
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        URI url = URI.create(new BufferedReader(new InputStreamReader(lender.getInputStream())).readLine());
        Properties user = new Properties();
        String[] credentials = (url.getUserInfo() + ":").split(":", -1);
        user.setProperty("user", credentials[0]);
        user.setProperty("password", credentials[1]);
        connection = DriverManager.getConnection(
            "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath(), user);
        OBDal.getInstance().connection = connection;
    }

    @AfterAll
    static void disconnect() throws Exception {
        if (connection != null) {
            connection.close();
        }
        lender.getOutputStream().close();
        assertEquals(0, lender.waitFor());
    }

    @BeforeEach
    void logIn() {
        OBContext.setOBContext(new OBContext(CLIENT));
        OBDal.getInstance().connections = 0;
        OBDal.getInstance().readAsAdministrator.clear();
    }

    private static OrganizationStructureProvider provider() {
        return OBContext.getOBContext().getOrganizationStructureProvider();
    }

    private static Organization org(String id) {
        return new Organization(id);
    }

    private static String id(Organization org) {
        return org == null ? null : org.getId();
    }

    private static List<String> ids(List<Organization> orgs) {
        return orgs.stream().map(DropInTest::id).collect(Collectors.toList());
    }

    private static void execute(String sql) throws Exception {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Test
    void theSessionsOfTheGuide() throws Exception {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(printed));
            // A class without a package cannot be imported.
            Class.forName("Sessions").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(console);
        }
        assertEquals(String.format("100 reads from 5 organizations%n"), printed.toString());
        assertEquals(2, OBDal.getInstance().connections);
    }

    @Test
    void naturalTreesOfTheSample() {
        NATURAL_TREES.forEach((org, expected) -> {
            assertEquals(new HashSet<>(expected), provider().getNaturalTree(org));
            for (String other : NATURAL_TREES.keySet()) {
                boolean related = expected.contains(other);
                assertEquals(related, provider().isInNaturalTree(org(org), org(other)), org + " and " + other);
            }
        });
        assertEquals(Set.of("unknown"), provider().getNaturalTree("unknown"));
        assertTrue(provider().isInNaturalTree(org("0"), org("unknown")));
        assertFalse(provider().isInNaturalTree(org(EAST), org(null)));
    }

    @Test
    void everyOtherMethodOnTheSample() {
        OrganizationStructureProvider provider = provider();
        assertEquals(CLIENT, provider.getClientId());
        assertEquals(List.of(EAST, US, GROUP, "0"), provider.getParentList(EAST, true));
        assertEquals(Set.of(US, GROUP, "0"), provider.getParentTree(EAST, false));
        assertEquals(US, provider.getParentOrg(EAST));
        assertEquals(US, id(provider.getParentOrg(org(EAST))));
        assertNull(provider.getParentOrg(org("0")));
        assertEquals(Set.of(US, SPAIN), provider.getChildOrg(GROUP));
        assertEquals(Set.of(US, EAST, WEST), provider.getChildTree(US, true));
        assertEquals(US, id(provider.getLegalEntity(org(WEST))));
        assertNull(provider.getLegalEntity(org(GROUP)));
        assertEquals(SPAIN, id(provider.getLegalEntityOrBusinessUnit(org(NORTH))));
        assertEquals(SPAIN, id(provider.getPeriodControlAllowedOrganization(org(SOUTH))));
        assertEquals(List.of(US, SPAIN), ids(provider.getChildLegalEntitesList(org(GROUP))));
        assertEquals(List.of(US, SPAIN), ids(provider.getLegalEntitiesList()));
        assertEquals(List.of(US, SPAIN), ids(new OrganizationStructureProvider()
            .getLegalEntitiesListForSelectedClient(CLIENT)));
        assertEquals(List.of(), provider.getLegalEntitiesListForSelectedClient(null));
        assertNotEquals(List.of(), provider.getLegalEntitiesListForSelectedClient("4028E6C72959682B01295A070852010D"));
        assertEquals("'" + EAST + "','" + US + "'",
            provider.getTransactionAllowedOrgs("'0','" + EAST + "'," + US + ",'unknown'"));
        assertFalse(OBContext.getOBContext().isInAdministratorMode());
        assertEquals(List.of(US, SPAIN, SPAIN, US, SPAIN), OBDal.getInstance().readAsAdministrator);
    }

    @Test
    void aNewInstanceReadsTheSessionNotTheDatabase() {
        provider().getNaturalTree(US);
        assertEquals(1, OBDal.getInstance().connections);
        for (int i = 0; i < 100; i++) {
            assertEquals(US, new OrganizationStructureProvider().getParentOrg(EAST));
        }
        assertEquals(1, OBDal.getInstance().connections);
        // Another client's tree is read once too.
        for (int i = 0; i < 3; i++) {
            OrganizationStructureProvider other = new OrganizationStructureProvider();
            other.setClientId("4028E6C72959682B01295A070852010D");
            assertNull(other.getParentOrg(EAST));
        }
        assertEquals(2, OBDal.getInstance().connections);
    }

    @Test
    void aSessionKeepsItsTreeUntilItReadsAgain() throws Exception {
        OBContext before = OBContext.getOBContext();
        OrganizationStructureProvider held = provider();
        assertEquals(US, held.getParentOrg(WEST));
        connection.setAutoCommit(false);
        try {
            execute("UPDATE ad_treenode SET parent_id = '" + SPAIN + "' WHERE node_id = '" + WEST + "'");
            assertEquals(US, held.getParentOrg(WEST));
            assertEquals(US, new OrganizationStructureProvider().getParentOrg(WEST));
            OBContext.setOBContext(new OBContext(CLIENT));
            assertEquals(SPAIN, new OrganizationStructureProvider().getParentOrg(WEST));
            held.reInitialize();
            assertEquals(SPAIN, held.getParentOrg(WEST));
            // Once the provider of a session has read the tree again, its new instances use the new tree.
            OBContext.setOBContext(before);
            assertEquals(SPAIN, new OrganizationStructureProvider().getParentOrg(WEST));
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
        // Uncommitted rows stay with the sessions that read them.
        OBContext.setOBContext(new OBContext(CLIENT));
        assertEquals(US, provider().getParentOrg(WEST));
    }

    @Test
    void requestsOfOneSessionReadItsTreeOnce() throws Exception {
        OBContext context = OBContext.getOBContext();
        OrganizationStructureProvider session = provider();
        ExecutorService requests = Executors.newFixedThreadPool(8);
        try {
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                OrganizationStructureProvider asked = i % 2 == 0 ? session : new OrganizationStructureProvider();
                answers.add(requests.submit(() -> {
                    OBContext.setOBContext(context);
                    return asked.getParentOrg(EAST);
                }));
            }
            for (Future<String> answer : answers) {
                assertEquals(US, answer.get());
            }
        } finally {
            requests.shutdownNow();
        }
        assertEquals(1, OBDal.getInstance().connections);
    }

    @Test
    void anotherClientComesWithItsTree() {
        OrganizationStructureProvider provider = new OrganizationStructureProvider();
        assertEquals(US, provider.getParentOrg(EAST));
        provider.setClientId("4028E6C72959682B01295A070852010D");
        assertNull(provider.getParentOrg(EAST));
        provider.setClientId(null);
        assertEquals(US, provider.getParentOrg(EAST));
        assertEquals(CLIENT, provider.getClientId());
    }

    @Test
    void withoutAContextTheClientIsEnough() {
        OBContext.setOBContext(null);
        OrganizationStructureProvider provider = new OrganizationStructureProvider();
        provider.setClientId(CLIENT);
        assertEquals(Set.of(SOUTH, NORTH), provider.getChildOrg(SPAIN));
    }

    @Test
    void setsBelongToTheCaller() {
        Set<String> orgs = provider().getNaturalTree(EAST);
        assertTrue(orgs.removeAll(provider().getParentTree(EAST, false)));
        assertEquals(Set.of(EAST), orgs);
        assertEquals(new HashSet<>(NATURAL_TREES.get(EAST)), provider().getNaturalTree(EAST));
        // Unlike collections of `List.of`, these accept null.
        assertTrue(provider().getParentList(null, true).contains(null));
        assertTrue(provider().getChildOrg(EAST).add(null));
    }

    @Test
    void aPassivatedSessionKeepsItsTree() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        provider().getNaturalTree(US);
        try (ObjectOutputStream stream = new ObjectOutputStream(bytes)) {
            stream.writeObject(provider());
        }
        int connections = OBDal.getInstance().connections;
        try (ObjectInputStream stream = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            OrganizationStructureProvider back = (OrganizationStructureProvider) stream.readObject();
            assertEquals(new HashSet<>(NATURAL_TREES.get(US)), back.getNaturalTree(US));
            assertEquals(CLIENT, back.getClientId());
        }
        assertEquals(connections, OBDal.getInstance().connections);
    }

    @Test
    void databaseFailuresReachTheCallerAndAreNotCached() throws Exception {
        OrganizationStructureProvider provider = provider();
        execute("ALTER TABLE ad_treenode RENAME TO hidden");
        try {
            assertThrows(OBException.class, () -> provider.getNaturalTree(US));
        } finally {
            execute("ALTER TABLE hidden RENAME TO ad_treenode");
        }
        assertEquals(new HashSet<>(NATURAL_TREES.get(US)), provider.getNaturalTree(US));
    }

    @Test
    void findingsAreLoggedOncePerTree() throws Exception {
        List<String> warnings = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                warnings.add(record.getMessage());
            }

            @Override
            public void flush() {
                // Nothing is buffered.
            }

            @Override
            public void close() {
                // No resource to close.
            }
        };
        LOGGER.addHandler(handler);
        connection.setAutoCommit(false);
        try {
            execute("UPDATE ad_treenode SET parent_id = 'gone' WHERE node_id = '" + WEST + "'");
            OrganizationStructureProvider first = provider();
            assertNull(first.getParentOrg(WEST));
            OBContext.setOBContext(new OBContext(CLIENT));
            assertNull(provider().getParentOrg(WEST));
            assertNull(first.getParentOrg(WEST));
            assertEquals(2, warnings.size(), warnings.toString());
            assertEquals("client `" + CLIENT + "`: parent `gone` of organization `" + WEST
                + "` is not in the tree; `" + WEST + "` is a root here", warnings.get(0));
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
            LOGGER.removeHandler(handler);
        }
    }

    /**
     * Two organization trees in one client: the tree that the client names counts, as in the Rust reader.
     */
    @Test
    void theTreeThatTheClientNamesCounts() throws Exception {
        connection.setAutoCommit(false);
        try {
            execute("INSERT INTO ad_tree (ad_tree_id, ad_client_id, name, treetype, ad_table_id) VALUES ('0', '"
                + CLIENT + "', 'other', 'OO', '155')");
            execute("INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id, parent_id) VALUES ('n1', '0', '"
                + EAST + "', NULL), ('n2', '0', '0', '" + EAST + "')");
            assertEquals(new HashSet<>(NATURAL_TREES.get(EAST)), provider().getNaturalTree(EAST));
            execute("UPDATE ad_clientinfo SET ad_tree_org_id = NULL WHERE ad_client_id = '" + CLIENT + "'");
            provider().reInitialize();
            assertEquals(Set.of("0"), provider().getChildOrg(EAST));
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    /**
     * Rows that no installation has, in tables without its constraints, compared with the Rust facade.
     */
    @Test
    void sameAnswersAsTheFacadeOnRandomTrees() throws Exception {
        execute("CREATE SCHEMA random; SET search_path TO random; CREATE TABLE ad_clientinfo (ad_client_id text,"
            + " ad_tree_org_id text); CREATE TABLE ad_tree (ad_tree_id text, ad_client_id text, ad_table_id text);"
            + " CREATE TABLE ad_treenode (ad_tree_id text, node_id text, parent_id text); CREATE TABLE ad_org"
            + " (ad_org_id text, ad_orgtype_id text, isready text, isactive text, isperiodcontrolallowed text,"
            + " c_calendar_id text); CREATE TABLE ad_orgtype (ad_orgtype_id text, islegalentity text, isbusinessunit"
            + " text, istransactionsallowed text, isacctlegalentity text)");
        execute("INSERT INTO ad_tree VALUES ('T', '" + CLIENT + "', '155')");
        connection.setAutoCommit(false);
        try {
            Reference.forEach("answers", 5, 150, reference -> {
                List<OrgRow> rows = reference.rows();
                List<String> asked = reference.texts();
                String expected = reference.text();
                try {
                    insert(rows);
                    OBContext.setOBContext(new OBContext(CLIENT));
                    assertEquals(transcript(provider(), asked), known(expected));
                    connection.rollback();
                } catch (Exception failure) {
                    throw new IllegalStateException(failure);
                }
            });
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
            execute("SET search_path TO DEFAULT");
        }
    }

    private static void insert(List<OrgRow> rows) throws Exception {
        insert(rows, "INSERT INTO ad_treenode VALUES ('T', ?, ?)", row -> Arrays.asList(row.id(), row.parent()));
        insert(rows, "INSERT INTO ad_org VALUES (?, ?, ?, ?, ?, ?)", row -> Arrays.asList(row.id(), row.id(),
            flag(row, OrgFlags.READY), flag(row, OrgFlags.ACTIVE), flag(row, OrgFlags.PERIOD_CONTROL),
            row.calendar()));
        insert(rows, "INSERT INTO ad_orgtype VALUES (?, ?, ?, ?, ?)", row -> Arrays.asList(row.id(),
            flag(row, OrgFlags.LEGAL_ENTITY), flag(row, OrgFlags.BUSINESS_UNIT),
            flag(row, OrgFlags.TRANSACTIONS_ALLOWED), flag(row, OrgFlags.ACCOUNTING)));
    }

    private static void insert(List<OrgRow> rows, String sql, Function<OrgRow, List<String>> values)
        throws Exception {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (OrgRow row : rows) {
                int place = 0;
                for (String value : values.apply(row)) {
                    statement.setString(++place, value);
                }
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    private static String flag(OrgRow row, int flag) {
        return (row.flags() & flag) != 0 ? "Y" : "N";
    }

    /** The lines of a transcript for which the provider has a method. */
    private static String known(String transcript) {
        Set<String> missing = Set.of("getBusinessUnit", "getCalendarOwner", "getTimeZone", "isOrgIncluded",
            "isOrgInNaturalTree", "getBOBInClosestOrg");
        return Arrays.stream(transcript.split("\n")).filter(line -> !missing.contains(line.split(" ", 2)[0]))
            .collect(Collectors.joining("\n", "", "\n"));
    }

    private static String transcript(OrganizationStructureProvider provider, List<String> asked) {
        List<String> lines = new ArrayList<>();
        for (String org : asked) {
            lines.add("asked " + one(org));
            lines.add("getNaturalTree " + all(provider.getNaturalTree(org)));
            lines.add("getParentOrg " + one(provider.getParentOrg(org)));
            assertEquals(provider.getParentOrg(org), id(provider.getParentOrg(org(org))));
            lines.add("getChildOrg " + all(provider.getChildOrg(org)));
            for (boolean include : new boolean[] {true, false}) {
                lines.add("getParentList " + all(provider.getParentList(org, include)));
                lines.add("getParentTree " + all(provider.getParentTree(org, include)));
                lines.add("getChildTree " + all(provider.getChildTree(org, include)));
            }
            lines.add("getLegalEntity " + one(id(provider.getLegalEntity(org(org)))));
            lines.add("getLegalEntityOrBusinessUnit " + one(id(provider.getLegalEntityOrBusinessUnit(org(org)))));
            lines.add("getPeriodControlAllowedOrganization "
                + one(id(provider.getPeriodControlAllowedOrganization(org(org)))));
            lines.add("getChildLegalEntitesList " + all(ids(provider.getChildLegalEntitesList(org(org)))));
            for (String other : asked) {
                lines.add("isInNaturalTree " + provider.isInNaturalTree(org(org), org(other)));
            }
        }
        lines.add("getLegalEntitiesList " + all(ids(provider.getLegalEntitiesList())));
        for (String separator : new String[] {",", ", "}) {
            String list = asked.stream().filter(org -> org != null).map(org -> "'" + org + "'")
                .collect(Collectors.joining(separator));
            lines.add("getTransactionAllowedOrgs " + provider.getTransactionAllowedOrgs(list));
        }
        return String.join("\n", lines) + "\n";
    }

    private static String one(String id) {
        return id == null ? "null" : "`" + id + "`";
    }

    private static String all(Collection<String> ids) {
        return ids.stream().map(DropInTest::one).collect(Collectors.joining(" "));
    }
}
