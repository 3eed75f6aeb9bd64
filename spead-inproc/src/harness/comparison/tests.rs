use std::{cell::RefCell, fs};

use insta::{allow_duplicates, assert_snapshot};

use super::*;
use crate::{
    descriptor::{Descriptor, ItemGroup},
    harness::{Harness, Report, Tolerance, artifact, render},
    wire::Flavour,
};

pub(super) type Shown<'i> = (&'i str, &'i str, &'i [usize], Value);

/// The text of a heap with these items, and how it is compared.
fn received(items: &[Shown<'_>], tolerances: &[(&str, Tolerance)]) -> (String, Comparison) {
    in_heaps(&[items], tolerances)
}

/// The same of several heaps, each with items of its own.
pub(super) fn in_heaps(heaps: &[&[Shown<'_>]], tolerances: &[(&str, Tolerance)]) -> (String, Comparison) {
    let builder = tolerances.iter().fold(Harness::builder(), |builder, (item, room)| builder.tolerance(*item, *room));
    let harness = builder.build().unwrap();
    for items in heaps {
        let mut group = ItemGroup::new(Flavour::SPEAD_64_48);
        for (id, (name, dtype, shape, value)) in (0x5000..).zip(*items) {
            let described = Descriptor::new(id, *name, "").dtype(dtype).shape(*shape);
            group.add(described, value.clone()).unwrap();
        }
        harness.sender(0).send_heap(&group.heap().unwrap()).unwrap();
    }
    compared(&harness.finish())
}

fn compared(report: &Report) -> (String, Comparison) {
    (report.to_string(), Comparison::new("unit-test".into(), report.receivers[0].values()))
}

/// An array of 10 × 3 numbers.
fn beam(numbers: &[f32], tolerance: Option<Tolerance>) -> (String, Comparison) {
    let tolerances: Vec<_> = tolerance.into_iter().map(|tolerance| ("bf_raw", tolerance)).collect();
    received(&[("bf_raw", "<f4", &[10, 3], Value::from(numbers.to_vec()))], &tolerances)
}

fn numbers() -> Vec<f32> {
    (0..30_u8).map(|at| f32::from(at) / 4.0).collect()
}

/// What is said, without where the files are; and the number of files.
fn said(comparison: &Comparison, reference: &str, test: &str) -> (String, usize) {
    let text = comparison.explain(reference, test);
    let (files, said): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("  "));
    let files = files.iter().filter_map(|line| line.split_once(": ")).map(|(_, path)| path);
    let files = files.filter(|path| fs::read(path).is_ok_and(|file| file.starts_with(b"\x93NUMPY"))).count();
    (said.join("\n"), files)
}

fn accepts(comparison: &Comparison, reference: &str, test: &str) -> bool {
    comparison.beyond(reference, test).is_none()
}

#[test]
fn a_value_inside_its_tolerance_changes_nothing() {
    let (reference, _) = beam(&numbers(), Some(Tolerance::Absolute(0.01)));
    let mut near = numbers();
    near[7] += 0.005;
    let (test, comparison) = beam(&near, Some(Tolerance::Absolute(0.01)));
    assert_ne!(reference, test);
    assert!(!reference.contains("digest"), "{reference}");
    assert!(accepts(&comparison, &reference, &test));
}

#[test]
fn a_value_outside_is_named_with_index_and_distance() {
    let (reference, _) = beam(&numbers(), Some(Tolerance::Absolute(0.01)));
    let mut far = numbers();
    far[7] += 0.005;
    far[14] += 1.0;
    far[20] -= 0.5;
    let (test, comparison) = beam(&far, Some(Tolerance::Absolute(0.01)));
    assert!(!accepts(&comparison, &reference, &test));
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

/// Says the same of all texts.
struct Always(bool);

impl Comparator for Always {
    fn matches(&self, _: &Snapshot, _: &Snapshot) -> bool {
        self.0
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(Self(self.0))
    }
}

thread_local! {
    static SEEN: RefCell<Option<Snapshot>> = const { RefCell::new(None) };
}

/// Remembers what it is asked about.
struct Remember;

impl Comparator for Remember {
    fn matches(&self, _: &Snapshot, test: &Snapshot) -> bool {
        SEEN.set(Some(test.clone()));
        true
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(Self)
    }
}

/// A text as insta hands it to comparators.
fn snapshot(text: &str) -> Snapshot {
    let mut settings = Settings::new();
    settings.set_comparator(Box::new(Remember));
    settings.bind(|| allow_duplicates! { assert_snapshot!(text, @"") });
    SEEN.take().unwrap()
}

#[test]
fn a_comparator_of_the_user_accepts_beside_ours() {
    let text = |gain: f64, room: &[_]| received(&[("gain", "<f8", &[], gain.into())], room);
    let room = [("gain", Tolerance::Absolute(0.1))];
    for (always, room, gain, accepted) in [
        (true, &[][..], 2.0, true),
        (true, &room, 2.0, true),
        (false, &room, 1.05, true),
        (false, &room, 2.0, false),
        // Without a tolerance it is theirs to say, even of equal texts.
        (false, &[], 1.0, false),
    ] {
        let (test, comparison) = text(gain, room);
        let mut settings = Settings::new();
        settings.set_comparator(Box::new(Always(always)));
        comparison.bind_to(&mut settings);
        let (reference, test) = (snapshot(&text(1.0, room).0), snapshot(&test));
        assert_eq!(settings.comparator().matches(&reference, &test), accepted, "{always} {room:?} {gain}");
        assert_eq!(settings.comparator().matches_fully(&reference, &test), accepted, "{always} {room:?} {gain}");
    }
}

/// Names may hold anything: blanks, and what looks like a type or a value.
#[test]
fn only_the_named_item_has_room() {
    let names = ["gain", "gain of antenna 2", "gain <f8", "gain <f8 = 1", "gain\n  0x5000 gain"];
    let items =
        |values: [f64; 5]| names.iter().zip(values).map(|(name, value)| (*name, "<f8", &[][..], Value::from(value)));
    let text = |values| received(&items(values).collect::<Vec<_>>(), &[("gain", Tolerance::Absolute(0.1))]);
    let (reference, _) = text([1.0; 5]);
    for changed in 0..names.len() {
        let mut values = [1.0; 5];
        values[changed] = 1.05;
        let (test, comparison) = text(values);
        assert_eq!(accepts(&comparison, &reference, &test), changed == 0, "{test}");
    }
}

/// One id, and two names in turn.
#[test]
fn a_line_that_begins_like_another_has_its_own_room() {
    let text = |other: f64| {
        let heaps: [&[Shown<'_>]; 2] =
            [&[("gain", "<f8", &[], 1.0.into())], &[("gain <f8 = 1", "<f8", &[], other.into())]];
        in_heaps(&heaps, &[("gain", Tolerance::Absolute(0.1))])
    };
    let (test, comparison) = text(1.05);
    assert!(!accepts(&comparison, &text(1.0).0, &test), "{test}");
}

#[test]
fn only_values_have_room() {
    let room = [("bf_raw", Tolerance::Absolute(10.0)), ("name", Tolerance::Absolute(10.0))];
    let short = |shape: &[usize], text: &str| {
        let text = Value::from(text);
        received(&[("bf_raw", "<f4", shape, Value::from(vec![1.0_f32; 6])), ("name", "<U9", &[], text)], &room)
    };
    // A filter may hide the line that describes the item.
    let hide = |text: &str| text.lines().filter(|line| !line.contains("describes")).collect::<Vec<_>>().join("\n");
    let (reference, _) = short(&[2, 3], "beam 1 a");
    for (shape, name) in [([3, 2], "beam 1 a"), ([2, 3], "beam 2 a")] {
        let (test, comparison) = short(&shape, name);
        assert!(!accepts(&comparison, &hide(&reference), &hide(&test)), "{test}");
    }
    let named = |name| received(&[(name, "<f8", &[], 1.0.into())], &[("gain 2", Tolerance::Absolute(10.0))]);
    let (reference, (test, comparison)) = (named("gain 1").0, named("gain 2"));
    assert!(!accepts(&comparison, &hide(&reference), &hide(&test)));
    let long = |shape: &[usize]| received(&[("bf_raw", "<f4", shape, Value::from(numbers()))], &room);
    let (reference, (test, comparison)) = (long(&[10, 3]).0, long(&[3, 10]));
    assert!(!accepts(&comparison, &hide(&reference), &hide(&test)));
}

#[test]
fn small_arrays_are_explained_too() {
    let text = |values: [i64; 4]| received(&[("delays", "<i8", &[2, 2], Value::from(values.to_vec()))], &[]);
    let (reference, (test, comparison)) = (text([1, 2, 3, 4]).0, text([1, 2, 3, 7]));
    assert_eq!(
        said(&comparison, &reference, &test),
        (
            "heap 0x1 item 0x5000 delays <i8[2, 2]: 1 value of 4 differ; the first at [1, 1]: 7 instead of 4"
                .to_owned(),
            2
        )
    );
    let scalar = |value: f64, room: &[_]| received(&[("gain", "<f8", &[], Value::from(value))], room);
    let (test, comparison) = scalar(1.5, &[]);
    assert_eq!(said(&comparison, &scalar(1.0, &[]).0, &test), (String::new(), 0));
    let room = [("gain", Tolerance::Absolute(0.1))];
    let (test, comparison) = scalar(1.5, &room);
    let told = "heap 0x1 item 0x5000 gain <f8: differs by more than 0.1: 1.5 instead of 1.0";
    assert_eq!(said(&comparison, &scalar(1.0, &room).0, &test), (told.to_owned(), 0));
}

/// A filter may hide an item: what is said of another is about that other.
#[test]
fn the_array_that_is_shown_is_the_one_that_is_explained() {
    let text = |numbers: [f32; 3], length: usize, room: &[_]| {
        let [a, b, again] = numbers.map(|number| Value::from(vec![number; length]));
        let shape = &[length][..];
        in_heaps(&[&[("a", "<f4", shape, a), ("b", "<f4", shape, b)], &[("a", "<f4", shape, again)]], room)
    };
    let hide = |text: &str| {
        let lines: Vec<&str> = text.lines().collect();
        let at = |id| lines.iter().position(|line| line.starts_with(id)).unwrap();
        [&lines[..at("  0x5000")], &lines[at("  0x5001")..]].concat().join("\n")
    };
    for (length, room) in [(20, None), (20, Some(("a", Tolerance::Absolute(0.1)))), (4, None)] {
        let room: Vec<_> = room.into_iter().collect();
        let (reference, passing) = text([1.5, 2.5, 3.5], length, &room);
        passing.keep();
        let (test, comparison) = text([1.5, 2.5, 4.5], length, &room);
        let (told, files) = said(&comparison, &hide(&reference), &hide(&test));
        assert!(told.starts_with("heap 0x2 item 0x5000 a <f4["), "{told}");
        assert!(told.contains("4.5 instead of 3.5"), "{told}");
        assert_eq!(files, 2);
    }
}

#[test]
fn of_many_items_the_first_are_explained() {
    let text = |number: u8| {
        let harness = Harness::builder().build().unwrap();
        let mut group = ItemGroup::new(Flavour::SPEAD_64_48);
        group.add(Descriptor::new(0x5000, "a", "").dtype("u1").shape([2]), Value::from(vec![number; 2])).unwrap();
        for _ in 0..20 {
            harness.sender(0).send_heap(&group.heap().unwrap()).unwrap();
            group.set("a", Value::from(vec![number; 2])).unwrap();
        }
        compared(&harness.finish())
    };
    let (reference, (test, comparison)) = (text(1).0, text(2));
    let (told, files) = said(&comparison, &reference, &test);
    assert_eq!((told.lines().count(), files), (17, 32));
    assert!(told.ends_with("\nand 4 items more"), "{told}");
}

/// Two receivers may have got the same heap, and each something else in it.
#[test]
fn the_arrays_of_each_receiver_have_files_of_their_own() {
    let text = |values: [u8; 2]| {
        let mut items = Vec::new();
        let mut lines = String::new();
        for (index, value) in values.into_iter().enumerate() {
            let (text, comparison) = received(&[("a", "u1", &[2], Value::from(vec![value; 2]))], &[]);
            lines += &format!("receiver {index}\n{text}");
            items.extend(Arc::into_inner(comparison.items).unwrap().all);
        }
        (lines, Comparison::new("unit-test".into(), items))
    };
    let (reference, (test, comparison)) = (text([1, 2]).0, text([3, 4]));
    let told = comparison.explain(&reference, &test);
    let files: std::collections::BTreeSet<&str> = told.lines().filter(|line| line.ends_with(".npy")).collect();
    assert_eq!(files.len(), 4, "{told}");
}

#[test]
fn what_does_not_differ_is_told_so() {
    let (reference, passing) = beam(&numbers(), None);
    passing.keep();
    let test = reference.replace("    first", "    First");
    assert_eq!(
        said(&passing, &reference, &test).0,
        "heap 0x1 item 0x5000 bf_raw <f4[10, 3], 120 bytes: the text differs, but none of its values"
    );
}

/// Where the array of this comparison is kept.
fn place(comparison: &Comparison) -> std::path::PathBuf {
    let item = &comparison.items.all[0];
    artifact::path(&kept::name(&render::value::digest(&item.value))).unwrap()
}

#[test]
fn what_has_a_tolerance_is_not_kept() {
    let numbers: Vec<f32> = numbers().iter().map(|number| number + 0.125).collect();
    for (tolerance, kept) in [(Some(Tolerance::Absolute(0.01)), false), (None, true)] {
        let (_, passing) = beam(&numbers, tolerance);
        fs::remove_file(place(&passing)).ok();
        passing.keep();
        assert_eq!(place(&passing).exists(), kept, "{tolerance:?}");
    }
}

#[test]
fn without_a_passing_run_the_reference_is_missed() {
    let (reference, passing) = beam(&[0.375; 30], None);
    fs::remove_file(place(&passing)).ok();
    let (test, comparison) = beam(&[0.625; 30], None);
    assert!(said(&comparison, &reference, &test).0.ends_with("and none has here"));
}

#[test]
fn arrays_behind_a_digest_are_compared_with_those_of_the_last_test_that_passed() {
    let (reference, passing) = beam(&numbers(), None);
    passing.keep();
    let mut other = numbers();
    other[29] = f32::NAN;
    let (test, comparison) = beam(&other, None);
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
