//! The measurements of the service, in order.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::Options;
use crate::client::{Client, get, post};
use crate::front_end::{FrontEnd, ISSUER};
use crate::load::{Outcome, Until, count, load, repeat};
use crate::record::Record;
use crate::server::{Place, Server, orgcache};
use crate::world;

/// The name of the service's Unix socket.
const SOCKET: &str = "orgcache.sock";
/// Concurrent connections.
const CONNECTIONS: usize = 16;
/// Concurrent connections that log in by assertion, and by password. More would trigger the slowdown for
/// failed logins.
const LOGINS: usize = 32;
const PASSWORDS: usize = 8;
/// The number of questions in a batch.
const BATCH: usize = 100;
/// The goal: requests answered for each request of the bare axum.
const GOAL: f64 = 0.8;
const PASSWORD: &str = "correct horse battery";

/// The amount of measurement.
struct Size {
    /// Rounds, in which the service and the bare axum take turns.
    rounds: usize,
    each: Duration,
    sessions: usize,
}

/// The service with its database, and the bare axum.
struct Setting {
    folder: TempDir,
    front_end: FrontEnd,
    hello: Server,
    service: Server,
    progress: ProgressBar,
    size: Size,
}

/// Measures everything.
pub(crate) async fn all(options: &Options) -> Result<Vec<Record>> {
    let size = if options.quick {
        Size { rounds: 3, each: Duration::from_millis(500), sessions: 5_000 }
    } else {
        Size { rounds: 10, each: Duration::from_secs(2), sessions: 100_000 }
    };
    let setting = Setting::new(size).await?;
    let mut records = setting.questions().await?;
    records.extend(setting.batches().await?);
    records.extend(setting.compression().await?);
    records.extend(setting.logins().await?);
    setting.progress.finish_and_clear();
    Ok(records)
}

impl Setting {
    async fn new(size: Size) -> Result<Self> {
        let progress = ProgressBar::new_spinner();
        progress.set_style(ProgressStyle::with_template("{spinner} {wide_msg}")?);
        progress.enable_steady_tick(Duration::from_millis(200));
        progress.set_message("a database, the service, a bare axum");
        let folder = tempfile::tempdir()?;
        let (erp, store, key) =
            (folder.path().join("erp.db"), folder.path().join("sessions.db"), folder.path().join("key.pem"));
        world::create(&erp).await?;
        let front_end = FrontEnd::new(&key)?;
        let url = |file: &Path, mode: &str| format!("sqlite:{}?mode={mode}", file.display());
        let (erp, store) = (url(&erp, "ro"), url(&store, "rwc"));
        let program = orgcache()?;
        set_password(&program, &erp, &store).await?;
        let listen = if cfg!(unix) {
            format!("127.0.0.1:0,unix:{}", folder.path().join(SOCKET).display())
        } else {
            "127.0.0.1:0".to_owned()
        };
        let arguments: [OsString; 16] = [
            "serve".into(),
            "--listen".into(),
            listen.into(),
            "--database-url".into(),
            erp.into(),
            "--store-url".into(),
            store.into(),
            "--assertion-key".into(),
            key.into(),
            "--assertion-algorithm".into(),
            "EdDSA".into(),
            "--assertion-issuer".into(),
            ISSUER.into(),
            "--assertion-audience".into(),
            ISSUER.into(),
            "--log=warn".into(),
        ];
        let arguments: Vec<&OsStr> = arguments.iter().map(OsString::as_os_str).collect();
        let service = Server::start(&program, &arguments).await?;
        let hello = Server::start(&std::env::current_exe()?, &[OsStr::new("--hello")]).await?;
        Ok(Setting { folder, front_end, hello, service, progress, size })
    }

    /// The token of a new session.
    async fn token(&self) -> Result<String> {
        let mut client = Client::connect(self.service.address).await?;
        let body = json!({"assertion": self.front_end.assertion(&world::user(0))?}).to_string();
        let answer = client.send(post("/v1/login/assertion", None, body.into())?).await?;
        let answer: Value = serde_json::from_slice(&answer.body)?;
        Ok(answer.get("token").and_then(Value::as_str).context("no token")?.to_owned())
    }

    /// "Is this organization in the natural tree of that one?", asked by GET, compared with a bare axum that
    /// says hello; and as JSON, compared with one that parses the same JSON.
    async fn questions(&self) -> Result<Vec<Record>> {
        let token = self.token().await?;
        let (above, below) = world::pair();
        let address = format!("/v1/questions?call=is_in_natural_tree&org1={above}&org2={below}");
        let by_address = get(&address, Some(&token))?;
        let by_body = post("/v1/questions", Some(&token), question().to_string().into())?;
        let hello = get("/", None)?;
        let json = post("/json", None, by_body.body().clone())?;
        let answer = Bytes::from_static(br#"{"result":true}"#);
        let (axum, service) = (Place::Tcp(self.hello.address), Place::Tcp(self.service.address));
        let mut asked = vec![
            ("axum hello", &self.hello, axum.clone(), hello, Bytes::from_static(b"hello")),
            ("orgcache", &self.service, service.clone(), by_address.clone(), answer.clone()),
            ("axum json", &self.hello, axum, json, answer.clone()),
            ("orgcache json", &self.service, service, by_body, answer.clone()),
        ];
        #[cfg(unix)]
        asked.push({
            let socket = Place::Unix(self.folder.path().join(SOCKET));
            ("orgcache by Unix socket", &self.service, socket, by_address, answer)
        });
        let mut rounds = vec![Vec::new(); asked.len()];
        let mut busy = vec![Vec::new(); asked.len()];
        // The first round is a warm-up.
        for round in 0..=self.size.rounds {
            for (number, (_, server, place, request, expected)) in asked.iter().enumerate() {
                self.progress.set_message(format!("questions, round {round} of {}", self.size.rounds));
                let before = server.processor_seconds();
                let outcome = repeat(place, CONNECTIONS, self.size.each, request, expected).await?;
                let after = server.processor_seconds();
                if round > 0
                    && let (Some(rounds), Some(busy)) = (rounds.get_mut(number), busy.get_mut(number))
                {
                    let each = |seconds: f64| seconds * 1e6 / count(outcome.times.len());
                    busy.extend(before.zip(after).map(|(before, after)| each(after - before)));
                    rounds.push(outcome);
                }
            }
        }
        let mut records = Vec::new();
        for ((&(structure, ..), rounds), busy) in asked.iter().zip(&rounds).zip(&busy) {
            let micros = |percent| move |round: &Outcome| round.percentile(percent).as_secs_f64() * 1e6;
            let of_rounds =
                |figure: &dyn Fn(&Outcome) -> f64| median(rounds.iter().map(figure).collect::<Vec<_>>());
            records.push(Record::new(structure, "requests", of_rounds(&Outcome::per_second), "/s"));
            records.push(Record::new(structure, "request_p50", of_rounds(&micros(50)), "us"));
            records.push(Record::new(structure, "request_p99", of_rounds(&micros(99)), "us"));
            if !busy.is_empty() {
                let busy = median(busy.clone());
                records.push(Record::new(structure, "processor_time_of_a_request", busy, "us"));
            }
        }
        // By round, since the machine's speed drifts.
        let ratio = |service: &[Outcome], other: &[Outcome]| {
            let pairs = service.iter().zip(other);
            median(pairs.map(|(service, other)| service.per_second() / other.per_second()).collect())
        };
        let [hello, service, json, service_json, by_socket @ ..] = &*rounds else { return Ok(records) };
        records.push(
            Record::new("orgcache", "requests_for_each_of_axum_hello", ratio(service, hello), "")
                .with_goal(GOAL),
        );
        let of_json = ratio(service_json, json);
        records.push(Record::new("orgcache json", "requests_for_each_of_axum_json", of_json, ""));
        for by_socket in by_socket {
            let of_tcp = ratio(by_socket, service);
            records.push(Record::new("orgcache by Unix socket", "requests_for_each_by_tcp", of_tcp, ""));
        }
        Ok(records)
    }

    /// A hundred questions at once.
    async fn batches(&self) -> Result<Vec<Record>> {
        self.progress.set_message("batches");
        let token = self.token().await?;
        let body = json!({"questions": vec![question(); BATCH]}).to_string();
        let batch = post("/v1/questions/batch", Some(&token), body.into())?;
        let answers = Client::connect(self.service.address).await?.send(batch.clone()).await?.body;
        let place = Place::Tcp(self.service.address);
        let outcome = repeat(&place, CONNECTIONS, self.size.each * 2, &batch, &answers).await?;
        let questions = outcome.per_second() * count(BATCH);
        let p99 = outcome.percentile(99).as_secs_f64() * 1e6;
        Ok(vec![
            Record::new("orgcache", "questions_in_batches_of_100", questions, "/s"),
            Record::new("orgcache", "batch_of_100_p99", p99, "us"),
        ])
    }

    /// The tree of 600 organizations, with names.
    async fn compression(&self) -> Result<Vec<Record>> {
        let token = self.token().await?;
        let mut client = Client::connect(self.service.address).await?;
        let plain = client.send(get("/v1/tree", Some(&token))?).await?.body.len();
        let mut records = vec![Record::new("orgcache", "tree_as_json", count(plain) / 1_000.0, "KB")];
        for (encoding, metric) in
            [("zstd", "tree_by_zstd"), ("br", "tree_by_brotli"), ("gzip", "tree_by_gzip")]
        {
            let mut request = get("/v1/tree", Some(&token))?;
            request.headers_mut().insert("accept-encoding", encoding.parse()?);
            let answer = client.send(request).await?;
            let got = answer.headers.get("content-encoding").context("it is not compressed")?;
            ensure!(got == encoding, "{got:?} instead of {encoding}");
            let ratio = count(plain) / count(answer.body.len());
            records.push(Record::new("orgcache", metric, ratio, "times smaller"));
        }
        Ok(records)
    }

    /// Logins by password, by assertion, and the memory of many sessions.
    async fn logins(&self) -> Result<Vec<Record>> {
        self.progress.set_message("logins by password");
        let form = Bytes::from(json!({"user": world::user(0), "password": PASSWORD}).to_string());
        let until = Until::Elapsed(self.size.each * 2);
        let by_password =
            load(self.service.address, PASSWORDS, until, move |_, _| post("/v1/login", None, form.clone()))
                .await?;
        self.progress.set_message(format!("{} sessions", self.size.sessions));
        let before = self.service.resident();
        let busy_before = self.service.processor_seconds();
        let front_end = self.front_end.clone();
        let until = Until::Sent(self.size.sessions);
        let by_assertion = load(self.service.address, LOGINS, until, move |connection, number| {
            // Stay within the limit of sessions per user.
            let user = world::user(number * LOGINS + connection);
            let form = json!({"assertion": front_end.assertion(&user)?}).to_string();
            post("/v1/login/assertion", None, form.into())
        })
        .await?;
        let busy = busy_before.zip(self.service.processor_seconds());
        let made = by_assertion.times.len();
        let mut records = vec![
            Record::new("orgcache", "logins_by_password", by_password.per_second(), "/s"),
            Record::new("orgcache", "logins_by_assertion", by_assertion.per_second(), "/s"),
            Record::new(
                "orgcache",
                "login_by_assertion_p99",
                by_assertion.percentile(99).as_secs_f64() * 1e3,
                "ms",
            ),
        ];
        if let Some((before, after)) = busy {
            let each = (after - before) * 1e6 / count(made);
            records.push(Record::new("orgcache", "processor_time_of_a_login_by_assertion", each, "us"));
        }
        if let Some((before, after)) = before.zip(self.service.resident()) {
            let bytes = |bytes: u64| count(usize::try_from(bytes / 1_000).unwrap_or(usize::MAX)) * 1_000.0;
            let grown = bytes(after.saturating_sub(before));
            records.push(Record::new("orgcache", "resident_memory", bytes(before) / 1e6, "MB"));
            records.push(
                Record::new("orgcache", "resident_memory", bytes(after) / 1e6, "MB").with_sessions(made),
            );
            records.push(
                Record::new("orgcache", "resident_memory_of_a_session", grown / count(made), "bytes")
                    .with_sessions(made),
            );
        }
        Ok(records)
    }
}

fn question() -> Value {
    let (above, below) = world::pair();
    json!({"call": "is_in_natural_tree", "args": {"org1": above, "org2": below}})
}

/// The median.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Sets the first user's password, as an administrator does.
async fn set_password(program: &Path, erp: &str, store: &str) -> Result<()> {
    let mut command = Command::new(program);
    command.args(["password", &world::user(0), "--database-url", erp, "--store-url", store]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let mut input = child.stdin.take().context("a process without input")?;
    input.write_all(PASSWORD.as_bytes()).await?;
    drop(input);
    ensure!(child.wait().await?.success(), "`orgcache password` failed");
    Ok(())
}
