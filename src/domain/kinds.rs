//! What people report: the kinds that the police name (information; reports; complaints), with a common type for
//! exchange with other systems, in the manner of APCO's common incident types.
//!
//! A kind is a word of this list or free text: nobody is turned away because a list is short.

use super::{incident::Priority, words::words};
use serde::Serialize;

words! {
    /// What a citizen wants.
    Category, "category" {
        /// To know something.
        Information = "information",
        /// That something happened: help is needed.
        Report = "report",
        /// To complain of what somebody does: insult, threat, violence.
        Complaint = "complaint",
    }
}

/// A kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Kind {
    /// The word in reports and incidents.
    pub code: &'static str,
    /// To which category it belongs.
    pub category: Category,
    /// In Indonesian.
    pub id: &'static str,
    /// In English.
    pub en: &'static str,
    /// The common type in exchange with other systems.
    pub common_type: &'static str,
    /// How urgent it is unless the operator says otherwise.
    pub priority: Priority,
}

const fn kind(
    code: &'static str,
    category: Category,
    id: &'static str,
    en: &'static str,
    common_type: &'static str,
    priority: Priority,
) -> Kind {
    Kind { code, category, id, en, common_type, priority }
}

use Category::{Complaint, Information, Report};
use Priority::{P1, P2, P3, P4};

/// The kinds.
pub const KINDS: &[Kind] = &[
    kind("information", Information, "Informasi", "Information", "INFO", P4),
    kind("lost_item", Information, "Kehilangan barang atau surat", "Lost property", "LOST", P4),
    kind("traffic_accident", Report, "Kecelakaan lalu lintas", "Traffic accident", "ACCIDENT", P1),
    kind("traffic_jam", Report, "Kemacetan", "Traffic jam", "TRAFFIC", P3),
    kind("disaster", Report, "Bencana alam", "Natural disaster", "DISASTER", P1),
    kind("fire", Report, "Kebakaran", "Fire", "FIRE", P1),
    kind("riot", Report, "Kerusuhan", "Riot", "RIOT", P1),
    kind("brawl", Report, "Tawuran", "Group fight", "FIGHT", P1),
    kind("robbery", Report, "Perampokan atau begal", "Robbery", "ROBBERY", P1),
    kind("burglary", Report, "Pencurian dengan pemberatan", "Burglary", "BURGLARY", P2),
    kind("theft", Report, "Pencurian", "Theft", "THEFT", P2),
    kind("vehicle_theft", Report, "Pencurian kendaraan", "Vehicle theft", "AUTOTHEFT", P2),
    kind("murder", Report, "Pembunuhan", "Homicide", "HOMICIDE", P1),
    kind("missing_person", Report, "Orang hilang", "Missing person", "MISSING", P2),
    kind("drugs", Report, "Narkoba", "Drugs", "DRUGS", P3),
    kind("gambling", Report, "Perjudian", "Gambling", "VICE", P3),
    kind("suspicious_item", Report, "Barang mencurigakan", "Suspicious item", "BOMB", P1),
    kind("suspicious_person", Report, "Orang mencurigakan", "Suspicious person", "SUSPICIOUS", P3),
    kind("medical", Report, "Darurat medis", "Medical emergency", "MEDICAL", P1),
    kind("violence", Complaint, "Kekerasan", "Violence", "ASSAULT", P1),
    kind("domestic_violence", Complaint, "Kekerasan dalam rumah tangga", "Domestic violence", "DOMESTIC", P1),
    kind("child_abuse", Complaint, "Kekerasan terhadap anak", "Child abuse", "CHILDABUSE", P1),
    kind("sexual_violence", Complaint, "Kekerasan seksual", "Sexual violence", "SEXOFFENSE", P1),
    kind("threat", Complaint, "Pengancaman", "Threat", "THREAT", P2),
    kind("insult", Complaint, "Penghinaan", "Insult", "HARASSMENT", P3),
    kind("extortion", Complaint, "Pemerasan", "Extortion", "EXTORTION", P2),
    kind("fraud", Complaint, "Penipuan", "Fraud", "FRAUD", P3),
    kind("noise", Complaint, "Gangguan ketertiban", "Disturbance", "DISTURBANCE", P4),
    kind("unknown", Report, "Belum diketahui", "Not known yet", "UNKNOWN", P2),
    kind("other", Report, "Lainnya", "Other", "OTHER", P3),
];

/// The kind with this word.
#[must_use]
pub fn find(code: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_word_and_both_names() {
        for (i, kind) in KINDS.iter().enumerate() {
            assert!(KINDS[..i].iter().all(|k| k.code != kind.code), "{}", kind.code);
            assert!(!kind.id.is_empty() && !kind.en.is_empty() && !kind.common_type.is_empty());
        }
        assert_eq!(find("theft").map(|kind| kind.category), Some(Category::Report));
        assert_eq!(find("no such thing"), None);
    }
}
