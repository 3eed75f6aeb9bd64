use std::collections::BTreeMap;

use super::text::{Block, near, rows_near};
use crate::{
    descriptor::{Descriptor, Value},
    harness::{Tolerance, render::value},
    heap::Item,
};

/// An item whose value the text shows.
#[derive(Debug)]
pub(in crate::harness) struct ItemValue {
    /// How its line begins: id, name, type and dimensions.
    head: String,
    pub(in crate::harness) value: Value,
    tolerance: Option<Tolerance>,
}

impl ItemValue {
    pub(in crate::harness) fn new(
        item: &Item,
        descriptor: &Descriptor,
        value: Value,
        tolerance: Option<Tolerance>,
    ) -> Self {
        // There is no room around what is no number.
        let tolerance = tolerance.filter(|_| value.number_at(0).is_some());
        Self { head: value::head(item, descriptor, &value), value, tolerance }
    }

    /// The digest that stands for the value.
    pub(super) fn digest(&self) -> Option<String> {
        (value::is_summarised(&self.value) && self.tolerance.is_none()).then(|| value::digest(&self.value))
    }

    /// Whether this is what a block shows, `inline` on the line itself or below it.
    pub(super) fn is_shown(&self, inline: Option<&str>, block: &Block<'_>) -> bool {
        match (self.digest(), block.digest(), inline) {
            (Some(digest), Some(shown), _) => digest == shown,
            (None, None, Some(text)) => text == value::inline(&self.value),
            (None, None, None) => value::rows(&self.value).eq(block.details.iter().copied()),
            _ => false,
        }
    }
}

/// The items of one text, to be found by its lines.
#[derive(Debug)]
pub(super) struct Items {
    pub(super) all: Vec<ItemValue>,
    heads: BTreeMap<String, Head>,
}

/// Items whose lines begin alike.
#[derive(Debug)]
struct Head {
    /// What all of them have.
    tolerance: Option<Tolerance>,
    items: Vec<usize>,
}

/// How the line of an item begins, and what it has room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'i> {
    pub(super) head: &'i str,
    pub(super) tolerance: Option<Tolerance>,
    items: &'i [usize],
}

impl Items {
    pub(super) fn new(all: Vec<ItemValue>) -> Self {
        let mut heads: BTreeMap<String, Head> = BTreeMap::new();
        for (at, item) in all.iter().enumerate() {
            let head =
                heads.entry(item.head.clone()).or_insert_with(|| Head { tolerance: item.tolerance, items: Vec::new() });
            head.tolerance = head.tolerance.filter(|_| item.tolerance == head.tolerance);
            head.items.push(at);
        }
        Self { all, heads }
    }

    /// Whether some item has a tolerance.
    pub(super) fn have_room(&self) -> bool {
        self.heads.values().any(|head| head.tolerance.is_some())
    }

    /// The items of this line. A name may hold anything, also what looks like the line of another: the longest is meant.
    pub(super) fn of(&self, line: &str) -> Option<Found<'_>> {
        let ends = (0..=line.len()).rev().filter(|end| {
            line.get(*end..).is_some_and(|rest| rest.is_empty() || rest.starts_with(" = ") || rest.starts_with(", "))
        });
        let (head, Head { tolerance, items }) =
            ends.into_iter().find_map(|end| self.heads.get_key_value(&line[..end]))?;
        Some(Found { head, tolerance: *tolerance, items })
    }

    pub(super) fn all_of(&self, found: &Found<'_>) -> impl Iterator<Item = &ItemValue> {
        found.items.iter().map(|at| &self.all[*at])
    }
}

impl Found<'_> {
    /// The values on a line of such an item, if that is where they are.
    pub(super) fn inline<'l>(&self, line: &'l str) -> Option<&'l str> {
        line.strip_prefix(self.head)?.strip_prefix(" = ")
    }

    /// Whether two lines are the same but for values that are near.
    pub(super) fn are_near(&self, reference: &str, test: &str) -> bool {
        let values = self.inline(reference).zip(self.inline(test));
        let room = self.tolerance.zip(values);
        room.is_some_and(|(tolerance, (reference, test))| near(reference, test, tolerance))
    }

    /// The same of two rows of an array.
    pub(super) fn are_rows_near(&self, reference: &str, test: &str) -> bool {
        self.tolerance.is_some_and(|tolerance| rows_near(reference, test, tolerance))
    }
}
