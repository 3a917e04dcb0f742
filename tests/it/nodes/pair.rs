//! Two nodes side by side, in this process.

use crate::harness::*;
use sigap::config::Config;

/// Two nodes of one installation.
pub struct Pair {
    pub a: Served,
    pub b: Served,
}

impl Pair {
    /// Two nodes over this database and the Redis that all tests share.
    pub async fn start(db: &Db) -> Self {
        Self::over(db, Some(redis_url())).await
    }

    /// Two nodes over this database and this Redis, or none.
    pub async fn over(db: &Db, redis_url: Option<String>) -> Self {
        let config = Config { redis_url, redis_prefix: redis_prefix(), redis_flush_ms: 100, ..config(db) };
        let pair = Self { a: serve(config.clone()).await, b: serve(config).await };
        if pair.a.engine().shared().is_some() {
            pair.ready().await;
        }
        pair
    }

    /// Waits until words cross and positions are shared.
    pub async fn ready(&self) {
        until("both nodes are whole", || async {
            [&self.a, &self.b].iter().all(|node| node.engine().shared().is_some_and(|s| s.positions && s.words))
        })
        .await;
    }

    pub async fn stop(self) {
        self.a.stop().await;
        self.b.stop().await;
    }
}

/// Waits until something is so.
pub async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let started = std::time::Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
