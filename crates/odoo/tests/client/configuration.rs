//! Settings, their errors, and secrets that must not be shown.

use std::collections::BTreeMap;

use odoo::{ConfigError, OdooClient, OdooConfig, OdooCredential, Transport, TransportChoice};

fn read(settings: &[(&str, &str)]) -> Result<OdooConfig, ConfigError> {
    let settings: BTreeMap<&str, &str> = settings.iter().copied().collect();
    OdooConfig::from_settings(|name| settings.get(name).map(|value| (*value).to_owned()))
}

const REQUIRED: [(&str, &str); 3] =
    [("ODOO_URL", "https://erp.example.com/odoo/"), ("ODOO_USER", "admin"), ("ODOO_PASSWORD", "s3cret")];

fn with(more: &[(&'static str, &'static str)]) -> Result<OdooConfig, ConfigError> {
    read(&[&REQUIRED[..], more].concat())
}

#[test]
fn address_and_credential_are_required() {
    let config = with(&[]).unwrap();
    assert_eq!(config.database, None);
    assert_eq!(with(&[("ODOO_DB", " production ")]).unwrap().database.as_deref(), Some("production"));
    assert_eq!((config.pool_size, config.batch_size, config.batching), (5, 100, true));
    assert!(matches!(config.credential, OdooCredential::Password(_)));
    for missing in 0..REQUIRED.len() {
        let mut settings = REQUIRED.to_vec();
        let (name, _) = settings.remove(missing);
        assert!(read(&settings).unwrap_err().to_string().contains(name));
        settings.push((name, "  "));
        assert!(read(&settings).unwrap_err().to_string().contains(name), "a blank setting counts as missing");
    }
    let key_alone = [REQUIRED[0], ("ODOO_API_KEY", "k3y")];
    assert!(matches!(read(&key_alone).unwrap().credential, OdooCredential::ApiKey(_)));
}

#[test]
fn all_settings_take_effect() {
    let config = with(&[
        ("ODOO_API_KEY", "k3y"),
        ("ODOO_RPC_TRANSPORT", "JsonRpc"),
        ("ODOO_LOCALE", "fr_FR"),
        ("ODOO_MCP_POOL_SIZE", "2"),
        ("ODOO_MCP_ENABLE_BATCHING", "False"),
        ("ODOO_MCP_BATCH_SIZE", "7"),
    ])
    .unwrap();
    assert!(matches!(config.credential, OdooCredential::ApiKey(_)), "a key has precedence over a password");
    assert_eq!(config.transport, TransportChoice::Forced(Transport::JsonRpc));
    assert_eq!(config.language.as_deref(), Some("fr_FR"));
    assert_eq!((config.pool_size, config.batch_size, config.batching), (2, 7, false));
}

#[test]
fn errors_name_the_setting_and_its_value() {
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
fn the_url_must_be_http_without_secrets() {
    for url in
        ["erp.example.com", "ftp://erp.example.com", "https://", "https://a:s3cret@b", "http://a/?q=s3cret"]
    {
        let message = with(&[("ODOO_URL", url)]).unwrap_err().to_string();
        assert!(message.contains("ODOO_URL") && !message.contains("s3cret"), "{message}");
    }
}

#[test]
fn debug_output_shows_no_secret() {
    for name in ["ODOO_PASSWORD", "ODOO_API_KEY"] {
        let config = with(&[(name, "s3cret"), ("ODOO_URL", "http://localhost")]).unwrap();
        let client = OdooClient::new(config.clone()).unwrap();
        let shown = format!("{config:?} {config:#?} {client:?} {:?}", config.credential);
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[test]
fn database_keys_differ_by_server() {
    let one = with(&[]).unwrap().database_key();
    let other = with(&[("ODOO_URL", "https://test.example.com")]).unwrap().database_key();
    assert_ne!(one, other);
    assert!(!one.contains("s3cret"));
}

#[test]
fn a_password_with_the_form_of_a_key_is_used_as_a_key() {
    let key = "0123456789abcdef0123456789ABCDEF01234567";
    let read = |password| read(&[REQUIRED[0], REQUIRED[1], ("ODOO_PASSWORD", password)]).unwrap();
    let credential = |password| read(password).credential;
    assert!(matches!(credential(key), OdooCredential::ApiKey(_)));
    assert!(read(key).key_as_password && !read("s3cret").key_as_password);
    for password in [&key[1..], "0123456789abcdef0123456789abcdef0123456z", "s3cret"] {
        assert!(matches!(credential(password), OdooCredential::Password(_)), "{password}");
    }
}

#[test]
fn the_address_of_a_page_is_rejected() {
    for path in ["web", "web/login", "jsonrpc", "xmlrpc/2/common", "json/2/", "erp/web#action=1"] {
        let url = &format!("https://erp.example.com/{path}");
        let message = read(&[REQUIRED[1], REQUIRED[2], ("ODOO_URL", url)]).unwrap_err().to_string();
        assert!(message.contains("ODOO_URL") && message.contains("from `/web`"), "{message}");
    }
}
