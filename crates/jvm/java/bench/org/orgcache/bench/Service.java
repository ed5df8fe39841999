package org.orgcache.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The service `orgcache` with the sample rows, asked as a Java program asks it: one question a request, over one connection. */
final class Service {
    private static final String STORE = "7BABA5FF80494CAFA54DEBD22EC46F01";
    private static final String COUNTRY = "2E60544D37534C0B89E765FE29BC0B43";

    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final HttpRequest question;

    /** Logs in; user and password are such that JSON needs no escapes for them. */
    Service(String url, String user, String password) throws IOException, InterruptedException {
        String form = "{\"user\": \"" + user + "\", \"password\": \"" + password + "\"}";
        HttpRequest login = HttpRequest.newBuilder(URI.create(url + "/v1/login"))
            .header("content-type", "application/json").POST(HttpRequest.BodyPublishers.ofString(form)).build();
        Matcher token = Pattern.compile("\"token\":\"([0-9a-f]+)\"").matcher(send(login));
        if (!token.find()) {
            throw new IOException("the service gave no token");
        }
        question = HttpRequest.newBuilder(URI.create(url + "/v1/questions?call=may_reference&org=" + STORE
            + "&referenced_org=" + COUNTRY)).header("authorization", "Bearer " + token.group(1)).build();
    }

    /** Asks whether an order of a store may use what belongs to its country. */
    long ask(int times) {
        try {
            long yes = 0;
            for (int i = 0; i < times; i++) {
                yes += send(question).contains("true") ? 1 : 0;
            }
            if (yes < times) {
                throw new IllegalStateException("the service said no");
            }
            return yes;
        } catch (IOException | InterruptedException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private String send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException(answer.body());
        }
        return answer.body();
    }
}
