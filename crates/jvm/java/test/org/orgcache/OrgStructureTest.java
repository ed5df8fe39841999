package org.orgcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Questions by index, and refused rows. */
class OrgStructureTest {
    private static final OrgStructure TREE = Trees.sample();

    @Test
    void answersLikeAWalk() {
        for (int one = 0; one < TREE.size(); one++) {
            List<String> path = new ArrayList<>();
            for (int above = one; above >= 0; above = TREE.parent(above)) {
                path.add(TREE.id(above));
            }
            assertEquals(path, TREE.pathToRoot(one, true));
            assertEquals(path.subList(1, path.size()), TREE.pathToRoot(one, false));
            assertEquals(path.size() - 1, TREE.depth(one));
            assertEquals(new HashSet<>(path), TREE.ancestors(one, true));
            assertEquals(one, TREE.indexOf(TREE.id(one)));
            Set<String> below = new HashSet<>();
            for (int other = 0; other < TREE.size(); other++) {
                boolean isAbove = path.contains(TREE.id(other));
                boolean isBelow = TREE.pathToRoot(other, true).contains(TREE.id(one));
                assertEquals(isAbove, TREE.isSelfOrBelow(one, other));
                assertEquals(isAbove || isBelow, TREE.isInNaturalTree(one, other));
                assertEquals(isAbove || isBelow, TREE.naturalTree(one).contains(TREE.id(other)));
                if (isBelow) {
                    below.add(TREE.id(other));
                }
            }
            assertEquals(below, TREE.descendants(one, true));
        }
        assertEquals(List.of("0", "other root"), TREE.roots());
    }

    @Test
    void nearestByAnyFlags() {
        int[] flags = {0, 1, 2, 4, 8, 16, 32, 64, 4 | 8, 4 | 1, 32 | 64 | 2, 127};
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            List<OrgRow> rows = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                String parent = i == 0 ? null : "" + random.nextInt(i);
                String calendar = random.nextInt(5) == 0 ? "C" + i : null;
                rows.add(new OrgRow("" + i, parent, random.nextInt(128) & random.nextInt(128), null, calendar));
            }
            OrgStructure tree = OrgStructure.build(rows).structure();
            for (int org = 0; org < tree.size(); org++) {
                for (int wanted : flags) {
                    int above = org;
                    while (above >= 0 && (tree.flags(above) & wanted) == 0) {
                        above = tree.parent(above);
                    }
                    assertEquals(above, tree.nearest(org, wanted));
                }
                int owner = org;
                while (owner >= 0 && tree.calendar(owner) == null) {
                    owner = tree.parent(owner);
                }
                assertEquals(owner, tree.nearestCalendarOwner(org));
            }
        }
    }

    @Test
    void outOfRangeIndicesAreNotInTheTree() {
        for (int outside : new int[] {-1, TREE.size(), Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertNull(TREE.id(outside));
            assertEquals(0, TREE.flags(outside));
            assertEquals(-1, TREE.parent(outside));
            assertEquals(-1, TREE.depth(outside));
            assertEquals(-1, TREE.nearest(outside, 127));
            assertEquals(-1, TREE.nearestCalendarOwner(outside));
            assertNull(TREE.timeZone(outside));
            assertNull(TREE.calendar(outside));
            assertEquals(Set.of(), TREE.naturalTree(outside));
            assertEquals(Set.of(), TREE.ancestors(outside, true));
            assertEquals(Set.of(), TREE.descendants(outside, true));
            assertEquals(Set.of(), TREE.children(outside));
            assertEquals(List.of(), TREE.pathToRoot(outside, true));
            assertEquals(List.of(), TREE.descendantsWithFlags(outside, 0));
            for (int other : new int[] {-1, 0, TREE.size() - 1, outside}) {
                assertFalse(TREE.isSelfOrBelow(outside, other));
                assertFalse(TREE.isSelfOrBelow(other, outside));
                assertFalse(TREE.isInNaturalTree(outside, other));
                assertFalse(TREE.isInNaturalTree(other, outside));
            }
        }
        assertEquals(-1, TREE.indexOf(null));
        assertEquals(-1, TREE.indexOf(""));
        assertEquals(-1, TREE.indexOf("x".repeat(1000)));
    }

    @Test
    void depthCostsNoStack() {
        OrgStructure tree = Trees.large(100_000, true);
        int bottom = tree.indexOf(Trees.id(99_999));
        assertEquals(99_999, tree.depth(bottom));
        assertEquals(100_000, tree.naturalTree(bottom).size());
        assertEquals(100_000, tree.pathToRoot(bottom, true).size());
        assertTrue(tree.isInNaturalTree(tree.indexOf(Trees.id(1)), bottom));
        assertEquals(tree, OrgStructure.decode(tree.encode()));
    }

    /** Ids with equal hash codes are easy to generate. They must not make a lookup scan all of them. */
    @Test
    void collidingIdsAreFound() {
        List<OrgRow> rows = new ArrayList<>();
        for (int number = 0; number < 1 << 16; number++) {
            StringBuilder id = new StringBuilder();
            for (int bit = 0; bit < 16; bit++) {
                id.append((number >> bit & 1) == 0 ? "Aa" : "BB");
            }
            assertEquals("Aa".repeat(16).hashCode(), id.toString().hashCode());
            rows.add(new OrgRow(id.toString(), null, 0));
        }
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            OrgStructure tree = OrgStructure.build(rows).structure();
            for (OrgRow row : rows) {
                assertEquals(row.id(), tree.id(tree.indexOf(row.id())));
            }
            assertEquals(-1, tree.indexOf("AaBB"));
            assertEquals(-1, tree.indexOf("Aa".repeat(15) + "C#"));
            assertEquals(tree, OrgStructure.decode(tree.encode()));
            rows.add(rows.get(77));
            assertEquals(List.of(rows.get(77).id()),
                assertThrows(BuildException.class, () -> OrgStructure.build(rows)).ids());
        });
    }

    @Test
    void refusalsNameTheIds() {
        assertRefused(BuildException.Reason.EMPTY_ID, List.of(), Trees.row("", null));
        assertRefused(BuildException.Reason.LONG_ID, List.of("x".repeat(33)), Trees.row("x".repeat(33), null));
        assertRefused(BuildException.Reason.DUPLICATE, List.of("a"), Trees.row("b", null), Trees.row("b", null),
            Trees.row("a", null), Trees.row("a", null));
        assertRefused(BuildException.Reason.SELF_PARENT, List.of("a"), Trees.row("b", "b"), Trees.row("a", "a"));
        assertRefused(BuildException.Reason.CYCLE, List.of("a", "z"), Trees.row("z", "a"), Trees.row("a", "z"),
            Trees.row("c", "b"), Trees.row("b", "c"), Trees.row("below", "z"));
        assertRefused(BuildException.Reason.UNPAIRED_SURROGATE, List.of("\ud83d"), Trees.row("\ud83d", null));
        assertRefused(BuildException.Reason.UNPAIRED_SURROGATE, List.of("a"),
            new OrgRow("a", null, 0, null, "\ude00\ud83d"));
        assertThrows(NullPointerException.class, () -> Trees.row(null, null));
        // A parent that cannot be an id is just a missing one.
        Finding finding = OrgStructure.build(List.of(Trees.row("0", "\ud83d"))).findings().get(0);
        assertEquals(Finding.Kind.DANGLING_PARENT, finding.kind());
        assertEquals(List.of("0"), finding.organizations());
        assertEquals("\ud83d", finding.parent());
    }

    private static void assertRefused(BuildException.Reason reason, List<String> ids, OrgRow... rows) {
        BuildException refusal = assertThrows(BuildException.class, () -> OrgStructure.build(Arrays.asList(rows)));
        assertEquals(reason, refusal.reason());
        assertEquals(ids, refusal.ids());
    }

    @Test
    void listsAreQuoted() {
        assertEquals("'0','O''Hara'", OrgStructure.quotedList(Arrays.asList("0", null, "O'Hara")));
        assertEquals("", OrgStructure.quotedList(List.of()));
    }

    @Test
    void customFlagsAreKeptAndUnknownOnesRefused() {
        OrgStructure tree = OrgStructure.build(List.of(new OrgRow("0", null, OrgFlags.ALL))).structure();
        assertEquals(OrgFlags.ALL, tree.flags(0));
        assertEquals(0, tree.nearest(0, OrgFlags.CUSTOM_4));
        assertEquals(tree, OrgStructure.decode(tree.encode()));
        assertRefused(BuildException.Reason.UNKNOWN_FLAGS, List.of("a"), new OrgRow("b", null, 1 << 7),
            new OrgRow("a", null, 1 << 16 | 1));
    }
}
