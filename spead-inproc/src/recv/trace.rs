use std::{
    collections::VecDeque,
    fmt::{self, Write},
};

use super::Outcome;
use crate::{heap::Origin, wire::HeapCnt};

/// The last packets that a stream read, in order, to be drawn: a lane for each sender, time to the right.
///
/// As text ([`Display`](fmt::Display)) for failure messages, and as [`svg`](Self::svg) for people with a browser.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    packets: VecDeque<Mark>,
    /// Packets that came before those.
    earlier: u64,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    origin: Origin,
    cnt: Option<HeapCnt>,
    outcome: Outcome,
    /// Whether the packet's heap pushed another out.
    evicts: bool,
}

/// Packets that are remembered.
const KEPT: usize = 4096;
/// Packets that a drawing shows, from a few before the first trouble on.
const SHOWN: usize = 96;
const BEFORE: usize = 24;

impl Trace {
    /// Remembers a packet.
    pub(crate) fn push(&mut self, origin: Origin, cnt: Option<HeapCnt>, outcome: Outcome, evicts: bool) {
        if self.packets.len() >= KEPT {
            self.packets.pop_front();
            self.earlier = self.earlier.saturating_add(1);
        }
        self.packets.push_back(Mark { origin, cnt, outcome, evicts });
    }

    /// Whether some packet did not become part of its heap, or pushed another heap out.
    #[must_use]
    pub fn has_trouble(&self) -> bool {
        self.packets.iter().any(Mark::is_trouble)
    }

    /// The drawing as an SVG picture.
    #[must_use]
    pub fn svg(&self) -> String {
        const CELL: usize = 14;
        const LEFT: usize = 110;
        let drawing = Drawing::new(self);
        let at = |column: usize| LEFT.saturating_add(column.saturating_mul(CELL));
        let row = |lane: usize| 30_usize.saturating_add(lane.saturating_mul(26));
        let (width, height) = (at(drawing.marks.len()).saturating_add(20), row(drawing.lanes.len()).saturating_add(40));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"monospace\" \
             font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        );
        for (lane, origin) in drawing.lanes.iter().enumerate() {
            let y = row(lane).saturating_add(12);
            svg += &format!("<text x=\"6\" y=\"{y}\">{origin}</text>\n");
        }
        for (column, mark) in drawing.marks.iter().enumerate() {
            let (x, y) = (at(column), row(drawing.lane(mark.origin)));
            let heap = mark.cnt.map_or_else(|| "no heap".to_owned(), |cnt| format!("heap {cnt}"));
            let fill = if mark.is_refused() { "#d62728".to_owned() } else { drawing.colour(mark.cnt) };
            svg += &format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"12\" height=\"16\" fill=\"{fill}\"><title>packet {}: {heap}, {}</title>\
                 </rect>\n<text x=\"{}\" y=\"{}\" fill=\"white\">{}</text>\n",
                drawing.first.saturating_add(column as u64),
                mark.word(),
                x.saturating_add(3),
                y.saturating_add(12),
                drawing.letter(mark)
            );
            if mark.evicts {
                let (x, end) = (x.saturating_sub(1), row(drawing.lanes.len()));
                svg += &format!("<line x1=\"{x}\" y1=\"20\" x2=\"{x}\" y2=\"{end}\" stroke=\"#d62728\"/>\n");
            }
        }
        let y = row(drawing.lanes.len()).saturating_add(20);
        svg += &format!("<text x=\"6\" y=\"{y}\">{}</text>\n</svg>\n", drawing.legend());
        svg
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drawing = Drawing::new(self);
        if drawing.marks.is_empty() {
            return Ok(());
        }
        let last = drawing.first.saturating_add(drawing.marks.len() as u64).saturating_sub(1);
        writeln!(f, "packets {}..={last} in the order in which they were read:", drawing.first)?;
        let names: Vec<String> = drawing.lanes.iter().map(Origin::to_string).collect();
        let width = names.iter().map(String::len).max().unwrap_or(0);
        for (name, origin) in names.iter().zip(&drawing.lanes) {
            write!(f, "  {name:width$} │")?;
            let cell = |mark: &&Mark| if mark.origin == *origin { drawing.letter(mark) } else { ' ' };
            let lane: String = drawing.marks.iter().map(cell).collect();
            writeln!(f, "{}", lane.trim_end())?;
        }
        if drawing.marks.iter().any(|mark| mark.evicts) {
            let line: String = drawing.marks.iter().map(|mark| if mark.evicts { '^' } else { ' ' }).collect();
            writeln!(f, "  {:width$} │{}", "evicts", line.trim_end())?;
        }
        writeln!(f, "  {}", drawing.legend())
    }
}

/// What is shown of a trace.
struct Drawing<'t> {
    marks: Vec<&'t Mark>,
    /// The number of the first packet shown.
    first: u64,
    lanes: Vec<Origin>,
    heaps: Vec<HeapCnt>,
}

impl<'t> Drawing<'t> {
    fn new(trace: &'t Trace) -> Self {
        let trouble = trace.packets.iter().position(Mark::is_trouble).unwrap_or(0);
        let latest = trace.packets.len().saturating_sub(SHOWN);
        let skip = trouble.saturating_sub(BEFORE).min(latest);
        let marks: Vec<&Mark> = trace.packets.iter().skip(skip).take(SHOWN).collect();
        let mut lanes: Vec<Origin> = marks.iter().map(|mark| mark.origin).collect();
        lanes.sort_unstable();
        lanes.dedup();
        let mut heaps = Vec::new();
        for cnt in marks.iter().filter_map(|mark| mark.cnt) {
            if !heaps.contains(&cnt) {
                heaps.push(cnt);
            }
        }
        Self { marks, first: trace.earlier.saturating_add(skip as u64), lanes, heaps }
    }

    fn lane(&self, origin: Origin) -> usize {
        self.lanes.iter().position(|lane| *lane == origin).unwrap_or(0)
    }

    fn place(&self, cnt: Option<HeapCnt>) -> usize {
        self.heaps.iter().position(|heap| Some(*heap) == cnt).unwrap_or(0)
    }

    /// a, b, c, … for heaps in the order in which they started.
    fn name(place: usize) -> char {
        char::from(b"abcdefghijklmnopqrstuvwyz".iter().copied().cycle().nth(place).unwrap_or(b'?'))
    }

    fn letter(&self, mark: &Mark) -> char {
        match mark.outcome {
            Outcome::Accepted => Self::name(self.place(mark.cnt)),
            Outcome::Stopped => 'S',
            Outcome::Duplicate => '=',
            Outcome::Late => '~',
            Outcome::Rejected(_) => 'x',
        }
    }

    fn colour(&self, cnt: Option<HeapCnt>) -> String {
        let hue = self.place(cnt).wrapping_mul(67).checked_rem(360).unwrap_or(0);
        format!("hsl({hue},45%,40%)")
    }

    fn legend(&self) -> String {
        let mut text = String::new();
        for (place, cnt) in self.heaps.iter().enumerate().take(LEGEND) {
            write!(text, "{} heap {cnt}, ", Self::name(place)).expect("writing to a string");
        }
        if self.heaps.len() > LEGEND {
            text += "…, ";
        }
        for (letter, word) in [('x', "rejected"), ('=', "duplicate"), ('~', "late"), ('S', "stop")] {
            if self.marks.iter().any(|mark| self.letter(mark) == letter) {
                write!(text, "{letter} {word}, ").expect("writing to a string");
            }
        }
        text.trim_end_matches(", ").to_owned()
    }
}

/// Heaps that the legend names.
const LEGEND: usize = 12;

impl Mark {
    fn is_refused(&self) -> bool {
        !matches!(self.outcome, Outcome::Accepted | Outcome::Stopped)
    }

    fn is_trouble(&self) -> bool {
        self.evicts || self.is_refused()
    }

    fn word(&self) -> String {
        match self.outcome {
            Outcome::Accepted => "accepted".to_owned(),
            Outcome::Stopped => "stopped the stream".to_owned(),
            Outcome::Duplicate => "duplicate".to_owned(),
            Outcome::Late => "late".to_owned(),
            Outcome::Rejected(rejection) => {
                rejection.to_string().replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
            }
        }
    }
}
