//! A connection to speak and one to listen on, to one Redis or to a cluster.
//!
//! Words go over a fixed number of channels, so that nobody has to know which areas there are; on a cluster their hash
//! tags spread them over the masters, and each is published on its own shard alone.

use crate::live::address::Address;
use futures_util::StreamExt;
use redis::{
    AsyncConnectionConfig, Client, ProtocolVersion, PushInfo, PushKind, RedisError, Value,
    aio::{MultiplexedConnection, PubSubStream},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
};
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};

/// Channels that words are spread over.
pub const CHANNELS: usize = 16;
/// How long opening may take.
const OPENING: Duration = Duration::from_secs(2);
/// How long a word may take to be published.
const TELLING: Duration = Duration::from_millis(500);
/// Words from a cluster that may wait to be read; what comes beyond is let go.
const WAITING: usize = 4_096;

/// Why a line broke.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// Redis says so.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// It did not answer in time.
    #[error("no answer in time")]
    Silent,
    /// It takes words and does not give them back.
    #[error("own words do not come back")]
    Deaf,
    /// The connection ended.
    #[error("the connection ended")]
    Ended,
}

impl From<tokio::time::error::Elapsed> for Broken {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::Silent
    }
}

/// The way to Redis, and the names of the channels there.
#[derive(Clone, Debug)]
pub struct Route {
    address: Address,
    channels: Vec<String>,
}

impl Route {
    /// To channels that begin with `prefix`.
    pub fn new(address: Address, prefix: &str) -> Self {
        Self { address, channels: (0..CHANNELS).map(|n| format!("{prefix}{{bus-{n}}}")).collect() }
    }

    /// Connects and listens.
    pub async fn open(&self) -> Result<(Mouth, Words), Broken> {
        let open = async {
            match &self.address {
                Address::One(url) => self.open_single(url).await,
                Address::Cluster(nodes) => self.open_cluster(nodes).await,
            }
        };
        timeout(OPENING, open).await?
    }

    async fn open_single(&self, url: &str) -> Result<(Mouth, Words), Broken> {
        let client = Client::open(url)?;
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(OPENING)).set_response_timeout(Some(TELLING));
        let speak = client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut listen = client.get_async_pubsub().await?;
        listen.subscribe(&self.channels[..]).await?;
        Ok((
            Mouth { way: Way::Single(speak), channels: self.channels.clone() },
            Words::Single(listen.into_on_message()),
        ))
    }

    async fn open_cluster(&self, nodes: &[String]) -> Result<(Mouth, Words), Broken> {
        let (push, words) = mpsc::channel(WAITING);
        let client = ClusterClient::builder(nodes.to_vec())
            .use_protocol(ProtocolVersion::RESP3)
            .connection_timeout(OPENING)
            .response_timeout(TELLING)
            .retries(1)
            .push_sender(move |info: PushInfo| match push.try_send(info) {
                // A full queue loses words, which are found in the database.
                Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => Ok(()),
                Err(mpsc::error::TrySendError::Closed(_)) => Err(()),
            })
            .build()?;
        let mut speak = client.get_async_connection().await?;
        for channel in &self.channels {
            speak.ssubscribe(channel).await?;
        }
        Ok((Mouth { way: Way::Cluster(speak), channels: self.channels.clone() }, Words::Cluster(words)))
    }
}

/// What speaks; shared by cloning.
#[derive(Clone)]
pub struct Mouth {
    way: Way,
    channels: Vec<String>,
}

#[derive(Clone)]
enum Way {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Mouth {
    /// Publishes a text on a channel.
    pub async fn say(&mut self, channel: usize, text: &str) -> Result<(), Broken> {
        let name = &self.channels[channel % CHANNELS];
        let said = async {
            match &mut self.way {
                Way::Single(line) => redis::cmd("PUBLISH").arg(name).arg(text).exec_async(line).await,
                Way::Cluster(line) => redis::cmd("SPUBLISH").arg(name).arg(text).exec_async(line).await,
            }
        };
        Ok(timeout(TELLING, said).await??)
    }
}

/// What is heard.
pub enum Words {
    /// Of one Redis.
    Single(PubSubStream),
    /// Of a cluster.
    Cluster(mpsc::Receiver<PushInfo>),
}

impl Words {
    /// The next text.
    pub async fn next(&mut self) -> Result<String, Broken> {
        loop {
            match self {
                Self::Single(stream) => return Ok(stream.next().await.ok_or(Broken::Ended)?.get_payload()?),
                Self::Cluster(pushes) => {
                    let push = pushes.recv().await.ok_or(Broken::Ended)?;
                    // A master that went away, or slots that moved: begin anew and listen where they are now.
                    if matches!(push.kind, PushKind::Disconnection | PushKind::SUnsubscribe) {
                        return Err(Broken::Ended);
                    }
                    if let (PushKind::SMessage, Some(Value::BulkString(text))) = (push.kind, push.data.get(1)) {
                        return Ok(String::from_utf8_lossy(text).into_owned());
                    }
                }
            }
        }
    }
}
