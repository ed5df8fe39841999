//! The native methods of `org.orgcache.session.Native`, one function each.

use jni::objects::{JByteArray, JClass, JObject};
use jni::sys::{jboolean, jlong};
use jni::{Env, NativeMethod, native_method};
use org_structure::{ClientId, OrgId, RoleId, UserId};
use session::{Login, Notice, Revocation, Scope, SessionError, SessionId, Token};

use crate::callbacks::{self, Callbacks};
use crate::facts::{FactsError, read_principal};
use crate::failure::{ExceptionThrower, NativeFailure};
use crate::frames::{FrameError, FrameReader, FrameWriter};
use crate::manager::Manager;
use crate::settings::ManagerSettings;

type Bytes<'local> = JByteArray<'local>;

/// Declares the native methods, all of them static.
macro_rules! native {
    ($($name:ident $arguments:tt -> $answer:tt;)+) => {
        $(const _: NativeMethod<'static> = native_method! {
            java_type = "org.orgcache.session.Native",
            error_policy = ExceptionThrower,
            static extern fn $name $arguments -> $answer,
        };)+
    };
}

native! {
    open(settings: [jbyte], callbacks: JObject) -> jlong;
    close(manager: jlong) -> void;
    is_in_callback() -> jboolean;
    count() -> jlong;
    login(manager: jlong, principal: [jbyte]) -> [jbyte];
    replace(manager: jlong, token1: jlong, token2: jlong, token3: jlong, token4: jlong, choice: [jbyte]) -> [jbyte];
    find(manager: jlong, token1: jlong, token2: jlong, token3: jlong, token4: jlong) -> jlong;
    look(manager: jlong, token1: jlong, token2: jlong, token3: jlong, token4: jlong) -> jlong;
    logout(manager: jlong, token1: jlong, token2: jlong, token3: jlong, token4: jlong) -> [jbyte];
    end(manager: jlong, scope: [jbyte]) -> [jbyte];
    describe(manager: jlong, place: jlong) -> [jbyte];
    tree(manager: jlong, place: jlong) -> [jbyte];
    access(manager: jlong, place: jlong) -> [jbyte];
    is_ended(manager: jlong, place: jlong) -> jboolean;
    release(manager: jlong, place: jlong) -> void;
    stats(manager: jlong) -> [jbyte];
}

fn open<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    settings: Bytes<'local>,
    callbacks: JObject<'local>,
) -> Result<jlong, NativeFailure> {
    let settings = ManagerSettings::read(&env.convert_byte_array(settings)?)?;
    let callbacks = Callbacks::new(env.new_global_ref(callbacks)?);
    Manager::open(&settings, callbacks)
}

fn close<'local>(_: &mut Env<'local>, _: JClass<'local>, manager: jlong) -> Result<(), NativeFailure> {
    Manager::close(manager)
}

fn is_in_callback<'local>(_: &mut Env<'local>, _: JClass<'local>) -> Result<jboolean, NativeFailure> {
    Ok(callbacks::is_under_way())
}

/// How many managers are open.
fn count<'local>(_: &mut Env<'local>, _: JClass<'local>) -> Result<jlong, NativeFailure> {
    Ok(to_long(Manager::count()))
}

fn login<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    manager: jlong,
    principal: Bytes<'local>,
) -> Result<Bytes<'local>, NativeFailure> {
    let manager = Manager::at(manager)?;
    let principal = read_principal(&env.convert_byte_array(principal)?)?;
    let login = manager.log_in(|| manager.sessions.login(principal))?;
    give_login(env, &manager, login)
}

/// Refreshes a session, or switches its role or organization.
#[expect(clippy::too_many_arguments, reason = "a token crosses as four numbers, which need no array")]
fn replace<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    manager: jlong,
    token1: jlong,
    token2: jlong,
    token3: jlong,
    token4: jlong,
    choice: Bytes<'local>,
) -> Result<Bytes<'local>, NativeFailure> {
    let manager = Manager::at(manager)?;
    let token = &token([token1, token2, token3, token4]);
    let choice = Choice::read(&env.convert_byte_array(choice)?)?;
    let login = manager.log_in(|| async {
        match choice {
            Choice::Same => manager.sessions.refresh(token).await,
            Choice::Role(role, org) => manager.sessions.switch_role(token, role, org).await,
            Choice::Org(org) => manager.sessions.switch_org(token, org).await,
            Choice::NewOrg(org) => manager.sessions.add_writable_org(token, org).await,
        }
    })?;
    give_login(env, &manager, login)
}

/// The place of a session that memory alone can answer for. 0 means unknown, not invalid.
fn find<'local>(
    _: &mut Env<'local>,
    _: JClass<'local>,
    manager: jlong,
    token1: jlong,
    token2: jlong,
    token3: jlong,
    token4: jlong,
) -> Result<jlong, NativeFailure> {
    let manager = Manager::at(manager)?;
    let session = manager.sessions.session_in_memory(&token([token1, token2, token3, token4]));
    Ok(session.map_or(0, |session| manager.places.put(session)))
}

/// The place of a session. May ask the store.
fn look<'local>(
    _: &mut Env<'local>,
    _: JClass<'local>,
    manager: jlong,
    token1: jlong,
    token2: jlong,
    token3: jlong,
    token4: jlong,
) -> Result<jlong, NativeFailure> {
    let manager = Manager::at(manager)?;
    let token = token([token1, token2, token3, token4]);
    let session = manager.wait(manager.sessions.session(&token))?;
    Ok(manager.places.put(session))
}

fn logout<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    manager: jlong,
    token1: jlong,
    token2: jlong,
    token3: jlong,
    token4: jlong,
) -> Result<Bytes<'local>, NativeFailure> {
    let manager = Manager::at(manager)?;
    let token = token([token1, token2, token3, token4]);
    let revocation = manager.wait(manager.sessions.logout(&token))?;
    give_revocation(env, &revocation)
}

fn end<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    manager: jlong,
    scope: Bytes<'local>,
) -> Result<Bytes<'local>, NativeFailure> {
    let manager = Manager::at(manager)?;
    let scope = read_scope(&env.convert_byte_array(scope)?)?;
    let revocation = manager.wait(async { Ok::<_, SessionError>(manager.sessions.end(scope).await) })?;
    give_revocation(env, &revocation)
}

/// The principal of a session, and the names of what it is pinned to; null for a released place.
fn describe<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    manager: jlong,
    place: jlong,
) -> Result<Bytes<'local>, NativeFailure> {
    let Some(session) = Manager::at(manager)?.places.get(place) else { return Ok(Bytes::default()) };
    let mut frame = FrameWriter::default();
    frame.text(&session.id().to_string());
    frame.text(session.user().as_str()).text(session.role().as_str());
    frame.text(session.client().as_str()).text(session.org().as_str());
    let record = session.to_record();
    frame.text(&record.tree.to_string()).text(&record.access.to_string());
    Ok(env.byte_array_from_slice(&frame.finish())?)
}

/// The canonical bytes of a session's tree; null for a released place.
fn tree<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    manager: jlong,
    place: jlong,
) -> Result<Bytes<'local>, NativeFailure> {
    let Some(session) = Manager::at(manager)?.places.get(place) else { return Ok(Bytes::default()) };
    Ok(env.byte_array_from_slice(&session.tree().encode())?)
}

/// The canonical bytes of a session's access; null for a released place.
fn access<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    manager: jlong,
    place: jlong,
) -> Result<Bytes<'local>, NativeFailure> {
    let Some(session) = Manager::at(manager)?.places.get(place) else { return Ok(Bytes::default()) };
    Ok(env.byte_array_from_slice(&session.access().encode(session.fingerprint()))?)
}

fn is_ended<'local>(
    _: &mut Env<'local>,
    _: JClass<'local>,
    manager: jlong,
    place: jlong,
) -> Result<jboolean, NativeFailure> {
    Ok(Manager::at(manager)?.places.is_ended(place))
}

/// Java has no object of the session any more.
fn release<'local>(
    _: &mut Env<'local>,
    _: JClass<'local>,
    manager: jlong,
    place: jlong,
) -> Result<(), NativeFailure> {
    if let Ok(manager) = Manager::at(manager) {
        manager.places.release(place);
    }
    Ok(())
}

fn stats<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    manager: jlong,
) -> Result<Bytes<'local>, NativeFailure> {
    let manager = Manager::at(manager)?;
    let stats = manager.sessions.stats();
    let held = [stats.sessions, stats.trees, stats.accesses, stats.pending_revocations, manager.places.len()];
    let counted = [
        stats.logins,
        stats.refused,
        stats.loads,
        stats.failed_loads,
        stats.joined_loads,
        stats.hits,
        stats.store_reads,
        stats.reopened,
        stats.ended,
        stats.ended_elsewhere,
        stats.expired,
        stats.store_failures,
    ];
    let mut frame = FrameWriter::default();
    for number in held.map(to_long).into_iter().chain(counted.map(u64::cast_signed)) {
        frame.long(number);
    }
    Ok(env.byte_array_from_slice(&frame.finish())?)
}

/// The changes of a refresh or a switch.
#[derive(Clone, Copy)]
enum Choice {
    Same,
    Role(RoleId, Option<OrgId>),
    Org(OrgId),
    NewOrg(OrgId),
}

impl Choice {
    fn read(bytes: &[u8]) -> Result<Self, FactsError> {
        let mut frame = FrameReader::new(bytes);
        let role = frame.optional()?.map(RoleId::new).transpose()?;
        let org = frame.optional()?.map(OrgId::new).transpose()?;
        let is_new = frame.flag()?;
        frame.end()?;
        Ok(match (role, org) {
            (Some(role), org) => Choice::Role(role, org),
            (None, Some(org)) if is_new => Choice::NewOrg(org),
            (None, Some(org)) => Choice::Org(org),
            (None, None) => Choice::Same,
        })
    }
}

/// Decodes a scope: one session by name, or those of a client, or of a user or a role in it.
fn read_scope(bytes: &[u8]) -> Result<Scope, FactsError> {
    let mut frame = FrameReader::new(bytes);
    let session = frame.optional()?.map(str::parse::<SessionId>);
    let client = frame.optional()?.map(ClientId::new).transpose()?;
    let user = frame.optional()?.map(UserId::new).transpose()?;
    let role = frame.optional()?.map(RoleId::new).transpose()?;
    frame.end()?;
    match (session, client, user, role) {
        (Some(Ok(session)), ..) => Ok(Scope::Session(session)),
        (None, Some(client), Some(user), None) => Ok(Scope::User(client, user)),
        (None, Some(client), None, Some(role)) => Ok(Scope::Role(client, role)),
        (None, Some(client), None, None) => Ok(Scope::Client(client)),
        _ => Err(FrameError.into()),
    }
}

/// A token from the digits that Java read.
fn token(numbers: [jlong; 4]) -> Token {
    let mut bytes = [0; 32];
    for (part, number) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(numbers) {
        *part = number.to_be_bytes();
    }
    Token::from_bytes(bytes)
}

fn give_login<'local>(
    env: &mut Env<'local>,
    manager: &Manager,
    login: Login,
) -> Result<Bytes<'local>, NativeFailure> {
    let mut frame = FrameWriter::default();
    frame.long(manager.places.put(login.session)).text(&login.token.expose());
    frame.flag(login.notices.contains(&Notice::ReadOnly));
    let replaced = login.notices.iter().find_map(|notice| match notice {
        Notice::OrgReplaced { org, .. } => Some(org.as_str()),
        _ => None,
    });
    frame.optional(replaced);
    let ended: Vec<SessionId> = login
        .notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::OldestEnded(id) => Some(*id),
            _ => None,
        })
        .collect();
    frame.number(ended.len());
    for id in ended {
        frame.text(&id.to_string());
    }
    Ok(env.byte_array_from_slice(&frame.finish())?)
}

fn give_revocation<'local>(
    env: &mut Env<'local>,
    revocation: &Revocation,
) -> Result<Bytes<'local>, NativeFailure> {
    let mut frame = FrameWriter::default();
    frame.long(revocation.sessions.cast_signed());
    frame.optional(revocation.pending.as_ref().map(ToString::to_string).as_deref());
    Ok(env.byte_array_from_slice(&frame.finish())?)
}

fn to_long(count: usize) -> jlong {
    jlong::try_from(count).unwrap_or(jlong::MAX)
}
