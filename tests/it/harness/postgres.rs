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
        let pid = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
        let program = std::fs::read_link(format!("/proc/{}/exe", pid.lines().next().unwrap().trim())).unwrap();
        Self { url, data, programs: program.parent().unwrap().to_owned(), keeper }
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

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
