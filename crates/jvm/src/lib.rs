//! Sessions for the JVM: the native half of the Java library in `java/orgcache-sessions`.
//!
//! Java calls the functions of `natives`. Everything but tokens and places crosses as `frames`, that is as
//! bytes; no pointer does. A manager and a session are places in a table, so that a stale one is an error and
//! nothing worse.
//!
//! The manager's futures are polled on the thread that called from Java, and only there do `callbacks` run:
//! an ERP binds its connection to the thread. The threads of the runtime, one and those of the databases,
//! know nothing of Java. They neither attach themselves to the virtual machine nor keep it from ending.
//!
//! In the order in which to read them:
//!
//! - `natives`: one function for each native method of Java;
//! - `manager`: a session manager with its runtime, its store and its end;
//! - `places`: the sessions of which Java holds an object;
//! - `callbacks`: the ERP, as asked through Java;
//! - `facts`, `settings`: what comes from Java, read from frames;
//! - `failure`: what Java gets as an exception.

mod callbacks;
mod facts;
mod failure;
mod frames;
mod manager;
mod natives;
mod places;
mod settings;
