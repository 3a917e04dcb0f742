//! Refresh tokens, tickets and devices on both engines.

use crate::{harness::*, on_both};
use sigap::{
    domain::{access::*, ids::*, refusal::Refusal},
    store::{Refresh, Seat, Store, Ticket},
};

/// A hash that differs for each number.
fn hash(n: u8) -> [u8; 32] {
    [n; 32]
}

async fn officer(store: &Store) -> AccountId {
    areas(store).await;
    person(store, "officer", "BPN", Role::Officer).await.account().unwrap()
}

on_both! {
    async fn a_token_rotates_and_a_copy_ends_its_family(db: Db) {
        let store = db.open().await;
        let account = officer(&store).await;
        let later = T0.plus(1_000);
        store.begin_session(account, hash(1), later).await.unwrap();
        store.begin_session(account, hash(9), later).await.unwrap();
        let rotate = |old, next| { let store = store.clone(); async move { store.rotate(hash(old), hash(next), None, later, T0).await.unwrap() } };
        assert_eq!(rotate(1, 2).await, Refresh::Rotated(account));
        assert_eq!(rotate(2, 3).await, Refresh::Rotated(account));
        assert_eq!(rotate(7, 8).await, Refresh::Unknown);
        assert_eq!(rotate(1, 4).await, Refresh::Reused(account));
        assert_eq!(rotate(3, 5).await, Refresh::Unknown, "the copy's heir is ended too");
        assert_eq!(rotate(9, 10).await, Refresh::Rotated(account), "another login goes on");
        store.end_session(hash(10)).await.unwrap();
        assert_eq!(rotate(10, 11).await, Refresh::Unknown);
        assert_eq!(db.count("SELECT COUNT(*) FROM refresh_token").await, 0);
    }

    async fn a_refresh_whose_answer_was_lost_is_done_again_by_its_own_command_alone(db: Db) {
        let store = db.open().await;
        let account = officer(&store).await;
        let later = T0.plus(1_000);
        let [lost, other] = [CommandId::random(), CommandId::random()];
        store.begin_session(account, hash(1), later).await.unwrap();
        let rotate = |old, next, command| { let store = store.clone(); async move { store.rotate(hash(old), hash(next), command, later, T0).await.unwrap() } };
        assert_eq!(rotate(1, 2, Some(lost)).await, Refresh::Rotated(account));
        assert_eq!(rotate(1, 3, Some(lost)).await, Refresh::Rotated(account), "asked again");
        assert_eq!(rotate(1, 4, Some(lost)).await, Refresh::Rotated(account), "and again");
        for gone in [2, 3] {
            assert_eq!(rotate(gone, 90, Some(other)).await, Refresh::Unknown, "only the newest pair counts");
        }
        assert_eq!(rotate(4, 5, Some(other)).await, Refresh::Rotated(account));
        assert_eq!(rotate(1, 6, Some(lost)).await, Refresh::Reused(account), "what came of it is in use");
        assert_eq!(rotate(5, 7, None).await, Refresh::Unknown, "so the login has ended");

        for copy in [Some(other), None] {
            store.begin_session(account, hash(1), later).await.unwrap();
            assert_eq!(rotate(1, 2, Some(lost)).await, Refresh::Rotated(account));
            assert_eq!(rotate(1, 3, copy).await, Refresh::Reused(account), "a copy does not know the command");
            assert_eq!(rotate(2, 4, None).await, Refresh::Unknown);
        }
        assert_eq!(db.count("SELECT COUNT(*) FROM refresh_token").await, 0);
    }

    async fn of_16_that_ask_again_for_one_lost_answer_one_pair_is_left(db: Db) {
        let store = db.open().await;
        let account = officer(&store).await;
        let command = Some(CommandId::random());
        store.begin_session(account, hash(0), T0.plus(1_000)).await.unwrap();
        let tries: Vec<_> = (1..=16)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move { store.rotate(hash(0), hash(n), command, T0.plus(1_000), T0).await.unwrap() })
            })
            .collect();
        for one in tries {
            assert_eq!(one.await.unwrap(), Refresh::Rotated(account));
        }
        assert_eq!(db.count("SELECT COUNT(*) FROM refresh_token").await, 2, "the first, used, and one in its place");
    }

    async fn a_token_expires_and_is_pruned(db: Db) {
        let store = db.open().await;
        let account = officer(&store).await;
        store.begin_session(account, hash(1), T0.plus(1_000)).await.unwrap();
        let late = store.rotate(hash(1), hash(2), None, T0.plus(9_000), T0.plus(1_000)).await.unwrap();
        assert_eq!(late, Refresh::Unknown);
        assert_eq!(store.prune_logins(T0.plus(999)).await.unwrap(), 0);
        assert_eq!(store.prune_logins(T0.plus(1_000)).await.unwrap(), 1);
    }

    async fn of_32_users_of_one_token_one_goes_on_and_then_nobody(db: Db) {
        let store = db.open().await;
        let account = officer(&store).await;
        store.begin_session(account, hash(0), T0.plus(1_000)).await.unwrap();
        let tries: Vec<_> = (1..=32)
            .map(|n| {
                let store = store.clone();
                // Each that wins goes on at once, so that rotations and the ending of the family meet.
                tokio::spawn(async move {
                    let first = store.rotate(hash(0), hash(n), None, T0.plus(1_000), T0).await.unwrap();
                    if first == Refresh::Rotated(account) {
                        store.rotate(hash(n), hash(n + 100), None, T0.plus(1_000), T0).await.unwrap();
                    }
                    first
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for one in tries {
            outcomes.push(one.await.unwrap());
        }
        assert_eq!(outcomes.iter().filter(|o| **o == Refresh::Rotated(account)).count(), 1, "{outcomes:?}");
        assert!(outcomes.contains(&Refresh::Reused(account)), "{outcomes:?}");
        assert_eq!(db.count("SELECT COUNT(*) FROM refresh_token").await, 0, "no heir outlives its family");
    }

    async fn a_token_that_is_being_rotated_ends_with_its_family(db: Db) {
        let store = db.open().await;
        let account = officer(&store).await;
        store.begin_session(account, hash(1), T0.plus(1_000)).await.unwrap();
        store.rotate(hash(1), hash(2), None, T0.plus(1_000), T0).await.unwrap();
        // Another node is half-way through rotating 2 to 3 when the copy of 1 shows up here.
        let (old, next) = (db.bytes(&hash(2)), db.bytes(&hash(3)));
        let half_way = db
            .begin(&[
                &format!("UPDATE refresh_token SET used_ms = 1 WHERE hash = {old}"),
                &format!(
                    "INSERT INTO refresh_token (hash, family, account, expires_ms)
                     SELECT {next}, family, account, expires_ms FROM refresh_token WHERE hash = {old}"
                ),
            ])
            .await;
        let copy = tokio::spawn({
            let store = store.clone();
            async move { store.rotate(hash(1), hash(4), None, T0.plus(1_000), T0).await.unwrap() }
        });
        db.someone_waits().await;
        half_way.commit().await;
        assert_eq!(copy.await.unwrap(), Refresh::Reused(account));
        assert_eq!(db.count("SELECT COUNT(*) FROM refresh_token").await, 0, "no heir outlives its family");
    }

    async fn of_32_takers_of_one_ticket_one_wins(db: Db) {
        let store = db.open().await;
        let ticket = Ticket { account: officer(&store).await, device: device() };
        for round in 0..8 {
            store.add_ticket(hash(round), ticket, T0.plus(30_000), T0).await.unwrap();
            let tries: Vec<_> = (0..32)
                .map(|_| {
                    let store = store.clone();
                    tokio::spawn(async move { store.take_ticket(hash(round), T0.plus(1)).await.unwrap() })
                })
                .collect();
            let mut won = Vec::new();
            for one in tries {
                won.extend(one.await.unwrap());
            }
            assert_eq!(won, [Seat { ticket, no: i64::from(round) + 1 }], "each is the device's next session");
        }
    }

    async fn a_ticket_is_late_at_its_end(db: Db) {
        let store = db.open().await;
        let ticket = Ticket { account: officer(&store).await, device: device() };
        store.add_ticket(hash(1), ticket, T0.plus(30_000), T0).await.unwrap();
        store.add_ticket(hash(2), ticket, T0.plus(30_000), T0).await.unwrap();
        assert_eq!(store.take_ticket(hash(1), T0.plus(29_999)).await.unwrap(), Some(Seat { ticket, no: 1 }));
        assert_eq!(store.take_ticket(hash(2), T0.plus(30_000)).await.unwrap(), None);
        assert_eq!(store.take_ticket(hash(2), T0).await.unwrap(), None, "a late taker uses it up");
        assert_eq!(store.take_ticket(hash(3), T0).await.unwrap(), None);
    }

    async fn a_phone_changes_hands_only_while_nobody_rides_with_it(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let (unit, officer, phone) = crewed(&store, "BPN-M1", T0).await;
        let other = person(&store, "other", "BPN", Role::Officer).await.account().unwrap();
        let foreign = Ticket { account: other, device: phone };
        let outcome = store.add_ticket(hash(1), foreign, T0.plus(30_000), T0).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::NotFound("device")));
        store.sign_off(&by(&officer, Source::Phone, 1), unit, phone).await.unwrap();
        store.add_ticket(hash(1), foreign, T0.plus(30_000), T0).await.unwrap();
        assert_eq!(store.take_ticket(hash(1), T0).await.unwrap().map(|seat| seat.ticket), Some(foreign));
    }

    async fn a_lost_phone_is_shut_out(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let owner = person(&store, "owner", "BPN", Role::Officer).await;
        let ticket = Ticket { account: owner.account().unwrap(), device: device() };
        store.begin_session(ticket.account, hash(1), T0.plus(1_000)).await.unwrap();
        store.add_ticket(hash(2), ticket, T0.plus(30_000), T0).await.unwrap();
        let stranger = person(&store, "stranger", "BPN", Role::Officer).await;
        let outcome = store.revoke_device(&by(&stranger, Source::Phone, 0), ticket.device).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::Forbidden { needs: Role::Admin }));
        store.revoke_device(&by(&owner, Source::Console, 0), ticket.device).await.unwrap();
        assert_eq!(store.take_ticket(hash(2), T0).await.unwrap(), None);
        assert_eq!(store.rotate(hash(1), hash(3), None, T0.plus(1_000), T0).await.unwrap(), Refresh::Unknown);
        let outcome = store.add_ticket(hash(4), ticket, T0.plus(30_000), T0).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::NotFound("device")));
        units(&store, &["BPN-M1"]).await;
        let outcome = store.sign_on(&by(&owner, Source::Phone, 0), unit("BPN-M1"), ticket.device, true).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::NotFound("device")));
        let outcome = store.revoke_device(&system(0), device()).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::NotFound("device")));
    }

    async fn closing_an_account_ends_its_logins(db: Db) {
        let store = db.open().await;
        let ticket = Ticket { account: officer(&store).await, device: device() };
        store.begin_session(ticket.account, hash(1), T0.plus(1_000)).await.unwrap();
        store.add_ticket(hash(2), ticket, T0.plus(30_000), T0).await.unwrap();
        store.close_account(&system(0), ticket.account).await.unwrap();
        assert_eq!(store.take_ticket(hash(2), T0).await.unwrap(), None);
        assert_eq!(store.rotate(hash(1), hash(3), None, T0.plus(1_000), T0).await.unwrap(), Refresh::Unknown);
    }
}
