package org.orgcache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The golden vectors of the format, which every implementation passes. */
class GoldenTest {
    private static final Path FOLDER = Path.of(System.getProperty("orgcache.golden"));

    @Test
    void treesMatchTheGoldenVectors() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(FOLDER)) {
            files = all.filter(file -> file.toString().endsWith(".json"))
                .filter(file -> !file.getFileName().toString().startsWith("refused")).sorted()
                .collect(Collectors.toList());
        }
        assertTrue(files.size() >= 12, files.toString());
        for (Path file : files) {
            check(file.getFileName().toString(), object(read(file)));
        }
    }

    private static void check(String name, Map<String, Object> vector) {
        Built built = OrgStructure.build(rows(vector));
        OrgStructure tree = built.structure();
        byte[] bytes = tree.encode();
        assertEquals(vector.get("size"), (long) bytes.length, name);
        assertEquals(vector.get("fingerprint"), tree.fingerprint(), name);
        assertEquals(vector.get("findings"),
            built.findings().stream().map(GoldenTest::finding).collect(Collectors.toList()), name);
        if (vector.containsKey("canonical")) {
            assertArrayEquals(bytes((String) vector.get("canonical")), bytes, name);
        }
        OrgStructure decoded = OrgStructure.decode(bytes);
        assertEquals(tree, decoded, name);
        for (Object answers : (List<?>) vector.get("organizations")) {
            checkAnswers(name, object(answers), tree);
            checkAnswers(name, object(answers), decoded);
        }
    }

    private static Map<String, Object> finding(Finding finding) {
        switch (finding.kind()) {
            case DANGLING_PARENT:
                return Map.of("finding", "DanglingParent", "org", finding.organizations().get(0), "parent",
                    finding.parent());
            case SEVERAL_ROOTS:
                return Map.of("finding", "SeveralRoots", "roots", finding.organizations());
            default:
                return Map.of("finding", "NoOrganizationZero");
        }
    }

    private static void checkAnswers(String name, Map<String, Object> answers, OrgStructure tree) {
        int org = number(answers.get("rank"));
        String where = name + " at " + org;
        assertEquals(answers.get("id"), tree.id(org), where);
        assertEquals(org, tree.indexOf((String) answers.get("id")), where);
        assertEquals(number(answers.get("parent")), tree.parent(org), where);
        assertEquals(number(answers.get("flags")), tree.flags(org), where);
        assertEquals(answers.get("time_zone"), tree.timeZone(org), where);
        assertEquals(answers.get("calendar"), tree.calendar(org), where);
        assertEquals(number(answers.get("depth")), tree.depth(org), where);
        assertEquals(number(answers.get("legal_entity")), tree.nearest(org, OrgFlags.LEGAL_ENTITY), where);
        assertEquals(number(answers.get("business_unit")), tree.nearest(org, OrgFlags.BUSINESS_UNIT), where);
        assertEquals(number(answers.get("legal_entity_or_business_unit")),
            tree.nearest(org, OrgFlags.LEGAL_ENTITY | OrgFlags.BUSINESS_UNIT), where);
        assertEquals(number(answers.get("period_control")), tree.nearest(org, OrgFlags.PERIOD_CONTROL), where);
        assertEquals(number(answers.get("accounting")), tree.nearest(org, OrgFlags.ACCOUNTING), where);
        assertEquals(number(answers.get("calendar_owner")), tree.nearestCalendarOwner(org), where);

        List<String> children = ((List<?>) answers.get("children")).stream()
            .map(child -> tree.id(number(child))).collect(Collectors.toList());
        assertEquals(children, new ArrayList<>(tree.children(org)), where);
        checkRanges(answers.get("ancestors"), tree.ancestors(org, false), tree, where);
        checkRanges(answers.get("descendants"), tree.descendants(org, false), tree, where);
        checkRanges(answers.get("natural_tree"), tree.naturalTree(org), tree, where);
    }

    private static void checkRanges(Object ranges, Set<String> actual, OrgStructure tree, String where) {
        Set<String> expected = new LinkedHashSet<>();
        for (Object range : (List<?>) ranges) {
            for (int org = number(((List<?>) range).get(0)); org < number(((List<?>) range).get(1)); org++) {
                expected.add(tree.id(org));
            }
        }
        assertEquals(new ArrayList<>(expected), new ArrayList<>(actual), where);
        assertTrue(actual.containsAll(expected), where);
    }

    @Test
    void bytesOfRefusedVectorsAreRefused() throws IOException {
        List<?> vectors = (List<?>) read(FOLDER.resolve("refused.json"));
        assertTrue(vectors.size() >= 40, vectors.size() + " vectors");
        for (Object each : vectors) {
            Map<String, Object> vector = object(each);
            String name = (String) vector.get("name");
            byte[] bytes = bytes((String) vector.get("bytes"));
            DecodeException refusal = assertThrows(DecodeException.class, () -> OrgStructure.decode(bytes), name);
            String reason = refusal.reason().toString().toLowerCase();
            String kind = List.of("older", "newer").contains(reason) ? reason : "damaged";
            assertEquals(vector.get("kind"), kind, name);
        }
    }

    @Test
    void rowsOfRefusedVectorsAreRefused() throws IOException {
        List<?> vectors = (List<?>) read(FOLDER.resolve("refused-rows.json"));
        assertTrue(vectors.size() >= 7, vectors.size() + " vectors");
        for (Object each : vectors) {
            Map<String, Object> vector = object(each);
            String name = (String) vector.get("name");
            BuildException refusal =
                assertThrows(BuildException.class, () -> OrgStructure.build(rows(vector)), name);
            String reason = refusal.reason().toString();
            if (vector.get("error").equals("Id")) {
                assertTrue(List.of("EMPTY_ID", "LONG_ID").contains(reason), name);
            } else {
                assertEquals(((String) vector.get("error")).toLowerCase(),
                    reason.replace("_", "").toLowerCase(), name);
                assertEquals(vector.get("ids"), refusal.ids(), name);
            }
        }
    }

    private static List<OrgRow> rows(Map<String, Object> vector) {
        List<OrgRow> rows = new ArrayList<>();
        if (vector.containsKey("rule")) {
            Map<String, Object> rule = object(vector.get("rule"));
            int fanOut = number(rule.get("fan_out"));
            for (int i = 0; i < number(rule.get("count")); i++) {
                String parent = i == 0 ? null : String.format("%032X", (i - 1) / fanOut);
                rows.add(new OrgRow(String.format("%032X", i), parent, i % 128));
            }
            return rows;
        }
        for (Object each : (List<?>) vector.get("rows")) {
            Map<String, Object> row = object(each);
            int flags = row.containsKey("flags") ? number(row.get("flags")) : 0;
            rows.add(new OrgRow((String) row.get("id"), (String) row.get("parent"), flags,
                (String) row.get("time_zone"), (String) row.get("calendar")));
        }
        return rows;
    }

    private static Object read(Path file) throws IOException {
        return Json.read(Files.readString(file));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    /** A number, or -1 for null. */
    private static int number(Object value) {
        return value == null ? -1 : Math.toIntExact((Long) value);
    }

    private static byte[] bytes(String digits) {
        byte[] bytes = new byte[digits.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(digits.substring(2 * i, 2 * i + 2), 16);
        }
        return bytes;
    }
}
