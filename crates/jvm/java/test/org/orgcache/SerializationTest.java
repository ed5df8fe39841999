package org.orgcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.orgcache.openbravo.OrganizationStructures;

/**
 * Session attributes survive a container that serializes the session and deserializes it, there or elsewhere.
 */
class SerializationTest {
    private static byte[] write(Object value) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream stream = new ObjectOutputStream(bytes)) {
            stream.writeObject(value);
        }
        return bytes.toByteArray();
    }

    private static Object read(byte[] bytes) throws IOException, ClassNotFoundException {
        try (ObjectInputStream stream = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            return stream.readObject();
        }
    }

    @Test
    void aDeserializedTreeIsTheSharedOne() throws Exception {
        OrgStructure tree = OrgTrees.shared().intern(Trees.sample());
        assertSame(tree, read(write(tree)));
        assertSame(tree, read(write(Trees.sample())));
    }

    @Test
    void deserializedSessionsShareTheirTree() throws Exception {
        List<OrganizationStructures> sessions = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            byte[] bytes = write(new OrganizationStructures("client " + i, Trees.large(600, false)));
            // Little more than its canonical bytes.
            assertTrue(bytes.length < Trees.large(600, false).encode().length + 400, "" + bytes.length);
            sessions.add((OrganizationStructures) read(bytes));
        }
        for (int i = 0; i < 10; i++) {
            assertEquals("client " + i, sessions.get(i).getClientId());
            assertSame(sessions.get(0).structure(), sessions.get(i).structure());
        }
        assertEquals(Trees.large(600, false), sessions.get(0).structure());
    }

    @Test
    void deserializedSetsArePlainSets() throws Exception {
        OrgStructure tree = Trees.sample();
        Set<String> view = tree.naturalTree(tree.indexOf("A1"));
        Set<String> changed = tree.naturalTree(tree.indexOf("A1"));
        changed.add("other");
        for (Set<String> set : List.of(view, changed, tree.children(0), tree.naturalTree(-1))) {
            Object back = read(write((Serializable) set));
            assertTrue(back instanceof HashSet);
            assertEquals(new ArrayList<>(set), new ArrayList<>((Set<?>) back));
        }
    }

    @Test
    void damagedStreamsAreRefused() throws Exception {
        byte[] bytes = write(new OrganizationStructures("client", Trees.sample()));
        int place = new String(bytes, "ISO-8859-1").indexOf("orgtre");
        bytes[place] ^= 1;
        InvalidObjectException refusal = assertThrows(InvalidObjectException.class, () -> read(bytes));
        assertTrue(refusal.getCause() instanceof DecodeException);
    }

    /** Another node, or the same one after a restart, has no class state. */
    @Test
    void anotherClassLoaderDeserializesIt() throws Exception {
        byte[] bytes = write(new OrganizationStructures("client", Trees.sample()));
        URL classes = Path.of(System.getProperty("orgcache.classes")).toUri().toURL();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {classes},
            ClassLoader.getPlatformClassLoader())) {
            ObjectInputStream stream = new ObjectInputStream(new ByteArrayInputStream(bytes)) {
                @Override
                protected Class<?> resolveClass(java.io.ObjectStreamClass description)
                    throws ClassNotFoundException {
                    return Class.forName(description.getName(), false, loader);
                }
            };
            Object back = stream.readObject();
            assertSame(loader, back.getClass().getClassLoader());
            Object answer = back.getClass().getMethod("getNaturalTree", String.class).invoke(back, "A1");
            assertEquals(Set.of("0", "A", "A1", "A11"), answer);
        }
    }
}
