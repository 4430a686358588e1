//! What happens, scene by scene.

mod calls;

use std::{error::Error, time::Duration};

use nova_testkit::net::{Ending, Faults, Flow, Way};
use websockex_nova::{
    behaviour::KeepAlive,
    client::{Client, Connect},
    echo::EchoMessages,
    prelude::{Endpoint, Handlers, Policies, millis, secs, speaking},
    ratelimit::Stated,
    reconnect::Jittered,
    session::ShutdownReport,
    telemetry::{Registry, Snapshot},
    transport::LostReason,
    transport_fastwebsockets::FastWebSockets,
};

use self::calls::{Calls, Kind, Plan};
use super::{
    ledger::{End, Entry},
    loopback,
    story::{Narrator, Progress, Story},
    world::{Seen, World},
};

/// What is known at the end, from four sides.
pub(super) struct Played {
    /// What the callers learnt.
    pub(super) calls: Vec<Entry>,
    /// Pings of the application that were answered.
    pub(super) pongs: u64,
    /// What the client's events told.
    pub(super) progress: Progress,
    /// What the client's metrics say.
    pub(super) metrics: Snapshot,
    /// What the server saw.
    pub(super) seen: Seen,
    pub(super) shutdown: ShutdownReport,
}

type DemoPolicies = Policies<Jittered, Stated, Narrator>;
type DemoClient = Client<Handlers<EchoMessages>, DemoPolicies>;

/// One run.
struct Play<'a> {
    story: &'a Story,
    world: World,
    client: DemoClient,
    calls: Calls,
    pongs: u64,
}

/// Plays all scenes.
pub(super) async fn play(story: &Story) -> Result<Played, Box<dyn Error>> {
    let world = World::begin().await?;
    let metrics = Registry::default();
    let client = connect(story, &world, metrics.clone()).await?;
    let calls = Calls::of(client.clone());
    let mut play = Play { story, world, client, calls, pongs: 0 };
    play.talks().await?;
    play.waits_in_vain().await;
    play.loses_links().await;
    play.loses_a_full_link().await;
    play.finds_nobody().await?;
    play.notices_silence().await;
    let shutdown = play.closes().await;
    Ok(Played {
        calls: play.calls.ledger().entries(),
        pongs: play.pongs,
        progress: story.progress(),
        metrics: metrics.snapshot(),
        seen: play.world.seen(),
        shutdown,
    })
}

async fn connect(story: &Story, world: &World, metrics: Registry) -> Result<DemoClient, Box<dyn Error>> {
    story.scene("A server, and a network that will break. The client connects.");
    let endpoint = Endpoint::parse(&world.proxy.url())?;
    let adapter = speaking(endpoint, Handlers::new(EchoMessages).with_metrics(metrics));
    let policies =
        Policies::default().with_reconnect(Jittered::new(millis(50), millis(500))).with_observer(Narrator {
            story: story.clone(),
            faults: world.faults().clone(),
            once_lost: heal_silence,
        });
    let client = Connect::new(adapter, FastWebSockets::new(loopback()))
        .with_policies(policies)
        .with_settings(|settings| settings.keep_alive = KEEP_ALIVE)
        .connect()
        .await?;
    story.reaches(|now| now.ready > 0).await;
    Ok(client)
}

/// A silent link was noticed: the network is whole again.
fn heal_silence(faults: &Faults, reason: &LostReason) {
    if matches!(reason, LostReason::Silent) {
        faults.heal();
    }
}

impl Play<'_> {
    /// Calls of each kind, many at once, and pings.
    async fn talks(&mut self) -> Result<(), Box<dyn Error>> {
        self.story.scene("It makes calls: one, then thirty at once, as text, JSON and bytes.");
        self.finish(self.calls.make(Plan::of(Kind::Text))).await;
        let plans = [Kind::Text, Kind::Json, Kind::Bytes(1000)].map(Plan::of);
        let many: Vec<_> = (0..10).flat_map(|_| plans).collect();
        self.finish_all(self.calls.make_all(many)).await;
        for _ in 0..3 {
            let round_trip = self.client.ping().await?;
            self.pongs += 1;
            self.story.tell(format!("a ping comes back after {round_trip:.1?}"));
        }
        Ok(())
    }

    /// A call that runs into its deadline and one that is given up: their late answers must not
    /// reach anybody else.
    async fn waits_in_vain(&self) {
        self.story.scene("The answers are held up. One call times out, another is given up.");
        self.world.faults().set_flow(Way::ToClient, Flow::Hold);
        let timed = self.calls.make(Plan { deadline: Some(millis(200)), ..Plan::of(Kind::Text) });
        let given_up = self.calls.make(Plan::of(Kind::Text));
        self.world.has_seen(&[given_up.number()], 1).await;
        let number = given_up.give_up().await;
        self.story.tell(format!("call {number} is given up"));
        self.finish(timed).await;
        self.story.tell("the late answers arrive, and concern nobody; the next call gets its own");
        self.world.faults().heal();
        self.finish(self.calls.make(Plan::of(Kind::Text))).await;
    }

    /// Links cut while calls are in flight, in both ways a link can end.
    async fn loses_links(&self) {
        for (ending, how) in
            [(Ending::Reset, "reset"), (Ending::Fin, "ended"), (Ending::Reset, "reset again")]
        {
            self.story.scene(&format!("The link is {how}, with six calls in flight."));
            let before = self.story.progress();
            self.world.faults().set_flow(Way::ToClient, Flow::Hold);
            let doomed = self.calls.make_all(vec![Plan::of(Kind::Text); 5]);
            let again = self.calls.make(Plan { replays: true, ..Plan::of(Kind::Json) });
            let numbers: Vec<_> = doomed.iter().map(calls::Call::number).chain([again.number()]).collect();
            self.world.has_seen(&numbers, numbers.len()).await;
            self.world.faults().cut(ending);
            self.story.reaches(|now| now.lost > before.lost).await;
            self.finish_all(doomed).await;
            // The answer to the next handshake is still held up, so there is no link now.
            self.finish(self.calls.make(Plan::of(Kind::Text))).await;
            let patient = self.calls.make(Plan { wait: Some(secs(5)), ..Plan::of(Kind::Text) });
            self.world.faults().heal();
            self.finish(again).await;
            self.finish(patient).await;
        }
    }

    /// A link cut while more waits than it can carry.
    async fn loses_a_full_link(&self) {
        self.story.scene("The network slows down. Twelve megabytes wait when the link is cut.");
        let before = self.story.progress();
        self.world.faults().throttle(Way::ToServer, 4 << 20);
        let calls = self.calls.make_all(vec![Plan::of(Kind::Bytes(256 << 10)); 48]);
        let numbers: Vec<_> = calls.iter().map(calls::Call::number).collect();
        self.world.has_seen(&numbers, 1).await;
        self.world.faults().cut(Ending::Reset);
        self.world.faults().heal();
        self.finish_all(calls).await;
        self.story.reaches(|now| now.ready > before.ready).await;
    }

    /// A server that is gone for a while.
    async fn finds_nobody(&mut self) -> Result<(), Box<dyn Error>> {
        self.story.scene("The server goes away. Attempts are refused until it is back.");
        let before = self.story.progress();
        self.world.proxy.stop().await;
        self.story.reaches(|now| now.failed > before.failed).await;
        self.finish(self.calls.make(Plan::of(Kind::Text))).await;
        self.world.proxy.restart().await?;
        self.finish(self.calls.make(Plan { wait: Some(secs(5)), ..Plan::of(Kind::Bytes(64)) })).await;
        Ok(())
    }

    /// A link that is open and carries nothing.
    async fn notices_silence(&self) {
        self.story.scene("The network swallows everything, without a word. Only a probe can tell.");
        let before = self.story.progress();
        self.world.faults().black_hole();
        let doomed = self.calls.make_all(vec![Plan::of(Kind::Text); 2]);
        self.story.reaches(|now| now.silent > before.silent).await;
        self.finish_all(doomed).await;
        self.finish(self.calls.make(Plan { wait: Some(secs(5)), ..Plan::of(Kind::Json) })).await;
    }

    /// The end, in good order.
    async fn closes(&self) -> ShutdownReport {
        self.story.scene("The client closes.");
        let closing = self.client.shutdown(secs(2)).await;
        if let Err(error) = closing {
            self.story.tell(error.to_string());
        }
        // Only then have the metrics seen everything.
        self.story.reaches(|now| now.is_over).await;
        self.client.shutdown_report()
    }

    async fn finish(&self, call: calls::Call) {
        let number = call.number();
        let (end, why) = call.end().await;
        self.story.tell(format!("call {number} {}", described(end, &why)));
    }

    /// Tells of calls that end alike in one line.
    async fn finish_all(&self, calls: Vec<calls::Call>) {
        let made = calls.len();
        let mut ends: Vec<(End, String, usize)> = Vec::new();
        for call in calls {
            let (end, why) = call.end().await;
            match ends.iter_mut().find(|known| (known.0, &known.1) == (end, &why)) {
                Some(known) => known.2 += 1,
                None => ends.push((end, why, 1)),
            }
        }
        for (end, why, count) in ends {
            let verb = if count == 1 { "ends" } else { "end" };
            match end {
                End::Answered => {
                    self.story.tell(format!("{count} of {made} calls are answered, each by its own echo"))
                }
                _ => self.story.tell(format!("{count} of {made} calls {verb}: {why}")),
            }
        }
    }
}

fn described(end: End, why: &str) -> String {
    match end {
        End::Answered => "is answered".to_owned(),
        End::Mistaken => format!("gets an answer that is not its own: {why}"),
        _ => format!("ends: {why}"),
    }
}

/// Notices a half-open link within three seconds, and forgives a busy machine much.
const KEEP_ALIVE: KeepAlive =
    KeepAlive { every: Duration::from_millis(500), deadline: Duration::from_millis(2500), misses: 1 };
