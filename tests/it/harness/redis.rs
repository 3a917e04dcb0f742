//! Redis servers: those that all tests share, and those of one test, which it may stop, freeze and kill.

use redis::{Client, Cmd, Connection, FromRedisValue};
use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a server may take to do what it was told.
const PATIENCE: Duration = Duration::from_secs(30);

/// The single server that all tests share, as `SIGAP_REDIS_URL` takes it.
pub fn redis_url() -> String {
    shared("SIGAP_TEST_REDIS_URL")
}

/// The cluster that all tests share, as `SIGAP_REDIS_URL` takes it.
pub fn redis_cluster_url() -> String {
    shared("SIGAP_TEST_REDIS_CLUSTER_URL")
}

/// A prefix for the keys of one test, so that none meets another's on a shared server.
pub fn redis_prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let random = uuid::Uuid::now_v7().simple();
    format!("it-{random}-{}:", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn shared(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run scripts/test.sh, which starts Redis servers and sets it"))
}

/// A server of one test's own. Gone when dropped.
pub struct PrivateRedis {
    port: u16,
    cluster: bool,
    folder: TempDir,
    child: Option<Child>,
}

impl PrivateRedis {
    /// Starts a server on a free port.
    pub fn start() -> Self {
        Self::on_a_free_port(false)
    }

    fn on_a_free_port(cluster: bool) -> Self {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let mut redis = Self { port: free_port(cluster), cluster, folder, child: None };
            if redis.run() {
                return redis;
            }
        }
        panic!("redis-server did not start");
    }

    /// As `SIGAP_REDIS_URL` takes it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it listens on the loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it again on the same port, with nothing in it (but a cluster's node with its slots).
    pub fn restart(&mut self) {
        self.kill();
        let until = Instant::now() + PATIENCE;
        while !self.run() {
            assert!(Instant::now() < until, "redis-server did not come back on port {}", self.port);
        }
    }

    /// SIGSTOP: it keeps its connections and answers nothing.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Asks it for something on a connection of its own.
    pub fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        self.try_ask(words).unwrap_or_else(|e| panic!("{words:?}: {e}"))
    }

    fn try_ask<T: FromRedisValue>(&self, words: &[&str]) -> redis::RedisResult<T> {
        let mut command = Cmd::new();
        for word in words {
            command.arg(*word);
        }
        command.query(&mut self.connection()?)
    }

    fn connection(&self) -> redis::RedisResult<Connection> {
        let connection = Client::open(self.url())?.get_connection_with_timeout(Duration::from_secs(2))?;
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(connection)
    }

    /// Runs the program, and says whether it is the one that listens.
    fn run(&mut self) -> bool {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &self.port.to_string()]);
        if self.cluster {
            command.args(["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"]);
            command.args(["--cluster-node-timeout", "1000", "--cluster-require-full-coverage", "no"]);
        }
        command.arg("--dir").arg(self.folder.path());
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server runs: scripts/test.sh installs it");
        let pid = format!("process_id:{}", child.id());
        loop {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            match self.try_ask::<String>(&["INFO", "server"]) {
                Ok(told) if told.lines().any(|line| line == pid) => {
                    self.child = Some(child);
                    return true;
                }
                // Another's server has the port: ours will end.
                Ok(_) | Err(_) => sleep(Duration::from_millis(10)),
            }
        }
    }

    fn signal(&self, signal: &str) {
        let child = self.child.as_ref().expect("it runs");
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// A cluster of one test's own: three masters, and a replica of the first.
pub struct PrivateCluster {
    /// The masters, and last the replica.
    pub nodes: Vec<PrivateRedis>,
}

impl PrivateCluster {
    /// Starts it and waits until it is whole.
    pub fn start() -> Self {
        let nodes: Vec<_> = (0..4).map(|_| PrivateRedis::on_a_free_port(true)).collect();
        for (i, slots) in [["0", "5460"], ["5461", "10922"], ["10923", "16383"]].iter().enumerate() {
            nodes[i].ask::<()>(&["CLUSTER", "ADDSLOTSRANGE", slots[0], slots[1]]);
        }
        for (i, node) in nodes.iter().enumerate() {
            node.ask::<()>(&["CLUSTER", "SET-CONFIG-EPOCH", &(i + 1).to_string()]);
            nodes[0].ask::<()>(&["CLUSTER", "MEET", "127.0.0.1", &node.port().to_string()]);
        }
        let cluster = Self { nodes };
        cluster.wait(|told| told.contains("cluster_state:ok") && told.contains("cluster_known_nodes:4"));
        let first: String = cluster.nodes[0].ask(&["CLUSTER", "MYID"]);
        cluster.nodes[3].ask::<()>(&["CLUSTER", "REPLICATE", &first]);
        let until = Instant::now() + PATIENCE;
        while !cluster.nodes[3].ask::<String>(&["INFO", "replication"]).contains("master_link_status:up") {
            assert!(Instant::now() < until, "the replica did not follow its master");
            sleep(Duration::from_millis(20));
        }
        // The others must know it for a replica, or they would not vote for it.
        cluster.wait_nodes(|told| told.lines().filter(|line| line.contains("slave")).count() == 1);
        cluster
    }

    /// As `SIGAP_REDIS_URL` takes it.
    pub fn url(&self) -> String {
        let all: Vec<_> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("redis+cluster://{}", all.join(","))
    }

    fn wait(&self, ready: impl Fn(&str) -> bool) {
        self.wait_for(&["CLUSTER", "INFO"], ready);
    }

    fn wait_nodes(&self, ready: impl Fn(&str) -> bool) {
        self.wait_for(&["CLUSTER", "NODES"], ready);
    }

    fn wait_for(&self, words: &[&str], ready: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        for node in &self.nodes {
            while !ready(&node.ask::<String>(words)) {
                assert!(Instant::now() < until, "the cluster did not become whole");
                sleep(Duration::from_millis(20));
            }
        }
    }
}

/// A port that nobody has at this moment; in a cluster, also the one 10,000 higher, where its nodes meet. Below those
/// that the kernel gives to clients.
fn free_port(cluster: bool) -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    for _ in 0..1_000 {
        let port = 11_000 + (uuid::Uuid::now_v7().as_u128() % 11_000) as u16;
        if free(port) && (!cluster || free(port + 10_000)) {
            return port;
        }
    }
    panic!("no port is free");
}

#[test]
fn a_server_can_be_killed_and_comes_back_empty() {
    let mut redis = PrivateRedis::start();
    redis.ask::<()>(&["SET", "a", "1"]);
    redis.kill();
    assert!(redis.try_ask::<String>(&["PING"]).is_err());
    redis.restart();
    assert_eq!(redis.ask::<Option<String>>(&["GET", "a"]), None);
}
