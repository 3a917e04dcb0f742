//! Facts: what a command made of an incident is counted in the same transaction.
//!
//! Invariants: the newest `incident.counted` of the journal is the fact's row, and the sums are the sums of the rows. A
//! command marks what it touched by its events; when it ends, each is looked at once.

use super::{
    beside::besides,
    policies::InForce,
    sums::{read_sums, write_facts, write_sums},
};
use crate::{
    domain::{
        event::{Audience, Happened},
        ids::*,
        incident::Incident,
        sla::fact::Fact,
        time::Zone,
    },
    store::{AreaTx, StoreError, sql::sql},
};

impl AreaTx {
    /// Remembers the incident of an event after which its figures may be others.
    pub(in crate::store) fn touch(&mut self, area: AreaCode, what: &Happened) {
        let incident = match what {
            Happened::DispatchOnScene { work, .. } => work.incident,
            Happened::IncidentClosed { incident, .. }
            | Happened::IncidentClock { incident, .. }
            | Happened::IncidentPriority { incident, .. }
            | Happened::IncidentPlace { incident, .. } => *incident,
            _ => return,
        };
        if incident.area == area {
            self.touched.insert(incident);
        }
    }

    /// Counts what the command made of the incidents that it touched.
    pub(in crate::store) async fn count_touched(&mut self) -> Result<(), StoreError> {
        while let Some(id) = self.touched.pop_first() {
            let incident = self.incident(id).await?;
            let before = self.find_fact(id).await?;
            let decided = incident.clock.on_scene.is_some() || incident.closed.is_some();
            let fact = if decided { self.fact(&incident).await? } else { None };
            if fact == before {
                continue;
            }
            self.replace_fact(before.as_ref(), fact.as_ref()).await?;
            let what = Happened::IncidentCounted { incident: id, fact: fact.map(Box::new) };
            self.event(id.area, &id.to_string(), Audience::Desk, what).await?;
        }
        Ok(())
    }

    /// Puts a fact in the place of another: its row, and the sums of both.
    async fn replace_fact(&mut self, before: Option<&Fact>, after: Option<&Fact>) -> Result<(), StoreError> {
        if let Some(IncidentId { area, no }) = before.map(|fact| fact.incident) {
            sql!(run, self.conn(), "DELETE FROM sla_fact WHERE area = $1 AND incident = $2", area.as_str(), no)?;
        }
        if let Some(fact) = after {
            write_facts(&mut self.conn(), &[fact]).await?;
        }
        // The same rows in the same order as long as only lengths differ: then they are read and written once.
        let mut days: Vec<(AreaCode, i64)> = before.iter().chain(&after).map(|f| (f.incident.area, f.day)).collect();
        days.dedup();
        for (area, day) in days {
            let mut sums = read_sums(&mut self.conn(), area, day, before.into_iter().chain(after)).await?;
            let of_day = |fact: &&Fact| fact.day == day;
            for fact in before.into_iter().filter(of_day) {
                fact.keys().into_iter().for_each(|key| sums.entry(key).or_default().take(fact));
            }
            for fact in after.into_iter().filter(of_day) {
                fact.keys().into_iter().for_each(|key| sums.entry(key).or_default().add(fact));
            }
            write_sums(&mut self.conn(), area, day, &sums).await?;
        }
        Ok(())
    }

    async fn find_fact(&mut self, id: IncidentId) -> Result<Option<Fact>, StoreError> {
        let select = "SELECT body FROM sla_fact WHERE area = $1 AND incident = $2";
        let body = sql!(scalar String, self.conn(), select, id.area.as_str(), id.no)?;
        Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
    }

    /// What an incident has come to by now.
    async fn fact(&mut self, incident: &Incident) -> Result<Option<Fact>, StoreError> {
        let id = incident.id;
        let zone = sql!(scalar String, self.conn(), "SELECT zone FROM area WHERE code = $1", id.area.as_str())?;
        let zone: Zone = zone.ok_or_else(|| StoreError::Corrupt(format!("{id} is in no area")))?.parse()?;
        let beside = besides(&mut self.conn(), id.area, &[id.no]).await?.remove(&id.no).unwrap_or_default();
        let by = InForce::Version(incident.clock.policy);
        let promise = self.promise(id.area, incident.priority, incident.place, by).await?;
        Ok(Fact::of(incident, zone, &promise.band, beside))
    }
}
