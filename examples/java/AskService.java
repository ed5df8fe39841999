import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks the service about an order: may it use its country's price list, and who accounts for it?
 *
 * Run it with `java AskService.java http://127.0.0.1:8080 'F&BAdmin' orgcache`, on the demonstration. It
 * needs nothing but a JDK from 15 on. In a program of your own, use a JSON library.
 */
public class AskService {
    private static final String STORE = "7BABA5FF80494CAFA54DEBD22EC46F01";
    private static final String COUNTRY = "2E60544D37534C0B89E765FE29BC0B43";
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private final String service;
    private final String token;

    AskService(String service, String user, String password) throws IOException, InterruptedException {
        this.service = service;
        String form = "{\"user\": \"%s\", \"password\": \"%s\"}".formatted(escaped(user), escaped(password));
        String answer = send("POST", "/v1/login", null, form);
        Matcher found = Pattern.compile("\"token\":\"([0-9a-f]+)\"").matcher(answer);
        found.find();
        this.token = found.group(1);
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        AskService service = new AskService(arguments[0], arguments[1], arguments[2]);
        String batch = """
            {"questions": [
                {"call": "may_reference", "args": {"org": "%1$s", "referenced_org": "%2$s"}},
                {"call": "legal_entity", "args": {"org": "%1$s"}}
            ]}
            """.formatted(STORE, COUNTRY);
        System.out.println(service.send("POST", "/v1/questions/batch", service.token, batch));
        System.out.println(service.send("GET", "/v1/session/sql-filter", service.token, null));
        service.send("POST", "/v1/logout", service.token, null);
    }

    private String send(String method, String path, String token, String body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(service + path));
        request.timeout(Duration.ofSeconds(40));
        if (body == null) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.method(method, HttpRequest.BodyPublishers.ofString(body));
            request.header("content-type", "application/json");
        }
        if (token != null) {
            request.header("authorization", "Bearer " + token);
        }
        HttpResponse<String> answer = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 400) {
            System.err.println(answer.body());
            System.exit(1);
        }
        return answer.body();
    }

    /** Text inside a JSON string, with every character escaped. */
    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        text.chars().forEach(unit -> escaped.append("\\u%04x".formatted(unit)));
        return escaped.toString();
    }
}
