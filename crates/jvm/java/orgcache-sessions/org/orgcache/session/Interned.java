package org.orgcache.session;

import java.lang.ref.SoftReference;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Values interned by the hash of their content. A value that no session uses is collected when memory is
 * short.
 */
final class Interned<T> {
    private final Map<String, SoftReference<T>> values = new HashMap<>();

    synchronized T get(String hash, Supplier<T> make) {
        SoftReference<T> reference = values.get(hash);
        T held = reference == null ? null : reference.get();
        if (held == null) {
            held = make.get();
            values.values().removeIf(other -> other.get() == null);
            if (held != null) {
                values.put(hash, new SoftReference<>(held));
            }
        }
        return held;
    }
}
