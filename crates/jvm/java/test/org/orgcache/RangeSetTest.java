package org.orgcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.ConcurrentModificationException;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * The sets of a tree behave as the {@link LinkedHashSet} of the same ids, for each sequence of calls.
 */
class RangeSetTest {
    private static final OrgStructure TREE = Trees.sample();

    private static List<Set<String>> sets() {
        List<Set<String>> sets = new ArrayList<>();
        for (int org = -1; org <= TREE.size(); org++) {
            sets.addAll(List.of(TREE.naturalTree(org), TREE.children(org), TREE.ancestors(org, true),
                TREE.ancestors(org, false), TREE.descendants(org, true), TREE.descendants(org, false)));
        }
        return sets;
    }

    /** Makes the same call on each set and on its twin, and compares everything observable. */
    private static void compare(Function<Set<String>, Object> change) {
        for (Set<String> set : sets()) {
            Set<String> twin = new LinkedHashSet<>(set);
            assertEquals(outcome(change, twin), outcome(change, set));
            compare(twin, set);
        }
    }

    private static Object outcome(Function<Set<String>, Object> change, Set<String> set) {
        try {
            return change.apply(set);
        } catch (ConcurrentModificationException | IllegalStateException | NoSuchElementException failure) {
            return failure.getClass();
        }
    }

    private static void compare(Set<String> twin, Set<String> set) {
        assertEquals(twin, set);
        assertEquals(set, twin);
        assertEquals(twin.hashCode(), set.hashCode());
        assertEquals(twin.size(), set.size());
        assertEquals(twin.isEmpty(), set.isEmpty());
        assertEquals(twin.toString(), set.toString());
        assertEquals(Arrays.asList(twin.toArray()), Arrays.asList(set.toArray(new String[0])));
        assertEquals(new ArrayList<>(twin), new ArrayList<>(set));
        List<String> asked = new ArrayList<>(List.of("", "0", "unknown", "A", "A1"));
        asked.add(null);
        asked.forEach(id -> assertEquals(twin.contains(id), set.contains(id)));
        assertFalse(set.contains(1));
    }

    @Test
    void readsLikeASet() {
        compare(Set::size);
    }

    @Test
    void addsAndRemoves() {
        for (String id : new String[] {"0", "A", "A1", "unknown", "", null}) {
            compare(set -> set.add(id));
            compare(set -> set.remove(id));
            compare(set -> set.add(id) && set.add(id));
            compare(set -> set.remove(id) && set.add(id) && set.remove(id));
        }
        compare(set -> set.remove(1));
    }

    @Test
    void changesInBulk() {
        List<String> some = new ArrayList<>(Arrays.asList("A", "B1", "0", null, "unknown"));
        compare(set -> set.addAll(some));
        compare(set -> set.removeAll(some));
        compare(set -> set.removeAll(new HashSet<>(TREE.naturalTree(0))));
        compare(set -> set.retainAll(some));
        compare(set -> set.containsAll(some));
        compare(set -> set.removeIf(id -> id.startsWith("A")));
        compare(set -> set.removeAll(TREE.naturalTree(TREE.indexOf("A"))));
        compare(set -> {
            set.clear();
            return set.addAll(some);
        });
    }

    @Test
    void changesByItself() {
        compare(set -> set.addAll(set));
        compare(set -> set.retainAll(set));
        compare(set -> set.containsAll(set));
        compare(set -> set.removeAll(set));
        compare(set -> set.add("other") && set.removeAll(set));
    }

    @Test
    void iteratorsRemove() {
        for (int kept = 0; kept < 4; kept++) {
            int keep = kept;
            compare(set -> {
                int place = 0;
                List<String> seen = new ArrayList<>();
                for (Iterator<String> ids = set.iterator(); ids.hasNext();) {
                    seen.add(ids.next());
                    if (place++ % 4 != keep) {
                        ids.remove();
                    }
                }
                return seen;
            });
        }
        compare(set -> {
            set.iterator().remove();
            return true;
        });
        compare(set -> {
            Iterator<String> ids = set.iterator();
            ids.next();
            ids.remove();
            ids.remove();
            return true;
        });
        compare(set -> {
            Iterator<String> ids = set.iterator();
            while (ids.hasNext()) {
                ids.next();
            }
            return ids.next();
        });
    }

    @Test
    void iteratorsNoticeChanges() {
        for (Set<String> set : List.of(TREE.naturalTree(0), new LinkedHashSet<>(TREE.naturalTree(0)))) {
            Iterator<String> first = set.iterator();
            first.next();
            Iterator<String> second = set.iterator();
            second.next();
            second.remove();
            assertThrows(ConcurrentModificationException.class, first::next);
            assertThrows(ConcurrentModificationException.class, first::remove);
            assertTrue(second.hasNext());
        }
    }

    /** A call that changes nothing keeps a view a view: its iterators stay valid. */
    @Test
    void iteratorsSurviveCallsThatChangeNothing() {
        compare(set -> {
            Iterator<String> ids = set.iterator();
            ids.next();
            set.addAll(new ArrayList<>(set));
            set.remove("unknown");
            return ids.hasNext() ? ids.next() : "none";
        });
    }

    @Test
    void changesAffectNothingElse() {
        byte[] bytes = TREE.encode();
        int org = TREE.indexOf("A");
        Set<String> changed = TREE.naturalTree(org);
        Set<String> before = new HashSet<>(changed);
        changed.clear();
        changed.add("other");
        assertEquals(before, TREE.naturalTree(org));
        assertEquals(-1, TREE.indexOf("other"));
        assertEquals(OrgStructure.decode(bytes), TREE);
    }

    @Test
    void anySequenceOfChanges() {
        String[] ids = {"0", "A", "A1", "A2", "B", "B1", "unknown", null};
        Random random = new Random(7);
        for (int round = 0; round < 3000; round++) {
            long seed = random.nextLong();
            compare(set -> {
                Random steps = new Random(seed);
                List<Object> outcomes = new ArrayList<>();
                for (int step = 0; step < 6; step++) {
                    String id = ids[steps.nextInt(ids.length)];
                    List<String> some = Arrays.asList(id, ids[steps.nextInt(ids.length)]);
                    switch (steps.nextInt(6)) {
                        case 0:
                            outcomes.add(set.add(id));
                            break;
                        case 1:
                            outcomes.add(set.remove(id));
                            break;
                        case 2:
                            outcomes.add(set.retainAll(some));
                            break;
                        case 3:
                            outcomes.add(set.removeAll(some));
                            break;
                        case 4:
                            outcomes.add(set.addAll(some));
                            break;
                        default:
                            outcomes.add(set.removeIf(some::contains));
                    }
                }
                return outcomes;
            });
        }
    }
}
