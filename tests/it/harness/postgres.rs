//! A PostgreSQL of one test's own, which it may stop in the middle of everything and start again.

use super::PATIENCE;
use sqlx::{Connection, PgConnection};
use std::{
    io::{BufRead, BufReader},
    os::unix::fs::MetadataExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A server; gone when dropped.
pub struct PrivatePostgres {
    url: String,
    data: PathBuf,
    programs: PathBuf,
    /// What started it; stops it and clears up when its input ends.
    keeper: Child,
}

impl PrivatePostgres {
    /// Starts a server on a free port.
    pub async fn start() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut keeper = Command::new(root.join("scripts/with-postgres.sh"))
            .args(["sh", "-c", "echo \"$SIGAP_TEST_POSTGRES_URL\"; exec cat"])
            .env_remove("SIGAP_TEST_POSTGRES_URL")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        assert!(url.starts_with("postgres://"), "no PostgreSQL of its own: {url}");
        let mut c = PgConnection::connect(&url).await.unwrap();
        let data: String = sqlx::query_scalar("SHOW data_directory").fetch_one(&mut c).await.unwrap();
        let data = PathBuf::from(data);
        let mut postgres = Self { url, data, programs: PathBuf::new(), keeper };
        let program = std::fs::read_link(format!("/proc/{}/exe", postgres.server())).unwrap();
        program.parent().unwrap().clone_into(&mut postgres.programs);
        postgres
    }

    /// As `SIGAP_TEST_POSTGRES_URL` has it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `pg_ctl stop -m immediate`: as a crash.
    pub fn stop(&self) {
        let stop = format!("{}/pg_ctl stop -D {} -m immediate -s", self.programs.display(), self.data.display());
        assert!(self.as_its_user(&stop).status().unwrap().success());
    }

    /// SIGSTOP to the server and each of its processes: connections stay and nothing is answered, not even new ones.
    pub fn freeze(&self) {
        let server = self.server();
        signal("-STOP", &[server]);
        signal("-STOP", &children(server));
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        let server = self.server();
        signal("-CONT", &children(server));
        signal("-CONT", &[server]);
    }

    fn server(&self) -> u32 {
        let pid = std::fs::read_to_string(self.data.join("postmaster.pid")).unwrap();
        pid.lines().next().unwrap().trim().parse().unwrap()
    }

    /// Starts it as it was started before, and waits until it has recovered.
    pub async fn start_again(&self) {
        let how = std::fs::read_to_string(self.data.join("postmaster.opts")).unwrap();
        let start = format!("setsid {} >> {}/server.log 2>&1 &", how.trim(), self.data.display());
        assert!(self.as_its_user(&start).status().unwrap().success());
        let begun = Instant::now();
        while PgConnection::connect(&self.url).await.is_err() {
            assert!(begun.elapsed() < PATIENCE, "PostgreSQL does not come back");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// PostgreSQL refuses root; its files say who it is.
    fn as_its_user(&self, line: &str) -> Command {
        let owner = std::fs::metadata(&self.data).unwrap();
        let mut command = Command::new("setpriv");
        if owner.uid() == std::fs::metadata("/proc/self").unwrap().uid() {
            command = Command::new("sh");
        } else {
            command.args([&format!("--reuid={}", owner.uid()), &format!("--regid={}", owner.gid())]);
            command.args(["--clear-groups", "sh"]);
        }
        command.args(["-c", line]).current_dir(self.data.parent().unwrap()).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

/// The processes that a process has started.
fn children(of: u32) -> Vec<u32> {
    let parent = |pid: u32| -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // After the name in brackets: the state, then the parent.
        stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()
    };
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let all = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    all.filter(|pid| parent(*pid) == Some(of)).collect()
}

fn signal(signal: &str, to: &[u32]) {
    // One of them may have ended meanwhile.
    let _ = Command::new("kill").arg(signal).args(to.iter().map(u32::to_string)).stderr(Stdio::null()).status();
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if self.data.join("postmaster.pid").exists() {
            self.thaw();
        }
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
