//! What holds for every text and every tolerance.

use std::env;

use proptest::{
    collection::vec,
    prelude::*,
    sample::{select, subsequence},
    test_runner::RngSeed,
};

use super::{
    Comparison,
    tests::{Shown, in_heaps},
};
use crate::{descriptor::Value, harness::Tolerance};

/// Names that begin like each other, or like what follows a name in a text.
const NAMES: [&str; 7] = ["gain", "gain <f8", "gain <f8 = 1", "gain 1", "gain 2", "a\n  0x5000 gain", ""];

const TYPES: [&str; 5] = ["<f8", "<f4", "<i4", "<c8", "<U12"];
const SHAPES: [&[usize]; 6] = [&[], &[1], &[2, 3], &[3, 2], &[20], &[5, 4]];

/// Numbers may differ by so much.
const ROOM: f64 = 8.0;

/// An item, and by how much each of its values changes: by nothing, within the room, or beyond it.
#[derive(Debug, Clone)]
struct Change {
    name: &'static str,
    dtype: &'static str,
    shape: &'static [usize],
    values: Vec<i32>,
    steps: Vec<i32>,
}

fn changes() -> impl Strategy<Value = Change> {
    let what = (
        select(&NAMES[..]),
        prop_oneof![Just("<f8"), select(&TYPES[..])],
        prop_oneof![Just(SHAPES[0]), select(&SHAPES[..])],
    );
    what.prop_flat_map(|(name, dtype, shape)| {
        let shape = if dtype == "<U12" { &[] } else { shape };
        let length = shape.iter().product::<usize>();
        let steps = prop_oneof![8 => Just(0), 2 => -5..5, 1 => select(&[-100, 100][..])];
        (vec(0..40, length), vec(steps, length)).prop_map(move |(values, steps)| Change {
            name,
            dtype,
            shape,
            values,
            steps,
        })
    })
}

impl Change {
    fn item(&self, changed: bool) -> Shown<'static> {
        let numbers =
            self.values.iter().zip(&self.steps).map(|(value, step)| if changed { value + step } else { *value });
        let numbers: Vec<i32> = numbers.collect();
        let value = match self.dtype {
            "<f8" => Value::from(numbers.iter().map(|number| f64::from(*number)).collect::<Vec<_>>()),
            "<f4" => Value::from(numbers.iter().map(|number| *number as f32 / 2.0).collect::<Vec<_>>()),
            "<i4" => Value::from(numbers),
            "<c8" => {
                Value::from(numbers.iter().map(|re| num_complex::Complex::new(*re as f32, -1.5)).collect::<Vec<_>>())
            }
            _ => Value::from(format!("x {} y", numbers[0])),
        };
        (self.name, self.dtype, self.shape, value)
    }

    fn differs(&self) -> bool {
        self.steps.iter().any(|step| *step != 0)
    }

    fn is_accepted(&self, named: &[&str]) -> bool {
        let room = named.contains(&self.name) && self.dtype != "<U12";
        !self.differs() || (room && self.steps.iter().all(|step| step.abs() < 8))
    }
}

/// The text of heaps of one item each, all of one id, but for what describes them: a filter may hide that.
fn text(items: &[Shown<'_>], named: &[&str]) -> (String, Comparison) {
    let room: Vec<_> = named.iter().map(|name| (*name, Tolerance::Absolute(ROOM))).collect();
    let (text, comparison) = in_heaps(&items.chunks(1).collect::<Vec<_>>(), &room);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("  describes")).collect();
    (lines.join("\n"), comparison)
}

fn config() -> ProptestConfig {
    let seed = env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x5350_4541);
    ProptestConfig { rng_seed: RngSeed::Fixed(seed), ..ProptestConfig::with_cases(2000) }
}

proptest! {
    #![proptest_config(config())]

    /// A text passes if each value is the same, or near enough for its own item's tolerance. Of what did not change nothing is
    /// said.
    #[test]
    fn what_passes_is_within_the_room_of_its_item(
        changes in vec(changes(), 1..6),
        named in subsequence(&NAMES[..], 0..5),
    ) {
        let items = |changed| changes.iter().map(|change| change.item(changed)).collect::<Vec<_>>();
        let (reference, _) = text(&items(false), &named);
        let (test, comparison) = text(&items(true), &named);
        let accepted = changes.iter().all(|change| change.is_accepted(&named));
        prop_assert_eq!(comparison.beyond(&reference, &test).is_none(), accepted, "{}\n{}", reference, test);
        for line in comparison.explain(&reference, &test).lines().filter(|line| line.starts_with("heap ")) {
            let told = changes.iter().enumerate().any(|(at, change)| {
                change.differs() && line.starts_with(&format!("heap {:#x} item 0x5000 ", at + 1))
            });
            prop_assert!(told, "{}", line);
        }
    }

    /// Another name, type or shape is never near, though all values are the same.
    #[test]
    fn what_an_item_is_has_no_room(
        changes in vec(changes(), 1..6),
        at in any::<prop::sample::Index>(),
        (name, dtype, shape) in (select(&NAMES[..]), select(&TYPES[..]), select(&SHAPES[..])),
    ) {
        let items = |changes: &[Change]| changes.iter().map(|change| change.item(false)).collect::<Vec<_>>();
        let (reference, _) = text(&items(&changes), &NAMES);
        let at = at.index(changes.len());
        let of = &changes[at];
        let is_text = (of.dtype == "<U12", dtype == "<U12");
        for other in [
            Change { name, ..of.clone() },
            Change { dtype: if is_text == (false, false) { dtype } else { of.dtype }, ..of.clone() },
            Change { shape: if shape.iter().product::<usize>() == of.values.len() { shape } else { of.shape }, ..of.clone() },
        ] {
            let same = (other.name, other.dtype, other.shape) == (of.name, of.dtype, of.shape);
            let mut changed = changes.clone();
            changed[at] = other;
            let (test, comparison) = text(&items(&changed), &NAMES);
            prop_assert_eq!(comparison.beyond(&reference, &test).is_none(), same, "{}\n{}", reference, test);
        }
    }

    /// A reference that somebody has edited: what has no room must be the same, and nothing panics at what it meets.
    #[test]
    fn an_edited_reference_is_another(
        changes in vec(changes(), 1..4),
        named in subsequence(&NAMES[..], 0..3),
        edits in vec((any::<prop::sample::Index>(), select(&["", "\n", " ", "[", "] ", ",", "=", "7", "-", "i", "é", "  "][..])), 1..4),
    ) {
        let items: Vec<_> = changes.iter().map(|change| change.item(false)).collect();
        let (test, comparison) = text(&items, &named);
        let mut edited: Vec<String> = test.chars().map(String::from).collect();
        for (at, edit) in edits {
            let at = at.index(edited.len());
            edit.clone_into(&mut edited[at]);
        }
        let edited = edited.concat();
        comparison.explain(&edited, &test);
        comparison.explain(&test, &edited);
        let same = comparison.beyond(&edited, &test).is_none();
        prop_assert_eq!(comparison.beyond(&test, &edited).is_none(), same);
        let digits = |text: &str| text.replace(|c: char| c.is_ascii_digit() || "-.i".contains(c), "");
        if !comparison.items.have_room() {
            prop_assert_eq!(same, edited.lines().eq(test.lines()));
        } else if same {
            prop_assert_eq!(digits(&edited), digits(&test));
        }
    }
}
