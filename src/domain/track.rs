//! Packed tracks: the fixes of one unit over five minutes in one small text of bytes.
//!
//! A row per fix would be 300 rows for each unit in those five minutes; packed, a fix costs about nine bytes.
//!
//! Layout: version (1 byte), number of points (varint), then per point, each number as a varint:
//!
//! | field | kept as |
//! | --- | --- |
//! | flags | bits: history, believed, has accuracy, has speed, has heading |
//! | time | ms, signed difference to the point before (the first: to 1970) |
//! | latitude, longitude | 1e-7 degrees (1 cm), signed difference to the point before (the first: to 0) |
//! | accuracy | decimetres, if present |
//! | speed | 0.1 m/s, if present |
//! | heading | degrees, if present |
//!
//! Invariants: unpacking what was packed gives the same points to the precision above, in the same order, whatever their
//! times; corrupted bytes are an error, never a panic, and memory taken is bounded by the bytes given.

use super::{place::Place, time::UnixMs};

/// The layout written now.
const VERSION: u8 = 1;
/// Degrees to units of 1e-7 degrees.
const PER_DEG: f64 = 1e7;
/// The least that a point takes: flags, time, latitude, longitude.
const POINT_BYTES_MIN: usize = 4;

const HISTORY: u64 = 1;
const BELIEVED: u64 = 1 << 1;
const ACCURACY: u64 = 1 << 2;
const SPEED: u64 = 1 << 3;
const HEADING: u64 = 1 << 4;

/// One fix in a track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackPoint {
    /// When the fix was made.
    pub at: UnixMs,
    /// Where, kept to 1e-7 degrees.
    pub place: Place,
    /// How good the phone says it is, metres, kept to 0.1; a number that is negative or not finite is left out.
    pub accuracy_m: Option<f64>,
    /// Metres per second, kept to 0.1; as above.
    pub speed_mps: Option<f64>,
    /// Degrees clockwise from north, kept to 1 and below 360; one that is not finite is left out.
    pub heading_deg: Option<f64>,
    /// Came late, from a phone that had been offline: never was the live position.
    pub history: bool,
    /// Passed the checks and moved the unit, or would have.
    pub believed: bool,
}

/// Why bytes are no track.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTrack {
    /// Ends in the middle, or promises more points than it holds.
    #[error("the track ends too early")]
    Truncated,
    /// Written by a later version, or no track at all.
    #[error("track version {0} is not known")]
    Version(u8),
    /// A number that no track holds: a varint too long, a place off the earth, an unknown flag.
    #[error("point {point} of the track has a {what} that cannot be")]
    Impossible {
        /// Which point, from 0.
        point: usize,
        /// Which of its numbers.
        what: &'static str,
    },
    /// Goes on after its last point.
    #[error("the track has {0} bytes too many")]
    Trailing(usize),
}

/// A track that grows point by point, packed from the start: a patrol's five minutes take some three kilobytes while
/// they are in memory, not twenty.
#[derive(Clone, Debug, Default)]
pub struct Packer {
    points: Vec<u8>,
    count: u32,
    at: i64,
    lat: i64,
    lng: i64,
}

/// A packer grows by so many bytes: doubling would leave half of it empty, times the units of a nation.
const GROWTH: usize = 256;
/// The most that a point takes: flags, and ten bytes for each of six numbers.
const POINT_BYTES_MAX: usize = 61;

impl Packer {
    /// How many points there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a point.
    pub fn push(&mut self, p: &TrackPoint) {
        let out = &mut self.points;
        if out.capacity() - out.len() < POINT_BYTES_MAX {
            out.reserve_exact(GROWTH);
        }
        let kept = |value: Option<f64>| value.filter(|v| v.is_finite() && *v >= 0.0);
        let accuracy = kept(p.accuracy_m).map(|m| (m * 10.0).round() as u64);
        let speed = kept(p.speed_mps).map(|s| (s * 10.0).round() as u64);
        let heading = p.heading_deg.filter(|h| h.is_finite()).map(|h| h.rem_euclid(360.0).round() as u64 % 360);
        let flag = |set: bool, bit: u64| if set { bit } else { 0 };
        let flags = flag(p.history, HISTORY)
            | flag(p.believed, BELIEVED)
            | flag(accuracy.is_some(), ACCURACY)
            | flag(speed.is_some(), SPEED)
            | flag(heading.is_some(), HEADING);
        put(out, flags);
        let (lat, lng) = ((p.place.lat() * PER_DEG).round() as i64, (p.place.lng() * PER_DEG).round() as i64);
        // Wrapping, and wrapped back when unpacked: even the ends of time survive.
        put(out, zigzag(p.at.0.wrapping_sub(self.at)));
        put(out, zigzag(lat - self.lat));
        put(out, zigzag(lng - self.lng));
        [accuracy, speed, heading].into_iter().flatten().for_each(|v| put(out, v));
        (self.at, self.lat, self.lng) = (p.at.0, lat, lng);
        self.count += 1;
    }

    /// The track so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(6 + self.points.len());
        out.push(VERSION);
        put(&mut out, u64::from(self.count));
        out.extend_from_slice(&self.points);
        out
    }
}

/// The points of a packed track.
///
/// # Errors
/// [`BadTrack`] with what is wrong.
pub fn unpack(bytes: &[u8]) -> Result<Vec<TrackPoint>, BadTrack> {
    let (&version, rest) = bytes.split_first().ok_or(BadTrack::Truncated)?;
    if version != VERSION {
        return Err(BadTrack::Version(version));
    }
    let mut reader = Reader { rest, point: 0 };
    let count = reader.number("count")?;
    // A count is only a claim: more points than bytes for them cannot follow.
    let count = usize::try_from(count).ok().filter(|c| *c <= reader.rest.len() / POINT_BYTES_MIN);
    let count = count.ok_or(BadTrack::Truncated)?;
    let mut points = Vec::with_capacity(count);
    let (mut at, mut lat, mut lng) = (0i64, 0i64, 0i64);
    for point in 0..count {
        reader.point = point;
        let flags = reader.number("flag")?;
        if flags >= HEADING << 1 {
            return Err(reader.impossible("flag"));
        }
        at = at.wrapping_add(reader.signed("time")?);
        lat = lat.wrapping_add(reader.signed("latitude")?);
        lng = lng.wrapping_add(reader.signed("longitude")?);
        let place = Place::new(lat as f64 / PER_DEG, lng as f64 / PER_DEG).map_err(|e| reader.impossible(e.axis))?;
        let mut tenths = |bit, what| (flags & bit != 0).then(|| reader.number(what)).transpose();
        points.push(TrackPoint {
            at: UnixMs(at),
            place,
            accuracy_m: tenths(ACCURACY, "accuracy")?.map(|v| v as f64 / 10.0),
            speed_mps: tenths(SPEED, "speed")?.map(|v| v as f64 / 10.0),
            heading_deg: tenths(HEADING, "heading")?.map(|v| v as f64),
            history: flags & HISTORY != 0,
            believed: flags & BELIEVED != 0,
        });
        if points[point].heading_deg.is_some_and(|h| h >= 360.0) {
            return Err(reader.impossible("heading"));
        }
    }
    if reader.rest.is_empty() { Ok(points) } else { Err(BadTrack::Trailing(reader.rest.len())) }
}

/// Small differences to small numbers: 0, -1, 1, -2 become 0, 1, 2, 3.
const fn zigzag(v: i64) -> u64 {
    ((v << 1) ^ (v >> 63)) as u64
}

/// LEB128: seven bits a byte, lowest first, the top bit says that more follow.
fn put(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

struct Reader<'a> {
    rest: &'a [u8],
    point: usize,
}

impl Reader<'_> {
    fn impossible(&self, what: &'static str) -> BadTrack {
        BadTrack::Impossible { point: self.point, what }
    }

    fn number(&mut self, what: &'static str) -> Result<u64, BadTrack> {
        let mut v = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(BadTrack::Truncated)?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            v |= bits << shift;
            if byte < 0x80 {
                return Ok(v);
            }
        }
        Err(self.impossible(what))
    }

    fn signed(&mut self, what: &'static str) -> Result<i64, BadTrack> {
        let v = self.number(what)?;
        Ok((v >> 1) as i64 ^ -((v & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pack(points: &[TrackPoint]) -> Vec<u8> {
        let mut packer = Packer::default();
        points.iter().for_each(|p| packer.push(p));
        assert_eq!((packer.len(), packer.is_empty()), (points.len(), points.is_empty()));
        packer.bytes()
    }

    fn ride(n: i64) -> Vec<TrackPoint> {
        let start = Place::new(-1.268, 116.832).unwrap();
        (0..n)
            .map(|i| TrackPoint {
                at: UnixMs(1_793_467_800_000 + i * 1_003),
                place: start.moved(77.0, i as f64 * 11.3),
                accuracy_m: Some(4.5),
                speed_mps: Some(11.3),
                heading_deg: Some(77.0),
                history: false,
                believed: true,
            })
            .collect()
    }

    #[test]
    fn five_minutes_of_driving_fit_in_few_bytes() {
        let bytes = pack(&ride(300));
        assert!(bytes.len() <= 300 * 12, "{} bytes", bytes.len());
        assert_eq!(unpack(&pack(&[])).unwrap(), []);
    }

    #[test]
    fn numbers_that_are_none_are_left_out() {
        let odd = TrackPoint {
            accuracy_m: Some(f64::NAN),
            speed_mps: Some(-1.0),
            heading_deg: Some(f64::INFINITY),
            ..ride(1)[0]
        };
        let back =
            unpack(&pack(&[odd, TrackPoint { heading_deg: Some(-0.4), accuracy_m: Some(f64::MAX), ..odd }])).unwrap();
        assert_eq!((back[0].accuracy_m, back[0].speed_mps, back[0].heading_deg), (None, None, None));
        assert_eq!(back[1].heading_deg, Some(0.0), "north is 0, not 360");
        assert!(back[1].accuracy_m.is_some());
    }

    #[test]
    fn names_what_is_wrong() {
        let good = pack(&ride(3));
        assert_eq!(unpack(&[]), Err(BadTrack::Truncated));
        assert_eq!(unpack(&[9]), Err(BadTrack::Version(9)));
        for cut in 1..good.len() {
            assert_eq!(unpack(&good[..cut]), Err(BadTrack::Truncated), "cut at {cut}");
        }
        assert_eq!(unpack(&[&good[..], &[0, 0]].concat()), Err(BadTrack::Trailing(2)));
        let huge_count = [&[1][..], &[0xff; 9], &[1]].concat();
        assert_eq!(unpack(&huge_count), Err(BadTrack::Truncated));
        let too_long = [&[1, 1][..], &[0xff; 12]].concat();
        assert_eq!(unpack(&too_long), Err(BadTrack::Impossible { point: 0, what: "flag" }));
        assert_eq!(unpack(&[1, 1, 0x20, 0, 0, 0]), Err(BadTrack::Impossible { point: 0, what: "flag" }));
        let mut off_earth = vec![1, 1, 0, 0];
        put(&mut off_earth, zigzag(900_000_001));
        off_earth.push(0);
        assert_eq!(unpack(&off_earth), Err(BadTrack::Impossible { point: 0, what: "latitude" }));
        let mut turned = vec![1, 1, HEADING as u8, 0, 0, 0];
        put(&mut turned, 360);
        assert_eq!(unpack(&turned), Err(BadTrack::Impossible { point: 0, what: "heading" }));
    }

    fn point() -> impl Strategy<Value = TrackPoint> {
        let place = (-90.0f64..=90.0, -180.0f64..=180.0).prop_map(|(lat, lng)| Place::new(lat, lng).unwrap());
        let some = |range| prop::option::of(range);
        (any::<i64>(), place, some(0.0..100_000.0f64), some(0.0..100.0f64), some(0.0..360.0f64), any::<[bool; 2]>())
            .prop_map(|(at, place, accuracy_m, speed_mps, heading_deg, [history, believed])| TrackPoint {
                at: UnixMs(at),
                place,
                accuracy_m,
                speed_mps,
                heading_deg,
                history,
                believed,
            })
    }

    proptest! {
        #[test]
        fn comes_back_as_it_went(points in prop::collection::vec(point(), 0..40)) {
            let bytes = pack(&points);
            let back = unpack(&bytes).unwrap();
            prop_assert_eq!(back.len(), points.len());
            let near = |a: Option<f64>, b: Option<f64>, within: f64| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= within,
                (a, b) => a == b,
            };
            for (a, b) in points.iter().zip(&back) {
                prop_assert_eq!((a.at, a.history, a.believed), (b.at, b.history, b.believed));
                prop_assert!((a.place.lat() - b.place.lat()).abs() <= 0.51e-7);
                prop_assert!((a.place.lng() - b.place.lng()).abs() <= 0.51e-7);
                prop_assert!(near(a.accuracy_m, b.accuracy_m, 0.051) && near(a.speed_mps, b.speed_mps, 0.051));
                let turn = |h: Option<f64>| h.map(|h| h.round() % 360.0);
                prop_assert_eq!(turn(a.heading_deg), b.heading_deg);
            }
            prop_assert_eq!(pack(&back), bytes, "packing again changes nothing");
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in any::<prop::sample::Index>(), with: u8) {
            let _ = unpack(&bytes);
            let _ = unpack(&[&[VERSION], &bytes[..]].concat());
            // A good track with one byte changed: an answer or an error, and never more points than bytes.
            let mut good = pack(&ride(20));
            let i = cut.index(good.len());
            good[i] = with;
            if let Ok(points) = unpack(&good) {
                prop_assert!(points.len() * POINT_BYTES_MIN <= good.len());
            }
        }
    }
}
