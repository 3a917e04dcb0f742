//! Cities and districts from a GeoJSON file.
//!
//! Invariant: all or nothing. One bad feature refuses the file, and the error names it; what comes out is whole: every
//! city has a parent that exists or comes with it, every district has a city.
//!
//! Each feature has an official code of one, two or three parts, which makes it a region, a city or a district (`64`,
//! `64.71`, `64.71.01`); without one it is a city. Properties that are left out follow, in this order, from the area as
//! it is known already, from the gazetteer, and from the shape.
//!
//! | property | meaning |
//! | --- | --- |
//! | `code` | the government's code |
//! | `short` | the area code; else the one it has, else the gazetteer's, else the digits: `64.71` becomes `6471` |
//! | `name` | as people say it |
//! | `lat`, `lng` | the centre; else the centre of mass |
//! | `zone` | `WIB`, `WITA` or `WIT`; else that of the province |
//! | `parent` | area code of the region; else the Polda that serves the province, created where missing |
//! | `target_min` | minutes until arrival, for every priority |
//! | `targets_min` | the same for some priorities: `{"P1": 8, "P2": 10}` |
//! | `offers` | `auto` or `manual` |
//! | `aid_m` | mutual aid: how near to a neighbour a scene must be for its units to be candidates too; 0 for none |

mod error;
mod feature;

pub use error::{BadFeature, ImportError};

use super::{
    area::{Area, DEFAULT_AID_M, Level, OfferMode},
    atlas::District,
    boundary::Boundary,
    gazetteer,
    ids::AreaCode,
};
use feature::Feature;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What an import starts from.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The areas that exist already: they keep what the file does not say, and they can be parents.
    pub known: Vec<Area>,
    /// Take these only, by area code or official code; a city brings its districts. Empty: everything.
    pub only: Vec<String>,
}

/// An area and its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct NewArea {
    /// The area.
    pub area: Area,
    /// Its boundary. A city from a file always has one.
    pub boundary: Option<Boundary>,
}

/// What a file holds, ready to be stored in this order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Import {
    /// The areas above the cities: those in the file, and those that the cities need and that do not exist. Parents
    /// come first.
    pub regions: Vec<NewArea>,
    /// The cities, in the order of the file.
    pub cities: Vec<NewArea>,
    /// The districts, in the order of the file.
    pub districts: Vec<District>,
}

/// Reads a `FeatureCollection` or a single `Feature`.
///
/// # Errors
/// [`ImportError`]: the text is no such thing, or one feature (named) is not right.
pub fn parse(text: &str, options: &ImportOptions) -> Result<Import, ImportError> {
    let features = feature::read_all(text)?;
    let mut builder = Builder::new(&options.known);
    // Regions, then cities, then districts: each finds what it is part of.
    for parts in 1..=3 {
        for f in features.iter().filter(|f| f.parts() == parts) {
            builder.add(f).map_err(|reason| f.error(reason))?;
        }
    }
    builder.finish(&features).and_then(|import| select(import, &options.only))
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Area,
    Official,
}

struct Builder<'a> {
    known: &'a [Area],
    import: Import,
    /// Which feature took a code; official codes and area codes are two worlds.
    taken: HashMap<(Kind, String), usize>,
}

impl<'a> Builder<'a> {
    fn new(known: &'a [Area]) -> Self {
        Self { known, import: Import::default(), taken: HashMap::new() }
    }

    fn add(&mut self, f: &Feature) -> Result<(), BadFeature> {
        match f.parts() {
            1 => {
                let new = self.area(f, Level::Region)?;
                self.import.regions.push(new);
            }
            2 => {
                let new = self.area(f, Level::City)?;
                self.import.cities.push(new);
            }
            _ => {
                let new = self.district(f)?;
                self.import.districts.push(new);
            }
        }
        Ok(())
    }

    fn take(&mut self, kind: Kind, code: &str, index: usize) -> Result<(), BadFeature> {
        match self.taken.insert((kind, code.to_owned()), index) {
            Some(first) => Err(BadFeature::Duplicate { code: code.to_owned(), first }),
            None => Ok(()),
        }
    }

    fn area(&mut self, f: &Feature, level: Level) -> Result<NewArea, BadFeature> {
        let official = f.official.as_deref();
        let boundary = f.boundary()?;
        if boundary.is_none() && level == Level::City {
            return Err(BadFeature::NoGeometry);
        }
        let code = self.code(f, level)?;
        self.take(Kind::Area, code.as_str(), f.index)?;
        official.map_or(Ok(()), |o| self.take(Kind::Official, o, f.index))?;

        let known = self.known.iter().find(|a| a.code == code);
        let base = known.cloned().or_else(|| from_gazetteer(official?));
        let province = official.and_then(gazetteer::province);
        let centre = f.centre()?.or(base.as_ref().map(|b| b.centre)).or(boundary.as_ref().map(Boundary::centroid));
        let zone = f.zone()?.or(base.as_ref().map(|b| b.zone)).or(province.map(|p| p.zone));
        let parent = match level {
            Level::City => Some(self.parent(f, base.as_ref())?),
            Level::Region | Level::Nation => Some(self.nation()),
        };
        let area = Area {
            code,
            parent,
            level,
            name: f.name()?.or(base.as_ref().map(|b| b.name.clone())).ok_or(BadFeature::NoName)?,
            official_code: f.official.clone().or(base.as_ref().and_then(|b| b.official_code.clone())),
            zone: zone.ok_or(BadFeature::NoZone)?,
            centre: centre.ok_or(BadFeature::NoGeometry)?,
            offers: f.offers()?.or(base.as_ref().map(|b| b.offers)).unwrap_or(OfferMode::Auto),
            aid_m: f.aid_m()?.or(base.as_ref().map(|b| b.aid_m)).unwrap_or(DEFAULT_AID_M),
            targets: f.targets(base.map(|b| b.targets).unwrap_or_default())?,
        };
        Ok(NewArea { area, boundary })
    }

    /// The area code of a feature; it must not belong to another area that is known.
    fn code(&self, f: &Feature, level: Level) -> Result<AreaCode, BadFeature> {
        let official = f.official.as_deref();
        let by_official = official.and_then(|o| self.known.iter().find(|a| a.official_code.as_deref() == Some(o)));
        let code = match (f.short()?, by_official, official) {
            (Some(short), ..) => short,
            (None, Some(known), _) => known.code,
            (None, None, Some(o)) => from_gazetteer(o).map_or_else(|| o.replace('.', "").parse(), |a| Ok(a.code))?,
            (None, None, None) => return Err(BadFeature::NoCode),
        };
        let by_code = self.known.iter().find(|a| a.code == code);
        let other_official =
            |a: &&Area| official.is_some() && a.official_code.is_some() && a.official_code.as_deref() != official;
        match (by_official.filter(|a| a.code != code), by_code.filter(|a| a.level != level || other_official(a))) {
            (Some(a), _) | (None, Some(a)) => Err(BadFeature::Taken { by: a.code }),
            (None, None) => Ok(code),
        }
    }

    fn nation(&self) -> AreaCode {
        self.known.iter().find(|a| a.level == Level::Nation).map_or_else(gazetteer::nation_code, |a| a.code)
    }

    /// The region of a city: as given, as known, or by its province.
    fn parent(&self, f: &Feature, base: Option<&Area>) -> Result<AreaCode, BadFeature> {
        let by_code = || {
            let province = gazetteer::serving_province(f.official.as_deref()?)?;
            // The Polda may be known under another short code.
            let known = self.above().find(|a| a.official_code.as_deref() == Some(province.official));
            Some(known.map_or_else(|| province.region_code(), |a| a.code))
        };
        let known = self.known.iter().find(|a| Some(a.code) == base.map(|b| b.code)).and_then(|a| a.parent);
        let parent = f.parent()?.or(known).or_else(by_code).ok_or(BadFeature::NoParent)?;
        let exists = self.above().any(|a| a.code == parent);
        if exists || from_nothing(parent).is_some() { Ok(parent) } else { Err(BadFeature::UnknownParent(parent)) }
    }

    /// The areas that can be parents of a city: known ones, and those of the file.
    fn above(&self) -> impl Iterator<Item = &Area> {
        let of_file = self.import.regions.iter().map(|r| &r.area);
        of_file.chain(self.known).filter(|a| a.level != Level::City)
    }

    fn district(&mut self, f: &Feature) -> Result<District, BadFeature> {
        let code = f.official.clone().ok_or(BadFeature::NoCode)?;
        let city_code = code.rsplit_once('.').map_or("", |(city, _)| city);
        let boundary = f.boundary()?.ok_or(BadFeature::NoGeometry)?;
        let of_file = self.import.cities.iter().map(|c| &c.area);
        let city = of_file.chain(self.known).find(|a| a.official_code.as_deref() == Some(city_code)).map(|a| a.code);
        let city = city.ok_or_else(|| BadFeature::UnknownCity(city_code.to_owned()))?;
        self.take(Kind::Official, &code, f.index)?;
        Ok(District {
            city,
            name: f.name()?.ok_or(BadFeature::NoName)?,
            centre: f.centre()?.unwrap_or_else(|| boundary.centroid()),
            boundary: Some(boundary),
            code,
        })
    }

    /// Adds the areas above that are missing, parents first.
    fn finish(mut self, features: &[Feature]) -> Result<Import, ImportError> {
        let nation = self.nation();
        let mut missing = BTreeMap::new();
        let parents = self.import.cities.iter().filter_map(|c| c.area.parent);
        // A region of the file needs the nation, as does one that comes into being.
        let above_regions = self.import.regions.iter().map(|_| nation);
        for code in parents.chain(above_regions).filter(|p| !self.above().any(|a| a.code == *p)) {
            if let Some(area) = from_nothing(code) {
                if area.level == Level::Region && !self.above().any(|a| a.code == nation) {
                    missing.extend(from_nothing(nation).map(|a| (nation, a)));
                }
                missing.insert(code, Area { parent: area.parent.map(|_| nation), ..area });
            }
        }
        for &code in missing.keys() {
            let taken = self.taken.get(&(Kind::Area, code.to_string()));
            if let Some(f) = taken.and_then(|&i| features.get(i)) {
                return Err(f.error(BadFeature::Taken { by: code }));
            }
        }
        let mut regions: Vec<_> = missing.into_values().map(|area| NewArea { area, boundary: None }).collect();
        regions.append(&mut self.import.regions);
        // Stable: within a level, those that were missing in code order, then those of the file.
        regions.sort_by_key(|r| r.area.level as u8);
        self.import.regions = regions;
        Ok(self.import)
    }
}

fn from_gazetteer(official: &str) -> Option<Area> {
    let region = || gazetteer::PROVINCES.iter().find(|p| p.official == official).map(gazetteer::Province::region);
    gazetteer::city(official).map(gazetteer::CityPreset::city).or_else(region)
}

/// An area above the cities that the gazetteer can make.
fn from_nothing(code: AreaCode) -> Option<Area> {
    let region = || gazetteer::PROVINCES.iter().find(|p| p.region_code() == code).map(gazetteer::Province::region);
    if code == gazetteer::nation_code() { Some(gazetteer::nation()) } else { region() }
}

/// Leaves what was asked for, and the areas above it.
fn select(mut import: Import, only: &[String]) -> Result<Import, ImportError> {
    if only.is_empty() {
        return Ok(import);
    }
    let mut found = BTreeSet::new();
    let mut asked = |texts: &[&str]| {
        let hits: Vec<_> = only.iter().filter(|o| texts.contains(&o.as_str())).collect();
        found.extend(hits.iter().copied());
        !hits.is_empty()
    };
    let official = |a: &Area| a.official_code.clone().unwrap_or_default();
    import.cities.retain(|c| asked(&[c.area.code.as_str(), &official(&c.area)]));
    import.districts.retain(|d| asked(&[&d.code, d.city.as_str(), d.code.rsplit_once('.').map_or("", |(c, _)| c)]));
    let parents: BTreeSet<_> = import.cities.iter().filter_map(|c| c.area.parent).collect();
    import.regions.retain(|r| {
        asked(&[r.area.code.as_str(), &official(&r.area)]) || parents.contains(&r.area.code) || r.area.parent.is_none()
    });
    match only.iter().find(|o| !found.contains(o)) {
        Some(missing) => Err(ImportError::NotInFile(missing.clone())),
        None => Ok(import),
    }
}

#[cfg(test)]
mod tests;
