//! `NativeFailure`: why a call from Java failed, and the exception that Java gets.

use core::any::Any;

use jni::errors::ErrorPolicy;
use jni::objects::{JObject, JThrowable};
use jni::{Env, JValue, jni_sig, jni_str};
use session::{LoginError, PortError, SessionError};

use crate::callbacks::ThrownException;
use crate::facts::FactsError;
use crate::frames::FrameError;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NativeFailure {
    #[error("the session manager is closed")]
    Closed,
    #[error("a callback of the source may only look up sessions")]
    Nested,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Principal(#[from] FactsError),
    #[error("the session manager's threads cannot be started: {0}")]
    Runtime(#[from] std::io::Error),
    #[error("the session store cannot be opened: {0}")]
    Open(#[from] erp_db::StoreError),
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error("the session store does not answer: {0}")]
    Store(#[from] PortError),
    #[error("the Java virtual machine refused a call: {0}")]
    Jni(#[from] jni::errors::Error),
}

impl NativeFailure {
    /// The constant of `SessionException.Reason`; `None` for a programming error.
    fn reason(&self) -> Option<&'static str> {
        match self {
            NativeFailure::Open(_) | NativeFailure::Store(_) => Some("STORE"),
            NativeFailure::Login(error) => Some(match error {
                LoginError::Source(_) => "SOURCE",
                LoginError::Store(_) => "STORE",
                LoginError::Session(error) => reason_of(error),
                LoginError::TooManySessions { .. } | LoginError::TooManySessionsOfUser { .. } => "LIMIT",
                LoginError::EndedMeanwhile => "NO_SESSION",
                LoginError::NoEntropy(_) => "SYSTEM",
                LoginError::ShuttingDown => return None,
                _ => "REFUSED",
            }),
            NativeFailure::Session(error) => Some(reason_of(error)),
            NativeFailure::Runtime(_) => Some("SYSTEM"),
            _ => None,
        }
    }

    fn is_transient(&self) -> bool {
        match self {
            NativeFailure::Open(error) => error.is_transient(),
            NativeFailure::Store(error) => error.is_transient(),
            NativeFailure::Login(error) => error.is_transient(),
            NativeFailure::Session(error) => error.is_transient(),
            _ => false,
        }
    }

    /// The exception of a callback.
    pub(crate) fn thrown(&self) -> Option<&ThrownException> {
        match self {
            NativeFailure::Login(LoginError::Source(error)) => ThrownException::behind(error),
            _ => None,
        }
    }

    fn throw(&self, env: &mut Env<'_>) -> jni::errors::Result<()> {
        let message = env.new_string(self.to_string())?;
        let Some(reason) = self.reason() else {
            let exception = env.new_object(
                jni_str!("java/lang/IllegalStateException"),
                jni_sig!("(Ljava/lang/String;)V"),
                &[JValue::Object(&message)],
            )?;
            return throw(env, exception);
        };
        let null = JObject::null();
        let cause: &JObject<'_> = match self.thrown() {
            Some(thrown) => thrown.exception.as_ref(),
            None => &null,
        };
        // An error of the virtual machine is rethrown unchanged.
        if !cause.is_null() && env.is_instance_of(cause, jni_str!("java/lang/Error"))? {
            let error = env.new_local_ref(cause)?;
            return throw(env, error);
        }
        let reason = env.new_string(reason)?;
        let exception = env.new_object(
            jni_str!("org/orgcache/session/SessionException"),
            jni_sig!("(Ljava/lang/String;ZLjava/lang/String;Ljava/lang/Throwable;)V"),
            &[
                JValue::Object(&reason),
                JValue::Bool(self.is_transient()),
                JValue::Object(&message),
                JValue::Object(cause),
            ],
        )?;
        throw(env, exception)
    }
}

fn throw(env: &mut Env<'_>, exception: JObject<'_>) -> jni::errors::Result<()> {
    let exception = env.cast_local::<JThrowable<'_>>(exception)?;
    match env.throw(exception) {
        // The binding reports a pending exception like this.
        Err(jni::errors::Error::JavaException) => Ok(()),
        outcome => outcome,
    }
}

fn reason_of(error: &SessionError) -> &'static str {
    match error {
        SessionError::Unavailable(_) => "STORE",
        _ => "NO_SESSION",
    }
}

/// Throws the failure of a native method as an exception.
#[derive(Debug)]
pub(crate) struct ExceptionThrower;

impl<T: Default> ErrorPolicy<T, NativeFailure> for ExceptionThrower {
    type Captures<'unowned: 'native, 'native> = ();

    fn on_error<'unowned: 'native, 'native>(
        env: &mut Env<'unowned>,
        _: &mut Self::Captures<'unowned, 'native>,
        failure: NativeFailure,
    ) -> jni::errors::Result<T> {
        if !env.exception_check() {
            failure.throw(env)?;
        }
        Ok(T::default())
    }

    fn on_panic<'unowned: 'native, 'native>(
        env: &mut Env<'unowned>,
        _: &mut Self::Captures<'unowned, 'native>,
        payload: Box<dyn Any + Send + 'static>,
    ) -> jni::errors::Result<T> {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or_default();
        if !env.exception_check() {
            let message = env.new_string(format!("a defect of orgcache, please report it: {text}"))?;
            let exception = env.new_object(
                jni_str!("java/lang/IllegalStateException"),
                jni_sig!("(Ljava/lang/String;)V"),
                &[JValue::Object(&message)],
            )?;
            throw(env, exception)?;
        }
        Ok(T::default())
    }
}
