package org.orgcache;

import java.nio.charset.StandardCharsets;

/**
 * Ids of 32 upper-case hexadecimal digits, packed into 16 bytes: two digits a byte, the first in its upper
 * half.
 */
final class Hex {
    static final int BYTES = 16;

    private static final byte[] DIGITS = "0123456789ABCDEF".getBytes(StandardCharsets.ISO_8859_1);

    private Hex() {
    }

    /**
     * Packs an id into the bytes at an offset. Returns false for any other text; then the bytes are
     * undefined.
     */
    static boolean pack(String id, byte[] bytes, int at) {
        if (id.length() != 2 * BYTES) {
            return false;
        }
        for (int i = 0; i < BYTES; i++) {
            int high = digit(id.charAt(2 * i));
            int low = digit(id.charAt(2 * i + 1));
            if ((high | low) < 0) {
                return false;
            }
            bytes[at + i] = (byte) (high << 4 | low);
        }
        return true;
    }

    /** Does an id equal these digits? */
    static boolean isPackable(String id) {
        return pack(id, new byte[BYTES], 0);
    }

    static String unpack(byte[] bytes, int at) {
        byte[] digits = new byte[2 * BYTES];
        for (int i = 0; i < BYTES; i++) {
            digits[2 * i] = DIGITS[bytes[at + i] >> 4 & 15];
            digits[2 * i + 1] = DIGITS[bytes[at + i] & 15];
        }
        return new String(digits, StandardCharsets.ISO_8859_1);
    }

    /** Does a text consist of 32 such digits? */
    static boolean matches(byte[] bytes, int at, String id) {
        if (id.length() != 2 * BYTES) {
            return false;
        }
        for (int i = 0; i < BYTES; i++) {
            int pair = bytes[at + i];
            if (DIGITS[pair >> 4 & 15] != id.charAt(2 * i) || DIGITS[pair & 15] != id.charAt(2 * i + 1)) {
                return false;
            }
        }
        return true;
    }

    /** The {@link String#hashCode} of the digits. */
    static int hash(byte[] bytes, int at) {
        int hash = 0;
        for (int i = 0; i < BYTES; i++) {
            hash = 31 * hash + DIGITS[bytes[at + i] >> 4 & 15];
            hash = 31 * hash + DIGITS[bytes[at + i] & 15];
        }
        return hash;
    }

    private static int digit(char unit) {
        if (unit >= '0' && unit <= '9') {
            return unit - '0';
        }
        return unit >= 'A' && unit <= 'F' ? unit - 'A' + 10 : -1;
    }
}
