//! What operations configure: defaults, then `sigap.toml`, then the environment (`SIGAP_DATABASE_URL`, …).

use crate::{
    engine::{Settings, WhatsappSettings},
    http,
};
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// A JSON object per line.
    Json,
}

/// What the gateway of Advanced Mobile Location has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Aml {
    /// Its secret, which it sends as `Authorization: Bearer …`. Without one there is no such door.
    pub secret: Option<String>,
}

/// The configuration of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen, `HOST:PORT`.
    pub listen: String,
    /// `sqlite://FILE` or `postgres://USER@HOST/NAME`. Several nodes need PostgreSQL.
    pub database_url: String,
    /// `redis://HOST:PORT` or `redis+cluster://HOST:PORT,HOST:PORT`: what several nodes share of the moment. Without one,
    /// a node knows its own positions alone, and hears of other nodes' events within a second.
    pub redis_url: Option<String>,
    /// What every key and channel in Redis begins with, so that several installations can share one.
    pub redis_prefix: String,
    /// How often positions are sent to Redis, milliseconds: 100 to 250.
    pub redis_flush_ms: u64,
    /// How long `/readyz` says that the node stops before it closes its doors, milliseconds: as long as a load balancer
    /// takes to notice.
    pub drain_notice_ms: u64,
    /// 32 random bytes in base64 that seal personal text and sign tokens. Without one, `key_file` is used.
    pub master_key: Option<String>,
    /// Where the master key lies; made at the first start.
    pub key_file: PathBuf,
    /// Where signed checkpoints of the journals are appended, hourly. Copy them elsewhere.
    pub checkpoint_file: PathBuf,
    /// Origins of browser pages that may open sockets, as in `https://110.example.id`. Pages of this very server may.
    pub origins: Vec<String>,
    /// What the maps of the screens lie on: tiles as in `https://tile.example.id/{z}/{x}/{y}.png`, or a PMTiles archive as
    /// in `https://maps.example.id/indonesia.pmtiles`. A path, as in `/maps/…`, is of this server's own address.
    pub basemap_url: Option<String>,
    /// Whose data that is, as it has to stand on the map.
    pub basemap_attribution: Option<String>,
    /// Threads that serve sockets and requests.
    pub workers: usize,
    /// How logs are written.
    pub log_format: LogFormat,
    /// Of the routes, as a table `[http]`.
    pub http: http::Settings,
    /// WhatsApp's Cloud API, as a table `[whatsapp]`; without it there is no WhatsApp.
    pub whatsapp: Option<WhatsappSettings>,
    /// Of the gateway that hands on what callers' phones send by themselves, as a table `[aml]`.
    pub aml: Aml,
    /// The engine's settings, as a table `[engine]`.
    pub engine: Settings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8110".to_owned(),
            database_url: "sqlite://data/sigap.db".to_owned(),
            redis_url: None,
            redis_prefix: "sigap:".to_owned(),
            redis_flush_ms: 200,
            drain_notice_ms: 0,
            master_key: None,
            key_file: PathBuf::from("data/sigap.key"),
            checkpoint_file: PathBuf::from("data/checkpoints.jsonl"),
            origins: Vec::new(),
            basemap_url: None,
            basemap_attribution: None,
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            log_format: LogFormat::Human,
            http: http::Settings::default(),
            whatsapp: None,
            aml: Aml::default(),
            engine: Settings::default(),
        }
    }
}

impl Config {
    /// What the maps lie on.
    ///
    /// # Errors
    /// A text that says what is wrong with the address.
    pub fn basemap(&self) -> Result<Option<http::Basemap>, String> {
        let Some(url) = &self.basemap_url else {
            let lonely = self.basemap_attribution.is_some();
            return if lonely { Err("basemap_attribution: there is no basemap_url".to_owned()) } else { Ok(None) };
        };
        let basemap = http::Basemap::new(url, self.basemap_attribution.as_deref());
        basemap.map(Some).map_err(|error| format!("basemap_url {url:?}: {error}"))
    }

    /// Reads the configuration; `file` must exist when it is named.
    ///
    /// # Errors
    /// A text that names the wrong setting.
    pub fn read(file: Option<&std::path::Path>) -> Result<Self, String> {
        let toml = match file {
            Some(file) if !file.exists() => return Err(format!("{}: no such file", file.display())),
            Some(file) => Toml::file_exact(file),
            None => Toml::file("sigap.toml"),
        };
        // Two underscores step into a table: SIGAP_ENGINE__STALE_MS.
        Figment::from(Serialized::defaults(Self::default()))
            .merge(toml)
            .merge(Env::prefixed("SIGAP_").split("__").ignore(&[
                "password",
                "test_postgres_url",
                "test_redis_url",
                "test_redis_cluster_url",
            ]))
            .extract()
            .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sigap.toml");
        std::fs::write(&file, "listn = \"0.0.0.0:80\"").unwrap();
        assert!(Config::read(Some(&file)).unwrap_err().contains("listn"));
        std::fs::write(&file, "listen = \"0.0.0.0:80\"\n[engine]\nstale_ms = 5000").unwrap();
        let config = Config::read(Some(&file)).unwrap();
        assert_eq!((config.listen.as_str(), config.engine.stale_ms), ("0.0.0.0:80", 5_000));
        assert!(Config::read(Some(&dir.path().join("none.toml"))).is_err());
    }

    #[test]
    fn a_wrong_basemap_is_refused_with_its_reason() {
        let with = |url: Option<&str>, attribution: Option<&str>| {
            let (basemap_url, basemap_attribution) = (url.map(str::to_owned), attribution.map(str::to_owned));
            Config { basemap_url, basemap_attribution, ..Config::default() }.basemap()
        };
        assert_eq!(with(None, None), Ok(None));
        assert!(with(Some("/maps/a.pmtiles"), Some("© somebody")).unwrap().is_some());
        let error = with(Some("https://tile.example.id/"), None).unwrap_err();
        assert!(error.contains("basemap_url \"https://tile.example.id/\": it must hold {z}"), "{error}");
        assert!(with(None, Some("© somebody")).unwrap_err().contains("basemap_attribution"));
    }
}
