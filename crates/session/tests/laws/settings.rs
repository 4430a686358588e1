//! L3: the settings of a connection are made anew on every link, in their place in the plan.

use std::time::Duration;

use nova_behaviour::{Body, Refusal, Setting, SettingHandler};
use nova_testkit::world::{
    Setup,
    venue::{self, Login, LoginRule, VenueDialect, VenuePeer, VenueRequest},
};

use crate::kit::{Ready, Recorder, each_second, millis, secs, steady, wanted};

/// A heartbeat before login, and something private after it.
struct Two {
    is_required: bool,
    refuses: bool,
}

impl SettingHandler<VenueDialect> for Two {
    fn wanted(&mut self) -> Vec<Setting<VenueRequest>> {
        let public = Setting::new("public", VenueRequest::say("public"));
        let private = Setting::new("private", VenueRequest::say("private")).after_login();
        [public, private].map(|setting| if self.is_required { setting } else { setting.optional() }).into()
    }

    fn answered(&mut self, name: &'static str, answer: Result<Body<'_>, Refusal>) -> Result<(), Refusal> {
        match (self.refuses, name) {
            (true, "private") => Err(Refusal::new("not what was asked for")),
            _ => answer.map(|_| ()),
        }
    }
}

fn peer() -> Recorder<VenuePeer> {
    Recorder::of(VenuePeer { login: LoginRule::Grants(None), pause: millis(100), ..VenuePeer::default() })
}

/// The requests on a link, in order, by their verbs.
fn verbs(peer: &Recorder<VenuePeer>, link: u64) -> Vec<String> {
    let verb = |text: &str| {
        let mut parts = text.split('"');
        match (parts.nth(3), parts.nth(1)) {
            (Some("say"), Some(what)) => what.to_owned(),
            (verb, _) => verb.unwrap_or_default().to_owned(),
        }
    };
    peer.on(link).into_iter().filter(|what| what.starts_with('{')).map(verb).collect()
}

#[test]
fn settings_login_private_settings_topics_and_then_ready_on_every_link() {
    let handlers = venue::handlers()
        .with_auth(Login::default())
        .with_connection_settings(Two { is_required: true, refuses: false });
    let mut world = steady(Setup::new(handlers).with_policies(each_second())).meet(peer());
    world.subscribe(wanted(&["a"], |wanted| wanted.required = true)).unwrap();
    for link in 1..=3 {
        world.run_until_ready();
        assert_eq!(verbs(&world.peer, link), ["public", "login", "private", "subscribe"]);
        world.cut();
    }
    assert_eq!(world.count("setting_made"), 6);
}

#[test]
fn each_step_waits_for_the_answer_of_the_one_before() {
    let handlers = venue::handlers()
        .with_auth(Login::default())
        .with_connection_settings(Two { is_required: true, refuses: false });
    let world = steady(Setup::new(handlers)).ready_with(peer());
    let times: Vec<Duration> = world.peer.heard.iter().map(|(at, ..)| *at).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= millis(100)), "{times:?}");
}

#[test]
fn a_required_setting_that_is_refused_is_a_link_of_no_use() {
    let handlers = venue::handlers()
        .with_auth(Login::default())
        .with_connection_settings(Two { is_required: true, refuses: true });
    let mut world = steady(Setup::new(handlers).with_policies(each_second())).meet(peer());
    world.run_for(secs(10));
    assert_eq!(world.count("ready"), 0);
    assert!((3..=10).contains(&world.dials()), "by plan: {} dials", world.dials());
    assert_eq!(world.count("setting_refused") as u64, world.count("lost") as u64);
}

#[test]
fn an_optional_setting_that_is_refused_is_told_and_the_session_goes_on() {
    let handlers = venue::handlers()
        .with_auth(Login::default())
        .with_connection_settings(Two { is_required: false, refuses: true });
    let world = steady(Setup::new(handlers)).ready_with(peer());
    assert_eq!((world.count("setting_made"), world.count("setting_refused")), (1, 1));
}

#[test]
fn a_setting_nobody_answers_is_given_up_with_the_opening() {
    let mut silent = peer();
    silent.inner.ignores.insert("private".into());
    let handlers = venue::handlers()
        .with_auth(Login::default())
        .with_connection_settings(Two { is_required: true, refuses: false });
    let mut world = steady(Setup::new(handlers).with_policies(each_second())).meet(silent);
    world.run_until("given up", |world| world.count("lost") == 1);
    assert!(world.elapsed() <= secs(31));
    world.peer.inner.ignores.clear();
    world.run_until_ready();
}
