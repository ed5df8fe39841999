package org.orgcache;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses well-formed JSON into maps, lists, texts, longs, booleans and nulls: the format of the golden
 * vectors.
 */
final class Json {
    private final String text;
    private int place;

    private Json(String text) {
        this.text = text;
    }

    static Object read(String text) {
        Json json = new Json(text);
        Object value = json.value();
        json.skipBlanks();
        if (json.place < text.length()) {
            throw json.unexpected();
        }
        return value;
    }

    private Object value() {
        skipBlanks();
        char first = text.charAt(place);
        switch (first) {
            case '{':
                Map<String, Object> members = new LinkedHashMap<>();
                elements('}', () -> {
                    skipBlanks();
                    String key = string();
                    skipBlanks();
                    expect(':');
                    members.put(key, value());
                });
                return members;
            case '[':
                List<Object> values = new ArrayList<>();
                elements(']', () -> values.add(value()));
                return values;
            case '"':
                return string();
            default:
                return word();
        }
    }

    private void elements(char end, Runnable element) {
        place++;
        skipBlanks();
        while (text.charAt(place) != end) {
            element.run();
            skipBlanks();
            if (text.charAt(place) == ',') {
                place++;
            } else if (text.charAt(place) != end) {
                throw unexpected();
            }
        }
        place++;
    }

    private String string() {
        expect('"');
        StringBuilder string = new StringBuilder();
        for (char unit = text.charAt(place++); unit != '"'; unit = text.charAt(place++)) {
            if (unit != '\\') {
                string.append(unit);
                continue;
            }
            char escaped = text.charAt(place++);
            if (escaped == 'u') {
                string.append((char) Integer.parseInt(text.substring(place, place + 4), 16));
                place += 4;
            } else {
                int known = "nrtbf".indexOf(escaped);
                string.append(known < 0 ? escaped : "\n\r\t\b\f".charAt(known));
            }
        }
        return string.toString();
    }

    private Object word() {
        int start = place;
        while (place < text.length() && ",]} \n\r\t".indexOf(text.charAt(place)) < 0) {
            place++;
        }
        String word = text.substring(start, place);
        switch (word) {
            case "null":
                return null;
            case "true":
                return true;
            case "false":
                return false;
            default:
                return Long.valueOf(word);
        }
    }

    private void skipBlanks() {
        while (place < text.length() && " \n\r\t".indexOf(text.charAt(place)) >= 0) {
            place++;
        }
    }

    private void expect(char unit) {
        if (text.charAt(place++) != unit) {
            throw unexpected();
        }
    }

    private IllegalArgumentException unexpected() {
        return new IllegalArgumentException("unexpected JSON at " + place);
    }
}
