//! How a snapshot of heaps is compared with its reference, and what is said when they differ.
//!
//! Knows the text line by line, and the values behind it. Must not know how a text comes to be. Invariant: a tolerance is
//! for the values of its item and for nothing else that stands in the text.

mod difference;
mod items;
mod kept;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
mod text;

use std::{collections::BTreeMap, sync::Arc};

use insta::{Comparator, Settings, Snapshot};

pub(super) use items::ItemValue;

use self::{
    difference::difference,
    items::{Found, Items},
    text::{Block, DETAIL, ITEM, blocks, read},
};
use super::{artifact, npy};
use crate::{descriptor::Value, recv::Count};

/// Compares texts, within the tolerances of the items; where values differ, says where and by how much.
///
/// A large array stands in the text as a digest. The arrays of passing tests are kept, by digest, under the target
/// directory, so that the next failing one can be compared with its reference value by value.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    test: String,
    /// What the new text shows.
    items: Arc<Items>,
}

impl Comparison {
    pub(super) fn new(test: String, items: Vec<ItemValue>) -> Self {
        Self { test, items: Arc::new(Items::new(items)) }
    }

    /// Adds this to the comparison that the settings bring: what either accepts is accepted.
    pub(super) fn bind_to(self, settings: &mut Settings) {
        let theirs = settings.comparator().dyn_clone();
        settings.set_comparator(Box::new(Explained { ours: self, theirs }));
    }

    /// The first lines that differ by more than tolerances allow; of the shorter text perhaps none.
    pub(super) fn beyond<'t>(&self, reference: &'t str, test: &'t str) -> Option<(Option<&'t str>, Option<&'t str>)> {
        let (mut reference, mut test) = (reference.lines(), test.lines());
        let mut item = None;
        loop {
            match (reference.next(), test.next()) {
                (None, None) => return None,
                (Some(before), Some(now)) if self.is_near(&mut item, before, now) => {}
                lines => return Some(lines),
            }
        }
    }

    /// Whether a line may stand for another; `item` is the one that the lines are of.
    fn is_near<'i>(&'i self, item: &mut Option<Found<'i>>, reference: &str, test: &str) -> bool {
        if let (Some(before), Some(now)) = (reference.strip_prefix(DETAIL), test.strip_prefix(DETAIL)) {
            return before == now || item.is_some_and(|item| item.are_rows_near(before, now));
        }
        let lines = reference.strip_prefix(ITEM).zip(test.strip_prefix(ITEM));
        *item = lines.and_then(|(_, now)| self.items.of(now));
        reference == test || lines.zip(*item).is_some_and(|((before, now), item)| item.are_near(before, now))
    }

    /// Keeps the arrays of a text that has passed. One with a tolerance stands in the text value by value, and has another
    /// digest after each run.
    fn keep(&self) {
        for item in &self.items.all {
            if let Some(digest) = item.digest() {
                kept::keep(&digest, &item.value);
            }
        }
    }

    /// What is said of the values that differ.
    fn explain(&self, reference: &str, test: &str) -> String {
        let references: BTreeMap<_, _> = blocks(reference).into_iter().map(|block| (block.key, block)).collect();
        let tests = blocks(test);
        let pairs = tests.iter().filter_map(|block| Some((references.get(&block.key)?, block)));
        let mut differ = pairs.filter(|(before, now)| (before.line, &before.details) != (now.line, &now.details));
        let told = differ.by_ref().filter_map(|(before, now)| self.explain_item(before, now));
        let mut text: String = told.take(TOLD).collect();
        let more = differ.count();
        if more > 0 {
            text += &format!("and {} more\n", Count(more as u64, "item"));
        }
        text
    }

    /// What is said of one item, if more can be said than the two texts show.
    fn explain_item(&self, before: &Block<'_>, now: &Block<'_>) -> Option<String> {
        let found = self.items.of(now.line)?;
        let inline = found.inline(now.line);
        // A filter may hide items, or change what stands there of them: the value is the one that reads like this.
        let item = self.items.all_of(&found).find(|item| item.is_shown(inline, now))?;
        let value = &item.value;
        if value.as_str().is_some() || (value.shape().is_empty() && found.tolerance.is_none()) {
            return None;
        }
        // Another type or other dimensions are told by the line itself.
        let rest = before.line.strip_prefix(found.head)?;
        let old = match before.digest() {
            _ if !(rest.is_empty() || rest.starts_with(" = ") || rest.starts_with(", ")) => return None,
            Some(digest) => kept::kept(digest, value),
            None => Some(read(found.inline(before.line), &before.details, value)?),
        };
        let cnt = now.cnt();
        let line = inline.map_or(now.line, |_| found.head);
        let mut text = format!("heap {cnt} item {line}: ");
        match &old {
            None => text += NOT_AT_HAND,
            Some(old) => {
                let said = difference(old, value, found.tolerance);
                text += said.as_deref().unwrap_or("the text differs, but none of its values");
                text += "\n";
            }
        }
        if !value.shape().is_empty() {
            let old = old.as_ref().map(|old| ("reference", old));
            for (which, array) in old.into_iter().chain([("received", value)]) {
                text += &self.write(now, which, array);
            }
        }
        Some(text)
    }

    fn write(&self, block: &Block<'_>, which: &str, array: &Value) -> String {
        let (receiver, _, id, occurrence) = block.key;
        let receiver = receiver.split(' ').nth(1).map(|index| format!("-receiver{index}")).unwrap_or_default();
        let again = if occurrence > 0 { format!("-{occurrence}") } else { String::new() };
        let name = format!("{}{receiver}-heap-{}-item-{id}{again}-{which}.npy", self.test, block.cnt());
        let path = npy::file(array).and_then(|file| artifact::write(&name, &file).ok());
        path.map(|path| format!("  {which}: {}\n", path.display())).unwrap_or_default()
    }
}

/// The comparison of the settings, and ours.
struct Explained {
    ours: Comparison,
    theirs: Box<dyn Comparator>,
}

impl Explained {
    fn matches(&self, reference: &Snapshot, test: &Snapshot, accepted: bool) -> bool {
        let (Some(before), Some(now)) = (reference.as_text(), test.as_text()) else { return false };
        let (before, now) = (before.to_string(), now.to_string());
        if accepted || (self.ours.items.have_room() && self.ours.beyond(&before, &now).is_none()) {
            self.ours.keep();
            return true;
        }
        let said = self.ours.explain(&before, &now);
        if !said.is_empty() {
            eprintln!("{said}");
        }
        false
    }
}

impl Comparator for Explained {
    fn matches(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        self.matches(reference, test, self.theirs.matches(reference, test))
    }

    fn matches_fully(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        self.matches(reference, test, self.theirs.matches_fully(reference, test))
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(Self { ours: self.ours.clone(), theirs: self.theirs.dyn_clone() })
    }
}

/// Items of which it is said where they differ.
const TOLD: usize = 16;

/// Said of an array whose reference is a digest alone.
const NOT_AT_HAND: &str = "the array differs; the reference is not at hand to say where: a run that passes keeps it in its target \
                           directory, and none has here\n";
