//! Runs the examples of docs/operations.md. The Python example signs with each algorithm.

use std::path::Path;
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gateway::http::{AssertionAlgorithm, AssertionKey, ListenAddress, Server};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::databases::Databases;
use crate::front_end::FrontEnd;
use crate::service::{ADMIN, Answer, PASSWORD, Service};

/// The DER prefix of a public P-256 key, before its point.
const P256: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

const ASSERTION: &str = include_str!("../../../../examples/python/assertion.py");

/// The folder of the examples.
pub(crate) const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");

/// Runs `sign.py`: for each algorithm, a key with assertions signed by it, and a second key with one.
async fn sign_with_each_algorithm() -> Vec<Value> {
    let python = std::env::var_os("ORGCACHE_TEST_PYTHON").unwrap_or_else(|| {
        panic!("this test needs Python packages: run `cargo xtask test`, which installs them")
    });
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/sign.py");
    let mut child = Command::new(python)
        .arg(script)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(ASSERTION.as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn algorithm(name: &str) -> AssertionAlgorithm {
    match name {
        "ES256" => AssertionAlgorithm::ES256,
        "ES384" => AssertionAlgorithm::ES384,
        "EdDSA" => AssertionAlgorithm::EdDSA,
        "RS256" => AssertionAlgorithm::RS256,
        "PS256" => AssertionAlgorithm::PS256,
        "HS256" => AssertionAlgorithm::HS256,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn assertions_of_the_example_are_accepted_for_each_algorithm() {
    let signed = sign_with_each_algorithm().await;
    assert_eq!(signed.len(), 6);
    let key = |of: &Value, which: &str| of[which].as_str().unwrap().as_bytes().to_vec();
    for one in &signed {
        let algorithm = algorithm(one["algorithm"].as_str().unwrap());
        // Key rotation: a service may trust two keys at a time.
        let old = key(one, "other_key");
        let accepted = AssertionKey::new(algorithm).with(&key(one, "key")).unwrap();
        let databases = Databases::sqlite().await;
        let only = FrontEnd::with_key(accepted.clone());
        let service = Service::start_trusting(only, &databases, |_| {}).await;
        // Independent of how long the signing took.
        service.front_end.set(issued_at(one["tokens"][0].as_str().unwrap()));
        let show = async |service: &Service, token: &Value| {
            Answer::fetch(service.post("/v1/login/assertion", json!({"assertion": token}))).await
        };
        let answer = show(&service, &one["tokens"][0]).await;
        assert_eq!(answer.status, 200, "{algorithm:?}: {}", answer.text);
        show(&service, &one["forged"]).await.assert_refused(401, "unauthorized");
        // Assertions that other keys signed are refused.
        for other in signed.iter().filter(|other| other["algorithm"] != one["algorithm"]) {
            show(&service, &other["tokens"][0]).await.assert_refused(401, "unauthorized");
        }
        drop(service);

        let databases = Databases::sqlite().await;
        let both = FrontEnd::with_key(accepted.with(&old).unwrap());
        let service = Service::start_trusting(both, &databases, |_| {}).await;
        service.front_end.set(issued_at(one["forged"].as_str().unwrap()));
        for token in [&one["tokens"][1], &one["forged"]] {
            assert_eq!(show(&service, token).await.status, 200, "{algorithm:?}");
        }
    }
}

/// When a token was issued.
fn issued_at(token: &str) -> u64 {
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["iat"].as_u64().unwrap()
}

#[tokio::test]
async fn keys_of_another_algorithm_are_refused() {
    let keys = sign_with_each_algorithm().await;
    for one in &keys {
        for other in &keys {
            let (of, by) = (one["algorithm"].as_str().unwrap(), other["algorithm"].as_str().unwrap());
            let taken = AssertionKey::new(algorithm(by)).with(one["key"].as_str().unwrap().as_bytes());
            let both_rsa = [of, by].iter().all(|name| ["RS256", "PS256"].contains(name));
            // An HMAC secret may be any text that is long enough.
            let fits = of == by || both_rsa || by == "HS256";
            assert_eq!(taken.is_ok(), fits, "a key of {of} for {by}");
        }
    }
    let short = AssertionKey::new(AssertionAlgorithm::HS256).with(&[b'x'; 31]).unwrap_err();
    assert_eq!(short.to_string(), "it is too short: HS256 needs 32 bytes");
    for nonsense in
        ["", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]
    {
        AssertionKey::new(AssertionAlgorithm::EdDSA).with(nonsense.as_bytes()).unwrap_err();
    }
    // The object identifier tells Ed25519 from X25519, whose keys have the same length.
    for (algorithm, fits) in [(0x70, true), (0x6e, false)] {
        let info = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, algorithm, 0x03, 0x21, 0x00];
        let key = pem("PUBLIC", &[info.as_slice(), &[7; 32]].concat());
        assert_eq!(AssertionKey::new(AssertionAlgorithm::EdDSA).with(key.as_bytes()).is_ok(), fits);
    }
}

fn pem(kind: &str, bytes: &[u8]) -> String {
    format!("-----BEGIN {kind} KEY-----\n{}\n-----END {kind} KEY-----\n", STANDARD.encode(bytes))
}

/// Creates the portal's key pair: writes the private key into a folder and returns the public one.
pub(crate) fn create_portal_key(folder: &Path) -> AssertionKey {
    let random = SystemRandom::new();
    let private = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private.as_ref(), &random).unwrap();
    std::fs::write(folder.join("portal-key.pem"), pem("PRIVATE", private.as_ref())).unwrap();
    let public = pem("PUBLIC", &[P256, pair.public_key().as_ref()].concat());
    AssertionKey::new(AssertionAlgorithm::ES256).with(public.as_bytes()).unwrap()
}

#[tokio::test]
async fn the_java_portal_logs_users_in() {
    let java = std::env::var_os("ORGCACHE_TEST_JAVA")
        .unwrap_or_else(|| panic!("this test needs Java: run `cargo xtask test`, which installs it"));
    let folder = tempfile::tempdir().unwrap();
    let key = create_portal_key(folder.path());
    let databases = Databases::sqlite().await;
    let service = Service::start_trusting(FrontEnd::with_key(key), &databases, |_| {}).await;
    service.front_end.use_the_time_of_day();
    let log_in = async |user: &str| {
        let url = format!("http://{}", service.address());
        let mut program = Command::new(&java);
        program.arg(format!("{EXAMPLES}/java/Portal.java"));
        program.args(["portal-key.pem", &url, user]).current_dir(folder.path());
        let output = program.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        (
            output.status.code(),
            serde_json::from_str::<Value>(&stdout)
                .unwrap_or_else(|_| panic!("{stdout}{}", String::from_utf8_lossy(&output.stderr))),
        )
    };
    let (status, answer) = log_in(ADMIN).await;
    assert_eq!((status, &answer["session"]["username"]), (Some(0), &json!(ADMIN)), "{answer}");
    let token = answer["token"].as_str().unwrap();
    assert_eq!(Answer::with_token(service.get("/v1/session"), token).await.status, 200);

    // A user name with a quotation mark must not inject claims.
    let forged = format!(r#"{ADMIN}", "department": "x"#);
    let (status, answer) = log_in(&forged).await;
    assert_eq!((status, &answer["status"]), (Some(1), &json!(401)), "{answer}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_unix_socket_examples_get_answers() {
    let java = std::env::var_os("ORGCACHE_TEST_JAVA")
        .unwrap_or_else(|| panic!("this test needs Java: run `cargo xtask test`, which installs it"));
    let service = Service::start().await;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("orgcache.sock");
    let server = Server::bind_all(&[ListenAddress::Unix(socket.clone())]).await.unwrap();
    let serving = tokio::spawn(server.run(service.gateway.clone(), std::future::pending()));

    let output = Command::new("python3")
        .arg(format!("{EXAMPLES}/python/unix_socket.py"))
        .arg(&socket)
        .args([ADMIN, PASSWORD])
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let session: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(session["username"], ADMIN);
    let token = service.token(ADMIN).await;

    let output = Command::new(&java)
        .arg(format!("{EXAMPLES}/java/UnixSocket.java"))
        .args(["orgcache.sock", "/v1/session", &token])
        .current_dir(folder.path())
        .output()
        .await
        .unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(ADMIN), "{answer}");
    serving.abort();
    assert!(serving.await.unwrap_err().is_cancelled());
    assert!(!socket.exists(), "removed with the server");
}
