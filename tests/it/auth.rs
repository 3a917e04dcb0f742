//! Logins, tokens and tickets on both engines.

use crate::{harness::*, on_both};
use sigap::{
    domain::{access::*, ids::*},
    engine::auth::*,
    store::{NewAccount, Store, Ticket},
};
use std::sync::Arc;
use tokio::runtime::Handle;

const PASSWORD: &str = "a long password";

/// A door, and an officer who can log in as `m1`.
async fn door(store: &Store) -> (Auth, AccountId) {
    areas(store).await;
    let auth = Auth::new(store.clone(), Handle::current()).await.unwrap();
    let new = NewAccount {
        id: AccountId::random(),
        login: "m1".parse().unwrap(),
        area: code("BPN"),
        password_hash: auth.hash_password(PASSWORD.to_owned()).await.unwrap(),
        grants: vec![Grant { area: code("BPN"), role: Role::Officer }],
    };
    let id = new.id;
    store.add_account(&system(0), new).await.unwrap();
    (auth, id)
}

on_both! {
    async fn a_login_lasts_by_refreshing(db: Db) {
        let store = db.open().await;
        let (auth, account) = door(&store).await;
        let first = auth.login("M1", PASSWORD.to_owned(), T0).await.unwrap();
        assert_eq!((first.account, auth.check(&first.access, T0).unwrap()), (account, account));
        assert!(matches!(auth.check(&first.access, T0.plus(ACCESS_MS)), Err(AuthError::ExpiredToken)));
        let later = T0.plus(REFRESH_MS - 1);
        let second = auth.refresh(&first.refresh, None, later).await.unwrap();
        assert_eq!(auth.check(&second.access, later).unwrap(), account);
        assert_eq!(second.refresh_expires, later.plus(REFRESH_MS));
        let late = auth.refresh(&second.refresh, None, second.refresh_expires).await;
        assert!(matches!(late, Err(AuthError::BadToken)));
        // Neither kind stands for the other.
        assert!(matches!(auth.check(&second.refresh, later), Err(AuthError::BadToken)));
        assert!(matches!(auth.refresh(&second.access, None, later).await, Err(AuthError::BadToken)));
        auth.logout(&second.refresh).await.unwrap();
        auth.logout("nonsense").await.unwrap();
        assert!(matches!(auth.refresh(&second.refresh, None, later).await, Err(AuthError::BadToken)));
    }

    async fn a_copied_refresh_token_ends_the_login(db: Db) {
        let store = db.open().await;
        let (auth, _) = door(&store).await;
        let first = auth.login("m1", PASSWORD.to_owned(), T0).await.unwrap();
        let other_phone = auth.login("m1", PASSWORD.to_owned(), T0).await.unwrap();
        let second = auth.refresh(&first.refresh, None, T0).await.unwrap();
        assert!(matches!(auth.refresh(&first.refresh, None, T0).await, Err(AuthError::ReusedToken)));
        assert!(matches!(auth.refresh(&second.refresh, None, T0).await, Err(AuthError::BadToken)));
        auth.refresh(&other_phone.refresh, None, T0).await.unwrap();
    }

    async fn who_is_not_let_in(db: Db) {
        let store = db.open().await;
        let (auth, account) = door(&store).await;
        for (login, password) in [("m1", "a long passwore"), ("m2", PASSWORD), ("", ""), ("m1", ""), ("m 1", PASSWORD)] {
            let outcome = auth.login(login, password.to_owned(), T0).await;
            assert!(matches!(outcome, Err(AuthError::BadLogin)), "{login:?}: {outcome:?}");
        }
        let tokens = auth.login("m1", PASSWORD.to_owned(), T0).await.unwrap();
        store.close_account(&system(0), account).await.unwrap();
        assert!(matches!(auth.login("m1", PASSWORD.to_owned(), T0).await, Err(AuthError::BadLogin)));
        assert!(matches!(auth.refresh(&tokens.refresh, None, T0).await, Err(AuthError::BadToken)));
        let tree = Arc::new(store.area_tree().await.unwrap());
        assert!(matches!(auth.scope(account, tree).await, Err(AuthError::NoRole)), "though its access token still checks");
    }

    async fn one_name_is_tried_a_few_times(db: Db) {
        let store = db.open().await;
        let (auth, _) = door(&store).await;
        let mut outcomes = Vec::new();
        for _ in 0..12 {
            outcomes.push(auth.login("m1", "wrong guess".to_owned(), T0).await.unwrap_err());
        }
        let throttled = outcomes.iter().filter(|e| matches!(e, AuthError::Throttled { .. })).count();
        assert_eq!(throttled, 2, "{outcomes:?}");
        let Some(AuthError::Throttled { retry_after_ms }) = outcomes.pop() else { panic!("{outcomes:?}") };
        auth.login("m1", PASSWORD.to_owned(), T0.plus(retry_after_ms)).await.unwrap();
    }

    async fn a_scope_follows_the_roles(db: Db) {
        let store = db.open().await;
        let (auth, account) = door(&store).await;
        let tree = Arc::new(store.area_tree().await.unwrap());
        let scope = auth.scope(account, tree).await.unwrap();
        assert_eq!(scope.account(), Some(account));
        assert!(scope.may(code("BPN"), Act::Ride));
        assert!(!scope.may(code("BPN"), Act::Dispatch) && !scope.may(code("SMD"), Act::See));
    }

    async fn a_ticket_opens_one_socket(db: Db) {
        let store = db.open().await;
        let (auth, account) = door(&store).await;
        let (phone, now) = (device(), T0);
        let ticket = auth.ticket(account, phone, now).await.unwrap();
        assert!(ticket.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{ticket}");
        let seat = auth.redeem(&ticket, now.plus(TICKET_MS - 1)).await.unwrap();
        assert_eq!(seat.ticket, Ticket { account, device: phone });
        let late = auth.ticket(account, phone, now).await.unwrap();
        for (wrong, at) in [(ticket.as_str(), now), (&late, now.plus(TICKET_MS)), ("", now), ("%%", now), (&ticket[1..], now)] {
            assert!(matches!(auth.redeem(wrong, at).await, Err(AuthError::BadTicket)), "{wrong}");
        }
        store.revoke_device(&system(0), phone).await.unwrap();
        assert!(matches!(auth.ticket(account, phone, now).await, Err(AuthError::BadDevice)));
        assert_eq!(db.count("SELECT COUNT(*) FROM ws_ticket").await, 0);
    }
}
