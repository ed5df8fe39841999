//! `Callbacks`: asks the ERP through a Java object, on the calling thread.

use core::cell::Cell;
use core::fmt;
use std::sync::Arc;

use jni::objects::{JByteArray, JObject, JThrowable};
use jni::refs::Global;
use jni::strings::JNIStr;
use jni::{Env, JValue, JavaVM, jni_sig, jni_str};
use org_structure::OrgStructure;
use parking_lot::Mutex;
use session::{ClientId, Facts, LoadedTree, OrgSource, PortError, Principal, Revision, async_trait};

use crate::facts;
use crate::frames::{FrameError, FrameReader};

thread_local! {
    /// Is this thread in a call from Java, so that it may call back?
    static IS_CALLED: Cell<bool> = const { Cell::new(false) };
    /// Does this thread run a callback?
    static IS_CALLING: Cell<bool> = const { Cell::new(false) };
}

/// Sets a flag of this thread for as long as the value lives.
struct ThreadMark {
    cell: &'static std::thread::LocalKey<Cell<bool>>,
    before: bool,
}

impl ThreadMark {
    fn set(cell: &'static std::thread::LocalKey<Cell<bool>>) -> Self {
        ThreadMark { cell, before: cell.replace(true) }
    }
}

impl Drop for ThreadMark {
    fn drop(&mut self) {
        self.cell.set(self.before);
    }
}

/// Runs work that may call back, on a thread of Java.
pub(crate) fn called_from_java<T>(run: impl FnOnce() -> T) -> T {
    let _mark = ThreadMark::set(&IS_CALLED);
    run()
}

/// Does this thread run a callback?
pub(crate) fn is_under_way() -> bool {
    IS_CALLING.get()
}

/// The Java object that answers for the ERP.
pub(crate) struct Callbacks {
    /// Taken out when the manager is closed, on a Java thread: the last owner may be on a thread that the
    /// virtual machine does not know.
    object: Mutex<Option<Arc<Global<JObject<'static>>>>>,
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks").finish_non_exhaustive()
    }
}

/// An exception that a callback threw.
pub(crate) struct ThrownException {
    pub(crate) exception: Global<JThrowable<'static>>,
    thread: std::thread::ThreadId,
}

impl ThrownException {
    /// The exception behind an error of the source, if it is one.
    pub(crate) fn behind(error: &PortError) -> Option<&Self> {
        error.cause().downcast_ref()
    }

    /// Did a callback of another thread throw it? If so, this login had joined that thread's load.
    pub(crate) fn is_of_another_thread(&self) -> bool {
        self.thread != std::thread::current().id()
    }
}

impl fmt::Debug for ThrownException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrownException").field("thread", &self.thread).finish_non_exhaustive()
    }
}

impl fmt::Display for ThrownException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the source threw an exception, which is the cause of this one")
    }
}

impl core::error::Error for ThrownException {}

/// Why a callback could not be made.
#[derive(Debug, thiserror::Error)]
enum CallbackError {
    #[error("the session manager was closed in the meantime")]
    Closed,
    #[error("the source can be called only on the thread that logs in")]
    WrongThread,
    #[error(transparent)]
    Thrown(#[from] ThrownException),
    #[error("the source could not be called: {0}")]
    Jni(#[from] jni::errors::Error),
}

impl From<CallbackError> for PortError {
    fn from(error: CallbackError) -> Self {
        match error {
            CallbackError::Thrown(thrown) => PortError::permanent(thrown),
            CallbackError::Closed | CallbackError::WrongThread => PortError::transient(error),
            CallbackError::Jni(_) => PortError::permanent(error),
        }
    }
}

impl Callbacks {
    pub(crate) fn new(object: Global<JObject<'static>>) -> Self {
        Callbacks { object: Mutex::new(Some(Arc::new(object))) }
    }

    /// Drops the Java object. Must be called on a Java thread.
    pub(crate) fn close(&self) {
        drop(self.object.lock().take());
    }

    /// Calls a method that takes and returns bytes.
    fn call(&self, method: &'static JNIStr, argument: &[u8]) -> Result<Vec<u8>, CallbackError> {
        let object = self.object.lock().clone().ok_or(CallbackError::Closed)?;
        if !IS_CALLED.get() {
            return Err(CallbackError::WrongThread);
        }
        // The callback may block. It may look up sessions, which waits in a separate runtime.
        tokio::task::block_in_place(|| {
            let _mark = ThreadMark::set(&IS_CALLING);
            JavaVM::singleton()?.attach_current_thread(|env| invoke(env, &object, method, argument))
        })
    }
}

fn invoke(
    env: &mut Env<'_>,
    object: &JObject<'static>,
    method: &'static JNIStr,
    argument: &[u8],
) -> Result<Vec<u8>, CallbackError> {
    let argument = env.byte_array_from_slice(argument)?;
    let answer = env.call_method(object, method, jni_sig!("([B)[B"), &[JValue::Object(&argument)]);
    if let Some(exception) = env.exception_occurred() {
        env.exception_clear();
        let exception = env.new_global_ref(exception)?;
        return Err(ThrownException { exception, thread: std::thread::current().id() }.into());
    }
    let answer = env.cast_local::<JByteArray<'_>>(answer?.l()?)?;
    Ok(env.convert_byte_array(answer)?)
}

fn broken(error: impl core::error::Error + Send + Sync + 'static) -> PortError {
    PortError::permanent(error)
}

#[async_trait]
impl OrgSource for Callbacks {
    async fn revision(&self, client: &ClientId) -> Result<Option<Revision>, PortError> {
        let bytes = self.call(jni_str!("revision"), client.as_str().as_bytes())?;
        let mut frame = FrameReader::new(&bytes);
        let revision = frame.either(FrameReader::long).map_err(broken)?;
        frame.end().map_err(broken)?;
        Ok(revision.map(Revision::from_bits))
    }

    async fn load_tree(&self, client: &ClientId) -> Result<LoadedTree, PortError> {
        let before = self.revision(client).await?;
        let bytes = self.call(jni_str!("tree"), client.as_str().as_bytes())?;
        let mut frame = FrameReader::new(&bytes);
        let structure = OrgStructure::decode(frame.bytes().map_err(broken)?).map_err(broken)?;
        let findings =
            frame.list(|frame| frame.text().map(str::to_owned)).map_err(|error: FrameError| broken(error))?;
        frame.end().map_err(broken)?;
        // A change in between makes the tree newer than its revision, which is safe.
        let revision = match before {
            Some(_) => self.revision(client).await?.filter(|after| before == Some(*after)),
            None => None,
        };
        Ok(LoadedTree::new(structure, revision).with_findings(findings))
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        let bytes = self.call(jni_str!("facts"), &facts::write_principal(principal))?;
        let facts = facts::read(&bytes).map_err(broken)?;
        Ok(Facts::Openbravo(Box::new(facts)))
    }
}
