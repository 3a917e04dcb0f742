//! The way to Redis: one server or a cluster.
//!
//! Invariants: nothing waits longer than the deadline; only the keeper ([`super::keeper`]) connects, so that whoever asks
//! while the way is broken is told so at once.

use crate::live::{
    LiveError,
    address::{Address, BadAddress},
};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
};
use std::{
    sync::{PoisonError, RwLock},
    time::Duration,
};
use tokio::{sync::watch, time::timeout};

/// A script, by what it is called with.
pub(super) struct Script {
    source: &'static str,
    hash: String,
}

impl Script {
    pub(super) fn new(source: &'static str) -> Self {
        Self { source, hash: redis::Script::new(source).get_hash().to_owned() }
    }

    /// A call of it, still without keys and arguments.
    pub(super) fn call(&self, keys: usize) -> Cmd {
        let mut cmd = redis::cmd("EVALSHA");
        cmd.arg(&self.hash).arg(keys);
        cmd
    }

    /// The same call with the script's text, for a server that has not seen it.
    fn spelled_out(&self, call: &Cmd) -> Option<Cmd> {
        let mut args = call.args_iter().skip(1);
        if args.next() != Some(redis::Arg::Simple(self.hash.as_bytes())) {
            return None;
        }
        let mut cmd = redis::cmd("EVAL");
        cmd.arg(self.source);
        for arg in args {
            if let redis::Arg::Simple(bytes) = arg {
                cmd.arg(bytes);
            }
        }
        Some(cmd)
    }
}

#[derive(Clone)]
enum Way {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

enum Goal {
    One(Client),
    Cluster(Box<ClusterClient>),
}

/// The way to Redis.
pub(super) struct Link {
    goal: Goal,
    deadline: Duration,
    way: RwLock<Option<Way>>,
    /// Whether the first attempt to connect is over.
    tried: watch::Sender<bool>,
    script: Script,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("not connected")]
    NotConnected,
    #[error("no answer in time")]
    TimedOut,
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("an answer that no script of ours gives")]
    Unreadable,
}

impl Link {
    /// A way that is not yet gone. Knows one script.
    pub(super) fn new(url: &str, deadline: Duration, script: &'static str) -> Result<Self, LiveError> {
        let goal = match Address::parse(url)? {
            Address::One(url) => Goal::One(Client::open(url.as_str()).map_err(|_| BadAddress::of(&url))?),
            Address::Cluster(nodes) => {
                let client = ClusterClient::builder(nodes)
                    .connection_timeout(deadline)
                    .response_timeout(deadline)
                    .overall_response_timeout(Some(deadline))
                    .retries(1)
                    .build();
                Goal::Cluster(Box::new(client.map_err(|_| BadAddress::of(url))?))
            }
        };
        Ok(Self {
            goal,
            deadline,
            way: RwLock::default(),
            tried: watch::Sender::new(false),
            script: Script::new(script),
        })
    }

    /// The script that it knows.
    pub(super) const fn script(&self) -> &Script {
        &self.script
    }

    /// Whether keys of different areas may lie on different servers, so that each area needs a pipeline of its own.
    pub(super) const fn is_cluster(&self) -> bool {
        matches!(self.goal, Goal::Cluster(_))
    }

    /// Whether there is a connection, which may have broken unseen.
    pub(super) fn is_connected(&self) -> bool {
        self.way.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Connects anew.
    pub(super) async fn connect(&self) -> Result<(), Failure> {
        // How long an answer may take, `once` sees to.
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(self.deadline)).set_response_timeout(None);
        let connect = async {
            Ok(match &self.goal {
                Goal::One(client) => Way::One(client.get_multiplexed_async_connection_with_config(&config).await?),
                Goal::Cluster(client) => Way::Cluster(client.get_async_connection().await?),
            })
        };
        // A cluster asks its nodes one after the other.
        let result: Result<RedisResult<Way>, _> = timeout(self.deadline * 2, connect).await;
        let result = match result {
            Ok(Ok(way)) => {
                *self.way.write().unwrap_or_else(PoisonError::into_inner) = Some(way);
                Ok(())
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Failure::TimedOut),
        };
        self.tried.send_replace(true);
        result
    }

    /// Gives the connection up; the keeper makes another.
    pub(super) fn give_up(&self) {
        *self.way.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Waits until the first attempt to connect is over.
    pub(super) async fn settled(&self) {
        if *self.tried.borrow() {
            return;
        }
        // The sender lives as long as this.
        let _ = timeout(self.deadline, self.tried.subscribe().wait_for(|tried| *tried)).await;
    }

    /// Runs commands, on a cluster those of one area. An answer for each; a script that the server does not
    /// know is sent to it.
    pub(super) async fn run(&self, pipe: &Pipeline) -> Result<Vec<Value>, Failure> {
        match self.once(pipe).await {
            Ok(answers) if !answers.iter().any(is_no_script) => return Ok(answers),
            Ok(_) => {}
            Err(Failure::Redis(error)) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {}
            Err(failure) => return Err(failure),
        }
        // All are sent again, so that what follows a call finds what the call did. Every script may be run twice.
        let mut spelled = Pipeline::with_capacity(pipe.len());
        for cmd in pipe.cmd_iter() {
            spelled.add_command(self.script.spelled_out(cmd).unwrap_or_else(|| cmd.clone()));
        }
        self.once(spelled.ignore_errors()).await
    }

    async fn once(&self, pipe: &Pipeline) -> Result<Vec<Value>, Failure> {
        let way = self.way.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Failure::NotConnected)?;
        let count = pipe.len();
        let answer = async {
            match way {
                Way::One(mut way) => way.req_packed_commands(pipe, 0, count).await,
                Way::Cluster(mut way) => way.req_packed_commands(pipe, 0, count).await,
            }
        };
        match timeout(self.deadline, answer).await {
            Ok(Ok(answers)) => Ok(answers),
            Ok(Err(error)) => {
                // A cluster's connection mends itself; and what the server refuses, it refuses on another one too.
                if !self.is_cluster() && !matches!(error.kind(), ErrorKind::Server(_)) {
                    self.give_up();
                }
                Err(error.into())
            }
            Err(_) => {
                if !self.is_cluster() {
                    self.give_up();
                }
                Err(Failure::TimedOut)
            }
        }
    }
}

fn is_no_script(answer: &Value) -> bool {
    matches!(answer, Value::ServerError(error) if error.kind() == Some(ServerErrorKind::NoScript))
}
