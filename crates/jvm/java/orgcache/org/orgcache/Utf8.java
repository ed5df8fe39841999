package org.orgcache;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Counts and compares texts by their UTF-8 bytes, without encoding them. */
final class Utf8 {
    private static final int ABBREVIATED = 64;
    private static final int LISTED = 10;

    private Utf8() {
    }

    /** How many bytes a text has, or -1 if it contains a lone surrogate. */
    static int length(String text) {
        int bytes = text.length();
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (unit < 0x80) {
                continue;
            }
            if (!Character.isSurrogate(unit)) {
                bytes += unit < 0x800 ? 1 : 2;
            } else if (Character.isHighSurrogate(unit) && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1))) {
                // Two units, four bytes.
                bytes += 2;
                i++;
            } else {
                return -1;
            }
        }
        return bytes;
    }

    /** Compares texts byte for byte. UTF-16 has surrogates below U+E000, UTF-8 above U+FFFF. */
    static int compare(String one, String other) {
        int shared = Math.min(one.length(), other.length());
        for (int i = 0; i < shared; i++) {
            char x = one.charAt(i);
            char y = other.charAt(i);
            if (x != y) {
                boolean shifted = x >= Character.MIN_SURROGATE && y >= Character.MIN_SURROGATE
                    && Character.isSurrogate(x) != Character.isSurrogate(y);
                return shifted ? y - x : x - y;
            }
        }
        return one.length() - other.length();
    }

    /** A number with the same order as the first four bytes. */
    static int prefix(String text) {
        int prefix = 0;
        int missing = 32;
        for (int i = 0; missing > 0 && i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            int point = text.codePointAt(i);
            if (point < 0x80) {
                missing -= 8;
                prefix |= point << missing;
            } else {
                for (byte next : Character.toString(point).getBytes(StandardCharsets.UTF_8)) {
                    missing -= 8;
                    prefix |= missing >= 0 ? (next & 255) << missing : 0;
                }
            }
        }
        return prefix ^ Integer.MIN_VALUE;
    }

    /** The first 64 bytes of a text, cut at a character, for messages that must stay short. */
    static String abbreviate(String text) {
        int bytes = 0;
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            int point = text.codePointAt(i);
            bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
            if (bytes > ABBREVIATED) {
                return text.substring(0, i) + "…";
            }
        }
        return text;
    }

    /** At most ten ids, and the number of further ones. */
    static String list(List<String> ids) {
        StringBuilder list = new StringBuilder();
        for (String id : ids.subList(0, Math.min(LISTED, ids.size()))) {
            list.append(list.length() == 0 ? "`" : ", `").append(id).append('`');
        }
        if (ids.size() > LISTED) {
            list.append(" and ").append(ids.size() - LISTED).append(" more");
        }
        return list.toString();
    }
}
