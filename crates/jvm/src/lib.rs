//! Sessions for the JVM: the native half of the Java library in `java/orgcache-sessions`.
//!
//! Java calls the functions of `natives`. Tokens and places are passed as numbers, everything else as
//! `frames`, that is as bytes; no pointer crosses. A manager and a session are places in a table, so that a
//! stale place is only an error.
//!
//! The manager's futures are polled on the thread that called from Java, and `callbacks` run only there: an
//! ERP binds its connection to the thread. The threads of the runtime, one and those of the databases, never
//! call Java. They neither attach to the virtual machine nor keep it alive.
//!
//! In reading order:
//!
//! - `natives`: one function for each native method of Java;
//! - `manager`: a session manager with its runtime, its store and its shutdown;
//! - `places`: the sessions that have a Java object;
//! - `callbacks`: calls to the ERP through Java;
//! - `facts`, `settings`: values from Java, decoded from frames;
//! - `failure`: errors as Java exceptions.

mod callbacks;
mod facts;
mod failure;
mod frames;
mod manager;
mod natives;
mod places;
mod settings;
