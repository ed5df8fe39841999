package org.orgcache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.orgcache.openbravo.OrganizationStructures;

/**
 * Java and Rust produce the same results from the same rows and bytes, down to the last byte and the last
 * word of a message.
 */
class AgreementTest {
    /** How many trees to compare. ORGCACHE_TEST_JVM_TREES overrides the number. */
    private static final int TREES = Integer.getInteger("orgcache.trees", 10_000);

    @Test
    void sameBytesFromRandomRows() throws Exception {
        Reference.forEach("trees", 1, TREES, AgreementTest::compareTree);
    }

    @Test
    void sameBytesAtTheWidthBoundary() throws Exception {
        Reference.forEach("wide", 2, 4, AgreementTest::compareTree);
    }

    private static void compareTree(Reference reference) throws IOException {
        List<OrgRow> rows = reference.rows();
        if (reference.number() == 0) {
            assertEquals(reference.text(), refusal(rows));
            return;
        }
        byte[] bytes = reference.bytes();
        Built built = OrgStructure.build(rows);
        OrgStructure tree = built.structure();
        assertArrayEquals(bytes, tree.encode());
        assertEquals(reference.text(), tree.fingerprint());
        assertEquals(reference.texts(),
            built.findings().stream().map(Finding::toString).collect(Collectors.toList()));

        OrgStructure decoded = OrgStructure.decode(bytes);
        assertEquals(tree, decoded);
        assertEquals(tree.hashCode(), decoded.hashCode());
        Collections.reverse(rows);
        assertEquals(tree, OrgStructure.build(rows).structure());
    }

    private static String refusal(List<OrgRow> rows) {
        try {
            OrgStructure.build(rows);
            return "built";
        } catch (BuildException refusal) {
            return refusal.getMessage();
        }
    }

    @Test
    void sameVerdictsOnBytes() throws Exception {
        int[] verdicts = new int[2];
        Reference.forEach("bytes", 3, TREES, reference -> {
            byte[] bytes = reference.bytes();
            String expected = reference.number() == 1 ? "a tree" : reference.text();
            assertEquals(expected, verdict(bytes), () -> Arrays.toString(bytes));
            verdicts[expected.equals("a tree") ? 1 : 0]++;
        });
        // Both outcomes must be frequent, or the comparison shows little.
        assertEquals(0, Arrays.stream(verdicts).filter(count -> count < TREES / 20).count(), Arrays.toString(verdicts));
    }

    private static String verdict(byte[] bytes) {
        try {
            assertArrayEquals(bytes, OrgStructure.decode(bytes).encode());
            return "a tree";
        } catch (DecodeException refusal) {
            return refusal.getMessage();
        }
    }

    @Test
    void sameAnswersAsTheFacade() throws Exception {
        Reference.forEach("answers", 4, TREES / 4, reference -> {
            OrgStructure tree = OrgStructure.build(reference.rows()).structure();
            List<String> asked = reference.texts();
            String expected = reference.text();
            assertEquals(expected, transcript(new OrganizationStructures("client", tree), asked));
        });
    }

    static String transcript(OrganizationStructures provider, List<String> asked) {
        StringBuilder lines = new StringBuilder();
        for (String org : asked) {
            line(lines, "asked", one(org));
            line(lines, "getNaturalTree", all(provider.getNaturalTree(org)));
            line(lines, "getParentOrg", one(provider.getParentOrg(org)));
            line(lines, "getChildOrg", all(provider.getChildOrg(org)));
            for (boolean include : new boolean[] {true, false}) {
                line(lines, "getParentList", all(provider.getParentList(org, include)));
                line(lines, "getParentTree", all(provider.getParentTree(org, include)));
                line(lines, "getChildTree", all(provider.getChildTree(org, include)));
            }
            line(lines, "getLegalEntity", one(provider.getLegalEntity(org)));
            line(lines, "getBusinessUnit", one(provider.getBusinessUnit(org)));
            line(lines, "getLegalEntityOrBusinessUnit", one(provider.getLegalEntityOrBusinessUnit(org)));
            line(lines, "getPeriodControlAllowedOrganization",
                one(provider.getPeriodControlAllowedOrganization(org)));
            line(lines, "getCalendarOwner", one(provider.getCalendarOwner(org)));
            line(lines, "getChildLegalEntitesList", all(provider.getChildLegalEntitesList(org)));
            line(lines, "getTimeZone", one(provider.getTimeZone(org)));
            for (String other : asked) {
                line(lines, "isInNaturalTree", provider.isInNaturalTree(org, other));
                line(lines, "isOrgIncluded", provider.isOrgIncluded(org, other));
                line(lines, "isOrgInNaturalTree", provider.isOrgInNaturalTree(org, other));
            }
            List<Integer> records = Arrays.asList(new Integer[asked.size()]);
            for (int i = 0; i < asked.size(); i++) {
                records.set(i, i);
            }
            Integer closest = provider.getBOBInClosestOrg(records, AgreementTest::recordId, asked::get, org);
            line(lines, "getBOBInClosestOrg", one(closest == null ? null : recordId(closest)));
        }
        line(lines, "getLegalEntitiesList", all(provider.getLegalEntitiesList()));
        for (String separator : new String[] {",", ", "}) {
            String list = asked.stream().filter(org -> org != null).map(org -> "'" + org + "'")
                .collect(Collectors.joining(separator));
            line(lines, "getTransactionAllowedOrgs", provider.getTransactionAllowedOrgs(list));
        }
        return lines.toString();
    }

    private static String recordId(int record) {
        return String.format("%02d", 90 - record);
    }

    private static void line(StringBuilder lines, String method, Object answer) {
        lines.append(method).append(' ').append(answer).append('\n');
    }

    private static String one(String id) {
        return id == null ? "null" : "`" + id + "`";
    }

    private static String all(Collection<String> ids) {
        return ids.stream().map(AgreementTest::one).collect(Collectors.joining(" "));
    }
}
