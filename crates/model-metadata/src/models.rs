//! `ModelList`: the models that a user may see.

use std::collections::BTreeMap;

use crate::shared_values::SharedValue;

/// The models that a user may see, with their labels, sorted by name.
///
/// # Examples
/// ```
/// use model_metadata::ModelList;
///
/// let list: ModelList = [("res.users", "User"), ("res.partner", "Contact")].into_iter().collect();
/// assert_eq!(list.label("res.partner"), Some("Contact"));
/// assert_eq!(list.iter().next(), Some(("res.partner", "Contact")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ModelList {
    // INVARIANT: sorted by name, without duplicates.
    models: Box<[(Box<str>, Box<str>)]>,
}

impl ModelList {
    /// The number of models.
    #[must_use]
    pub fn len(&self) -> usize {
        self.models.len()
    }

    /// Is the list empty?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// The label of a model, or `None` if it is not in the list.
    #[must_use]
    pub fn label(&self, model: &str) -> Option<&str> {
        let position = self.models.binary_search_by(|(name, _)| (**name).cmp(model)).ok()?;
        self.models.get(position).map(|(_, label)| &**label)
    }

    /// Name and label of each model, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.models.iter().map(|(name, label)| (&**name, &**label))
    }

    /// The bytes that the list owns.
    #[must_use]
    pub fn footprint(&self) -> usize {
        let texts: usize = self.models.iter().map(|(name, label)| name.len() + label.len()).sum();
        size_of_val(&*self.models) + texts
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for ModelList {
    /// If a name occurs twice, the later entry wins.
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(models: I) -> Self {
        let by_name: BTreeMap<&str, &str> = models.into_iter().collect();
        ModelList { models: by_name.into_iter().map(|(name, label)| (name.into(), label.into())).collect() }
    }
}

impl SharedValue for ModelList {
    fn heap_bytes(&self) -> usize {
        self.footprint()
    }
}
