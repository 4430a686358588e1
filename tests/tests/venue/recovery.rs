//! Many topics over many cuts.

use nova_testkit::{
    net::{Ending, FaultProxy, Way},
    venue::{Rules, adapter::*},
};
use websockex_nova::prelude::*;

use crate::kit::{all, confirmed, connect, generous, item, next, published, ready_after};

/// Numbers that look random and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[tokio::test]
async fn c03_a_hundred_topics_return_after_fifty_cuts() {
    let venue = generous().await;
    let proxy = FaultProxy::to(venue.addr()).await.unwrap();
    let adapter = VenueAdapter::at(proxy.url().parse::<Endpoint>().unwrap())
        .with_credentials("alice", Rules::ALICES_SECRET);
    let client = connect(adapter).await;
    let asks = (0..100).map(|n| {
        let client = client.clone();
        async move { client.subscribe(Prices(format!("T{n:02}"))).required().await.unwrap() }
    });
    let mut streams = all(asks).await;
    let wanted: Vec<_> = (0..100).map(|n| format!("prices.T{n:02}")).collect();
    wanted.iter().for_each(|topic| _ = venue.tick(topic, 1));
    for stream in &mut streams {
        item(stream).await;
    }
    let mut chance = Chance(42);
    let mut link = 1;
    for cut in 0..50 {
        // The next link may be cut too, while it is being opened.
        match chance.below(4) {
            0 => venue.rule(|rules| rules.cut_at_request = Some(1 + chance.below(11))),
            1 => proxy.faults().cut_once_after(Way::ToServer, chance.below(2_500), Ending::Reset),
            2 => proxy.faults().cut_once_after(Way::ToClient, chance.below(2_500), Ending::Fin),
            _ => {}
        }
        venue.cut(if chance.below(2) == 0 { Ending::Fin } else { Ending::Reset });
        link = ready_after(&client, link).await;
        proxy.faults().heal();
        venue.rule(|rules| rules.cut_at_request = None);
        confirmed(&client, &wanted).await;
        assert_eq!(published(&venue), wanted, "after cut {cut}");
        let positions: Vec<_> = wanted.iter().map(|topic| venue.tick(topic, 1)).collect();
        for (stream, position) in streams.iter_mut().zip(positions) {
            let Delivery::Gap(gap) = next(stream).await else { panic!("an item without a gap before it") };
            assert_eq!(gap.cause.name(), "disconnected");
            assert_eq!(item(stream).await.n, position);
        }
    }
    assert!(venue.accepted() >= 51 + 10, "{} connections", venue.accepted());
    assert!(
        venue.look(|core| core.complaints().is_empty()),
        "{:?}",
        venue.look(|core| core.complaints().to_vec())
    );
}
