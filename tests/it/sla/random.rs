//! Random histories: the figures that commands keep are those of the incidents, and those made anew from the journal.

use super::*;
use proptest::{prelude::*, test_runner::TestRunner};
use sigap::domain::sla::fact::Dimension;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Action {
    Report,
    Found,
    Assign(usize, usize),
    Step(usize, DispatchStatus),
    Priority(usize, Priority),
    Move(usize, i32),
    Merge(usize, usize),
    Close(usize, Disposition),
    Policy(i64),
    Wait(i64),
}

fn action() -> impl Strategy<Value = Action> {
    use DispatchStatus::{Accepted, Cleared, Declined, EnRoute, OnScene, Recalled};
    let n = || 0..8_usize;
    prop_oneof![
        4 => Just(Action::Report),
        1 => Just(Action::Found),
        5 => (n(), 0..3_usize).prop_map(|(i, u)| Action::Assign(i, u)),
        8 => (n(), proptest::sample::select(vec![Accepted, EnRoute, OnScene, OnScene, Cleared, Declined, Recalled]))
            .prop_map(|(d, to)| Action::Step(d, to)),
        2 => (n(), proptest::sample::select(Priority::ALL)).prop_map(|(i, p)| Action::Priority(i, p)),
        2 => (n(), -9..9_i32).prop_map(|(i, d)| Action::Move(i, d)),
        2 => (n(), n()).prop_map(|(a, b)| Action::Merge(a, b)),
        3 => (n(), proptest::sample::select(Disposition::ALL)).prop_map(|(i, d)| Action::Close(i, d)),
        1 => (1..30_i64).prop_map(Action::Policy),
        5 => (1..9_000_i64).prop_map(Action::Wait),
    ]
}

struct World {
    store: Store,
    units: Vec<UnitId>,
    officer: Scope,
    incidents: Vec<IncidentId>,
    dispatches: Vec<DispatchId>,
    ms: i64,
}

impl World {
    /// Does what can be done; what is refused changes nothing.
    async fn act(&mut self, action: Action) {
        let (store, cause) = (&self.store, system(self.ms));
        let incident = |i: usize| self.incidents.get(i % self.incidents.len().max(1)).copied();
        match action {
            Action::Report => self.incidents.push(incident_at(store, self.ms).await),
            Action::Found => {
                let cause = by(&self.officer, Source::Phone, self.ms);
                let opened = store.open_incident(&cause, code("BPN"), seed::incident()).await.unwrap();
                self.incidents.push(opened.id);
            }
            Action::Assign(i, u) => {
                let Some(id) = incident(i) else { return };
                if let Ok(d) = store.dispatch(&cause, new_dispatch(id, self.units[u], Mode::Assign)).await {
                    self.dispatches.push(d.id);
                }
            }
            Action::Step(d, to) => {
                let Some(id) = self.dispatches.get(d % self.dispatches.len().max(1)).copied() else { return };
                let arrival = (to == DispatchStatus::OnScene).then(|| Arrival::judge(Some((self.ms % 500) as f64)));
                drop(store.step(&cause, id, Step { arrival, ..Step::to(to) }).await);
            }
            Action::Priority(i, p) => {
                let Some(id) = incident(i) else { return };
                drop(store.set_priority(&cause, id, p).await);
            }
            Action::Move(i, by) => {
                let Some(id) = incident(i) else { return };
                let place = Place::new(scene().lat() + f64::from(by) * 0.005, scene().lng()).unwrap();
                drop(store.move_incident(&cause, id, place, Some(format!("D{}", by % 3))).await);
            }
            Action::Merge(a, b) => {
                let (Some(a), Some(b)) = (incident(a), incident(b)) else { return };
                drop(store.merge_incident(&cause, a, b).await);
            }
            Action::Close(i, how) => {
                let Some(id) = incident(i) else { return };
                drop(store.close_incident(&cause, id, how).await);
            }
            Action::Policy(min) => {
                let rules = Rules::simple(Targets([min * MINUTE; 4]));
                store.set_policy(&cause, code("BPN"), rules, None).await.unwrap();
            }
            Action::Wait(s) => self.ms += s * 1_000,
        }
    }
}

async fn incident_at(store: &Store, ms: i64) -> IncidentId {
    incident(store, ms).await.id
}

type Sums = BTreeMap<(Dimension, i64, String), Tally>;

fn summed(facts: &[Fact]) -> Sums {
    let mut sums = Sums::new();
    for fact in facts {
        for (dim, key) in fact.keys() {
            sums.entry((dim, fact.day, key)).or_default().add(fact);
        }
    }
    sums
}

async fn holds(db: Db, actions: Vec<Action>) {
    let store = db.open().await;
    areas(&store).await;
    let mut units = Vec::new();
    for name in ["BPN-M1", "BPN-M2", "SMD-M1"] {
        units.push(crewed(&store, name, T0).await.0);
    }
    let officer = person(&store, "finder", "BPN", Role::Officer).await;
    let mut world = World { store, units, officer, incidents: Vec::new(), dispatches: Vec::new(), ms: 0 };
    for action in actions {
        world.act(action).await;
    }
    let store = &world.store;
    let (facts, sums) = store.sla_rows(&Scope::system(), code("BPN")).await.unwrap();
    assert_eq!(facts, counted(store).await, "the newest in the journal is the row");
    assert_eq!(sums, summed(&facts), "sums are the sums of the rows");
    // Decided, and only that.
    for id in &world.incidents {
        let now = found(store, *id).await;
        let fact = facts.iter().find(|fact| fact.incident == *id);
        assert_eq!(fact.is_some(), now.closed.is_some() || now.clock.on_scene.is_some(), "{id}");
        let Some(fact) = fact else { continue };
        assert_eq!((fact.start, fact.target_ms, fact.priority), (now.clock.start, now.clock.target_ms, now.priority));
        assert_eq!(fact.outcome == Outcome::Kept, now.clock.on_scene.is_some_and(|at| at <= now.clock.due()));
        assert_eq!((fact.segments, &fact.district), (now.clock.segments(), &now.district));
    }
    assert_eq!(store.verify_sla(&Scope::system(), code("BPN")).await.unwrap(), Vec::<String>::new());
    let made = store.rebuild_sla(&system(world.ms), code("BPN")).await.unwrap();
    assert_eq!((made.facts, made.first_counted), (facts.len(), 0));
    assert_eq!(
        store.sla_rows(&Scope::system(), code("BPN")).await.unwrap(),
        (facts, sums),
        "made anew, they are the same"
    );
}

#[test]
fn kept_figures_are_those_made_anew_on_sqlite() {
    kept_figures_are_those_made_anew(Engine::Sqlite, 16);
}

#[test]
fn kept_figures_are_those_made_anew_on_postgres() {
    kept_figures_are_those_made_anew(Engine::Postgres, 5);
}

fn kept_figures_are_those_made_anew(engine: Engine, cases: u32) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let actions = prop::collection::vec(action(), 20..90);
    TestRunner::new(config)
        .run(&actions, |actions| {
            run(engine, async move |db: Db| holds(db, actions).await);
            Ok(())
        })
        .unwrap();
}
