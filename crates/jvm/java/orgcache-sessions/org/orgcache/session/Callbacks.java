package org.orgcache.session;

import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.orgcache.Built;
import org.orgcache.OrgStructure;

/**
 * The methods that the native library calls on the thread that logs in. They convert a source's answers to
 * frames.
 */
final class Callbacks {
    private final OrgSource source;
    /** The last findings about each client's tree, so that the same findings are logged once. */
    private final Map<String, List<String>> logged = new ConcurrentHashMap<>();

    Callbacks(OrgSource source) {
        this.source = source;
    }

    byte[] revision(byte[] client) throws Exception {
        OptionalLong revision = source.revision(new String(client, StandardCharsets.UTF_8));
        FrameWriter frame = new FrameWriter().flag(revision.isPresent());
        if (revision.isPresent()) {
            frame.number(revision.getAsLong());
        }
        return frame.finish();
    }

    byte[] tree(byte[] id) throws Exception {
        String client = new String(id, StandardCharsets.UTF_8);
        Built built = OrgStructure.build(source.tree(client));
        List<String> findings = built.findings().stream().map(Object::toString).collect(Collectors.toList());
        if (!findings.isEmpty() && !findings.equals(logged.put(client, findings))) {
            System.Logger log = System.getLogger("org.orgcache");
            findings.forEach(finding -> log.log(Level.WARNING, "client `" + client + "`: " + finding));
        }
        return new FrameWriter().bytes(built.structure().encode()).texts(findings).finish();
    }

    byte[] facts(byte[] principal) throws Exception {
        return source.facts(Principal.read(principal)).frame();
    }
}
