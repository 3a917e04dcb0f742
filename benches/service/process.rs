//! Servers as processes of their own: started, asked what they cost, ended.

use super::database::{Database, MASTER_KEY};
use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The core of the server, where the two are kept apart.
pub const SERVER: &str = "0";
/// The core of the phones.
pub const PHONES: &str = "1";
/// A server has so long to come up.
const START: Duration = Duration::from_secs(30);

/// The cores that this process may use.
pub fn cores() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("cores");
    line.trim().to_owned()
}

/// Keeps a process and all its threads on some cores.
pub fn pin(process: u32, cores: &str) {
    let done = Command::new("taskset").args(["-a", "-cp", cores, &process.to_string()]).stdout(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "taskset could not pin: it is in util-linux");
}

/// A running server; dropping it ends it.
pub struct Server {
    child: Child,
    /// Where it listens on the loopback.
    pub port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts `sigap serve` on a database; on one core, or on all.
    pub async fn sigap(database: &Database, core: Option<&str>) -> Self {
        Self::sigap_with(database, core, &[]).await
    }

    /// As [`Self::sigap`], with more in its environment.
    pub async fn sigap_with(database: &Database, core: Option<&str>, more: &[(&str, String)]) -> Self {
        let folder = database.folder();
        let server = Self::start(env!("CARGO_BIN_EXE_sigap"), core, |command, port| {
            // A file sigap.toml of this folder shall not be read.
            command.arg("serve").current_dir(folder);
            command.env("SIGAP_LISTEN", format!("127.0.0.1:{port}")).env("SIGAP_MASTER_KEY", MASTER_KEY);
            command.env("SIGAP_DATABASE_URL", database.url()).env("SIGAP_CHECKPOINT_FILE", "checkpoints.jsonl");
            command.env("RUST_LOG", "warn").envs(more.iter().map(|(name, value)| (name, value)));
        });
        server.is_up().await;
        server
    }

    /// Starts this program again, as what the closure makes of it.
    pub async fn peer(core: Option<&str>, variable: &str) -> Self {
        let own = std::env::current_exe().expect("the system knows this program");
        let own = own.to_str().expect("a path in UTF-8");
        let server = Self::start(own, core, |command, port| {
            command.env(variable, port.to_string());
        });
        server.is_up().await;
        server
    }

    fn start(program: &str, core: Option<&str>, set_up: impl FnOnce(&mut Command, u16)) -> Self {
        let mut command = match core {
            Some(core) => {
                let mut pinned = Command::new("taskset");
                pinned.args(["-c", core, program]);
                pinned
            }
            None => Command::new(program),
        };
        // Free a moment ago; nobody else is after ports of the loopback here.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        set_up(&mut command, port);
        let child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().expect("the server starts");
        Self { child, port }
    }

    async fn is_up(&self) {
        let up = async {
            while self.get("/readyz").await.is_none_or(|(status, _)| status != 200) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(START, up).await.expect("the server comes up");
    }

    /// An answer's status and text.
    pub async fn get(&self, path: &str) -> Option<(u16, String)> {
        let answer = reqwest::get(format!("http://127.0.0.1:{}{path}", self.port)).await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// A counter or gauge of `/metrics`, by its name with labels.
    pub async fn metric(&self, name: &str) -> f64 {
        let (_, page) = self.get("/metrics").await.expect("the server answers");
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {page}"))
    }

    /// Fixes that were refused or gave way since the start.
    pub async fn fixes_lost(&self) -> f64 {
        let (_, page) = self.get("/metrics").await.expect("the server answers");
        let counts = page.lines().filter(|line| {
            line.starts_with("sigap_fixes_refused_total")
                || line.starts_with("sigap_fixes_total{outcome=\"conflated\"}")
        });
        counts.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Processor time used so far, seconds: `utime` and `stime` of `/proc/PID/stat`.
    pub fn cpu_s(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("the server runs");
        // The second field is a name in brackets that may hold blanks.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|t| t.parse::<f64>().ok()).expect("a number of ticks");
        (ticks(11) + ticks(12)) / TICKS_PER_S
    }

    /// Resident memory, KiB.
    pub fn resident_kib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").trim().parse().expect("a number")
    }
}

/// `USER_HZ`, which Linux shows to programs whatever the kernel's own tick is.
const TICKS_PER_S: f64 = 100.0;
