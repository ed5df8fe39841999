//! What the environment may say, and what is kept from those who look.

use std::collections::BTreeMap;

use odoo::{ConfigError, OdooClient, OdooConfig, OdooCredential, Transport, TransportChoice};

fn read(settings: &[(&str, &str)]) -> Result<OdooConfig, ConfigError> {
    let settings: BTreeMap<&str, &str> = settings.iter().copied().collect();
    OdooConfig::from_settings(|name| settings.get(name).map(|value| (*value).to_owned()))
}

const LEAST: [(&str, &str); 3] =
    [("ODOO_URL", "https://erp.example.com/odoo/"), ("ODOO_USER", "admin"), ("ODOO_PASSWORD", "s3cret")];

fn with(more: &[(&'static str, &'static str)]) -> Result<OdooConfig, ConfigError> {
    read(&[&LEAST[..], more].concat())
}

#[test]
fn the_least_is_an_address_and_a_credential() {
    let config = with(&[]).unwrap();
    assert_eq!(config.database, None);
    assert_eq!(with(&[("ODOO_DB", " production ")]).unwrap().database.as_deref(), Some("production"));
    assert_eq!((config.pool_size, config.batch_size, config.batching), (5, 100, true));
    assert!(matches!(config.credential, OdooCredential::Password(_)));
    for missing in 0..LEAST.len() {
        let mut settings = LEAST.to_vec();
        let (name, _) = settings.remove(missing);
        assert!(read(&settings).unwrap_err().to_string().contains(name));
        settings.push((name, "  "));
        assert!(read(&settings).unwrap_err().to_string().contains(name), "blank is missing");
    }
    let key_alone = [LEAST[0], ("ODOO_API_KEY", "k3y")];
    assert!(matches!(read(&key_alone).unwrap().credential, OdooCredential::ApiKey(_)));
}

#[test]
fn every_setting_is_heard() {
    let config = with(&[
        ("ODOO_API_KEY", "k3y"),
        ("ODOO_RPC_TRANSPORT", "JsonRpc"),
        ("ODOO_LOCALE", "fr_FR"),
        ("ODOO_MCP_POOL_SIZE", "2"),
        ("ODOO_MCP_ENABLE_BATCHING", "False"),
        ("ODOO_MCP_BATCH_SIZE", "7"),
    ])
    .unwrap();
    assert!(matches!(config.credential, OdooCredential::ApiKey(_)), "a key comes before a password");
    assert_eq!(config.transport, TransportChoice::Forced(Transport::JsonRpc));
    assert_eq!(config.language.as_deref(), Some("fr_FR"));
    assert_eq!((config.pool_size, config.batch_size, config.batching), (2, 7, false));
}

#[test]
fn what_cannot_be_understood_is_named() {
    for (name, value) in [
        ("ODOO_MCP_POOL_SIZE", "0"),
        ("ODOO_MCP_POOL_SIZE", "-1"),
        ("ODOO_MCP_BATCH_SIZE", "many"),
        ("ODOO_MCP_ENABLE_BATCHING", "perhaps"),
        ("ODOO_RPC_TRANSPORT", "pigeon"),
    ] {
        let message = with(&[(name, value)]).unwrap_err().to_string();
        assert!(message.contains(name) && message.contains(value), "{message}");
    }
}

#[test]
fn an_address_is_a_web_address_without_secrets() {
    for url in
        ["erp.example.com", "ftp://erp.example.com", "https://", "https://a:s3cret@b", "http://a/?q=s3cret"]
    {
        let message = with(&[("ODOO_URL", url)]).unwrap_err().to_string();
        assert!(message.contains("ODOO_URL") && !message.contains("s3cret"), "{message}");
    }
}

#[test]
fn nothing_shows_a_secret() {
    for name in ["ODOO_PASSWORD", "ODOO_API_KEY"] {
        let config = with(&[(name, "s3cret"), ("ODOO_URL", "http://localhost")]).unwrap();
        let client = OdooClient::new(config.clone()).unwrap();
        let shown = format!("{config:?} {config:#?} {client:?} {:?}", config.credential);
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[test]
fn databases_of_one_name_differ_by_their_server() {
    let here = with(&[]).unwrap().database_key();
    let there = with(&[("ODOO_URL", "https://test.example.com")]).unwrap().database_key();
    assert_ne!(here, there);
    assert!(!here.contains("s3cret"));
}

#[test]
fn a_key_in_the_place_of_a_password_is_a_key() {
    let key = "0123456789abcdef0123456789ABCDEF01234567";
    let read = |password| read(&[LEAST[0], LEAST[1], ("ODOO_PASSWORD", password)]).unwrap();
    let given = |password| read(password).credential;
    assert!(matches!(given(key), OdooCredential::ApiKey(_)));
    assert!(read(key).key_as_password && !read("s3cret").key_as_password);
    for password in [&key[1..], "0123456789abcdef0123456789abcdef0123456z", "s3cret"] {
        assert!(matches!(given(password), OdooCredential::Password(_)), "{password}");
    }
}

#[test]
fn the_address_of_a_page_is_refused() {
    for path in ["web", "web/login", "jsonrpc", "xmlrpc/2/common", "json/2/", "erp/web#action=1"] {
        let url = &format!("https://erp.example.com/{path}");
        let told = read(&[LEAST[1], LEAST[2], ("ODOO_URL", url)]).unwrap_err().to_string();
        assert!(told.contains("ODOO_URL") && told.contains("without `/web`"), "{told}");
    }
}
