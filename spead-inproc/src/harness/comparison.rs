//! How a snapshot of heaps is compared with its reference, and what is said when they differ.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use insta::{Comparator, Settings, Snapshot};
use num_complex::Complex;

use super::{
    Tolerance, artifact, npy,
    render::value::{digest, index, is_summarised},
    tolerance::Tolerances,
};
use crate::{descriptor::Value, recv::Count};

/// Compares texts, within the tolerances of the items; where arrays differ, says where and by how much.
///
/// A large array stands in the text as a digest. The arrays of passing tests are kept, by digest, under the target
/// directory, so that the next failing one can be compared with its reference value by value.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    test: String,
    /// The arrays of the new text, in its order.
    arrays: Arc<[Value]>,
    tolerances: Arc<Tolerances>,
}

impl Comparison {
    pub(super) fn new(test: String, values: Vec<Value>, tolerances: Arc<Tolerances>) -> Self {
        Self { test, arrays: values.into_iter().filter(is_summarised).collect(), tolerances }
    }

    /// Makes this the comparison; what the settings bring stays, and decides, unless a tolerance asks for ours.
    pub(super) fn bind_to(self, settings: &mut Settings) {
        let theirs = settings.comparator().dyn_clone();
        let asked = !self.tolerances.is_empty();
        settings.set_comparator(if asked { Box::new(self) } else { Box::new(Explained { ours: self, theirs }) });
    }

    /// Keeps the arrays of a text that has passed. One with a tolerance stands in the text value by value, and has another
    /// digest after each run.
    fn keep(&self, test: &str) {
        let blocks = blocks(test);
        let summarised = blocks.iter().zip(self.arrays.iter()).filter(|(block, _)| block.digest().is_some());
        for array in summarised.map(|(_, array)| array).filter(|array| array.len() < KEPT) {
            let name = kept_name(&digest(array));
            if artifact::path(&name).is_some_and(|path| !path.exists())
                && let Some(file) = npy::file(array)
            {
                // A test does not fail for want of a file that would explain another failure.
                drop(artifact::write(&name, &file));
            }
        }
    }

    /// What is said of the arrays that differ.
    fn explain(&self, reference: &str, test: &str) -> String {
        let references: BTreeMap<_, _> =
            blocks(reference).into_iter().map(|block| (block.key.clone(), block)).collect();
        let mut text = String::new();
        for (block, array) in blocks(test).iter().zip(self.arrays.iter()) {
            let Some(before) = references.get(&block.key) else { continue };
            if before.lines == block.lines {
                continue;
            }
            let tolerance = self.tolerance(block.head);
            let old = match (before.digest(), tolerance) {
                (Some(digest), _) => kept(digest, array),
                (None, Some(_)) => before.rows(array),
                (None, None) => None,
            };
            text += &format!("heap {} item {}: ", block.key.0, block.head);
            match old {
                None => text += NOT_AT_HAND,
                Some(old) => {
                    let said = difference(&old, array, tolerance);
                    let said = said.as_deref().unwrap_or("the text of the array differs, but none of its values");
                    text += &format!("{said}\n{}", self.write(&block.key, "reference", &old));
                }
            }
            text += &self.write(&block.key, "received", array);
        }
        text
    }

    fn write(&self, (heap, item, _): &Key, which: &str, array: &Value) -> String {
        let name = format!("{}-heap-{heap}-item-{item}-{which}.npy", self.test);
        let path = npy::file(array).and_then(|file| artifact::write(&name, &file).ok());
        path.map(|path| format!("  {which}: {}\n", path.display())).unwrap_or_default()
    }

    fn tolerance(&self, head: &str) -> Option<Tolerance> {
        let name = head.split_once(' ').map(|(_, rest)| rest)?;
        let named = |item: &String| name.strip_prefix(item.as_str()).is_some_and(|rest| rest.starts_with(' '));
        self.tolerances.iter().find(|(item, _)| named(item)).map(|(_, tolerance)| *tolerance)
    }

    fn within_tolerance(&self, reference: &str, test: &str) -> bool {
        let mut tolerance = None;
        reference.lines().count() == test.lines().count()
            && reference.lines().zip(test.lines()).all(|(reference, test)| {
                if !reference.starts_with(DETAIL) {
                    tolerance = reference.strip_prefix(ITEM).and_then(|head| self.tolerance(head));
                }
                reference == test || tolerance.is_some_and(|tolerance| near(reference, test, tolerance))
            })
    }
}

impl Comparator for Comparison {
    fn matches(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        let (Some(reference), Some(test)) = (reference.as_text(), test.as_text()) else { return false };
        let (reference, test) = (reference.to_string(), test.to_string());
        if self.within_tolerance(&reference, &test) {
            self.keep(&test);
            return true;
        }
        let said = self.explain(&reference, &test);
        if !said.is_empty() {
            eprintln!("{said}");
        }
        false
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(self.clone())
    }
}

/// The user's comparator, and ours to keep and to explain.
struct Explained {
    ours: Comparison,
    theirs: Box<dyn Comparator>,
}

impl Comparator for Explained {
    fn matches(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        let (Some(before), Some(now)) = (reference.as_text(), test.as_text()) else { return false };
        if self.theirs.matches(reference, test) {
            self.ours.keep(&now.to_string());
            return true;
        }
        let said = self.ours.explain(&before.to_string(), &now.to_string());
        if !said.is_empty() {
            eprintln!("{said}");
        }
        false
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(Self { ours: self.ours.clone(), theirs: self.theirs.dyn_clone() })
    }
}

const ITEM: &str = "  ";
const DETAIL: &str = "    ";
/// Elements of an array that is kept for later failures.
const KEPT: usize = 1 << 24;

/// Said of an array whose reference is a digest alone.
const NOT_AT_HAND: &str = "the array differs; the reference is not at hand to say where: a run that passes keeps it in its target \
                           directory, and none has here\n";

/// Heap, item, and which of several such.
type Key = (String, String, usize);

/// The lines of an array in a text.
#[derive(Debug)]
struct Block<'t> {
    key: Key,
    /// The item's line, without what is before the id.
    head: &'t str,
    lines: Vec<&'t str>,
}

/// The arrays in a text: items that take more than a line, and are not just bytes.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut heap = "";
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for line in text.lines() {
        if let Some(detail) = line.strip_prefix(DETAIL) {
            if let Some(block) = blocks.last_mut() {
                block.lines.push(detail);
            }
        } else if let Some(head) = line.strip_prefix(ITEM) {
            let id = head.split(' ').next().unwrap_or_default();
            let same = |block: &&Block<'_>| block.key.0 == heap && block.key.1 == id;
            let occurrence = blocks.iter().filter(same).count();
            blocks.push(Block { key: (heap.to_owned(), id.to_owned(), occurrence), head, lines: Vec::new() });
        } else if let Some((_, rest)) = line.split_once("heap ") {
            heap = rest.split(' ').next().unwrap_or_default();
        }
    }
    blocks.retain(|block| !block.lines.is_empty() && block.head.contains('['));
    blocks
}

impl Block<'_> {
    fn digest(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix("digest "))
    }

    /// The array that is written out in the block, as one like `array`.
    fn rows(&self, array: &Value) -> Option<Value> {
        let numbers = self.lines.iter().map(|line| line.split_once("] ").map_or(*line, |(_, row)| row));
        let numbers: Vec<&str> = numbers.flat_map(|row| row.split(' ')).collect();
        let integers: Option<Vec<i128>> = numbers.iter().map(|text| text.parse().ok()).collect();
        if let Some(array) = integers.and_then(|integers| array.with_integers(&integers)) {
            return Some(array);
        }
        let numbers: Vec<Complex<f64>> = numbers.into_iter().map(number).collect::<Option<_>>()?;
        array.with_numbers(&numbers)
    }
}

/// The array with this digest, like `array`, from a test that passed.
fn kept(digest: &str, array: &Value) -> Option<Value> {
    let file = fs::read(kept_path(digest)?).ok()?;
    // The header says type and shape.
    let header = npy::file(array)?;
    let data = npy::data(&file)?;
    let same = file.len() == header.len() && file[..file.len() - data.len()] == header[..file.len() - data.len()];
    if same { array.like(data) } else { None }
}

fn kept_name(digest: &str) -> String {
    format!("array-{digest}.npy")
}

fn kept_path(digest: &str) -> Option<PathBuf> {
    artifact::path(&kept_name(digest))
}

/// Where and by how much two arrays of one shape differ; nothing if they do not.
fn difference(reference: &Value, value: &Value, tolerance: Option<Tolerance>) -> Option<String> {
    let (mut count, mut first, mut most) = (0_u64, None, (0.0, 0));
    for at in 0..value.len().min(reference.len()) {
        let integers = reference.integer_at(at).zip(value.integer_at(at));
        let numbers = reference.number_at(at).zip(value.number_at(at));
        let near = match (integers, numbers, tolerance) {
            (Some((old, new)), _, Some(tolerance)) => tolerance.accepts_integers(old, new),
            (Some((old, new)), _, None) => old == new,
            (None, Some((old, new)), Some(tolerance)) => {
                tolerance.accepts(old.re, new.re) && tolerance.accepts(old.im, new.im)
            }
            (None, Some((old, new)), None) => bits(old) == bits(new),
            (None, None, _) => reference.text_at(at) == value.text_at(at),
        };
        if near {
            continue;
        }
        count += 1;
        first.get_or_insert(at);
        let distance = match (integers, numbers) {
            (Some((old, new)), _) => old.abs_diff(new) as f64,
            (None, numbers) => numbers.map_or(0.0, |(old, new)| (old - new).norm()),
        };
        if distance > most.0 {
            most = (distance, at);
        }
    }
    let first = first?;
    let beyond = tolerance.map(|tolerance| format!(" by more than {tolerance}")).unwrap_or_default();
    let mut text = format!(
        "{} of {} differ{beyond}; the first at {:?}: {} instead of {}",
        Count(count, "value"),
        value.len(),
        index(first, value.shape()),
        value.text_at(first),
        reference.text_at(first)
    );
    if count > 1 && most.0 > 0.0 {
        text += &format!("; by at most {} at {:?}", most.0, index(most.1, value.shape()));
    }
    Some(text)
}

/// What a digest tells apart: also zeros of two signs.
fn bits(number: Complex<f64>) -> (u64, u64) {
    (number.re.to_bits(), number.im.to_bits())
}

/// Whether two lines are the same but for numbers that are near.
fn near(reference: &str, test: &str, tolerance: Tolerance) -> bool {
    let tokens = |line: &str| {
        line.split([' ', ',', '[', ']']).filter(|token| !token.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let (reference, test) = (tokens(reference), tokens(test));
    reference.len() == test.len()
        && reference.iter().zip(&test).all(|(old, new)| {
            if let Some((old, new)) = old.parse().ok().zip(new.parse().ok()) {
                return tolerance.accepts_integers(old, new);
            }
            old == new
                || number(old)
                    .zip(number(new))
                    .is_some_and(|(old, new)| tolerance.accepts(old.re, new.re) && tolerance.accepts(old.im, new.im))
        })
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
    use crate::{
        descriptor::{Descriptor, ItemGroup},
        harness::Harness,
        wire::Flavour,
    };

    #[test]
    fn numbers_of_every_kind_are_read_back() {
        assert_eq!(number("-3"), Some(Complex::new(-3.0, 0.0)));
        assert_eq!(number("1e-7-2.5e-3i"), Some(Complex::new(1e-7, -2.5e-3)));
        assert_eq!(number("-0.5+inf"), None);
        assert!(number("NaN").unwrap().re.is_nan());
        assert_eq!(number("sender"), None);
    }

    #[test]
    fn only_named_items_have_room() {
        let tolerances = Tolerances::from([("power".to_owned(), Tolerance::Absolute(0.1))]);
        let comparison = Comparison::new("t".into(), Vec::new(), Arc::new(tolerances));
        let text = |power: &str, phase: &str| {
            format!("heap 0x1 from sender 0: whole\n  0x1000 power f32 = {power}\n  0x1001 phase f32 = {phase}\n")
        };
        assert!(comparison.within_tolerance(&text("1.0", "2.0"), &text("1.05", "2.0")));
        assert!(!comparison.within_tolerance(&text("1.0", "2.0"), &text("1.2", "2.0")));
        assert!(!comparison.within_tolerance(&text("1.0", "2.0"), &text("1.0", "2.05")));
    }

    /// The text of a heap with an array of 10 × 3 numbers, and how it is compared.
    fn received(numbers: &[f32], tolerance: Option<Tolerance>) -> (String, Comparison) {
        let mut builder = Harness::builder();
        if let Some(tolerance) = tolerance {
            builder = builder.tolerance("bf_raw", tolerance);
        }
        let harness = builder.build().unwrap();
        let mut group = ItemGroup::new(Flavour::SPEAD_64_48);
        let beam = Descriptor::new(0x5000, "bf_raw", "beam").dtype("<f4").shape([10, 3]);
        group.add(beam, Value::from(numbers.to_vec())).unwrap();
        harness.sender(0).send_heap(&group.heap().unwrap()).unwrap();
        let report = harness.finish();
        let tolerances = Arc::clone(&report.receivers[0].tolerances);
        let comparison = Comparison::new("unit-test".into(), report.receivers[0].values(), tolerances);
        (report.to_string(), comparison)
    }

    fn numbers() -> Vec<f32> {
        (0..30_u8).map(|at| f32::from(at) / 4.0).collect()
    }

    /// What is said, without where the files are.
    fn said(comparison: &Comparison, reference: &str, test: &str) -> (String, usize) {
        let text = comparison.explain(reference, test);
        let files = text.lines().filter_map(|line| line.split_once(": ")).map(|(_, path)| path);
        let files = files.filter(|path| fs::read(path).is_ok_and(|file| file.starts_with(b"\x93NUMPY"))).count();
        (text.lines().next().unwrap_or_default().to_owned(), files)
    }

    #[test]
    fn a_value_inside_its_tolerance_changes_nothing() {
        let (reference, _) = received(&numbers(), Some(Tolerance::Absolute(0.01)));
        let mut near = numbers();
        near[7] += 0.005;
        let (test, comparison) = received(&near, Some(Tolerance::Absolute(0.01)));
        assert_ne!(reference, test);
        assert!(!reference.contains("digest"), "{reference}");
        assert!(comparison.within_tolerance(&reference, &test));
    }

    #[test]
    fn a_value_outside_is_named_with_index_and_distance() {
        let (reference, _) = received(&numbers(), Some(Tolerance::Absolute(0.01)));
        let mut far = numbers();
        far[7] += 0.005;
        far[14] += 1.0;
        far[20] -= 0.5;
        let (test, comparison) = received(&far, Some(Tolerance::Absolute(0.01)));
        assert!(!comparison.within_tolerance(&reference, &test));
        assert_eq!(
            said(&comparison, &reference, &test),
            (
                "heap 0x1 item 0x5000 bf_raw <f4[10, 3], 120 bytes, tolerance 0.01: 2 values of 30 differ by more than \
                 0.01; the first at [4, 2]: 4.5 instead of 3.5; by at most 1 at [4, 2]"
                    .to_owned(),
                2
            )
        );
    }

    /// As nanoseconds since 1970, between which an `f64` makes no difference.
    #[test]
    fn integers_are_compared_exactly() {
        let times =
            |late: u64| Value::from((0..20).map(|at| 1_700_000_000_000_000_000 + at + late).collect::<Vec<_>>());
        let said = |late| difference(&times(0), &times(late), Some(Tolerance::Lsb(1)));
        assert_eq!((said(0), said(1)), (None, None));
        assert!(said(2).unwrap().starts_with("20 values of 20 differ by more than 1 LSB; the first at [0]:"));
        assert!(difference(&times(0), &times(1), None).unwrap().ends_with("; by at most 1 at [0]"));
        let near = |late: &str| near("[] 1700000000000000000", late, Tolerance::Lsb(1));
        assert!(near("[] 1700000000000000001") && !near("[] 1700000000000000101"));
        let block =
            "heap 0x1 from sender 0: whole\n  0x1000 t u64[2]\n    [] 1700000000000000001 1700000000000000002\n";
        let rows = blocks(block)[0].rows(&Value::from(vec![0_u64; 2])).unwrap();
        assert_eq!(rows.integer_at(0), Some(1_700_000_000_000_000_001));
    }

    #[test]
    fn zeros_of_two_signs_differ_and_what_does_not_is_told_so() {
        let zeros = |zero: f64| Value::from(vec![zero; 20]);
        assert!(difference(&zeros(0.0), &zeros(-0.0), None).unwrap().ends_with("-0.0 instead of 0.0"));
        assert_eq!(difference(&zeros(0.0), &zeros(-0.0), Some(Tolerance::Absolute(0.0))), None);
        let (reference, passing) = received(&numbers(), None);
        passing.keep(&reference);
        let test = reference.replace("    first", "    First");
        assert_eq!(
            said(&passing, &reference, &test).0,
            "heap 0x1 item 0x5000 bf_raw <f4[10, 3], 120 bytes: the text of the array differs, but none of its values"
        );
    }

    #[test]
    fn what_has_a_tolerance_is_not_kept() {
        let numbers: Vec<f32> = numbers().iter().map(|number| number + 0.125).collect();
        for (tolerance, kept) in [(Some(Tolerance::Absolute(0.01)), false), (None, true)] {
            let (text, passing) = received(&numbers, tolerance);
            let path = kept_path(&digest(&passing.arrays[0])).unwrap();
            fs::remove_file(&path).ok();
            passing.keep(&text);
            assert_eq!(path.exists(), kept, "{tolerance:?}");
        }
    }

    #[test]
    fn without_a_passing_run_the_reference_is_missed() {
        let (reference, passing) = received(&[0.375; 30], None);
        let path = kept_path(&digest(&passing.arrays[0])).unwrap();
        fs::remove_file(path).ok();
        let (test, comparison) = received(&[0.625; 30], None);
        assert!(said(&comparison, &reference, &test).0.ends_with("and none has here"));
    }

    #[test]
    fn arrays_behind_a_digest_are_compared_with_those_of_the_last_test_that_passed() {
        let (reference, passing) = received(&numbers(), None);
        passing.keep(&reference);
        let mut other = numbers();
        other[29] = f32::NAN;
        let (test, comparison) = received(&other, None);
        assert_eq!(
            said(&comparison, &reference, &test),
            (
                "heap 0x1 item 0x5000 bf_raw <f4[10, 3], 120 bytes: 1 value of 30 differ; the first at [9, 2]: NaN \
                 instead of 7.25"
                    .to_owned(),
                2
            )
        );
    }
}
