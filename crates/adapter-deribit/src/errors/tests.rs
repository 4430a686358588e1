//! The table, and what is made of it.

use http::{HeaderMap, StatusCode};
use nova_behaviour::Kept;
use nova_frame_codec::{CloseCode, CloseFrame};
use nova_transport::{HttpRefusal, TransportError};

use super::*;

fn errors() -> DeribitErrors {
    DeribitErrors::new(Shared::default())
}

fn class(fault: &Fault<'_>) -> Class {
    errors().classify(fault, SystemTime::UNIX_EPOCH)
}

fn refusal(code: i64) -> Refusal {
    Refusal::new("no").with_code(code)
}

#[test]
fn the_table_is_in_order_and_says_something_in_every_row() {
    let codes: Vec<i64> = ErrorCode::all().iter().map(|error| error.code).collect();
    assert!(codes.is_sorted_by(|one, next| one < next));
    assert!(ErrorCode::all().iter().all(|error| !error.name.is_empty() && !error.meaning.is_empty()));
    assert!(ErrorCode::all().iter().all(|error| ErrorCode::of(error.code) == Some(error)));
    assert_eq!(ErrorCode::of(1), None);
}

#[test]
fn codes_are_grouped_by_what_to_do() {
    let cases = [
        (Group::BackOff, &[10028, 10040, 10041, 10047, 10049, 10066, 11051, 12003, 12998, 13780, 13888][..]),
        (Group::StayAway, &[10019, 13025, 13503]),
        (Group::Authenticate, &[10000, 11056, 13009, 13778]),
        (Group::Resubscribe, &[11052]),
        (Group::Fix, &[-32700, -32602, -32601, -32600, -32000, 10009, 11054, 13004, 13021, 13403, 13668]),
        (Group::OutcomeUnknown, &[10001, 11094, 13008, 13028, 99_999]),
    ];
    for (group, codes) in cases {
        for code in codes {
            assert_eq!(refusal(*code).group(), group, "{code}");
        }
    }
    assert_eq!(Refusal::new("no code").group(), Group::OutcomeUnknown);
}

#[test]
fn the_data_of_an_error_is_read_in_every_form() {
    let with = |data: &str| refusal(-32602).with_data(Kept::from(data));
    let named = with(r#"{"reason":"invalid format","param":"nonce"}"#);
    assert_eq!((named.reason(), named.param()), (Some("invalid format".into()), Some("nonce".into())));
    assert_eq!(with("\"invalid json\"").reason(), Some("invalid json".into()));
    assert_eq!(with(r#"{"wait":2.5}"#).wait(), Some(Duration::from_millis(2500)));
    for odd in ["", "[]", "null", "7", r#"{"wait":-1}"#, r#"{"reason":7}"#] {
        let odd = with(odd);
        assert_eq!((odd.reason(), odd.param(), odd.wait()), (None, None, None));
    }
}

#[test]
fn a_login_is_refused_for_good_only_where_repeating_cannot_help() {
    let refused = |refusal: &Refusal| class(&Fault::LoginRefused(refusal));
    for fatal in [13004, 13021, 11098, -32602, 13668] {
        assert_eq!(refused(&refusal(fatal)), Class::Fatal, "{fatal}");
    }
    assert_eq!(refused(&Refusal::new("the scope is too narrow")), Class::Fatal);
    for again in [13009, 10000, 13028, 99_999] {
        assert_eq!(refused(&refusal(again)), Class::Transient, "{again}");
    }
    for later in [10028, 10040, 11051, 12003, 13025] {
        assert!(matches!(refused(&refusal(later)), Class::Wait { .. }), "{later}");
    }
    let told = refusal(12998).with_data(Kept::from(r#"{"wait":30}"#));
    assert!(matches!(refused(&told), Class::Wait { least, .. } if least == Duration::from_secs(30)));
}

#[test]
fn a_refused_signature_is_made_anew_a_few_times_and_then_no_more() {
    let shared = Shared::default();
    let mut errors = DeribitErrors::new(shared.clone());
    let refusal = refusal(13009);
    let fault = Fault::LoginRefused(&refusal);
    let mut verdict = || {
        shared.login_refused();
        let class = errors.classify(&fault, SystemTime::UNIX_EPOCH);
        errors.verdict(&fault, class, 99)
    };
    assert_eq!([verdict(), verdict(), verdict()], [Verdict::Retry; 3]);
    assert_eq!(verdict(), Verdict::Stop);
    shared.login_granted();
    assert_eq!(verdict(), Verdict::Retry);
}

#[test]
fn maintenance_and_too_many_connections_are_waited_for() {
    let answered = |status: u16, retry_after: Option<&str>| {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert("retry-after", value.parse().unwrap());
        }
        let refusal = HttpRefusal::new(StatusCode::from_u16(status).unwrap(), headers, Vec::new());
        class(&Fault::Lost(&LostReason::Connect(ConnectError::Refused(Box::new(refusal)))))
    };
    assert_eq!((answered(503, None), answered(429, None)), (pause(10), pause(10)));
    assert!(matches!(answered(503, Some("90")), Class::Wait { least, .. } if least.as_secs() == 90));
    assert_eq!((answered(502, None), answered(403, None)), (Class::Transient, Class::Fatal));
}

#[test]
fn what_the_venue_said_last_decides_when_to_come_back() {
    let after = |notice: Option<Notice>, reason: LostReason| {
        let errors = errors();
        if let Some(notice) = notice {
            errors.shared.note(notice);
        }
        errors.classify(&Fault::Lost(&reason), SystemTime::UNIX_EPOCH)
    };
    let eof = || LostReason::Broken(TransportError::Eof);
    assert_eq!(after(Some(Notice::Maintenance), LostReason::ClosedByHandler), pause(10));
    assert_eq!(after(Some(Notice::TooManyRequests), eof()), pause(5));
    assert_eq!(after(Some(Notice::TooSlow), LostReason::ClosedByPeer(None)), pause(5));
    assert_eq!(after(None, eof()), Class::Transient);
    assert_eq!(after(Some(Notice::Maintenance), LostReason::Shutdown), Class::Fatal);
}

#[test]
fn an_unanswered_heartbeat_ends_the_link_and_no_more() {
    let frame = CloseFrame::new(CloseCode::try_from(4000).unwrap(), "heartbeat close");
    assert_eq!(class(&Fault::Lost(&LostReason::ClosedByPeer(Some(frame)))), Class::Transient);
}

#[test]
fn what_cannot_be_read_ends_nothing() {
    let error = std::io::Error::other("x");
    let fault = Fault::Undecodable(&error);
    assert_eq!(errors().verdict(&fault, class(&fault), 0), Verdict::Ignore);
}
