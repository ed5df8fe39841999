package org.orgcache.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.IntToLongFunction;
import java.util.function.Supplier;
import org.orgcache.OrgFlags;
import org.orgcache.OrgRow;
import org.orgcache.OrgStructure;
import org.orgcache.openbravo.OrganizationStructures;

/**
 * Measures time per call and heap bytes of the Java libraries, a plain map of nodes, and the service.
 *
 * <p>The contenders take turns: a round asks each question of each contender, the next round in reverse
 * order. The shortest time of all rounds counts. A warm-up first asks each question until its code is
 * compiled.
 */
public final class Speed {
    private static final int PICKS = 4096;
    /** Long enough for the compiler, even for questions that take a millisecond. */
    private static final long WARM_UP_NANOS = 1_000_000_000;
    /** How many values are retained to measure the size of one. */
    private static final int HELD = 200;

    /** A sink for all answers, so that the compiler cannot eliminate a call. */
    private static volatile long sink;

    private final int organizations;
    private final int rounds;
    private final long nanos;

    private Speed(int organizations, int rounds, long nanos) {
        this.organizations = organizations;
        this.rounds = rounds;
        this.nanos = nanos;
    }

    /**
     * Measures and prints tables in Markdown.
     *
     * @param arguments organizations, rounds, milliseconds per question and round; a user and a password of
     *     the service; addresses of services
     * @throws Exception if a service does not answer
     */
    public static void main(String[] arguments) throws Exception {
        Speed speed = new Speed(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]),
            Long.parseLong(arguments[2]) * 1_000_000);
        System.out.printf("Java %s, %d organizations%n", Runtime.version(), speed.organizations);
        for (Shape shape : Shape.values()) {
            speed.measureTime(shape);
            speed.measureHeap(shape);
        }
        List<Service> services = new ArrayList<>();
        for (int i = 5; i < arguments.length; i++) {
            services.add(new Service(arguments[i], arguments[3], arguments[4]));
        }
        speed.measureSessions(services);
        Redeploy.measure();
    }

    /** A question, its contender, and the shortest time of a call. */
    private static final class Case {
        final String question;
        final String contender;
        final IntToLongFunction calls;
        double least = Double.MAX_VALUE;

        Case(String question, String contender, IntToLongFunction calls) {
            this.question = question;
            this.contender = contender;
            this.calls = calls;
        }

        void run(long nanos) {
            int times = 1;
            long start = System.nanoTime();
            long spent = 0;
            long calls = 0;
            while (spent < nanos) {
                sink += this.calls.applyAsLong(times);
                calls += times;
                spent = System.nanoTime() - start;
                times = Math.min(times * 2, 1 << 16);
            }
            least = Math.min(least, (double) spent / calls);
        }
    }

    private void measureTime(Shape shape) {
        List<Case> cases = cases(rows(shape));
        takeTurns(cases);
        System.out.printf("%n| %s: time a call, ns | orgcache | map of nodes | ratio |%n| --- | --: | --: | --: |%n",
            shape.name().toLowerCase(Locale.ROOT));
        for (Case ours : cases) {
            if (ours.contender.equals("orgcache")) {
                double theirs = cases.stream()
                    .filter(other -> other.question.equals(ours.question) && other != ours)
                    .mapToDouble(other -> other.least).findFirst().orElse(Double.NaN);
                System.out.println(row(ours.question, ours.least, theirs));
            }
        }
    }

    private void takeTurns(List<Case> cases) {
        for (Case measured : cases) {
            measured.run(WARM_UP_NANOS);
            measured.least = Double.MAX_VALUE;
        }
        List<Case> turns = new ArrayList<>(cases);
        for (int round = 0; round < rounds; round++) {
            turns.forEach(measured -> measured.run(nanos));
            Collections.reverse(turns);
        }
    }

    private static String row(String what, double ours, double theirs) {
        if (Double.isNaN(theirs)) {
            return String.format(Locale.ROOT, "| %s | %,.1f | | |", what, ours);
        }
        return String.format(Locale.ROOT, "| %s | %,.1f | %,.1f | %,.1f |", what, ours, theirs, theirs / ours);
    }

    private List<Case> cases(List<OrgRow> rows) {
        OrgStructure tree = OrgStructure.build(rows).structure();
        OrganizationStructures provider = new OrganizationStructures("client", tree);
        NodeMap map = new NodeMap(rows);
        byte[] bytes = tree.encode();
        // Use separate string objects, as from a database, so that no comparison stops at object identity.
        String[] one = picks(rows, 1);
        String[] other = picks(rows, 2);
        int[] oneIndex = Arrays.stream(one).mapToInt(tree::indexOf).toArray();
        int[] otherIndex = Arrays.stream(other).mapToInt(tree::indexOf).toArray();
        List<Case> cases = new ArrayList<>();
        cases.add(new Case("natural-tree test by texts", "orgcache", times -> {
            long yes = 0;
            for (int i = 0; i < times; i++) {
                yes += provider.isInNaturalTree(one[i % PICKS], other[i % PICKS]) ? 1 : 0;
            }
            return yes;
        }));
        cases.add(new Case("natural-tree test by texts", "map", times -> {
            long yes = 0;
            for (int i = 0; i < times; i++) {
                yes += map.isInNaturalTree(one[i % PICKS], other[i % PICKS]) ? 1 : 0;
            }
            return yes;
        }));
        cases.add(new Case("natural-tree test by indices", "orgcache", times -> {
            long yes = 0;
            for (int i = 0; i < times; i++) {
                yes += tree.isInNaturalTree(oneIndex[i % PICKS], otherIndex[i % PICKS]) ? 1 : 0;
            }
            return yes;
        }));
        cases.add(new Case("natural tree", "orgcache", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += provider.getNaturalTree(one[i % PICKS]).size();
            }
            return sum;
        }));
        cases.add(new Case("natural tree", "map", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += map.naturalTree(one[i % PICKS]).size();
            }
            return sum;
        }));
        cases.add(new Case("natural tree by index, as a view", "orgcache", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += tree.naturalTree(oneIndex[i % PICKS]).size();
            }
            return sum;
        }));
        cases.add(new Case("natural tree, every id of it", "orgcache", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                for (String id : provider.getNaturalTree(one[i % PICKS])) {
                    sum += id.length();
                }
            }
            return sum;
        }));
        cases.add(new Case("natural tree, every id of it", "map", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                for (String id : map.naturalTree(one[i % PICKS])) {
                    sum += id.length();
                }
            }
            return sum;
        }));
        cases.add(new Case("parent list", "orgcache", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += provider.getParentList(one[i % PICKS], true).size();
            }
            return sum;
        }));
        cases.add(new Case("parent list", "map", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += map.parentList(one[i % PICKS]).size();
            }
            return sum;
        }));
        cases.add(new Case("child tree", "orgcache", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += provider.getChildTree(one[i % PICKS], true).size();
            }
            return sum;
        }));
        cases.add(new Case("child tree", "map", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += map.childTree(one[i % PICKS], true).size();
            }
            return sum;
        }));
        cases.add(new Case("legal entity", "orgcache", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += provider.getLegalEntity(one[i % PICKS]) == null ? 0 : 1;
            }
            return sum;
        }));
        cases.add(new Case("legal entity", "map", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += map.legalEntity(one[i % PICKS]) == null ? 0 : 1;
            }
            return sum;
        }));
        cases.add(new Case("build from rows", "orgcache", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += OrgStructure.build(rows).structure().size();
            }
            return sum;
        }));
        cases.add(new Case("build from rows", "map", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += new NodeMap(rows).hashCode();
            }
            return sum;
        }));
        cases.add(new Case("read from canonical bytes", "orgcache", times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += OrgStructure.decode(bytes).size();
            }
            return sum;
        }));
        return cases;
    }

    /**
     * The request path (token lookup and a question) by each access way, and operations of the native library
     * only.
     */
    private void measureSessions(List<Service> services) {
        List<OrgRow> rows = rows(Shape.FAN5);
        try (Sessions sessions = new Sessions(rows, picks(rows, 1), picks(rows, 2))) {
            String question = "session of a token, and a natural-tree test";
            List<Case> cases = new ArrayList<>();
            cases.add(new Case(question, "JNI", sessions::ask));
            services.forEach(service -> cases.add(new Case(question, service.name(), service::ask)));
            cases.add(new Case("session of a token", "JNI", sessions::find));
            cases.add(new Case("`canRead`", "JNI", sessions::canRead));
            cases.add(new Case("`isEnded`", "JNI", sessions::isEnded));
            cases.add(new Case("login and logout, the tree unchanged", "JNI", sessions::logInAndOut));
            takeTurns(cases);
            System.out.printf("%n| sessions in memory: time a call, ns | by | |%n| --- | --- | --: |%n");
            cases.forEach(measured -> System.out.printf(Locale.ROOT, "| %s | %s | %,.0f |%n", measured.question,
                measured.contender, measured.least));
            sessions.settle();
            System.out.printf(Locale.ROOT, "%n| sessions: bytes of heap | |%n| --- | --: |%n"
                + "| a session that a program holds, with its token | %,.0f |%n", retained(sessions::hold));
        }
    }

    private void measureHeap(Shape shape) {
        List<OrgRow> rows = rows(shape);
        byte[] bytes = OrgStructure.build(rows).structure().encode();
        OrgStructure shared = OrgStructure.decode(bytes);
        System.out.printf("%n| %s: bytes of heap | orgcache | map of nodes | ratio |%n| --- | --: | --: | --: |%n",
            shape.name().toLowerCase(Locale.ROOT));
        // Each map has its own strings, as rows from a database do.
        double map = retained(() -> new NodeMap(rows(shape)));
        System.out.println(row("a tree", retained(() -> OrgStructure.decode(bytes)), map));
        System.out.println(row("a tree, all ids asked for", retained(() -> {
            OrgStructure tree = OrgStructure.decode(bytes);
            tree.naturalTree(0).forEach(id -> sink += id.length());
            return tree;
        }), map));
        System.out.println(row("a further session",
            retained(() -> new OrganizationStructures("client", shared)), map));
    }

    private static double retained(Supplier<Object> make) {
        Object[] held = new Object[HELD];
        make.get();
        long before = used();
        Arrays.setAll(held, i -> make.get());
        long bytes = used() - before;
        sink += held.length;
        return (double) bytes / HELD;
    }

    private static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(least, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }

    /** One organization in ten is a legal entity, one in twenty has period control. */
    private List<OrgRow> rows(Shape shape) {
        List<OrgRow> rows = new ArrayList<>();
        rows.add(new OrgRow("0", null, OrgFlags.READY));
        for (int place = 1; place < organizations; place++) {
            int parent = shape.parent(place);
            int flags = OrgFlags.READY | OrgFlags.ACTIVE | (place % 10 == 1 ? OrgFlags.LEGAL_ENTITY : 0)
                | (place % 20 == 1 ? OrgFlags.PERIOD_CONTROL : 0);
            rows.add(new OrgRow(id(place), parent == 0 ? "0" : id(parent), flags));
        }
        Collections.shuffle(rows, new Random(1));
        return rows;
    }

    private static String id(int place) {
        Random random = new Random(place);
        return String.format("%016X%016X", random.nextLong(), random.nextLong());
    }

    private String[] picks(List<OrgRow> rows, int seed) {
        Random random = new Random(seed);
        String[] picks = new String[PICKS];
        Arrays.setAll(picks, i -> new String(rows.get(random.nextInt(rows.size())).id()));
        // A string caches its hash code, so compute it first, as in a running application.
        Arrays.stream(picks).forEach(String::hashCode);
        return picks;
    }

    private enum Shape {
        FLAT {
            @Override
            int parent(int place) {
                return 0;
            }
        },
        FAN5 {
            @Override
            int parent(int place) {
                return (place - 1) / 5;
            }
        },
        CHAIN {
            @Override
            int parent(int place) {
                return place - 1;
            }
        };

        abstract int parent(int place);
    }
}
