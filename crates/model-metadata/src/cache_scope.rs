//! `CacheScope` and `DatabaseUser`: the user, language and companies that a cached value is for.

use std::sync::Arc;

/// A user of a database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DatabaseUser {
    database: Arc<str>,
    id: i64,
}

impl DatabaseUser {
    /// A user of a database, by id.
    #[must_use]
    pub fn new(database: &str, id: i64) -> Self {
        DatabaseUser { database: database.into(), id }
    }

    /// The database. If several servers have databases of the same name, qualify the name by the server.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The id of the user in the database.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }
}

/// The scope of cached metadata: a user of a database, the language of the labels, and the companies if the
/// metadata depends on them.
///
/// Two calls share a cached value only if their scopes are equal. A scope is cheap to clone.
///
/// # Examples
/// ```
/// use model_metadata::{DatabaseUser, CacheScope};
///
/// let scope = CacheScope::new(DatabaseUser::new("production", 7), "fr_FR");
/// assert_eq!(scope.language(), "fr_FR");
/// assert_eq!(scope.with_companies([3, 1, 3]), scope.with_companies([1, 3]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheScope(Arc<Parts>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Parts {
    user: DatabaseUser,
    language: Box<str>,
    companies: Box<[i64]>,
}

impl CacheScope {
    /// A scope for a user and a language of labels. If the language is empty, the server chooses it.
    #[must_use]
    pub fn new(user: DatabaseUser, language: &str) -> Self {
        CacheScope(Arc::new(Parts { user, language: language.into(), companies: Box::default() }))
    }

    /// The same scope, for metadata that depends on a set of companies.
    #[must_use]
    pub fn with_companies(&self, companies: impl IntoIterator<Item = i64>) -> Self {
        let mut companies: Vec<i64> = companies.into_iter().collect();
        companies.sort_unstable();
        companies.dedup();
        let Parts { user, language, .. } = &*self.0;
        CacheScope(Arc::new(Parts {
            user: user.clone(),
            language: language.clone(),
            companies: companies.into_boxed_slice(),
        }))
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &DatabaseUser {
        &self.0.user
    }

    /// The language of labels.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.0.language
    }

    /// The companies that the metadata depends on, in ascending order; empty if it depends on none.
    #[must_use]
    pub fn companies(&self) -> &[i64] {
        &self.0.companies
    }

    /// The scope for metadata that does not depend on the language.
    #[must_use]
    pub(crate) fn without_language(&self) -> Self {
        if self.0.language.is_empty() {
            return self.clone();
        }
        CacheScope(Arc::new(Parts { language: Box::default(), ..(*self.0).clone() }))
    }

    /// The bytes that the scope owns, including the database name.
    pub(crate) fn heap_bytes(&self) -> usize {
        const COUNTS: usize = 2 * size_of::<usize>();
        2 * COUNTS
            + size_of::<Parts>()
            + self.0.user.database.len()
            + self.0.language.len()
            + size_of_val(&*self.0.companies)
    }
}
