//! The service on a port of its own: in this process, or as the real program.

use super::{Api, Db, PATIENCE};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use sigap::{
    app::{self, Clock, Running},
    config::Config,
    domain::{
        access::{Cause, Grant, Role},
        ids::*,
        time::UnixMs,
        unit::UnitKind,
    },
    engine::Engine,
    store::{NewAccount, Store},
};
use std::{
    fs::File,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// The password of [`City::login`].
pub const PASSWORD: &str = "correct horse battery";

/// The key that [`Db::open`] uses, as the configuration takes it.
pub fn master_key() -> String {
    STANDARD.encode([7; 32])
}

/// The wall clock.
pub fn now() -> UnixMs {
    Clock::start().now()
}

/// A configuration over this database; [`serve`] gives it a folder.
pub fn config(db: &Db) -> Config {
    Config { database_url: db.url().to_owned(), master_key: Some(master_key()), workers: 1, ..Config::default() }
}

/// A unit with the officer and the phone that ride with it.
#[derive(Clone, Debug)]
pub struct Patrol {
    pub unit: UnitId,
    pub account: AccountId,
    pub token: String,
    pub phone: DeviceId,
}

/// Balikpapan with people in it. The tokens are good for ten minutes.
pub struct City {
    pub patrols: Vec<Patrol>,
    /// A dispatcher of BPN, who logs in as `desk` with [`PASSWORD`].
    pub desk: String,
    desk_account: AccountId,
    /// An administrator of BPN.
    pub admin: String,
}

/// Sets up Balikpapan as it ships, with so many motorcycles (`BPN-M1` …), off duty.
pub async fn seed(db: &Db, units: usize) -> City {
    let store = db.open().await;
    let (engine, _) = app::open(&config(db), Clock::start()).await.unwrap();
    let cause = Cause::system(engine.now());
    engine.put_balikpapan(&cause).await.unwrap();
    let grants = vec![Grant { area: "BPN".parse().unwrap(), role: Role::Dispatcher }];
    let desk_account = engine.add_account(&cause, "desk".parse().unwrap(), PASSWORD.to_owned(), grants).await.unwrap();
    let desk = token(&store, &engine, desk_account).await;
    let (_, admin) = account(&store, &engine, "admin", "BPN", Role::Admin).await;
    let mut patrols = Vec::new();
    for n in 1..=units {
        let unit: UnitId = format!("BPN-M{n}").parse().unwrap();
        engine.add_unit(&cause, unit, UnitKind::Motorcycle).await.unwrap();
        let (account, token) = account(&store, &engine, &format!("rider-{n}"), "BPN", Role::Officer).await;
        patrols.push(Patrol { unit, account, token, phone: DeviceId::random() });
    }
    engine.close().await;
    store.close().await;
    City { patrols, desk, desk_account, admin }
}

/// An account that no password fits, and a token for it.
pub async fn account(store: &Store, engine: &Engine, login: &str, area: &str, role: Role) -> (AccountId, String) {
    let area: AreaCode = area.parse().unwrap();
    let id = AccountId::random();
    let grants = vec![Grant { area, role }];
    let new = NewAccount { id, login: login.parse().unwrap(), area, password_hash: "!".to_owned(), grants };
    store.add_account(&Cause::system(engine.now()), new).await.unwrap();
    (id, token(store, engine, id).await)
}

/// An access token without a password, which costs a tenth of a second: a login is begun in the store and refreshed.
async fn token(store: &Store, engine: &Engine, account: AccountId) -> String {
    let secret = sigap::store::keys::random::<32>().unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &secret);
    let expires = engine.now().plus(60_000);
    store.begin_session(account, hash.as_ref().try_into().unwrap(), expires).await.unwrap();
    engine.auth().refresh(&URL_SAFE_NO_PAD.encode(secret), None, engine.now()).await.unwrap().access
}

impl City {
    /// New tokens for the patrols and the desk, for another ten minutes.
    pub async fn renew(&mut self, db: &Db) {
        let store = db.open().await;
        let (engine, _) = app::open(&config(db), Clock::start()).await.unwrap();
        self.desk = token(&store, &engine, self.desk_account).await;
        for patrol in &mut self.patrols {
            patrol.token = token(&store, &engine, patrol.account).await;
        }
        engine.close().await;
        store.close().await;
    }

    /// Signs every patrol on.
    pub async fn sign_on(&self, api: &Api) {
        for Patrol { unit, token, phone, .. } in &self.patrols {
            let body = serde_json::json!({ "device": phone });
            api.post(token, &format!("/units/{unit}/sign-on"), &body).await.expect(200);
        }
    }
}

/// The service in this process.
pub struct Served {
    pub api: Api,
    stop: oneshot::Sender<()>,
    running: Running,
    _folder: TempDir,
}

/// Starts the service in this process.
pub async fn serve(config: Config) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { checkpoint_file: folder.path().join("checkpoints.jsonl"), ..config };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        let _ = stopped.await;
    };
    let running = app::serve(config, Clock::start(), listener, shutdown).await.unwrap();
    Served { api: Api::new(&format!("http://{}", running.address)), stop, running, _folder: folder }
}

impl Served {
    /// What it works with.
    pub fn engine(&self) -> &Engine {
        &self.running.engine
    }

    /// The clean end.
    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.finished().await.unwrap();
    }
}

/// The real program, not started: a folder of its own and what it finds in its environment.
#[derive(Clone)]
pub struct Program {
    folder: Arc<TempDir>,
    env: Vec<(String, String)>,
}

impl Program {
    /// The program over this database.
    pub fn new(db: &Db) -> Self {
        let program = Self { folder: Arc::new(tempfile::tempdir().unwrap()), env: Vec::new() };
        let checkpoints = program.path("checkpoints.jsonl").display().to_string();
        program
            .with("SIGAP_DATABASE_URL", db.url())
            .with("SIGAP_MASTER_KEY", &master_key())
            .with("SIGAP_CHECKPOINT_FILE", &checkpoints)
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A file in the folder that the program runs in.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigap"));
        command.args(args).env_clear().envs(self.env.iter().cloned()).current_dir(self.folder.path());
        command.stdin(Stdio::null());
        command
    }

    /// The same without this variable.
    pub fn without(mut self, name: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    /// Starts a command; the test ends it.
    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs a command to its end.
    pub async fn run(&self, args: &[&str]) -> Ended {
        self.run_on(args, Stdio::null()).await
    }

    /// Runs a command that reads a file of its folder.
    pub async fn run_with_input(&self, args: &[&str], file: &str) -> Ended {
        self.run_on(args, File::open(self.path(file)).unwrap().into()).await
    }

    async fn run_on(&self, args: &[&str], input: Stdio) -> Ended {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let no = NEXT.fetch_add(1, Ordering::Relaxed);
        let (out, err) = (self.path(&format!("{no}.out")), self.path(&format!("{no}.err")));
        let mut command = self.command(args);
        command.stdin(input);
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        let mut child = command.spawn().unwrap();
        let started = Instant::now();
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > 2 * PATIENCE => {
                    child.kill().unwrap();
                    break child.wait().unwrap();
                }
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let text = |file| std::fs::read_to_string(file).unwrap();
        Ended { code: status.code(), out: text(out), err: text(err) }
    }

    /// Starts `sigap serve` on a free port and waits until it is ready.
    pub async fn serve(&self) -> Alive {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = self.path("log");
        let mut command = self.command(&["serve"]);
        command.env("SIGAP_LISTEN", port.to_string()).env("SIGAP_WORKERS", "2");
        command.stdout(Stdio::null()).stderr(File::options().create(true).append(true).open(&log).unwrap());
        let mut alive = Alive { child: command.spawn().unwrap(), api: Api::new(&format!("http://{port}")), log };
        let (started, ready) = (Instant::now(), format!("{}/readyz", alive.api.url));
        while !reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
            let ended = alive.child.try_wait().unwrap();
            assert!(ended.is_none() && started.elapsed() < PATIENCE, "not ready ({ended:?}): {}", alive.logged());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        alive
    }
}

/// What a command said.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// The real program, serving. Dropped, it is killed and reaped.
pub struct Alive {
    child: Child,
    pub api: Api,
    log: PathBuf,
}

impl Alive {
    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it logged, of all its lives.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let told = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status().unwrap();
        assert!(told.success());
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "it does not end: {}", self.logged());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        // Gone already, perhaps.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
