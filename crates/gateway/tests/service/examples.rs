//! The example of docs/operations.md, run as it stands there, and by each algorithm.

use std::process::Stdio;

use gateway::http::{AssertionAlgorithm, AssertionKey};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::databases::Databases;
use crate::front_end::FrontEnd;
use crate::service::{Answer, Service};

/// The first example of a language.
fn example(language: &str) -> &'static str {
    let document = include_str!("../../../../docs/operations.md");
    let (_, example) = document.split_once(&format!("```{language}\n")).unwrap();
    example.split_once("```").unwrap().0
}

/// What the script beside this file signs.
async fn signed() -> Vec<Value> {
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
    child.stdin.take().unwrap().write_all(example("python").as_bytes()).await.unwrap();
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
async fn what_the_example_signs_is_accepted_whatever_the_algorithm() {
    let signed = signed().await;
    assert_eq!(signed.len(), 6);
    let key = |of: &Value, which: &str| of[which].as_str().unwrap().as_bytes().to_vec();
    for one in &signed {
        let algorithm = algorithm(one["algorithm"].as_str().unwrap());
        // The key that is being replaced, and its successor.
        let old = key(one, "stranger");
        let accepted = AssertionKey::new(algorithm).with(&key(one, "key")).unwrap();
        let databases = Databases::sqlite().await;
        let only = FrontEnd::with_key(accepted.clone());
        let service = Service::start_trusting(only, &databases, |_| {}).await;
        // However long it took until here.
        service.front_end.set(issued(one["tokens"][0].as_str().unwrap()));
        let show = async |service: &Service, token: &Value| {
            Answer::of(service.post("/v1/login/assertion", json!({"assertion": token}))).await
        };
        let answer = show(&service, &one["tokens"][0]).await;
        assert_eq!(answer.status, 200, "{algorithm:?}: {}", answer.text);
        show(&service, &one["forged"]).await.refused(401, "unauthorized");
        // Nobody else's is accepted, not even by the same algorithm.
        for other in signed.iter().filter(|other| other["algorithm"] != one["algorithm"]) {
            show(&service, &other["tokens"][0]).await.refused(401, "unauthorized");
        }
        drop(service);

        let databases = Databases::sqlite().await;
        let both = FrontEnd::with_key(accepted.with(&old).unwrap());
        let service = Service::start_trusting(both, &databases, |_| {}).await;
        service.front_end.set(issued(one["forged"].as_str().unwrap()));
        for token in [&one["tokens"][1], &one["forged"]] {
            assert_eq!(show(&service, token).await.status, 200, "{algorithm:?}");
        }
    }
}

/// When a token was issued.
fn issued(token: &str) -> u64 {
    use base64::Engine;
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["iat"].as_u64().unwrap()
}

#[tokio::test]
async fn what_is_no_key_for_the_algorithm_is_refused() {
    let keys = signed().await;
    for one in &keys {
        for other in &keys {
            let (of, by) = (one["algorithm"].as_str().unwrap(), other["algorithm"].as_str().unwrap());
            let taken = AssertionKey::new(algorithm(by)).with(one["key"].as_str().unwrap().as_bytes());
            let both_rsa = [of, by].iter().all(|name| ["RS256", "PS256"].contains(name));
            // Any text that is long enough may be a secret.
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
}
