//! `SettingHandler`: what every connection must have, and what an answer to it means.

use websockex_nova::{
    behaviour::{Body, Refusal, Setting, SettingHandler},
    prelude::*,
    session::EndCause,
    telemetry::Event,
    transport::LostReason,
};

use crate::venue::{Lines, Logins, Words, event, prepare, ready_on, texts, venue};

/// Wants these settings, and finds an answer that says `wrong` to be a refusal.
struct Wants(Vec<Setting<String>>);

impl SettingHandler<Words> for Wants {
    fn wanted(&mut self) -> Vec<Setting<String>> {
        self.0.clone()
    }

    fn answered(&mut self, _: &'static str, answer: Result<Body<'_>, Refusal>) -> Result<(), Refusal> {
        if answer? == Body::Text("wrong") { Err(Refusal::new("another value was set")) } else { Ok(()) }
    }
}

fn setting(request: &str) -> Setting<String> {
    Setting::new("test", request.to_owned())
}

/// What a connection heard, without the numbers of the requests.
fn heard(venue: &nova_testkit::net::Served, connection: usize) -> Vec<String> {
    let without_number = |text: String| text.split_once(' ').map(|(_, rest)| rest.to_owned());
    texts(venue.journal(), connection).into_iter().filter_map(without_number).collect()
}

#[tokio::test]
async fn settings_are_made_anew_on_every_link_around_the_login() {
    let venue = venue().await;
    let wanted = vec![setting("say private").after_login(), setting("say public")];
    let handlers = Handlers::new(Lines).with_auth(Logins::default()).with_connection_settings(Wants(wanted));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    assert_eq!(heard(&venue, 1), ["say public", "login 1", "say private", "cut"]);
    assert_eq!(heard(&venue, 2), ["say public", "login 2", "say private"]);
}

#[tokio::test]
async fn without_a_required_setting_the_session_is_of_no_use() {
    for request in ["deny it", "say wrong"] {
        let venue = venue().await;
        let handlers = Handlers::new(Lines).with_connection_settings(Wants(vec![setting(request)]));
        let end = prepare(&venue.url(), handlers).connect().await.unwrap_err();
        assert!(matches!(&end, EndCause::Failed(LostReason::NotEstablished(_))), "{end:?}");
    }
}

#[tokio::test]
async fn without_an_optional_setting_the_session_goes_on_and_tells() {
    let venue = venue().await;
    let wanted = vec![setting("say wrong").optional(), setting("say right").optional()];
    let handlers = Handlers::new(Lines).with_connection_settings(Wants(wanted));
    let client = prepare(&venue.url(), handlers).start();
    let mut events = client.events();
    client.ready().await.unwrap();
    event(&mut events, "the refusal", |event| matches!(event, Event::SettingRefused { name: "test", .. }))
        .await;
    event(&mut events, "the other one", |event| matches!(event, Event::SettingMade { name: "test", .. }))
        .await;
    client.call("say fine").await.unwrap();
}
