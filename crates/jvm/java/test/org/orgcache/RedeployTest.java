package org.orgcache;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Redeploying a web application leaves nothing behind, although its trees are shared.
 */
class RedeployTest {
    private static final int TIMES = 100;

    @Test
    void everyClassLoaderIsCollected() throws Exception {
        URL classes = Path.of(System.getProperty("orgcache.classes")).toUri().toURL();
        byte[] bytes = Trees.large(600, false).encode();
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        for (int i = 0; i < TIMES; i++) {
            loaders.add(deploy(classes, bytes));
        }
        loaders.forEach(OrgTreesTest::awaitCollection);
        assertEquals(TIMES, loaders.size());
    }

    /**
     * Loads the library anew, and uses everything that could outlive it: shared trees, their clients, the
     * logger.
     */
    private static WeakReference<ClassLoader> deploy(URL classes, byte[] bytes) throws Exception {
        try (URLClassLoader loader = new URLClassLoader(new URL[] {classes},
            ClassLoader.getPlatformClassLoader())) {
            Class<?> structure = loader.loadClass("org.orgcache.OrgStructure");
            Class<?> trees = loader.loadClass("org.orgcache.OrgTrees");
            Object tree = structure.getMethod("decode", byte[].class).invoke(null, (Object) bytes);
            Object shared = trees.getMethod("shared").invoke(null);
            Object held = trees.getMethod("intern", structure).invoke(shared, tree);
            Object again = structure.getMethod("decode", byte[].class).invoke(null, (Object) bytes);
            assertEquals(held, trees.getMethod("intern", structure).invoke(shared, again));
            assertEquals(held.toString(), "OrgStructure of 600 organizations");
            Class<?> provider = loader.loadClass("org.orgcache.openbravo.OrganizationStructures");
            Object answers = provider.getConstructor(String.class, structure).newInstance("client", held);
            provider.getMethod("getNaturalTree", String.class).invoke(answers, "0");
            return new WeakReference<>(loader);
        }
    }
}
