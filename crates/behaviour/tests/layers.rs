//! User over client over adapter over default, for every setting there is.

use std::time::Duration;

use nova_behaviour::{InitialConnect, Layer, Overrides, SettingName, SettingValue, Settings};

/// What one layer says about one setting; each layer says something else. A setting that is added has
/// no arm here, and then does not pass [`every_setting_obeys_the_layers`].
fn says(layer: Layer, name: SettingName) -> Overrides {
    let number = 200 + layer as usize;
    let time = Duration::from_secs(200 + layer as u64);
    // A choice of two cannot differ in every layer: it changes from one to the next.
    let choice = if layer as u8 % 2 == 1 { InitialConnect::Retry } else { InitialConnect::FailFast };
    let none = Overrides::new();
    match name {
        SettingName::InitialConnect => none.with_initial_connect(choice),
        SettingName::KeepAliveEvery => none.with_keep_alive_every(time),
        SettingName::KeepAliveDeadline => none.with_keep_alive_deadline(time),
        SettingName::KeepAliveMisses => none.with_keep_alive_misses(200 + layer as u32),
        SettingName::CallDeadline => none.with_call_deadline(time),
        SettingName::OpeningDeadline => none.with_opening_deadline(time),
        SettingName::StableAfter => none.with_stable_after(time),
        SettingName::CloseDeadline => none.with_close_deadline(time),
        SettingName::DropDeadline => none.with_drop_deadline(time),
        SettingName::MessageBytes => none.with_message_bytes(number),
        SettingName::LanesControlCount => none.with_lanes_control_count(number),
        SettingName::LanesControlBytes => none.with_lanes_control_bytes(number),
        SettingName::LanesSessionCount => none.with_lanes_session_count(number),
        SettingName::LanesSessionBytes => none.with_lanes_session_bytes(number),
        SettingName::LanesUserCount => none.with_lanes_user_count(number),
        SettingName::LanesUserBytes => none.with_lanes_user_bytes(number),
        SettingName::InFlight => none.with_in_flight(number),
        SettingName::SubscriptionCount => none.with_subscription_count(number),
        SettingName::SubscriptionBytes => none.with_subscription_bytes(number),
        SettingName::Events => none.with_events(number),
        _ => none,
    }
}

const ABOVE_DEFAULT: [Layer; 3] = [Layer::Adapter, Layer::Client, Layer::User];

/// The precedence as it is promised, apart from the order that the code compares by.
const HIGHEST_FIRST: [Layer; 3] = [Layer::User, Layer::Client, Layer::Adapter];

/// Every subset of the layers, each in every order.
fn orders() -> Vec<Vec<Layer>> {
    let mut orders = vec![Vec::new()];
    for _ in ABOVE_DEFAULT {
        let longer: Vec<Vec<Layer>> = orders
            .iter()
            .flat_map(|order: &Vec<Layer>| {
                let new = ABOVE_DEFAULT.into_iter().filter(|layer| !order.contains(layer));
                new.map(|layer| [order.as_slice(), &[layer]].concat()).collect::<Vec<_>>()
            })
            .collect();
        orders.extend(longer);
    }
    orders.sort();
    orders.dedup();
    orders
}

#[test]
fn every_setting_obeys_the_layers() {
    let default = Settings::default();
    assert_eq!(orders().len(), 16, "1 + 3 + 6 + 6");
    for name in SettingName::ALL {
        for order in orders() {
            let mut settings = Settings::default();
            for layer in &order {
                settings.overlay(*layer, &says(*layer, name));
            }
            let winner = HIGHEST_FIRST.into_iter().find(|layer| order.contains(layer)).unwrap_or_default();
            let expected = match winner {
                Layer::Default => name.of(&default),
                _ => says(winner, name).said().next().unwrap_or_else(|| panic!("no layer says {name}")).1,
            };
            assert_eq!(name.of(&settings), expected, "{name} after {order:?}");
            assert_eq!(settings.origin(name), winner, "{name} after {order:?}");
            // And nothing else was touched.
            for other in SettingName::ALL.into_iter().filter(|other| *other != name) {
                assert_eq!(other.of(&settings), other.of(&default), "{other} by {name}");
                assert_eq!(settings.origin(other), Layer::Default, "{other} by {name}");
            }
        }
    }
}

#[test]
fn what_a_layer_does_not_say_is_left_to_the_others() {
    let mut settings = Settings::default();
    for layer in ABOVE_DEFAULT {
        settings.overlay(layer, &Overrides::new());
    }
    assert_eq!(settings, Settings::default());
    assert!(settings.explain().all(|line| line.origin == Layer::Default));
}

#[test]
fn a_layer_may_change_its_mind() {
    let mut settings = Settings::default();
    settings.overlay(Layer::Client, &Overrides::new().with_in_flight(1));
    settings.overlay(Layer::Client, &Overrides::new().with_in_flight(2));
    assert_eq!(settings.in_flight, 2);
}

#[test]
fn a_change_is_the_word_of_its_layer_and_only_where_it_changed_something() {
    let mut settings = Settings::default();
    settings.overlay(Layer::Adapter, &Overrides::new().with_keep_alive_every(Duration::from_secs(7)));
    settings.change(Layer::User, |settings| settings.keep_alive.misses = 3);
    settings.change(Layer::Client, |settings| settings.keep_alive.misses = 9);
    assert_eq!(settings.keep_alive.misses, 3, "the user's word stands, whoever comes later");
    let lines: Vec<String> = settings
        .explain()
        .filter(|line| line.origin != Layer::Default)
        .map(|line| line.to_string())
        .collect();
    assert_eq!(lines, ["keep_alive.every = 7 s (adapter)", "keep_alive.misses = 3 (user)"]);
}

#[test]
fn an_adapter_is_taken_at_its_word_also_where_it_says_the_default() {
    let mut stated = Settings::default();
    stated.in_flight = 5;
    let default_deadline = stated.call_deadline;
    stated.overlay(Layer::Adapter, &Overrides::new().with_call_deadline(default_deadline));
    let settings = stated.said_by(Layer::Adapter);
    assert_eq!(settings, stated);
    assert_eq!(settings.origin(SettingName::InFlight), Layer::Adapter);
    assert_eq!(settings.origin(SettingName::CallDeadline), Layer::Adapter);
    assert_eq!(settings.origin(SettingName::Events), Layer::Default);
}

#[test]
fn the_listing_has_a_line_for_every_setting() {
    let mut settings = Settings::default();
    settings.overlay(Layer::Adapter, &Overrides::new().with_call_deadline(Duration::from_secs(10)));
    let lines: Vec<String> = settings.explain().map(|line| line.to_string()).collect();
    assert_eq!(lines.len(), SettingName::ALL.len());
    assert_eq!(lines[0], "initial_connect = fail fast (default)");
    assert_eq!(lines[4], "call_deadline = 10 s (adapter)");
    assert_eq!(lines[19], "events = 1024 (default)");
    let deadline = settings.explain().nth(4).unwrap();
    assert_eq!(deadline.value, SettingValue::Time(Duration::from_secs(10)));
}
