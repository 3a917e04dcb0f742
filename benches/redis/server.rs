//! The Redis that `scripts/with-redis.sh` started, and what it and this process have cost.

use redis::{Client, Cmd, FromRedisValue, aio::MultiplexedConnection};
use sigap::{
    domain::time::UnixMs,
    live::{Live, RedisSettings},
};
use std::{
    fs,
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};
use tokio::runtime::Handle;

pub struct Server {
    pub connection: MultiplexedConnection,
    pub prefix: String,
    url: String,
    pid: u32,
}

impl Server {
    pub async fn reach() -> Self {
        let url = std::env::var("SIGAP_TEST_REDIS_URL").expect("scripts/bench.sh starts a Redis and says where");
        let client = Client::open(url.as_str()).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis is there");
        let told: String = Cmd::new().arg("INFO").arg("server").query_async(&mut connection).await.expect("it answers");
        let pid = told.lines().find_map(|l| l.strip_prefix("process_id:")).and_then(|pid| pid.trim().parse().ok());
        Self { connection, prefix: format!("bench-{}:", std::process::id()), url, pid: pid.expect("its process") }
    }

    /// A node's live positions, with the settings of an installation.
    pub fn node(&self, from: UnixMs) -> Live {
        let settings = RedisSettings { url: self.url.clone(), prefix: self.prefix.clone(), ..RedisSettings::default() };
        let began = Instant::now();
        let now = Arc::new(move || from.plus(i64::try_from(began.elapsed().as_millis()).expect("a short run")));
        Live::redis(settings, now, &Handle::current()).expect("a good URL")
    }

    pub async fn ask<T: FromRedisValue>(&mut self, words: &[&str]) -> T {
        let mut command = Cmd::new();
        for word in words {
            command.arg(*word);
        }
        command.query_async(&mut self.connection).await.expect("it answers")
    }

    /// From now on Redis has the first core, and this process the second.
    pub fn keep_apart(&self) {
        for (process, core) in [(self.pid, "0"), (std::process::id(), "1")] {
            let process = process.to_string();
            let done = Command::new("taskset").args(["-a", "-cp", core, &process]).stdout(Stdio::null()).status();
            assert!(done.is_ok_and(|status| status.success()), "taskset could not pin: it is in util-linux");
        }
    }

    /// Processor time of this process and of Redis so far, seconds.
    pub fn cpu_s(&self) -> [f64; 2] {
        [cpu_s(std::process::id()), cpu_s(self.pid)]
    }
}

/// Processor time of a process's threads, in nanoseconds as the scheduler counts them.
fn cpu_s(pid: u32) -> f64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let spent_ns = |task: fs::DirEntry| {
        let text = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        text.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or_default()
    };
    tasks.flatten().map(spent_ns).sum::<f64>() / 1e9
}
