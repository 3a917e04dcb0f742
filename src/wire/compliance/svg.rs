//! Drawing: a few shapes as inline SVG, and scales from values to points.
//!
//! Invariants: an element that is opened is closed; text is escaped here; looks come from classes of the page's style, so
//! that no attribute needs to be allowed by a policy; whoever cannot see the picture has its title and description.

use super::numbers::escape;
use std::fmt::Write;

/// The width of every picture, in its own units.
pub const WIDTH: f64 = 720.0;

/// A picture being drawn.
#[derive(Debug)]
pub struct Svg {
    out: String,
}

/// Where a text is held.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// At its beginning.
    Start,
    /// In its middle.
    Middle,
    /// At its end.
    End,
}

impl Svg {
    /// An empty picture; `name` is its own within the page.
    #[must_use]
    pub fn new(name: &str, height: f64, [title, told]: [&str; 2]) -> Self {
        let mut svg = Self { out: String::new() };
        svg.write(format_args!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{name}-t {name}-d\">\n\
             <title id=\"{name}-t\">{}</title>\n<desc id=\"{name}-d\">{}</desc>\n",
            escape(title),
            escape(told)
        ));
        svg
    }

    fn write(&mut self, what: std::fmt::Arguments<'_>) {
        // Writing into a String cannot fail.
        let _ = self.out.write_fmt(what);
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) {
        self.write(format_args!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>\n"
        ));
    }

    /// Lines from point to point, broken where one is missing; a point alone is a short line.
    pub fn path(&mut self, class: &str, points: &[Option<[f64; 2]>]) {
        let mut d = String::new();
        for (i, point) in points.iter().enumerate() {
            let Some([x, y]) = point else { continue };
            let on = i > 0 && points[i - 1].is_some();
            let _ = write!(d, "{}{x:.1} {y:.1}", if on { "L" } else { "M" });
            if !on && points.get(i + 1).is_none_or(Option::is_none) {
                let _ = write!(d, "h0.1");
            }
        }
        if !d.is_empty() {
            self.write(format_args!("<path class=\"{class}\" d=\"{d}\"/>\n"));
        }
    }

    /// A bar.
    pub fn rect(&mut self, class: &str, [x, y]: [f64; 2], [w, h]: [f64; 2]) {
        let (w, h) = (w.max(0.0), h.max(0.0));
        self.write(format_args!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"/>\n"
        ));
        if class.contains("late") {
            self.hatch([x, y], [w, h]);
        }
    }

    /// Slanted lines over a bar, so that no colour is needed to tell it.
    fn hatch(&mut self, [x, y]: [f64; 2], [w, h]: [f64; 2]) {
        const STEP: f64 = 5.0;
        let mut at = STEP;
        while at < w + h {
            let (from, to) = ([x + (at - h).max(0.0), y + at.min(h)], [x + at.min(w), y + (at - w).max(0.0)]);
            self.line("hatch", from, to);
            at += STEP;
        }
    }

    /// A round mark.
    pub fn dot(&mut self, class: &str, [x, y]: [f64; 2], r: f64) {
        self.write(format_args!("<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\"/>\n"));
    }

    /// A mark that stands on its corner.
    pub fn diamond(&mut self, class: &str, [x, y]: [f64; 2], r: f64) {
        self.write(format_args!(
            "<path class=\"{class}\" d=\"M{x:.1} {:.1}l{r:.1} {r:.1}l-{r:.1} {r:.1}l-{r:.1} -{r:.1}z\"/>\n",
            y - r
        ));
    }

    /// A text.
    pub fn text(&mut self, class: &str, [x, y]: [f64; 2], anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.write(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n",
            escape(text)
        ));
    }

    /// The picture.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }
}

/// Values along a line of points.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// The greatest value; the least is nothing.
    pub max: f64,
    /// Where nothing is.
    pub from: f64,
    /// Where the greatest is.
    pub to: f64,
}

impl Scale {
    /// Where a value is; beyond the greatest is at the greatest.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        self.from + (self.to - self.from) * (value / self.max).clamp(0.0, 1.0)
    }
}

/// A round number that is `most` or more, and the step of some four marks up to it: 1, 2 or 5 times a power of ten.
#[must_use]
pub fn marks(most: f64) -> (f64, f64) {
    let most = most.max(1.0);
    let power = 10.0_f64.powf((most / 4.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| step * 5.0 >= most);
    let step = step.unwrap_or(most).max(1.0);
    ((most / step).ceil() * step, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_few() {
        for most in [0.0, 1.0, 3.0, 9.9, 10.0, 11.0, 37.0, 100.0, 1_234.0, 99_999.0] {
            let (top, step) = marks(most);
            assert!(top >= most && top / step <= 5.0 + 1e-9 && (step.fract() == 0.0), "{most}: {top} by {step}");
        }
        assert_eq!(marks(37.0), (40.0, 10.0));
        let scale = Scale { max: 40.0, from: 200.0, to: 0.0 };
        assert_eq!([0.0, 10.0, 40.0, 80.0, -5.0].map(|v| scale.at(v)), [200.0, 150.0, 0.0, 0.0, 200.0]);
    }

    #[test]
    fn a_path_is_broken_where_nothing_is_known() {
        let mut svg = Svg::new("x", 10.0, ["<t>", "d"]);
        svg.path("p", &[Some([0.0, 1.0]), Some([1.0, 2.0]), None, Some([3.0, 4.0]), None]);
        svg.path("p", &[None, None]);
        let text = svg.finish();
        assert!(text.contains("d=\"M0.0 1.0L1.0 2.0M3.0 4.0h0.1\""), "{text}");
        assert!(text.contains("&lt;t&gt;") && text.matches("<path").count() == 1);
    }
}
