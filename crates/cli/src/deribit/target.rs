//! Where to go and what to watch, read once from the command line. Nothing is sent here.

use nova_deribit_simulator::{Account, Config, Simulator, StartError};
use websockex_nova::{
    connect::{Connector, ProxyChoice},
    deribit::{ChannelName, ChannelNameError, Credentials, Deribit},
    prelude::Endpoint,
    transport::{EndpointError, Scheme},
};

use super::credentials::{self, CredentialsError};
use crate::args::Watch;

pub(super) struct Target {
    pub(super) adapter: Deribit,
    pub(super) connector: Connector,
    /// What is watched, each once.
    pub(super) channels: Vec<ChannelName>,
    /// What the venue is called.
    pub(super) place: String,
    /// The venue, if it is in this process.
    pub(super) simulator: Option<Simulator>,
}

/// Why there is nothing to watch.
#[derive(Debug, thiserror::Error)]
pub(super) enum Mistake {
    #[error("{0}")]
    Channel(ChannelNameError),
    #[error(
        "{channel} needs a login: {why}. Set {} and {}, or give --credentials FILE",
        Credentials::ID_VARIABLE,
        Credentials::SECRET_VARIABLE
    )]
    LoginNeeded { channel: ChannelName, why: &'static str },
    #[error("the credentials cannot be used")]
    Credentials(#[from] CredentialsError),
    #[error("the URL cannot be used")]
    Url(#[source] EndpointError),
    #[error("credentials go to no other machine without encryption: use wss://")]
    Unencrypted,
    #[error("the simulator did not start")]
    Simulator(#[from] StartError),
}

impl Target {
    pub(super) async fn of(wish: &Watch) -> Result<Self, Mistake> {
        let channels = channels(&wish.channels)?;
        if wish.venue.simulator {
            return Self::simulated(channels).await;
        }
        let credentials = match &wish.credentials {
            Some(path) => Some(credentials::from_file(path)?),
            None => credentials::from_environment()?,
        };
        check_login(&channels, credentials.is_some())?;
        let (mut adapter, place) = match &wish.venue.url {
            Some(url) => {
                let endpoint = Endpoint::parse(url).map_err(Mistake::Url)?;
                if credentials.is_some() && endpoint.scheme() == Scheme::Ws && !is_here(&endpoint) {
                    return Err(Mistake::Unencrypted);
                }
                let place = endpoint.to_string();
                (Deribit::at(endpoint), place)
            }
            None if wish.venue.production => (Deribit::production(), "the production venue".to_owned()),
            None => (Deribit::testnet(), "the test network".to_owned()),
        };
        if let Some(credentials) = credentials {
            adapter = adapter.with_credentials(credentials);
        }
        Ok(Self { adapter, connector: Connector::new(), channels, place, simulator: None })
    }

    /// A venue in this process, which lets this program in.
    async fn simulated(channels: Vec<ChannelName>) -> Result<Self, Mistake> {
        let mut config = Config::default();
        config.accounts = vec![Account::new(CLIENT_ID, SECRET, 1)];
        let simulator = Simulator::start(config).await?;
        let endpoint = Endpoint::parse(&simulator.url()).map_err(Mistake::Url)?;
        Ok(Self {
            adapter: Deribit::at(endpoint).with_credentials(Credentials::new(CLIENT_ID, SECRET)),
            // The environment's proxy would lead away from this process.
            connector: Connector::new().with_proxy(ProxyChoice::Direct),
            channels,
            place: "the simulator".to_owned(),
            simulator: Some(simulator),
        })
    }
}

/// The names, each once and in their order.
fn channels(texts: &[String]) -> Result<Vec<ChannelName>, Mistake> {
    let mut channels = Vec::new();
    for text in texts {
        let channel = text.parse().map_err(Mistake::Channel)?;
        if !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    Ok(channels)
}

fn check_login(channels: &[ChannelName], has_credentials: bool) -> Result<(), Mistake> {
    let needy = channels.iter().find(|channel| channel.is_private() || channel.is_raw());
    match needy.filter(|_| !has_credentials) {
        None => Ok(()),
        Some(channel) => {
            let why = if channel.is_private() {
                "it is one's own"
            } else {
                "the venue sends each single event only to who is logged in"
            };
            Err(Mistake::LoginNeeded { channel: channel.clone(), why })
        }
    }
}

/// Whether the endpoint is on this machine.
fn is_here(endpoint: &Endpoint) -> bool {
    endpoint.ip().is_some_and(|ip| ip.is_loopback()) || endpoint.host() == "localhost"
}

/// Of an account that exists in this process only.
const CLIENT_ID: &str = "nova-watch";
const SECRET: &str = "nova-watch-secret";
