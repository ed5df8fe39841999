//! What may be done: by the mode, and by the rules of the add-on.

mod documents;
mod gate;
mod operands;
mod paths;
mod writes;

pub(crate) use gate::Gate;
