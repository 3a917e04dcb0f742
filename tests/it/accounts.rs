//! Accounts and roles on both engines.

use crate::{harness::*, on_both};
use sigap::{
    domain::{access::*, event::Happened, ids::*, refusal::Refusal},
    store::NewAccount,
};

fn account(login: &str, grants: &[(&str, Role)]) -> NewAccount {
    NewAccount {
        id: AccountId::random(),
        login: login.parse().unwrap(),
        area: code("BPN"),
        password_hash: "$argon2id$".to_owned(),
        grants: grants.iter().map(|&(area, role)| Grant { area: code(area), role }).collect(),
    }
}

on_both! {
    async fn an_account_reads_back_and_the_journals_tell(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let new = account("Ops.1", &[("BPN", Role::Dispatcher), ("SMD", Role::Commander)]);
        store.add_account(&system(0), new.clone()).await.unwrap();
        let login = store.find_login(&"ops.1".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!((login.account, login.area, login.closed), (new.id, code("BPN"), None));
        assert_eq!((login.password_hash, &login.grants), (new.password_hash.clone(), &new.grants));
        assert_eq!(store.grants(new.id).await.unwrap(), new.grants);
        assert!(store.find_login(&"nobody".parse().unwrap()).await.unwrap().is_none());
        assert!(store.grants(AccountId::random()).await.unwrap().is_empty());
        for (area, role) in [("BPN", Role::Dispatcher), ("SMD", Role::Commander)] {
            let events = store.events(&Scope::system(), code(area), 1, 10, None).await.unwrap();
            assert_eq!(events.len(), 1);
            assert_eq!(events[0].what, Happened::AccountAdded { account: new.id, role });
        }
    }

    async fn a_login_is_taken_once(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let tries = (0..16).map(|_| {
            let (store, new) = (store.clone(), account("ops", &[("BPN", Role::Officer)]));
            tokio::spawn(async move { store.add_account(&system(0), new).await })
        });
        let mut added = 0;
        for one in tries.collect::<Vec<_>>() {
            match one.await.unwrap() {
                Ok(()) => added += 1,
                Err(e) => assert!(matches!(e.refusal(), Some(Refusal::Exists(_))), "{e}"),
            }
        }
        assert_eq!(added, 1);
        assert_eq!(db.count("SELECT COUNT(*) FROM account_grant").await, 1);
    }

    async fn nobody_gives_roles_beyond_their_own_areas(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let admin = by(&person(&store, "admin", "BPN", Role::Admin).await, Source::Console, 0);
        store.add_account(&admin, account("a1", &[("BPN", Role::Admin)])).await.unwrap();
        for (grants, refusal) in [
            (&[("BPN", Role::Officer), ("SMD", Role::Officer)][..], Refusal::NotFound("area")),
            (&[("KALTIM", Role::Admin)], Refusal::NotFound("area")),
            (&[], Refusal::invalid("grants", "an account needs a role somewhere")),
        ] {
            let outcome = store.add_account(&admin, account("a2", grants)).await;
            assert_eq!(outcome.unwrap_err().refusal(), Some(&refusal));
        }
        let commander = by(&person(&store, "commander", "BPN", Role::Commander).await, Source::Console, 0);
        let outcome = store.add_account(&commander, account("a3", &[("BPN", Role::Officer)])).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::Forbidden { needs: Role::Admin }));
        assert!(store.find_login(&"a2".parse().unwrap()).await.unwrap().is_none());
    }

    async fn a_closed_account_may_nothing(db: Db) {
        let store = db.open().await;
        areas(&store).await;
        let scope = person(&store, "gone", "BPN", Role::Officer).await;
        let id = scope.account().unwrap();
        let foreign = by(&person(&store, "admin", "SMD", Role::Admin).await, Source::Console, 0);
        let outcome = store.close_account(&foreign, id).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::NotFound("area")));
        for ms in [5, 6] {
            store.close_account(&system(ms), id).await.unwrap();
        }
        let login = store.find_login(&"gone".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(login.closed, Some(T0.plus(5)));
        assert!(login.grants.is_empty() && store.grants(id).await.unwrap().is_empty());
        let outcome = store.close_account(&system(0), AccountId::random()).await;
        assert_eq!(outcome.unwrap_err().refusal(), Some(&Refusal::NotFound("account")));
    }
}
