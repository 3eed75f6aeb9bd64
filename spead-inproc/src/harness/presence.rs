use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::select::value;
use crate::heap::Heap;

/// Which heaps are there, by the values of two of their items: time and antenna, say. As text a line for each value of the
/// first, `#` for what is there and `.` for what is not.
#[derive(Clone, PartialEq, Eq)]
pub struct Presence {
    items: (u64, u64),
    columns: BTreeSet<u64>,
    /// By row and column.
    cells: BTreeMap<(u64, u64), bool>,
}

/// A heap on its way.
#[derive(Debug)]
pub(super) struct Passing {
    sender: usize,
    number: u64,
    heap: Heap,
    /// Whether a rule has taken or broken one of its packets.
    pub(super) lost: bool,
}

impl Passing {
    pub(super) const fn new(sender: usize, number: u64, heap: Heap) -> Self {
        Self { sender, number, heap, lost: false }
    }

    pub(super) const fn is(&self, sender: usize, number: u64) -> bool {
        self.sender == sender && self.number == number
    }
}

impl Presence {
    /// What must be there after a plan.
    pub(super) fn expected(rows: u64, columns: u64, heaps: &[Passing]) -> Self {
        let heaps = heaps.iter().map(|passing| (&passing.heap, !passing.lost));
        Self::new((rows, columns), heaps)
    }

    fn new<'h>(items: (u64, u64), heaps: impl IntoIterator<Item = (&'h Heap, bool)>) -> Self {
        let mut cells = BTreeMap::new();
        for (heap, present) in heaps {
            // Descriptors and stop items have no place.
            if let (Some(row), Some(column)) = (value(heap, items.0), value(heap, items.1)) {
                *cells.entry((row, column)).or_insert(false) |= present;
            }
        }
        Self { items, columns: cells.keys().map(|(_, column)| *column).collect(), cells }
    }

    /// What is there of it in these heaps: equal to the expected mask if just that is there. What nobody expected is added.
    #[must_use]
    pub fn found_in<H: AsRef<Heap>>(&self, heaps: &[H]) -> Self {
        let found = Self::new(self.items, heaps.iter().map(|heap| (heap.as_ref(), true)));
        let mut cells = self.cells.clone();
        cells.values_mut().for_each(|present| *present = false);
        cells.extend(found.cells);
        let columns = self.columns.union(&found.columns).copied().collect();
        Self { items: self.items, columns, cells }
    }

    /// Whether the heap with these values is there.
    #[must_use]
    pub fn has(&self, row: u64, column: u64) -> bool {
        self.cells.get(&(row, column)).copied().unwrap_or(false)
    }

    /// The values of both items of what is not there, in order.
    pub fn missing(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.cells.iter().filter(|(_, present)| !**present).map(|(place, _)| *place)
    }

    /// The mask, a row for each value of the first item, in rising order.
    #[must_use]
    pub fn rows(&self) -> Vec<Vec<bool>> {
        let rows: BTreeSet<u64> = self.cells.keys().map(|(row, _)| *row).collect();
        rows.iter().map(|row| self.columns.iter().map(|column| self.has(*row, *column)).collect()).collect()
    }
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:#06x} by {:#06x}", self.items.0, self.items.1)?;
        let rows: BTreeSet<u64> = self.cells.keys().map(|(row, _)| *row).collect();
        for row in rows {
            let cell = |column: &u64| match self.cells.get(&(row, *column)) {
                Some(true) => '#',
                Some(false) => '.',
                None => ' ',
            };
            let cells: String = self.columns.iter().map(cell).collect();
            writeln!(f, "  {cells} {row}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
