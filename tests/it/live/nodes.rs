//! Several nodes on one Redis: what one puts, the others find and show.

use super::*;

const SOON: Duration = Duration::from_secs(5);

macro_rules! on_redis {
    ($($(#[$meta:meta])* async fn $name:ident($kept:ident: Kept) $body:block)*) => { $(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn test($kept: Kept) $body

            #[test]
            fn redis() {
                runtime().block_on(test(Kept::redis(redis_url())));
            }

            #[test]
            fn cluster() {
                runtime().block_on(test(Kept::redis(redis_cluster_url())));
            }
        }
    )* };
}

on_redis! {
    async fn what_one_node_hears_another_finds(kept: Kept) {
        let (a, b, one) = (kept.node(), kept.node(), unit("BPN", 1));
        a.put(one, &Fix::at(here(), T0));
        b.set_availability(one, Availability::Free, 3).await.unwrap();
        until("b finds it", SOON, async || nearest(&b, 1).await == [one]).await;
        a.set_availability(one, Availability::Busy, 4).await.unwrap();
        until("a sees it busy, and so does b", SOON, async || nearest(&b, 1).await.is_empty()).await;
        // Word of an older event comes late, from a node that was behind. What that node says next goes the same way: when
        // it has come, the late word has come too.
        let (behind, two) = (kept.node(), unit("BPN", 2));
        behind.set_availability(one, Availability::Free, 2).await.unwrap();
        free_at(&behind, two, 400.0, T0).await;
        until("b finds the other one, and it alone", SOON, async || nearest(&b, 9).await == [two]).await;
    }

    async fn an_older_fix_of_another_node_changes_nothing(kept: Kept) {
        let (a, b, one) = (kept.node(), kept.node(), unit("BPN", 1));
        free_at(&a, one, 400.0, T0.plus(10)).await;
        assert_eq!(nearest(&a, 1).await, [one]);
        // The officer's first phone was at the other node, and what it sent comes late. The question carries it.
        b.put(one, &Fix::at(here(), T0.plus(9)));
        let found = b.candidates(&[area("BPN")], here(), 1e5, 1, STALE_MS, T0).await.unwrap();
        assert_eq!(found[0].place, here().moved(90.0, 400.0));
        assert_eq!(kept.node().get(one).await.unwrap().unwrap().fix.unwrap().at, T0.plus(10));
        b.put(one, &Fix::at(here(), T0.plus(11)));
        assert_eq!(nearest(&b, 1).await, [one]);
        let found = a.candidates(&[area("BPN")], here(), 1e5, 9, STALE_MS, T0).await.unwrap();
        assert_eq!(found.iter().map(|c| c.place).collect::<Vec<_>>(), [here()]);
    }

    async fn a_console_sees_units_of_other_nodes_move_and_leave(kept: Kept) {
        let (a, b, bpn, one) = (kept.node(), kept.node(), area("BPN"), unit("BPN", 1));
        a.put(one, &Fix::at(here(), T0));
        let seen = async || b.get(one).await.unwrap().and_then(|p| p.fix).is_some();
        until("the first fix arrives", SOON, seen).await;
        let mut version = b.changed_since(bpn, 0, None, 9).await.unwrap().version;
        for i in 1..4 {
            let there = here().moved(90.0, 50.0 * f64::from(i));
            a.put(one, &Fix::at(there, T0.plus(i64::from(i))));
            until("a move is shown", SOON, async || {
                let page = b.changed_since(bpn, version, None, 9).await.unwrap();
                version = page.version;
                page.units.iter().any(|u| u.fix.is_some_and(|f| f.place == there))
            })
            .await;
        }
        a.set_availability(one, Availability::Busy, 9).await.unwrap();
        until("its work is shown", SOON, async || {
            b.snapshot(bpn).await.unwrap().units.iter().any(|u| u.availability == Availability::Busy)
        })
        .await;
        a.remove(one).await.unwrap();
        until("it leaves", SOON, async || b.snapshot(bpn).await.unwrap().units.is_empty()).await;
        // Who looks for the first time does not see it either.
        assert!(kept.node().snapshot(bpn).await.unwrap().units.is_empty());
    }

    async fn a_busy_log_is_read_anew_when_it_was_cut(kept: Kept) {
        let (a, b, bpn) = (kept.node(), kept.node(), area("BPN"));
        b.snapshot(bpn).await.unwrap();
        for round in 0..300_i64 {
            for no in 0..40 {
                a.put(unit("BPN", no), &Fix::at(here().moved(90.0, round as f64), T0.plus(round)));
            }
            // Each question carries what was put: a log entry each.
            nearest(&a, 1).await;
        }
        let last = here().moved(90.0, 299.0);
        until("all stand where they were put last", SOON, async || {
            let units = b.snapshot(bpn).await.unwrap().units;
            units.len() == 40 && units.iter().all(|u| u.fix.is_some_and(|f| f.place == last))
        })
        .await;
    }
}
