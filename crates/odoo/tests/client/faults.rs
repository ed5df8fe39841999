//! Faults of the connection and the server, and their effect on calls.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use model_metadata::ManualClock;
use odoo::{Call, CallLimits, Fault as ClientFault, OdooClient, OdooConfig, OdooError};
use odoo_double::{Behaviour, Fault, OdooDouble};
use serde_json::Map;

use crate::support::{THINGS, client, client_on, config, double, impatient, limits, name_of, password};

async fn fault_of(double: &OdooDouble, faults: &[Fault]) -> ClientFault {
    let config = OdooConfig { limits: impatient(), ..config(double, password()) };
    let client = OdooClient::new(config).unwrap();
    client.scope().await.unwrap();
    faults.iter().for_each(|fault| double.inject(fault.clone()));
    match name_of(&client, 1).await {
        Err(OdooError::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_read_is_retried_once_if_the_connection_breaks() {
    for keep_alive in [false, true] {
        for fault in [Fault::CloseUnheard, Fault::CloseUnanswered, Fault::CloseHalfway] {
            let double = double(Behaviour { keep_alive, ..Behaviour::default() }).await;
            let client = client(&double);
            client.scope().await.unwrap();
            double.inject(fault.clone());
            assert_eq!(name_of(&client, 1).await.unwrap(), "Thing 1", "{fault:?}");
            assert_eq!(client.pool_stats().retries, 1);
            double.inject(fault.clone());
            double.inject(fault.clone());
            let error = name_of(&client, 1).await.unwrap_err();
            assert_eq!(error, OdooError::Fault(ClientFault::Broken), "{fault:?}");
            assert!(error.is_transient());
        }
    }
}

#[tokio::test]
async fn a_write_is_never_retried() {
    for keep_alive in [false, true] {
        for fault in [Fault::CloseUnheard, Fault::CloseUnanswered, Fault::CloseHalfway] {
            let double = double(Behaviour { keep_alive, ..Behaviour::default() }).await;
            let client = client(&double);
            name_of(&client, 1).await.unwrap();
            double.inject(fault.clone());
            let created = client.call::<[i64; 1]>(Call::create(THINGS, [Map::new()])).await;
            assert_eq!(created, Err(OdooError::Fault(ClientFault::Broken)), "{fault:?}");
            let creations = double.calls().iter().filter(|call| call.method == "create").count();
            assert_eq!(creations, 1, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_write_is_completed_if_its_caller_is_dropped() {
    let double = double(Behaviour::default()).await;
    double.behave(|behaviour| behaviour.delays = [("create", Duration::from_millis(50))].into());
    let client = client(&double);
    client.scope().await.unwrap();
    let create = client.call::<[i64; 1]>(Call::create(THINGS, [Map::new()]));
    assert!(tokio::time::timeout(Duration::from_millis(20), create).await.is_err());
    for _ in 0..6_000 {
        if client.pool_stats().free == 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(double.with_model(THINGS, |model| model.records.len()), Some(51));
}

#[tokio::test]
async fn an_endless_answer_times_out() {
    let double = double(Behaviour::default()).await;
    let within = impatient().answer;
    assert_eq!(fault_of(&double, &[Fault::Hang]).await, ClientFault::Timeout { within });
    let trickle = Fault::Trickle(Duration::from_millis(50));
    assert_eq!(fault_of(&double, &[trickle]).await, ClientFault::Timeout { within });
}

#[tokio::test]
async fn a_slow_answer_is_accepted() {
    let double = double(Behaviour::default()).await;
    let client = client(&double);
    client.scope().await.unwrap();
    double.inject(Fault::Trickle(Duration::from_millis(1)));
    assert_eq!(name_of(&client, 1).await.unwrap(), "Thing 1");
}

#[tokio::test]
async fn an_html_page_is_not_a_valid_answer() {
    let double = double(Behaviour::default()).await;
    for status in [200, 404, 500] {
        let content_type = "text/html; charset=utf-8".to_owned();
        assert_eq!(
            fault_of(&double, &[Fault::Html(status)]).await,
            ClientFault::NotJson { status, content_type }
        );
    }
    for status in [502, 503, 504] {
        assert_eq!(fault_of(&double, &[Fault::Html(status)]).await, ClientFault::Unavailable { status });
    }
    assert_eq!(fault_of(&double, &[Fault::Garbage]).await, ClientFault::Malformed);
}

#[tokio::test]
async fn huge_answers_are_rejected_compressed_or_not() {
    let double = double(Behaviour::default()).await;
    let limit = limits().answer_bytes;
    assert_eq!(fault_of(&double, &[Fault::Huge(2 * limit)]).await, ClientFault::TooLarge { limit });
    assert_eq!(fault_of(&double, &[Fault::Bomb(4 * limit)]).await, ClientFault::TooLarge { limit });
}

#[tokio::test]
async fn errors_show_no_traceback() {
    let double = double(Behaviour::default()).await;
    let client = client(&double);
    client.scope().await.unwrap();
    double.inject(Fault::ServerError);
    let error = name_of(&client, 1).await.unwrap_err();
    assert_eq!(error.to_string(), "odoo failed with the internal error `builtins.ZeroDivisionError`");
    for id in [13, 1] {
        let error = client.call::<bool>(Call::read(THINGS, &[id], &["no_such"])).await.unwrap_err();
        assert!(!format!("{error:?} {error}").contains("Traceback"), "{error:?}");
    }
}

#[tokio::test]
async fn the_circuit_breaker_opens_and_closes_again() {
    let double = double(Behaviour::default()).await;
    let clock = Arc::new(ManualClock::default());
    let limits = CallLimits { breaker_failures: 3, ..limits() };
    let config = OdooConfig { limits, ..config(&double, password()) };
    let client = client_on(config, &clock);
    name_of(&client, 1).await.unwrap();
    double.set_down(true);
    for name in join_all((1..=20).map(|id| name_of(&client, id))).await {
        assert!(name.unwrap_err().is_transient());
    }
    let suspended = OdooError::Fault(ClientFault::Resting);
    assert_eq!(name_of(&client, 1).await, Err(suspended.clone()));
    let stats = client.pool_stats();
    assert_eq!(stats.breaker_opened, 1);
    assert!(stats.requests < 20, "most calls were refused by the breaker: {stats:?}");

    double.set_down(false);
    assert_eq!(name_of(&client, 1).await, Err(suspended), "the breaker is still open");
    clock.advance(limits.breaker_rest);
    assert_eq!(name_of(&client, 1).await.unwrap(), "Thing 1");
    assert_eq!(name_of(&client, 2).await.unwrap(), "Thing 2");
}

#[tokio::test]
async fn an_unreachable_address_is_reported() {
    let address = OdooDouble::start(Behaviour::default()).await.unwrap().url();
    let config = OdooConfig::new(&address, "odoo", "admin", password()).unwrap();
    let error = OdooClient::new(config).unwrap().scope().await.unwrap_err();
    assert!(matches!(error, OdooError::Fault(ClientFault::Unreachable { .. })), "{error:?}");
    assert!(error.to_string().starts_with("odoo cannot be reached: "), "{error}");
}
