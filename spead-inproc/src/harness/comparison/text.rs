//! Texts taken apart: which lines belong to which item, and numbers read back.

use std::collections::BTreeMap;

use num_complex::Complex;

use crate::{descriptor::Value, harness::Tolerance};

pub(super) const ITEM: &str = "  ";
pub(super) const DETAIL: &str = "    ";

/// Receiver, heap with its sender, item, and which of several such.
pub(super) type Key<'t> = (&'t str, &'t str, &'t str, usize);

/// The lines of an item in a text.
#[derive(Debug)]
pub(super) struct Block<'t> {
    pub(super) key: Key<'t>,
    /// The item's line, from its id on.
    pub(super) line: &'t str,
    pub(super) details: Vec<&'t str>,
}

/// What stands under the heaps of a text: items, and all else that is said of a heap.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let (mut receiver, mut heap) = ("", "");
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut occurrences = BTreeMap::new();
    for line in text.lines() {
        if let Some(detail) = line.strip_prefix(DETAIL) {
            if let Some(block) = blocks.last_mut() {
                block.details.push(detail);
            }
        } else if let Some(line) = line.strip_prefix(ITEM) {
            let item = line.split(' ').next().unwrap_or_default();
            let occurrence = occurrences.entry((receiver, heap, item)).or_insert(0);
            blocks.push(Block { key: (receiver, heap, item, *occurrence), line, details: Vec::new() });
            *occurrence += 1;
        } else if line.starts_with("receiver ") {
            receiver = line;
        } else if let Some((_, rest)) = line.split_once("heap ") {
            heap = rest.split(':').next().unwrap_or_default();
        }
    }
    blocks
}

impl Block<'_> {
    pub(super) fn cnt(&self) -> &str {
        self.key.1.split(' ').next().unwrap_or_default()
    }

    pub(super) fn digest(&self) -> Option<&str> {
        self.details.iter().find_map(|line| line.strip_prefix("digest "))
    }
}

/// The array that is written out, on the line itself or in rows below, as one like `array`.
pub(super) fn read(inline: Option<&str>, rows: &[&str], array: &Value) -> Option<Value> {
    let rows = rows.iter().map(|line| line.split_once("] ").map_or(*line, |(_, row)| row));
    let texts: Vec<&str> = inline.into_iter().chain(rows).flat_map(|row| row.split(SEPARATORS)).collect();
    let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    let integer = |text: &&str| match *text {
        "false" => Some(0),
        "true" => Some(1),
        text => text.parse().ok(),
    };
    let integers: Option<Vec<i128>> = texts.iter().map(integer).collect();
    if let Some(array) = integers.and_then(|integers| array.with_integers(&integers)) {
        return Some(array);
    }
    let numbers: Vec<Complex<f64>> = texts.into_iter().map(number).collect::<Option<_>>()?;
    array.with_numbers(&numbers)
}

/// What stands between numbers.
const SEPARATORS: [char; 4] = [' ', ',', '[', ']'];

/// Whether two texts are the same but for numbers that are near.
pub(super) fn near(reference: &str, test: &str, tolerance: Tolerance) -> bool {
    let (mut reference, mut test) = (reference.split_inclusive(SEPARATORS), test.split_inclusive(SEPARATORS));
    loop {
        match (reference.next(), test.next()) {
            (None, None) => return true,
            (Some(old), Some(new)) if is_near(old, new, tolerance) => {}
            _ => return false,
        }
    }
}

/// The same of two rows, each under its index.
pub(super) fn rows_near(reference: &str, test: &str, tolerance: Tolerance) -> bool {
    let rows = reference.split_once("] ").zip(test.split_once("] "));
    rows.is_some_and(|((old_index, old), (new_index, new))| old_index == new_index && near(old, new, tolerance))
}

/// Of two numbers, each with what separates it from the next.
fn is_near(reference: &str, test: &str, tolerance: Tolerance) -> bool {
    if reference == test {
        return true;
    }
    let (old, new) = (reference.trim_end_matches(SEPARATORS), test.trim_end_matches(SEPARATORS));
    if reference[old.len()..] != test[new.len()..] {
        return false;
    }
    if let Some((old, new)) = old.parse().ok().zip(new.parse().ok()) {
        return tolerance.accepts_integers(old, new);
    }
    number(old)
        .zip(number(new))
        .is_some_and(|(old, new)| tolerance.accepts(old.re, new.re) && tolerance.accepts(old.im, new.im))
}

/// A number as the text has it: `-3`, `0.5`, `NaN`, `1+2i`.
fn number(text: &str) -> Option<Complex<f64>> {
    let Some(complex) = text.strip_suffix('i') else {
        return text.parse::<f64>().ok().map(Complex::from);
    };
    // The sign of the imaginary part, not that of an exponent or of the real part.
    let signs = complex.char_indices().skip(1).filter(|(at, c)| "+-".contains(*c) && !complex[..*at].ends_with('e'));
    let (re, im) = complex.split_at(signs.last()?.0);
    Some(Complex::new(re.parse().ok()?, im.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_kind_are_read_back() {
        assert_eq!(number("-3"), Some(Complex::new(-3.0, 0.0)));
        assert_eq!(number("1e-7-2.5e-3i"), Some(Complex::new(1e-7, -2.5e-3)));
        assert_eq!(number("-0.5+inf"), None);
        assert!(number("NaN").unwrap().re.is_nan());
        assert_eq!(number("3-infi"), Some(Complex::new(3.0, f64::NEG_INFINITY)));
        assert!(number("3+NaNi").is_some_and(|number| number.re == 3.0 && number.im.is_nan()));
        assert_eq!(number("sender"), None);
    }

    #[test]
    fn what_the_text_of_a_value_has_is_read_back() {
        let nan = f64::NAN;
        let complex = [Complex::new(1.5, nan), Complex::new(nan, -0.25), Complex::new(-0.0, f64::INFINITY)];
        let value = Value::from(complex.to_vec());
        let texts: Vec<String> = (0..3).map(|at| value.text_at(at)).collect();
        assert_eq!(texts, ["1.5+NaNi", "NaN-0.25i", "-0+infi"]);
        let again = read(Some(&format!("[{}]", texts.join(", "))), &[], &value).unwrap();
        assert_eq!((0..3).map(|at| again.text_at(at)).collect::<Vec<_>>(), texts);
        let bools = Value::from(vec![true, false]);
        assert_eq!(read(Some("[false, true]"), &[], &bools).unwrap().text_at(1), "true");
        let read = read(None, &["[0] 1 -2", "[1] 3 4"], &Value::from(vec![0_i8; 4])).unwrap();
        assert_eq!((0..4).map(|at| read.integer_at(at).unwrap()).collect::<Vec<_>>(), [1, -2, 3, 4]);
    }

    #[test]
    fn only_numbers_may_differ() {
        let near = |old, new| near(old, new, Tolerance::Absolute(1.0));
        assert!(near("[[1, 2], [3.5, 4]]", "[[2, 1], [3.0, 5]]"));
        assert!(!near("[[1, 2], [3, 4]]", "[[1, 2, 3], [4]]"));
        assert!(!near("[1, 2]", "[1, 2, 3]") && !near("[1, 2]", "[1 2]") && !near("[1, 2]", "[1, 4]"));
        assert!(rows_near("[0, 1] 1 2", "[0, 1] 2 1", Tolerance::Lsb(1)));
        assert!(!rows_near("[0, 1] 1 2", "[0, 2] 1 2", Tolerance::Lsb(1)));
    }

    #[test]
    fn blocks_of_one_key_are_counted() {
        let text = "receiver 0\nheap 0x1 from sender 0: whole\n  0x5 a\n    x\n  0x5 a\nheap 0x1 from sender 1: whole\n  0x5 a\nreceiver 1\n\
                    heap 0x1 from sender 0: whole\n  0x5 a\n";
        let keys: Vec<Key<'_>> = blocks(text).into_iter().map(|block| block.key).collect();
        let sender = |receiver, sender| (receiver, sender, "0x5");
        let key = |(receiver, heap, item), at| (receiver, heap, item, at);
        let first = sender("receiver 0", "0x1 from sender 0");
        assert_eq!(
            keys,
            [
                key(first, 0),
                key(first, 1),
                key(sender("receiver 0", "0x1 from sender 1"), 0),
                key(sender("receiver 1", "0x1 from sender 0"), 0)
            ]
        );
    }
}
