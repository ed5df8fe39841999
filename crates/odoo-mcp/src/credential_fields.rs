//! Detects fields that look like credentials, by their names.
//!
//! Reads that name no fields leave such fields out. If a call names one, it is read; Odoo's groups decide
//! whether the user may read it.

/// Words that mark a credential if they come last in the name of a field.
const WORDS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "secret",
    "token",
    "rtoken",
    "passkey",
    "salt",
    "otp",
    "pin",
    "apikey",
    "privatekey",
    "secretkey",
    "accesskey",
    "hashkey",
    "hashiv",
];

/// Words that mark a credential if `key` follows them.
const KEYS: &[&str] = &[
    "api",
    "private",
    "secret",
    "access",
    "hmac",
    "signature",
    "transaction",
    "hash",
    "encryption",
    "signing",
];

/// Does the name of a field look like that of a credential?
pub(crate) fn is_credential(field: &str) -> bool {
    let name = field.to_ascii_lowercase();
    let mut words: Vec<&str> = name.split('_').collect();
    // References to records and flags contain no secret.
    if matches!(words.last(), Some(&("id" | "ids"))) || matches!(words.first(), Some(&("is" | "has" | "can")))
    {
        return false;
    }
    // `password_2` and `password_` are passwords too.
    words.truncate(
        words.iter().rposition(|word| !word.bytes().all(|it| it.is_ascii_digit())).map_or(0, |it| it + 1),
    );
    if words.len() > 1 && matches!(words.last(), Some(&("hash" | "value" | "digest"))) {
        words.pop();
    }
    let Some(last) = words.pop() else { return false };
    let bare = last.trim_end_matches(|it: char| it.is_ascii_digit());
    let is_key = bare == "key" && words.last().is_some_and(|word| KEYS.contains(word));
    is_key || WORDS.contains(&last) || WORDS.contains(&bare)
}

#[cfg(test)]
mod tests {
    use super::is_credential;

    #[test]
    fn credentials_are_detected_by_their_last_words() {
        for name in [
            "password",
            "new_password",
            "password2",
            "password_2",
            "password_",
            "password_hash",
            "smtp_pass",
            "webhook_secret",
            "openai_api_key",
            "api_key_2",
            "access_token",
            "hmac_key",
            "pin",
            "PASSWORD",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in [
            "name",
            "sort_key",
            "key",
            "password_expiry_date",
            "token_id",
            "api_key_ids",
            "is_secret",
            "commit_hash",
            "max_tokens",
            "",
            "_",
            "2",
            "hash",
        ] {
            assert!(!is_credential(name), "{name}");
        }
    }
}
