//! `Browser`: a headless browser with its own profile.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

/// Timeout for conditions on the page. Only failing tests wait that long.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// The polling interval.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A window on a page. Dropping it closes the browser, even if the test fails.
pub(crate) struct Browser {
    client: Client,
    _driver: Driver,
}

impl Browser {
    /// Opens a page in a window of the default size.
    pub(crate) async fn open(address: &str) -> Self {
        Self::open_sized(address, 1280, 800).await
    }

    /// Opens a page in a window of the given size.
    pub(crate) async fn open_sized(address: &str, width: u32, height: u32) -> Self {
        let driver = Driver::start();
        let chrome = json!({
            "binary": program("ORGCACHE_TEST_CHROMIUM"),
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                // The browser exits with the driver, even if the test failed.
                "--remote-debugging-pipe",
                format!("--user-data-dir={}", driver.profile.path().display()),
            ],
            "mobileEmulation": { "deviceMetrics": { "width": width, "height": height, "pixelRatio": 1, "touch": false } },
        });
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:chromeOptions".into(), chrome);
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "WARNING" }));
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&driver.address).await.unwrap();
        let browser = Browser { client, _driver: driver };
        browser.go(address).await;
        browser
    }

    pub(crate) async fn go(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Reloads the page, as the browser's button does.
    pub(crate) async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// Goes back in the history, as the browser's button does.
    pub(crate) async fn back(&self) {
        self.client.back().await.unwrap();
    }

    pub(crate) async fn forward(&self) {
        self.script("history.forward()").await;
    }

    /// Runs a script, which must `return` its result.
    pub(crate) async fn script(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("`{script}`: {error}"))
    }

    /// Waits until an expression holds.
    pub(crate) async fn until(&self, expression: &str) {
        let started = Instant::now();
        while self.script(&format!("return Boolean({expression})")).await != json!(true) {
            if started.elapsed() > TIMEOUT {
                let shown = self.script("return document.body.innerText").await;
                panic!("`{expression}` does not become true; the page shows {shown}");
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits until a visible element contains the words.
    pub(crate) async fn until_reads(&self, css: &str, words: &str) {
        let (css, words) = (json!(css), json!(words));
        self.until(&format!(
            "[...document.querySelectorAll({css})].some((one) => one.checkVisibility() && one.innerText.includes({words}))"
        ))
        .await;
    }

    pub(crate) async fn text(&self, css: &str) -> String {
        self.client.find(Locator::Css(css)).await.unwrap().text().await.unwrap()
    }

    /// Types into an element.
    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        self.client.find(Locator::Css(css)).await.unwrap().send_keys(text).await.unwrap();
    }

    /// Types into the focused element.
    pub(crate) async fn type_keys(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Clicks on an element as soon as it exists.
    pub(crate) async fn click(&self, css: &str) {
        let started = Instant::now();
        loop {
            let found = self.client.find(Locator::Css(css)).await;
            let clicked = match found {
                Ok(element) => element.click().await,
                Err(error) => Err(error),
            };
            // Figures are redrawn every few seconds, so the element may have been replaced.
            let Err(error) = clicked else { return };
            assert!(started.elapsed() < TIMEOUT, "cannot click on `{css}`: {error}");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Switches the preferred color scheme to `light` or `dark`.
    pub(crate) async fn prefer(&self, scheme: &str) {
        self.emulate(json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] })).await;
    }

    /// Emulates a media type or media features.
    pub(crate) async fn emulate(&self, media: Value) {
        self.protocol("Emulation.setEmulatedMedia", media).await;
    }

    /// Resizes the window.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.protocol("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Waits for two animation frames, so that all changes are painted.
    pub(crate) async fn until_painted(&self) {
        let frames = "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";
        self.script(frames).await;
    }

    /// A PNG image of the whole page, including the parts outside of the viewport.
    pub(crate) async fn screenshot(&self) -> Vec<u8> {
        self.until_painted().await;
        let size = "const { scrollWidth, scrollHeight: height } = document.documentElement;
            return { x: 0, y: 0, width: Math.max(scrollWidth, innerWidth), height, scale: 1 }";
        let whole = json!({ "captureBeyondViewport": true, "clip": self.script(size).await });
        let answer = self.protocol("Page.captureScreenshot", whole).await;
        STANDARD.decode(answer.get("data").and_then(Value::as_str).unwrap()).unwrap()
    }

    /// Sends a command of the Chrome DevTools Protocol.
    async fn protocol(&self, command: &str, parameters: Value) -> Value {
        let command = json!({ "cmd": command, "params": parameters });
        self.client.issue_cmd(Extension("goog/cdp/execute", command)).await.unwrap()
    }

    /// Fails if the browser's log contains script errors or violations of the content security policy.
    /// Ignores error statuses and failed connections, which the page handles.
    pub(crate) async fn assert_no_complaints(&self) {
        let log = self.client.issue_cmd(Extension("se/log", json!({ "type": "browser" }))).await.unwrap();
        let entries = log.as_array().unwrap().iter();
        let complaints: Vec<_> =
            entries.filter(|entry| entry.get("source") != Some(&json!("network"))).collect();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }

    /// Signs in, and waits for the tree, which is the view unless the address names another one.
    pub(crate) async fn sign_in(&self, user: &str, password: &str) {
        let names_a_view = self.script("return location.hash !== ''").await == json!(true);
        self.enter(user, password).await;
        if !names_a_view {
            self.view("organizations").await;
        }
        self.until("document.querySelector('.row')?.checkVisibility()").await;
    }

    /// Signs in, and waits for the start view.
    pub(crate) async fn enter(&self, user: &str, password: &str) {
        self.until_reads("#sign-in-title", "Sign in").await;
        self.type_into("#sign-in-user", user).await;
        self.type_into("#sign-in-password", &format!("{password}{ENTER}")).await;
        self.until("document.getElementById('bar').checkVisibility()").await;
    }

    /// Opens a page in a new tab, and switches to it.
    pub(crate) async fn open_tab(&self, address: &str) -> WindowHandle {
        let tab = self.client.new_window(true).await.unwrap().handle;
        self.client.switch_to_window(tab.clone()).await.unwrap();
        self.go(address).await;
        tab
    }

    /// Switches to the only other tab.
    pub(crate) async fn other_tab(&self, this: &WindowHandle) -> WindowHandle {
        let tabs = self.client.windows().await.unwrap();
        let other = tabs.into_iter().find(|tab| tab != this).unwrap();
        self.client.switch_to_window(other.clone()).await.unwrap();
        other
    }

    /// Switches to another view.
    pub(crate) async fn view(&self, name: &str) {
        self.script(&format!("location.hash = {}", json!(format!("#{name}")))).await;
    }
}

pub(crate) const ENTER: char = '\u{e007}';
pub(crate) const TAB: char = '\u{e004}';
pub(crate) const ESCAPE: char = '\u{e00c}';
pub(crate) const END: char = '\u{e010}';
pub(crate) const HOME: char = '\u{e011}';
pub(crate) const LEFT: char = '\u{e012}';
pub(crate) const UP: char = '\u{e013}';
pub(crate) const RIGHT: char = '\u{e014}';
pub(crate) const DOWN: char = '\u{e015}';

/// A running chromedriver.
struct Driver {
    child: Child,
    address: String,
    profile: TempDir,
}

impl Driver {
    /// Starts chromedriver on a free port.
    ///
    /// chromedriver binds the same port for IPv4 and IPv6, and exits if one of them is in use. With many
    /// concurrent tests that happens, so retry.
    fn start() -> Self {
        (0..10)
            .find_map(|_| Self::try_start())
            .unwrap_or_else(|| panic!("chromedriver does not say its port"))
    }

    fn try_start() -> Option<Self> {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new(program("ORGCACHE_TEST_CHROMEDRIVER"))
            .args(["--port=0", "--log-level=SEVERE"])
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut driver = Driver { child, address: String::new(), profile };
        // If chromedriver has exited, its output ends. Dropping the driver reaps the process.
        let port = lines.find_map(|line| Some(line.split_once("successfully on port ")?.1.to_owned()))?;
        driver.address = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
        Some(driver)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Fails only if chromedriver has already exited.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn program(variable: &str) -> PathBuf {
    let Some(path) = std::env::var_os(variable) else {
        panic!(
            "this test needs a browser: run `cargo xtask test`, which finds or installs one ({variable} is not set)"
        );
    };
    path.into()
}

/// A non-standard WebDriver command: its path below the session's path, and its body.
#[derive(Debug)]
struct Extension(&'static str, Value);

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _request: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.1.to_string()))
    }
}
