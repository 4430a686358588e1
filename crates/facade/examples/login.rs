//! A login whose secret comes from a provider, and is looked up anew for each login.
//!
//! A handler decides and performs nothing: it runs under the session's lock, where nobody may wait for
//! a vault. So a task of the application fetches the secret, and the handler takes the newest it knows.
//!
//! `cargo run -p websockex-nova --example login` logs in at a made-up venue in this process, which then
//! changes the secret.

#![allow(clippy::print_stdout, reason = "a program speaks")]

use std::error::Error;

use nova_testkit::{
    net::Ending,
    venue::{
        Rules, Venue,
        adapter::{Credentials, Order, Request, VenueDialect, VenueLogin},
    },
};
use tokio::sync::watch;
use websockex_nova::{
    behaviour::{AuthHandler, Body, Grant, LoginMoment, Refusal, Secret},
    prelude::*,
};

/// The venue's login, with whatever secret the provider has told last.
struct Provided(watch::Receiver<Secret>);

impl AuthHandler<VenueDialect> for Provided {
    fn login(&mut self, moment: LoginMoment) -> Option<Request> {
        let credentials = Credentials::new("alice", self.0.borrow().reveal());
        VenueLogin::default().with_credentials(credentials).login(moment)
    }

    fn answered(
        &mut self,
        answer: std::result::Result<Body<'_>, Refusal>,
    ) -> std::result::Result<Grant, Refusal> {
        AuthHandler::<VenueDialect>::answered(&mut VenueLogin::default(), answer)
    }
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let venue = Venue::start(Rules::generous()).await?;
    // Where a program asks its vault, this one asks nobody.
    let (provider, newest) = watch::channel(Secret::from(Rules::ALICES_SECRET));

    // Everything as the venue's adapter has it, but for the login.
    let handlers = venue.adapter().into_handlers().with_auth(Provided(newest));
    let client = Client::connect(speaking(venue.endpoint(), handlers)).await?;
    println!("logged in: order {}", client.call(Order::buy("first", "BTC")).await?.order);

    venue.rule(|rules| drop(rules.keys.insert("alice".to_owned(), "a new secret".to_owned())));
    provider.send_replace(Secret::from("a new secret"));
    let mut states = client.watch();
    states.changed().await;
    venue.cut(Ending::Reset);
    // The first was the present state, the second is the loss or what followed it.
    states.changed().await;
    let order = client.call(Order::buy("second", "BTC")).wait_for_link(secs(5)).await?;
    println!("logged in with the new secret: order {}", order.order);
    Ok(client.shutdown(secs(1)).await?)
}
