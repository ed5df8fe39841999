//! `Scope`: for whom metadata is cached.

use std::sync::Arc;

/// Who asks: a user of a database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Principal {
    database: Arc<str>,
    user: i64,
}

impl Principal {
    /// A user of a database, by the user's number there.
    #[must_use]
    pub fn new(database: &str, user: i64) -> Self {
        Principal { database: database.into(), user }
    }

    /// The database, with whatever tells it apart from others of the same name (its server, say).
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The user's number in the database.
    #[must_use]
    pub fn user(&self) -> i64 {
        self.user
    }
}

/// For whom metadata is cached: a principal, the language of the labels, and the companies where they matter.
///
/// Two questions share an answer only if their scopes are equal. A scope is cheap to clone.
///
/// # Examples
/// ```
/// use model_metadata::{Principal, Scope};
///
/// let scope = Scope::new(Principal::new("production", 7), "fr_FR");
/// assert_eq!(scope.language(), "fr_FR");
/// assert_eq!(scope.with_companies([3, 1, 3]), scope.with_companies([1, 3]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope(Arc<Parts>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Parts {
    principal: Principal,
    language: Box<str>,
    companies: Box<[i64]>,
}

impl Scope {
    /// A principal who reads labels in a language; an empty language is the server's choice.
    #[must_use]
    pub fn new(principal: Principal, language: &str) -> Self {
        Scope(Arc::new(Parts { principal, language: language.into(), companies: Box::default() }))
    }

    /// The same, with metadata that depends on a set of companies.
    #[must_use]
    pub fn with_companies(&self, companies: impl IntoIterator<Item = i64>) -> Self {
        let mut companies: Vec<i64> = companies.into_iter().collect();
        companies.sort_unstable();
        companies.dedup();
        let Parts { principal, language, .. } = &*self.0;
        Scope(Arc::new(Parts {
            principal: principal.clone(),
            language: language.clone(),
            companies: companies.into_boxed_slice(),
        }))
    }

    /// Who asks.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// The language of labels.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.0.language
    }

    /// The companies that the metadata depends on, ascending; none if it does not.
    #[must_use]
    pub fn companies(&self) -> &[i64] {
        &self.0.companies
    }

    /// The scope of answers that no language changes.
    #[must_use]
    pub(crate) fn without_language(&self) -> Self {
        if self.0.language.is_empty() {
            return self.clone();
        }
        Scope(Arc::new(Parts { language: Box::default(), ..(*self.0).clone() }))
    }

    /// The bytes that the scope owns, its share of the database's name included.
    pub(crate) fn heap_bytes(&self) -> usize {
        const COUNTS: usize = 2 * size_of::<usize>();
        2 * COUNTS
            + size_of::<Parts>()
            + self.0.principal.database.len()
            + self.0.language.len()
            + size_of_val(&*self.0.companies)
    }
}
