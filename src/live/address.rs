//! Where Redis is: one server, or a cluster by some of its nodes.
//!
//! Invariant: what is shown of an address, in an error too, is without what may be a password.

use redis::Client;

/// Not an address of a Redis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("redis_url {0}: expected redis://HOST:PORT or redis+cluster://HOST:PORT,HOST:PORT")]
pub struct BadAddress(String);

/// An address that reads well; whether somebody answers there is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// One server: a URL.
    One(String),
    /// A cluster: a URL for each node that was named.
    Cluster(Vec<String>),
}

impl Address {
    /// Reads `redis://…` and `redis+cluster://HOST:PORT,HOST:PORT`; a user and a password before the first host count
    /// for all of them.
    pub(super) fn parse(url: &str) -> Result<Self, BadAddress> {
        let good = |node: &str| node.starts_with("redis://") && Client::open(node).is_ok();
        let found = match url.strip_prefix("redis+cluster://") {
            None => good(url).then(|| Self::One(url.to_owned())),
            Some(rest) => {
                // With the `@`, where there is one.
                let (who, hosts) = rest.split_at(rest.rfind('@').map_or(0, |at| at + 1));
                let hosts = hosts.trim_end_matches('/').split(',');
                let nodes: Vec<String> = hosts.map(|host| format!("redis://{who}{}", host.trim())).collect();
                nodes.iter().all(|node| good(node)).then_some(Self::Cluster(nodes))
            }
        };
        found.ok_or_else(|| BadAddress::of(url))
    }
}

impl BadAddress {
    /// Shows the address from behind the last `@` on.
    pub(super) fn of(url: &str) -> Self {
        Self(url.rsplit_once('@').map_or(url, |(_, hosts)| hosts).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_one_redis_or_of_a_cluster() {
        for good in ["redis://127.0.0.1:6379", "redis://:secret@host/2"] {
            assert_eq!(Address::parse(good).unwrap(), Address::One(good.to_owned()));
        }
        for (good, nodes) in [
            ("redis+cluster://a:7000,b:7001/", ["redis://a:7000", "redis://b:7001"]),
            ("redis+cluster://u:p@a:1, b:2", ["redis://u:p@a:1", "redis://u:p@b:2"]),
        ] {
            assert_eq!(Address::parse(good).unwrap(), Address::Cluster(nodes.map(str::to_owned).to_vec()));
        }
        for bad in ["", "http://a", "redis+cluster://", "postgres://u:hu@sh@a/b", "rediss+cluster://a:1"] {
            let error = Address::parse(bad).unwrap_err().to_string();
            assert!(!error.contains("hu@sh") && !error.contains("sh@"), "{error}");
        }
    }
}
