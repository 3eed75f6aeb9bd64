//! Items whose meaning is known: name, type and value.

use std::{
    borrow::Cow,
    fmt::{self, Formatter, Write},
};

use super::ends;
use crate::{
    descriptor::{Descriptor, ElementFormat, Summary, Value},
    harness::Tolerance,
    heap::Item,
    recv::Count,
};

/// Elements up to which a value is shown in full.
const SHORT: usize = 16;
/// Elements shown of either end of a longer one.
const ENDS: usize = 4;

/// The lines of an item: one for a scalar or a small array; for a larger one what kind it is, a digest of the decoded
/// values, how they are distributed, and the first and last of them. With a tolerance, every value, for then the file is
/// what there is to compare with.
pub(super) fn item(
    f: &mut Formatter<'_>,
    item: &Item,
    descriptor: &Descriptor,
    value: &Value,
    tolerance: Option<&Tolerance>,
) -> fmt::Result {
    write!(f, "  {}", head(item, descriptor, value))?;
    if !is_summarised(value) {
        return writeln!(f, " = {}", inline(value));
    }
    write!(f, ", {}", Count(item.bytes().len() as u64, "byte"))?;
    if let Some(tolerance) = tolerance {
        writeln!(f, ", tolerance {tolerance}")?;
        return rows(value).try_for_each(|row| writeln!(f, "    {row}"));
    }
    writeln!(f)?;
    writeln!(f, "    digest {}", digest(value))?;
    if let Some(summary) = value.summary() {
        writeln!(f, "    {}", distribution(&summary))?;
    }
    let (first, last) = ends(value.len(), ENDS);
    let texts = |range: std::ops::Range<usize>| range.map(|at| value.text_at(at)).collect::<Vec<_>>().join(" ");
    writeln!(f, "    first {}, last {}", texts(first), texts(last))
}

/// How the line of an item begins.
pub(in crate::harness) fn head(item: &Item, descriptor: &Descriptor, value: &Value) -> String {
    format!("{} {} {}", item.id(), name(descriptor.name()), kind(descriptor, value))
}

/// The name of an item, on one line whatever is in it.
pub(super) fn name(name: &str) -> Cow<'_, str> {
    let plain = |c: char| !c.is_control() && c != '\\' && (c.is_ascii() || c.escape_debug().len() == 1);
    if name.is_empty() {
        return Cow::Borrowed("\"\"");
    }
    if name.chars().all(plain) {
        return Cow::Borrowed(name);
    }
    let escaped = name.chars().map(|c| if plain(c) { c.to_string() } else { c.escape_debug().to_string() });
    Cow::Owned(escaped.collect())
}

/// A value that takes no more than its line.
pub(in crate::harness) fn inline(value: &Value) -> String {
    value.as_str().map_or_else(|| in_full(value), |text| format!("{text:?}"))
}

/// Whether a value takes more than a line.
pub(in crate::harness) fn is_summarised(value: &Value) -> bool {
    value.as_str().is_none() && value.len() > SHORT
}

/// A digest of the decoded values, the same on every machine.
pub(in crate::harness) fn digest(value: &Value) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(&value.little_endian()))
}

/// The type of an element as its descriptor writes it.
fn element_type(descriptor: &Descriptor) -> String {
    match descriptor.element() {
        ElementFormat::Format(format) => format.to_string(),
        ElementFormat::Dtype { dtype, .. } => dtype.to_string().trim_matches('\'').to_owned(),
    }
}

/// The type of an element, and the dimensions that came.
fn kind(descriptor: &Descriptor, value: &Value) -> String {
    let element = element_type(descriptor);
    if descriptor.shape().is_scalar() { element } else { format!("{element}{:?}", value.shape()) }
}

/// The type of an element, and its dimensions; `_` for one that varies.
pub(super) fn type_of(descriptor: &Descriptor) -> String {
    let element = element_type(descriptor);
    if descriptor.shape().is_scalar() {
        return element;
    }
    let size = |size: &Option<usize>| size.map_or_else(|| "_".to_owned(), |size| size.to_string());
    let shape: Vec<_> = descriptor.shape().dimensions().iter().map(size).collect();
    format!("{element}[{}]", shape.join(", "))
}

fn distribution(summary: &Summary) -> String {
    let mut text = String::new();
    if let Some((least, greatest)) = &summary.range {
        write!(text, "min {least}, max {greatest}, mean {}", significant(summary.mean.re)).expect("a string");
        if summary.mean.im != 0.0 {
            write!(text, " {}i", significant(summary.mean.im)).expect("a string");
        }
        write!(text, ", rms {}, ", significant(summary.rms)).expect("a string");
    }
    write!(text, "zeros {}", summary.zeros).expect("a string");
    for (count, name) in [(summary.nans, "NaN"), (summary.infinities, "infinite")] {
        if count > 0 {
            write!(text, ", {name} {count}").expect("a string");
        }
    }
    text
}

/// Six significant digits: what is derived is not worth more, and the last digits depend on the order of summing.
fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    #[expect(clippy::cast_possible_truncation, reason = "an exponent of at most 308")]
    let magnitude = value.abs().log10().floor() as i32;
    if !(-5..=9).contains(&magnitude) {
        return format!("{value:.5e}");
    }
    let decimals = usize::try_from(5 - magnitude).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// All elements, nested as the dimensions are; `[]` if there are none, whatever the dimensions. There may be more
/// dimensions than a stack has room for.
fn in_full(value: &Value) -> String {
    if value.is_empty() {
        return "[]".to_owned();
    }
    // Elements in each pair of brackets, innermost first.
    let brackets: Vec<usize> = value
        .shape()
        .iter()
        .rev()
        .scan(1, |elements, length| {
            *elements *= length;
            Some(*elements)
        })
        .collect();
    let at_edge = |at: usize| brackets.iter().filter(|elements| at.is_multiple_of(**elements)).count();
    let mut text = String::new();
    for at in 0..value.len() {
        text += if at == 0 { "" } else { ", " };
        text += &"[".repeat(at_edge(at));
        text += &value.text_at(at);
        text += &"]".repeat(at_edge(at + 1));
    }
    text
}

/// Every element, a line for each run of the last dimension, under its index.
pub(in crate::harness) fn rows(value: &Value) -> impl Iterator<Item = String> {
    let length = value.shape().last().copied().unwrap_or(1).max(1);
    (0..value.len() / length).map(move |row| {
        let mut index = index(row * length, value.shape());
        index.pop();
        let elements: Vec<_> = (row * length..(row + 1) * length).map(|at| value.text_at(at)).collect();
        format!("{index:?} {}", elements.join(" "))
    })
}

/// The index in N dimensions of the element at this place in C order.
pub(in crate::harness) fn index(mut at: usize, shape: &[usize]) -> Vec<usize> {
    let mut index: Vec<usize> = shape
        .iter()
        .rev()
        .map(|length| {
            let here = at % length.max(&1);
            at /= length.max(&1);
            here
        })
        .collect();
    index.reverse();
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_on_its_line() {
        for (given, shown) in [
            ("i0_gain", "i0_gain"),
            ("gain of µ \"1\"", "gain of µ \"1\""),
            ("", "\"\""),
            ("a\nb\u{1b}[0m\\", "a\\nb\\u{1b}[0m\\\\"),
            ("right\u{202e}left", "right\\u{202e}left"),
        ] {
            assert_eq!(name(given), shown);
        }
    }
}
