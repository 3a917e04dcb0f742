//! What can be wrong with a file of areas, and with which feature.

use crate::domain::{
    boundary::BadBoundary,
    ids::{AreaCode, InvalidId},
    place::InvalidPlace,
};

/// Why a file was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ImportError {
    /// Cut off.
    #[error("the file ends too early, in line {line}, column {column}: it is empty or was cut off")]
    Truncated {
        /// From 1; 0 for an empty text.
        line: usize,
        /// From 1; 0 for an empty text.
        column: usize,
    },
    /// Some other text.
    #[error("the file is not JSON: {0}")]
    NotJson(String),
    /// JSON about something else.
    #[error("the file is not a GeoJSON FeatureCollection or Feature: {0}")]
    NotGeoJson(String),
    /// A collection of nothing.
    #[error("the collection has no features")]
    Empty,
    /// One feature is wrong; nothing was taken.
    #[error("feature {index} ({name}): {reason}")]
    Feature {
        /// From 0, as in the file's list.
        index: usize,
        /// Its name, else its code.
        name: String,
        /// What is wrong.
        reason: BadFeature,
    },
    /// Asked for, and not there.
    #[error("{0:?} was asked for and is not in the file")]
    NotInFile(String),
}

/// What is wrong with a feature.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadFeature {
    /// No Feature object.
    #[error("it is not a GeoJSON Feature: {0}")]
    Malformed(String),
    /// `null` or left out.
    #[error("it has no geometry")]
    NoGeometry,
    /// Not a good shape.
    #[error("{0}")]
    Boundary(#[from] BadBoundary),
    /// A property of the wrong kind.
    #[error("its property {key:?} is not {expected}")]
    Property {
        /// Which.
        key: &'static str,
        /// What a good one looks like.
        expected: &'static str,
    },
    /// Neither `code` nor `short`.
    #[error("it has neither a \"code\" nor a \"short\"")]
    NoCode,
    /// No text to call it by.
    #[error("it has no \"name\"")]
    NoName,
    /// A word that is none of the known: an area code, a zone, an offer mode.
    #[error("{0}")]
    Word(#[from] InvalidId),
    /// The centre is off the earth.
    #[error("its centre is not on the earth: {0}")]
    Centre(#[from] InvalidPlace),
    /// Neither given nor known for its code.
    #[error("it has no \"zone\", and none follows from its code")]
    NoZone,
    /// Neither given nor known for its code.
    #[error("it has no \"parent\", and none follows from its code")]
    NoParent,
    /// Not an area that a city can be under.
    #[error("its parent {0} is not a region that is known or in the file")]
    UnknownParent(AreaCode),
    /// A code that came before in the file.
    #[error("the code {code:?} is that of feature {first} too")]
    Duplicate {
        /// The code, official or short.
        code: String,
        /// The feature that had it first, from 0.
        first: usize,
    },
    /// Another area has the code, short or official.
    #[error("the area {by} has its code already")]
    Taken {
        /// The other area.
        by: AreaCode,
    },
    /// A district of no city.
    #[error("its city {0:?} is neither known nor in the file")]
    UnknownCity(String),
}
