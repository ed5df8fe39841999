import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Signs an assertion for a user and logs in with it, with nothing but a JDK from 15 on:
 * `java Portal.java KEY.pem https://orgcache.example.org USER` prints the answer.
 */
public class Portal {
    private static final String ISSUER = "https://portal.example.org";
    private static final String AUDIENCE = "orgcache";

    public static void main(String[] arguments) throws IOException, InterruptedException, GeneralSecurityException {
        PrivateKey key = privateKey(Files.readString(Path.of(arguments[0])));
        String form = "{\"assertion\": \"%s\"}".formatted(assertion(key, arguments[2]));
        HttpRequest login = HttpRequest.newBuilder(URI.create(arguments[1] + "/v1/login/assertion"))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build();
        HttpResponse<String> answer =
            HttpClient.newHttpClient().send(login, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.body());
        System.exit(answer.statusCode() == 200 ? 0 : 1);
    }

    static String assertion(PrivateKey key, String user) throws GeneralSecurityException {
        long now = Instant.now().getEpochSecond();
        String claims = """
            {"iss": %s, "aud": %s, "sub": %s, "iat": %d, "exp": %d, "jti": "%s"}
            """.formatted(json(ISSUER), json(AUDIENCE), json(user), now, now + 30, UUID.randomUUID());
        String message = encoded("{\"alg\": \"ES256\"}") + "." + encoded(claims);
        // Tokens have the two numbers of the signature one after the other (P1363), not in DER.
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initSign(key);
        signature.update(message.getBytes(StandardCharsets.US_ASCII));
        return message + "." + encoded(signature.sign());
    }

    private static PrivateKey privateKey(String pem) throws GeneralSecurityException {
        byte[] bytes = Base64.getMimeDecoder().decode(pem.replaceAll("-----.*-----", ""));
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(bytes));
    }

    /** A JSON string. Every character is escaped, so that no name can say more than a name. */
    private static String json(String text) {
        return text.chars()
            .mapToObj("\\u%04x"::formatted)
            .collect(Collectors.joining("", "\"", "\""));
    }

    private static String encoded(String text) {
        return encoded(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
