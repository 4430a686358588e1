//! `AuthHandler`: is_required, login, answered, renewal_lead, and `Client::authenticate`.

use std::time::Duration;

use nova_testkit::net::{Conn, RawFrame, Served};
use websockex_nova::{
    behaviour::{AuthHandler, Body, Grant, LoginMoment, Refusal, SubscriptionHandler, Topic, TopicRequest},
    prelude::*,
    session::{EndCause, NotSent},
    telemetry::Event,
};

use crate::venue::{
    Lines, Logins, Stream, Topics, Words, ended, event, hears, hears_close, next, obey, prepare, ready_on,
    serving, texts, venue,
};

/// A venue that answers the first login of each connection with this line, and the rest as usual.
async fn answering(line: &'static str) -> Served {
    serving(move |mut conn: Conn| async move {
        conn.accept_upgrade().await;
        let login = conn.recv_text().await;
        let id = login.split(' ').next().unwrap_or_default();
        conn.send_text(&format!("{id} {line}")).await;
        obey(&mut conn).await;
    })
    .await
}

#[tokio::test]
async fn nothing_is_sent_before_the_login_on_every_link() {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_auth(Logins::default())).connect().await.unwrap();
    client.call("say hello").await.unwrap();
    client.call("cut").await.unwrap_err();
    client.call("say again").wait_for_link(secs(5)).await.unwrap();
    assert_eq!(texts(venue.journal(), 1), ["1 login 1", "2 say hello", "3 cut"]);
    // Numbers are drawn when requests are made: the call was waiting before the login was written.
    let second: Vec<_> = texts(venue.journal(), 2).iter().map(|text| text[2..].to_owned()).collect();
    assert_eq!(second, ["login 2", "say again"]);
}

#[tokio::test]
async fn a_refused_login_ends_the_session_and_says_so() {
    let venue = answering("no such user").await;
    let end =
        prepare(&venue.url(), Handlers::new(Lines).with_auth(Logins::default())).connect().await.unwrap_err();
    assert!(matches!(&end, EndCause::LoginRefused(refusal) if refusal.message == "such user"), "{end:?}");
    hears_close(venue.journal(), 1, 1000).await;
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn answered_may_refuse_what_the_server_granted() {
    struct Demanding(Logins);
    impl AuthHandler<Words> for Demanding {
        fn login(&mut self, moment: LoginMoment) -> Option<String> {
            self.0.login(moment)
        }

        fn answered(&mut self, _: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
            Err(Refusal::new("the scope is too small"))
        }
    }
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_auth(Demanding(Logins::default()));
    let end = prepare(&venue.url(), handlers).connect().await.unwrap_err();
    assert!(matches!(&end, EndCause::LoginRefused(refusal) if refusal.message == "the scope is too small"));
}

#[tokio::test]
async fn a_login_is_renewed_before_it_expires() {
    /// Renews at once whatever holds for a minute: its lead is a minute less an instant.
    struct Early(Logins);
    impl AuthHandler<Words> for Early {
        fn login(&mut self, moment: LoginMoment) -> Option<String> {
            self.0.login(moment)
        }

        fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
            self.0.answered(answer)
        }

        fn renewal_lead(&self) -> Duration {
            secs(60) - millis(10)
        }
    }
    let venue = answering("ok 60000").await;
    let handlers = Handlers::new(Lines).with_auth(Early(Logins::default()));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    hears(venue.journal(), "the renewal", |text| text.ends_with("login 2")).await;
    assert_eq!(venue.accepted(), 1);
    client.call("say fine").await.unwrap();
}

#[tokio::test]
async fn a_login_under_way_is_not_made_twice() {
    // Answers everything on the first link; on the second, nothing until a second message came.
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        if conn.number() == 2 {
            let login = conn.recv_text().await;
            conn.send(RawFrame::ping("are you there?")).await;
            while conn.recv().await.opcode != 0xA {}
            conn.send_text(&login.replace("login 2", "ok")).await;
        }
        obey(&mut conn).await;
    })
    .await;
    let handlers = Handlers::new(Lines).with_auth(Logins::default()).with_subscriptions(Topics);
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    let stream = client.subscribe(Stream("a")).await.unwrap();
    client.call("cut").await.unwrap_err();
    hears(venue.journal(), "the second login", |text| text.ends_with("login 2")).await;
    // Every change of what is wanted asks the session what it lacks: a login, which is under way.
    drop(stream);
    ready_on(&client, 2).await;
    client.call("say fine").await.unwrap();
    let second: Vec<_> = texts(venue.journal(), 2);
    assert!(second.iter().all(|text| !text.ends_with("login 3")), "{second:?}");
}

#[tokio::test]
async fn where_no_login_is_required_none_is_sent() {
    struct Optional;
    impl AuthHandler<Words> for Optional {
        fn is_required(&self) -> bool {
            false
        }

        fn login(&mut self, _: LoginMoment) -> Option<String> {
            panic!("no login is required")
        }
    }
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines).with_auth(Optional)).connect().await.unwrap();
    let error = client.authenticate().await.unwrap_err();
    assert!(matches!(error, RequestError::NotSent(NotSent::Unsupported("authentication"))), "{error:?}");
    client.call("say fine").await.unwrap();
    assert_eq!(texts(venue.journal(), 1), ["1 say fine"]);
}

#[tokio::test]
async fn authenticate_logs_in_anew_and_yields_the_grant() {
    let venue = answering("ok 60000").await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_auth(Logins::default())).connect().await.unwrap();
    let mut events = client.events();
    assert_eq!(client.authenticate().await.unwrap(), Grant::default());
    event(&mut events, "a second login", |event| matches!(event, Event::LoggedIn { .. })).await;
    assert_eq!(texts(venue.journal(), 1), ["1 login 1", "2 login 2"]);
}

#[tokio::test]
async fn a_login_anew_ends_with_its_link() {
    // Answers the first login, then falls silent, then hangs up on the second.
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.recv_text().await;
        let id = if conn.number() == 1 { 1 } else { 3 };
        conn.send_text(&format!("{id} ok")).await;
        conn.recv_text().await;
    })
    .await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_auth(Logins::default())).connect().await.unwrap();
    let error = client.authenticate().await.unwrap_err();
    assert!(matches!(error, RequestError::NotSent(NotSent::NotReady)), "{error:?}");
    ready_on(&client, 2).await;
}

/// Writes down why each login is made; takes any refusal that says `stale` for a lapsed login, and
/// holds the topics named `mine…` for private.
#[derive(Clone, Copy)]
struct Occasions;

impl AuthHandler<Words> for Occasions {
    fn login(&mut self, moment: LoginMoment) -> Option<String> {
        Some(format!("login {:?}", moment.occasion))
    }

    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        Logins::default().answered(answer)
    }

    fn renewal_lead(&self) -> Duration {
        secs(60) - millis(10)
    }

    fn has_lapsed(&mut self, refusal: &Refusal) -> bool {
        refusal.message == "stale"
    }
}

impl SubscriptionHandler<Words> for Occasions {
    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<String> {
        Topics.subscribe(topics)
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<String> {
        Topics.unsubscribe(topics)
    }

    fn needs_login(&self, topic: &Topic) -> bool {
        topic.as_str().starts_with("mine")
    }
}

#[tokio::test]
async fn a_refused_renewal_is_followed_by_the_credentials_on_the_same_link() {
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        for answer in ["ok 60000", "no", "ok 3600000"] {
            let login = conn.recv_text().await;
            let id = login.split(' ').next().unwrap_or_default();
            conn.send_text(&format!("{id} {answer}")).await;
        }
        obey(&mut conn).await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines).with_auth(Occasions)).connect().await.unwrap();
    hears(venue.journal(), "the recovery", |text| text.ends_with("login Recovery")).await;
    client.call("say fine").await.unwrap();
    let occasions: Vec<_> = texts(venue.journal(), 1).iter().map(|text| text[2..].to_owned()).collect();
    assert_eq!(occasions, ["login Fresh", "login Renewal", "login Recovery", "say fine"]);
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn a_refused_renewal_and_refused_credentials_end_the_session() {
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        for answer in ["ok 60000", "no", "no longer welcome"] {
            let login = conn.recv_text().await;
            let id = login.split(' ').next().unwrap_or_default();
            conn.send_text(&format!("{id} {answer}")).await;
        }
        obey(&mut conn).await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines).with_auth(Occasions)).connect().await.unwrap();
    let end = ended(&client).await;
    assert!(
        matches!(&end, EndCause::LoginRefused(refusal) if refusal.message == "longer welcome"),
        "{end:?}"
    );
}

#[tokio::test]
async fn a_lapsed_login_is_made_anew_and_private_topics_are_asked_for_anew() {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_auth(Occasions).with_subscriptions(Occasions);
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    let mut events = client.events();
    let mut mine = client.subscribe(Stream("mine")).await.unwrap();
    let mut public = client.subscribe(Stream("public")).await.unwrap();
    client.call("hear * mine one").await.unwrap();
    client.call("hear * public one").await.unwrap();
    // A login that was made a moment ago is not doubted.
    client.call("deny stale").await.unwrap_err();
    client.call("say still here").await.unwrap();
    assert!(texts(venue.journal(), 1).iter().all(|text| !text.contains("Recovery")));
    tokio::time::sleep(millis(1_050)).await;
    client.call("deny stale").await.unwrap_err();
    event(&mut events, "the lapse", |event| matches!(event, Event::LoginLapsed { .. })).await;
    hears(venue.journal(), "the leave", |text| text.ends_with(" unsubscribe mine")).await;
    hears(venue.journal(), "the new login", |text| text.ends_with("login Recovery")).await;
    client.call("say settled").await.unwrap();
    client.call("hear * mine two").await.unwrap();
    client.call("hear * public two").await.unwrap();
    assert_eq!(next(&mut mine).await, Some(Delivery::Item("one".to_owned())));
    let Some(Delivery::Gap(gap)) = next(&mut mine).await else { panic!("no gap") };
    assert_eq!(gap.cause.name(), "login_lapsed");
    assert_eq!(next(&mut mine).await, Some(Delivery::Item("two".to_owned())));
    assert_eq!(next(&mut public).await, Some(Delivery::Item("one".to_owned())));
    assert_eq!(next(&mut public).await, Some(Delivery::Item("two".to_owned())), "nothing was missed there");
    let asked = |topic: &str| {
        let line = format!(" subscribe {topic}");
        texts(venue.journal(), 1).iter().filter(|text| text.ends_with(&line)).count()
    };
    assert_eq!((asked("mine"), asked("public")), (2, 1));
    assert_eq!(venue.accepted(), 1);
}
