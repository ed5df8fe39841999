//! Access control: enforces the mode and the rules of the add-on.

mod documents;
mod gate;
mod operands;
mod paths;
mod writes;

pub(crate) use gate::Gate;
