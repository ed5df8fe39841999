//! A browser behind nginx and Caddy, which run with the configuration in `packaging`.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::databases::Databases;
use crate::examples::{EXAMPLES, create_portal_key};
use crate::front_end::FrontEnd;
use crate::service::{ADMIN, PASSWORD, Service};

pub(crate) const NGINX: &str = include_str!("../../../../packaging/nginx.conf");
pub(crate) const SINGLE_SIGN_ON: &str = include_str!("../../../../packaging/nginx-single-sign-on.conf");
pub(crate) const CADDY: &str = include_str!("../../../../packaging/Caddyfile");

fn program(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable).unwrap_or_else(|| {
        panic!("this test needs nginx and Python packages: run `cargo xtask test`, which installs them")
    });
    path.into()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A service that trusts a local proxy, and a folder with the proxy's certificate.
struct ProxiedService {
    folder: TempDir,
    service: Service,
}

impl ProxiedService {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = create_portal_key(folder.path());
        let databases = Databases::sqlite().await;
        let service = Service::start_trusting(FrontEnd::with_key(key), &databases, |settings| {
            settings.secure = true;
            settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        })
        .await;
        service.front_end.use_the_time_of_day();
        let proxied = ProxiedService { folder, service };
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        proxied.write("orgcache.pem", &certificate.cert.pem());
        proxied.write("orgcache.key", &certificate.signing_key.serialize_pem());
        proxied
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.folder.path().join(name), content).unwrap();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }

    /// Waits until a proxy listens.
    async fn until_listening(&self, proxy: &mut Child, port: u16) {
        let mut attempts = 0;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            attempts += 1;
            assert!(attempts < 600 && proxy.try_wait().unwrap().is_none(), "{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Signs a browser in through a proxy, and returns the id of the login request.
    async fn browse(&self, port: u16, provider: Option<u16>) -> String {
        let output = Command::new(program("ORGCACHE_TEST_PYTHON"))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/through_proxy.py"))
            .arg(format!("https://localhost:{port}"))
            .arg(self.folder.path().join("orgcache.pem"))
            .args([ADMIN, PASSWORD])
            .args(provider.map(|port| port.to_string()))
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stderr), self.log());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

#[tokio::test]
async fn nginx_forwards_requests_and_signs_users_in_by_single_sign_on() {
    let (nginx, python) = (program("ORGCACHE_TEST_NGINX"), program("ORGCACHE_TEST_PYTHON"));
    let proxied = ProxiedService::start().await;
    let mut sign_on = Command::new(&python)
        .arg(format!("{EXAMPLES}/python/single_sign_on.py"))
        .args(["127.0.0.1:0", &format!("http://{}", proxied.service.address())])
        .current_dir(proxied.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdout = String::new();
    BufReader::new(sign_on.stdout.take().unwrap()).read_line(&mut stdout).await.unwrap();
    let sign_on_port = stdout.trim().rsplit(':').next().unwrap().strip_suffix("/sso").unwrap();

    let (port, provider) = (free_port(), free_port());
    let folder = proxied.folder.path().display().to_string();
    let server = NGINX.trim_end().strip_suffix('}').unwrap();
    let server = format!("{server}\n{SINGLE_SIGN_ON}\n}}")
        .replace("server 127.0.0.1:8080;", &format!("server {};", proxied.service.address()))
        .replace("listen 443 ", &format!("listen 127.0.0.1:{port} "))
        .replace("orgcache.example.org", "localhost")
        .replace("/etc/ssl/certs", &folder)
        .replace("/etc/ssl/private", &folder)
        .replace("127.0.0.1:4180", &format!("127.0.0.1:{provider}"))
        .replace("127.0.0.1:8081", &format!("127.0.0.1:{sign_on_port}"));
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
        .concat();
    proxied.write(
        "nginx.conf",
        &format!("daemon off; master_process off; pid {folder}/pid;\nevents {{}}\nhttp {{ access_log off;\n{paths}{server} }}"),
    );
    let mut nginx = Command::new(nginx)
        .args(["-e", &format!("{folder}/error.log"), "-p", &folder, "-c", "nginx.conf"])
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    proxied.until_listening(&mut nginx, port).await;
    let id = proxied.browse(port, Some(provider)).await;
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "not a request id of nginx: {id}"
    );
}

#[tokio::test]
async fn caddy_forwards_requests() {
    if Command::new("caddy").arg("version").stdout(Stdio::null()).status().await.is_err() {
        eprintln!("skipped: caddy is not installed; Debian has it from 12 on, as the package caddy");
        return;
    }
    let proxied = ProxiedService::start().await;
    let (port, folder) = (free_port(), proxied.folder.path());
    let site = CADDY.replace("127.0.0.1:8080", &proxied.service.address().to_string()).replace(
        "orgcache.example.org {",
        &format!("https://localhost:{port} {{\n\ttls orgcache.pem orgcache.key"),
    );
    proxied.write("Caddyfile", &format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{site}"));
    let log = std::fs::File::create(folder.join("error.log")).unwrap();
    let mut caddy = Command::new("caddy")
        .args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"])
        .current_dir(folder)
        .env("HOME", folder)
        .env("XDG_DATA_HOME", folder)
        .env("XDG_CONFIG_HOME", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    proxied.until_listening(&mut caddy, port).await;
    assert!(!proxied.browse(port, None).await.is_empty());
}
